//! How many full segments wait to be removed, and for how long none went: what an
//! operator sees of it before the disk is full.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use parking_lot::Mutex;

/// What waits, as it was last seen.
pub(crate) struct Waiting {
    clock: Arc<dyn Clock>,
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    /// Where the oldest begins.
    first: u64,
    segments: usize,
    /// Since when, on the monotonic clock, it is the oldest that waits.
    since: Duration,
}

// === impl Waiting ===

impl Waiting {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: Mutex::default() }
    }

    /// So many wait, the oldest beginning there.
    pub(crate) fn note(&self, first: u64, segments: usize) {
        let mut seen = self.seen.lock();
        // Another is the oldest: the one before went.
        let since = seen.filter(|seen| seen.first == first).map(|seen| seen.since);
        let since = since.unwrap_or_else(|| self.clock.monotonic());
        *seen = (segments > 0).then_some(Seen { first, segments, since });
    }

    /// How many wait, and for how long the oldest has; nothing where none does.
    pub(crate) fn told(&self) -> (usize, Duration) {
        let seen = *self.seen.lock();
        seen.map_or((0, Duration::ZERO), |seen| {
            (seen.segments, self.clock.monotonic().saturating_sub(seen.since))
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use motlan_domain::ManualClock;

    use super::*;

    #[test]
    fn it_waits_for_as_long_as_the_oldest_stays() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let waiting = Waiting::new(Arc::clone(&clock) as _);
        let minutes = Duration::from_mins;
        assert_eq!(waiting.told(), (0, minutes(0)));
        for (first, segments, expected) in [
            (0, 0, (0, minutes(0))),
            (0, 1, (1, minutes(1))),
            (0, 2, (2, minutes(2))),
            (0, 3, (3, minutes(3))),
            (700, 2, (2, minutes(1))),
            (900, 0, (0, minutes(0))),
            (900, 1, (1, minutes(1))),
        ] {
            waiting.note(first, segments);
            clock.advance(minutes(1));
            assert_eq!(waiting.told(), expected, "{first} {segments}");
        }
    }
}
