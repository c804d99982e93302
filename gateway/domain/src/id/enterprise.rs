//! The enterprise code (*mã số doanh nghiệp*, which is the tax code, *MST*).

use super::text::{all_digits, from_serde, shown, to_serde};
use super::{IdError, IdReason};

/// Weights of the first nine digits.
const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// An enterprise code: 10 digits, the last a check digit, or with the three
/// digits of a dependent unit (*đơn vị phụ thuộc*, 001–999) behind a hyphen.
/// Held in that canonical form; `4219593005002` and `4219593005-002` are
/// equal. Household businesses have used their owner's personal id since
/// 1 July 2025, which is no enterprise code.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnterpriseCode(String);

impl EnterpriseCode {
    /// Reads a value as written: 10 digits, 13 digits, or 10, a hyphen and 3.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::EnterpriseCodeLength));
        }
        let (head, branch) = match value.split_once('-') {
            Some((head, branch)) => (head, Some(branch)),
            None if value.len() == 13 && value.is_ascii() => (&value[..10], Some(&value[10..])),
            None => (value, None),
        };
        if !all_digits(head.as_bytes()) {
            return Err(IdError::new(IdReason::EnterpriseCodeDigits));
        }
        let Ok(digits) = <[u8; 10]>::try_from(head.as_bytes()) else {
            return Err(IdError::new(IdReason::EnterpriseCodeLength));
        };
        if let Some(branch) = branch {
            if !all_digits(branch.as_bytes()) {
                return Err(IdError::new(IdReason::EnterpriseCodeDigits));
            }
            if branch.len() != 3 || branch == "000" {
                return Err(IdError::new(IdReason::EnterpriseCodeBranch));
            }
        }
        if digits[2..9].iter().all(|digit| *digit == b'0') {
            return Err(IdError::new(IdReason::EnterpriseCodeSerial));
        }
        if check_digit(&digits) != Some(digits[9] - b'0') {
            return Err(IdError::new(IdReason::EnterpriseCodeCheckDigit));
        }
        Ok(Self(branch.map_or_else(|| head.to_owned(), |branch| format!("{head}-{branch}"))))
    }

    /// The canonical form: 10 digits, a hyphen before a branch.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical form, owned.
    pub fn canonical(&self) -> String {
        self.0.clone()
    }

    /// The 10 digits of the enterprise itself.
    pub fn head(&self) -> &str {
        &self.0[..10]
    }

    /// The three digits of a dependent unit.
    pub fn branch(&self) -> Option<&str> {
        self.0.get(11..)
    }
}

/// The check digit that nine digits call for. Where their weighted sum is a
/// multiple of 11 there is none, and no such code is given out.
fn check_digit(digits: &[u8; 10]) -> Option<u8> {
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    match sum % 11 {
        0 => None,
        rest => u8::try_from(10 - rest).ok(),
    }
}

shown!(EnterpriseCode);
to_serde!(EnterpriseCode, as_str);
from_serde!(EnterpriseCode);
