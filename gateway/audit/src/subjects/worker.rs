//! The thread that meets subjects for the first time.
//!
//! Work comes in batches: one transaction makes all missing rows, one commit
//! of the log makes their `subject.created` entries durable, and only then is
//! a pseudonym used. A crash in between leaves a row whose creation was never
//! announced; the next use announces it, with the same commitment.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Hash, Known, Pseudonym, Row, Standing, Subjects};
use crate::assemble::Assembler;
use crate::draft::Draft;
use crate::error::AuditError;
use crate::identifier::Identifier;
use crate::sequencer::{Pushed, Sequencer};

/// Jobs that may wait.
const QUEUE: usize = 4096;

/// Jobs taken together.
const BATCH: usize = 256;

/// How often the thread looks after the table.
const UPKEEP: Duration = Duration::from_millis(500);

/// What the thread is asked to do.
pub(crate) enum Job {
    /// Append a draft whose subjects are not all known.
    Append(Box<Draft>, oneshot::Sender<Result<Pushed, AuditError>>),
    /// Find one subject, and make none.
    Find(Identifier, oneshot::Sender<Result<Option<Pseudonym>, AuditError>>),
    /// Find or make one subject.
    Subject(Identifier, oneshot::Sender<Result<Pseudonym, AuditError>>),
    /// Erase one subject; the index of the entry that says so.
    Erase(Identifier, oneshot::Sender<Result<Option<Pushed>, AuditError>>),
    /// Stop after what came before.
    Close,
}

/// Where jobs are handed in.
#[derive(Clone)]
pub(crate) struct Desk(SyncSender<Job>);

/// The thread's state.
pub(crate) struct Worker {
    subjects: Arc<Subjects>,
    assembler: Arc<Assembler>,
    sequencer: Arc<Sequencer>,
    standing: Arc<Standing>,
    jobs: Receiver<Job>,
}

// === impl Desk ===

impl Desk {
    pub(crate) fn new(
        subjects: Arc<Subjects>,
        assembler: Arc<Assembler>,
        sequencer: Arc<Sequencer>,
        standing: Arc<Standing>,
    ) -> (Self, Worker) {
        let (desk, jobs) = sync_channel(QUEUE);
        (Self(desk), Worker { subjects, assembler, sequencer, standing, jobs })
    }

    pub(crate) fn hand_in(&self, job: Job) -> Result<(), AuditError> {
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => AuditError::Overloaded { retry_after: Duration::from_millis(250) },
            TrySendError::Disconnected(_) => AuditError::Closed,
        })
    }

    /// Asks the thread to stop, waiting for a place in the queue.
    pub(crate) fn close(&self) {
        // Gone already is as good.
        let _ = self.0.send(Job::Close);
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn run(self) {
        let mut tended = Instant::now();
        loop {
            let first = match self.jobs.recv_timeout(UPKEEP) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut jobs: Vec<Job> = first.into_iter().collect();
            while !jobs.is_empty() && jobs.len() < BATCH {
                match self.jobs.try_recv() {
                    Ok(job) => jobs.push(job),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            let closing = jobs.iter().any(|job| matches!(job, Job::Close));
            if !jobs.is_empty() {
                // Those of this batch are answered with an error.
                self.guarded(|| self.work(jobs));
            }
            if closing {
                return self.guarded(|| self.note_seen());
            }
            if tended.elapsed() >= UPKEEP {
                self.guarded(|| self.tend());
                tended = Instant::now();
            }
        }
    }

    /// A panic is a failure like another: the thread is needed again.
    fn guarded(&self, work: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("the subject thread panicked");
            self.standing.set_failed(true);
        }
    }

    /// A failure is logged where it arose: the next start looks through more.
    fn note_seen(&self) {
        let _ = self.at_table(|| self.subjects.note_seen(self.sequencer.durable()));
    }

    /// Looks whether the table is still there, and after a failure whether it
    /// can be written again.
    fn tend(&self) {
        let in_place = self.at_table(|| self.subjects.is_in_place());
        self.standing.set_gone(!in_place);
        if in_place && self.standing.has_failed() && self.at_table(|| self.subjects.try_to_write()).is_ok() {
            tracing::info!("the subject table can be written again");
            self.standing.set_failed(false);
        }
    }

    fn at_table<T>(&self, work: impl FnOnce() -> T) -> T {
        self.standing.at_work(work)
    }

    /// Work that writes: what comes of it is told by [`Standing`].
    fn write<T>(&self, work: impl FnOnce() -> Result<T, AuditError>) -> Result<T, AuditError> {
        let done = self.at_table(work);
        if done.is_err() {
            self.standing.set_failed(true);
        }
        done
    }

    fn work(&self, jobs: Vec<Job>) {
        let mut wanted: HashMap<Hash, _> = HashMap::new();
        for job in &jobs {
            let mut want = |identifier: &Identifier| {
                wanted.insert(self.subjects.hash(identifier), identifier.kind().class());
            };
            match job {
                Job::Append(draft, _) => draft.identifiers().for_each(want),
                Job::Subject(identifier, _) => want(identifier),
                Job::Find(..) | Job::Erase(..) | Job::Close => {}
            }
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        let known = if wanted.is_empty() { Ok(HashMap::new()) } else { self.introduce(&wanted) };
        for job in jobs {
            // A reply nobody waits for any more is no failure: the work is done.
            match job {
                Job::Append(draft, reply) => drop(reply.send(self.append(*draft, &known))),
                Job::Subject(identifier, reply) => {
                    let hash = self.subjects.hash(&identifier);
                    let pseudonym = known.as_ref().map(|known| known.get(&hash).map(|k| k.pseudonym.clone()));
                    drop(reply.send(match pseudonym {
                        Ok(Some(pseudonym)) => Ok(pseudonym),
                        Ok(None) => Err(AuditError::Closed),
                        Err(error) => Err(again(error)),
                    }));
                }
                Job::Find(identifier, reply) => {
                    drop(reply.send(self.at_table(|| self.subjects.find(&identifier))));
                }
                Job::Erase(identifier, reply) => drop(reply.send(self.erase(&identifier))),
                Job::Close => {}
            }
        }
    }

    /// Makes sure that each of these has a row and a durable `subject.created`.
    fn introduce(
        &self,
        wanted: &[(Hash, motlan_audit_tree::entry::SubjectClass)],
    ) -> Result<HashMap<Hash, Arc<Known>>, AuditError> {
        let rows = self.write(|| self.subjects.find_or_create(wanted))?;
        let mut announced: Vec<(&Row, Option<u64>)> = Vec::with_capacity(rows.len());
        let mut commits: Vec<Arc<crate::waiters::Completion>> = Vec::new();
        for row in &rows {
            if row.announced {
                announced.push((row, None));
                continue;
            }
            let template = self.assembler.created(row.known.pseudonym.as_str(), row.commitment)?;
            let pushed = self.sequencer.push(&template, true)?;
            announced.push((row, Some(pushed.index)));
            if !commits.last().is_some_and(|last| Arc::ptr_eq(last, &pushed.completion)) {
                commits.push(pushed.completion);
            }
        }
        for commit in commits {
            commit.block().map_err(AuditError::unavailable)?;
        }
        self.write(|| self.subjects.announced(&announced))?;
        Ok(rows.iter().map(|row| (row.hash, Arc::clone(&row.known))).collect())
    }

    fn append(
        &self,
        draft: Draft,
        known: &Result<HashMap<Hash, Arc<Known>>, AuditError>,
    ) -> Result<Pushed, AuditError> {
        let known = known.as_ref().map_err(again)?;
        let finishing = draft.finishes_admitted_work();
        let subjects: Vec<_> = draft
            .identifiers()
            .filter_map(|identifier| known.get(&self.subjects.hash(identifier)).cloned())
            .collect();
        self.sequencer.push(&self.assembler.assemble(draft, &subjects)?, finishing)
    }

    /// Recorded first, erased then: an erasure that fails is an error and is
    /// asked for again, one that nobody recorded could never be explained.
    fn erase(&self, identifier: &Identifier) -> Result<Option<Pushed>, AuditError> {
        let Some(pseudonym) = self.at_table(|| self.subjects.find(identifier))? else {
            return Ok(None);
        };
        let pushed = self.sequencer.push(&self.assembler.erased(pseudonym.as_str())?, true)?;
        pushed.completion.block().map_err(AuditError::unavailable)?;
        self.write(|| self.subjects.erase(identifier))?;
        Ok(Some(pushed))
    }
}

/// One failure told to several.
fn again(error: &AuditError) -> AuditError {
    match error {
        AuditError::Overloaded { retry_after } => AuditError::Overloaded { retry_after: *retry_after },
        AuditError::Unavailable { cause, retry_after } => {
            AuditError::Unavailable { cause: *cause, retry_after: *retry_after }
        }
        _ => AuditError::Closed,
    }
}

#[cfg(test)]
mod tests;
