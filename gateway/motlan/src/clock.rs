//! The real clock: the one place of the project that reads the machine's time.

use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned, tz};
use motlan_domain::Clock;
use motlan_domain::id::{IdRules, Synthetic};

/// Viet Nam keeps UTC+7 all year (Asia/Ho_Chi_Minh; no summer time since 1975).
const VIETNAM: tz::Offset = tz::offset(7);

/// The machine's wall clock and its monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

// === impl SystemClock ===

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[expect(clippy::disallowed_methods, reason = "the one home of the machine's time")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the machine's time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The instant as Viet Nam's calendar has it.
pub fn in_vietnam(now: Timestamp) -> Zoned {
    now.to_zoned(VIETNAM.to_time_zone())
}

/// The rules for personal ids on the day of `now`.
pub fn id_rules(now: Timestamp, synthetic: Synthetic) -> IdRules {
    IdRules { synthetic, present_year: in_vietnam(now).year() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_viet_nams() {
        let before_midnight_utc: Timestamp = "2026-12-31T17:30:00Z".parse().unwrap();
        assert_eq!(in_vietnam(before_midnight_utc).date().to_string(), "2027-01-01");
        assert_eq!(id_rules(before_midnight_utc, Synthetic::Refused).present_year, 2027);
    }

    #[test]
    fn monotonic_never_goes_back() {
        let clock = SystemClock::start();
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
    }
}
