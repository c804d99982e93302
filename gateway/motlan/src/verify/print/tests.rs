//! What people read of the unwitnessed end, in both languages.

use motlan_audit_tree::EntryTime;
use motlan_audit_tree::verify::{Unwitnessed, Witnessed};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A log of 9 entries; those from the fourth on are of half past eight.
fn told(witnessed: Option<u64>, witness_keys: u64, now: &str) -> String {
    let mut told = Report::unreadable(&io::Error::other("x"));
    told.verdict = Verdict::Ok;
    told.fault = None;
    told.size = 9;
    told.evidence.witness_keys = witness_keys;
    told.witnessed = witnessed.map(|size| Witnessed {
        size,
        time: Some("2026-11-27T08:29:00Z".to_owned()),
        witnesses: vec!["w1.example".to_owned()],
    });
    let since = Some(EntryTime::new(at("2026-11-27T08:30:00Z")));
    told.unwitnessed = Unwitnessed { entries: 9 - witnessed.unwrap_or(0), since };
    let mut out = Vec::new();
    report(&told, at(now), Look::plain(100), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_unwitnessed_end_has_a_size_and_an_age() {
    let text = told(Some(4), 1, "2026-11-27T10:31:05Z");
    for part in
        ["đến / up to 4", "not yet: 5", "since 2026-11-27T08:30:00Z (2h 1m 5s trước / ago)", "w1.example"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A reader whose clock is behind hears the time, and no age.
    let text = told(Some(4), 1, "2026-11-27T08:00:00Z");
    assert!(text.contains("since 2026-11-27T08:30:00Z\n"), "{text}");
}

#[test]
fn nothing_witnessed_and_nothing_to_check_it_by_are_two_things() {
    let text = told(None, 1, "2026-11-27T10:31:05Z");
    assert!(text.contains("chưa có / nothing; 9") && !text.contains("--witness-key"), "{text}");
    let text = told(None, 0, "2026-11-27T10:31:05Z");
    assert!(text.contains("không kiểm tra được") && text.contains("cannot be checked"), "{text}");
}
