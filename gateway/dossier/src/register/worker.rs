//! The thread that alone touches the file: takes what waits, runs it in one
//! transaction, syncs it, then answers.
//!
//! Cancellation: a caller that gives up cannot undo what it sent. Failure: a
//! commit that fails answers everybody in it with `Unavailable` and empties the
//! map; the transaction is rolled back on the same connection, which alone
//! knows what of the write-ahead log holds and writes over the rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use motlan_domain::date::vietnam_day;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::cache::Cache;
use crate::dossier::Dossier;
use crate::error::RegisterError;
use crate::register::standing::Standing;
use crate::seal::Sealer;
use crate::store::{File, Store};

/// How much is committed together. More would make the first of them wait.
const BATCH: usize = 128;

/// How often, in seconds, expired rows are dropped.
const SWEEP_EVERY: i64 = 600;

/// How often an idle thread looks whether the file is still there, and a
/// failing one whether it can be written again.
const UPKEEP: Duration = Duration::from_millis(500);

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
    pub(super) standing: Arc<Standing>,
    /// When the file was last looked after.
    pub(super) tended: Option<Instant>,
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
        // Waits for work with a limit, so that the file is looked after.
        let timer = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
            Ok(timer) => timer,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the dossier register has no timer"
                );
                self.standing.set_failed(true);
                return;
            }
        };
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let waiting = async { tokio::time::timeout(UPKEEP, queue.recv_many(&mut batch, BATCH)).await };
            match timer.block_on(waiting) {
                Ok(0) => return,
                Ok(_) => {}
                Err(_) => {
                    self.at_work(Self::tend);
                    continue;
                }
            }
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
            self.at_work(|worker| {
                let lately = worker.tended.is_some_and(|tended| tended.elapsed() < UPKEEP);
                if worker.standing.has_failed() && !lately {
                    worker.tend();
                }
                worker.commit(jobs);
            });
            if let Some(done) = closing {
                // Dropping the connection checkpoints and removes the WAL.
                self.file = None;
                let _ = done.send(());
                return;
            }
        }
    }

    /// Does work at the file, where it can be seen. A panic is a failure like
    /// another: the thread is needed again.
    fn at_work(&mut self, work: impl FnOnce(&mut Self)) {
        self.standing.begin();
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            tracing::error!("the dossier register panicked over a batch");
            self.failed();
        }
        self.standing.end();
    }

    /// Looks whether the file is there, and after a failure whether it can be
    /// written again.
    fn tend(&mut self) {
        self.tended = Some(Instant::now());
        if let Err(error) = self.ensure_open() {
            tracing::error!(error = &error as &dyn std::error::Error, "dossier register cannot be opened");
            self.standing.set_failed(true);
            return;
        }
        if !self.standing.has_failed() {
            return;
        }
        let Some(file) = &self.file else { return };
        match file.try_to_write() {
            Ok(()) => {
                tracing::info!("the dossier register can be written again");
                self.standing.set_failed(false);
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "dossier register cannot be written"
                );
                self.failed();
            }
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        if let Err(error) = self.ensure_open() {
            tracing::error!(error = &error as &dyn std::error::Error, "dossier register cannot be opened");
            self.standing.set_failed(true);
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
            // What went into a file without a name is lost with the next kill.
            if file.is_in_place() { Ok(()) } else { Err(RegisterError::Unavailable(None)) }
        })();
        if let Err(error) = &outcome {
            tracing::error!(error = error as &dyn std::error::Error, "dossier register failed to commit");
            self.failed();
        }
        // Done with the file, before anybody hears of it.
        self.standing.end();
        for finish in finishes {
            finish(&self.cache, outcome.is_ok());
        }
    }

    /// Nothing of the transaction stands, and nothing read in it is believed.
    fn failed(&mut self) {
        self.standing.set_failed(true);
        self.cache.clear();
        // Some failures have SQLite roll back by itself.
        let kept = self
            .file
            .take()
            .filter(|file| file.db.is_autocommit() || file.db.execute_batch("ROLLBACK").is_ok());
        self.file = kept;
    }

    /// Opens the file again after a failure, or when it was moved away. It is
    /// never made anew here: an empty register would forget every dossier and
    /// every counted guess.
    fn ensure_open(&mut self) -> Result<(), RegisterError> {
        if self.file.as_ref().is_some_and(File::is_in_place) {
            return Ok(());
        }
        if let Some(file) = &self.file {
            file.rescue()?;
        }
        self.file = None;
        self.cache.clear();
        self.file = Some(File::open(&self.path, &self.sealer, false)?);
        Ok(())
    }
}
