//! Places as a record gives them, and the key of an administrative unit.
//!
//! A unit's code has no meaning without a date: since 1 July 2025 there are 34
//! provinces, 3,321 communes and no districts, and most communes reuse an old
//! code, often under another name. So the codes of a
//! record are kept as the source gives them, and a lookup names a day. The
//! table of units is the catalogue's.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An address or place of origin (*nơi ở, quê quán, nơi đăng ký khai sinh*).
/// Personal: its `Debug` shows nothing.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Commune code (`MaPhuongXa`), five digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commune_code: Option<String>,
    /// Country (`QuocGia`) as the source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// House number, street, village (`ChiTiet`), free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// District code (`MaQuanHuyen`), three digits; sources may still carry
    /// one, though there are no districts since 1 July 2025.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district_code: Option<String>,
    /// Province code as the source gives it (`MaTinhThanh`), two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province_code: Option<String>,
}

/// Level of an administrative unit (*đơn vị hành chính*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitLevel {
    /// Province or centrally run city (*tỉnh, thành phố*).
    Province,
    /// District (*quận, huyện*), until 30 June 2025.
    District,
    /// Commune, ward or special zone (*xã, phường, đặc khu*).
    Commune,
}

/// Names one administrative unit: the code alone does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AdminUnitKey {
    /// Statistics Office code: 2, 3 or 5 digits by level.
    pub code: String,
    /// Its level.
    pub level: UnitLevel,
    /// A day on which the code is to be read.
    pub valid_on: Date,
}

// === impl Place ===

impl Place {
    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The key of the commune, as the code is to be read on a day.
    pub fn commune_on(&self, valid_on: Date) -> Option<AdminUnitKey> {
        self.commune_code.as_ref().map(|code| AdminUnitKey {
            code: code.clone(),
            level: UnitLevel::Commune,
            valid_on,
        })
    }

    /// The key of the province, as the code is to be read on a day.
    pub fn province_on(&self, valid_on: Date) -> Option<AdminUnitKey> {
        self.province_code.as_ref().map(|code| AdminUnitKey {
            code: code.clone(),
            level: UnitLevel::Province,
            valid_on,
        })
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place(…)")
    }
}

// === impl UnitLevel ===

impl UnitLevel {
    /// Stable lower-case name, as in the table of units.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::District => "district",
            Self::Commune => "commune",
        }
    }

    /// How many digits a code of this level has.
    pub const fn code_digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::District => 3,
            Self::Commune => 5,
        }
    }
}

#[cfg(test)]
mod tests;
