//! How old an answer is and who may share it: hit, miss, coalesced, live, not
//! found, and nothing stale where a registry fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code"
)]

use std::sync::Arc;
use std::time::Duration;

use motlan::clock::SystemClock;
use motlan_domain::{Clock as _, ManualClock, Registry};
use motlan_e2e::*;
use motlan_harness::{Connection, Fault, Opened, Opening, World};
use motlan_proto::audit::v1::EntryKind;
use motlan_proto::business::v1::{GetEnterpriseRequest, GetEnterpriseResponse};
use motlan_proto::common::v1::{CacheState, Freshness, Outcome};
use motlan_proto::population::v1::{GetPersonRequest, GetPersonResponse};
use pbjson_types::Duration as WireDuration;
use tonic::Code;

const LOOKUP: &str = "TraCuuThongTinCongDan";
const ENTERPRISE: &str = "chiTietDoanhNghiep";

async fn ask(by: &Connection, code: &str, id: &str, max_age: Option<i64>) -> Told<GetPersonResponse> {
    let request = GetPersonRequest {
        purpose: dossier(code),
        subject: person(id),
        fields: fields(&["full_name"]),
        max_age: max_age.map(|seconds| WireDuration { seconds, nanos: 0 }),
    };
    by.population().get_person(request).await.map(tonic::Response::into_inner)
}

async fn ask_enterprise(
    by: &Connection,
    opened: &Opened,
    code: &str,
    max_age: Option<i64>,
) -> GetEnterpriseResponse {
    let request = GetEnterpriseRequest {
        purpose: dossier(&opened.code),
        enterprise_code: code.to_owned(),
        fields: fields(&["name"]),
        max_age: max_age.map(|seconds| WireDuration { seconds, nanos: 0 }),
    };
    by.business().get_enterprise(request).await.expect("told").into_inner()
}

fn state(freshness: Option<&Freshness>) -> CacheState {
    freshness.expect("every answer says how old it is").cache_state()
}

fn asked(world: &World, registry: Registry, operation: &str) -> u64 {
    world.calls().count(registry, operation)
}

#[tokio::test]
async fn a_persons_answer_is_kept_for_its_dossier_and_no_other() {
    let clock = Arc::new(ManualClock::at(SystemClock::start().now()));
    let world = World::start_at(Arc::clone(&clock) as Arc<_>).await.unwrap();
    let first = opened(&world, &Opening::of(RESIDENCE)).await;
    let second = opened(&world, &Opening::of(RESIDENCE)).await;
    let office = world.connect(&first.office).unwrap();
    let me = &first.plan.applicant;
    let lookups = || asked(&world, Registry::Population, LOOKUP);
    let start = lookups();

    let miss = ask(&office, &first.code, me, None).await.unwrap();
    assert_eq!((state(miss.freshness.as_ref()), lookups()), (CacheState::Miss, start + 1));
    clock.advance(Duration::from_mins(1));
    let hit = ask(&office, &first.code, me, None).await.unwrap();
    assert_eq!((state(hit.freshness.as_ref()), lookups()), (CacheState::Hit, start + 1));
    let (old, kept) = (miss.freshness.unwrap(), hit.freshness.unwrap());
    assert_eq!(old.retrieved_at, kept.retrieved_at, "the hit says when it was fetched");
    assert_eq!(kept.age.map(|age| age.seconds), Some(60));
    assert!(kept.valid_until.unwrap().seconds >= kept.retrieved_at.unwrap().seconds + 15 * 60);
    assert_eq!(hit.record, miss.record);
    // The hit's entry cites the question that fetched it.
    let entry = entry_at(&world, hit.receipt.as_ref().unwrap()).await;
    let body: serde_json::Value = serde_json::from_slice(&entry.canonical).unwrap();
    assert_eq!(body["source"]["from"], "CACHE", "{body}");
    let fetched_by = body["source"]["fetched_by"].as_u64().expect("the entry that fetched");
    assert_eq!(entry_number(&world, fetched_by).await.kind(), EntryKind::AccessIntent);

    let live = ask(&office, &first.code, me, Some(0)).await.unwrap();
    assert_eq!(
        (state(live.freshness.as_ref()), lookups()),
        (CacheState::Miss, start + 2),
        "max_age 0 is live"
    );
    let narrow = ask(&office, &first.code, me, Some(30)).await.unwrap();
    assert_eq!(
        (state(narrow.freshness.as_ref()), lookups()),
        (CacheState::Hit, start + 2),
        "what was fetched live serves again"
    );
    clock.advance(Duration::from_secs(31));
    let narrow = ask(&office, &first.code, me, Some(30)).await.unwrap();
    assert_eq!((state(narrow.freshness.as_ref()), lookups()), (CacheState::Miss, start + 3));

    let other = ask(&office, &second.code, me, None).await.unwrap();
    assert_eq!(
        (state(other.freshness.as_ref()), lookups()),
        (CacheState::Miss, start + 4),
        "another dossier asks anew"
    );
    let dossiers: Vec<_> = world.calls().calls.into_iter().filter(|call| call.operation == LOOKUP).collect();
    assert!(dossiers.iter().all(|call| call.officer), "each under its own officer");

    clock.advance(Duration::from_mins(14));
    let office = world.connect(&first.office).unwrap();
    let hit = ask(&office, &second.code, me, None).await.unwrap();
    assert_eq!(state(hit.freshness.as_ref()), CacheState::Hit);
    clock.advance(Duration::from_mins(2));
    let miss = ask(&office, &second.code, me, None).await.unwrap();
    assert_eq!(
        (state(miss.freshness.as_ref()), lookups()),
        (CacheState::Miss, start + 5),
        "15 minutes, no longer"
    );
    world.stop().await.unwrap();
}

#[tokio::test]
async fn identical_questions_under_way_become_one_upstream_call() {
    let world = World::start().await.unwrap();
    let first = opened(&world, &Opening::of(RESIDENCE)).await;
    let second = opened(&world, &Opening::of(RESIDENCE)).await;
    let office = world.connect(&first.office).unwrap();
    let me = first.plan.applicant.clone();
    world.fault(Registry::Population, Some(LOOKUP), Fault::Latency { ms: 400 }, None);
    let before = asked(&world, Registry::Population, LOOKUP);
    let told = futures::future::join_all((0..20).map(|_| ask(&office, &first.code, &me, None))).await;
    assert_eq!(asked(&world, Registry::Population, LOOKUP), before + 1, "one call for twenty");
    let mut states: Vec<CacheState> =
        told.iter().map(|told| state(told.as_ref().unwrap().freshness.as_ref())).collect();
    states.retain(|state| *state == CacheState::Coalesced);
    assert!(states.len() >= 15, "{} of 20 joined the flight", states.len());
    let mut receipts: Vec<u64> =
        told.iter().map(|told| told.as_ref().unwrap().receipt.as_ref().unwrap().index).collect();
    receipts.sort_unstable();
    receipts.dedup();
    assert_eq!(receipts.len(), 20, "each has an entry of its own");
    // Two dossiers never share a flight about a person.
    let before = asked(&world, Registry::Population, LOOKUP);
    let spent = ask(&office, &first.code, &me, Some(0));
    let (one, two) = futures::future::join(spent, ask(&office, &second.code, &me, Some(0))).await;
    assert_eq!((one.unwrap().outcome(), two.unwrap().outcome()), (Outcome::Found, Outcome::Found));
    assert_eq!(asked(&world, Registry::Population, LOOKUP), before + 2);
    world.stop().await.unwrap();
}

#[tokio::test]
async fn an_enterprise_is_shared_and_tells_no_more_than_the_minute() {
    let world = World::start().await.unwrap();
    let opening = Opening::of("1.010010");
    let (first, second) = (opened(&world, &opening).await, opened(&world, &opening).await);
    let office = world.connect(&first.office).unwrap();
    let code = world.families()[0].enterprise.clone();
    let before = asked(&world, Registry::Business, ENTERPRISE);
    let one = ask_enterprise(&office, &first, &code, None).await;
    let two = ask_enterprise(&office, &second, &code, None).await;
    let three = ask_enterprise(&office, &second, &code, None).await;
    assert_eq!(asked(&world, Registry::Business, ENTERPRISE), before + 1, "one call for two dossiers");
    for told in [&one, &two, &three] {
        assert_eq!(told.outcome(), Outcome::Found);
        let freshness = told.freshness.as_ref().unwrap();
        assert_eq!(freshness.cache_state(), CacheState::Unspecified, "who else asked is nobody's business");
        assert!(freshness.age.is_none());
        let at = freshness.retrieved_at.as_ref().unwrap();
        assert_eq!((at.seconds % 60, at.nanos), (0, 0), "to the minute");
        assert_eq!(told.record, one.record);
    }
    ask_enterprise(&office, &second, &code, Some(0)).await;
    assert_eq!(asked(&world, Registry::Business, ENTERPRISE), before + 2, "max_age 0 is live here too");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn not_found_is_an_answer_and_a_failure_serves_nothing_stale() {
    let clock = Arc::new(ManualClock::at(SystemClock::start().now()));
    let world = World::start_at(Arc::clone(&clock) as Arc<_>).await.unwrap();
    let opening = Opening::of(RESIDENCE);
    let mut plan = world.plan(&opening).unwrap();
    let unknown = world.personas().unknown_person.clone();
    plan.applicant.clone_from(&unknown);
    let rules = motlan::clock::id_rules(clock.now(), motlan_domain::id::Synthetic::Allowed);
    plan.subjects[0].1 =
        motlan_domain::SubjectKey::Person(motlan_domain::id::PersonalId::parse(&unknown, &rules).unwrap());
    let request = world.request(&opening, &plan).unwrap();
    open(&world.portal_for(&plan).unwrap(), &request).await.expect("opens");
    let office = world.connect("one-stop").unwrap();
    let before = asked(&world, Registry::Population, LOOKUP);
    let told = ask(&office, &request.dossier_code, &unknown, None).await.expect("not found is no error");
    assert_eq!((told.outcome(), told.record), (Outcome::NotFound, None));
    assert_eq!(entry_at(&world, told.receipt.as_ref().unwrap()).await.outcome(), Outcome::NotFound);
    ask(&office, &request.dossier_code, &unknown, None).await.expect("still not found");
    assert_eq!(asked(&world, Registry::Population, LOOKUP), before + 1, "not found is kept a while");

    let own = opened(&world, &opening).await;
    let me = &own.plan.applicant;
    ask(&office, &own.code, me, None).await.expect("kept now");
    world.fault(Registry::Population, None, Fault::Status { code: 503 }, None);
    assert_eq!(ask(&office, &own.code, me, None).await.expect("a hit asks nobody").outcome(), Outcome::Found);
    clock.advance(Duration::from_secs(15 * 60 + 1));
    let office = world.connect("one-stop").unwrap();
    for (what, max_age) in [("what was kept is too old", None), ("live", Some(0))] {
        let told = ask(&office, &own.code, me, max_age).await;
        let refusal = refused(what, told, Code::Unavailable, "SOURCE_ERROR");
        assert!(refusal.retry_after.is_some(), "{what}: when to come back");
        assert!(refusal.facts.contains(&("origin".to_owned(), "registry".to_owned())), "{what}: {refusal}");
        let entry = entry_of(&world, what, &refusal).await;
        assert_eq!(
            (entry.kind(), entry.outcome()),
            (EntryKind::AccessOutcome, Outcome::SourceUnavailable),
            "{what}"
        );
        assert!(entry.disclosed_fields.is_empty());
    }
    world.clear_faults();
    world.stop().await.unwrap();
}
