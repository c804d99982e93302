//! No reason is missing from the page, and it says what the wire says.

use super::*;
use crate::status::code;

/// One cause, as the adapters bring them.
const CAUSE: Told =
    Told::cause("TRUNCATED", "Trả lời bị ngắt giữa chừng.", "the answer ends before it is whole");

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
    all([CAUSE]).into_iter().filter(|told| !once(told)).map(|told| told.code).collect()
}

#[test]
fn no_reason_of_any_vocabulary_is_missing() {
    let page = page(&all([CAUSE]));
    assert_eq!(misplaced(&page), Vec::<&str>::new());
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    let vocabulary = Reason::ALL.len()
        + IdReason::ALL.len()
        + DateError::ALL.len()
        + NameError::ALL.len()
        + IncompleteCause::ALL.len()
        + Unfinished::ALL.len();
    assert!(vocabulary > 130, "only {vocabulary} reasons");
    assert_eq!(rows, vocabulary + 1);
    // Control: a row taken out is missed.
    let without: Vec<&str> = page.lines().filter(|line| !line.starts_with("| `GUESS_LIMIT`")).collect();
    assert_eq!(misplaced(&without.join("\n")), ["GUESS_LIMIT"]);
}

#[test]
fn the_page_and_the_wire_say_the_same_code() {
    let all = all([]);
    for reason in Reason::ALL.iter().copied() {
        let told = all.iter().find(|told| told.code == reason.code()).expect("every reason is told");
        match told.met {
            Met::Error(met) => assert_eq!(met, code(reason), "{reason}"),
            Met::Component => assert_eq!(code(reason), Code::Internal, "{reason}"),
            Met::Incomplete | Met::Cause | Met::Entry => panic!("{reason} is told as a cause"),
        }
    }
}
