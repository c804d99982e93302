//! What the stages write into the audit log.
//!
//! The one place that turns a permit or a denial into a draft entry, so that
//! no stage can leave out who, why, on what decision; and the one place that
//! counts what each caller has the log write (`quota.rs`).

mod parts;

use std::sync::Arc;

use motlan_access::{Denial, Permit};
use motlan_audit::{AuditError, AuditLog, Draft, DraftSubject, Identifier, Receipt};
use motlan_audit_tree::entry::{Caller as EntryCaller, Effect, Fields, Purpose as EntryPurpose};
use motlan_audit_tree::{EntryError, Kind, Outcome as EntryOutcome, Text};
use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::{CacheState, Fetched, Outcome, Reason, SubjectKey};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::answer::{Answer, Refusal};
use crate::fetch::Found;
use crate::quota::{Account, Quotas};
use crate::sealed::{NotReleased, Sealed, Unrecorded};
use crate::spans;
use crate::stats::{self, Stats};

use parts::{attach_source, entry_outcome, names, strangers};
pub(crate) use parts::{commit, unknown_caller};
pub use parts::{draft_actor, entry_caller, entry_decision, entry_evidence, entry_purpose};

/// Writes entries for the stages.
#[derive(Clone)]
pub struct Ledger {
    log: AuditLog,
    stats: Arc<Stats>,
    quotas: Arc<Quotas>,
}

/// Where an answer came from, for its entry.
#[derive(Clone, Copy)]
pub(crate) struct Provenance<'a> {
    pub(crate) state: CacheState,
    /// The intent under which it was fetched.
    pub(crate) fetched_by: u64,
    pub(crate) fetched: Option<&'a Fetched>,
    pub(crate) upstream: &'a [String],
}

// === impl Ledger ===

impl Ledger {
    /// Over this log, with these accounts; what is recorded as denied is counted.
    pub(crate) fn new(log: AuditLog, quotas: Quotas, stats: Arc<Stats>) -> Self {
        Self { log, quotas: Arc::new(quotas), stats }
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
        let begun = self.quotas.book(&draft, false).map(|()| self.append(draft));
        async move { begun?.await }
    }

    /// As [`write`](Self::write), of work that was admitted and is to finish.
    fn write_admitted(
        &self,
        draft: Draft,
    ) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        let begun = self.quotas.book(&draft, true).map(|()| self.append(draft));
        async move { begun?.await }
    }

    /// The account of a caller.
    pub(crate) fn account(&self, who: &EntryCaller) -> Option<Arc<Account>> {
        self.quotas.of(who)
    }

    /// Records what was refused beyond the quotas, one entry per caller, reason
    /// and interval, until stopped, and once more then.
    ///
    /// Cancellation: by `stopped` only. Failure: a count that cannot be written
    /// is counted again in the next interval.
    pub async fn record_refusals(&self, stopped: CancellationToken) {
        loop {
            let last = tokio::select! {
                () = stopped.cancelled() => true,
                () = tokio::time::sleep(self.quotas.aggregate_every()) => false,
            };
            for beyond in self.quotas.collect() {
                if self.append(beyond.draft()).await.is_err() {
                    beyond.put_back();
                }
            }
            if last {
                return;
            }
        }
    }

    fn append(&self, draft: Draft) -> impl Future<Output = Result<Receipt, Unrecorded>> + Send + use<> {
        let (denial, span) = (stats::denial(&draft), spans::record(draft.kind));
        let trace = (!span.is_disabled()).then(|| draft.trace.clone()).flatten();
        // Begun here, so that who waits does not carry the draft along.
        let begun = span.in_scope(|| self.log.begin(draft));
        let stats = Arc::clone(&self.stats);
        async move {
            let receipt = begun.receipt().instrument(span).await.map_err(|error| {
                let cause = &error as &dyn std::error::Error;
                tracing::warn!(error = cause, trace_id = trace.as_deref(), "an audit entry was not written");
                match error {
                    AuditError::Overloaded { retry_after } => Unrecorded::Overloaded { retry_after },
                    AuditError::Rejected(EntryError::TooLong) => Unrecorded::TooLong,
                    _ => Unrecorded::Unavailable,
                }
            })?;
            stats.recorded(denial);
            Ok(receipt)
        }
    }

    /// Before a registry is asked under this permit.
    pub(crate) async fn intent(&self, asking: &Asking, upstream_id: &str) -> Result<u64, Unrecorded> {
        let mut draft = asking.draft(Kind::AccessIntent);
        draft.fields = Some(Fields { asked: names(asking.fields, asking.dataset), disclosed: Vec::new() });
        draft.subjects = vec![subject(&asking.subject, &asking.role)];
        draft.upstream = vec![Text::Owned(upstream_id.to_owned())];
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
        let mut draft = asking.draft(Kind::AccessOutcome);
        draft.fields = Some(Fields { asked: names(asking.fields, asking.dataset), disclosed: Vec::new() });
        draft.subjects = vec![subject(&asking.subject, &asking.role)];
        draft.outcome = Some(entry_outcome(refusal.outcome));
        draft.reason = Some(Text::Borrowed(refusal.reason.code()));
        if refusal.outcome == Outcome::Denied
            && let Some(decision) = &mut draft.decision
        {
            // The policies permitted; what the answer shows, or what came
            // between, did not.
            let demanded = refusal.reason == Reason::OwnerNotInDossier;
            decision.effect = Effect::Deny;
            decision.policies =
                demanded.then_some(Text::Borrowed("catalogue.link_required")).into_iter().collect();
        }
        let strangers = strangers(from.as_ref(), &refusal);
        attach_source(&mut draft, asking.dataset.registry(), from);
        let alone = (!strangers.is_empty()).then(|| Box::new(draft.clone()));
        draft.subjects.extend(strangers);
        let written = match (self.write(draft).await, alone) {
            // More people than an entry can name: the refusal stands without them.
            (Err(Unrecorded::TooLong), Some(alone)) => self.write(*alone).await,
            (written, _) => written,
        };
        Err(told(refusal, written))
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
        let mut draft = asking.draft(Kind::AccessOutcome);
        draft.fields = Some(Fields { asked: names(asking.fields, asking.dataset), disclosed: Vec::new() });
        draft.subjects = vec![subject(&asking.subject, &asking.role)];
        draft.outcome = found.fetched().map(|fetched| entry_outcome(fetched.outcome()));
        attach_source(&mut draft, asking.dataset.registry(), Some(found.provenance()));
        self.write(draft).await
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
        draft.reason = answer.incomplete.map(|cause| Text::Borrowed(cause.as_str()));
        attach_source(&mut draft, asking.dataset.registry(), Some(from));
        match self.write(draft).await {
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
        let mut draft = asking.draft(Kind::AccessOutcome);
        let disclosed = if answer.records.is_empty() { FieldSet::EMPTY } else { answer.fields.present };
        draft.fields = Some(Fields {
            asked: names(asking.fields, asking.dataset),
            disclosed: names(disclosed, asking.dataset),
        });
        draft.subjects = people;
        draft.outcome = Some(entry_outcome(answer.outcome));
        draft.assurance = answer
            .verdict
            .as_ref()
            .and_then(|verdict| verdict.assurance)
            .map(|assurance| Text::Borrowed(assurance.as_str()));
        draft.reason = answer.incomplete.map(|cause| Text::Borrowed(cause.as_str()));
        draft.commitment = Some((mac, key.clone()));
        attach_source(&mut draft, asking.dataset.registry(), Some(from));
        match self.write(draft).await {
            Ok(receipt) => Ok(Sealed::new((), receipt, Some(key))),
            Err(Unrecorded::TooLong) => self.too_many(asking, from).await,
            Err(unrecorded) => Err(NotReleased::Unrecorded(unrecorded)),
        }
    }
}

/// What every entry about one permitted question says: taken from the permit
/// once, owned, so that a fetch in a task of its own can write its intent.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) dataset: Dataset,
    pub(crate) fields: FieldSet,
    pub(crate) subject: SubjectKey,
    pub(crate) role: Arc<str>,
    template: Arc<Draft>,
}

// === impl Asking ===

impl Asking {
    /// From the permit of the question itself.
    pub(crate) fn of(permit: &Permit) -> Self {
        let question = permit.question();
        let template = permit_draft(permit, question.operation.as_str());
        Self {
            dataset: question.operation.dataset(),
            fields: permit.fields(),
            subject: question.subject.clone(),
            role: permit.role().unwrap_or("subject").into(),
            template: Arc::new(template),
        }
    }

    /// For a lookup the gateway makes to find the tie between an answer and the
    /// people of the dossier; nothing of it is disclosed. It rests on the
    /// catalogue, which demands the tie for the subject's role, and on no policy.
    pub(crate) fn tie(permit: &Permit, dataset: Dataset, subject: SubjectKey, fields: FieldSet) -> Self {
        let mut template = permit_draft(permit, "find_tie");
        if let Some(decision) = &mut template.decision {
            decision.policies = vec![Text::Borrowed("catalogue.link_required")];
        }
        Self { dataset, fields, subject, role: "tie".into(), template: Arc::new(template) }
    }

    /// For a lookup the gateway makes to learn whose guess it was; nothing of it
    /// is disclosed. It rests on what permitted the question.
    pub(crate) fn guess(permit: &Permit, dataset: Dataset, fields: FieldSet) -> Self {
        let template = permit_draft(permit, "count_guess");
        let subject = permit.question().subject.clone();
        let role = permit.role().unwrap_or("subject").into();
        Self { dataset, fields, subject, role, template: Arc::new(template) }
    }

    fn draft(&self, kind: Kind) -> Draft {
        let mut draft = Draft::clone(&self.template);
        draft.kind = kind;
        draft.dataset = Some(Text::Borrowed(self.dataset.as_str()));
        draft
    }
}

/// What a refusal comes to once it is written.
fn told(refusal: Refusal, written: Result<Receipt, Unrecorded>) -> NotReleased<Refusal> {
    match written {
        Ok(receipt) => NotReleased::Refused(Sealed::new(refusal, receipt, None)),
        Err(unrecorded) => NotReleased::Unrecorded(unrecorded),
    }
}

fn permit_draft(permit: &Permit, operation: &'static str) -> Draft {
    let mut draft = Draft::new(Kind::AccessOutcome);
    draft.trace = Some(Text::Owned(permit.question().trace.id().to_owned()));
    draft.operation = Some(Text::Borrowed(operation));
    draft.caller = Some(entry_caller(permit.caller()));
    draft.actor = Some(draft_actor(permit.actor()));
    draft.purpose = Some(entry_purpose(&permit.question().purpose));
    if let Some(dossier) = permit.dossier() {
        draft.evidence = Some(entry_evidence(dossier.evidence));
        draft.procedure = Some(Text::Owned(dossier.procedure.as_str().to_owned()));
        draft.case = Some(Text::Owned(dossier.case.clone()));
    }
    draft.legal_basis = permit.legal_basis().iter().map(|basis| Text::Owned(basis.clone())).collect();
    draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
    draft
}

pub(crate) fn subject(key: &SubjectKey, role: &str) -> DraftSubject {
    DraftSubject { identifier: Identifier::from(key), role: Text::Owned(role.to_owned()) }
}

/// The entry of a denial: what is known of who asked what. A call that did not
/// get as far as a caller is a refused credential; one that could not be
/// decided on for a fault of the gateway's own is no denial.
fn denial_draft(denial: &Denial, trace: &str) -> Draft {
    let (kind, outcome) = match denial.actor() {
        Some(_) if denial.is_failure() => (Kind::AccessOutcome, EntryOutcome::Failed),
        None if denial.is_failure() => (Kind::CredentialRefused, EntryOutcome::Failed),
        None => (Kind::CredentialRefused, EntryOutcome::Denied),
        Some(_) => (Kind::AccessDenied, EntryOutcome::Denied),
    };
    let mut draft = Draft::new(kind);
    draft.trace = (!trace.is_empty()).then(|| Text::Owned(trace.to_owned()));
    draft.operation = denial.operation().map(Text::Borrowed);
    draft.caller = denial.caller().map(entry_caller).or_else(|| unknown_caller(denial));
    draft.actor = denial.actor().map(draft_actor);
    draft.outcome = Some(outcome);
    draft.reason = Some(Text::Borrowed(denial.reason().code()));
    let decided = denial.basis().filter(|_| !denial.is_failure());
    draft.decision = decided.map(|basis| entry_decision(basis, Effect::Deny));
    // As the caller gave it: which foreign dossier was tried is to be seen.
    let asked = denial.asked_dossier().map(|code| Text::Owned(code.as_str().to_owned()));
    draft.purpose = asked.map(EntryPurpose::Dossier);
    if let Some(question) = denial.question() {
        let dataset = question.operation.dataset();
        draft.dataset = Some(Text::Borrowed(dataset.as_str()));
        draft.fields = Some(Fields { asked: names(question.fields, dataset), disclosed: Vec::new() });
        draft.purpose = Some(entry_purpose(&question.purpose));
        draft.subjects = vec![subject(&question.subject, denial.role().unwrap_or("subject"))];
    }
    if let Some(dossier) = denial.dossier() {
        draft.purpose = Some(EntryPurpose::Dossier(Text::Owned(dossier.code.as_str().to_owned())));
        draft.evidence = Some(entry_evidence(dossier.evidence));
        draft.procedure = Some(Text::Owned(dossier.procedure.as_str().to_owned()));
        draft.case = Some(Text::Owned(dossier.case.clone()));
    }
    draft
}

#[cfg(test)]
mod tests;
