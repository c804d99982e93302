//! The thread that alone touches the file: takes what waits, runs it in one
//! transaction, syncs it, then answers.
//!
//! Cancellation: a caller that gives up cannot undo what it sent. Failure: a
//! commit that fails answers everybody in it with `Unavailable`, empties the
//! map and reopens the file before the next work.

use std::path::PathBuf;
use std::sync::Arc;

use motlan_domain::Clock;
use motlan_domain::date::vietnam_day;
use tokio::sync::{mpsc, oneshot};

use crate::cache::Cache;
use crate::dossier::Dossier;
use crate::error::RegisterError;
use crate::seal::Sealer;
use crate::store::{File, Store};

/// How much is committed together. More would make the first of them wait.
const BATCH: usize = 128;

/// How often, in seconds, expired rows are dropped.
const SWEEP_EVERY: i64 = 600;

/// One piece of work. It must have checked everything before it writes.
pub(super) type Job = Box<dyn FnOnce(&Store<'_>) -> Finish + Send>;

/// Told whether the transaction is durable, it answers the one who waits.
pub(super) type Finish = Box<dyn FnOnce(&Cache, bool) + Send>;

/// What reaches the thread.
pub(super) enum Message {
    Work(Job),
    Close(oneshot::Sender<()>),
}

/// The thread's own state.
pub(super) struct Worker {
    pub(super) path: PathBuf,
    pub(super) file: Option<File>,
    pub(super) sealer: Arc<Sealer>,
    pub(super) cache: Arc<Cache>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) last_sweep: i64,
}

/// A job from typed work: its value goes to `reply`, the dossier it changed or
/// read goes to the map once the transaction is durable.
pub(super) fn job<T: Send + 'static>(
    work: impl FnOnce(&Store<'_>) -> Result<(T, Option<Arc<Dossier>>), RegisterError> + Send + 'static,
    reply: oneshot::Sender<Result<T, RegisterError>>,
) -> Job {
    Box::new(move |store| {
        let result = guarded(store, work);
        Box::new(move |cache, durable| {
            let result = match result {
                Ok(_) if !durable => Err(RegisterError::Unavailable(None)),
                Ok((value, dossier)) => {
                    if let Some(dossier) = dossier {
                        cache.put(dossier);
                    }
                    Ok(value)
                }
                Err(error) => Err(error),
            };
            // Whoever waited may have gone; the work stands all the same.
            let _ = reply.send(result);
        })
    })
}

/// Runs the work so that nothing of it stays when it fails half-way.
fn guarded<T>(
    store: &Store<'_>,
    work: impl FnOnce(&Store<'_>) -> Result<T, RegisterError>,
) -> Result<T, RegisterError> {
    store.db.execute_batch("SAVEPOINT work")?;
    let result = work(store);
    let end = if result.is_ok() { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" };
    store.db.execute_batch(end)?;
    result
}

// === impl Worker ===

impl Worker {
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
            let mut closing = None;
            let mut jobs = Vec::with_capacity(batch.len());
            for message in batch.drain(..) {
                match message {
                    Message::Work(job) if closing.is_none() => jobs.push(job),
                    // Dropped, and so answered as unavailable.
                    Message::Work(_) => {}
                    Message::Close(done) => closing = Some(done),
                }
            }
            self.commit(jobs);
            if let Some(done) = closing {
                // Dropping the connection checkpoints and removes the WAL.
                self.file = None;
                let _ = done.send(());
                return;
            }
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        if let Err(error) = self.ensure_open() {
            tracing::error!(error = &error as &dyn std::error::Error, "dossier register cannot be opened");
            return;
        }
        let Some(file) = &self.file else { return };
        // As precise as it is stored: a repeated request is told the same time.
        let now = self.clock.now();
        let now = jiff::Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let store = Store { db: &file.db, sealer: &self.sealer, now };
        let mut finishes = Vec::with_capacity(jobs.len());
        let outcome = (|| {
            store.db.execute_batch("BEGIN")?;
            if now.as_second().saturating_sub(self.last_sweep) >= SWEEP_EVERY {
                store.forget_requests()?;
                store.forget_guesses(vietnam_day(now))?;
                self.last_sweep = now.as_second();
            }
            finishes.extend(jobs.into_iter().map(|job| job(&store)));
            store.db.execute_batch("COMMIT")?;
            Ok::<(), RegisterError>(())
        })();
        if let Err(error) = &outcome {
            tracing::error!(error = error as &dyn std::error::Error, "dossier register failed to commit");
            self.file = None;
            self.cache.clear();
        }
        for finish in finishes {
            finish(&self.cache, outcome.is_ok());
        }
    }

    /// Opens the file again after a failure, or when it was moved away. It is
    /// never made anew here: an empty register would forget every dossier and
    /// every counted guess.
    fn ensure_open(&mut self) -> Result<(), RegisterError> {
        if self.file.as_ref().is_some_and(File::is_in_place) {
            return Ok(());
        }
        self.file = None;
        self.cache.clear();
        self.file = Some(File::open(&self.path, &self.sealer, false)?);
        Ok(())
    }
}
