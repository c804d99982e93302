//! An entry is stored once: a full segment of the journal goes when the published
//! log holds all that is in it.
//!
//! The `motlan-retire` thread looks now and then. A segment goes when
//! - a checkpoint that this process made durable covers it in full bundles: one
//!   found at the start may be one that a power cut takes back;
//! - the index covers it, so that whoever lags reads the journal. A power cut may
//!   set the index back: then it reads the bundles, like everybody;
//! - **every** entry of it was read from its bundle, held against its tile, and is
//!   the one in the journal. A bundle that somebody removed or changed, or that
//!   the disk lost, keeps the segment: it is the only copy then.
//!
//! Nothing waits for this thread. What fails is told and tried again: the disk
//! fills meanwhile, nothing is lost.

mod waiting;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bundles::{Bundles, in_full_bundles};
use crate::index::IndexHandle;
use crate::journal::Retirer;
use crate::store::{AuditReader, StoreError};
use crate::tree::files::LogFiles;
use crate::writer::Progress;
pub(crate) use waiting::Waiting;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// After a segment went, for each of its entries: about as long as comparing one
/// takes, so that many segments from before leave disk and processor to others.
const REST: Duration = Duration::from_micros(10);

/// After a failure: first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Bytes of entries compared at a time.
const CHUNK: usize = 256 << 10;

/// The thread's state.
pub(crate) struct Retirement {
    retirer: Retirer,
    journal: Arc<dyn AuditReader>,
    files: Arc<dyn LogFiles>,
    /// What a checkpoint covers that outlives a power cut.
    lasting: Arc<AtomicU64>,
    index: IndexHandle,
    progress: Arc<Progress>,
    waiting: Arc<Waiting>,
    backoff: Duration,
}

// === impl Retirement ===

impl Retirement {
    pub(crate) fn new(
        retirer: Retirer,
        files: Arc<dyn LogFiles>,
        lasting: Arc<AtomicU64>,
        index: IndexHandle,
        progress: Arc<Progress>,
        waiting: Arc<Waiting>,
    ) -> Self {
        let journal = retirer.reader();
        Self { retirer, journal, files, lasting, index, progress, waiting, backoff: BACKOFF.0 }
    }

    /// Removes the oldest segment if it is not needed; how many entries that held.
    fn step(&mut self) -> Result<Option<u64>, StoreError> {
        let published = in_full_bundles(self.lasting.load(Ordering::Acquire));
        let Some(entries) = self.retirer.oldest(published.min(self.index.indexed())) else {
            return Ok(None);
        };
        if !self.are_published(entries.clone())? {
            return Ok(None);
        }
        // Whoever is left behind by a stop leaves the folder to the next.
        if self.progress.is_closed() {
            return Ok(None);
        }
        self.retirer.remove(entries.start).map_err(StoreError::Write)?;
        tracing::info!(
            first = entries.start,
            next = entries.end,
            "a full journal segment was removed: the published log holds its entries"
        );
        Ok(Some(entries.end - entries.start))
    }

    /// Whether each of these entries can be read from its bundle and is the one in
    /// the journal; not, where the log is closed before that is known.
    fn are_published(&self, entries: Range<u64>) -> Result<bool, StoreError> {
        // Of its own: what was read for an earlier segment may have gone since.
        let bundles = Bundles::new(Arc::clone(&self.files));
        let mut next = entries.start;
        while next < entries.end {
            if self.progress.is_closed() {
                return Ok(false);
            }
            let held = self.journal.scan(next, CHUNK)?;
            if held.is_empty() {
                return Err(StoreError::Corrupt { index: next, what: "a full segment ends early" });
            }
            for held in held {
                if !bundles.holds(&held)? {
                    // What is damaged: bundle or tile; if neither, it is another entry.
                    bundles.read(held.index)?;
                    let what = "its bundle holds another entry than the journal";
                    return Err(StoreError::Corrupt { index: held.index, what });
                }
                next = held.index + 1;
            }
        }
        Ok(true)
    }

    /// How many segments wait, for whoever looks.
    fn note(&self) {
        let (first, segments) = self.retirer.waiting();
        self.waiting.note(first, segments);
    }

    /// Looks, and notes what waits: before, too, as the published disk may hang,
    /// and then this is what tells of it.
    fn turn(&mut self) -> Duration {
        self.note();
        let pause = self.attempt();
        self.note();
        pause
    }

    /// Looks once; how long to rest then.
    fn attempt(&mut self) -> Duration {
        match catch_unwind(AssertUnwindSafe(|| self.step())) {
            Ok(Ok(removed)) => {
                self.backoff = BACKOFF.0;
                let entries = removed.map(|entries| u32::try_from(entries).unwrap_or(u32::MAX));
                return entries.map_or(PAUSE, |entries| REST.saturating_mul(entries));
            }
            Ok(Err(error)) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "a full journal segment stays: that the published log holds its entries cannot be shown"
            ),
            Err(_) => tracing::error!("the removal of a journal segment panicked"),
        }
        let pause = self.backoff;
        self.backoff = (pause * 2).min(BACKOFF.1);
        pause
    }
}

/// The body of the `motlan-retire` thread: until the log is closed.
pub(crate) fn run(mut retirement: Retirement) {
    let mut pause = PAUSE;
    loop {
        retirement.progress.rest(pause);
        if retirement.progress.is_closed() {
            return;
        }
        pause = retirement.turn();
    }
}

#[cfg(test)]
mod tests;
