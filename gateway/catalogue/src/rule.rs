//! What turns a component of a procedure into a question: its rule.

use std::sync::Arc;

use motlan_domain::dataset::{Dataset, FieldSet};
use serde::Deserialize;

use crate::form::Form;
use crate::key::{CaseId, RoleId};

/// The rule of one component.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The cases in which the component is asked for, in the procedure's order.
    pub cases: Vec<CaseId>,
    /// Those of them in which no lookup shows all that the paper proves, so that
    /// the paper is asked for unseen.
    pub paper_in: Vec<CaseId>,
    /// Whether the procedure's own text says that the officer looks it up.
    pub basis: Basis,
    /// Why the rule is as it is, for whoever reviews it; may be empty.
    pub note: String,
    /// Why the rule asks another source than the procedure's data names.
    pub deviates: Option<String>,
    /// What can happen to the component.
    pub decide: Decide,
}

/// Whose word a rule rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The procedure's text says that the agency looks the datum up.
    Stated,
    /// Our reading of the law and of what the officer needs.
    Judged,
}

/// How a datum may stand in for a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Mode {
    /// The datum replaces the paper.
    #[serde(rename = "FULL")]
    Full,
    /// The datum replaces a copy, never the original.
    #[serde(rename = "COPY_ONLY")]
    CopyOnly,
    /// The datum fills blanks of a form, which is still submitted.
    #[serde(rename = "PREFILL_ONLY")]
    PrefillOnly,
}

/// What can happen to a component.
#[derive(Debug, Clone)]
pub enum Decide {
    /// A registry is asked; the answer replaces the paper if it is acceptable.
    Lookup(Lookup),
    /// The paper is a form; registries fill its blanks.
    Form(Arc<Form>),
    /// The paper is a result of an earlier procedure: it would lie in the
    /// province's vault. Until that is connected: `NEEDS_PAPER / NOT_IN_VAULT`.
    Vault,
    /// The fact is held by a source that is not connected (civil status):
    /// `NEEDS_PAPER / SOURCE_NOT_CONNECTED`.
    NotConnected,
    /// No database holds it: `NEEDS_PAPER / NO_SOURCE`.
    Paper,
}

/// A question that can replace a paper.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// In which roles subjects are asked about, each another person. The paper is
    /// replaced when the answer about every one of them is acceptable; any role in
    /// which the dossier has nobody, or only who stands in another of them, leaves
    /// it `NEEDS_PAPER / SUBJECT_NOT_NAMED`. Never empty.
    pub roles: Vec<RoleId>,
    /// The dataset asked.
    pub dataset: Dataset,
    /// The fields the officer needs, with those the conditions are judged on.
    pub fields: FieldSet,
    /// What must hold for the answer to replace the paper; all of them.
    pub accept: Vec<Accept>,
    /// Whether the answer replaces the paper or only a copy of it.
    pub mode: Mode,
    /// The original is demanded (to amend or revoke it): the outcome is
    /// `NEEDS_PAPER / ORIGINAL_REQUIRED` whatever a registry says, so resolve
    /// need not ask. The fields are registered all the same: the officer may
    /// hold the original against them.
    pub original_required: bool,
}

/// A condition on an answer. The set is closed: a new one is new code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accept {
    /// The land certificate is in force and the latest version, and no dispute
    /// or transfer block on it is in force. A mortgage does no harm.
    CertificateInForce,
    /// The health card is in force on the day.
    HealthCardValid,
    /// The enterprise is registered, whatever its status.
    EnterpriseExists,
    /// The enterprise is registered and active.
    EnterpriseActive,
    /// What is registered is a household business (*hộ kinh doanh*), no company.
    HouseholdBusiness,
    /// A parcel of the certificate may be lived on (*đất ở*: `ODT`, `ONT`).
    ResidentialLand,
    /// A residence asked for, the parcel or the head office lies in the commune
    /// of the dossier's agency ([`AdminUnits::agreement`](crate::AdminUnits::agreement)
    /// says `Same`).
    PlaceMatches,
    /// A person or enterprise of the dossier is owner, representative or holder.
    OwnerInDossier,
    /// A person whom the dossier names in one of these roles is an owner of the
    /// land, alone or with others. Whom a registry linked does not count: that
    /// somebody of the household owns it makes it nobody else's.
    OwnedBy(Vec<RoleId>),
    /// At least one contribution is recorded.
    ParticipationPresent,
    /// All these fields hold a value.
    FieldPresent(FieldSet),
    /// The record shows that its subject is kin to the person whom the dossier
    /// names in that role: child or spouse. That the two share a household, or a
    /// head, is no kinship.
    KinshipShown(RoleId),
    /// The person is recorded as deceased.
    Deceased,
    /// The marital status is recorded.
    MaritalStatusKnown,
    /// The marital status on record is divorced or widowed.
    MarriageEnded,
}

// === impl Rule ===

impl Rule {
    /// What can happen to the component in a case in which it is asked for.
    pub fn decide_in(&self, case: &CaseId) -> &Decide {
        if self.paper_in.contains(case) { &Decide::Paper } else { &self.decide }
    }

    /// How a datum may stand in for the paper, if one can.
    pub fn mode(&self) -> Option<Mode> {
        match &self.decide {
            Decide::Lookup(lookup) => Some(lookup.mode),
            Decide::Form(_) => Some(Mode::PrefillOnly),
            Decide::Vault | Decide::NotConnected | Decide::Paper => None,
        }
    }
}

// === impl Basis ===

impl Basis {
    /// Stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Judged => "judged",
        }
    }
}

// === impl Mode ===

impl Mode {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::CopyOnly => "COPY_ONLY",
            Self::PrefillOnly => "PREFILL_ONLY",
        }
    }
}

// === impl Accept ===

impl Accept {
    /// Stable name, as rules files write it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::CertificateInForce => "certificate_in_force",
            Self::HealthCardValid => "health_card_valid",
            Self::EnterpriseExists => "enterprise_exists",
            Self::EnterpriseActive => "enterprise_active",
            Self::HouseholdBusiness => "household_business",
            Self::ResidentialLand => "residential_land",
            Self::PlaceMatches => "place_matches",
            Self::OwnerInDossier => "owner_in_dossier",
            Self::OwnedBy(_) => "owned_by",
            Self::ParticipationPresent => "participation_present",
            Self::FieldPresent(_) => "field_present",
            Self::KinshipShown(_) => "kinship_shown",
            Self::Deceased => "deceased",
            Self::MaritalStatusKnown => "marital_status_known",
            Self::MarriageEnded => "marriage_ended",
        }
    }

    /// The fields the condition is judged on in that dataset: they are
    /// registered with the rule without being written there again. `None` when
    /// the condition says nothing about the dataset.
    pub fn needs(&self, dataset: Dataset) -> Option<FieldSet> {
        let names: &[&str] = match (self, dataset) {
            (Self::CertificateInForce, Dataset::Certificate) => &["status", "is_latest", "encumbrances"],
            (Self::HealthCardValid, Dataset::HealthCard) => &["status", "valid_from", "valid_to"],
            (Self::EnterpriseExists, Dataset::Enterprise) => &["code"],
            (Self::EnterpriseActive, Dataset::Enterprise) => &["code", "status"],
            (Self::HouseholdBusiness, Dataset::Enterprise) => &["kind"],
            (Self::PlaceMatches | Self::ResidentialLand, Dataset::Certificate) => &["parcels"],
            (Self::PlaceMatches, Dataset::Parcel) => &["key"],
            (Self::PlaceMatches, Dataset::Enterprise) => &["head_office"],
            (Self::PlaceMatches, Dataset::Household) => &["address"],
            // Which residence counts is for the rule to say: it lists the field.
            (Self::PlaceMatches, Dataset::Person) => &[],
            (Self::OwnerInDossier | Self::OwnedBy(_), Dataset::Certificate) => &["owners"],
            (Self::OwnerInDossier, Dataset::Enterprise) => &["representatives"],
            (Self::OwnerInDossier, Dataset::Participation) => &["full_name", "birth_date", "personal_id"],
            (Self::ParticipationPresent, Dataset::Participation) => &["contributions"],
            (Self::FieldPresent(fields), _) => return Some(*fields),
            (Self::KinshipShown(_), Dataset::Person) => &["father", "mother", "spouse"],
            (Self::Deceased, Dataset::Person) => &["deceased"],
            (Self::MaritalStatusKnown | Self::MarriageEnded, Dataset::Person) => &["marital_status"],
            _ => return None,
        };
        dataset.field_set(names.iter().copied()).ok()
    }
}

// === impl Lookup ===

impl Lookup {
    /// The roles the answer is compared with.
    pub fn compared_with(&self) -> impl Iterator<Item = &RoleId> {
        self.accept.iter().flat_map(|accept| match accept {
            Accept::KinshipShown(role) => std::slice::from_ref(role),
            Accept::OwnedBy(roles) => roles,
            _ => &[],
        })
    }

    /// The roles without whose person nothing can be compared.
    pub fn must_be_named(&self) -> impl Iterator<Item = &RoleId> {
        self.accept.iter().filter_map(|accept| match accept {
            Accept::KinshipShown(role) => Some(role),
            _ => None,
        })
    }
}
