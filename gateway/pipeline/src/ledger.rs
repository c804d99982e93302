//! What the stages write into the audit log.
//!
//! The one place that turns a permit or a denial into a draft entry, so that
//! no stage can leave out who, why, on what decision; and the one place that
//! counts what each caller has the log write (`quota.rs`).

mod asking;
mod denied;
mod parts;
mod writing;

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::{self, BoxFuture, Either};
use motlan_access::Denial;
use motlan_audit::{AuditLog, Draft, DraftSubject, Identifier, Receipt};
use motlan_audit_tree::entry::{Caller as EntryCaller, Effect, Fields};
use motlan_audit_tree::{CommitmentKey, Kind, Mac, Text};
use motlan_domain::dataset::FieldSet;
use motlan_domain::{CacheState, Fetched, Outcome, Reason, SubjectKey};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::answer::{Answer, Refusal};
use crate::fetch::Found;
use crate::owed::Owed;
use crate::quota::{Account, Quotas};
use crate::sealed::{NotReleased, Sealed, Unrecorded};
use crate::stats::Stats;

pub(crate) use asking::Asking;
use denied::denial_draft;
use parts::{attach_source, names, strangers};
pub(crate) use parts::{commit, entry_outcome, unknown_caller};
pub use parts::{draft_actor, entry_caller, entry_decision, entry_evidence, entry_purpose};
use writing::{Left, Writing};

/// Writes entries for the stages.
#[derive(Clone)]
pub struct Ledger {
    log: AuditLog,
    stats: Arc<Stats>,
    quotas: Arc<Quotas>,
    /// Where writing goes on for which nobody needs to wait.
    tasks: TaskTracker,
    /// Outcomes of questions given up that have no place in the log yet: as
    /// many at most as questions were with a registry when the log failed.
    left: Arc<Mutex<Vec<Left>>>,
}

/// Where an answer came from, for its entry.
#[derive(Clone, Copy)]
pub(crate) struct Provenance<'a> {
    pub(crate) state: CacheState,
    /// The intent under which it was fetched.
    pub(crate) fetched_by: u64,
    pub(crate) fetched: Option<&'a Fetched>,
    pub(crate) upstream: &'a [String],
    /// For whoever it was fetched for: what the log is owed.
    pub(crate) owed: Option<&'a Arc<Owed>>,
}

// === impl Ledger ===

impl Ledger {
    /// Over this log, with these accounts; what is recorded as denied is counted.
    pub(crate) fn new(log: AuditLog, quotas: Quotas, stats: Arc<Stats>, tasks: TaskTracker) -> Self {
        Self { log, quotas: Arc::new(quotas), stats, tasks, left: Arc::default() }
    }

    /// The log itself, for its readers.
    pub const fn log(&self) -> &AuditLog {
        &self.log
    }

    /// Appends a draft, booked on the account of the caller it names. Begun
    /// with the call, it runs to its end.
    ///
    /// # Errors
    /// [`Unrecorded`]: nothing may be released.
    pub fn write(&self, draft: Draft) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        self.write_booked(self.quotas.book(&draft, false), draft)
    }

    /// As [`write`](Self::write), of work that was admitted and is to finish.
    fn write_admitted(
        &self,
        draft: Draft,
    ) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        self.write_booked(self.quotas.book(&draft, true), draft)
    }

    fn write_booked(
        &self,
        booked: Result<(), Unrecorded>,
        draft: Draft,
    ) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        match booked {
            Ok(()) => Either::Right(self.begin(draft)),
            Err(unrecorded) => Either::Left(future::ready(Err(unrecorded))),
        }
    }

    /// The account of a caller.
    pub(crate) fn account(&self, who: &EntryCaller) -> Option<Arc<Account>> {
        self.quotas.of(who)
    }

    /// Records what could not be recorded at once, until stopped, and once more
    /// then: what was refused beyond the quotas, one entry per caller, reason
    /// and interval, and the outcomes of questions given up while the log could
    /// not be written.
    ///
    /// Cancellation: by `stopped` only. Failure: what cannot be written is tried
    /// again in the next interval; an outcome that is left at the end is written
    /// at the next start.
    pub async fn catch_up(&self, stopped: CancellationToken) {
        loop {
            let last = tokio::select! {
                () = stopped.cancelled() => true,
                () = tokio::time::sleep(self.quotas.aggregate_every()) => false,
            };
            self.close_left().await;
            for beyond in self.quotas.collect() {
                if self.begin(beyond.draft()).await.is_err() {
                    beyond.put_back();
                }
            }
            if last {
                return;
            }
        }
    }

    fn begin(&self, draft: Draft) -> Writing {
        Writing::begin(&self.log, &self.stats, draft)
    }

    /// Writes how a question ended. Where a registry was asked for it, this is
    /// what the log is owed for that.
    fn conclude(
        &self,
        draft: Draft,
        owed: Option<&Arc<Owed>>,
    ) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        match owed {
            None => Either::Left(self.write(draft)),
            Some(owed) => Either::Right(self.settle(draft, Arc::clone(owed))),
        }
    }

    /// The debt is settled when the outcome has its place, and not before: until
    /// then it may still be refused, and nobody may be waiting to see it.
    fn settle(&self, draft: Draft, owed: Arc<Owed>) -> BoxFuture<'static, Result<Receipt, Unrecorded>> {
        if let Err(unrecorded) = self.quotas.book(&draft, true) {
            return future::ready(Err(unrecorded)).boxed();
        }
        let writing = self.begin(draft);
        if writing.has_place() {
            owed.settled();
            return writing.boxed();
        }
        let placing = async move {
            let writing = writing.placed().await?;
            owed.settled();
            writing.await
        };
        self.tasks.spawn(placing).map(|ended| ended.unwrap_or(Err(Unrecorded::Unavailable))).boxed()
    }

    /// Writes the outcome of a question that nobody waits for. What the log does
    /// not take now is written when it does.
    pub(crate) fn close(&self, draft: Draft) {
        if self.quotas.book(&draft, true).is_err() {
            return;
        }
        let left = Left::begin(&self.log, draft);
        if let Some(left) = left {
            self.left.lock().push(left);
        }
    }

    /// Outcomes of questions given up that the log has not taken yet.
    #[cfg(test)]
    pub(crate) fn owing(&self) -> usize {
        self.left.lock().len()
    }

    async fn close_left(&self) {
        let left = std::mem::take(&mut *self.left.lock());
        for left in left {
            if let Some(left) = left.again(&self.log).await {
                self.left.lock().push(left);
            }
        }
    }

    /// Before a registry is asked under this permit.
    pub(crate) async fn intent(&self, asking: &Asking, upstream_id: &str) -> Result<u64, Unrecorded> {
        let mut draft = asking.undisclosed(Kind::AccessIntent);
        draft.upstream = vec![Text::new(upstream_id)];
        Ok(self.write(draft).await?.index)
    }

    /// A denial of a data question, before any registry was asked.
    pub(crate) async fn denied<T>(&self, denial: &Denial) -> Result<T, NotReleased<Refusal>> {
        let trace = denial.question().map(|question| question.trace.id()).unwrap_or_default();
        self.denied_in(denial, trace).await
    }

    /// The same for a component: part of a resolve that was admitted.
    pub(crate) async fn denied_component<T>(&self, denial: &Denial) -> Result<T, NotReleased<Refusal>> {
        let trace = denial.question().map(|question| question.trace.id()).unwrap_or_default();
        Err(told(Refusal::of(denial.reason()), self.write_admitted(denial_draft(denial, trace)).await))
    }

    /// A denial in the call of that trace.
    pub(crate) async fn denied_in<T>(&self, denial: &Denial, trace: &str) -> Result<T, NotReleased<Refusal>> {
        Err(told(Refusal::of(denial.reason()), self.write(denial_draft(denial, trace)).await))
    }

    /// A refusal after the permit: the registry failed, or its answer shows no
    /// tie to the dossier.
    pub(crate) async fn refused<T>(
        &self,
        asking: &Asking,
        refusal: Refusal,
        from: Option<Provenance<'_>>,
    ) -> Result<T, NotReleased<Refusal>> {
        // Boxed: seldom, and everything that might be refused would have room for it.
        Err(Box::pin(self.refuse(asking, refusal, from)).await)
    }

    async fn refuse(
        &self,
        asking: &Asking,
        refusal: Refusal,
        from: Option<Provenance<'_>>,
    ) -> NotReleased<Refusal> {
        let mut draft = asking.undisclosed(Kind::AccessOutcome);
        draft.outcome = Some(entry_outcome(refusal.outcome));
        draft.reason = Some(Text::new_static(refusal.reason.code()));
        if refusal.outcome == Outcome::Denied
            && let Some(decision) = &mut draft.decision
        {
            // The policies permitted; what the answer shows, or what came
            // between, did not.
            let demanded = refusal.reason == Reason::OwnerNotInDossier;
            decision.effect = Effect::Deny;
            decision.policies =
                demanded.then_some(Text::new_static("catalogue.link_required")).into_iter().collect();
        }
        let strangers = strangers(from.as_ref(), &refusal);
        let owed = attach_source(&mut draft, asking.dataset.registry(), from);
        let alone = (!strangers.is_empty()).then(|| Box::new(draft.clone()));
        draft.subjects.extend(strangers);
        let written = match (self.conclude(draft, owed).await, alone) {
            // More people than an entry can name: the refusal stands without them.
            (Err(Unrecorded::TooLong), Some(alone)) => self.conclude(*alone, owed).await,
            (written, _) => written,
        };
        told(refusal, written)
    }

    /// An answer about more people than one entry can name is not told; the
    /// entry that says so is about whom was asked about alone.
    async fn too_many<T>(&self, asking: &Asking, from: Provenance<'_>) -> Result<T, NotReleased<Refusal>> {
        let registry = asking.dataset.registry();
        tracing::warn!(registry = registry.as_str(), "an answer names more people than an entry can");
        let refusal = Refusal::unavailable(Reason::SourceMalformed, registry, None);
        self.refused(asking, refusal, Some(from)).await
    }

    /// A lookup for a tie alone: what was found is disclosed to nobody.
    pub(crate) async fn looked(&self, asking: &Asking, found: &Found) -> Result<Receipt, Unrecorded> {
        let mut draft = asking.undisclosed(Kind::AccessOutcome);
        draft.outcome = found.fetched().map(|fetched| entry_outcome(fetched.outcome()));
        let owed = attach_source(&mut draft, asking.dataset.registry(), Some(found.provenance()));
        self.conclude(draft, owed).await
    }

    /// An answer that only a component's decision rests on: the gateway read it,
    /// and this entry tells nobody anything. What the decision discloses stands
    /// in its own entry.
    pub(crate) async fn considered(
        &self,
        asking: &Asking,
        answer: &Answer,
        people: Vec<DraftSubject>,
        from: Provenance<'_>,
    ) -> Result<Receipt, NotReleased<Refusal>> {
        let mut draft = asking.draft(Kind::AccessOutcome);
        draft.fields = Some(Fields { asked: names(asking.fields, asking.dataset), disclosed: Vec::new() });
        draft.subjects = people;
        draft.outcome = Some(entry_outcome(answer.outcome));
        draft.reason = answer.incomplete.map(|cause| Text::new_static(cause.as_str()));
        let owed = attach_source(&mut draft, asking.dataset.registry(), Some(from));
        match self.conclude(draft, owed).await {
            Err(Unrecorded::TooLong) => self.too_many(asking, from).await,
            written => written.map_err(NotReleased::Unrecorded),
        }
    }

    /// An answer, with the commitment to it: to `canonical`, its canonical
    /// form. `people` are those the entry is about.
    pub(crate) async fn answered(
        &self,
        asking: &Asking,
        answer: &Answer,
        canonical: &[u8],
        people: Vec<DraftSubject>,
        from: Provenance<'_>,
    ) -> Result<Sealed<()>, NotReleased<Refusal>> {
        let (mac, key) = commit(canonical).map_err(NotReleased::Unrecorded)?;
        let told = answer_draft(asking, answer, people, (mac, key.clone()));
        match self.conclude_from(asking, told, from).await {
            Ok(receipt) => Ok(Sealed::new((), receipt, Some(key))),
            Err(Unrecorded::TooLong) => self.too_many(asking, from).await,
            Err(unrecorded) => Err(NotReleased::Unrecorded(unrecorded)),
        }
    }

    fn conclude_from(
        &self,
        asking: &Asking,
        mut draft: Draft,
        from: Provenance<'_>,
    ) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        let owed = attach_source(&mut draft, asking.dataset.registry(), Some(from));
        self.conclude(draft, owed)
    }
}

/// The entry of an answer. In a function of its own: what is put together
/// across a wait is carried along until it ends.
fn answer_draft(
    asking: &Asking,
    answer: &Answer,
    people: Vec<DraftSubject>,
    commitment: (Mac, CommitmentKey),
) -> Draft {
    let mut draft = asking.draft(Kind::AccessOutcome);
    let disclosed = if answer.records.is_empty() { FieldSet::EMPTY } else { answer.fields.present };
    draft.fields = Some(Fields {
        asked: names(asking.fields, asking.dataset),
        disclosed: names(disclosed, asking.dataset),
    });
    draft.subjects = people;
    draft.outcome = Some(entry_outcome(answer.outcome));
    let assurance = answer.verdict.as_ref().and_then(|verdict| verdict.assurance);
    draft.assurance = assurance.map(|assurance| Text::new_static(assurance.as_str()));
    draft.reason = answer.incomplete.map(|cause| Text::new_static(cause.as_str()));
    draft.commitment = Some(commitment);
    draft
}

/// What a refusal comes to once it is written.
fn told(refusal: Refusal, written: Result<Receipt, Unrecorded>) -> NotReleased<Refusal> {
    match written {
        Ok(receipt) => NotReleased::Refused(Sealed::new(refusal, receipt, None)),
        Err(unrecorded) => NotReleased::Unrecorded(unrecorded),
    }
}

pub(crate) fn subject(key: &SubjectKey, role: &str) -> DraftSubject {
    DraftSubject { identifier: Identifier::from(key), role: Text::new(role) }
}

#[cfg(test)]
mod tests;
