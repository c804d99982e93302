//! The threads of the log, and waiting for their end.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{getpriority_process, setpriority_process};

use crate::error::AuditError;
use crate::store::StoreError;

/// A named thread whose end can be waited for with patience, or without.
pub(crate) struct Worker {
    name: &'static str,
    thread: JoinHandle<()>,
    /// Nothing comes; it closes when the thread ends.
    ended: Receiver<()>,
}

/// By how much a thread that nobody waits for is nicer: beside one that is busy with
/// answers it has about a tenth of the processor.
const BEHIND: i32 = 10;

/// Puts the calling thread behind the others. Linux keeps this for each thread; where
/// it cannot be done, all is as it would be without.
fn give_way() {
    let nicer = getpriority_process(None).and_then(|nice| setpriority_process(None, nice + BEHIND));
    if let Err(error) = nicer {
        tracing::debug!(%error, "a thread cannot give way to the others");
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn spawn<F: FnOnce() + Send + 'static>(
        name: &'static str,
        body: F,
    ) -> Result<Self, AuditError> {
        let (lives, ended): (Sender<()>, _) = channel();
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _lives = lives;
            body();
        });
        let thread = spawned.map_err(|error| AuditError::Store(StoreError::Read(error)))?;
        Ok(Self { name, thread, ended })
    }

    /// A thread whose work nobody waits for, and that holds nothing the others wait
    /// for: where the processor is short, they go first.
    pub(crate) fn spawn_behind<F: FnOnce() + Send + 'static>(
        name: &'static str,
        body: F,
    ) -> Result<Self, AuditError> {
        Self::spawn(name, || {
            give_way();
            body();
        })
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

#[cfg(test)]
mod tests;
