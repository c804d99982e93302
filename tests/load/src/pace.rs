//! A steady beat, finer than the runtime's own timer.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// A timer of the kernel that the runtime waits for like for a socket.
pub(crate) struct Beat(AsyncFd<OwnedFd>);

// === impl Beat ===

impl Beat {
    /// One that beats every `period`, below a second.
    pub(crate) fn every(period: Duration) -> anyhow::Result<Self> {
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let period = Timespec { tv_sec: 0, tv_nsec: period.subsec_nanos().into() };
        let setting = Itimerspec { it_interval: period, it_value: period };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &setting)?;
        #[expect(deprecated, reason = "sound for an OwnedFd; what replaces it cannot be called safely")]
        let timer = AsyncFd::new(timer)?;
        Ok(Self(timer))
    }

    /// Waits for the next beat; beats missed meanwhile count as one.
    pub(crate) async fn next(&self) -> anyhow::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            let mut count = [0; 8];
            let read = ready.try_io(|timer| Ok(rustix::io::read(timer, &mut count)?));
            // Otherwise it was not ready after all.
            if let Ok(read) = read {
                return Ok(read.map(drop)?);
            }
        }
    }
}
