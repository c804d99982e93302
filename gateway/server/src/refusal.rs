//! From what the pipeline did not release to what the caller is told.

use motlan_domain::Reason;
use motlan_pipeline::{NotReleased, ReadError, Refusal, Unrecorded};

use crate::status::Failure;

/// A refusal with its receipt, or that nothing could be recorded.
pub(crate) fn failure(not_released: NotReleased<Refusal>) -> Failure {
    match not_released {
        NotReleased::Refused(sealed) => {
            let (refusal, receipt, _) = sealed.into_parts();
            Failure::new(refusal.reason)
                .retry_after(refusal.retry_after)
                .at(refusal.registry)
                .recorded(receipt)
        }
        NotReleased::Unrecorded(unrecorded) => self::unrecorded(unrecorded),
    }
}

/// Nothing could be recorded, so nothing is disclosed.
pub(crate) const fn unrecorded(unrecorded: Unrecorded) -> Failure {
    match unrecorded {
        Unrecorded::Overloaded { retry_after } => {
            Failure::new(Reason::Overloaded).retry_after(Some(retry_after))
        }
        Unrecorded::Unavailable => Failure::new(Reason::AuditUnavailable),
    }
}

/// Why reading the log gave nothing.
pub(crate) fn read(error: ReadError) -> Failure {
    match error {
        ReadError::NotReleased(not_released) => failure(*not_released),
        ReadError::PageToken => Failure::at_field("page_token", Reason::PageTokenInvalid),
        ReadError::Unknown => Failure::new(Reason::EntryUnknown),
    }
}
