//! Whom or what a question is about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{CertificateSerial, Cmnd, EnterpriseCode, InsuranceNumber, ParcelKey, PersonalId};

/// The kinds of subject a dossier can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A natural person, by personal id or by CMND.
    Person,
    /// An enterprise or household business.
    Enterprise,
    /// A land-use-right certificate.
    Certificate,
    /// A land parcel.
    Parcel,
    /// A social-insurance number.
    InsuranceNumber,
}

/// One subject (*đối tượng*).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKey {
    /// By personal id (*số định danh cá nhân*).
    Person(PersonalId),
    /// By the old nine-digit id alone (*chứng minh nhân dân*).
    Cmnd(Cmnd),
    /// By enterprise code (*mã số doanh nghiệp*).
    Enterprise(EnterpriseCode),
    /// By certificate serial (*số phát hành*).
    Certificate(CertificateSerial),
    /// By commune, map sheet and parcel number.
    Parcel(ParcelKey),
    /// By social-insurance number (*mã số BHXH*).
    Insurance(InsuranceNumber),
}

/// How a registry answer ties a person to its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The record is this person's own.
    Holder,
    /// Husband or wife.
    Spouse,
    /// Father.
    Father,
    /// Mother.
    Mother,
    /// Legal representative of a person (*người đại diện*).
    Representative,
    /// Head of household (*chủ hộ*).
    HouseholdHead,
    /// Member of the household.
    HouseholdMember,
    /// Owner or co-owner of land.
    Owner,
    /// Legal representative of an enterprise.
    LegalRepresentative,
    /// Member contributing capital.
    CapitalMember,
}

// === impl SubjectKey ===

impl SubjectKey {
    /// Its kind.
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Person(_) | Self::Cmnd(_) => SubjectKind::Person,
            Self::Enterprise(_) => SubjectKind::Enterprise,
            Self::Certificate(_) => SubjectKind::Certificate,
            Self::Parcel(_) => SubjectKind::Parcel,
            Self::Insurance(_) => SubjectKind::InsuranceNumber,
        }
    }

    /// The identifier in clear, in its canonical written form. Only for a
    /// registry, a sealed entry or an encrypted store: never for a log line.
    pub fn expose(&self) -> String {
        match self {
            Self::Person(id) => id.expose().to_owned(),
            Self::Cmnd(id) => id.expose().to_owned(),
            Self::Enterprise(code) => code.canonical(),
            Self::Certificate(serial) => serial.canonical(),
            Self::Parcel(parcel) => parcel.to_string(),
            Self::Insurance(number) => number.expose().to_owned(),
        }
    }

    /// Stable name of the identifier's scheme, for keyed hashes and stores.
    pub const fn scheme(&self) -> &'static str {
        match self {
            Self::Person(_) => "personal_id",
            Self::Cmnd(_) => "cmnd",
            Self::Enterprise(_) => "enterprise_code",
            Self::Certificate(_) => "certificate",
            Self::Parcel(_) => "parcel",
            Self::Insurance(_) => "insurance_number",
        }
    }

    /// Whether it names a natural person. An insurance number does.
    pub const fn is_natural(&self) -> bool {
        matches!(self, Self::Person(_) | Self::Cmnd(_) | Self::Insurance(_))
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectKey({})", self.scheme())
    }
}

// === impl SubjectKind ===

impl SubjectKind {
    /// Stable lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Enterprise => "enterprise",
            Self::Certificate => "certificate",
            Self::Parcel => "parcel",
            Self::InsuranceNumber => "insurance_number",
        }
    }
}

// === impl Link ===

impl Link {
    /// Stable lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Spouse => "spouse",
            Self::Father => "father",
            Self::Mother => "mother",
            Self::Representative => "representative",
            Self::HouseholdHead => "household_head",
            Self::HouseholdMember => "household_member",
            Self::Owner => "owner",
            Self::LegalRepresentative => "legal_representative",
            Self::CapitalMember => "capital_member",
        }
    }
}
