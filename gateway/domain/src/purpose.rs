//! Why a question is asked.

use serde::{Deserialize, Serialize};

use crate::id::{DossierCode, PurposeId};

/// The purpose (*mục đích*) every data question carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An open dossier (*hồ sơ*).
    Dossier(DossierCode),
    /// A registered purpose with its own legal basis.
    Registered(PurposeId),
}

/// How strongly it is shown that a dossier exists and whom it is about.
/// Ordered: later is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Evidence {
    /// The caller's bare word: yes/no answers only.
    Asserted,
    /// A receipt of acceptance (*giấy tiếp nhận hồ sơ*) signed by the portal.
    AcceptanceReceipt,
    /// A request signed by the citizen.
    CitizenSigned,
}

// === impl Evidence ===

impl Evidence {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asserted => "ASSERTED",
            Self::AcceptanceReceipt => "ACCEPTANCE_RECEIPT",
            Self::CitizenSigned => "CITIZEN_SIGNED",
        }
    }

    /// The strength of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Asserted, Self::AcceptanceReceipt, Self::CitizenSigned]
            .into_iter()
            .find(|e| e.as_str() == name)
    }

    /// Whether values may be disclosed under it, beyond yes/no.
    pub const fn discloses_values(self) -> bool {
        !matches!(self, Self::Asserted)
    }
}
