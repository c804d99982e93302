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
mod read_log;
mod release;
mod sealed;
mod tie;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motlan_access::{Access, Identity, Permit};
use motlan_api::RegistryAdapter;
use motlan_audit::{AuditLog, Draft};
use motlan_catalogue::Catalogue;
use motlan_domain::dataset::{Dataset, Registry};
use motlan_domain::{CachePolicy, Clock, Question};
use motlan_dossier::Register;
use tokio_util::task::TaskTracker;

pub use answer::{Answer, FieldStates, Freshness, Refusal};
pub use cache::NoRandomness;
pub use ledger::{Ledger, draft_actor, entry_caller, entry_decision, entry_evidence, entry_purpose};
pub use read_log::ReadError;
pub use release::Seen;
pub use sealed::{NotReleased, Sealed, Unrecorded};

use bind::Binder;
use cache::AnswerCache;
use fetch::{Inquiry, Sources};

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
    /// Where fetches run that outlive their caller; the owner waits for it.
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
}

/// The pipeline. One per gateway; shared by reference.
pub struct Pipeline {
    access: Access,
    sources: Sources,
    register: Register,
    catalogue: Arc<Catalogue>,
}

// === impl Pipeline ===

impl Pipeline {
    /// Builds the pipeline.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(parts: Parts, options: Options) -> Result<Self, NoRandomness> {
        let cache = AnswerCache::new(options.cache_bytes, parts.clock, parts.tasks)?;
        let adapters: BTreeMap<Registry, Arc<dyn RegistryAdapter>> =
            parts.adapters.into_iter().map(|adapter| (adapter.registry(), adapter)).collect();
        let sources = Sources {
            adapters,
            cache,
            policies: options.policies,
            deadline: options.deadline,
            ledger: Ledger::new(parts.log),
        };
        Ok(Self { access: parts.access, sources, register: parts.register, catalogue: parts.catalogue })
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
        let permit = match self.access.decide(identity, question).await {
            Ok(permit) => permit,
            Err(denial) => return self.sources.ledger.denied(&denial).await,
        };
        let answered = self.answer(permit, |_| ()).await?;
        Ok(answered.map(|(answer, ())| answer))
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
        let permit = match self.access.decide_component(identity, question, role).await {
            Ok(permit) => permit,
            Err(denial) => return self.sources.ledger.denied(&denial).await,
        };
        self.answer(permit, look).await
    }

    /// The life of a permitted question.
    async fn answer<T>(
        &self,
        permit: Permit,
        look: impl FnOnce(&Seen<'_>) -> T,
    ) -> Result<Sealed<(Answer, T)>, NotReleased<Refusal>> {
        // From the cache, from a flight under way, or from the registry; a
        // registry is asked only after the intent is durable.
        let inquiry = Inquiry::of(&permit);
        let found = match self.sources.fetch(&inquiry).await {
            Ok(found) => found,
            Err(refused) => {
                self.access.settle(&permit, None).await;
                return Err(refused);
            }
        };
        // Nothing about a stranger goes on; people the answer ties to its
        // subject in a registered role join the dossier.
        let binder = Binder { sources: &self.sources, register: &self.register, catalogue: &self.catalogue };
        let asking = inquiry.asking;
        let bound = binder.bind(permit, asking, found).await?;
        // Permitted fields only, or a verdict.
        let policy = self.sources.policy(bound.asking.dataset);
        let release = release::prepare(bound, &policy);
        // An attempt that agreed is no guess.
        self.access.settle(release.permit(), Some(release.outcome())).await;
        // The outcome is durable before anything leaves.
        release.seal(&self.sources.ledger, look).await
    }

    /// Records a draft and hands out the value it is about.
    ///
    /// # Errors
    /// When the log could not be written: disclose nothing.
    pub async fn seal<T>(&self, draft: Draft, value: T) -> Result<Sealed<T>, Unrecorded> {
        Ok(Sealed::new(value, self.sources.ledger.write(draft).await?, None))
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
