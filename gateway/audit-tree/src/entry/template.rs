//! An entry encoded but for its index and time, so that the costly part of
//! writing it happens before, and outside, the lock that orders entries.

use serde::Serialize;

use super::json::Json;
use super::{Entry, EntryError, EntryTime, MAX_ENTRY_BYTES, MAX_INTEGER};

/// An encoded entry with two gaps.
#[derive(Debug, Clone)]
pub struct Template {
    bytes: Vec<u8>,
    index_at: usize,
    time_at: usize,
}

/// Writes `,"key":value` (no comma before the first).
fn field<T: Serialize + ?Sized>(out: &mut Vec<u8>, key: &str, value: &T) -> Result<(), EntryError> {
    name(out, key);
    // The writer refuses only what no part of an entry is made of.
    value.serialize(Json(out)).map_err(|error| EntryError::Schema { column: error.column() })
}

fn name(out: &mut Vec<u8>, key: &str) {
    out.push(if out.is_empty() { b'{' } else { b',' });
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn some<T: Serialize>(out: &mut Vec<u8>, key: &str, value: Option<&T>) -> Result<(), EntryError> {
    value.map_or(Ok(()), |value| field(out, key, value))
}

fn many<T: Serialize>(out: &mut Vec<u8>, key: &str, values: &[T]) -> Result<(), EntryError> {
    if values.is_empty() { Ok(()) } else { field(out, key, values) }
}

// === impl Template ===

impl Template {
    /// Encodes everything but index and time.
    ///
    /// # Errors
    /// [`EntryError::IntegerRange`]; the length is judged when writing.
    pub fn of(entry: &Entry) -> Result<Self, EntryError> {
        if entry.integers().any(|value| value > MAX_INTEGER) {
            return Err(EntryError::IntegerRange);
        }
        let mut out = Vec::with_capacity(1024);
        let o = &mut out;
        some(o, "actor", entry.actor.as_ref())?;
        some(o, "aggregate", entry.aggregate.as_ref())?;
        some(o, "assurance", entry.assurance.as_ref())?;
        some(o, "begun", entry.begun.as_ref())?;
        some(o, "caller", entry.caller.as_ref())?;
        some(o, "case", entry.case.as_ref())?;
        some(o, "commitment", entry.commitment.as_ref())?;
        some(o, "component", entry.component.as_ref())?;
        some(o, "created", entry.created.as_ref())?;
        some(o, "dataset", entry.dataset.as_ref())?;
        some(o, "decision", entry.decision.as_ref())?;
        some(o, "erased", entry.erased.as_ref())?;
        some(o, "evidence", entry.evidence.as_ref())?;
        some(o, "fields", entry.fields.as_ref())?;
        name(o, "index");
        let index_at = o.len();
        some(o, "intent", entry.intent.as_ref())?;
        field(o, "kind", &entry.kind)?;
        many(o, "legal_basis", &entry.legal_basis)?;
        some(o, "loaded", entry.loaded.as_ref())?;
        some(o, "not_released", entry.not_released.as_ref())?;
        some(o, "operation", entry.operation.as_ref())?;
        field(o, "origin", &entry.origin)?;
        some(o, "outcome", entry.outcome.as_ref())?;
        some(o, "procedure", entry.procedure.as_ref())?;
        some(o, "purpose", entry.purpose.as_ref())?;
        some(o, "reason", entry.reason.as_ref())?;
        some(o, "rotated", entry.rotated.as_ref())?;
        some(o, "search", entry.search.as_ref())?;
        some(o, "source", entry.source.as_ref())?;
        many(o, "subjects", &entry.subjects)?;
        name(o, "time");
        let time_at = o.len();
        some(o, "trace", entry.trace.as_ref())?;
        many(o, "upstream", &entry.upstream)?;
        field(o, "v", &entry.v)?;
        o.push(b'}');
        Ok(Self { bytes: out, index_at, time_at })
    }

    /// The most bytes [`Template::write`] can append.
    pub fn max_len(&self) -> usize {
        // 16 digits of 2^53 - 1, and a quoted time.
        self.bytes.len() + 16 + EntryTime::LEN + 2
    }

    /// Appends the finished entry to `out` and returns its length; on error
    /// `out` is as before.
    ///
    /// # Errors
    /// [`EntryError::TooLong`] or [`EntryError::IntegerRange`].
    pub fn write(&self, index: u64, time: EntryTime, out: &mut Vec<u8>) -> Result<usize, EntryError> {
        if index > MAX_INTEGER {
            return Err(EntryError::IntegerRange);
        }
        let start = out.len();
        out.reserve(self.max_len());
        out.extend_from_slice(&self.bytes[..self.index_at]);
        decimal(index, out);
        out.extend_from_slice(&self.bytes[self.index_at..self.time_at]);
        out.push(b'"');
        out.extend_from_slice(&time.to_bytes());
        out.push(b'"');
        out.extend_from_slice(&self.bytes[self.time_at..]);
        let len = out.len() - start;
        if len > MAX_ENTRY_BYTES {
            out.truncate(start);
            return Err(EntryError::TooLong);
        }
        Ok(len)
    }
}

pub(super) fn decimal(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

// === impl Entry ===

impl Entry {
    /// Every integer the entry writes but its index.
    fn integers(&self) -> impl Iterator<Item = u64> + '_ {
        let component = self.component.iter().flat_map(|c| [u64::from(c.prefilled), u64::from(c.total)]);
        let not_released = self.not_released.iter().flat_map(|n| [n.first, n.last]);
        self.intent
            .into_iter()
            .chain(self.aggregate.iter().map(|a| a.count))
            .chain(component)
            .chain(not_released)
            .chain(self.search.iter().map(|s| s.count))
            .chain(self.source.iter().filter_map(|s| s.fetched_by))
    }
}
