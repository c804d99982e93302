//! The thread that has the next segment ready before it is needed.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::disk::{Disk, DiskFile};
use super::segment;

/// A segment to be, full of zeros and synced.
pub(super) struct Spare {
    pub(super) file: Box<dyn DiskFile>,
    pub(super) path: PathBuf,
    pub(super) len: u64,
}

enum State {
    /// Nothing is there and nothing was asked for.
    Idle,
    Preparing {
        /// Until it is there the disk counts as full.
        after_failure: bool,
    },
    Ready(Spare),
    /// The disk gave no more space, or failed.
    Failed,
}

/// The handle of the thread.
pub(super) struct Preparer {
    state: Arc<Mutex<State>>,
    orders: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

// === impl Preparer ===

impl Preparer {
    /// Starts the thread and has it prepare a first spare.
    pub(super) fn start(disk: Arc<dyn Disk>, dir: &Path, len: u64) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::Idle));
        let (orders, inbox) = sync_channel(1);
        let (path, slot) = (dir.join("spare.tmp"), Arc::clone(&state));
        let thread = std::thread::Builder::new().name("motlan-segments".to_owned()).spawn(move || {
            while inbox.recv().is_ok() {
                // A panic is a failure like another: the thread is needed again.
                let made = catch_unwind(AssertUnwindSafe(|| prepare(disk.as_ref(), &path, len)));
                let made = made.unwrap_or_else(|_| Err(io::Error::other("preparing it panicked")));
                *slot.lock() = made.map_or_else(
                    |error| {
                        tracing::error!(error = &error as &dyn std::error::Error, "no next journal segment");
                        State::Failed
                    },
                    |file| State::Ready(Spare { file, path: path.clone(), len }),
                );
            }
        })?;
        let preparer = Self { state, orders: Some(orders), thread: Some(thread) };
        preparer.request();
        Ok(preparer)
    }

    /// Asks for a spare unless one is there or being made.
    pub(super) fn request(&self) {
        let mut state = self.state.lock();
        // One order at a time: two spares would share a name.
        if matches!(*state, State::Ready(_) | State::Preparing { .. }) {
            return;
        }
        if self.orders.as_ref().is_some_and(|orders| orders.try_send(()).is_ok()) {
            *state = State::Preparing { after_failure: matches!(*state, State::Failed) };
        }
    }

    /// The spare, if it is ready; ask for another afterwards.
    pub(super) fn take(&self) -> Option<Spare> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut *state, State::Idle) {
            State::Ready(spare) => Some(spare),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Whether the disk did not give one, and has not since.
    pub(super) fn has_failed(&self) -> bool {
        matches!(*self.state.lock(), State::Failed | State::Preparing { after_failure: true })
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        self.orders = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the segment thread ended in a panic");
        }
    }
}

fn prepare(disk: &dyn Disk, path: &Path, len: u64) -> io::Result<Box<dyn DiskFile>> {
    let file = disk.create(path)?;
    segment::fill_gently(file.as_ref(), len)?;
    Ok(file)
}
