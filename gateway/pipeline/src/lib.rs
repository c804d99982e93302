//! The stages of a question, in their order: decide, record the intent, ask
//! the cache or the registry, bind to the dossier, minimise, record the
//! outcome, release.
//!
//! **In scope**: the order of the stages and the answer cache. **Out of scope**:
//! sockets, files, protobuf, the form of configuration files; what a policy
//! says (`motlan-access`); which components a dossier has (`motlan-resolve`).
//!
//! Each stage consumes what the one before produced, and only its own module
//! can make that. What leaves is a [`Sealed`] value: its entry is durable.

mod answer;
mod bind;
mod cache;
mod fetch;
mod ledger;
mod minimise;
mod operate;
mod owed;
mod prepared;
mod quota;
mod read_log;
mod read_range;
mod release;
#[cfg(test)]
mod rig;
mod sealed;
mod spans;
mod stats;
mod tie;
mod watch_log;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motlan_access::{Access, Identity, Permit};
use motlan_api::RegistryAdapter;
use motlan_audit::{AuditLog, Draft};
use motlan_catalogue::Catalogue;
use motlan_domain::dataset::{Dataset, Registry};
use motlan_domain::question::Claim;
use motlan_domain::{CachePolicy, Clock, Outcome, Question, Reason};
use motlan_dossier::Register;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

pub use answer::{Answer, FieldStates, Freshness, Refusal};
pub use cache::NoRandomness;
pub use ledger::{Ledger, draft_actor, entry_caller, entry_decision, entry_evidence, entry_purpose};
pub use prepared::Form;
pub use quota::{Account, QuotaOptions, Rate};
pub use read_log::ReadError;
pub use read_range::{Opened, Opener, Openings};
pub use release::Seen;
pub use sealed::{NotReleased, Sealed, Unrecorded};
pub use watch_log::{Watched, Watching};

use bind::{Binder, Bound};
use cache::AnswerCache;
use fetch::{Found, Inquiry, Sources};
use quota::Quotas;
use stats::Stats;

/// What the pipeline is built from.
pub struct Parts {
    /// Who may ask what.
    pub access: Access,
    /// The audit log.
    pub log: AuditLog,
    /// The dossiers.
    pub register: Register,
    /// The procedures.
    pub catalogue: Arc<Catalogue>,
    /// One adapter per connected registry.
    pub adapters: Vec<Arc<dyn RegistryAdapter>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where fetches, openings and closings run that outlive their caller; the
    /// owner waits for it.
    pub tasks: TaskTracker,
}

/// What an operator may set.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most bytes of answers kept.
    pub cache_bytes: u64,
    /// Cache policies other than the defaults.
    pub policies: BTreeMap<Dataset, CachePolicy>,
    /// Most time for one question to a registry.
    pub deadline: Duration,
    /// How many entries one caller may cause.
    pub quotas: QuotaOptions,
}

/// The pipeline. One per gateway; shared by reference.
pub struct Pipeline {
    access: Access,
    sources: Sources,
    register: Register,
    catalogue: Arc<Catalogue>,
    tasks: TaskTracker,
    watchers: watch_log::Watchers,
}

// === impl Pipeline ===

impl Pipeline {
    /// Builds the pipeline.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(parts: Parts, options: Options) -> Result<Self, NoRandomness> {
        let quotas = Quotas::new(options.quotas, Arc::clone(&parts.clock));
        let cache = AnswerCache::new(options.cache_bytes, parts.clock, parts.tasks.clone())?;
        let adapters: BTreeMap<Registry, Arc<dyn RegistryAdapter>> =
            parts.adapters.into_iter().map(|adapter| (adapter.registry(), adapter)).collect();
        let stats = Stats::new();
        let sources = Sources {
            adapters,
            cache,
            policies: options.policies,
            deadline: options.deadline,
            ledger: Ledger::new(parts.log, quotas, Arc::clone(&stats), parts.tasks.clone()),
            stats,
        };
        let Parts { access, register, catalogue, tasks, .. } = parts;
        let watchers = watch_log::Watchers::default();
        Ok(Self { access, sources, register, catalogue, tasks, watchers })
    }

    /// What stands in the way of taking work; empty when ready. Cheap.
    pub fn obstacles(&self) -> Vec<Reason> {
        let mut obstacles = Vec::new();
        if !self.sources.ledger.log().health().ready {
            obstacles.push(Reason::AuditUnavailable);
        }
        if !self.register.is_ready() {
            obstacles.push(Reason::StoreUnavailable);
        }
        obstacles
    }

    /// Asks one question for the caller itself: the DATA methods.
    ///
    /// # Errors
    /// [`NotReleased::Refused`]: denied, or the registry did not answer, and
    /// that is recorded. [`NotReleased::Unrecorded`]: disclose nothing.
    pub async fn ask(
        &self,
        identity: &Identity,
        question: Question,
    ) -> Result<Sealed<Answer>, NotReleased<Refusal>> {
        let span = spans::question(question.operation);
        let answered = async {
            let permit = match self.access.decide(identity, question).instrument(spans::decide()).await {
                Ok(permit) => permit,
                Err(denial) => return self.sources.ledger.denied(&denial).await,
            };
            self.answer(permit, false, |_| ()).await
        };
        let answered = answered.instrument(span.clone()).await;
        spans::ended(&span, &answered, |(answer, ())| answer.outcome);
        Ok(answered?.map(|(answer, ())| answer))
    }

    /// Asks one question for a component of a dossier, about its subject in
    /// `role`. `look` judges the
    /// permitted fields even where their values may not be told to the caller;
    /// what it returns stays inside the gateway.
    ///
    /// # Errors
    /// As [`Pipeline::ask`].
    pub async fn ask_for_component<T>(
        &self,
        identity: &Identity,
        question: Question,
        role: &str,
        look: impl FnOnce(&Seen<'_>) -> T,
    ) -> Result<Sealed<(Answer, T)>, NotReleased<Refusal>> {
        let span = spans::question(question.operation);
        let answered = async {
            let deciding = self.access.decide_component(identity, question, role);
            let permit = match deciding.instrument(spans::decide()).await {
                Ok(permit) => permit,
                Err(denial) => return self.sources.ledger.denied_component(&denial).await,
            };
            self.answer(permit, true, look).await
        };
        let answered = answered.instrument(span.clone()).await;
        spans::ended(&span, &answered, |(answer, _)| answer.outcome);
        answered
    }

    /// The life of a permitted question.
    async fn answer<T>(
        &self,
        permit: Permit,
        for_component: bool,
        look: impl FnOnce(&Seen<'_>) -> T,
    ) -> Result<Sealed<(Answer, T)>, NotReleased<Refusal>> {
        // From the cache, from a flight under way, or from the registry; a
        // registry is asked only after the intent is durable.
        let binder = Binder { sources: &self.sources, register: &self.register, catalogue: &self.catalogue };
        let mut inquiry = Inquiry::of(&permit);
        let found = match self.find(&binder, &permit, &mut inquiry).await {
            Ok(found) => found,
            Err(refused) => {
                // No answer came: there is nothing to keep back.
                let _ = self.access.settle(&permit, None, None).await;
                return Err(refused);
            }
        };
        // Nothing about a stranger goes on; people the answer ties to its
        // subject in a registered role join the dossier.
        let asking = inquiry.asking;
        let binding = match binder.bind(&permit, &asking, &found).await {
            Ok(binding) => binding,
            Err(refused) => {
                self.settle_refused(&permit, &refused).await;
                return Err(refused);
            }
        };
        let bound = Bound::new(permit, asking, found, binding);
        // A dossier that was closed meanwhile gets nothing any more.
        if let Err(refused) = self.still_open(&bound).await {
            self.settle_refused(&bound.permit, &refused).await;
            return Err(refused);
        }
        // Permitted fields only, or a verdict.
        let policy = self.sources.policy(bound.asking.dataset);
        let release = release::prepare(bound, &policy);
        // One person under two numbers has one set of guesses, for a yes as for a
        // no: told apart once they are used up, the two would be one more guess.
        // Boxed: seldom.
        let holder = if release.is_about_somebody() {
            Box::pin(binder.guessed(release.permit())).await
        } else {
            Ok(release.holder())
        };
        let holder = match holder {
            Ok(holder) => holder,
            // Whose guess it was is not known, so its outcome is not told.
            Err(refused) => {
                let _ = self.access.settle(release.permit(), None, None).await;
                let NotReleased::Refused(sealed) = refused else { return Err(refused) };
                return release.withhold(&self.sources.ledger, sealed.into_value()).await;
            }
        };
        // An attempt that agreed is no guess.
        if let Err(reason) = self.access.settle(release.permit(), Some(release.outcome()), holder).await {
            return release.withhold(&self.sources.ledger, Refusal::of(reason)).await;
        }
        // The outcome is durable before anything leaves.
        release.seal(&self.sources.ledger, for_component, look).await
    }

    /// Asks. A claim about somebody outside the dossier is refused before; the
    /// insurance registry is asked about a person by name and birth date, which
    /// population tells first.
    async fn find(
        &self,
        binder: &Binder<'_>,
        permit: &Permit,
        inquiry: &mut Inquiry<'_>,
    ) -> Result<Found, NotReleased<Refusal>> {
        if let Some(Claim::Enterprise(claim)) = &permit.question().claim
            && let Some(representative) = &claim.representative
            && !permit.may_claim(representative)
        {
            let refusal = Refusal::denied(Reason::SubjectNotInDossier);
            return self.sources.ledger.refused(&inquiry.asking, refusal, None).await;
        }
        if !inquiry.needs_holder() {
            return self.sources.fetch(inquiry).await;
        }
        Box::pin(self.find_by_holder(binder, permit, inquiry)).await
    }

    async fn find_by_holder(
        &self,
        binder: &Binder<'_>,
        permit: &Permit,
        inquiry: &mut Inquiry<'_>,
    ) -> Result<Found, NotReleased<Refusal>> {
        let holder = match binder.holder(permit).await {
            Ok(holder) => holder,
            // The lookup has its own entry; the question gets one too.
            Err(NotReleased::Refused(sealed)) => {
                return self.sources.ledger.refused(&inquiry.asking, sealed.into_value(), None).await;
            }
            Err(unrecorded) => return Err(unrecorded),
        };
        let Some(holder) = holder else {
            // Whom population does not know, nobody can be asked about.
            let registry = inquiry.asking.dataset.registry();
            let refusal = Refusal::unavailable(Reason::SourceIncomplete, registry, None);
            return self.sources.ledger.refused(&inquiry.asking, refusal, None).await;
        };
        inquiry.by_holder(holder.clone());
        let found = self.sources.fetch(inquiry).await?;
        // The registry searched by a name without marks: what it found must be
        // this person's, or it is a stranger's.
        let mut records = found.fetched().into_iter().flat_map(|fetched| &fetched.records);
        if records.all(|record| tie::is_of(record, &holder)) {
            return Ok(found);
        }
        let refusal = Refusal::denied(Reason::OwnerNotInDossier);
        self.sources.ledger.refused(&inquiry.asking, refusal, Some(found.provenance())).await
    }

    /// That the answer shows no tie tells something; that nobody answered, or
    /// that nothing could be recorded, does not.
    async fn settle_refused(&self, permit: &Permit, refused: &NotReleased<Refusal>) {
        let told =
            matches!(refused, NotReleased::Refused(sealed) if sealed.value().outcome == Outcome::Denied);
        // The refusal goes out either way; an attempt that cannot be given back
        // stays counted, the safe side.
        let _ = self.access.settle(permit, told.then_some(Outcome::Mismatch), None).await;
    }

    async fn still_open(&self, bound: &Bound) -> Result<(), NotReleased<Refusal>> {
        let Some(dossier) = bound.dossier() else { return Ok(()) };
        match self.register.get(&dossier.code).await {
            Ok(Some(now)) if now.is_open() => Ok(()),
            Ok(_) => {
                let refusal = Refusal::denied(Reason::DossierClosed);
                self.sources.ledger.refused(&bound.asking, refusal, Some(bound.found.provenance())).await
            }
            Err(error) => {
                let refusal = Refusal::of(error.reason());
                self.sources.ledger.refused(&bound.asking, refusal, Some(bound.found.provenance())).await
            }
        }
    }

    /// Records a draft and hands out the value it is about.
    ///
    /// # Errors
    /// When the log could not be written: disclose nothing.
    pub async fn seal<T>(&self, draft: Draft, value: T) -> Result<Sealed<T>, Unrecorded> {
        Ok(Sealed::new(value, self.sources.ledger.write(draft).await?, None))
    }

    /// As [`seal`](Self::seal), with a commitment to what is handed out:
    /// `canonical` is its RFC 8785 form without the receipt.
    ///
    /// # Errors
    /// When the log could not be written: disclose nothing.
    pub async fn seal_committed<T>(
        &self,
        mut draft: Draft,
        canonical: &[u8],
        value: T,
    ) -> Result<Sealed<T>, Unrecorded> {
        let (mac, key) = ledger::commit(canonical)?;
        draft.commitment = Some((mac, key.clone()));
        Ok(Sealed::new(value, self.sources.ledger.write(draft).await?, Some(key)))
    }

    /// The account of whoever shows that leaf certificate (DER).
    pub fn account(&self, leaf: &[u8]) -> Option<Arc<Account>> {
        let who = match self.access.caller(leaf) {
            Ok(caller) => Some(entry_caller(&caller)),
            Err(denial) => ledger::unknown_caller(&denial),
        };
        self.ledger().account(&who?)
    }

    /// The ledger, for operations that are no data question.
    pub const fn ledger(&self) -> &Ledger {
        &self.sources.ledger
    }

    /// Who may ask what.
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// The procedures.
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The dossiers.
    pub const fn register(&self) -> &Register {
        &self.register
    }
}
