//! What a decoder has to know beside the bytes.

use jiff::Timestamp;
use motlan_domain::id::IdRules;
use motlan_domain::{Completeness, Fetched, Record, SubjectKey};

/// The question an answer is held against. Decoders are pure functions of the
/// bytes and of this, so that they can be fuzzed and replayed.
#[derive(Debug, Clone, Copy)]
pub struct Decoding<'a> {
    /// Whom or what was asked about: an answer about another is malformed.
    pub subject: &'a SubjectKey,
    /// The rules for ids that the answer holds.
    pub rules: IdRules,
    /// When the answer was received.
    pub retrieved_at: Timestamp,
}

// === impl Decoding ===

impl Decoding<'_> {
    /// The registry holds no such record.
    pub const fn not_found(&self) -> Fetched {
        self.fetched(Vec::new(), Completeness::Complete)
    }

    /// What was read; the adapter adds the exchange ids.
    pub const fn fetched(&self, records: Vec<Record>, completeness: Completeness) -> Fetched {
        Fetched {
            records,
            retrieved_at: self.retrieved_at,
            source_data_time: None,
            completeness,
            upstream_ids: Vec::new(),
        }
    }
}
