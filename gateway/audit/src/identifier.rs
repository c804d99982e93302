//! An identifier in clear, on its way to becoming a pseudonym.

use std::fmt;

use motlan_audit_tree::entry::SubjectClass;
use motlan_domain::SubjectKey;
use zeroize::Zeroizing;

/// What an identifier identifies. Two kinds never share a pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentifierKind {
    /// Personal id (*số định danh cá nhân*).
    PersonalId,
    /// The old nine-digit id, where that is all that is known.
    Cmnd,
    /// Social-insurance number (*mã số BHXH*).
    InsuranceNumber,
    /// Health-insurance card (*thẻ BHYT*).
    HealthCard,
    /// A person known only by name and birth date, as some land owners are.
    NameAndBirth,
    /// Enterprise code.
    Enterprise,
    /// Land certificate serial.
    Certificate,
    /// Land parcel.
    Parcel,
}

/// An identifier in clear. Never shown by `Debug`, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    kind: IdentifierKind,
    value: Zeroizing<String>,
}

// === impl IdentifierKind ===

impl IdentifierKind {
    /// Stable name; enters the keyed hash and the sealed form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PersonalId => "personal_id",
            Self::Cmnd => "cmnd",
            Self::InsuranceNumber => "insurance_number",
            Self::HealthCard => "health_card",
            Self::NameAndBirth => "name_and_birth",
            Self::Enterprise => "enterprise_code",
            Self::Certificate => "certificate",
            Self::Parcel => "parcel",
        }
    }

    /// Whether it names a natural person.
    pub const fn class(self) -> SubjectClass {
        match self {
            Self::PersonalId | Self::Cmnd | Self::InsuranceNumber | Self::HealthCard | Self::NameAndBirth => {
                SubjectClass::Natural
            }
            Self::Enterprise | Self::Certificate | Self::Parcel => SubjectClass::Record,
        }
    }
}

// === impl Identifier ===

impl Identifier {
    /// An identifier in its canonical written form.
    pub fn new(kind: IdentifierKind, value: impl Into<String>) -> Self {
        Self { kind, value: Zeroizing::new(value.into()) }
    }

    /// What it identifies.
    pub const fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// The value in clear: for the keyed hash and for sealing only.
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// `kind|value`, the form that is hashed and sealed.
    pub(crate) fn tagged(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(64));
        out.extend_from_slice(self.kind.as_str().as_bytes());
        out.push(b'|');
        out.extend_from_slice(self.value.as_bytes());
        out
    }
}

impl From<&SubjectKey> for Identifier {
    fn from(key: &SubjectKey) -> Self {
        let kind = match key {
            SubjectKey::Person(_) => IdentifierKind::PersonalId,
            SubjectKey::Cmnd(_) => IdentifierKind::Cmnd,
            SubjectKey::Enterprise(_) => IdentifierKind::Enterprise,
            SubjectKey::Certificate(_) => IdentifierKind::Certificate,
            SubjectKey::Parcel(_) => IdentifierKind::Parcel,
            SubjectKey::Insurance(_) => IdentifierKind::InsuranceNumber,
        };
        Self::new(kind, key.expose())
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({})", self.kind.as_str())
    }
}
