//! The threads that connections live on: one for every core, each with a
//! runtime of its own.
//!
//! A connection and its calls stay on one thread. So no wake-up between them
//! crosses threads, and answers that become ready together, as those of one
//! commit do, are written together (`cork.rs`).

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use motlan_audit::Feeder;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads. They run until [`stop`](Self::stop), also for what calls have
/// left behind: a fetch goes on where its caller was.
pub struct Workers {
    threads: Vec<(Handle, JoinHandle<()>)>,
    stop: CancellationToken,
}

/// Where connections are put: each with the fewest so far. Counted, not in
/// turns: most sockets that are accepted (probes of a balancer, scans) are gone
/// at once, and the few that stay must not all meet on one thread.
pub(crate) struct Seats(Vec<(Handle, Seat)>);

/// A connection's seat; the thread counts it until it is dropped.
pub(crate) type Seat = Arc<()>;

// === impl Seats ===

impl Seats {
    /// On these threads, of which there is at least one.
    pub(crate) fn on(first: Handle, more: impl IntoIterator<Item = Handle>) -> Self {
        Self(std::iter::once(first).chain(more).map(|handle| (handle, Seat::default())).collect())
    }

    /// One more seat.
    pub(crate) fn take(&self) -> Option<(&Handle, Seat)> {
        let (handle, seats) = self.0.iter().min_by_key(|(_, seats)| Arc::strong_count(seats))?;
        Some((handle, Arc::clone(seats)))
    }
}

// === impl Workers ===

impl Workers {
    /// Starts that many threads, at least one. They tell the log when they rest.
    ///
    /// # Errors
    /// When the system gives no thread or no event queue.
    pub fn start(count: usize, feeder: &Feeder) -> io::Result<Self> {
        let mut workers = Self { threads: Vec::new(), stop: CancellationToken::new() };
        for number in 0..count.max(1) {
            let (resumes, rests) = (feeder.clone(), feeder.clone());
            let runtime = Builder::new_current_thread()
                .enable_all()
                .on_thread_unpark(move || resumes.resumes())
                .on_thread_park(move || rests.rests())
                .build()?;
            let (handle, stop) = (runtime.handle().clone(), workers.stop.clone());
            let feeder = feeder.clone();
            let thread =
                std::thread::Builder::new().name(format!("motlan-edge-{number}")).spawn(move || {
                    feeder.resumes();
                    runtime.block_on(stop.cancelled());
                    feeder.rests();
                })?;
            workers.threads.push((handle, thread));
        }
        Ok(workers)
    }

    /// Where to run something.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        self.threads.iter().map(|(handle, _)| handle.clone()).collect()
    }

    /// Ends the threads. What still runs on them is dropped: whoever must not
    /// be has been waited for.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let threads = std::mem::take(&mut self.threads);
        let joined =
            tokio::task::spawn_blocking(|| threads.into_iter().all(|(_, thread)| thread.join().is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("a thread of the edge ended in a panic");
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Workers({})", self.threads.len())
    }
}

#[cfg(test)]
mod tests;
