//! The social-insurance number (*mã số BHXH*) and the code of the
//! health-insurance card (*thẻ BHYT*).

use super::text::{all_digits, from_serde, redacted, to_serde};
use super::{IdError, IdReason};

/// A social-insurance number: 10 digits, no check digit, leading zeros kept.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InsuranceNumber(String);

/// The code of a health-insurance card: 15 characters (two object letters,
/// benefit level 1–5, two province digits, ten digits that are normally the
/// social-insurance number), or those ten digits alone, as the card form of
/// 2021 prints them (decision 1666/QĐ-BHXH).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HealthCardCode(String);

// === impl InsuranceNumber ===

impl InsuranceNumber {
    /// Reads a value as written.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::InsuranceNumberLength));
        }
        if !all_digits(value.as_bytes()) {
            return Err(IdError::new(IdReason::InsuranceNumberDigits));
        }
        if value.len() != 10 {
            return Err(IdError::new(IdReason::InsuranceNumberLength));
        }
        Ok(Self(value.to_owned()))
    }

    /// The ten digits, in clear.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted!(InsuranceNumber);
to_serde!(InsuranceNumber, expose);
from_serde!(InsuranceNumber);

// === impl HealthCardCode ===

impl HealthCardCode {
    /// Reads a value as written.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::HealthCardLength));
        }
        if !value.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return Err(IdError::new(IdReason::HealthCardCharacters));
        }
        match value.as_bytes() {
            digits if digits.len() == 10 => {
                if !all_digits(digits) {
                    return Err(IdError::new(IdReason::HealthCardDigits));
                }
            }
            [first, second, level, rest @ ..] if rest.len() == 12 => {
                if !first.is_ascii_uppercase() || !second.is_ascii_uppercase() {
                    return Err(IdError::new(IdReason::HealthCardObject));
                }
                if !(b'1'..=b'5').contains(level) {
                    return Err(IdError::new(IdReason::HealthCardLevel));
                }
                if !all_digits(rest) {
                    return Err(IdError::new(IdReason::HealthCardDigits));
                }
            }
            _ => return Err(IdError::new(IdReason::HealthCardLength)),
        }
        Ok(Self(value.to_owned()))
    }

    /// The code, in clear.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last ten digits: normally the social-insurance number.
    pub fn insurance_digits(&self) -> &str {
        &self.0[self.0.len() - 10..]
    }

    /// The benefit level 1–5, where the long form states it.
    pub fn benefit_level(&self) -> Option<u8> {
        if self.0.len() == 15 { self.0.as_bytes().get(2).map(|digit| digit - b'0') } else { None }
    }
}

redacted!(HealthCardCode);
to_serde!(HealthCardCode, expose);
from_serde!(HealthCardCode);
