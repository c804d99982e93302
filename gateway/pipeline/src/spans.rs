//! The spans of a question: `question` over `decide`, `fetch` (and in it
//! `registry`) and `record`. They say what was asked by kind, and how each
//! stage ended; about whom, stands in the log alone.

use motlan_audit::Kind;
use motlan_domain::{Dataset, Operation, Outcome, Reason};
use motlan_telemetry::span::SPANS;
use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::answer::Refusal;
use crate::sealed::{NotReleased, Sealed, Unrecorded};

/// A question from the decision to the sealed answer. Nothing here takes a
/// future: one that is handed on is kept twice.
pub(crate) fn question(operation: Operation) -> Span {
    info_span!(
        target: SPANS,
        "question",
        otel.status_code = Empty,
        motlan.operation = operation.as_str(),
        motlan.dataset = operation.dataset().as_str(),
        motlan.outcome = Empty,
        motlan.reason = Empty,
    )
}

/// How the question ended.
pub(crate) fn ended<T>(
    span: &Span,
    answered: &Result<Sealed<T>, NotReleased<Refusal>>,
    outcome: impl Fn(&T) -> Outcome,
) {
    if span.is_disabled() {
        return;
    }
    let (outcome, reason) = match answered {
        Ok(sealed) => (Some(outcome(sealed.value())), None),
        Err(NotReleased::Refused(sealed)) => (Some(sealed.value().outcome), Some(sealed.value().reason)),
        Err(NotReleased::Unrecorded(Unrecorded::Overloaded { .. })) => (None, Some(Reason::Overloaded)),
        Err(NotReleased::Unrecorded(Unrecorded::Counted { .. })) => (None, Some(Reason::QuotaExceeded)),
        Err(NotReleased::Unrecorded(Unrecorded::Unavailable | Unrecorded::TooLong)) => {
            (None, Some(Reason::AuditUnavailable))
        }
    };
    span.record("motlan.outcome", outcome.map(Outcome::as_str));
    span.record("motlan.reason", reason.map(Reason::code));
    if outcome.is_none_or(|outcome| outcome == Outcome::SourceUnavailable) {
        span.record("otel.status_code", "ERROR");
    }
}

/// Whether it may.
pub(crate) fn decide() -> Span {
    info_span!(target: SPANS, "decide")
}

/// The cache, a flight under way, or a registry.
pub(crate) fn fetch(dataset: Dataset) -> Span {
    info_span!(
        target: SPANS,
        "fetch",
        motlan.dataset = dataset.as_str(),
        // For whoever runs the gateway; a caller is told it within a dossier only.
        motlan.cache.state = Empty,
    )
}

/// One question to a registry, in its own task: intent and exchanges.
pub(crate) fn registry(dataset: Dataset) -> Span {
    info_span!(
        target: SPANS,
        "registry",
        otel.status_code = Empty,
        motlan.registry = dataset.registry().as_str(),
        motlan.dataset = dataset.as_str(),
        motlan.outcome = Empty,
    )
}

/// Until an entry is durable.
pub(crate) fn record(kind: Kind) -> Span {
    info_span!(target: SPANS, "record", motlan.audit.kind = kind.as_str())
}
