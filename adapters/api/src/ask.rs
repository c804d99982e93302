//! What an adapter is asked.

use std::time::Duration;

use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::date::PartialDate;
use motlan_domain::id::{AgencyCode, DossierCode, PersonalId, ProcedureCode};
use motlan_domain::name::PersonName;
use motlan_domain::{SubjectKey, Trace};

/// One question to one registry.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What is wanted.
    pub want: Want,
    /// About whom or what.
    pub subject: SubjectKey,
    /// On whose behalf, as the registry demands to know it.
    pub on_behalf: OnBehalf,
    /// Unique id of this exchange (UUID), sent where the wire has a place for
    /// it (`MaYeuCau`, `X-Road-Id`).
    pub request_id: String,
    /// The time for the answer, as configured for every question and not what is
    /// left to whoever asks: a registry that needs longer counts as failing.
    pub deadline: Duration,
    /// What the question belongs to; told to the registry where its
    /// configuration allows that.
    pub trace: Trace,
}

/// The form of the question.
#[derive(Debug, Clone)]
pub enum Want {
    /// The record of the dataset with the subject as key. For insurance data
    /// about a person, `holder` finds the insurance number first.
    Record {
        /// Which dataset.
        dataset: Dataset,
        /// The fields that are needed. An adapter may skip an exchange that
        /// serves none of them, and then leaves its fields absent; whoever
        /// keeps the answer must not serve it to a question that needs those.
        /// A field among them that the registry was asked for and that could
        /// not be had is never passed off as absent.
        fields: FieldSet,
        /// Name and birth date of the person, where the registry's key has to
        /// be found by them.
        holder: Option<Holder>,
    },
    /// The land certificates the subject (person or enterprise) owns.
    OwnedBy,
    /// Yes or no: does the registry know the subject under this name
    /// (service 033)?
    Confirm {
        /// The name claimed.
        full_name: PersonName,
    },
}

/// Who a person is, as another registry told it. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Holder {
    /// Full name.
    pub full_name: PersonName,
    /// Birth date.
    pub birth_date: PartialDate,
}

/// On whose behalf the registry is asked.
#[derive(Debug, Clone)]
pub struct OnBehalf {
    /// The personal id of the officer the source demands (`MaCanBo`): from the
    /// officer directory, never from the request.
    pub officer_id: PersonalId,
    /// The officer's agency (`MaDonVi`).
    pub agency: AgencyCode,
    /// The dossier (`X-Road-Issue`), if the purpose is one.
    pub dossier: Option<DossierCode>,
    /// The procedure (`MaDVC`), if the purpose is a dossier.
    pub procedure: Option<ProcedureCode>,
}

// === impl Holder ===

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Holder(…)")
    }
}

// === impl Ask ===

impl Ask {
    /// The dataset the question reads.
    pub const fn dataset(&self) -> Dataset {
        match self.want {
            Want::Record { dataset, .. } => dataset,
            Want::OwnedBy => Dataset::Certificate,
            Want::Confirm { .. } => Dataset::Person,
        }
    }
}
