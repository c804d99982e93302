//! The seam between the gateway and a registry.
//!
//! **In scope**: what an adapter is asked, what it may answer, how it fails,
//! and the behaviour suite that every adapter runs (module `suite`). **Out of
//! scope**: HTTP (that is `motlan-transport`), caches, audit, policy: an
//! adapter never sees who called the gateway, only on whose behalf the
//! registry is asked.

mod ask;
mod decoding;
mod error;
mod gaps;
#[cfg(feature = "suite")]
pub mod suite;

pub use ask::{Ask, Holder, OnBehalf, Want};
pub use decoding::Decoding;
pub use error::{FetchError, MalformedCause};
pub use gaps::{Gaps, Invalid, Read};

use futures::future::BoxFuture;
use motlan_domain::Fetched;
use motlan_domain::dataset::{Dataset, FieldSet, Registry};
use motlan_telemetry::Reading;

/// What a registry said to an [`Ask`].
#[derive(Debug, Clone)]
pub enum Reply {
    /// To [`Want::Record`] and [`Want::OwnedBy`]: the records, none when the
    /// registry holds none.
    Records(Fetched),
    /// To [`Want::Confirm`]: whether the registry knows such a person.
    Confirmed {
        /// The registry's yes or no.
        exists: bool,
        /// When the gateway received it.
        retrieved_at: jiff::Timestamp,
        /// The request ids of the exchange.
        upstream_ids: Vec<String>,
    },
}

/// A registry as the gateway asks it.
///
/// # For users
/// One call is one question; the adapter bounds its own time, memory and
/// concurrency, so a call always ends near `Ask::deadline`. Dropping the future
/// abandons the question.
///
/// # For implementers
/// * Never hand on half a record as whole: what cannot be read becomes
///   `Completeness::Incomplete` with the missing fields, or
///   [`FetchError::Malformed`]; never a panic, whatever the bytes.
/// * "Not found" is an empty `records`, never an error.
/// * No identifier, name or date of a person in an error, a log line or a span.
/// * No retry of a question that may have been counted by the source, unless
///   the transport's retry budget allows it and the question is safe to repeat.
/// * Follow no redirect, use no proxy from the environment.
/// * Run the suite against the simulated registry.
pub trait RegistryAdapter: Send + Sync {
    /// The registry behind it.
    fn registry(&self) -> Registry;

    /// The datasets it can fetch.
    fn datasets(&self) -> &'static [Dataset];

    /// The fields that take a further exchange, which is made only for questions
    /// that want one of them and then tells them all: an answer to another
    /// question lacks them, and must not serve one that wants them. None, where
    /// every answer is whole.
    fn fetched_apart(&self, dataset: Dataset) -> FieldSet {
        let _ = dataset;
        FieldSet::EMPTY
    }

    /// Puts what the adapter counted of its exchanges into the reading.
    fn counted(&self, reading: &mut Reading);

    /// Asks the registry.
    fn ask<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Reply, FetchError>>;
}
