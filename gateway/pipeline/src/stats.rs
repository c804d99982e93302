//! What the stages count: where answers came from, what registries came to,
//! why questions were denied.

use std::sync::Arc;
use std::time::Duration;

use motlan_api::{FetchError, Reply};
use motlan_audit::{Draft, Kind, Outcome as EntryOutcome};
use motlan_domain::{CacheState, Dataset, Outcome, Reason, Registry};
use motlan_telemetry::instrument::{
    CACHE_ENTRIES, CACHE_LOOKUPS, CACHE_SIZE, DENIALS, REGISTRY_DURATION, key,
};
use motlan_telemetry::{Counter, Histogram, Reading, Source};

use crate::Pipeline;

const STATES: [CacheState; 4] = [CacheState::Hit, CacheState::Miss, CacheState::Coalesced, CacheState::Stale];

/// Counters of the stages, found by index.
pub(crate) struct Stats {
    lookups: [[Counter; STATES.len()]; Dataset::ALL.len()],
    /// By registry and how a question ended: as [`ENDS`], then by reason.
    registries: [Box<[Histogram]>; Registry::ALL.len()],
    denials: Box<[Counter]>,
}

/// How a question to a registry ends that was answered.
const ENDS: [Outcome; 3] = [Outcome::Found, Outcome::NotFound, Outcome::Incomplete];

// === impl Stats ===

impl Stats {
    pub(crate) fn new() -> Arc<Self> {
        let ends =
            || (0..ENDS.len() + Reason::ALL.len()).map(|_| Histogram::of(&REGISTRY_DURATION)).collect();
        Arc::new(Self {
            lookups: Default::default(),
            registries: std::array::from_fn(|_| ends()),
            denials: Reason::ALL.iter().map(|_| Counter::default()).collect(),
        })
    }

    /// A permitted question was served from there.
    pub(crate) fn served(&self, dataset: Dataset, state: CacheState) {
        self.lookups[dataset as usize][state as usize].one();
    }

    /// A registry was asked.
    pub(crate) fn asked(&self, registry: Registry, ended: Ended, took: Duration) {
        let end = match ended {
            Ended::Answered(outcome) => ENDS.iter().position(|end| *end == outcome),
            Ended::Failed(reason) => Some(ENDS.len() + reason as usize),
        };
        if let Some(histogram) = end.and_then(|end| self.registries[registry as usize].get(end)) {
            histogram.record_time(took);
        }
    }

    /// An entry is durable. What the log calls a denial is counted as one.
    pub(crate) fn recorded(&self, noted: Option<Reason>) {
        if let Some(counter) = noted.and_then(|reason| self.denials.get(reason as usize)) {
            counter.one();
        }
    }
}

/// The reason of a draft that is a denial or a refused credential.
pub(crate) fn denial(draft: &Draft) -> Option<Reason> {
    let refuses = matches!(draft.kind, Kind::AccessDenied | Kind::CredentialRefused | Kind::AccessOutcome);
    let denied = refuses && draft.outcome == Some(EntryOutcome::Denied);
    denied.then(|| Reason::from_code(draft.reason.as_deref()?)).flatten()
}

/// How a question to a registry ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended {
    /// FOUND, NOT_FOUND or INCOMPLETE.
    Answered(Outcome),
    /// Why not.
    Failed(Reason),
}

impl Ended {
    pub(crate) fn of(result: &Result<Reply, FetchError>) -> Self {
        match result {
            Ok(Reply::Records(fetched)) => Self::Answered(fetched.outcome()),
            Ok(Reply::Confirmed { exists: true, .. }) => Self::Answered(Outcome::Found),
            Ok(Reply::Confirmed { exists: false, .. }) => Self::Answered(Outcome::NotFound),
            Err(error) => Self::Failed(error.reason()),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Answered(outcome) => outcome.as_str(),
            Self::Failed(reason) => reason.code(),
        }
    }
}

impl Source for Pipeline {
    fn read(&self, reading: &mut Reading) {
        self.sources.stats.read(reading);
        let (entries, bytes) = self.sources.cache.size();
        reading.level(&CACHE_ENTRIES, Vec::new(), level(entries));
        reading.level(&CACHE_SIZE, Vec::new(), level(bytes));
        self.sources.ledger.log().read(reading);
        self.sources.adapters.values().for_each(|adapter| adapter.counted(reading));
    }
}

impl Source for Stats {
    fn read(&self, reading: &mut Reading) {
        for (dataset, states) in Dataset::ALL.into_iter().zip(&self.lookups) {
            for (state, count) in STATES.into_iter().zip(states) {
                let attributes =
                    vec![(key::DATASET, dataset.as_str().into()), (key::CACHE_STATE, state.as_str().into())];
                reading.count(&CACHE_LOOKUPS, attributes, count.get());
            }
        }
        let answered = ENDS.into_iter().map(Ended::Answered);
        let ends = || answered.clone().chain(Reason::ALL.iter().copied().map(Ended::Failed));
        for (registry, counted) in Registry::ALL.into_iter().zip(&self.registries) {
            for (end, took) in ends().zip(counted) {
                reading.spread(&REGISTRY_DURATION, took, || {
                    vec![(key::REGISTRY, registry.as_str().into()), (key::OUTCOME, end.as_str().into())]
                });
            }
        }
        for (reason, count) in Reason::ALL.iter().zip(&self.denials) {
            reading.count_if_any(&DENIALS, vec![(key::REASON, reason.code().into())], count.get());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a cache is smaller than 2^53 bytes")]
const fn level(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
