//! What a decoder has to know beside the bytes.

use jiff::Timestamp;
use motlan_domain::id::IdRules;
use motlan_domain::record::{MOST_PEOPLE, count_people};
use motlan_domain::{Completeness, Fetched, Record, SubjectKey};

use crate::{FetchError, MalformedCause};

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
        self.holding(Vec::new(), Completeness::Complete)
    }

    /// What was read; the adapter adds the exchange ids.
    ///
    /// # Errors
    /// [`MalformedCause::TooManyPeople`] beyond [`MOST_PEOPLE`]: an entry of the
    /// log could not name them.
    pub fn fetched(&self, records: Vec<Record>, completeness: Completeness) -> Result<Fetched, FetchError> {
        if count_people(&records) > MOST_PEOPLE {
            return Err(FetchError::malformed(MalformedCause::TooManyPeople));
        }
        Ok(self.holding(records, completeness))
    }

    /// Something came of which nothing shows that it answers the question: no
    /// record, and that is not the same as none there.
    pub const fn nothing_sure(&self, completeness: Completeness) -> Fetched {
        self.holding(Vec::new(), completeness)
    }

    const fn holding(&self, records: Vec<Record>, completeness: Completeness) -> Fetched {
        Fetched {
            records,
            retrieved_at: self.retrieved_at,
            source_data_time: None,
            completeness,
            upstream_ids: Vec::new(),
        }
    }
}
