//! The claims about answers, in small: what they cost is for a release build on
//! a quiet machine, and nothing is said of it here.

use std::path::PathBuf;
use std::time::Duration;

use motlan_load::{audit, coalesce, footprint, overload, resolve};

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_motlan-load"))
}

#[tokio::test]
async fn identical_questions_make_one_upstream_call() {
    let options = coalesce::Options {
        program: program(),
        folder: None,
        callers: 300,
        connections: 10,
        latency: Duration::from_secs(2),
    };
    let report = coalesce::run(&options).await.expect("no answer is wrong, and no call too many");
    assert_eq!(report.upstream_calls(), [1, 1, 2]);
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_the_rest_answered() {
    let options = overload::Options {
        program: program(),
        folder: None,
        length: Duration::from_secs(2),
        factor: 2.0,
        smoke: true,
    };
    let report = overload::run(&options).await.expect("no answer is wrong, and every refusal is as promised");
    assert!(report.refused() > 20, "only {} refused", report.refused());
    assert!(report.answered() > 50, "only {} answered", report.answered());
    assert_eq!(report.targets().len(), 1);
}

#[tokio::test]
async fn a_resolve_of_eight_components_asks_nobody_when_all_is_cached() {
    let options = resolve::Options {
        program: program(),
        folder: None,
        rounds: 1,
        length: Duration::from_millis(200),
        smoke: true,
    };
    let report = resolve::run(&options).await.expect("no answer is wrong");
    assert_eq!(report.targets().len(), 5);
}

#[tokio::test]
async fn enterprises_of_a_wide_registry_are_cached_one_by_one() {
    let options =
        footprint::Options { program: program(), binary: None, folder: None, starts: 1, enterprises: 600 };
    let report = footprint::run(&options).await.expect("no answer is wrong");
    assert_eq!(report.targets().len(), 4);
}

#[tokio::test]
async fn every_append_has_its_entry_and_every_search_finds_what_is_there() {
    let options = audit::Options {
        folder: None,
        rounds: 1,
        length: Duration::from_millis(100),
        entries: 2_000,
        rate: 500,
        rate_length: Duration::from_secs(1),
    };
    let report = audit::run(&options).await.expect("no search finds the wrong entries, and the log verifies");
    assert!(report.verified() > 2_000, "only {} verified", report.verified());
    assert!(report.worst_lag_ms().is_finite() && report.worst_lag_ms() > 0.0, "{}", report.worst_lag_ms());
    assert_eq!(report.targets().len(), 9);
}
