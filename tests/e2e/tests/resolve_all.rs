//! Every procedure, every case: each component is decided once, with a
//! receipt, and the sums are right; with nobody acting the outcomes are the
//! same and no value is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::type_complexity,
    clippy::large_futures,
    reason = "test code"
)]

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _};
use motlan_domain::Reason;
use motlan_domain::date::PartialDate;
use motlan_domain::id::ProcedureCode;
use motlan_e2e::*;
use motlan_harness::{Opened, Opening, World};
use motlan_proto::audit::v1::EntryKind;
use motlan_proto::dossier::v1::{
    ComponentOutcome, ComponentResult, Evidence, PrefilledField, ResolveSummary, ReuseMode,
};

/// Dossiers under way at once.
const AT_ONCE: usize = 4;

/// What is counted over the run.
#[derive(Default)]
struct Counts {
    resolves: u32,
    components: u32,
    entries: u32,
    outcomes: BTreeMap<&'static str, u32>,
    reasons: BTreeSet<String>,
    prefilled: u32,
    withheld: u32,
    keys: BTreeMap<String, u32>,
}

/// Procedure, case and family of every dossier of the run.
fn openings(world: &World) -> Vec<Opening> {
    let mut openings = Vec::new();
    for procedure in world.running().world().catalogue().procedures() {
        let code = procedure.code.as_str();
        openings.extend((0..3).map(|family| Opening::of(code).family(family)));
        let named = procedure.cases.iter().map(|case| case.id.as_str());
        openings.extend(named.enumerate().map(|(at, case)| Opening::of(code).case(case).family(at % 4 + 3)));
    }
    openings
}

fn components_of(world: &World, code: &str) -> BTreeSet<String> {
    let code = ProcedureCode::parse(code).unwrap();
    let procedure = world.running().world().catalogue().procedure(&code).unwrap();
    procedure.components.iter().map(|component| component.key.as_str().to_owned()).collect()
}

/// One result per component, each with a known outcome and reason.
fn check_results(world: &World, dossier: &Opened, results: &[ComponentResult]) {
    let what = format!("{} {}", dossier.plan.procedure, dossier.plan.case);
    let keys: BTreeSet<String> = results.iter().map(|result| result.key.clone()).collect();
    assert_eq!(keys.len(), results.len(), "{what}: a component came twice");
    assert_eq!(keys, components_of(world, &dossier.plan.procedure), "{what}");
    for result in results {
        let what = format!("{what} {}", result.key);
        assert_ne!(result.outcome(), ComponentOutcome::Unspecified, "{what}");
        assert_ne!(result.outcome(), ComponentOutcome::SourceUnavailable, "{what}: {}", result.reason);
        let reason = Reason::from_code(&result.reason).unwrap_or_else(|| panic!("{what}: {}", result.reason));
        assert_eq!(
            (result.reason_vi.as_str(), result.reason_en.as_str()),
            (reason.text_vi(), reason.text_en()),
            "{what}"
        );
        assert!(!result.name.is_empty(), "{what}");
        assert!(result.prefilled_fields <= result.total_fields, "{what}");
        assert_eq!(result.prefilled.len() as u32, result.prefilled_fields, "{what}");
        if result.outcome() == ComponentOutcome::Reused {
            assert!(
                [ReuseMode::Full, ReuseMode::CopyOnly].contains(&result.mode()),
                "{what}: {:?}",
                result.mode()
            );
            assert!(result.retrieved_at.is_some() || result.source == 0, "{what}: when it was retrieved");
        }
    }
}

/// The sums of the summary are the sums of the results.
fn check_sums(what: &str, results: &[ComponentResult], summary: &ResolveSummary) {
    let asked: Vec<_> =
        results.iter().filter(|result| result.outcome() != ComponentOutcome::NotInCase).collect();
    let count = |outcome| asked.iter().filter(|result| result.outcome() == outcome).count() as u32;
    let sum = |derived: bool, of: fn(&ComponentResult) -> u32| -> u32 {
        asked.iter().filter(|result| !derived || result.derived_form).map(|result| of(result)).sum()
    };
    let (filled, blanks): (fn(&ComponentResult) -> u32, fn(&ComponentResult) -> u32) =
        (|result| result.prefilled_fields, |result| result.total_fields);
    assert_eq!(summary.total as usize, asked.len(), "{what}: total");
    assert_eq!(summary.reused, count(ComponentOutcome::Reused), "{what}: reused");
    assert_eq!(summary.unavailable, 0, "{what}: unavailable");
    assert_eq!(summary.prefilled_fields, sum(false, filled), "{what}: prefilled");
    assert_eq!(summary.total_fields, sum(false, blanks), "{what}: blanks");
    assert_eq!(summary.derived_prefilled_fields, sum(true, filled), "{what}: derived prefilled");
    assert_eq!(summary.derived_total_fields, sum(true, blanks), "{what}: derived blanks");
}

/// The entry of a component's receipt says what the component says.
async fn check_entry(world: &World, dossier: &Opened, result: &ComponentResult) {
    let entry = entry_at(world, result.receipt.as_ref().expect("a receipt")).await;
    assert_eq!((entry.kind(), &entry.dossier_code), (EntryKind::ComponentDecided, &dossier.code));
    let body: serde_json::Value = serde_json::from_slice(&entry.canonical).unwrap();
    let component = &body["component"];
    let outcome = result.outcome().as_str_name().trim_start_matches("COMPONENT_OUTCOME_");
    assert_eq!(component["key"], result.key.as_str());
    assert_eq!(
        (component["outcome"].as_str(), &entry.reason),
        (Some(outcome), &result.reason),
        "{}",
        result.key
    );
    assert_eq!(component["prefilled"], result.prefilled_fields, "{}", result.key);
    assert_eq!(component["total"], result.total_fields, "{}", result.key);
}

/// Every value is written for a person: no code, no machine's date, amounts and
/// areas with their units.
fn check_written(what: &str, field: &PrefilledField) {
    for value in field.values.iter().filter(|value| !value.is_empty()) {
        let what = format!("{what} {}: {value}", field.key);
        let constant =
            value.contains('_') || ["true", "false", "MALE", "FEMALE", "VN"].contains(&value.as_str());
        assert!(!constant, "{what}: a code");
        assert!(
            PartialDate::parse_iso(value).is_err() || value.len() == 4,
            "{what}: a date as machines write it"
        );
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let expected = match field.key.as_str() {
            "capital" => value.ends_with(" đồng") && !digits,
            "parcel_area" => value.ends_with(" m²"),
            "parcel_key" => value.starts_with("thửa đất số ") && value.contains(", tờ bản đồ số "),
            "certificate_serial" => value.contains(' '),
            key if key.ends_with("birth_date") => value.len() == 4 || PartialDate::parse_slash(value).is_ok(),
            key if key.ends_with("_sex") || key == "sex" => ["Nam", "Nữ"].contains(&value.as_str()),
            key if key.ends_with("ethnicity") || key.ends_with("nationality") => !digits,
            _ => true,
        };
        assert!(expected, "{what}: not as people write it");
    }
}

/// What does not depend on who acts.
fn decided(results: &[ComponentResult]) -> BTreeMap<&str, (ComponentOutcome, &str, ReuseMode, u32, u32)> {
    let told = |r: &'_ ComponentResult| (r.outcome(), r.mode(), r.prefilled_fields, r.total_fields);
    let row = |result| {
        let result: &ComponentResult = result;
        let (outcome, mode, filled, total) = told(result);
        (result.key.as_str(), (outcome, result.reason.as_str(), mode, filled, total))
    };
    results.iter().map(row).collect()
}

async fn run(world: &World, opening: Opening) -> Counts {
    let dossier = opened(world, &opening).await;
    let what = format!("{} {} family {}", dossier.plan.procedure, dossier.plan.case, opening.family);
    let office = world.connect(&dossier.office).unwrap();
    let told = resolve(&office, &dossier.code).await;
    let (results, summary) = told.unwrap_or_else(|status| panic!("{what}: {status}"));
    check_results(world, &dossier, &results);
    let summary = summary.expect("a summary ends it");
    check_sums(&what, &results, &summary);
    assert!(!summary.actor_absent, "{what}");
    futures::future::join_all(results.iter().map(|result| check_entry(world, &dossier, result))).await;

    let nobody = world.connect_as_nobody(&dossier.office).unwrap();
    let (absent, absent_summary) =
        resolve(&nobody, &dossier.code).await.unwrap_or_else(|s| panic!("{what}: {s}"));
    assert_eq!(decided(&absent), decided(&results), "{what}: who acts does not change what is decided");
    assert!(absent_summary.expect("a summary ends it").actor_absent, "{what}");
    let mut counts = Counts { resolves: 2, entries: results.len() as u32, ..Counts::default() };
    for result in &results {
        counts.components += 1;
        *counts.outcomes.entry(result.outcome().as_str_name()).or_default() += 1;
        counts.reasons.insert(result.reason.clone());
        counts.prefilled += result.prefilled.iter().filter(|field| !field.values.is_empty()).count() as u32;
        assert!(result.prefilled.iter().all(|field| !field.withheld), "{what}: an officer is told");
        for field in &result.prefilled {
            check_written(&what, field);
            *counts.keys.entry(field.key.clone()).or_default() += 1;
        }
    }
    for field in absent.iter().flat_map(|result| &result.prefilled) {
        assert!(field.withheld && field.values.is_empty(), "{what}: {} is told to nobody", field.key);
        counts.withheld += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_procedure_in_every_case_for_several_families() {
    let world = World::start().await.unwrap();
    let openings = openings(&world);
    let procedures: BTreeSet<_> = openings.iter().map(|opening| opening.procedure.clone()).collect();
    assert_eq!(procedures.len(), 29);
    let dossiers = openings.len();
    assert!(dossiers > 29 * 3 + 100, "{dossiers} dossiers");
    let runs = futures::stream::iter(openings).map(|opening| run(&world, opening)).buffer_unordered(AT_ONCE);
    let mut all = Counts::default();
    let counts: Vec<Counts> = runs.map(Ok::<_, std::convert::Infallible>).try_collect().await.unwrap();
    for counts in counts {
        all.resolves += counts.resolves;
        all.components += counts.components;
        all.entries += counts.entries;
        all.prefilled += counts.prefilled;
        all.withheld += counts.withheld;
        all.reasons.extend(counts.reasons);
        all.keys.extend(counts.keys);
        for (outcome, count) in counts.outcomes {
            *all.outcomes.entry(outcome).or_default() += count;
        }
    }
    println!(
        "{dossiers} dossiers of {} procedures, {} resolves, {} components, {} entries, {} blanks prefilled, {} withheld from nobody",
        procedures.len(),
        all.resolves,
        all.components,
        all.entries,
        all.prefilled,
        all.withheld,
    );
    println!("outcomes {:?}\nreasons {:?}", all.outcomes, all.reasons);
    assert_eq!(all.resolves as usize, dossiers * 2);
    // Not vacuous: each outcome but one occurs, and forms are filled in.
    for outcome in ["REUSED", "PREFILLED", "NEEDS_PAPER", "NOT_IN_CASE"] {
        let name = format!("COMPONENT_OUTCOME_{outcome}");
        assert!(
            all.outcomes.get(name.as_str()).is_some_and(|count| *count > 20),
            "{outcome}: {:?}",
            all.outcomes
        );
    }
    assert!(all.prefilled > 500 && all.withheld > 500, "{} and {}", all.prefilled, all.withheld);
    // Those whose writing is judged by itself do occur.
    for key in
        ["capital", "parcel_area", "parcel_key", "certificate_serial", "registrant_ethnicity", "nationality"]
    {
        assert!(all.keys.contains_key(key), "{key} is never filled");
    }
    for reason in
        ["RECORD_REUSED", "FORM_PREFILLED", "ORIGINAL_REQUIRED", "NOT_IN_VAULT", "SOURCE_NOT_CONNECTED"]
    {
        assert!(all.reasons.contains(reason), "{reason} never occurs");
    }
    world.stop().await.unwrap();
}

#[tokio::test]
async fn an_asserted_dossier_and_a_citizen_resolve_to_the_same() {
    let world = World::start().await.unwrap();
    for procedure in [RESIDENCE, "1.000894", "2.000986"] {
        let strong = opened(&world, &Opening::of(procedure)).await;
        let weak = opened(&world, &Opening::of(procedure).asserted()).await;
        let told = weak.answer.dossier.as_ref().map(motlan_proto::dossier::v1::Dossier::evidence);
        assert_eq!(told, Some(Evidence::Asserted));
        let office = world.connect(&strong.office).unwrap();
        let (by_officer, _) = resolve(&office, &strong.code).await.unwrap();
        let (by_word, _) = resolve(&office, &weak.code).await.unwrap();
        let (by_citizen, _) = resolve(&world.portal_for(&strong.plan).unwrap(), &strong.code).await.unwrap();
        assert_eq!(decided(&by_word), decided(&by_officer), "{procedure}: assertion");
        assert_eq!(decided(&by_citizen), decided(&by_officer), "{procedure}: citizen");
        let values = |results: &[ComponentResult]| -> usize {
            results.iter().flat_map(|result| &result.prefilled).map(|field| field.values.len()).sum()
        };
        assert!(values(&by_officer) > 0, "{procedure}");
        assert!(
            values(&by_citizen) > 0 && values(&by_citizen) <= values(&by_officer),
            "{procedure}: the citizen's own"
        );
        assert_eq!(values(&by_word), 0, "{procedure}: assertion alone tells no value");
    }
    world.stop().await.unwrap();
}
