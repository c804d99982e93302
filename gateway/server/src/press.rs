//! Under pressure, connections take their turns seldom and do more in each.
//!
//! To refuse a call costs little; to be woken for it, to read it and to send the
//! refusal in a TLS record of its own costs several times as much. While calls
//! are refused for want of places, a connection rests between its turns, so that
//! what came meanwhile is read together and what is to be sent leaves together:
//! more is left for the calls that have a place. It makes an answer some
//! milliseconds later, at a time when all wait longer than that.
//!
//! A caller that wants more than its own share slows down its own connections;
//! only where no place is left at all does everybody rest.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Between two turns of a connection.
const REST: Duration = Duration::from_millis(8);

/// So long after the last refusal it is over.
const LASTS: Duration = Duration::from_millis(100);

/// Whether calls are being refused for want of a place.
pub(crate) struct Pressure {
    since: Instant,
    /// Until when it lasts, in milliseconds from `since`.
    until: AtomicU64,
}

/// The turns of one connection.
pub(crate) struct Turns {
    on: [Arc<Pressure>; 2],
    next: Pin<Box<Sleep>>,
    resting: bool,
}

// === impl Pressure ===

impl Pressure {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { since: Instant::now(), until: AtomicU64::new(0) })
    }

    /// A call was refused.
    pub(crate) fn refused(&self) {
        let until = millis(self.since.elapsed() + LASTS);
        if self.until.load(Ordering::Relaxed) < until {
            self.until.store(until, Ordering::Relaxed);
        }
    }

    fn is_on(&self, now: Instant) -> bool {
        millis(now.saturating_duration_since(self.since)) < self.until.load(Ordering::Relaxed)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

// === impl Turns ===

impl Turns {
    /// Of a connection that rests when either is on.
    pub(crate) fn new(all: Arc<Pressure>, own: Arc<Pressure>) -> Self {
        Self { on: [all, own], next: Box::pin(tokio::time::sleep(Duration::ZERO)), resting: false }
    }

    /// Whether the next turn may be taken now; it wakes up when it may.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.resting {
            if self.next.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.resting = false;
        }
        let now = Instant::now();
        if self.on.iter().any(|pressure| pressure.is_on(now)) {
            self.next.as_mut().reset(now + REST);
            // This turn is taken; the next one waits.
            self.resting = true;
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests;
