//! The answer cache: registry answers by circle of reuse, one upstream call
//! for identical permitted questions in flight.
//!
//! What is cached is the whole registry answer, before minimisation; every use
//! is permitted, minimised and recorded by itself. A refusal or failure of a
//! registry is never kept; "not found" briefly. The clock is ours, so that age
//! can be tested; moka's own expiry only bounds how long memory is held.

mod flights;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use futures::FutureExt;
use motlan_api::{FetchError, Reply};
use motlan_domain::{CachePolicy, CacheState, Clock, Outcome};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::prepared::{Budget, Memo};
use crate::sealed::Unrecorded;
use flights::{Flight, Flights, InFlight};

/// Which answer: a keyed hash, so that no identifier stands in the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey([u8; 16]);

/// A registry answer and the entry under which it was fetched.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The answer.
    pub(crate) reply: Arc<Reply>,
    /// The index of the intent under which it was fetched.
    pub(crate) fetched_by: u64,
    /// When it was kept, on the monotonic clock.
    since: Duration,
    /// How long policy allows it to be kept, stale or not.
    keep_for: Duration,
    /// Its size for the bound, in bytes.
    weight: u32,
    /// What it came to for those who got it again.
    pub(crate) memo: Arc<Memo>,
}

/// Memory holds no answer longer than policy could serve it.
struct AsLongAsPolicyAllows;

impl moka::Expiry<CacheKey, Kept> for AsLongAsPolicyAllows {
    fn expire_after_create(&self, _: &CacheKey, kept: &Kept, _: std::time::Instant) -> Option<Duration> {
        Some(kept.keep_for)
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        kept: &Kept,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.keep_for)
    }
}

/// How a flight ended.
#[derive(Debug, Clone)]
pub(crate) enum Flown {
    /// The registry answered.
    Answered(Kept),
    /// It did not.
    Failed {
        /// How it failed.
        error: FetchError,
        /// The index of the intent.
        fetched_by: u64,
    },
    /// The intent could not be recorded; nothing was asked.
    Unrecorded(Unrecorded),
}

/// What the cache gives for a question.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// Where from.
    pub(crate) state: CacheState,
    /// What; for a fresh or stale hit always `Answered`.
    pub(crate) flown: Flown,
}

/// The cache and the questions in flight.
pub(crate) struct AnswerCache {
    kept: moka::sync::Cache<CacheKey, Kept>,
    flights: Arc<Flights>,
    key: hmac::Key,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    budget: Arc<Budget>,
}

/// Beside the answers, what the most asked of them came to: a part of their
/// bytes.
const REDUCED: u64 = 8;

// === impl AnswerCache ===

impl AnswerCache {
    /// A cache of at most `max_bytes` of answers. Fetches run in `tasks`, so a
    /// caller that hangs up does not stop the fetch others wait for; the owner
    /// of `tasks` waits for them at shutdown.
    ///
    /// # Errors
    /// When the system has no randomness for the key of the hash.
    pub(crate) fn new(
        max_bytes: u64,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
    ) -> Result<Self, NoRandomness> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new())
            .map_err(|_| NoRandomness)?;
        let kept = moka::sync::Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, kept: &Kept| kept.weight)
            .expire_after(AsLongAsPolicyAllows)
            .build();
        let budget = Budget::new(max_bytes / REDUCED);
        Ok(Self { kept, flights: Arc::default(), key, clock, tasks, budget })
    }

    /// The key of a question within a circle. Parts are length-prefixed, so no
    /// two lists of parts share one.
    pub(crate) fn key(&self, parts: &[&str]) -> CacheKey {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part.as_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&context.sign().as_ref()[..16]);
        CacheKey(key)
    }

    /// A kept answer that may serve again as it is.
    pub(crate) fn fresh(
        &self,
        key: &CacheKey,
        policy: &CachePolicy,
        max_age: Option<Duration>,
    ) -> Option<Kept> {
        let limit = limit(policy, max_age);
        if limit.is_zero() {
            return None;
        }
        self.kept.get(key).filter(|kept| self.age(kept) <= fresh_for(kept, policy, limit))
    }

    /// Serves from the cache, from a flight under way, or by `fetch`.
    ///
    /// `max_age` is the oldest the caller accepts; zero always fetches. `fetch`
    /// runs in a task of its own once it is begun. With `key` `None` nothing is
    /// shared or kept.
    pub(crate) async fn serve<F>(
        &self,
        key: Option<CacheKey>,
        policy: &CachePolicy,
        max_age: Option<Duration>,
        fetch: impl FnOnce() -> F,
    ) -> Served
    where
        F: Future<Output = Fetch> + Send + 'static,
    {
        let Some(key) = key else {
            return Served { state: CacheState::Miss, flown: self.launch(None, None, policy, fetch()).await };
        };
        if let Some(kept) = self.fresh(&key, policy, max_age) {
            return Served { state: CacheState::Hit, flown: Flown::Answered(kept) };
        }
        let kept = self.kept.get(&key);
        let limit = limit(policy, max_age);
        let (state, flight) = self.join_or_launch(key, policy, limit, fetch);
        if let Some(kept) = kept
            && max_age.is_none()
            && !kept.is_nothing()
        {
            let age = self.age(&kept);
            if age <= policy.max_age + policy.stale_while_revalidate
                && !policy.stale_while_revalidate.is_zero()
            {
                return Served { state: CacheState::Stale, flown: Flown::Answered(kept) };
            }
            let flown = flight.await;
            if matches!(&flown, Flown::Failed { error: FetchError::Unavailable { .. }, .. })
                && !policy.stale_if_error.is_zero()
                && age <= policy.max_age + policy.stale_if_error
            {
                return Served { state: CacheState::Stale, flown: Flown::Answered(kept) };
            }
            return Served { state, flown };
        }
        Served { state, flown: flight.await }
    }

    /// Answers kept and the bytes they are counted as; moka knows both about.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.kept.entry_count(), self.kept.weighted_size())
    }

    /// How many wait for flights under way.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.flights.waiting()
    }

    /// How old a kept answer is.
    pub(crate) fn age(&self, kept: &Kept) -> Duration {
        self.clock.monotonic().saturating_sub(kept.since)
    }

    /// A live question (limit zero) never joins a flight that began before it,
    /// and none joins one whose answer will be older than it accepts: it starts
    /// its own, which later ones then join.
    fn join_or_launch<F>(
        &self,
        key: CacheKey,
        policy: &CachePolicy,
        limit: Duration,
        fetch: impl FnOnce() -> F,
    ) -> (CacheState, Flight)
    where
        F: Future<Output = Fetch> + Send + 'static,
    {
        if limit.is_zero() {
            return (CacheState::Miss, self.launch(Some(key), None, policy, fetch()).boxed().shared());
        }
        let (landed, landing) = oneshot::channel();
        let now = self.clock.monotonic();
        let launch = || landing.map(outcome_of).boxed().shared();
        let (flight, launched) = self.flights.join_or_enter(key, now, limit, launch);
        let Some(guard) = launched else { return (CacheState::Coalesced, flight) };
        // Outside the lock: a runtime that is closing drops the task, and with
        // it the guard, at once.
        self.spawn(Some(key), Some(guard), policy, fetch(), landed);
        (CacheState::Miss, flight)
    }

    /// Starts the fetch in its own task and returns a future of its landing.
    fn launch<F>(
        &self,
        key: Option<CacheKey>,
        in_flight: Option<InFlight>,
        policy: &CachePolicy,
        fetch: F,
    ) -> impl Future<Output = Flown> + Send + 'static + use<F>
    where
        F: Future<Output = Fetch> + Send + 'static,
    {
        let (landed, landing) = oneshot::channel();
        self.spawn(key, in_flight, policy, fetch, landed);
        landing.map(outcome_of)
    }

    fn spawn<F>(
        &self,
        key: Option<CacheKey>,
        in_flight: Option<InFlight>,
        policy: &CachePolicy,
        fetch: F,
        landed: oneshot::Sender<Flown>,
    ) where
        F: Future<Output = Fetch> + Send + 'static,
    {
        let (clock, kept, policy) = (Arc::clone(&self.clock), self.kept.clone(), *policy);
        let budget = Arc::clone(&self.budget);
        // Age counts from the question: the answer cannot be younger.
        let since = clock.monotonic();
        self.tasks.spawn(async move {
            let flown = match fetch.await {
                Fetch::Asked { result: Ok(reply), fetched_by } => {
                    let weight = weigh(&reply);
                    // A copy has no room to spare, which a value that was put
                    // together has: it is kept for an hour, by thousands.
                    let reply = Arc::new(reply.clone());
                    let memo = Arc::new(Memo::new(budget, weight));
                    let mut answer =
                        Kept { reply, fetched_by, since, keep_for: Duration::ZERO, weight, memo };
                    answer.keep_for = keep_for(&answer, &policy);
                    if let Some(key) = key
                        && !answer.keep_for.is_zero()
                        && !answer.is_incomplete()
                    {
                        let newer = kept.get(&key).is_some_and(|known| known.since > since);
                        if !newer {
                            kept.insert(key, answer.clone());
                        }
                    }
                    Flown::Answered(answer)
                }
                Fetch::Asked { result: Err(error), fetched_by } => Flown::Failed { error, fetched_by },
                Fetch::Unrecorded(unrecorded) => Flown::Unrecorded(unrecorded),
            };
            drop(in_flight);
            // Nobody waiting any more is no fault: the answer is kept.
            drop(landed.send(flown));
        });
    }
}

/// A task that was dropped (shutdown) or panicked recorded no answer.
fn outcome_of(landed: Result<Flown, oneshot::error::RecvError>) -> Flown {
    landed.unwrap_or(Flown::Unrecorded(Unrecorded::Unavailable))
}

/// How long policy could serve an answer, fresh or stale.
fn keep_for(kept: &Kept, policy: &CachePolicy) -> Duration {
    if kept.is_nothing() {
        return policy.not_found.min(policy.max_age);
    }
    policy.max_age + policy.stale_while_revalidate.max(policy.stale_if_error)
}

// === impl Kept ===

impl Kept {
    /// Whether the registry holds no such record.
    fn is_nothing(&self) -> bool {
        matches!(&*self.reply, Reply::Records(fetched) if fetched.records.is_empty())
    }

    fn is_incomplete(&self) -> bool {
        matches!(&*self.reply, Reply::Records(fetched) if fetched.outcome() == Outcome::Incomplete)
    }
}

/// What a fetch yields.
#[derive(Debug)]
pub(crate) enum Fetch {
    /// The intent was durable and the registry was asked.
    Asked {
        /// What it said.
        result: Result<Reply, FetchError>,
        /// The index of the intent.
        fetched_by: u64,
    },
    /// The intent could not be recorded; nothing was asked.
    Unrecorded(Unrecorded),
}

/// The system has no randomness.
#[derive(Debug, thiserror::Error)]
#[error("no randomness for the cache key")]
pub struct NoRandomness;

/// The oldest answer that serves.
fn limit(policy: &CachePolicy, max_age: Option<Duration>) -> Duration {
    max_age.map_or(policy.max_age, |asked| asked.min(policy.max_age))
}

/// "Not found" is fresh for a shorter time than a record.
fn fresh_for(kept: &Kept, policy: &CachePolicy, limit: Duration) -> Duration {
    if kept.is_nothing() { limit.min(policy.not_found) } else { limit }
}

/// Bytes an answer is counted as: its JSON length twice (strings and their
/// containers) and a fixed part.
fn weigh(reply: &Reply) -> u32 {
    let Reply::Records(fetched) = reply else { return 256 };
    let json: usize = fetched
        .records
        .iter()
        .map(|record| serde_json::to_vec(record).map_or(4096, |bytes| bytes.len()))
        .sum();
    u32::try_from(json * 2 + size_of_val(fetched.records.as_slice()) + 1024).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
