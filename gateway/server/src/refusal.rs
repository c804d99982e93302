//! From what the pipeline did not release to what the caller is told.

use motlan_access::Identity;
use motlan_audit::{Draft, Kind, Outcome};
use motlan_domain::{Operation, Reason};
use motlan_pipeline::{NotReleased, Pipeline, ReadError, Refusal, Unrecorded, draft_actor, entry_caller};
use motlan_resolve::NotResolved;

use crate::invalid::Violation;
use crate::status::Failure;

/// A refusal with its receipt, or that nothing could be recorded.
pub(crate) fn failure(not_released: NotReleased<Refusal>) -> Failure {
    match not_released {
        NotReleased::Refused(sealed) => {
            let (refusal, receipt, _) = sealed.into_parts();
            Failure::new(refusal.reason)
                .retry_after(refusal.retry_after)
                .at(refusal.registry)
                .caused_by(refusal.cause)
                .recorded(receipt)
        }
        NotReleased::Unrecorded(unrecorded) => self::unrecorded(unrecorded),
    }
}

/// Why a resolve does not start.
pub(crate) fn resolve(not_resolved: NotResolved) -> Failure {
    match not_resolved {
        NotResolved::NotReleased(not_released) => failure(not_released),
        NotResolved::ComponentsUnknown(sealed) => {
            let (unknown, receipt, _) = sealed.into_parts();
            let violation =
                |place: &usize| Violation::new(format!("component_keys[{place}]"), Reason::ComponentUnknown);
            Failure::invalid(unknown.places().iter().map(violation).collect()).recorded(receipt)
        }
    }
}

/// Nothing was recorded by itself, so nothing is disclosed.
pub(crate) const fn unrecorded(unrecorded: Unrecorded) -> Failure {
    match unrecorded {
        Unrecorded::Overloaded { retry_after } => {
            Failure::new(Reason::Overloaded).retry_after(Some(retry_after))
        }
        Unrecorded::Unavailable | Unrecorded::TooLong => Failure::new(Reason::AuditUnavailable),
        Unrecorded::Counted { retry_after } => {
            Failure::new(Reason::QuotaExceeded).retry_after(Some(retry_after))
        }
    }
}

/// A data question that carries no purpose: nobody can be asked whether it is
/// permitted, so it is denied and recorded here.
pub(crate) async fn without_purpose(
    pipeline: &Pipeline,
    identity: &Identity,
    operation: Operation,
    trace: &str,
) -> Failure {
    let reason = Reason::PurposeMissing;
    let mut draft = Draft::new(Kind::AccessDenied)
        .trace(trace.to_owned())
        .asking(operation.as_str(), operation.dataset().as_str())
        .outcome(Outcome::Denied)
        .reason(reason.code());
    draft.caller = Some(entry_caller(identity.caller()));
    draft.actor = Some(draft_actor(identity.actor()));
    match pipeline.seal(draft, Refusal::denied(reason)).await {
        Ok(sealed) => failure(NotReleased::Refused(sealed)),
        Err(unrecorded) => self::unrecorded(unrecorded),
    }
}

/// Why reading the log gave nothing.
pub(crate) fn read(error: ReadError) -> Failure {
    match error {
        ReadError::NotReleased(not_released) => failure(*not_released),
        ReadError::PageToken => Failure::at_field("page_token", Reason::PageTokenInvalid),
        ReadError::OutOfRange => Failure::at_field("index_from", Reason::IndexRangeInvalid),
    }
}
