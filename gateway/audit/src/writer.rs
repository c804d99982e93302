//! The thread that makes entries durable: take, append, sync, acknowledge.
//!
//! After a failed write or sync nobody of the batch is acknowledged, and
//! nothing new is taken in. The writer keeps the bytes of every entry that has
//! an index, has the store reopened and verified, writes the same bytes at the
//! same indices, then an `entry.not_released` that names them, and only then
//! is the log ready again. An index is never given twice.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::error::Cause;
use crate::sequencer::{Batch, Sequencer, Spare, Taken};
use crate::stats::Stats;
use crate::store::{AuditStore, StoreError};
use crate::tail::Tail;
use crate::waiters::Completion;

/// How often an idle writer looks after the store.
const UPKEEP: Duration = Duration::from_millis(200);

/// When waiters that were not reached by their neighbours are woken: after so
/// long, or so many commits later. Before that their thread is busy, mostly, and
/// reaches them when it comes to it; but a neighbour may also be held by
/// somebody who does not look at it.
const FLUSH: Duration = Duration::from_millis(20);
const LATELY: usize = 16;

/// Between two attempts to heal: first, and at most.
const HEAL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The number of durable entries, to wait for from a thread.
#[derive(Default)]
pub(crate) struct Progress {
    value: Mutex<(u64, bool)>,
    changed: Condvar,
    /// Of its own: who rests is not woken by every commit.
    closed: Condvar,
}

pub(crate) struct Writer {
    store: Box<dyn AuditStore>,
    sequencer: Arc<Sequencer>,
    progress: Arc<Progress>,
    tail: Arc<Tail>,
    stats: Arc<Stats>,
    spacing: Duration,
    spare: Spare,
    in_flight: Option<Batch>,
    /// Of the last commits, oldest first: their waiters may not all have been
    /// reached.
    lately: VecDeque<(Duration, Arc<Completion>)>,
    /// Entries of unknown fate, oldest first, ending with their marker.
    unreleased: VecDeque<Batch>,
    backoff: Duration,
}

enum Turn {
    Continue,
    Stop,
}

// === impl Writer ===

impl Writer {
    pub(crate) fn new(
        store: Box<dyn AuditStore>,
        sequencer: Arc<Sequencer>,
        (progress, tail): (Arc<Progress>, Arc<Tail>),
        stats: Arc<Stats>,
        spacing: Duration,
    ) -> Self {
        Self {
            store,
            sequencer,
            progress,
            tail,
            stats,
            spacing,
            spare: Spare::default(),
            in_flight: None,
            lately: VecDeque::new(),
            unreleased: VecDeque::new(),
            backoff: HEAL.0,
        }
    }

    /// Runs until the sequencer is closed and all it held is written, or
    /// cannot be.
    pub(crate) fn run(mut self) {
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Turn::Continue) => {}
                Ok(Turn::Stop) => break,
                Err(_) => self.fail(Cause::WriterDied),
            }
        }
        self.progress.close();
    }

    fn turn(&mut self) -> Turn {
        if !self.unreleased.is_empty() || self.sequencer.is_failed() {
            return self.heal();
        }
        let tick = if self.lately.is_empty() { UPKEEP } else { FLUSH };
        match self.sequencer.take(tick, std::mem::take(&mut self.spare)) {
            Taken::Batch(batch) => {
                self.in_flight = Some(batch);
                match self.commit() {
                    Ok(()) if !self.spacing.is_zero() => self.sequencer.gather(self.spacing),
                    Ok(()) => {}
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "audit commit failed");
                        self.fail(error.cause());
                    }
                }
            }
            Taken::Idle => {
                if !self.lately.is_empty() {
                    self.flush_but(0);
                } else if let Err(error) = self.store.tend() {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "audit store is not to be trusted"
                    );
                    self.fail(error.cause());
                } else {
                    let room = self.store.room();
                    self.sequencer.set_room(room);
                }
            }
            Taken::Closed => {
                self.flush_but(0);
                return Turn::Stop;
            }
        }
        Turn::Continue
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let Some(batch) = &self.in_flight else { return Ok(()) };
        let position = self.store.append(&batch.frames)?;
        let began = self.sequencer.monotonic();
        self.store.sync()?;
        let took = self.sequencer.monotonic().saturating_sub(began);
        let end = batch.frames.end();
        let room = self.store.room();
        self.sequencer.committed(end, batch.frames.count, room);
        // Counted before anybody is told, so that whoever was told finds it counted.
        self.stats.sync.record_time(took);
        self.stats.batch.record(u64::from(batch.frames.count));
        batch.completion.complete(Ok(()));
        if let Some(batch) = self.in_flight.take() {
            self.tail.push(&batch.frames, &batch.leaves, position);
            self.progress.set(end);
            self.spare = (batch.frames.bytes, batch.leaves);
            let now = self.sequencer.monotonic();
            self.lately.push_back((now, batch.completion));
            let young = self.lately.iter().filter(|(at, _)| now.saturating_sub(*at) < FLUSH).count();
            self.flush_but(young.min(LATELY));
        }
        Ok(())
    }

    /// Tells everyone who waits that nothing may be released.
    fn fail(&mut self, cause: Cause) {
        self.stats.failed(cause);
        self.tail.clear();
        let failed = self.in_flight.take();
        for batch in self.sequencer.fail(failed, cause) {
            batch.completion.complete(Err(cause));
            batch.completion.flush();
            self.unreleased.push_back(batch);
        }
        self.flush_but(0);
    }

    /// Wakes whoever still sleeps, but of the last `young` commits.
    fn flush_but(&mut self, young: usize) {
        let old = self.lately.len().saturating_sub(young);
        self.lately.drain(..old).for_each(|(_, completion)| completion.flush());
    }

    fn heal(&mut self) -> Turn {
        std::thread::sleep(self.backoff);
        match self.rewrite() {
            Ok(()) => {
                tracing::info!("audit log is writable again");
                self.backoff = HEAL.0;
                self.sequencer.healed();
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "audit log is still not writable");
                self.backoff = (self.backoff * 2).min(HEAL.1);
                if self.sequencer.is_closed() {
                    return Turn::Stop;
                }
            }
        }
        Turn::Continue
    }

    fn rewrite(&mut self) -> Result<(), StoreError> {
        self.store.reopen()?;
        while let Some(batch) = self.unreleased.front() {
            // One by one: a frame says that the batches before it are durable.
            self.store.append(&batch.frames)?;
            self.store.sync()?;
            let end = batch.frames.end();
            let room = self.store.room();
            self.sequencer.committed(end, batch.frames.count, room);
            self.progress.set(end);
            self.unreleased.pop_front();
        }
        Ok(())
    }
}

// === impl Progress ===

impl Progress {
    pub(crate) fn set(&self, value: u64) {
        self.value.lock().0 = value;
        self.changed.notify_all();
    }

    /// No more will come.
    pub(crate) fn close(&self) {
        self.value.lock().1 = true;
        self.changed.notify_all();
        self.closed.notify_all();
    }

    /// Whether no more will come.
    pub(crate) fn is_closed(&self) -> bool {
        self.value.lock().1
    }

    /// Waits for that long, or until it is the end.
    pub(crate) fn rest(&self, pause: Duration) {
        let mut value = self.value.lock();
        self.closed.wait_while_for(&mut value, |(_, closed)| !*closed, pause);
    }

    /// Waits, at most `tick`, until more than `seen` entries are durable;
    /// says how many are, and whether it is the end.
    pub(crate) fn wait(&self, seen: u64, tick: Duration) -> (u64, bool) {
        let mut value = self.value.lock();
        if value.0 <= seen && !value.1 {
            self.changed.wait_for(&mut value, tick);
        }
        *value
    }
}

#[cfg(test)]
mod tests;
