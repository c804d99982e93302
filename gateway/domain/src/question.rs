//! What is asked, before anybody has decided whether it may be.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, FieldSet};
use crate::identity::{EnterpriseClaim, IdentityClaim};
use crate::purpose::Purpose;
use crate::subject::SubjectKey;
use crate::trace::Trace;

/// The data operations of the public API: one per DATA method of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `PopulationService.VerifyIdentity`
    VerifyIdentity,
    /// `PopulationService.GetPerson`
    GetPerson,
    /// `PopulationService.GetHousehold`
    GetHousehold,
    /// `BusinessService.GetEnterprise`
    GetEnterprise,
    /// `BusinessService.VerifyEnterprise`
    VerifyEnterprise,
    /// `InsuranceService.GetParticipation`
    GetParticipation,
    /// `InsuranceService.GetHealthCard`
    GetHealthCard,
    /// `LandService.GetCertificate`
    GetCertificate,
    /// `LandService.GetParcel`
    GetParcel,
    /// `LandService.ListCertificates`
    ListCertificates,
}

/// One question about one subject.
#[derive(Debug, Clone)]
pub struct Question {
    /// What is asked.
    pub operation: Operation,
    /// About whom or what.
    pub subject: SubjectKey,
    /// Which fields the caller wants; of `operation.dataset()`.
    pub fields: FieldSet,
    /// Why.
    pub purpose: Purpose,
    /// The oldest answer the caller accepts; `None` leaves it to policy, zero
    /// always goes to the registry.
    pub max_age: Option<Duration>,
    /// What is claimed, for the verifying operations.
    pub claim: Option<Claim>,
    /// What the call belongs to.
    pub trace: Trace,
}

/// What a verifying caller says of the subject.
#[derive(Clone)]
pub enum Claim {
    /// Of a person.
    Identity(IdentityClaim),
    /// Of an enterprise.
    Enterprise(EnterpriseClaim),
}

// === impl Operation ===

impl Operation {
    /// All data operations.
    pub const ALL: [Self; 10] = [
        Self::VerifyIdentity,
        Self::GetPerson,
        Self::GetHousehold,
        Self::GetEnterprise,
        Self::VerifyEnterprise,
        Self::GetParticipation,
        Self::GetHealthCard,
        Self::GetCertificate,
        Self::GetParcel,
        Self::ListCertificates,
    ];

    /// Stable snake_case name, used in policies, purposes, metrics and entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyIdentity => "verify_identity",
            Self::GetPerson => "get_person",
            Self::GetHousehold => "get_household",
            Self::GetEnterprise => "get_enterprise",
            Self::VerifyEnterprise => "verify_enterprise",
            Self::GetParticipation => "get_participation",
            Self::GetHealthCard => "get_health_card",
            Self::GetCertificate => "get_certificate",
            Self::GetParcel => "get_parcel",
            Self::ListCertificates => "list_certificates",
        }
    }

    /// The operation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }

    /// The dataset it reads.
    pub const fn dataset(self) -> Dataset {
        match self {
            Self::VerifyIdentity | Self::GetPerson => Dataset::Person,
            Self::GetHousehold => Dataset::Household,
            Self::GetEnterprise | Self::VerifyEnterprise => Dataset::Enterprise,
            Self::GetParticipation => Dataset::Participation,
            Self::GetHealthCard => Dataset::HealthCard,
            Self::GetCertificate | Self::ListCertificates => Dataset::Certificate,
            Self::GetParcel => Dataset::Parcel,
        }
    }

    /// The lookup that reads one record of the dataset.
    pub const fn lookup_of(dataset: Dataset) -> Self {
        match dataset {
            Dataset::Person => Self::GetPerson,
            Dataset::Household => Self::GetHousehold,
            Dataset::Enterprise => Self::GetEnterprise,
            Dataset::Participation => Self::GetParticipation,
            Dataset::HealthCard => Self::GetHealthCard,
            Dataset::Certificate => Self::GetCertificate,
            Dataset::Parcel => Self::GetParcel,
        }
    }

    /// Whether the answer is yes/no only.
    pub const fn verifies(self) -> bool {
        matches!(self, Self::VerifyIdentity | Self::VerifyEnterprise)
    }
}

impl Claim {
    /// The fields of the record that the claim is held against: they must be
    /// registered for the purpose like any others.
    pub fn fields(&self) -> FieldSet {
        let (dataset, names) = match self {
            Self::Identity(claim) => {
                (Dataset::Person, [Some("full_name"), claim.birth_date.map(|_| "birth_date"), None])
            }
            Self::Enterprise(claim) => (
                Dataset::Enterprise,
                [
                    claim.name.as_ref().map(|_| "name"),
                    claim.representative.map(|_| "representatives"),
                    claim.active.then_some("status"),
                ],
            ),
        };
        dataset.field_set(names.into_iter().flatten()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Identity(_) => "Claim::Identity(…)",
            Self::Enterprise(_) => "Claim::Enterprise(…)",
        })
    }
}
