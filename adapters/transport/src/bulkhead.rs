//! The bulkhead: at most so many calls under way, at most so many waiting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// One registry's share of the gateway.
pub(crate) struct Bulkhead {
    running: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
    queue_wait: Duration,
}

/// A place in the queue, given back when dropped.
struct Waiting<'a>(&'a AtomicUsize);

// === impl Bulkhead ===

impl Bulkhead {
    pub(crate) fn new(max_concurrent: usize, queue: usize, queue_wait: Duration) -> Self {
        Self { running: Semaphore::new(max_concurrent), waiting: AtomicUsize::new(0), queue, queue_wait }
    }

    /// A turn, or `None` when none comes in time. Dropping the future gives up
    /// the place in the queue.
    pub(crate) async fn enter(&self, deadline: Instant) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.running.try_acquire() {
            return Some(permit);
        }
        let _place = self.queue_up()?;
        let until = deadline.min(Instant::now() + self.queue_wait);
        timeout_at(until, self.running.acquire()).await.ok()?.ok()
    }

    fn queue_up(&self) -> Option<Waiting<'_>> {
        let more = |waiting| (waiting < self.queue).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Waiting(&self.waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
