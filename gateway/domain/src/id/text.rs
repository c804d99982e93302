//! Byte tests and trait boilerplate the identifier types share.

/// Whether every byte is an ASCII digit; true for the empty slice.
pub(super) fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// The value of some ASCII digits, at most nine.
pub(super) fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit.wrapping_sub(b'0')))
}

/// The Vietnamese calendar day of `yy` or `yyyy`, `MM` and `dd`, if there is
/// one; two-digit years are of this century.
pub(super) fn day(year: &[u8], month: &[u8], day: &[u8]) -> Option<jiff::civil::Date> {
    let year = if year.len() == 2 { 2000 + number(year) } else { number(year) };
    let year = i16::try_from(year).ok().filter(|year| *year >= 2000)?;
    jiff::civil::Date::new(year, i8::try_from(number(month)).ok()?, i8::try_from(number(day)).ok()?).ok()
}

/// `Debug` that shows the type's name and nothing of the value.
macro_rules! redacted {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

/// `Debug` and `Display` of a value that identifies nobody.
macro_rules! shown {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Serialises as the string that `$get` gives.
macro_rules! to_serde {
    ($name:ident, $get:ident) => {
        /// In clear: for encrypted stores and canonical material only.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.$get())
            }
        }
    };
}

/// Deserialises and reads from text by `parse`, the rules being fixed.
macro_rules! from_serde {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }

        impl std::str::FromStr for $name {
            type Err = super::IdError;

            fn from_str(text: &str) -> Result<Self, super::IdError> {
                Self::parse(text)
            }
        }
    };
}

pub(super) use {from_serde, redacted, shown, to_serde};
