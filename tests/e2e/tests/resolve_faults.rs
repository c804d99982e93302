//! One registry in trouble is its own components' trouble: the others come
//! first, and the log stays sound when a client leaves midway.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::items_after_statements,
    clippy::large_futures,
    reason = "test code"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use motlan_domain::id::CertificateSerial;
use motlan_domain::{Reason, Registry, SubjectKey};
use motlan_e2e::*;
use motlan_harness::{Connection, Fault, Opened, Opening, World};
use motlan_proto::audit::v1::EntryKind;
use motlan_proto::dossier::v1::{ComponentOutcome, ComponentResult, resolve_dossier_response};
use tokio::time::Instant;

const HOME: &str = "000.00.00.G01-KQ003605";

/// The components as they came, and when.
async fn timed(by: &Connection, code: &str) -> Vec<(Duration, ComponentResult)> {
    let begun = Instant::now();
    let mut stream = start_resolve(by, code).await.expect("begins");
    let mut results = Vec::new();
    while let Some(message) = stream.message().await.expect("goes on") {
        if let Some(resolve_dossier_response::Result::Component(result)) = message.result {
            results.push((begun.elapsed(), result));
        }
    }
    results
}

fn of<'a>(results: &'a [(Duration, ComponentResult)], key: &str) -> &'a (Duration, ComponentResult) {
    results.iter().find(|(_, result)| result.key == key).unwrap_or_else(|| panic!("no component {key}"))
}

#[tokio::test]
async fn a_slow_registry_holds_nobody_else_back() {
    let world = World::start().await.unwrap();
    let first = opened(&world, &Opening::of(RESIDENCE)).await;
    let office = world.connect(&first.office).unwrap();
    const LATE: Duration = Duration::from_secs(2);
    world.fault(Registry::Land, None, Fault::Latency { ms: 2_000 }, None);
    let results = timed(&office, &first.code).await;
    let (at, home) = of(&results, HOME);
    assert_eq!(home.outcome(), ComponentOutcome::Reused, "late, but there: {}", home.reason);
    assert!(*at >= LATE, "the land registry took its time");
    let others: Vec<_> = results.iter().filter(|(_, result)| result.key != HOME).collect();
    assert!(others.iter().any(|(_, result)| result.outcome() == ComponentOutcome::Prefilled), "the form");
    for (at, result) in &others {
        assert!(*at < LATE, "{} waited for the land registry: {at:?}", result.key);
    }
    assert_eq!(results.last().unwrap().1.key, HOME, "the slow one comes last");

    // Hanging for good: its deadline ends it, the others never notice.
    world.clear_faults();
    let second = opened(&world, &Opening::of(RESIDENCE)).await;
    world.fault(Registry::Land, None, Fault::Hang, None);
    let results = timed(&office, &second.code).await;
    let (at, home) = of(&results, HOME);
    assert_eq!(
        (home.outcome(), home.reason.as_str()),
        (ComponentOutcome::SourceUnavailable, "SOURCE_TIMEOUT")
    );
    println!("the hanging registry was given up after {at:?}");
    let slowest = results.iter().filter(|(_, result)| result.key != HOME).map(|(at, _)| *at).max().unwrap();
    assert!(slowest < *at && slowest < LATE, "{slowest:?} of {at:?}");
    let entry = entry_at(&world, home.receipt.as_ref().unwrap()).await;
    assert_eq!((entry.kind(), entry.reason.as_str()), (EntryKind::ComponentDecided, "SOURCE_TIMEOUT"));
    world.stop().await.unwrap();
}

/// Whether a fault of that registry made exactly its own components unavailable.
async fn only_its_own(
    procedure: &str,
    case: &str,
    registry: Registry,
    fault: Fault,
    reasons: &[&str],
) -> usize {
    let world = World::start().await.unwrap();
    let opening = Opening::of(procedure).case(case);
    let healthy = opened(&world, &opening).await;
    let office = world.connect(&healthy.office).unwrap();
    let (before, _) = resolve(&office, &healthy.code).await.expect("resolves");
    // Enterprises are kept for the whole province: ask about another one.
    let family = usize::from(registry == Registry::Business);
    let broken = opened(&world, &opening.family(family)).await;
    world.fault(registry, None, fault.clone(), None);
    let what = format!("{procedure} {registry} {fault:?}");
    let (after, summary) = resolve(&office, &broken.code).await.unwrap_or_else(|s| panic!("{what}: {s}"));
    let mut hit = 0;
    for result in &after {
        let healthy = before.iter().find(|other| other.key == result.key).expect("the same components");
        if result.outcome() == ComponentOutcome::SourceUnavailable {
            assert!(reasons.contains(&result.reason.as_str()), "{what} {}: {}", result.key, result.reason);
            assert!(Reason::from_code(&result.reason).is_some());
            // What the dossier itself says may stand in the form, nothing else.
            let mut filled = result.prefilled.iter();
            assert!(filled.all(|field| healthy.prefilled.contains(field)), "{what} {}", result.key);
            let whole = healthy.prefilled.len();
            assert!(
                whole == 0 || result.prefilled.len() < whole,
                "{what} {}: filled in from nowhere",
                result.key
            );
            hit += 1;
        } else if result.outcome() != healthy.outcome() {
            // A form may still be filled in from the other registries.
            assert_eq!(healthy.outcome(), ComponentOutcome::Prefilled, "{what} {}", result.key);
        }
    }
    assert_eq!(summary.unwrap().unavailable as usize, hit, "{what}");
    // Nothing was lost of the dossier: once the registry is well it resolves.
    world.clear_faults();
    world.stop().await.unwrap();
    hit
}

#[tokio::test]
async fn whatever_goes_wrong_is_a_component_result() {
    let wrong = |registry, fault, reasons: &'static [&'static str]| {
        let (procedure, case) = match registry {
            Registry::Population => ("1.000894", "in_person"),
            Registry::Business => ("2.001583", "from_household_business"),
            Registry::Insurance => ("1.001613", "general"),
            Registry::Land => (RESIDENCE, "own_home"),
        };
        only_its_own(procedure, case, registry, fault, reasons)
    };
    let error = &["SOURCE_ERROR"];
    let hits = [
        wrong(Registry::Population, Fault::Status { code: 503 }, &["SOURCE_ERROR", "SOURCE_SUSPENDED"]).await,
        wrong(Registry::Business, Fault::Status { code: 500 }, error).await,
        wrong(Registry::Insurance, Fault::TooMany { retry_after_s: 30 }, &["SOURCE_THROTTLED"]).await,
        wrong(Registry::Land, Fault::Malformed, &["SOURCE_MALFORMED"]).await,
        wrong(Registry::Land, Fault::Reset, &["SOURCE_UNREACHABLE"]).await,
        wrong(Registry::Insurance, Fault::Empty, &["SOURCE_MALFORMED"]).await,
        wrong(Registry::Population, Fault::EntityBomb, &["SOURCE_MALFORMED", "SOURCE_SUSPENDED"]).await,
    ];
    println!("unavailable components: {hits:?}");
    assert!(hits.iter().all(|hit| *hit > 0), "each fault was felt: {hits:?}");
}

#[tokio::test]
async fn a_denial_inside_a_resolve_is_a_component_result() {
    let world = World::start().await.unwrap();
    let opening = Opening::of(RESIDENCE);
    let mut plan = world.plan(&opening).unwrap();
    let strangers = SubjectKey::Certificate(CertificateSerial::parse(&world.personas().mortgaged).unwrap());
    plan.subjects.iter_mut().find(|(role, _)| role == "certificate").unwrap().1 = strangers;
    let request = world.request(&opening, &plan).unwrap();
    open(&world.portal_for(&plan).unwrap(), &request).await.expect("opens");
    let office = world.connect("one-stop").unwrap();
    let (results, summary) = resolve(&office, &request.dossier_code).await.expect("the stream goes on");
    let home = results.iter().find(|result| result.key == HOME).unwrap();
    assert_eq!(
        (home.outcome(), home.reason.as_str()),
        (ComponentOutcome::NeedsPaper, "OWNER_NOT_IN_DOSSIER")
    );
    assert!(
        results.iter().any(|result| result.outcome() == ComponentOutcome::Prefilled),
        "the form is filled in"
    );
    assert!(summary.is_some());
    let index = home.receipt.as_ref().unwrap().index;
    let entries = entries_of(&world, &request.dossier_code, index).await;
    let denial =
        entries.iter().find(|e| e.kind() == EntryKind::AccessOutcome && e.reason == "OWNER_NOT_IN_DOSSIER");
    assert!(denial.is_some_and(|entry| entry.index < index), "the denial itself stands before the decision");
    world.stop().await.unwrap();
}

/// The indices of every entry of the log, which must be without a gap.
async fn whole_log(world: &World) -> usize {
    let entries = world.search(motlan_proto::audit::v1::SearchEntriesRequest::default()).await.unwrap();
    let indices: BTreeSet<u64> = entries.iter().map(|entry| entry.index).collect();
    assert_eq!(indices.len(), entries.len(), "no entry twice");
    assert_eq!(indices.last().map(|last| last + 1), Some(indices.len() as u64), "a gap in the log");
    for entry in &entries {
        let body: serde_json::Value = serde_json::from_slice(&entry.canonical).expect("canonical JSON");
        assert_eq!(body["index"].as_u64(), Some(entry.index));
    }
    entries.len()
}

#[tokio::test]
async fn a_client_that_leaves_midway_leaves_the_log_sound() {
    let world = World::start().await.unwrap();
    world.fault(Registry::Land, None, Fault::Latency { ms: 700 }, None);
    let mut dossiers: Vec<Opened> = Vec::new();
    let mut told: Vec<(String, ComponentResult)> = Vec::new();
    for _ in 0..4 {
        dossiers.push(opened(&world, &Opening::of(RESIDENCE)).await);
    }
    let office = world.connect(&dossiers[0].office).unwrap();
    for dossier in &dossiers {
        let mut stream = start_resolve(&office, &dossier.code).await.expect("begins");
        let first = stream.message().await.expect("a message").expect("a first result");
        if let Some(resolve_dossier_response::Result::Component(result)) = first.result {
            told.push((dossier.code.clone(), result));
        }
        drop(stream);
    }
    assert_eq!(told.len(), 4, "each got its first result and left");
    for (dossier, result) in &told {
        let entry = entry_at(&world, result.receipt.as_ref().unwrap()).await;
        assert_eq!(
            (entry.kind(), &entry.dossier_code),
            (EntryKind::ComponentDecided, dossier),
            "what was told is recorded"
        );
    }
    world.clear_faults();
    for dossier in &dossiers {
        let (results, summary) = resolve(&office, &dossier.code).await.expect("resolves to its end");
        assert!(
            summary.is_some()
                && results.iter().any(|r| r.key == HOME && r.outcome() == ComponentOutcome::Reused)
        );
    }
    let before = whole_log(&world).await;
    let world = world.restart().await.unwrap();
    assert!(whole_log(&world).await > before, "the log goes on where it was");
    for (_, result) in &told {
        entry_at(&world, result.receipt.as_ref().unwrap()).await;
    }
    world.stop().await.unwrap();
}
