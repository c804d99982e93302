//! The audit log as mathematics: what an entry is, how it is written as bytes,
//! what those bytes hash to, how a disclosed answer is committed to, how the
//! hashes make a tree, and what is signed about that tree.
//!
//! **In scope**: pure functions over values, usable by a verifier that has no
//! gateway, no database and no clock: the entry; tiles and bundles as bytes
//! and paths (C2SP tlog-tiles); the growing tree, its proofs and their
//! verification (RFC 6962); notes, checkpoints and cosignatures (C2SP
//! signed-note, tlog-checkpoint, tlog-cosignature v1); the statements by which
//! one key of a log signs the next one in ([`rotation`]), and the signed list
//! of all logs there are ([`origins`]); a witness's requests,
//! answers and decision (C2SP tlog-witness, `add-checkpoint`); the
//! verification of a whole log with what outsiders kept of it ([`mod@verify`]).
//! Private keys are made from seeds and sign; they are not stored here.
//!
//! **Out of scope**: I/O, HTTP, async, time, where entries, tiles and seeds
//! are stored, who may read them, when a checkpoint is made, how many
//! witnesses are enough. ML-DSA cosignatures and `sign-subtree` are not
//! implemented; their signatures are carried along as those of unknown keys.
//!
//! The entry format is `v:1` and final: the bytes [`Entry::encode`] returns are
//! stored as they are and are the leaf bytes of the Merkle log. `docs/entry.md`
//! beside this crate is its schema for people who write another reader.
//!
//! From an entry to what an outsider can hold the log to:
//! [`Entry::encode`] → [`leaf_hash`] → [`Frontier::append`] → tiles and a
//! [`TreeHead`] → [`Checkpoint`] → [`SignedCheckpoint::sign`] →
//! [`AddCheckpoint`] → [`witness::decide`] → [`CosigningKey::cosign`].

pub mod bundle;
pub mod checkpoint;
pub mod commitment;
pub mod entry;
pub mod filter;
pub mod hash;
pub mod merkle;
pub mod note;
pub mod origins;
pub mod random;
pub mod rotation;
mod text;
pub mod tile;
pub mod verify;
pub mod witness;

pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint, TrustedLog};
pub use commitment::{CommitmentKey, Mac, subject_commitment};
pub use entry::{
    ActorKind, CommitmentSeal, Effect, Entry, EntryError, EntryTime, Evidence, Kind, MAX_ENTRY_BYTES,
    Outcome, SourceFrom, SubjectClass, Template, Text,
};
pub use filter::{EntryFilter, Sought};
pub use hash::{LeafHash, NodeHash, leaf_hash};
pub use merkle::{
    Appended, Frontier, LeafRange, ProofError, ReadError, StoredTree, Tiles, TreeHead, verify_consistency,
    verify_inclusion, verify_range,
};
pub use note::{CosigningKey, Note, NoteError, Signature, SigningKey, VerifierKey};
pub use rotation::{KeyChain, Rotation, RotationError};
pub use tile::{Bundle, Tile};
pub use witness::AddCheckpoint;
