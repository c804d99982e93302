//! A witness of other offices' logs (C2SP tlog-witness): a small service that
//! remembers the largest tree of each log it was shown, cosigns a larger one
//! only when that one is proved to have grown from it, and says so when a log
//! contradicts itself. And the client that a log asks a witness with.
//!
//! **In scope**: `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`
//! over HTTP/1.1; the state of each log, durable before an answer leaves; the
//! evidence of a split view; the witness's key file; [`WitnessClient`], and
//! [`Submitter`], which has a log's checkpoints cosigned.
//!
//! **Out of scope**: what makes a checkpoint acceptable
//! ([`motlan_audit_tree::witness::decide`]), TLS (a proxy or the network gives
//! it; nothing here is secret, and what matters is signed), `sign-subtree`,
//! entries and tiles. No personal data comes here: a checkpoint is three lines
//! of a name, a number and a hash.
//!
//! # What a cosignature rests on
//! One thread owns one log (`log.rs`): nothing else can look its state up or
//! change it, so looking up, deciding and persisting are one step without a
//! lock. The state is the cosigned checkpoint itself, a file that is replaced
//! as a whole (`folder.rs`); a cosignature is handed out when the file, and its
//! name, are on disk, and not otherwise. A witness never starts from nothing
//! by itself: [`create_folder`] is a step of its own, and from then on a
//! missing or damaged file stops the start.
//!
//! Its times never go back, either. A clock that stands up to five minutes
//! before the last cosignature of a log states that time again; further back
//! that log gets none until the clock has caught up, because one of the two
//! times is wrong. A clock that once stood years ahead therefore ends a witness.
//!
//! What it cannot see is its own folder put back to an older copy. Don't
//! restore a witness from a backup: make a new one, with a new key.

mod accept;
mod client;
mod evidence;
mod folder;
mod http;
mod key;
mod log;
mod options;
mod service;
mod submitter;

#[cfg(test)]
mod tests;

pub use client::{Cosigned, SubmitError, Submitted, WitnessClient};
pub use folder::create_folder;
pub use key::{KeyFileError, create_key, read_key};
pub use options::{Limits, WitnessOptions};
pub use service::{OpenError, RunError, Witness, WitnessHandle};
pub use submitter::{
    Asked, Disputed, Pace, Stop, Submitter, SubmitterHandle, SubmitterOptions, WitnessStanding, WitnessedLog,
};
