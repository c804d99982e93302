//! Who may ask what: a certificate and a token become an [`Identity`], an
//! identity and a question become a [`Permit`] or a [`Denial`].
//!
//! **In scope**: callers, tokens, officers, evidence of openings, Cedar
//! policies, dossier state, the guess limit. **Out of scope**: adapters,
//! payloads, the cache, the audit log (a permit and a denial carry what its
//! entry needs).
//!
//! Two kinds of rule. What depends on the dossier and its people (does it
//! exist for this caller, is it open, is the subject one of its subjects) is
//! code, checked every time. Everything else is a Cedar policy in
//! `deploy/policies`, memoised by exactly the facts that Cedar is shown
//! (`policy::Facts`): two questions with the same facts have the same answer.
//!
//! Default deny: no policy that permits, an ill-typed request, or any
//! diagnostic of the evaluation is a denial.

mod access;
mod caller;
mod config;
mod decide;
mod denial;
mod directory;
mod error;
mod evidence;
mod identity;
mod jwks;
mod operate;
mod permit;
mod places;
mod policy;
mod token;

pub use access::{Access, Digests, GUESS_LIMIT};
pub use config::{AccessConfig, CallerConfig, EvidenceConfig, IssuerConfig, SyntheticIds};
pub use denial::Denial;
pub use error::{AccessError, AccessErrors};
pub use evidence::{ACCEPTANCE_TYPE, AcceptanceClaims, AcceptanceSubject, acceptance_value};
pub use identity::{Actor, Caller, CallerRole, Identity, Officer, TokenKind};
pub use operate::OpenRequest;
pub use permit::{Basis, CataloguePermit, DossierPermit, LogPermit, OnBehalf, OpenPermit, Permit};
pub use token::{Audience, Confirmation, MAX_LIFETIME_SECONDS, TokenClaims};

#[cfg(test)]
mod tests;
