//! Identifiers: one strict type each, and what a form may do beforehand.
//!
//! Two steps, kept apart. **Parsing** judges a value as it is written: a
//! space, a full-width digit or a stray hyphen makes it invalid, and the
//! reason names the rule. **Normalising** ([`normalise()`]) is what a form for
//! people does first; it says whether it changed anything, and never guesses a
//! character. Rules: the notes on the labelled set
//! in `testdata/ORIGIN.md`.
//!
//! Types that identify a person, or lead straight to one, show nothing in
//! `Debug` and have no `Display`. They serialise in clear, as a string: that is
//! for encrypted stores, sealed entries and canonical answers, never for a log
//! line. Those whose rules depend on the configuration ([`IdRules`]) do not
//! deserialise by themselves.

mod text;

mod advice;
mod agency;
mod code;
mod enterprise;
mod error;
mod insurance;
mod kind;
mod land;
mod normalise;
mod person;

pub use agency::{AgencyCode, DossierCode};
pub use code::{BusinessLocation, ComponentCode, OfficerAccount, ProcedureCode, PurposeId, RequestId};
pub use enterprise::EnterpriseCode;
pub use error::{IdError, IdReason};
pub use insurance::{HealthCardCode, InsuranceNumber};
pub use kind::{IdKind, UnknownIdKind, check};
pub use land::{CertificateSerial, ParcelGeohash, ParcelId, ParcelKey};
pub use normalise::{Normalised, normalise};
pub use person::{Cmnd, IdRules, PersonalId, Synthetic};

#[cfg(test)]
mod tests;
