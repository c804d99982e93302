//! Cores and CPU time.

use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// Which core serves and which one asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cores {
    /// The server's.
    pub(crate) server: usize,
    /// The client's; the server's too where there is no other.
    pub(crate) client: usize,
}

// === impl Cores ===

impl Cores {
    /// The first two that this process may use.
    pub(crate) fn of_this_machine() -> anyhow::Result<Self> {
        let allowed = sched_getaffinity(None).context("the cores of this process cannot be read")?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let Some(server) = cores.next() else { bail!("this process may use no core") };
        Ok(Self { server, client: cores.next().unwrap_or(server) })
    }

    /// Whether server and client share one.
    pub(crate) const fn shared(self) -> bool {
        self.server == self.client
    }
}

/// Keeps a thread, and those it starts meanwhile, on one core until dropped.
pub(crate) struct Pinned(CpuSet);

/// Keeps this thread, and those it starts from now on, on one core.
pub(crate) fn pin(core: usize) -> anyhow::Result<Pinned> {
    let before = sched_getaffinity(None).context("the cores of this process cannot be read")?;
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("core {core} cannot be had"))?;
    Ok(Pinned(before))
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // It was allowed before. If not any more, the thread stays where it is.
        let _ = sched_setaffinity(None, &self.0);
    }
}

/// User and system time of this process, all threads, since it began.
pub(crate) fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}
