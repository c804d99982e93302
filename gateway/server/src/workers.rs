//! The threads that connections live on: one for every core, each with a
//! runtime of its own.
//!
//! A connection and its calls stay on one thread. So no wake-up between them
//! crosses threads, and answers that become ready together, as those of one
//! commit do, are written together (`cork.rs`).

use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads. They run until [`stop`](Self::stop), also for what calls have
/// left behind: a fetch goes on where its caller was.
pub struct Workers {
    threads: Vec<(Handle, JoinHandle<()>)>,
    stop: CancellationToken,
}

// === impl Workers ===

impl Workers {
    /// Starts that many threads, at least one.
    ///
    /// # Errors
    /// When the system gives no thread or no event queue.
    pub fn start(count: usize) -> io::Result<Self> {
        let mut workers = Self { threads: Vec::new(), stop: CancellationToken::new() };
        for number in 0..count.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (handle, stop) = (runtime.handle().clone(), workers.stop.clone());
            let thread = std::thread::Builder::new()
                .name(format!("motlan-edge-{number}"))
                .spawn(move || runtime.block_on(stop.cancelled()))?;
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
