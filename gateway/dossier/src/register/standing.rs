//! How the register is, for whoever asks without waiting for it.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use parking_lot::Mutex;

/// A piece of work that takes longer is taken for a disk that hangs.
const STALLED: Duration = Duration::from_secs(5);

/// Told by the thread, read by anybody.
pub(super) struct Standing {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failed: bool,
    /// Since when the thread has been at the file, by the monotonic clock.
    busy_since: Option<Duration>,
}

// === impl Standing ===

impl Standing {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Whether the file can be written, as far as is known, and the thread is
    /// not held up at it.
    pub(super) fn is_good(&self) -> bool {
        !self.has_failed() && !self.hangs()
    }

    /// Whether the thread has been at one piece of work for too long: more would
    /// only wait behind it.
    pub(super) fn hangs(&self) -> bool {
        let since = self.state.lock().busy_since;
        since.is_some_and(|since| self.clock.monotonic().saturating_sub(since) > STALLED)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state.lock().failed
    }

    pub(super) fn set_failed(&self, failed: bool) {
        self.state.lock().failed = failed;
    }

    pub(super) fn begin(&self) {
        self.state.lock().busy_since = Some(self.clock.monotonic());
    }

    pub(super) fn end(&self) {
        self.state.lock().busy_since = None;
    }
}
