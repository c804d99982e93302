//! The serial of a land-use-right certificate and the names of a parcel.
//! They identify no person by themselves but lead straight to the owners, so
//! their `Debug` shows nothing.

use std::fmt;

use super::text::{all_digits, from_serde, number, redacted, to_serde};
use super::{IdError, IdReason};

/// Serial of a certificate's form (*số phát hành*, *số seri* of the GCN): two
/// letters and six digits, two and eight (form of 1 August 2024, circular
/// 10/2024/TT-BTNMT), or, on old forms, one letter and six or seven. Letters
/// are A–Z and Đ. One space may stand between; without it is the canonical
/// form, and `CX 842561` equals `CX842561`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateSerial(String);

/// A parcel (*thửa đất*) by commune, map sheet (*tờ bản đồ*) and number,
/// written `22366/12/345`. The commune code means what it meant when the map
/// was made.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParcelKey {
    commune_code: String,
    sheet: u32,
    number: u32,
}

/// The national parcel id: a geohash of 12 characters, lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParcelGeohash(String);

/// Either name of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParcelId {
    /// By commune, sheet and number.
    Key(ParcelKey),
    /// By the national parcel id.
    Geohash(ParcelGeohash),
}

// === impl CertificateSerial ===

impl CertificateSerial {
    /// Reads a value as written.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.is_empty() || value.len() > 64 {
            return Err(IdError::new(IdReason::CertificateLength));
        }
        let letters_end = value.find(|c| !is_series_letter(c)).unwrap_or(value.len());
        let (letters, rest) = value.split_at(letters_end);
        let letters_count = letters.chars().count();
        if !(1..=2).contains(&letters_count) {
            return Err(IdError::new(IdReason::CertificateLetters));
        }
        let digits = rest.strip_prefix(' ').unwrap_or(rest);
        match digits.as_bytes().first() {
            None => return Err(IdError::new(IdReason::CertificateLength)),
            Some(first) if !first.is_ascii_alphanumeric() && first.is_ascii() => {
                return Err(IdError::new(IdReason::CertificateSeparator));
            }
            Some(_) if !all_digits(digits.as_bytes()) => {
                return Err(IdError::new(IdReason::CertificateDigits));
            }
            Some(_) => {}
        }
        match (letters_count, digits.len()) {
            (1, 6 | 7) | (2, 6 | 8) => Ok(Self(format!("{letters}{digits}"))),
            _ => Err(IdError::new(IdReason::CertificateLength)),
        }
    }

    /// The canonical form, without a space.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical form, owned.
    pub fn canonical(&self) -> String {
        self.0.clone()
    }

    /// As the form prints it: a space between letters and digits.
    pub fn spaced(&self) -> String {
        let digits = self.0.find(|c: char| c.is_ascii_digit()).unwrap_or(self.0.len());
        format!("{} {}", &self.0[..digits], &self.0[digits..])
    }
}

fn is_series_letter(c: char) -> bool {
    c.is_ascii_uppercase() || c == 'Đ'
}

redacted!(CertificateSerial);
to_serde!(CertificateSerial, as_str);
from_serde!(CertificateSerial);

// === impl ParcelKey ===

impl ParcelKey {
    /// From its parts: a five-digit commune code, sheet and number from 1 to
    /// 999,999.
    pub fn new(commune_code: &str, sheet: u32, number: u32) -> Result<Self, IdError> {
        if commune_code.len() != 5 || !all_digits(commune_code.as_bytes()) {
            return Err(IdError::new(IdReason::ParcelCommune));
        }
        if !(1..=999_999).contains(&sheet) || !(1..=999_999).contains(&number) {
            return Err(IdError::new(IdReason::ParcelNumber));
        }
        Ok(Self { commune_code: commune_code.to_owned(), sheet, number })
    }

    /// Reads `commune/sheet/number` as written; no leading zeros in sheet and
    /// number, so that a parcel has one written form.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.len() > 64 {
            return Err(IdError::new(IdReason::ParcelForm));
        }
        let mut parts = value.split('/');
        let (Some(commune), Some(sheet), Some(parcel), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdError::new(IdReason::ParcelForm));
        };
        let natural = |part: &str| -> Result<u32, IdError> {
            let bytes = part.as_bytes();
            if bytes.is_empty() || bytes.len() > 6 || !all_digits(bytes) || bytes[0] == b'0' {
                return Err(IdError::new(IdReason::ParcelNumber));
            }
            Ok(number(bytes))
        };
        Self::new(commune, natural(sheet)?, natural(parcel)?)
    }

    /// The commune's five digits.
    pub fn commune_code(&self) -> &str {
        &self.commune_code
    }

    /// The map sheet.
    pub const fn sheet(&self) -> u32 {
        self.sheet
    }

    /// The parcel's number on the sheet.
    pub const fn number(&self) -> u32 {
        self.number
    }
}

/// `22366/12/345`. In clear: for a registry or a sealed store, not for a log.
impl fmt::Display for ParcelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.commune_code, self.sheet, self.number)
    }
}

redacted!(ParcelKey);
from_serde!(ParcelKey);

/// As `22366/12/345`, in clear: for encrypted stores and canonical material.
impl serde::Serialize for ParcelKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

// === impl ParcelGeohash ===

impl ParcelGeohash {
    /// Reads a value as written: 12 characters of the geohash alphabet.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        let in_alphabet = |byte: u8| {
            byte.is_ascii_digit() || (byte.is_ascii_lowercase() && !matches!(byte, b'a' | b'i' | b'l' | b'o'))
        };
        if value.len() == 12 && value.bytes().all(in_alphabet) {
            Ok(Self(value.to_owned()))
        } else {
            Err(IdError::new(IdReason::ParcelGeohash))
        }
    }

    /// The 12 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

redacted!(ParcelGeohash);
to_serde!(ParcelGeohash, as_str);
from_serde!(ParcelGeohash);

// === impl ParcelId ===

impl ParcelId {
    /// Reads either form as written; a slash tells them apart.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        if value.contains('/') || value.len() != 12 {
            ParcelKey::parse(value).map(Self::Key)
        } else {
            ParcelGeohash::parse(value).map(Self::Geohash)
        }
    }
}
