//! The audit log: entries durable before anything is released, subjects known
//! by pseudonym, a search index beside.
//!
//! **In scope**: the journal with its group commit, the order and time of
//! entries, pseudonyms and their keys, the derived index and search, the
//! published log: bundles, tiles, checkpoints.
//! **Out of scope**: who may read the log (access), what an entry says about a
//! decision (pipeline), what a proof is (the tree crate's part).
//!
//! # Life of an entry
//! 1. [`AuditLog::append`] takes a [`Draft`]. Subjects in recent use are at
//!    hand; others go through the `motlan-subjects` thread, which makes their
//!    row and their `subject.created` entry durable first (`subjects.rs`).
//! 2. `assemble.rs` replaces clear identifiers by pseudonyms and sealed forms
//!    (`seal.rs`) and encodes everything but index and time.
//! 3. `sequencer.rs` gives index and time and splices the bytes into the one
//!    shared buffer. From here nothing the caller does can stop the entry.
//! 4. The `motlan-journal` thread (`writer.rs`) appends and syncs the buffer
//!    (`journal.rs`), then wakes those who wait (`waiters.rs`).
//! 5. The `motlan-index` thread (`index.rs`) takes what became durable, mostly
//!    from memory (`tail.rs`), and indexes it; `search.rs` answers from there.
//! 6. The `motlan-integrate` thread (`tree.rs`) brings it into the Merkle tree
//!    and publishes a signed checkpoint.
//! 7. The `motlan-retire` thread (`retire.rs`) removes what lies in the journal
//!    and in the bundles of the published log; from then on it is read there
//!    (`bundles.rs`).
//!
//! **Invariant**: no path acknowledges an entry that a completed sync does not
//! cover. **Invariant**: no identifier reaches a file in clear.

mod assemble;
mod bundles;
mod draft;
mod error;
mod feeders;
mod identifier;
mod index;
mod interrupted;
mod journal;
mod keys;
mod log;
mod opening;
mod origins;
mod proofs;
mod range;
mod reading;
mod recover;
mod retire;
mod rotation;
mod seal;
mod search;
mod sequencer;
mod service;
mod shown;
mod stats;
pub mod store;
mod subjects;
mod tail;
mod threads;
mod tree;
mod waiters;
mod witnessing;
mod writer;

#[cfg(any(test, feature = "testing"))]
pub use journal::disk::fault as testing;

pub use draft::{Draft, DraftActor, DraftSubject, Receipt};
pub use error::{AuditError, Cause};
pub use feeders::Feeder;
pub use identifier::{Identifier, IdentifierKind};
pub use index::rebuild::reindex;
pub use keys::{FileKeyProvider, Key, KeyError, KeyProvider, LogKeys, MemoryKeyProvider};
pub use log::{Appending, AuditLog, Health};
pub use range::{AskedSubject, OPENINGS, Part, Pinned, RangePage, SubjectOpening};
pub use recover::{
    Cause as RecoverCause, LastKnown, RecoverError, Recovered, is_broken, is_put_back, known_outside, recover,
};
pub use rotation::{RetireError, retire_log_key};
pub use search::{Found, Order, SearchPage, SearchQuery};
pub use service::{AuditOptions, AuditService};
pub use shown::PublicFile;
pub use subjects::Pseudonym;
pub use tree::{TileError, TreeError, verifier_key_file};

// The vocabulary of entries, so that users of the log need one crate.
pub use motlan_audit_tree::entry::{
    ActorKind, Aggregate, Begun, Caller, Component, Decision, Effect, Evidence, Fields, Filter, Loaded,
    Purpose, Rotated, Search, Source, SourceFrom, Subject, SubjectClass,
};
pub use motlan_audit_tree::{CommitmentKey, Entry, EntryTime, Kind, Mac, Outcome, Sought, Text};

#[cfg(test)]
mod tests;
