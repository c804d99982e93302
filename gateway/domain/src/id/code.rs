//! Codes that name no person: procedures, components, purposes, requests,
//! accounts of officers, business locations.

use super::text::{all_digits, from_serde, shown, to_serde};
use super::{AgencyCode, IdError, IdReason};

/// Longest code of the free forms, in bytes.
const FREE_MAX: usize = 64;

/// Code of an administrative procedure (*mã TTHC*): `1.004222`; with the
/// suffix of a case, `1.010041.01`; or a province's variant,
/// `1.004222.000.00.00.H32`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcedureCode(String);

/// Code of a dossier component or result (*mã thành phần hồ sơ, mã kết quả*),
/// such as `000.00.00.G15-KQ004946` or `KQ.G15.000031`; where the portal gives
/// none or gives it twice, `procedure#position` (from 1). The portal's codes
/// follow no one form, so only characters and length are judged.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentCode(String);

/// Id of a registered purpose: lower-case words joined by hyphens.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PurposeId(String);

/// The caller's own id of a mutation; 1 to 64 of `[A-Za-z0-9._-]`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(String);

/// Account of an officer (*tài khoản cán bộ*) at the agency's identity
/// provider; 1 to 64 of `[A-Za-z0-9._@+-]`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfficerAccount(String);

/// Code of a business location (*địa điểm kinh doanh*): 5 digits; it is no tax
/// code.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BusinessLocation(String);

// === impl ProcedureCode ===

impl ProcedureCode {
    /// Reads a value as written.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > FREE_MAX {
            return Err(IdError::new(IdReason::ProcedureCodeLength));
        }
        let bytes = value.as_bytes();
        let national =
            bytes.len() >= 8 && bytes[0].is_ascii_digit() && bytes[1] == b'.' && all_digits(&bytes[2..8]);
        if !national {
            return Err(IdError::new(IdReason::ProcedureCodeForm));
        }
        match &bytes[8..] {
            [] => {}
            [b'.', tens, units] if all_digits(&[*tens, *units]) && (*tens, *units) != (b'0', b'0') => {}
            [b'.', agency @ ..] if is_province_suffix(agency) => {}
            _ => return Err(IdError::new(IdReason::ProcedureCodeSuffix)),
        }
        Ok(Self(value.to_owned()))
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The national code, `d.dddddd`.
    pub fn national(&self) -> &str {
        &self.0[..8]
    }

    /// The two digits of a case.
    pub fn case_suffix(&self) -> Option<&str> {
        self.0.get(9..).filter(|suffix| suffix.len() == 2)
    }

    /// The province whose variant this is.
    pub fn local_agency(&self) -> Option<AgencyCode> {
        AgencyCode::parse(self.0.get(9..)?).ok()
    }
}

/// `000.00.00.Hnn`
fn is_province_suffix(bytes: &[u8]) -> bool {
    matches!(bytes.strip_prefix(b"000.00.00.H"), Some(province) if province.len() == 2 && all_digits(province))
}

shown!(ProcedureCode);
to_serde!(ProcedureCode, as_str);
from_serde!(ProcedureCode);

/// A code judged by its length and characters alone.
macro_rules! free_code {
    ($name:ident, $length:ident, $characters:ident, $allowed:expr) => {
        impl $name {
            /// Reads a value as written.
            pub fn parse(value: &str) -> Result<Self, IdError> {
                if value.is_empty() || value.len() > FREE_MAX {
                    return Err(IdError::new(IdReason::$length));
                }
                let allowed: fn(&str) -> bool = $allowed;
                if allowed(value) {
                    Ok(Self(value.to_owned()))
                } else {
                    Err(IdError::new(IdReason::$characters))
                }
            }

            /// The value as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        shown!($name);
        to_serde!($name, as_str);
        from_serde!($name);
    };
}

fn each(value: &str, also: &[u8]) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
}

free_code!(ComponentCode, ComponentCodeLength, ComponentCodeCharacters, |value| each(value, b".#-"));
free_code!(RequestId, RequestIdLength, RequestIdCharacters, |value| { each(value, b"._-") });
free_code!(OfficerAccount, OfficerAccountLength, OfficerAccountCharacters, |value| each(value, b"._@+-"));
free_code!(PurposeId, PurposeIdLength, PurposeIdCharacters, |value| {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    value.split('-').all(word)
});

// === impl BusinessLocation ===

impl BusinessLocation {
    /// Reads a value as written.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > FREE_MAX {
            return Err(IdError::new(IdReason::BusinessLocationLength));
        }
        if !all_digits(value.as_bytes()) {
            return Err(IdError::new(IdReason::BusinessLocationDigits));
        }
        if value.len() != 5 {
            return Err(IdError::new(IdReason::BusinessLocationLength));
        }
        Ok(Self(value.to_owned()))
    }

    /// The five digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

shown!(BusinessLocation);
to_serde!(BusinessLocation, as_str);
from_serde!(BusinessLocation);

// === impl ComponentCode ===

impl ComponentCode {
    /// The key of a component that has no code of its own: its procedure and
    /// its position there, from 1.
    pub fn positional(procedure: &ProcedureCode, position: usize) -> Self {
        Self(format!("{}#{position}", procedure.as_str()))
    }
}
