//! The audit log as mathematics: what an entry is, how it is written as bytes,
//! what those bytes hash to, and how a disclosed answer is committed to.
//!
//! **In scope**: pure functions over values, usable by a verifier that has no
//! gateway, no database and no clock. **Out of scope**: I/O, async, time,
//! where entries are stored, who may read them.
//!
//! The entry format is `v:1` and final: the bytes [`Entry::encode`] returns are
//! stored as they are and are the leaf bytes of the Merkle log. `docs/entry.md`
//! beside this crate is its schema for people who write another reader.

pub mod bundle;
pub mod commitment;
pub mod entry;
pub mod hash;
pub mod merkle;
pub mod tile;

pub use commitment::{CommitmentKey, Mac, subject_commitment};
pub use entry::{
    ActorKind, CommitmentSeal, Effect, Entry, EntryError, EntryTime, Evidence, Kind, MAX_ENTRY_BYTES,
    Outcome, SourceFrom, SubjectClass, Template, Text,
};
pub use hash::{LeafHash, leaf_hash};
