//! `google.protobuf.Timestamp` with its canonical JSON form: RFC 3339 in UTC
//! with `Z`, and 0, 3, 6 or 9 fractional digits (protobuf JSON mapping). The
//! type of `pbjson-types` writes `+00:00`, which is not that form.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant as the wire carries it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds within the second, 0 to 999,999,999.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// The wire's seconds and nanoseconds are no instant of the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoInstant;

// === impl NoInstant ===

impl std::fmt::Display for NoInstant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an instant of the years 1 to 9999")
    }
}

impl std::error::Error for NoInstant {}

// === impl Timestamp ===

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        // jiff's nanoseconds point the way of the sign; the wire's point forward.
        let (seconds, nanos) = (at.as_second(), at.subsec_nanosecond());
        if nanos < 0 {
            Self { seconds: seconds - 1, nanos: nanos + 1_000_000_000 }
        } else {
            Self { seconds, nanos }
        }
    }
}

impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = NoInstant;

    fn try_from(wire: Timestamp) -> Result<Self, NoInstant> {
        // 0001-01-01T00:00:00Z; jiff itself ends the range a day before year 10000.
        if wire.seconds < -62_135_596_800 || !(0..1_000_000_000).contains(&wire.nanos) {
            return Err(NoInstant);
        }
        Self::new(wire.seconds, wire.nanos).map_err(|_| NoInstant)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = jiff::Timestamp::try_from(*self).map_err(S::Error::custom)?;
        let digits = match self.nanos {
            0 => 0,
            nanos if nanos % 1_000_000 == 0 => 3,
            nanos if nanos % 1_000 == 0 => 6,
            _ => 9,
        };
        serializer.collect_str(&format_args!("{at:.digits$}"))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse::<jiff::Timestamp>()
            .map(Self::from)
            .map_err(|_| D::Error::custom("not an RFC 3339 instant"))
    }
}

#[cfg(test)]
mod tests;
