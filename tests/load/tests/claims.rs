//! The claims about answers, in small: what they cost is for a release build on
//! a quiet machine, and nothing is said of it here.

use std::path::PathBuf;
use std::time::Duration;

use motlan_load::{coalesce, footprint, overload, resolve};

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
