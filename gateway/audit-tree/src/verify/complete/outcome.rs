//! What a verification of completeness comes to.

use crate::merkle::{LeafRange, TreeHead};

/// What was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The log.
    pub origin: String,
    /// The tree it was proved against.
    pub head: TreeHead,
    /// The entries looked at, all of them.
    pub range: LeafRange,
    /// How many match.
    pub matching: u64,
    /// How many subjects the range names whose one pseudonym it is.
    pub opened: u64,
    /// Pseudonyms of the range that were erased: whose they were, nobody knows.
    pub erased: Vec<String>,
    /// Whether the range is all of the log, so that what is said of its
    /// subjects is said of every one there is.
    pub all: bool,
}

/// Why it is not shown that the answer is whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// A page does not go on where the one before ended, or goes beyond the range.
    #[error("entry {expected} should come next, and the page begins at {found}")]
    NotInOrder {
        /// The next index.
        expected: u64,
        /// The page's first.
        found: u64,
    },
    /// The entries are not those of the log.
    #[error("entries {from} to {to} are not those of the checkpoint: one was left out, put in or changed")]
    NotTheLog {
        /// The page's first.
        from: u64,
        /// The index behind its last.
        to: u64,
    },
    /// An entry cannot be read, or says it stands elsewhere.
    #[error("entry {0} is not an entry of this log in this place")]
    Malformed(u64),
    /// Times run backwards.
    #[error("entry {0} is older than the one before")]
    TimeBackwards(u64),
    /// Entries of the time asked about may stand outside the range.
    #[error("the range does not reach to the {0} of the time asked about")]
    TimeNotCovered(&'static str),
    /// Not all of the range was shown.
    #[error("the range goes to {to}, and was shown up to {shown}")]
    Unfinished {
        /// The index behind the range.
        to: u64,
        /// The index behind what was shown.
        shown: u64,
    },
    /// What was shown as somebody's creation or erasure is not in the log, or
    /// something else.
    #[error("entry {0} is not what it was shown for")]
    NotShown(u64),
    /// The opening does not fit the commitment.
    #[error("what was told of {0} is not what the log committed to")]
    OtherCommitment(String),
    /// Nothing was told of a pseudonym.
    #[error("{0} stands in the range, and nothing shows whose pseudonym it is")]
    Unopened(String),
    /// One subject has two pseudonyms.
    #[error("{0} and {1} are pseudonyms of one subject")]
    TwoPseudonyms(String, String),
    /// The pseudonym asked about is not that of the keyed hash asked about.
    #[error("the pseudonym told is not that of the subject asked about")]
    OtherSubject,
}
