//! Desks for reading the log: a thread of its own each, so that a published disk
//! that hangs, or somebody with many proofs, holds up neither the others nor the
//! runtime. A thread begins when its desk is first asked: most gateways are asked
//! for entries seldom, and each thread keeps memory for as long as it lives.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::AuditError;
use crate::threads::Worker;

/// What may wait at one desk: beyond, whoever comes is told to come back.
pub(crate) const QUEUE: usize = 64;

enum Request {
    Work(Box<dyn FnOnce() + Send>),
    Close,
}

/// Where reading is handed in.
#[derive(Clone)]
pub(crate) struct ReadingDesk(Arc<Desk>);

struct Desk {
    /// Of its thread.
    name: &'static str,
    queue: usize,
    state: Mutex<State>,
}

enum State {
    /// Nobody has asked yet.
    Unused,
    Open(SyncSender<Request>, Worker),
    Closed,
}

// === impl ReadingDesk ===

impl ReadingDesk {
    /// A desk without a thread yet, at which so many may wait.
    pub(crate) fn new(name: &'static str, queue: usize) -> Self {
        Self(Arc::new(Desk { name, queue, state: Mutex::new(State::Unused) }))
    }

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
        self.hand_in(Request::Work(Box::new(unless_gone)))?;
        answer.await.unwrap_or(Err(AuditError::Closed))
    }

    fn hand_in(&self, request: Request) -> Result<(), AuditError> {
        let mut state = self.0.state.lock();
        if matches!(*state, State::Unused) {
            let (desk, requests) = sync_channel(self.0.queue);
            // If there is no thread to be had, the next one who asks tries again.
            *state = State::Open(desk, Worker::spawn(self.0.name, move || read(&requests))?);
        }
        let State::Open(desk, _) = &*state else { return Err(AuditError::Closed) };
        desk.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => AuditError::Overloaded { retry_after: Duration::from_millis(250) },
            TrySendError::Disconnected(_) => AuditError::Closed,
        })
    }

    /// Takes nothing more, and has the thread, if there is one, end after what it
    /// is at. A full queue is of a thread that hangs, which nobody waits for.
    pub(crate) fn close(&self) -> Option<Worker> {
        let State::Open(desk, thread) = std::mem::replace(&mut *self.0.state.lock(), State::Closed) else {
            return None;
        };
        let _ = desk.try_send(Request::Close);
        Some(thread)
    }

    /// Whether it has a thread.
    #[cfg(test)]
    pub(crate) fn has_thread(&self) -> bool {
        matches!(*self.0.state.lock(), State::Open(..))
    }
}

/// The thread of a desk.
fn read(requests: &Receiver<Request>) {
    while let Ok(Request::Work(work)) = requests.recv() {
        work();
    }
}

/// A panic is a failure of this request alone: the thread is needed again.
fn guarded<T>(work: impl FnOnce() -> Result<T, AuditError>) -> Result<T, AuditError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("reading the log panicked over a request");
        Err(AuditError::SearchDied)
    })
}
