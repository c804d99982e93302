//! The questions in flight that others may join.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Shared};
use parking_lot::Mutex;

use super::{CacheKey, Flown};

/// How a question under way will end, for everybody who waits for it.
pub(super) type Flight = Shared<BoxFuture<'static, Flown>>;

/// The flights by what they will answer.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<CacheKey, Flying>>);

/// A flight, and when it began, on the monotonic clock.
struct Flying {
    flight: Flight,
    since: Duration,
}

/// Takes the flight off the board when its task ends, however it ends; a
/// younger one that took its place there stays.
pub(super) struct InFlight {
    flights: Arc<Flights>,
    key: CacheKey,
    flight: Flight,
}

// === impl Flights ===

impl Flights {
    /// The flight under way, if it began no longer than `limit` ago: its answer
    /// is as old as it is. Else a new one, for later questions to join, with
    /// the guard that its task holds.
    pub(super) fn join_or_enter(
        self: &Arc<Self>,
        key: CacheKey,
        now: Duration,
        limit: Duration,
        launch: impl FnOnce() -> Flight,
    ) -> (Flight, Option<InFlight>) {
        let mut flights = self.0.lock();
        let joined = flights.get(&key).filter(|flying| now.saturating_sub(flying.since) <= limit);
        if let Some(flying) = joined {
            return (flying.flight.clone(), None);
        }
        let flight = launch();
        flights.insert(key, Flying { flight: flight.clone(), since: now });
        let guard = InFlight { flights: Arc::clone(self), key, flight: flight.clone() };
        (flight, Some(guard))
    }

    /// How many wait for them, beside the board and the guards.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        let flights = self.0.lock();
        flights.values().filter_map(|flying| flying.flight.strong_count()).map(|held| held - 2).sum()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

// === impl InFlight ===

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock();
        if flights.get(&self.key).is_some_and(|flying| flying.flight.ptr_eq(&self.flight)) {
            flights.remove(&self.key);
        }
    }
}
