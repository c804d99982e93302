//! The audit entry, format `v:1`.
//!
//! One canonical-JSON object (RFC 8785) of at most [`MAX_ENTRY_BYTES`]. A part
//! that does not apply is absent, never null or empty, so one meaning has one
//! form. [`Entry::parse`] accepts exactly the bytes [`Entry::encode`] makes.

mod json;
mod kind;
mod parts;
mod template;
mod time;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use kind::{ActorKind, CommitmentSeal, Effect, Evidence, Kind, Outcome, SourceFrom, SubjectClass};
pub use parts::{
    Actor, Aggregate, Begun, Caller, Commitment, Component, Created, Decision, Erased, Fields, Filter,
    Loaded, NotReleased, Purpose, Rotated, Search, Source, Subject,
};
pub use template::Template;
pub use time::EntryTime;

/// The longest entry, in bytes: the limit of a C2SP tlog-tiles entry bundle.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// The largest integer RFC 8785 can write exactly.
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A short text of an entry. Copied at the price of a pointer: most were known
/// before the entry was, or are a few bytes.
pub type Text = smol_str::SmolStr;

/// The format version this build writes and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct V1;

/// One entry of the audit log. The fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Who acted through the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// What a `refusals.aggregated` entry counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Aggregate>,
    /// Assurance of a MATCH, `HIGH` or `LOW`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Text>,
    /// Which log a `log.begun` goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Box<Begun>>,
    /// The client system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// The procedure's case (*trường hợp*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Text>,
    /// The commitment to the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Commitment>,
    /// What `component.decided` decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<Component>,
    /// What `subject.created` created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Created>,
    /// The dataset asked, e.g. `population.person`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Text>,
    /// The policy's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What `subject.erased` erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erased>,
    /// The strength of evidence under which the dossier was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Fields asked and disclosed, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Fields>,
    /// The entry's place in the log of its origin, from 0.
    pub index: u64,
    /// The index of the intent that this outcome answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<u64>,
    /// What happened.
    pub kind: Kind,
    /// Legal basis (*căn cứ pháp lý*) of the processing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legal_basis: Vec<Text>,
    /// What `config.loaded` loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded: Option<Loaded>,
    /// Which entries an `entry.not_released` is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_released: Option<NotReleased>,
    /// The operation asked, e.g. `GetPerson`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Text>,
    /// The log this entry stands in.
    pub origin: Text,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The procedure (*mã thủ tục hành chính*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Text>,
    /// Why it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// A stable reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Which key a `log.key_rotated` signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Box<Rotated>>,
    /// What a `log.read` looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// Where the answer came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Everyone and everything the question or the answer is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// When the entry was given its index.
    pub time: EntryTime,
    /// W3C trace id, 32 lower-case hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Text>,
    /// The request ids under which the source can find the exchange.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<Text>,
    /// The format version, 1.
    pub v: V1,
}

/// Why bytes are not an entry, or an entry cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Longer than [`MAX_ENTRY_BYTES`].
    #[error("entry is longer than 65535 bytes")]
    TooLong,
    /// Not a JSON object of this schema (position of the first fault).
    #[error("entry is not of format v:1 at column {column}")]
    Schema {
        /// Column of the fault, from 1; the content is never shown.
        column: usize,
    },
    /// Of this schema, but not in canonical form.
    #[error("entry is not in canonical form at byte {at}")]
    NotCanonical {
        /// First byte that differs from the canonical form.
        at: usize,
    },
    /// An integer beyond what RFC 8785 can write exactly.
    #[error("an integer is beyond 2^53 - 1")]
    IntegerRange,
}

// === impl V1 ===

impl TryFrom<u64> for V1 {
    type Error = &'static str;

    fn try_from(value: u64) -> Result<Self, Self::Error> {
        if value == 1 { Ok(Self) } else { Err("unknown entry version") }
    }
}

impl From<V1> for u64 {
    fn from(_: V1) -> Self {
        1
    }
}

// === impl Entry ===

impl Entry {
    /// An entry of that kind with every optional part absent.
    pub fn new(origin: impl Into<Text>, index: u64, time: EntryTime, kind: Kind) -> Self {
        Self {
            actor: None,
            aggregate: None,
            assurance: None,
            begun: None,
            caller: None,
            case: None,
            commitment: None,
            component: None,
            created: None,
            dataset: None,
            decision: None,
            erased: None,
            evidence: None,
            fields: None,
            index,
            intent: None,
            kind,
            legal_basis: Vec::new(),
            loaded: None,
            not_released: None,
            operation: None,
            origin: origin.into(),
            outcome: None,
            procedure: None,
            purpose: None,
            reason: None,
            rotated: None,
            search: None,
            source: None,
            subjects: Vec::new(),
            time,
            trace: None,
            upstream: Vec::new(),
            v: V1,
        }
    }

    /// The entry's bytes: canonical JSON, the leaf bytes of the log.
    ///
    /// # Errors
    /// [`EntryError::TooLong`] or [`EntryError::IntegerRange`].
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        let mut out = Vec::with_capacity(1024);
        Template::of(self)?.write(self.index, self.time, &mut out)?;
        Ok(out)
    }

    /// Reads an entry, accepting only the one form [`Entry::encode`] writes:
    /// no unknown field, no other spelling, no other order.
    ///
    /// # Errors
    /// Every way of not being such an entry; see [`EntryError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLong);
        }
        let entry: Self =
            serde_json::from_slice(bytes).map_err(|error| EntryError::Schema { column: error.column() })?;
        let canonical = entry.encode()?;
        if canonical == bytes {
            return Ok(entry);
        }
        let common = canonical.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        Err(EntryError::NotCanonical { at: common })
    }

    /// The dossier this entry belongs to, if any.
    pub fn dossier(&self) -> Option<&str> {
        match &self.purpose {
            Some(Purpose::Dossier(code)) => Some(code),
            _ => None,
        }
    }
}
