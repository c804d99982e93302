//! The stage that asks: the cache first, then the registry, never without a
//! durable intent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use motlan_access::{OnBehalf, Permit};
use motlan_api::{Ask, Holder, RegistryAdapter, Reply, Want};
use motlan_domain::dataset::{Dataset, FieldSet, Registry};
use motlan_domain::question::Claim;
use motlan_domain::{CachePolicy, CacheScope, CacheState, Fetched, Operation, Reason, SubjectKey};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::answer::Refusal;
use crate::cache::{AnswerCache, CacheKey, Fetch, Flown, Kept};
use crate::ledger::{Asking, Ledger, Provenance};
use crate::minimise::{Allowance, Minimal, minimise};
use crate::owed::Owed;
use crate::prepared::Memo;
use crate::sealed::NotReleased;
use crate::spans;
use crate::stats::{Ended, Stats};

/// The adapters, the cache and what bounds them.
pub(crate) struct Sources {
    pub(crate) adapters: BTreeMap<Registry, Arc<dyn RegistryAdapter>>,
    pub(crate) cache: AnswerCache,
    pub(crate) policies: BTreeMap<Dataset, CachePolicy>,
    pub(crate) deadline: Duration,
    pub(crate) ledger: Ledger,
    pub(crate) stats: Arc<Stats>,
}

/// What a registry said to a permitted question.
pub(crate) struct Found {
    reply: Arc<Reply>,
    /// Of an answer given again.
    memo: Option<Arc<Memo>>,
    state: CacheState,
    fetched_by: u64,
    age: Duration,
    /// Where a registry was asked for this question: what the log is owed.
    owed: Option<Arc<Owed>>,
}

/// One permitted question to a registry.
pub(crate) struct Inquiry<'a> {
    pub(crate) permit: &'a Permit,
    pub(crate) asking: Asking,
    pub(crate) want: Want,
    pub(crate) max_age: Option<Duration>,
}

// === impl Sources ===

impl Sources {
    /// The cache policy of a dataset.
    pub(crate) fn policy(&self, dataset: Dataset) -> CachePolicy {
        self.policies.get(&dataset).copied().unwrap_or_else(|| CachePolicy::default_for(dataset))
    }

    /// Serves the inquiry from the cache or a flight under way, or asks.
    pub(crate) async fn fetch(&self, inquiry: &Inquiry<'_>) -> Result<Found, NotReleased<Refusal>> {
        let registry = inquiry.asking.dataset.registry();
        let Some(adapter) = self.adapters.get(&registry) else {
            let refusal = Refusal::unavailable(Reason::SourceNotConnected, registry, None);
            return self.ledger.refused(&inquiry.asking, refusal, None).await;
        };
        let policy = self.policy(inquiry.asking.dataset);
        let apart = adapter.fetched_apart(inquiry.asking.dataset);
        let key = self.key(inquiry, policy.scope, apart);
        let fresh = key.as_ref().and_then(|key| self.cache.fresh(key, &policy, inquiry.max_age));
        if let Some(kept) = fresh {
            spans::fetch(inquiry.asking.dataset).record("motlan.cache.state", CacheState::Hit.as_str());
            self.stats.served(inquiry.asking.dataset, CacheState::Hit);
            return Ok(self.found(kept, CacheState::Hit, None));
        }
        // Boxed: a hit, which most are, need not have room for all that follows.
        self.seek(inquiry, adapter, key, &policy).boxed().await
    }

    async fn seek(
        &self,
        inquiry: &Inquiry<'_>,
        adapter: &Arc<dyn RegistryAdapter>,
        key: Option<CacheKey>,
        policy: &CachePolicy,
    ) -> Result<Found, NotReleased<Refusal>> {
        // Held here, beside the task: whoever leaves first, the other knows.
        let mut owed = None;
        let fetch = || {
            let (begun, flight) = self.launch(inquiry, Arc::clone(adapter));
            owed = Some(begun);
            flight
        };
        let span = spans::fetch(inquiry.asking.dataset);
        let served = self.cache.serve(key, policy, inquiry.max_age, fetch).instrument(span.clone()).await;
        span.record("motlan.cache.state", served.state.as_str());
        self.stats.served(inquiry.asking.dataset, served.state);
        if served.state == CacheState::Stale
            && let Some(owed) = owed.take()
        {
            owed.refreshes();
        }
        match served.flown {
            Flown::Answered(kept) => Ok(self.found(kept, served.state, owed)),
            Flown::Failed { error, fetched_by } => {
                let registry = inquiry.asking.dataset.registry();
                let refusal = Refusal::failed(&error, registry);
                if let (Some(cause), CacheState::Miss) = (refusal.cause, served.state) {
                    // The entry keeps to the vocabulary of reasons; how the
                    // contract was broken is for who runs the gateway.
                    tracing::warn!(
                        registry = registry.as_str(),
                        cause,
                        intent = fetched_by,
                        "a registry's answer breaks its contract"
                    );
                }
                // The exchange stands in the entry that made it.
                let upstream = if served.state == CacheState::Miss { error.upstream_ids() } else { &[] };
                let (state, owed) = (served.state, owed.as_ref());
                let from = Provenance { state, fetched_by, fetched: None, upstream, owed };
                self.ledger.refused(&inquiry.asking, refusal, Some(from)).await
            }
            Flown::Unrecorded(unrecorded) => Err(NotReleased::Unrecorded(unrecorded)),
        }
    }

    fn found(&self, kept: Kept, state: CacheState, owed: Option<Arc<Owed>>) -> Found {
        let age = self.cache.age(&kept);
        // An answer that is asked for once is not worth remembering.
        let memo = (state == CacheState::Hit).then_some(kept.memo);
        Found { reply: kept.reply, memo, state, fetched_by: kept.fetched_by, age, owed }
    }

    /// The circle of reuse, the form of the question and its subject.
    fn key(&self, inquiry: &Inquiry<'_>, scope: CacheScope, apart: FieldSet) -> Option<CacheKey> {
        let form = form(&inquiry.want, apart)?;
        let circle = inquiry.permit.scope_key(scope)?;
        let subject = &inquiry.asking.subject;
        Some(self.cache.key(&[
            &circle,
            inquiry.asking.dataset.as_str(),
            form,
            subject.scheme(),
            &subject.expose(),
        ]))
    }

    /// The fetch itself, owned: intent, then the registry. What the log is owed
    /// for it is shared by the fetch and whoever it is for.
    fn launch(
        &self,
        inquiry: &Inquiry<'_>,
        adapter: Arc<dyn RegistryAdapter>,
    ) -> (Arc<Owed>, impl Future<Output = Fetch> + Send + 'static + use<>) {
        let asking = &inquiry.asking;
        let owed = Owed::new(self.ledger.clone(), asking.clone());
        let (flying, stats) = (Arc::clone(&owed), Arc::clone(&self.stats));
        let ask = Ask {
            want: inquiry.want.clone(),
            subject: asking.subject.clone(),
            on_behalf: on_behalf(inquiry.permit.on_behalf()),
            request_id: uuid::Uuid::new_v4().to_string(),
            deadline: self.deadline,
            trace: inquiry.permit.question().trace.clone(),
        };
        // Below the span of whoever asked first, whoever else waits for it.
        let span = spans::registry(asking.dataset);
        let told = span.clone();
        let asked = async move {
            match flying.intend(&ask.request_id).await {
                Ok(fetched_by) => {
                    let began = Instant::now();
                    let result = adapter.ask(&ask).await;
                    flying.came(&result);
                    let ended = Ended::of(&result);
                    stats.asked(adapter.registry(), ended, began.elapsed());
                    told.record("motlan.outcome", ended.as_str());
                    if result.is_err() {
                        told.record("otel.status_code", "ERROR");
                    }
                    Fetch::Asked { result, fetched_by }
                }
                Err(unrecorded) => Fetch::Unrecorded(unrecorded),
            }
        };
        (owed, asked.instrument(span))
    }
}

/// The part of the cache key that says what kind of answer serves the question.
/// A yes/no question depends on the name claimed and is never kept. An answer
/// fetched without the fields in `apart` never serves a question that wants one.
fn form(want: &Want, apart: FieldSet) -> Option<&'static str> {
    match want {
        Want::Confirm { .. } => None,
        Want::OwnedBy => Some("owned_by"),
        Want::Record { fields, .. } if fields.intersection(apart).is_empty() => Some("record"),
        Want::Record { .. } => Some("record_and_apart"),
    }
}

fn on_behalf(permitted: &OnBehalf) -> motlan_api::OnBehalf {
    motlan_api::OnBehalf {
        officer_id: permitted.officer_id,
        agency: permitted.agency.clone(),
        dossier: permitted.dossier.clone(),
        procedure: permitted.procedure.clone(),
    }
}

// === impl Inquiry ===

impl<'a> Inquiry<'a> {
    /// The question the permit is for.
    pub(crate) fn of(permit: &'a Permit) -> Self {
        let question = permit.question();
        let want = match (question.operation, &question.claim) {
            (Operation::ListCertificates, _) => Want::OwnedBy,
            // Verify without disclosure is native to the population source; it
            // cannot compare a birth date, so only a claim without one goes
            // there; and it does not say whose CMND it was, so a guess could
            // not be counted for that person.
            (Operation::VerifyIdentity, Some(Claim::Identity(claim)))
                if claim.birth_date.is_none() && matches!(question.subject, SubjectKey::Person(_)) =>
            {
                Want::Confirm { full_name: claim.full_name.clone() }
            }
            (operation, claim) => {
                let dataset = operation.dataset();
                let fields = claim.as_ref().map_or_else(|| permit.fields(), compared);
                Want::Record { dataset, fields, holder: None }
            }
        };
        Self { permit, asking: Asking::of(permit), want, max_age: question.max_age }
    }

    /// A lookup the gateway makes to find the tie between an answer and the
    /// people of the dossier.
    pub(crate) fn for_tie(
        permit: &'a Permit,
        dataset: Dataset,
        subject: SubjectKey,
        fields: &[&str],
    ) -> Self {
        let fields = dataset.field_set(fields.iter().copied()).unwrap_or_default();
        let asking = Asking::tie(permit, dataset, subject, fields);
        // The tie is judged on data as fresh as the answer's.
        Self {
            permit,
            asking,
            want: Want::Record { dataset, fields, holder: None },
            max_age: permit.question().max_age,
        }
    }

    /// A lookup the gateway makes to learn about whom the yes/no service was
    /// asked. Who holds a number changes seldom: a kept answer serves.
    pub(crate) fn for_guess(permit: &'a Permit) -> Self {
        let dataset = Dataset::Person;
        let fields = dataset.field_set(["personal_id"]).unwrap_or_default();
        let asking = Asking::guess(permit, dataset, fields);
        Self { permit, asking, want: Want::Record { dataset, fields, holder: None }, max_age: None }
    }
}

/// The fields a claim is compared with: whatever else the purpose registers,
/// no exchange is made for it.
fn compared(claim: &Claim) -> FieldSet {
    match claim {
        Claim::Identity(_) => {
            let fields = ["personal_id", "cmnd", "aliases", "full_name", "birth_date"];
            Dataset::Person.field_set(fields).unwrap_or_default()
        }
        Claim::Enterprise(_) => Dataset::Enterprise.all_fields(),
    }
}

impl Inquiry<'_> {
    /// Whether the registry's key has to be found by name and birth date.
    pub(crate) fn needs_holder(&self) -> bool {
        let insurance = self.asking.dataset.registry() == Registry::Insurance;
        insurance && matches!(self.asking.subject, SubjectKey::Person(_) | SubjectKey::Cmnd(_))
    }

    /// Names the holder by whom the key is found.
    pub(crate) fn by_holder(&mut self, found: Holder) {
        if let Want::Record { holder, .. } = &mut self.want {
            *holder = Some(found);
        }
    }
}

// === impl Found ===

impl Found {
    /// The registry's answer.
    pub(crate) fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The records, where records were asked for.
    pub(crate) fn fetched(&self) -> Option<&Fetched> {
        match &*self.reply {
            Reply::Records(fetched) => Some(fetched),
            Reply::Confirmed { .. } => None,
        }
    }

    /// The permitted part of the records.
    pub(crate) fn minimal(&self, allowance: &Allowance<'_>) -> Minimal {
        match (&*self.reply, &self.memo) {
            (Reply::Records(fetched), Some(memo)) => memo.minimal(fetched, allowance),
            (Reply::Records(fetched), None) => minimise(fetched, allowance),
            (Reply::Confirmed { .. }, _) => Minimal::default(),
        }
    }

    /// Where it came from, for the entry.
    pub(crate) fn provenance(&self) -> Provenance<'_> {
        let upstream = match &*self.reply {
            Reply::Records(fetched) => &fetched.upstream_ids,
            Reply::Confirmed { upstream_ids, .. } => upstream_ids,
        };
        // The exchange stands in the entry that made it.
        let upstream: &[String] = if self.state == CacheState::Miss { upstream } else { &[] };
        let (state, fetched_by, owed) = (self.state, self.fetched_by, self.owed.as_ref());
        Provenance { state, fetched_by, fetched: self.fetched(), upstream, owed }
    }

    /// Cache state and age.
    pub(crate) const fn state(&self) -> (CacheState, Duration) {
        (self.state, self.age)
    }
}

#[cfg(test)]
mod tests;
