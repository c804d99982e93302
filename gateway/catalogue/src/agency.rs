//! Agencies (*cơ quan*) that open, resolve or verify.

use motlan_domain::id::AgencyCode;
use serde::Deserialize;

/// An agency by its identification code (*mã định danh*, e.g. `H32.216`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its code.
    pub code: AgencyCode,
    /// Where it stands in the administration.
    pub level: AgencyLevel,
    /// Its Vietnamese name.
    pub name_vi: String,
    /// Its English name.
    pub name_en: String,
    /// The commune it governs, by the Statistics Office's code; only for level
    /// `commune`.
    pub commune_code: Option<String>,
    /// No published table gives this code to this agency: it is the project's own.
    pub invented: bool,
}

/// Where an agency stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgencyLevel {
    /// The province itself: its one-stop service centre and portal.
    Province,
    /// A department or a body of central vertical management in the province.
    Department,
    /// The people's committee of a commune, ward or special zone.
    Commune,
    /// An organisation that only verifies: a notary office, a post office.
    Verifier,
}

// === impl AgencyLevel ===

impl AgencyLevel {
    /// Stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Department => "department",
            Self::Commune => "commune",
            Self::Verifier => "verifier",
        }
    }
}
