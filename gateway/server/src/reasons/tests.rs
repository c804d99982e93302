//! The committed page is the generated one, and no reason is missing from it.

use std::path::Path;

use super::*;
use crate::status::code;

fn committed() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/REASONS.md");
    std::fs::read_to_string(file).expect("proto/REASONS.md is committed")
}

#[test]
fn the_committed_page_is_the_generated_one() {
    assert!(
        committed() == page(),
        "proto/REASONS.md is out of date: cargo run --bin motlan -- reasons > proto/REASONS.md"
    );
}

/// Codes that do not stand in exactly one row of the page, in full.
fn misplaced(page: &str) -> Vec<&'static str> {
    let row = |line: &&str, told: &Told| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [code, met, origin, retry, cause, next] = cells[..] else { return false };
        code == format!("`{}`", told.code)
            && (met, origin, retry) == (told.met.words(), told.origin.as_str(), told.retry.as_str())
            && cause == format!("{}<br>*{}*", told.vi, told.en)
            && next == format!("{}<br>*{}*", told.next.vi, told.next.en)
    };
    let once = |told: &Told| page.lines().filter(|line| row(line, told)).count() == 1;
    all().into_iter().filter(|told| !once(told)).map(|told| told.code).collect()
}

#[test]
fn no_reason_of_any_vocabulary_is_missing() {
    let page = committed();
    assert_eq!(misplaced(&page), Vec::<&str>::new());
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    let vocabulary = Reason::ALL.len()
        + IdReason::ALL.len()
        + DateError::ALL.len()
        + NameError::ALL.len()
        + IncompleteCause::ALL.len();
    assert!(vocabulary > 130, "only {vocabulary} reasons");
    assert_eq!(rows, vocabulary);
    // Control: a row taken out is missed.
    let without: Vec<&str> = page.lines().filter(|line| !line.starts_with("| `GUESS_LIMIT`")).collect();
    assert_eq!(misplaced(&without.join("\n")), ["GUESS_LIMIT"]);
}

#[test]
fn the_page_and_the_wire_say_the_same_code() {
    for reason in Reason::ALL.iter().copied() {
        let told = Told::of(reason.code()).expect("every reason is told");
        match told.met {
            Met::Error(met) => assert_eq!(met, code(reason), "{reason}"),
            Met::Component => assert_eq!(code(reason), Code::Internal, "{reason}"),
            Met::Incomplete => panic!("{reason} is no cause of an incomplete answer"),
        }
    }
    assert!(Told::of("NO_SUCH_REASON").is_none());
}
