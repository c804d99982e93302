//! The quota: no more calls a minute than the agreement with the source allows.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use parking_lot::Mutex;

const MINUTE: Duration = Duration::from_mins(1);

/// A bucket that refills evenly; it holds at most a minute's worth.
pub(crate) struct Quota {
    /// Time one call costs.
    cost: Duration,
    clock: Arc<dyn Clock>,
    /// When the bucket will be full again.
    full_at: Mutex<Duration>,
}

// === impl Quota ===

impl Quota {
    /// `per_minute` must be positive.
    pub(crate) fn new(per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        Self { cost: MINUTE / per_minute.max(1), full_at: Mutex::new(clock.monotonic()), clock }
    }

    /// Counts one call, or says when there is room for one.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        let now = self.clock.monotonic();
        let mut full_at = self.full_at.lock();
        let then = (*full_at).max(now) + self.cost;
        let latest = now + MINUTE;
        if then > latest {
            return Err(then.saturating_sub(latest));
        }
        *full_at = then;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
