//! The handle through which everybody uses the log.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::assemble::Assembler;
use crate::draft::{Draft, Receipt};
use crate::error::{AuditError, Cause};
use crate::feeders::Feeder;
use crate::identifier::Identifier;
use crate::index::IndexHandle;
use crate::reading::ReadingDesk;
use crate::retire::Waiting;
use crate::search::{Found, SearchDesk, SearchPage, SearchQuery};
use crate::sequencer::{Phase, Pushed, Sequencer};
use crate::stats::Stats;
use crate::store::AuditReader;
use crate::subjects::{Desk, Job, Pseudonym, Standing, Subjects};
use crate::tree::Published;
use crate::waiters::Committed;
use crate::witnessing::Hold;

/// A cheap handle to the audit log; clones speak to the same log.
#[derive(Clone)]
pub struct AuditLog {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) assembler: Arc<Assembler>,
    pub(crate) subjects: Arc<Subjects>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) desk: Desk,
    pub(crate) reader: Arc<dyn AuditReader>,
    pub(crate) index: IndexHandle,
    pub(crate) published: Published,
    pub(crate) search: SearchDesk,
    /// Proofs, and what else those who are known read of the published log.
    pub(crate) proofs: ReadingDesk,
    /// For auditors, who read much at a time.
    pub(crate) ranges: ReadingDesk,
    /// What anybody may read of it.
    pub(crate) shown: ReadingDesk,
    pub(crate) stats: Arc<Stats>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) hold: Hold,
}

/// An append that has begun.
#[must_use = "nothing may be disclosed before its receipt"]
pub struct Appending {
    origin: Arc<str>,
    stage: Stage,
}

/// How far an append is.
enum Stage {
    /// The entry has its place.
    Pushed(Pushed),
    /// Some of its subjects are looked up, or made.
    HandedIn(oneshot::Receiver<Result<Pushed, AuditError>>),
    /// It will not be written.
    Refused(AuditError),
}

/// How the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether new work may be admitted: the store is writable, more than the
    /// reserve is left, and people met for the first time can be taken in.
    pub ready: bool,
    /// What stands in the way, if anything does.
    pub cause: Option<Cause>,
    /// Entries waiting for the next commit.
    pub queue_depth: u32,
    /// Durable entries.
    pub durable: u64,
    /// Entries the index covers.
    pub indexed: u64,
    /// Whether indexing goes on: if not, searches do not find the newest
    /// entries, and say so. Stands in nobody's way but an auditor's.
    pub indexing: bool,
    /// Entries the newest checkpoint covers.
    pub published: u64,
    /// Whether checkpoints can be published: if not, what is durable cannot be
    /// proved to an outsider yet, and every answer's receipt waits for its proof.
    pub publishing: bool,
}

// === impl AuditLog ===

impl AuditLog {
    /// The name of this log.
    pub fn origin(&self) -> Arc<str> {
        Arc::clone(&self.inner.sequencer.origin)
    }

    /// Appends an entry and returns its receipt once it is durable.
    ///
    /// Begun with the first poll, the append runs to its end even if this
    /// future is dropped. An error means: not acknowledged, disclose nothing;
    /// should the entry stand in the log all the same, an `entry.not_released`
    /// follows it.
    ///
    /// # Errors
    /// [`AuditError::Overloaded`], [`AuditError::Unavailable`],
    /// [`AuditError::Rejected`] or [`AuditError::Closed`].
    pub async fn append(&self, draft: Draft) -> Result<Receipt, AuditError> {
        self.begin(draft).await
    }

    /// Begins an append: from here on it runs to its end, waited for or not.
    /// What is left to wait for is small, unlike a draft.
    pub fn begin(&self, draft: Draft) -> Appending {
        Appending { origin: self.origin(), stage: self.stage(draft).unwrap_or_else(Stage::Refused) }
    }

    fn stage(&self, draft: Draft) -> Result<Stage, AuditError> {
        if !draft.finishes_admitted_work() {
            self.inner.hold.check()?;
        }
        if let Some(known) = self.known(&draft) {
            if !known.is_empty() && self.inner.standing.is_gone() {
                return Err(AuditError::unavailable(Cause::SubjectsFailed));
            }
            let finishing = draft.finishes_admitted_work();
            let template = self.inner.assembler.assemble(draft, &known)?;
            return self.inner.sequencer.push(&template, finishing).map(Stage::Pushed);
        }
        self.refuse_unless_ready()?;
        // Before anybody is met for it: each would have a row and an entry.
        self.inner.assembler.fits(&draft)?;
        self.hand_in(|reply| Job::Append(Box::new(draft), reply)).map(Stage::HandedIn)
    }

    /// The pseudonym of a subject, made if it has none (with its durable row
    /// and `subject.created` entry).
    ///
    /// # Errors
    /// As [`AuditLog::append`].
    pub async fn subject(&self, subject: &Identifier) -> Result<Pseudonym, AuditError> {
        if let Some(known) = self.inner.subjects.cached(&self.inner.subjects.hash(subject)) {
            return Ok(known.pseudonym.clone());
        }
        self.inner.hold.check()?;
        self.refuse_unless_ready()?;
        let subject = subject.clone();
        self.ask(|reply| Job::Subject(subject, reply)).await
    }

    /// The pseudonym of a subject if it has one; makes none. Never waits for
    /// the disk on the caller's thread.
    ///
    /// # Errors
    /// When the subject table cannot be read, or more waits for it than may.
    pub async fn find_subject(&self, subject: &Identifier) -> Result<Option<Pseudonym>, AuditError> {
        if let Some(known) = self.inner.subjects.cached(&self.inner.subjects.hash(subject)) {
            return Ok(Some(known.pseudonym.clone()));
        }
        let subject = subject.clone();
        self.ask(|reply| Job::Find(subject, reply)).await
    }

    /// Erases a subject's key and the way from its identifier to its
    /// pseudonym, and records that. `None` where there was none.
    ///
    /// # Errors
    /// As [`AuditLog::append`].
    pub async fn erase_subject(&self, subject: &Identifier) -> Result<Option<Receipt>, AuditError> {
        self.refuse_unless_ready()?;
        let subject = subject.clone();
        match self.ask(|reply| Job::Erase(subject, reply)).await? {
            Some(pushed) => pushed.receipt(self.origin()).await.map(Some),
            None => Ok(None),
        }
    }

    /// For threads that append: they tell when they have work at hand.
    pub fn feeder(&self) -> Feeder {
        Feeder::new(Arc::clone(&self.inner.sequencer))
    }

    /// How the log is; cheap.
    pub fn health(&self) -> Health {
        let (queue_depth, reserve_only) = self.inner.sequencer.depth();
        let cause = match self.inner.sequencer.phase() {
            Phase::Ready if reserve_only => Some(Cause::DiskFull),
            Phase::Failed(cause) => Some(cause),
            Phase::Ready | Phase::Closed => self.inner.standing.cause().or(self.inner.hold.cause()),
        };
        Health {
            ready: cause.is_none() && self.inner.sequencer.phase() == Phase::Ready,
            cause,
            queue_depth,
            durable: self.inner.sequencer.durable(),
            indexed: self.inner.index.indexed(),
            indexing: !self.inner.index.is_failing(),
            published: self.inner.published.newest().head().size,
            publishing: !self.inner.published.is_failing(),
        }
    }

    /// Searches the log over its index, which is first given a moment to cover
    /// all that is durable now; the page says how far it did.
    ///
    /// Reading the log is itself to be recorded: the caller appends a
    /// `log.read`.
    ///
    /// # Errors
    /// [`AuditError::PageToken`] or [`AuditError::Index`].
    pub async fn search(&self, query: SearchQuery) -> Result<SearchPage, AuditError> {
        let durable = self.inner.sequencer.durable();
        // An index that lags is no error: the page tells what it covers.
        let _ = tokio::time::timeout(INDEX_WAIT, self.inner.index.reaches(durable)).await;
        self.inner.search.ask(query).await
    }

    /// As [`AuditLog::search`], the first page with an entry, or the last one: a
    /// page that has looked at as much as it may is not the end.
    ///
    /// # Errors
    /// As [`AuditLog::search`].
    pub async fn search_on(&self, mut query: SearchQuery) -> Result<SearchPage, AuditError> {
        loop {
            let page = self.search(query.clone()).await?;
            if !page.entries.is_empty() || page.next_page_token.is_none() {
                return Ok(page);
            }
            query.page_token = page.next_page_token;
        }
    }

    /// One durable entry, `None` where there is none yet.
    ///
    /// # Errors
    /// [`AuditError::Store`] when it cannot be read.
    pub async fn get(&self, index: u64) -> Result<Option<Found>, AuditError> {
        self.inner.search.get(index).await
    }

    /// Waits until the index covers every entry below `to`.
    pub async fn index_caught_up(&self, to: u64) {
        self.inner.index.reaches(to).await;
    }

    /// Pauses or resumes index writing (for measurements); search then lags.
    pub fn pause_index(&self, paused: bool) {
        self.inner.index.pause(paused);
    }

    /// Pauses or resumes the publication of checkpoints (for measurements); what
    /// is durable then waits for its proof, also where the log is closed.
    pub fn pause_publication(&self, paused: bool) {
        self.inner.published.pause(paused);
    }

    /// Durable entries from `from` on as stored bytes, for integration and
    /// export. Blocks on the disk.
    ///
    /// # Errors
    /// [`AuditError::Store`] when they cannot be read.
    pub fn scan(&self, from: u64, max_bytes: usize) -> Result<Vec<crate::store::Stored>, AuditError> {
        let durable = self.inner.sequencer.durable();
        if from >= durable {
            return Ok(Vec::new());
        }
        let mut entries = self.inner.reader.scan(from, max_bytes)?;
        entries.retain(|stored| stored.index < durable);
        Ok(entries)
    }

    /// The draft's subjects, if all are at hand.
    fn known(&self, draft: &Draft) -> Option<Vec<Arc<crate::subjects::Known>>> {
        let subjects = &self.inner.subjects;
        draft.identifiers().map(|identifier| subjects.cached(&subjects.hash(identifier))).collect()
    }

    /// Keeps work away from the subjects thread while nothing can be written,
    /// be it the journal or the subject table: the thread tries by itself.
    fn refuse_unless_ready(&self) -> Result<(), AuditError> {
        match self.inner.sequencer.phase() {
            Phase::Ready => self.inner.standing.cause().map_or(Ok(()), |c| Err(AuditError::unavailable(c))),
            Phase::Failed(cause) => Err(AuditError::unavailable(cause)),
            Phase::Closed => Err(AuditError::Closed),
        }
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, AuditError>>) -> Job,
    ) -> Result<T, AuditError> {
        self.hand_in(job)?.await.unwrap_or(Err(AuditError::Closed))
    }

    /// Hands a job to the subjects thread; its answer comes.
    fn hand_in<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, AuditError>>) -> Job,
    ) -> Result<oneshot::Receiver<Result<T, AuditError>>, AuditError> {
        let (reply, answer) = oneshot::channel();
        self.inner.desk.hand_in(job(reply))?;
        Ok(answer)
    }
}

// === impl Appending ===

impl Appending {
    /// Whether the entry has its place: it will stand in the log, with an
    /// `entry.not_released` behind it if its writing fails.
    pub const fn has_place(&self) -> bool {
        matches!(self.stage, Stage::Pushed(_))
    }

    /// Why it was refused at once, if it was.
    pub const fn refusal(&self) -> Option<&AuditError> {
        match &self.stage {
            Stage::Refused(error) => Some(error),
            Stage::Pushed(_) | Stage::HandedIn(_) => None,
        }
    }

    /// Waits until the entry has its place.
    ///
    /// # Errors
    /// As [`AuditLog::append`]: it never gets one.
    pub async fn placed(self) -> Result<Self, AuditError> {
        let pushed = match self.stage {
            Stage::Pushed(pushed) => pushed,
            Stage::HandedIn(answer) => answer.await.unwrap_or(Err(AuditError::Closed))?,
            Stage::Refused(error) => return Err(error),
        };
        Ok(Self { origin: self.origin, stage: Stage::Pushed(pushed) })
    }
}

/// Ready once the entry is durable, with the errors of [`AuditLog::append`]. Of
/// one's own rather than an `async fn`: everybody who is answered waits in one,
/// and each layer above moves it about.
impl Future for Appending {
    type Output = Result<Receipt, AuditError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let appending = &mut *self;
        loop {
            match &mut appending.stage {
                Stage::Pushed(pushed) => {
                    let committed = ready!(Pin::new(&mut pushed.wait).poll(context));
                    let origin = Arc::clone(&appending.origin);
                    return Poll::Ready(pushed.receipt_of(origin, committed));
                }
                Stage::HandedIn(answer) => {
                    let answer = ready!(Pin::new(answer).poll(context));
                    appending.stage =
                        answer.unwrap_or(Err(AuditError::Closed)).map_or_else(Stage::Refused, Stage::Pushed);
                }
                Stage::Refused(error) => {
                    return Poll::Ready(Err(std::mem::replace(error, AuditError::Closed)));
                }
            }
        }
    }
}

impl std::fmt::Debug for Appending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Appending")
    }
}

// === impl Pushed ===

impl Pushed {
    pub(crate) async fn receipt(mut self, origin: Arc<str>) -> Result<Receipt, AuditError> {
        let committed = (&mut self.wait).await;
        self.receipt_of(origin, committed)
    }

    fn receipt_of(&self, origin: Arc<str>, committed: Committed) -> Result<Receipt, AuditError> {
        committed.map_err(AuditError::unavailable)?;
        Ok(Receipt { origin, index: self.index, leaf_hash: self.leaf_hash, time: self.time })
    }
}

/// How long a search waits for the index to catch up.
const INDEX_WAIT: Duration = Duration::from_secs(2);

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditLog").field("origin", &self.inner.sequencer.origin).finish_non_exhaustive()
    }
}
