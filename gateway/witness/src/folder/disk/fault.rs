//! A disk that fails at a chosen call, or dies there: from then on nothing it
//! is told has any effect, as for a process that was killed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, RealDisk};

/// No space left on device.
const ENOSPC: i32 = 28;

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails, and has done nothing.
    Fails,
    /// It fails, and half of the bytes are written.
    Halves,
    /// It is done, and reported as failed.
    DoneButFails,
    /// The process dies before it.
    KillBefore,
    /// The process dies when half of the bytes are written.
    KillMid,
    /// The process dies after it, before anybody hears.
    KillAfter,
}

/// The switchboard, and the disk it governs.
#[derive(Clone, Default)]
pub(crate) struct FaultDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Calls still to be let through before the fault.
    after: usize,
    fault: Option<Fault>,
    /// Calls since the fault was set.
    calls: usize,
    dead: bool,
    full: bool,
}

// === impl Fault ===

impl Fault {
    pub(crate) const ALL: [Self; 6] =
        [Self::Fails, Self::Halves, Self::DoneButFails, Self::KillBefore, Self::KillMid, Self::KillAfter];

    /// Whether it ends the process.
    pub(crate) fn kills(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillMid | Self::KillAfter)
    }
}

// === impl FaultDisk ===

impl FaultDisk {
    /// Lets `after` calls through and then does that to one.
    pub(crate) fn set(&self, after: usize, fault: Fault) {
        *self.0.lock() = State { after, fault: Some(fault), ..State::default() };
    }

    /// Whether every write finds the disk full.
    pub(crate) fn full(&self, full: bool) {
        *self.0.lock() = State { full, ..State::default() };
    }

    /// Whether the fault has come.
    pub(crate) fn struck(&self) -> bool {
        self.0.lock().fault.is_none()
    }

    /// Calls since the last setting.
    pub(crate) fn calls(&self) -> usize {
        self.0.lock().calls
    }

    fn call(
        &self,
        halve: impl FnOnce() -> io::Result<()>,
        call: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let mut state = self.0.lock();
        state.calls += 1;
        let failed = || Err(io::Error::from_raw_os_error(ENOSPC));
        if state.dead || state.full {
            return failed();
        }
        if state.fault.is_none() || state.after > 0 {
            state.after = state.after.saturating_sub(1);
            return call();
        }
        let fault = state.fault.take();
        state.dead = fault.is_some_and(Fault::kills);
        match fault {
            Some(Fault::Halves | Fault::KillMid) => halve()?,
            Some(Fault::DoneButFails | Fault::KillAfter) => call()?,
            _ => {}
        }
        failed()
    }
}

impl Disk for FaultDisk {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (half, _) = bytes.split_at(bytes.len() / 2);
        self.call(|| RealDisk.write(path, half), || RealDisk.write(path, bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(|| Ok(()), || RealDisk.rename(from, to))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.call(|| Ok(()), || RealDisk.sync_dir(dir))
    }
}
