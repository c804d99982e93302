//! The one form in which an entry writes an instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// An instant in microseconds, written `2026-11-21T03:33:40.123456Z`
/// (RFC 3339, UTC, always six decimals) and read in no other form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryTime(Timestamp);

// === impl EntryTime ===

impl EntryTime {
    /// Bytes of its written form.
    pub const LEN: usize = 27;

    /// The instant, cut to whole microseconds and to years 0 to 9999.
    pub fn new(at: Timestamp) -> Self {
        let micros = at.as_microsecond();
        // Before 1970 the cut is towards zero; the log holds no such instant.
        Self(Timestamp::from_microsecond(micros.max(0)).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// The instant.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Its written form.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let civil = Offset::UTC.to_datetime(self.0);
        let mut out = *b"0000-00-00T00:00:00.000000Z";
        let micros = civil.subsec_nanosecond() / 1000;
        let part = |value: i32| u32::try_from(value).unwrap_or(0);
        digits(&mut out[0..4], part(civil.year().into()));
        digits(&mut out[5..7], part(civil.month().into()));
        digits(&mut out[8..10], part(civil.day().into()));
        digits(&mut out[11..13], part(civil.hour().into()));
        digits(&mut out[14..16], part(civil.minute().into()));
        digits(&mut out[17..19], part(civil.second().into()));
        digits(&mut out[20..26], part(micros));
        out
    }

    /// Reads the written form; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != Self::LEN {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0i32, |value, byte| {
                byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0'))
            })
        };
        let small = |range| number(range).and_then(|value| i8::try_from(value).ok());
        let civil = DateTime::new(
            i16::try_from(number(0..4)?).ok()?,
            small(5..7)?,
            small(8..10)?,
            small(11..13)?,
            small(14..16)?,
            small(17..19)?,
            number(20..26)? * 1000,
        )
        .ok()?;
        let time = Self(Offset::UTC.to_timestamp(civil).ok()?);
        (time.to_bytes() == bytes).then_some(time)
    }
}

fn digits(out: &mut [u8], mut value: u32) {
    for place in out.iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

impl From<Timestamp> for EntryTime {
    fn from(at: Timestamp) -> Self {
        Self::new(at)
    }
}

impl From<EntryTime> for String {
    fn from(time: EntryTime) -> Self {
        time.to_bytes().iter().copied().map(char::from).collect()
    }
}

impl TryFrom<String> for EntryTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an instant in the log's form")
    }
}

impl std::fmt::Display for EntryTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(*self))
    }
}
