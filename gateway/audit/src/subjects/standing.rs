//! How the subject table is, for whoever asks without waiting for it.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use parking_lot::Mutex;

use crate::error::Cause;

/// Work at the table that takes longer is taken for a disk that hangs.
const STALLED: Duration = Duration::from_secs(5);

/// Told by the `motlan-subjects` thread, read by anybody.
pub(crate) struct Standing {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last work that had to write failed.
    failed: bool,
    /// Nothing lies under the table's name, or another file.
    gone: bool,
    /// Since when the thread has been at the disk, by the monotonic clock.
    busy_since: Option<Duration>,
}

/// Work at the disk ends with it, also by a panic.
struct Leaves<'a>(&'a Standing);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.state.lock().busy_since = None;
    }
}

// === impl Standing ===

impl Standing {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// What stands in the way of new subjects, if anything does.
    pub(crate) fn cause(&self) -> Option<Cause> {
        let state = self.state.lock();
        let busy = state.busy_since.map(|since| self.clock.monotonic().saturating_sub(since));
        match busy {
            _ if state.failed || state.gone => Some(Cause::SubjectsFailed),
            Some(busy) if busy > STALLED => Some(Cause::Stalled),
            _ => None,
        }
    }

    /// Whether the table itself is gone: then no entry about anybody may be
    /// written, for nobody could ever say whom it is about.
    pub(crate) fn is_gone(&self) -> bool {
        self.state.lock().gone
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state.lock().failed
    }

    /// Does work at the disk, where it can be seen.
    pub(super) fn at_work<T>(&self, work: impl FnOnce() -> T) -> T {
        self.state.lock().busy_since = Some(self.clock.monotonic());
        let _left = Leaves(self);
        work()
    }

    pub(super) fn set_failed(&self, failed: bool) {
        self.state.lock().failed = failed;
    }

    pub(super) fn set_gone(&self, gone: bool) {
        self.state.lock().gone = gone;
    }
}
