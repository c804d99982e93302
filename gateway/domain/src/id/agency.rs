//! Electronic codes of agencies (*mã định danh điện tử*, decision
//! 20/2020/QĐ-TTg) and the dossier codes built on them.

use jiff::civil::Date;

use super::text::{all_digits, day, from_serde, shown, to_serde};
use super::{IdError, IdReason};

/// Code of an agency: `H32` (a province), `H32.15`, `H32.201`, `H32.15.03`
/// (below it, two or three digits a level), `G01.15.08` (a ministry's), or the
/// four-part form of the earlier standard, `000.00.15.H32`.
///
/// The two forms are different codes, even where they mean one agency:
/// authorisation compares exact codes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgencyCode(String);

/// Code of a dossier (*mã hồ sơ*): agency, day, serial of that day.
/// `H32.216-261121-0007`, or the newer form of ministries with an eight-digit
/// day and a seven-digit serial, `G09.20-20260609-0092637`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DossierCode {
    value: String,
    agency_end: usize,
    date: Date,
}

// === impl AgencyCode ===

impl AgencyCode {
    /// Reads a value as written.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::AgencyCodeLength));
        }
        if !value.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'.') {
            return Err(IdError::new(IdReason::AgencyCodeCharacters));
        }
        if is_present_form(value) || is_four_part(value) {
            Ok(Self(value.to_owned()))
        } else {
            Err(IdError::new(IdReason::AgencyCodeForm))
        }
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code of the province or ministry it stands under: `H32`, `G01`.
    pub fn root(&self) -> &str {
        if self.is_four_part() { &self.0[10..] } else { &self.0[..3] }
    }

    /// Whether it stands under a ministry or other central body.
    pub fn is_central(&self) -> bool {
        self.root().starts_with('G')
    }

    /// Whether it is of the earlier standard, `000.00.15.H32`.
    pub fn is_four_part(&self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether this code is `other` or stands below it in the present form;
    /// a four-part code is only ever within itself. For reports and lists:
    /// access is decided by the exact code, never by this.
    pub fn is_within(&self, other: &Self) -> bool {
        match self.0.strip_prefix(other.as_str()) {
            Some("") => true,
            Some(rest) => rest.starts_with('.') && !other.is_four_part(),
            None => false,
        }
    }
}

/// A letter of group and two digits.
fn is_root(part: &str) -> bool {
    matches!(part.as_bytes(), [b'G' | b'H', tens, units] if tens.is_ascii_digit() && units.is_ascii_digit())
}

fn is_present_form(value: &str) -> bool {
    let mut parts = value.split('.');
    let below = |part: &str| matches!(part.len(), 2 | 3) && all_digits(part.as_bytes());
    parts.next().is_some_and(is_root) && parts.clone().count() <= 2 && parts.all(below)
}

fn is_four_part(value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(5, '.').collect();
    let [fourth, third, second, root] = parts.as_slice() else {
        return false;
    };
    let widths = fourth.len() == 3 && third.len() == 2 && second.len() == 2;
    widths && [fourth, third, second].iter().all(|part| all_digits(part.as_bytes())) && is_root(root)
}

shown!(AgencyCode);
to_serde!(AgencyCode, as_str);
from_serde!(AgencyCode);

// === impl DossierCode ===

impl DossierCode {
    /// Reads a value as written; the day must exist.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::DossierCodeLength));
        }
        let mut parts = value.split('-');
        let (Some(agency), Some(written_day), Some(serial), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdError::new(IdReason::DossierCodeForm));
        };
        let agency = AgencyCode::parse(agency).map_err(|_| IdError::new(IdReason::DossierCodeAgency))?;
        let digits = written_day.as_bytes();
        if !all_digits(digits) {
            return Err(IdError::new(IdReason::DossierCodeDay));
        }
        let serial_length = match digits.len() {
            6 => 4,
            8 if agency.is_central() => 7,
            _ => return Err(IdError::new(IdReason::DossierCodeDay)),
        };
        if serial.len() != serial_length || !all_digits(serial.as_bytes()) {
            return Err(IdError::new(IdReason::DossierCodeSerial));
        }
        let (year, month_and_day) = digits.split_at(digits.len() - 4);
        let Some(date) = day(year, &month_and_day[..2], &month_and_day[2..]) else {
            return Err(IdError::new(IdReason::DossierCodeDate));
        };
        Ok(Self { value: value.to_owned(), agency_end: agency.as_str().len(), date })
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The agency that received the dossier.
    pub fn agency(&self) -> AgencyCode {
        AgencyCode(self.value[..self.agency_end].to_owned())
    }

    /// The day it was received.
    pub const fn date(&self) -> Date {
        self.date
    }
}

shown!(DossierCode);
to_serde!(DossierCode, as_str);
from_serde!(DossierCode);
