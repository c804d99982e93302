//! The streams of `AuditService`: what they tell is an entry before it leaves,
//! chunk by chunk, and a client that takes nothing gets, and leaves, nothing
//! more.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use motlan_domain::Reason;
use motlan_pipeline::{Opener, Pipeline, Watching};
use motlan_proto::audit::v1 as wire;
use tonic::Status;

use crate::convert::{answer, range};
use crate::edge::Call;
use crate::refusal;
use crate::status::Failure;

/// A watch ends by itself so long before the deadline of its call, so that its
/// client is not told of a failure.
const BEFORE_DEADLINE: Duration = Duration::from_millis(500);

/// Where a stream of openings stands.
struct Opening {
    pipeline: Arc<Pipeline>,
    opener: Option<Opener>,
    call: Call,
}

/// Where a watch stands.
struct Watch {
    pipeline: Arc<Pipeline>,
    watching: Option<Watching>,
    call: Call,
}

/// Openings, chunk by chunk; past the deadline, or when the log cannot be
/// written, an error and the end.
pub(super) fn openings(
    pipeline: Arc<Pipeline>,
    opener: Opener,
    call: Call,
) -> impl Stream<Item = Result<wire::OpenSubjectsResponse, Status>> + Send + 'static {
    let opening = Opening { pipeline, opener: Some(opener), call };
    futures::stream::unfold(opening, |mut opening| async move {
        let opener = opening.opener.as_mut()?;
        let next = tokio::time::timeout_at(opening.call.deadline.0, opening.pipeline.open_next(opener)).await;
        let failure = match next {
            Ok(Ok(Some(sealed))) => {
                let (opened, receipt, key) = sealed.into_parts();
                let told = range::opened(opened, answer::receipt(&receipt, key.as_ref()));
                return Some((Ok(told), opening));
            }
            Ok(Ok(None)) => return None,
            Ok(Err(error)) => refusal::read(error),
            Err(_) => Failure::new(Reason::DeadlineExceeded),
        };
        opening.opener = None;
        Some((Err(failure.into()), opening))
    })
}

/// Entries as they are published, until the deadline of the call or the end of
/// its connection; when the log cannot be written, an error and the end.
pub(super) fn watch(
    pipeline: Arc<Pipeline>,
    watching: Watching,
    call: Call,
) -> impl Stream<Item = Result<wire::WatchEntriesResponse, Status>> + Send + 'static {
    let watch = Watch { pipeline, watching: Some(watching), call };
    futures::stream::unfold(watch, |mut watch| async move {
        let watching = watch.watching.as_mut()?;
        let deadline = watch.call.deadline.0;
        let end = deadline.checked_sub(BEFORE_DEADLINE).unwrap_or(deadline);
        let next = tokio::select! {
            biased;
            () = watch.call.going.cancelled() => return None,
            () = tokio::time::sleep_until(end) => return None,
            next = watch.pipeline.watch_next(watching) => next,
        };
        match next {
            Ok(Some(sealed)) => {
                let (watched, receipt, key) = sealed.into_parts();
                let told = range::chunk(watched, answer::receipt(&receipt, key.as_ref()));
                Some((Ok(told), watch))
            }
            Ok(None) => None,
            Err(error) => {
                watch.watching = None;
                Some((Err(refusal::read(error).into()), watch))
            }
        }
    })
}
