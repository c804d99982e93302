//! One log: the thread that alone knows and changes what was cosigned of it.

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use motlan_audit_tree::note::SignError;
use motlan_audit_tree::witness::{Alarm, Misbehaviour, Refusal, decide};
use motlan_audit_tree::{AddCheckpoint, CosigningKey, Signature, SignedCheckpoint, TrustedLog};
use motlan_domain::Clock;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::evidence::{Evidence, Kept};
use crate::folder::{Folder, State};
use crate::service::OpenError;

/// How far the clock may have gone back, in seconds. Within, the last time is
/// stated again: clocks are set by seconds. Beyond, one of the two times is
/// wrong and it is unknown which, so nothing is stated.
const MOST_BACK: u64 = 300;

/// The most requests that wait for a log's thread, whatever the options say.
const MOST_WAITING: usize = 1 << 16;

/// What a log is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The checkpoint is cosigned, and that is durable.
    Cosigned(Signature),
    /// It is not, by the rules.
    Refused(Refusal),
    /// It is not, because this witness cannot.
    Failed,
}

/// What there is to tell of all logs.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Split views on record.
    pub(crate) alarms: AtomicU64,
    /// Checkpoints on record that were not shown to have grown.
    pub(crate) suspects: AtomicU64,
    /// Requests that failed for a fault of this witness.
    pub(crate) failures: AtomicU64,
}

/// A log's state and all that changes it.
pub(crate) struct Log {
    trusted: TrustedLog,
    key: Arc<CosigningKey>,
    clock: Arc<dyn Clock>,
    folder: Arc<Folder>,
    state: Option<State>,
    alarms: Evidence,
    suspects: Evidence,
    counts: Arc<Counts>,
    shown: Shown,
    /// What is wrong, as last told to the operator. It is told when it begins
    /// and ends, because anybody can send the same request again and again.
    told: Condition,
}

/// How it stands with cosigning this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Well,
    /// The clock went back, by little.
    Behind,
    Failing,
}

/// Where the way to a log's thread begins.
pub(crate) struct Door {
    jobs: mpsc::Sender<Job>,
    shown: Shown,
    counts: Arc<Counts>,
}

/// The last cosigned checkpoint as a note, for whoever asks. Only ever set to
/// what is durable.
type Shown = Arc<Mutex<Option<Arc<str>>>>;

struct Job {
    request: AddCheckpoint,
    answer: oneshot::Sender<Answer>,
}

/// Why a sound checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the clock stands {seconds} s before the last cosignature")]
    Clock { seconds: u64 },
    #[error("the checkpoint could not be made durable")]
    Disk(#[source] io::Error),
    #[error("the checkpoint could not be signed")]
    Sign(#[source] SignError),
}

// === impl Log ===

impl Log {
    /// A log as its state in the folder has it.
    pub(crate) fn new(
        (trusted, state): (TrustedLog, Option<State>),
        key: Arc<CosigningKey>,
        clock: Arc<dyn Clock>,
        folder: Arc<Folder>,
        counts: Arc<Counts>,
    ) -> Result<Self, OpenError> {
        let evidence = |shows| Evidence::open(Arc::clone(&folder), &trusted.origin, shows);
        let (alarms, suspects) = (evidence(Misbehaviour::SplitView)?, evidence(Misbehaviour::Unconnected)?);
        // An alarm does not end because the process did.
        counts.alarms.fetch_add(alarms.count() as u64, Ordering::Relaxed);
        counts.suspects.fetch_add(suspects.count() as u64, Ordering::Relaxed);
        let (shown, told) = (Shown::default(), Condition::Well);
        let log = Self { trusted, key, clock, folder, state, alarms, suspects, counts, shown, told };
        log.show();
        Ok(log)
    }

    /// Looks up, decides and persists, in one step. When this returns a
    /// cosignature, the state it rests on is on disk.
    pub(crate) fn answer(&mut self, request: &AddCheckpoint) -> Answer {
        let seen = self.state.as_ref().map(|state| &state.checkpoint);
        match decide(&self.trusted, seen, request) {
            Ok(next) => self.cosign(next).unwrap_or_else(|failure| {
                self.counts.failures.fetch_add(1, Ordering::Relaxed);
                if self.turns(Condition::Failing) {
                    let origin = &self.trusted.origin;
                    tracing::error!(origin, error = &failure as &dyn std::error::Error, "no cosignature");
                }
                Answer::Failed
            }),
            Err(refused) => {
                if let Some(alarm) = refused.alarm {
                    self.keep(&alarm);
                }
                Answer::Refused(refused.refusal)
            }
        }
    }

    fn cosign(&mut self, next: SignedCheckpoint) -> Result<Answer, Failure> {
        let (time, condition) = self.time()?;
        // Said already, and durable: no need to write the same again.
        let said =
            |state: &&State| state.time == time && state.checkpoint.note().text() == next.note().text();
        if let Some(state) = self.state.as_ref().filter(said) {
            return Ok(Answer::Cosigned(state.cosignature.clone()));
        }
        // Made before it is durable, because it is part of the state; given to
        // nobody until the state is.
        let cosignature = self.key.cosign(next.note(), time).map_err(Failure::Sign)?;
        let mut checkpoint = next;
        if checkpoint.add(cosignature.clone()).is_err() {
            // So many lines in the log's name that ours finds no room.
            return Ok(Answer::Refused(Refusal::BadRequest));
        }
        let state = State { checkpoint, cosignature: cosignature.clone(), time };
        self.folder.save(&state).map_err(Failure::Disk)?;
        self.state = Some(state);
        self.show();
        if self.turns(condition) {
            let origin = &self.trusted.origin;
            if condition == Condition::Behind {
                tracing::warn!(origin, time, "the clock went back: the last time is stated");
            } else {
                tracing::info!(origin, "cosigning as usual again");
            }
        }
        Ok(Answer::Cosigned(cosignature))
    }

    /// The time to state: never less than was stated before.
    fn time(&self) -> Result<(u64, Condition), Failure> {
        let now = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
        let last = self.state.as_ref().map_or(0, |state| state.time);
        match last.saturating_sub(now) {
            0 => Ok((now, Condition::Well)),
            1..=MOST_BACK => Ok((last, Condition::Behind)),
            seconds => Err(Failure::Clock { seconds }),
        }
    }

    /// Whether that is another condition than was told last; from now on it
    /// is the one that was.
    fn turns(&mut self, condition: Condition) -> bool {
        std::mem::replace(&mut self.told, condition) != condition
    }

    fn keep(&mut self, alarm: &Alarm) {
        let seen = self.state.as_ref().map(|state| &state.checkpoint);
        let (evidence, count) = match alarm.shows {
            Misbehaviour::SplitView => (&mut self.alarms, &self.counts.alarms),
            Misbehaviour::Unconnected => (&mut self.suspects, &self.counts.suspects),
        };
        let (origin, size) = (&self.trusted.origin, alarm.sent.head().size);
        let kept = evidence.keep(alarm, seen);
        if matches!(kept, Kept::Before) {
            return;
        }
        if matches!(kept, Kept::Now | Kept::NotWritten(_)) {
            count.fetch_add(1, Ordering::Relaxed);
            match alarm.shows {
                Misbehaviour::SplitView => {
                    tracing::error!(origin, size, "SPLIT VIEW: the log signed two roots for one size");
                }
                Misbehaviour::Unconnected => {
                    tracing::warn!(
                        origin,
                        size,
                        "a checkpoint of the log was sent without a proof that holds"
                    );
                }
            }
        }
        match kept {
            Kept::NotWritten(error) => tracing::error!(origin, size, %error, "evidence could not be kept"),
            Kept::Full => tracing::debug!(origin, size, "evidence is no longer kept: there is enough"),
            Kept::Now | Kept::Before => {}
        }
    }

    fn show(&self) {
        *self.shown.lock() = self.state.as_ref().map(|state| state.checkpoint.to_string().into());
    }

    /// Gives the log to a thread of its own, which ends when the door is gone
    /// and everything that came through it is answered. `queue` requests can
    /// wait.
    pub(crate) fn run(mut self, number: usize, queue: usize) -> io::Result<(Door, JoinHandle<()>)> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(queue.clamp(1, MOST_WAITING));
        let door = Door { jobs, shown: Arc::clone(&self.shown), counts: Arc::clone(&self.counts) };
        let thread = thread::Builder::new().name(format!("motlan-log-{number}")).spawn(move || {
            while let Some(Job { request, answer }) = waiting.blocking_recv() {
                // Whoever hung up does not hear it; it is done all the same.
                let _ = answer.send(self.answer(&request));
            }
        })?;
        Ok((door, thread))
    }
}

// === impl Door ===

impl Door {
    /// Asks the log's thread.
    pub(crate) async fn ask(&self, request: AddCheckpoint) -> Answer {
        let (answer, answered) = oneshot::channel();
        // Without a receiver the answer's sender is dropped, too.
        let _ = self.jobs.send(Job { request, answer }).await;
        answered.await.unwrap_or_else(|_| {
            // The thread is gone, which a log of its own would not tell.
            self.counts.failures.fetch_add(1, Ordering::Relaxed);
            Answer::Failed
        })
    }

    /// The last cosigned checkpoint with the log's signature and ours.
    pub(crate) fn shown(&self) -> Option<Arc<str>> {
        self.shown.lock().clone()
    }
}
