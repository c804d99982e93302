//! Desks for reading the published log: a thread of its own each, so that a
//! published disk that hangs, or somebody with many proofs, holds up neither
//! the search nor the runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::AuditError;

/// What may wait at one desk: beyond, whoever comes is told to come back.
const QUEUE: usize = 64;

enum Request {
    Work(Box<dyn FnOnce() + Send>),
    Close,
}

/// Where reading is handed in.
#[derive(Clone)]
pub(crate) struct ReadingDesk(SyncSender<Request>);

/// The state of a desk's thread.
pub(crate) struct DeskReader(Receiver<Request>);

/// A desk and the state of its thread.
pub(crate) fn desk() -> (ReadingDesk, DeskReader) {
    let (desk, requests) = sync_channel(QUEUE);
    (ReadingDesk(desk), DeskReader(requests))
}

// === impl ReadingDesk ===

impl ReadingDesk {
    /// Has something read. What nobody waits for any more when its turn comes is
    /// not carried out: a caller's deadline takes its work with it.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AuditError> + Send + 'static,
    ) -> Result<T, AuditError> {
        let (reply, answer) = oneshot::channel();
        let unless_gone = move || {
            if !reply.is_closed() {
                drop(reply.send(guarded(work)));
            }
        };
        self.0.try_send(Request::Work(Box::new(unless_gone))).map_err(|error| match error {
            TrySendError::Full(_) => AuditError::Overloaded { retry_after: Duration::from_millis(250) },
            TrySendError::Disconnected(_) => AuditError::Closed,
        })?;
        answer.await.unwrap_or(Err(AuditError::Closed))
    }

    /// Has the thread end after what it is at. A full queue is of a thread that
    /// hangs, which nobody waits for.
    pub(crate) fn close(&self) {
        let _ = self.0.try_send(Request::Close);
    }
}

// === impl DeskReader ===

impl DeskReader {
    pub(crate) fn run(self) {
        while let Ok(Request::Work(work)) = self.0.recv() {
            work();
        }
    }
}

/// A panic is a failure of this request alone: the thread is needed again.
fn guarded<T>(work: impl FnOnce() -> Result<T, AuditError>) -> Result<T, AuditError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("reading the published log panicked over a request");
        Err(AuditError::SearchDied)
    })
}
