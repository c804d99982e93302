//! What leaves the pipeline: an answer of permitted fields, or a refusal.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_api::{FetchError, MalformedCause};
use motlan_domain::dataset::{Dataset, FieldSet, Registry};
use motlan_domain::identity::Verdict;
use motlan_domain::reason::Origin;
use motlan_domain::{CacheState, IncompleteCause, Operation, Outcome, Reason, Record};
use serde::Serialize;

use crate::prepared::Form;

/// An answer after minimisation. What it does not hold, the caller may not have.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked.
    pub operation: Operation,
    /// FOUND, MATCH, MISMATCH, NOT_FOUND or INCOMPLETE.
    pub outcome: Outcome,
    /// The permitted fields of the records; empty for verifications, when
    /// nothing was found, and where values are withheld.
    pub records: Arc<[Record]>,
    /// Where the form is kept in which records and fields are told.
    pub form: Form,
    /// Why values are withheld, for a component: outcome and names only.
    pub withheld: Option<Reason>,
    /// What became of each field.
    pub fields: FieldStates,
    /// For the verifying operations.
    pub verdict: Option<Verdict>,
    /// Why the record is not whole, with the outcome INCOMPLETE.
    pub incomplete: Option<IncompleteCause>,
    /// How old it is.
    pub freshness: Freshness,
}

/// What became of each field of the dataset. The sets are disjoint and
/// together cover the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldStates {
    /// PRESENT: asked, permitted and there.
    pub present: FieldSet,
    /// ABSENT_AT_SOURCE: asked and permitted, the registry holds none.
    pub absent: FieldSet,
    /// NOT_PERMITTED: never read for this purpose.
    pub not_permitted: FieldSet,
    /// NOT_REQUESTED: permitted, but not asked for.
    pub not_requested: FieldSet,
}

/// How old an answer is, as far as this caller may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// When the gateway received it from the registry; to the minute where it
    /// is shared wider than a dossier (no oracle on who else asked).
    pub retrieved_at: Timestamp,
    /// The source's own data time, if it says one.
    pub source_data_time: Option<Timestamp>,
    /// Until when the gateway itself would serve it again.
    pub valid_until: Timestamp,
    /// Cache state and age, where the answer is not shared wider than a dossier.
    pub cache: Option<(CacheState, Duration)>,
}

/// A question that got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// DENIED or SOURCE_UNAVAILABLE.
    pub outcome: Outcome,
    /// When asking again may help.
    pub retry_after: Option<Duration>,
    /// Which registry failed, if one did.
    pub registry: Option<Registry>,
    /// How its answer breaks the contract, where that is why: a stable name,
    /// nothing of the answer.
    pub cause: Option<&'static str>,
}

/// The canonical answer: RFC 8785 JSON of this object is what the entry's
/// commitment is computed over. A client can rebuild it from the response.
///
/// **Invariant**: the fields stand in the order RFC 8785 sorts them, here and in
/// every type below, so that writing them down is canonical; sorting each
/// object anew took a fifth of a cached answer's time.
#[derive(Serialize)]
struct CanonicalAnswer<'a> {
    dataset: Dataset,
    operation: &'static str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "<[Record]>::is_empty")]
    records: &'a [Record],
    retrieved_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_data_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'a Verdict>,
}

// === impl Answer ===

impl Answer {
    /// The dataset asked.
    pub const fn dataset(&self) -> Dataset {
        self.operation.dataset()
    }

    /// The bytes the commitment covers: operation, dataset, outcome, records,
    /// verdict and times, in RFC 8785 form; the receipt is left out.
    ///
    /// # Errors
    /// When a value has no JSON form; a fault of the program.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        let canonical = CanonicalAnswer {
            operation: self.operation.as_str(),
            dataset: self.dataset(),
            outcome: self.outcome,
            records: &self.records,
            verdict: self.verdict.as_ref(),
            retrieved_at: self.freshness.retrieved_at,
            source_data_time: self.freshness.source_data_time,
        };
        serde_json::to_vec(&canonical)
    }
}

// === impl Refusal ===

impl Refusal {
    /// Policy refused.
    pub const fn denied(reason: Reason) -> Self {
        Self { reason, outcome: Outcome::Denied, retry_after: None, registry: None, cause: None }
    }

    /// By where the reason arose: what the caller can mend is a denial, what it
    /// can only wait for is not.
    pub fn of(reason: Reason) -> Self {
        let outcome = match reason.origin() {
            Origin::Caller => Outcome::Denied,
            Origin::Gateway | Origin::Registry => Outcome::SourceUnavailable,
        };
        Self { reason, outcome, retry_after: None, registry: None, cause: None }
    }

    /// The registry did not answer.
    pub const fn unavailable(reason: Reason, registry: Registry, retry_after: Option<Duration>) -> Self {
        Self {
            reason,
            outcome: Outcome::SourceUnavailable,
            retry_after,
            registry: Some(registry),
            cause: None,
        }
    }

    /// Asking the registry failed.
    pub(crate) fn failed(error: &FetchError, registry: Registry) -> Self {
        let cause = error.cause().map(MalformedCause::as_str);
        Self { cause, ..Self::unavailable(error.reason(), registry, error.retry_after()) }
    }
}

#[cfg(test)]
mod tests;
