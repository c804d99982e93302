//! The one way a room learns the time.
//!
//! `SystemTime::now` and `Instant::now` are banned by `clippy.toml`: time that
//! arrives as a value can be set by a test and cannot differ between two
//! stages of one question. The real clock lives in the binary.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// Wall-clock and monotonic time.
///
/// Implementers: `now` may jump either way (NTP, an operator); `monotonic`
/// never goes back within one process. Users: compare durations with
/// `monotonic`, state facts with `now`.
pub trait Clock: Send + Sync {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;
    /// Time since an arbitrary fixed point of this process.
    fn monotonic(&self) -> Duration;
}

/// A clock that moves only when told to, for tests.
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
    elapsed: AtomicU64,
}

// === impl ManualClock ===

impl ManualClock {
    /// Starts at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { micros: AtomicI64::new(now.as_microsecond()), elapsed: AtomicU64::new(0) }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(micros, Ordering::SeqCst);
        self.elapsed.fetch_add(u64::try_from(micros).unwrap_or(0), Ordering::SeqCst);
    }

    /// Sets the wall clock alone, also backwards.
    pub fn set(&self, now: Timestamp) {
        self.micros.store(now.as_microsecond(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.elapsed.load(Ordering::SeqCst))
    }
}
