//! The durable register of dossiers (*hồ sơ*): who they are about, in what
//! state they are, on what evidence they were opened; the request ids of
//! mutations; and the count of wrong guesses.
//!
//! **In scope**: facts and their durability. One SQLite file, one thread that
//! alone touches it, group commit, an in-memory map of the dossiers in use.
//! **Out of scope**: deciding who may do what (that is `motlan-access`), the
//! audit log, registries, payloads.
//!
//! - A subject's identifier lies sealed (AES-256-GCM, under a key that is not in
//!   the file); a guess is counted under a keyed digest of the subject.
//! - Nothing is acknowledged before its transaction is synced to disk; when a
//!   commit fails, nobody waiting for it is acknowledged.
//! - The file has one user at a time: the map in memory relies on it, and
//!   SQLite's exclusive lock enforces it.

mod cache;
mod dossier;
mod error;
mod guess;
mod register;
mod request;
mod seal;
mod store;

pub use dossier::{Dossier, DossierState, DossierSubject, NewDossier, SubjectSource, same_subject};
pub use error::RegisterError;
pub use guess::GuessTicket;
pub use register::{Closed, Opened, Opening, Register, RegisterOptions, Viewer};
pub use request::{REQUEST_ID_DAYS, RequestKey, RequestState};
pub use seal::RegisterKey;
