//! The personal id (*số định danh cá nhân*, printed on the CCCD) and the older
//! CMND.

use super::text::{all_digits, number, redacted, to_serde};
use super::{IdError, IdReason};
use crate::record::Sex;

/// The 63 province codes in use when numbers were given out (circular
/// 07/2016/TT-BCA; they equal the Statistics Office's codes before 1 July
/// 2025). A number keeps its province for ever, whatever was merged since.
/// Prefixes of countries, for births abroad, are not covered.
const PROVINCES: [u8; 63] = [
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40,
    42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83,
    84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
];

/// Prefixes that no province ever had; the sandbox's people carry them.
const SYNTHETIC: std::ops::RangeInclusive<u32> = 97..=99;

/// Whether identities of the sandbox (prefix 097–099) may be spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Synthetic {
    /// Production: they never enter.
    Refused,
    /// The sandbox and its tests.
    Allowed,
}

/// What the configuration and the day add to the rules of a personal id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdRules {
    /// Whether sandbox identities are accepted.
    pub synthetic: Synthetic,
    /// The present year in Viet Nam: nobody is born after it.
    pub present_year: i16,
}

/// A personal id: 12 digits, of which 1–3 are the province of birth
/// registration, 4 the century and sex, 5–6 the birth year, 7–12 a serial.
/// There is no check digit (decree 137/2015/NĐ-CP art. 13).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonalId([u8; 12]);

/// A *chứng minh nhân dân* number: 9 digits, or the late form of 12, which is
/// the personal id. The form only: the papers lapsed at the end of 2024, the
/// numbers live on as aliases (`SoCMND`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cmnd(String);

// === impl PersonalId ===

impl PersonalId {
    /// Reads a value as written.
    pub fn parse(value: &str, rules: &IdRules) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::PersonalIdLength));
        }
        if !all_digits(value.as_bytes()) {
            return Err(IdError::new(IdReason::PersonalIdDigits));
        }
        let Ok(digits) = <[u8; 12]>::try_from(value.as_bytes()) else {
            return Err(IdError::new(IdReason::PersonalIdLength));
        };
        let id = Self(digits);
        let province = number(&digits[..3]);
        if SYNTHETIC.contains(&province) {
            if rules.synthetic == Synthetic::Refused {
                return Err(IdError::new(IdReason::PersonalIdSynthetic));
            }
        } else if !PROVINCES.iter().any(|known| u32::from(*known) == province) {
            return Err(IdError::new(IdReason::PersonalIdProvince));
        }
        if id.birth_year() > rules.present_year {
            return Err(IdError::new(IdReason::PersonalIdBirthYear));
        }
        Ok(id)
    }

    /// The 12 digits, in clear.
    pub fn expose(&self) -> &str {
        // Twelve ASCII digits by construction, so the default is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether it belongs to the sandbox (prefix 097–099).
    pub fn is_synthetic(&self) -> bool {
        SYNTHETIC.contains(&number(&self.0[..3]))
    }

    /// The birth year that the number states, 1900 to 2399.
    pub fn birth_year(&self) -> i16 {
        let century = i16::from((self.0[3] - b'0') / 2);
        let year = i16::from(self.0[4] - b'0') * 10 + i16::from(self.0[5] - b'0');
        1900 + century * 100 + year
    }

    /// The sex that the number states: even male, odd female. It is the one
    /// registered when the number was given; a record may say otherwise.
    pub const fn sex(&self) -> Sex {
        if (self.0[3] - b'0').is_multiple_of(2) { Sex::Male } else { Sex::Female }
    }
}

redacted!(PersonalId);
to_serde!(PersonalId, expose);

// === impl Cmnd ===

impl Cmnd {
    /// Reads a value as written. The rules matter to the 12-digit form alone:
    /// it is a personal id, so a sandbox prefix is refused in production.
    pub fn parse(value: &str, rules: &IdRules) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::CmndLength));
        }
        if !all_digits(value.as_bytes()) {
            return Err(IdError::new(IdReason::CmndDigits));
        }
        if value.len() != 9 && value.len() != 12 {
            return Err(IdError::new(IdReason::CmndLength));
        }
        if value.len() == 12
            && rules.synthetic == Synthetic::Refused
            && SYNTHETIC.contains(&number(&value.as_bytes()[..3]))
        {
            return Err(IdError::new(IdReason::CmndSynthetic));
        }
        Ok(Self(value.to_owned()))
    }

    /// The digits, in clear.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The personal id that a number of the late form is.
    pub fn as_personal_id(&self, rules: &IdRules) -> Option<PersonalId> {
        PersonalId::parse(&self.0, rules).ok()
    }
}

redacted!(Cmnd);
to_serde!(Cmnd, expose);
