//! The threads of the log, and waiting for their end.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::AuditError;
use crate::store::StoreError;

/// A named thread whose end can be waited for with patience, or without.
pub(crate) struct Worker {
    name: &'static str,
    thread: JoinHandle<()>,
    /// Nothing comes; it closes when the thread ends.
    ended: Receiver<()>,
}

// === impl Worker ===

impl Worker {
    pub(crate) fn spawn(
        name: &'static str,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<Self, AuditError> {
        let (lives, ended): (Sender<()>, _) = channel();
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _lives = lives;
            body();
        });
        let thread = spawned.map_err(|error| AuditError::Store(StoreError::Read(error)))?;
        Ok(Self { name, thread, ended })
    }

    /// Waits until it ends.
    pub(crate) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!(thread = self.name, "an audit thread ended in a panic");
        }
    }

    /// Waits until it ends, for `step`, and as often again, at most `steps` times
    /// in all, as `headway` is another than before. A thread that hangs is left behind.
    pub(crate) fn join_within<T: PartialEq>(self, step: Duration, steps: u32, headway: impl Fn() -> T) {
        let mut before = headway();
        for _ in 0..steps {
            if self.ended.recv_timeout(step) != Err(RecvTimeoutError::Timeout) {
                return self.join();
            }
            let now = headway();
            if now == before {
                break;
            }
            before = now;
        }
        tracing::error!(thread = self.name, "an audit thread does not end and is left behind");
    }
}
