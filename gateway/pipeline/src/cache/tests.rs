//! One upstream call, freshness, scope and the failure cases of the cache.

use std::sync::atomic::{AtomicU32, Ordering};

use motlan_domain::dataset::Dataset;
use motlan_domain::{Completeness, Fetched, ManualClock, Reason, Record};
use tokio::sync::Notify;

use super::*;

struct Bench {
    cache: Arc<AnswerCache>,
    clock: Arc<ManualClock>,
    calls: Arc<AtomicU32>,
    tasks: TaskTracker,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-21T00:00:00Z".parse().unwrap()));
        let tasks = TaskTracker::new();
        let cache = Arc::new(AnswerCache::new(1 << 20, clock.clone(), tasks.clone()).unwrap());
        Self { cache, clock, calls: Arc::default(), tasks }
    }

    fn answer(&self, found: bool) -> impl Future<Output = Fetch> + Send + 'static + use<> {
        let (calls, now) = (Arc::clone(&self.calls), self.clock.now());
        async move {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            let records = if found { vec![Record::Person(Box::default())] } else { Vec::new() };
            let fetched = Fetched {
                records,
                retrieved_at: now,
                source_data_time: None,
                completeness: Completeness::Complete,
                upstream_ids: Vec::new(),
            };
            Fetch::Asked { result: Ok(Reply::Records(fetched)), fetched_by: u64::from(call) }
        }
    }

    fn failure(&self) -> impl Future<Output = Fetch> + Send + 'static + use<> {
        let calls = Arc::clone(&self.calls);
        async move {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            let error = FetchError::Unavailable {
                reason: Reason::SourceTimeout,
                retry_after: None,
                upstream_ids: Vec::new(),
            };
            Fetch::Asked { result: Err(error), fetched_by: u64::from(call) }
        }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

fn policy() -> CachePolicy {
    CachePolicy::default_for(Dataset::Person)
}

#[tokio::test]
async fn serves_until_max_age_and_no_longer() {
    let bench = Bench::new();
    let key = Some(bench.cache.key(&["d:1", "population.person", "x"]));
    let first = bench.cache.serve(key, &policy(), None, || bench.answer(true)).await;
    assert_eq!(first.state, CacheState::Miss);
    bench.clock.advance(Duration::from_mins(15));
    let second = bench.cache.serve(key, &policy(), None, || bench.answer(true)).await;
    assert_eq!((second.state, bench.calls()), (CacheState::Hit, 1));
    bench.clock.advance(Duration::from_secs(1));
    let third = bench.cache.serve(key, &policy(), None, || bench.answer(true)).await;
    assert_eq!((third.state, bench.calls()), (CacheState::Miss, 2));
}

#[tokio::test]
async fn another_circle_or_subject_is_another_answer() {
    let bench = Bench::new();
    let keys = [["d:1", "p", "x"], ["d:2", "p", "x"], ["d:1", "p", "y"], ["d:1p", "", "x"]];
    for parts in keys {
        let key = Some(bench.cache.key(&parts));
        assert_eq!(
            bench.cache.serve(key, &policy(), None, || bench.answer(true)).await.state,
            CacheState::Miss
        );
    }
    assert_eq!(bench.calls(), 4);
}

#[tokio::test]
async fn a_caller_can_ask_for_fresher_but_not_for_older() {
    let bench = Bench::new();
    let key = Some(bench.cache.key(&["d:1"]));
    bench.cache.serve(key, &policy(), None, || bench.answer(true)).await;
    bench.clock.advance(Duration::from_mins(1));
    let cases = [(Some(120), CacheState::Hit), (Some(30), CacheState::Miss), (Some(0), CacheState::Miss)];
    for (max_age, expected) in cases {
        let max_age = max_age.map(Duration::from_secs);
        let served = bench.cache.serve(key, &policy(), max_age, || bench.answer(true)).await;
        assert_eq!(served.state, expected, "{max_age:?}");
    }
    bench.clock.advance(Duration::from_secs(901));
    let served =
        bench.cache.serve(key, &policy(), Some(Duration::from_hours(24)), || bench.answer(true)).await;
    assert_eq!(served.state, CacheState::Miss, "older than policy allows");
}

#[tokio::test]
async fn not_found_is_kept_briefly_and_failure_never() {
    let bench = Bench::new();
    let key = Some(bench.cache.key(&["d:1"]));
    bench.cache.serve(key, &policy(), None, || bench.failure()).await;
    bench.cache.serve(key, &policy(), None, || bench.answer(false)).await;
    assert_eq!(bench.calls(), 2, "the failure was not kept");
    assert_eq!(bench.cache.serve(key, &policy(), None, || bench.answer(true)).await.state, CacheState::Hit);
    bench.clock.advance(policy().not_found + Duration::from_secs(1));
    assert_eq!(bench.cache.serve(key, &policy(), None, || bench.answer(true)).await.state, CacheState::Miss);
}

#[tokio::test]
async fn ten_thousand_identical_questions_make_one_call_even_if_the_first_hangs_up() {
    let bench = Bench::new();
    let key = Some(bench.cache.key(&["p", "enterprise"]));
    let gate = Arc::new(Notify::new());
    let fetch = |gate: Arc<Notify>, answer| async move {
        gate.notified().await;
        answer.await
    };
    let policy = CachePolicy::default_for(Dataset::Enterprise);
    let mut first =
        Box::pin(bench.cache.serve(key, &policy, None, || fetch(Arc::clone(&gate), bench.answer(true))));
    assert!(futures::poll!(&mut first).is_pending());
    drop(first);
    let others: Vec<_> =
        (0..10_000).map(|_| bench.cache.serve(key, &policy, None, || bench.answer(true))).collect();
    let all = futures::future::join_all(others);
    gate.notify_one();
    let served = all.await;
    assert!(
        served.iter().all(|served| matches!(&served.flown, Flown::Answered(kept) if kept.fetched_by == 0))
    );
    assert_eq!((served.len(), bench.calls()), (10_000, 1));
    assert!(bench.cache.flights.is_empty());
}

#[tokio::test]
async fn stale_serves_only_where_policy_allows() {
    let strict = policy();
    let lenient = CachePolicy { stale_if_error: Duration::from_mins(10), ..strict };
    for (policy, expected) in [(strict, CacheState::Miss), (lenient, CacheState::Stale)] {
        let bench = Bench::new();
        let key = Some(bench.cache.key(&["d:1"]));
        bench.cache.serve(key, &policy, None, || bench.answer(true)).await;
        bench.clock.advance(policy.max_age + Duration::from_secs(1));
        let served = bench.cache.serve(key, &policy, None, || bench.failure()).await;
        assert_eq!(served.state, expected);
        let live = bench.cache.serve(key, &policy, Some(Duration::ZERO), || bench.failure()).await;
        assert!(matches!(live.flown, Flown::Failed { .. }), "max_age 0 is never answered stale");
    }
}

#[tokio::test]
async fn a_refresh_behind_a_stale_answer_renews_it() {
    let policy = CachePolicy { stale_while_revalidate: Duration::from_mins(10), ..policy() };
    let bench = Bench::new();
    let key = Some(bench.cache.key(&["d:1"]));
    bench.cache.serve(key, &policy, None, || bench.answer(true)).await;
    bench.clock.advance(policy.max_age + Duration::from_secs(1));
    let served = bench.cache.serve(key, &policy, None, || bench.answer(true)).await;
    assert_eq!(served.state, CacheState::Stale);
    bench.tasks.close();
    bench.tasks.wait().await;
    assert_eq!(bench.calls(), 2);
    assert_eq!(bench.cache.serve(key, &policy, None, || bench.answer(true)).await.state, CacheState::Hit);
}

#[tokio::test]
async fn memory_is_bounded_by_bytes() {
    let bench = Bench::new();
    for subject in 0..20_000 {
        let key = Some(bench.cache.key(&["d:1", &subject.to_string()]));
        bench.cache.serve(key, &policy(), None, || bench.answer(true)).await;
    }
    bench.cache.kept.run_pending_tasks();
    assert!(bench.cache.kept.weighted_size() <= 1 << 20, "{}", bench.cache.kept.weighted_size());
    assert!(bench.cache.kept.entry_count() > 100, "the cache keeps something");
}

#[tokio::test]
async fn nobody_joins_a_flight_older_than_what_they_accept() {
    let bench = Bench::new();
    let key = Some(bench.cache.key(&["d:1"]));
    let policy = policy();
    let gates = [Arc::new(Notify::new()), Arc::new(Notify::new())];
    let fetch = |gate: &Arc<Notify>| {
        let (gate, answer) = (Arc::clone(gate), bench.answer(true));
        async move {
            gate.notified().await;
            answer.await
        }
    };
    let asked = |max_age, gate: usize| {
        let (gate, fetch) = (&gates[gate], &fetch);
        Box::pin(bench.cache.serve(key, &policy, max_age, move || fetch(gate)))
    };
    let five = Some(Duration::from_secs(5));
    let mut first = asked(None, 0);
    assert!(futures::poll!(&mut first).is_pending());
    bench.clock.advance(Duration::from_secs(5));
    let mut joins = asked(five, 1);
    assert!(futures::poll!(&mut joins).is_pending());
    bench.clock.advance(Duration::from_secs(1));
    let mut own = asked(five, 1);
    assert!(futures::poll!(&mut own).is_pending());
    // The older flight lands first, and leaves the younger one on the board.
    gates[0].notify_one();
    assert_eq!((first.await.state, joins.await.state), (CacheState::Miss, CacheState::Coalesced));
    let mut later = asked(Some(Duration::from_secs(2)), 1);
    assert!(futures::poll!(&mut later).is_pending());
    gates[1].notify_one();
    let (own, later) = (own.await, later.await);
    assert_eq!((own.state, later.state), (CacheState::Miss, CacheState::Coalesced));
    for served in [&own, &later] {
        let Flown::Answered(kept) = &served.flown else { panic!("{served:?}") };
        assert!(bench.cache.age(kept) <= Duration::from_secs(2), "older than accepted");
    }
    assert_eq!(bench.calls(), 2);
    assert!(bench.cache.flights.is_empty());
}
