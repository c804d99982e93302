//! Dates as registries hold them: sometimes the year only.
//!
//! Many elders have a birth year and no more (insurance calls it
//! `loaiNgaySinh` 1; service 037 has a field `Nam` beside `NgayThangNam`), so
//! a date here carries its own precision and a comparison says at which one it
//! agrees. Wire formats seen: `yyyyMMdd`, `dd/MM/yyyy`, `yyyyMMddHHmmss`,
//! `yyyyMM`, `yyyy`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::reason::vocabulary;

/// Legal time of Viet Nam, UTC+7 (decision 134/2002/QĐ-TTg). The zone
/// Asia/Ho_Chi_Minh has had no other offset since 1975.
pub const VIETNAM: Offset = Offset::constant(7);

/// Nobody who is asked about was born before this year.
pub const EARLIEST_BIRTH_YEAR: i16 = 1850;

/// The longest of the formats is 14 bytes; anything longer is not looked at.
const MAX_BYTES: usize = 14;

/// A date known to the day, to the month, or to the year. A day comes with its
/// month, and a full date stands in the calendar. Years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartialDate {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
}

/// How an asserted date agrees with the one a source holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateComparison {
    /// Both are full dates, and the same one.
    Equal,
    /// The source holds the year only, and it agrees: `MATCH_PARTIAL`.
    YearOnlyAgrees,
    /// The source holds month and year only, and both agree: `MATCH_PARTIAL`.
    PartialAgrees,
    /// The assertion says less than the source holds, so nothing is compared:
    /// whoever asks can neither lower the bar by leaving out the day, nor learn
    /// the year by itself.
    LessPrecise,
    /// They differ.
    Mismatch,
}

vocabulary! {
    /// Why a text is no date.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
    pub enum DateError {
        /// Not written in the expected format.
        #[error("date format")]
        Format = "DATE_FORMAT",
            "Ngày, tháng không viết đúng định dạng.",
            "The date is not written in the expected format.",
            "Viết theo dạng yyyy-MM-dd; chỉ biết tháng hoặc năm thì viết yyyy-MM hoặc yyyy.",
            "Write yyyy-MM-dd; where only the month or the year is known, yyyy-MM or yyyy.";
        /// Written well, but no such day or month exists.
        #[error("date not in the calendar")]
        Calendar = "DATE_CALENDAR",
            "Ngày, tháng này không có trong lịch.",
            "There is no such date in the calendar.",
            "Kiểm tra lại ngày và tháng.",
            "Check day and month.";
        /// A birth date after today.
        #[error("birth date in the future")]
        BirthInFuture = "BIRTH_DATE_FUTURE",
            "Ngày sinh không được sau ngày hôm nay.",
            "The birth date is after today.",
            "Kiểm tra lại ngày, tháng, năm sinh.",
            "Check the birth date.";
        /// A birth date before [`EARLIEST_BIRTH_YEAR`].
        #[error("birth date too early")]
        BirthTooEarly = "BIRTH_DATE_TOO_EARLY",
            "Năm sinh không được trước năm 1850.",
            "The birth date is before 1850.",
            "Kiểm tra lại năm sinh.",
            "Check the year of birth.";
    }
}

/// The civil day in Viet Nam at an instant; daily limits and dossier serials
/// count by it.
pub fn vietnam_day(at: Timestamp) -> Date {
    VIETNAM.to_datetime(at).date()
}

/// Compares what a source holds with what is asserted, at the precision of the
/// source.
pub fn compare(source: &PartialDate, asserted: &PartialDate) -> DateComparison {
    // First of all: what follows must not depend on the year.
    if asserted.parts() < source.parts() {
        return DateComparison::LessPrecise;
    }
    if source.year != asserted.year {
        return DateComparison::Mismatch;
    }
    match (source.month, source.day) {
        (None, _) => DateComparison::YearOnlyAgrees,
        (month, _) if month != asserted.month => DateComparison::Mismatch,
        (_, None) => DateComparison::PartialAgrees,
        (_, day) if day != asserted.day => DateComparison::Mismatch,
        _ => DateComparison::Equal,
    }
}

// === impl PartialDate ===

impl PartialDate {
    /// From its parts; a day without a month is a format error.
    pub fn new(year: i16, month: Option<i8>, day: Option<i8>) -> Result<Self, DateError> {
        if month.is_none() && day.is_some() {
            return Err(DateError::Format);
        }
        let in_calendar =
            (1..=9999).contains(&year) && Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).is_ok();
        if in_calendar { Ok(Self { year, month, day }) } else { Err(DateError::Calendar) }
    }

    /// A date known to the day.
    pub fn full(date: Date) -> Result<Self, DateError> {
        Self::new(date.year(), Some(date.month()), Some(date.day()))
    }

    /// A year alone.
    pub fn year_only(year: i16) -> Result<Self, DateError> {
        Self::new(year, None, None)
    }

    /// ISO 8601: `yyyy-MM-dd`, `yyyy-MM` or `yyyy`.
    pub fn parse_iso(text: &str) -> Result<Self, DateError> {
        let bytes = bounded(text)?;
        match bytes {
            [year @ .., b'-', m1, m2, b'-', d1, d2] => Self::from_digits(year, &[*m1, *m2], &[*d1, *d2]),
            [year @ .., b'-', m1, m2] => Self::from_digits(year, &[*m1, *m2], &[]),
            year => Self::from_digits(year, &[], &[]),
        }
    }

    /// `dd/MM/yyyy`, the business registry's form.
    pub fn parse_slash(text: &str) -> Result<Self, DateError> {
        match bounded(text)? {
            [d1, d2, b'/', m1, m2, b'/', year @ ..] => Self::from_digits(year, &[*m1, *m2], &[*d1, *d2]),
            _ => Err(DateError::Format),
        }
    }

    /// Digits alone, told apart by length: `yyyy`, `yyyyMM`, `yyyyMMdd`, or
    /// `yyyyMMddHHmmss`, of which the time is checked and dropped.
    pub fn parse_compact(text: &str) -> Result<Self, DateError> {
        let bytes = bounded(text)?;
        match bytes.len() {
            4 => Self::from_digits(bytes, &[], &[]),
            6 => Self::from_digits(&bytes[..4], &bytes[4..], &[]),
            8 => Self::from_digits(&bytes[..4], &bytes[4..6], &bytes[6..]),
            14 => Self::parse_timestamp(text),
            _ => Err(DateError::Format),
        }
    }

    /// `yyyyMMdd` and nothing else.
    pub fn parse_day(text: &str) -> Result<Self, DateError> {
        if text.len() == 8 { Self::parse_compact(text) } else { Err(DateError::Format) }
    }

    /// `yyyyMM` and nothing else.
    pub fn parse_month(text: &str) -> Result<Self, DateError> {
        if text.len() == 6 { Self::parse_compact(text) } else { Err(DateError::Format) }
    }

    /// `yyyy` and nothing else.
    pub fn parse_year(text: &str) -> Result<Self, DateError> {
        if text.len() == 4 { Self::parse_compact(text) } else { Err(DateError::Format) }
    }

    /// The day of a `yyyyMMddHHmmss`; the time must exist, and is dropped.
    pub fn parse_timestamp(text: &str) -> Result<Self, DateError> {
        let bytes = bounded(text)?;
        if bytes.len() != 14 {
            return Err(DateError::Format);
        }
        let [hour, minute, second] =
            [number(&bytes[8..10])?, number(&bytes[10..12])?, number(&bytes[12..14])?];
        let date = Self::from_digits(&bytes[..4], &bytes[4..6], &bytes[6..8])?;
        if hour < 24 && minute < 60 && second < 60 { Ok(date) } else { Err(DateError::Calendar) }
    }

    /// A birth date as somebody states it, in ISO 8601: not after `today`, the day
    /// in Viet Nam, at the date's own precision, and not before 1850.
    pub fn parse_birth(text: &str, today: Date) -> Result<Self, DateError> {
        let date = Self::parse_iso(text)?;
        let first_day = Date::new(date.year, date.month.unwrap_or(1), date.day.unwrap_or(1));
        match first_day {
            Ok(first_day) if first_day > today => Err(DateError::BirthInFuture),
            Ok(_) if date.year < EARLIEST_BIRTH_YEAR => Err(DateError::BirthTooEarly),
            Ok(_) => Ok(date),
            Err(_) => Err(DateError::Calendar),
        }
    }

    /// The year.
    pub const fn year(&self) -> i16 {
        self.year
    }

    /// The month, 1 to 12, if known.
    pub const fn month(&self) -> Option<i8> {
        self.month
    }

    /// The day, 1 to 31, if known.
    pub const fn day(&self) -> Option<i8> {
        self.day
    }

    /// Whether it is known to the day.
    pub const fn is_full(&self) -> bool {
        self.day.is_some()
    }

    /// The civil date, if it is known to the day.
    pub fn to_date(&self) -> Option<Date> {
        Date::new(self.year, self.month?, self.day?).ok()
    }

    /// The same date known to the year only, for a source that fills in a day
    /// it does not know (`loaiNgaySinh` 1).
    #[must_use]
    pub const fn to_year(self) -> Self {
        Self { year: self.year, month: None, day: None }
    }

    /// The same date known to the month only (`loaiNgaySinh` 2).
    #[must_use]
    pub const fn to_month(self) -> Self {
        Self { year: self.year, month: self.month, day: None }
    }

    /// How many of year, month and day are known.
    const fn parts(self) -> u8 {
        1 + self.month.is_some() as u8 + self.day.is_some() as u8
    }

    fn from_digits(year: &[u8], month: &[u8], day: &[u8]) -> Result<Self, DateError> {
        if year.len() != 4 {
            return Err(DateError::Format);
        }
        let year = number(year)?;
        let part = |digits: &[u8]| -> Result<Option<i8>, DateError> {
            if digits.is_empty() {
                return Ok(None);
            }
            i8::try_from(number(digits)?).map(Some).map_err(|_| DateError::Calendar)
        };
        Self::new(year, part(month)?, part(day)?)
    }
}

/// `yyyy`, `yyyy-MM` or `yyyy-MM-dd`.
impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

/// As [`PartialDate::parse_iso`].
impl FromStr for PartialDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        Self::parse_iso(text)
    }
}

/// As the ISO text.
impl Serialize for PartialDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse_iso(&text).map_err(serde::de::Error::custom)
    }
}

fn bounded(text: &str) -> Result<&[u8], DateError> {
    if text.len() <= MAX_BYTES { Ok(text.as_bytes()) } else { Err(DateError::Format) }
}

/// At most four ASCII digits.
fn number(digits: &[u8]) -> Result<i16, DateError> {
    digits.iter().try_fold(0_i16, |sum, digit| {
        if digit.is_ascii_digit() { Ok(sum * 10 + i16::from(digit - b'0')) } else { Err(DateError::Format) }
    })
}

#[cfg(test)]
mod tests;
