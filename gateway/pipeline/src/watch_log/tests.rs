//! Places and paces. That a watched log does not grow by being watched is shown
//! over a whole gateway, in `tests/e2e`.

use motlan_audit::{EntryTime, Search};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_records_of_watchers_wait_ever_longer_up_to_a_minute() {
    let mut pace = Pace::new();
    let mut now = Instant::now();
    let mut waited = Vec::new();
    for _ in 0..9 {
        let began = now;
        while let Some(left) = pace.hold(now) {
            now += left;
        }
        waited.push(now.duration_since(began).as_secs());
        pace.told(now, true, false);
        assert_eq!(pace.rest.take(), Some(now + SECOND), "and never sooner than in a second");
    }
    assert_eq!(waited, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    // Something else ends it.
    pace.told(now, false, false);
    assert_eq!(pace.hold(now), Some(SECOND));
}

#[test]
fn only_who_is_at_the_end_rests() {
    let mut pace = Pace::new();
    let now = Instant::now();
    pace.told(now, false, true);
    assert_eq!(pace.rest, None, "there is more");
    pace.told(now, false, false);
    assert_eq!(pace.rest, Some(now + SECOND));
}

#[test]
fn watchers_leave_places_to_others() {
    let watchers = Watchers::default();
    let mut held = Vec::new();
    for caller in ["a", "b", "c", "d"] {
        for _ in 0..MOST.1 {
            held.push(watchers.place(caller).expect("a place"));
        }
        assert!(watchers.place(caller).is_none(), "{caller} has as many as one may");
    }
    assert_eq!(held.len(), MOST.0);
    assert!(watchers.place("e").is_none(), "there are as many as may be");
    held.pop();
    assert!(watchers.place("e").is_some(), "a place that was given back");
    held.clear();
    assert!(watchers.place("a").is_some());
}

/// A refused place of one kind gives the other back.
#[test]
fn who_is_refused_holds_nothing() {
    let watchers = Watchers::default();
    let own = [watchers.place("a"), watchers.place("a")];
    for _ in 0..20 {
        assert!(watchers.place("a").is_none());
    }
    let others: Vec<_> =
        ["b", "c", "d"].iter().flat_map(|c| [watchers.place(c), watchers.place(c)]).collect();
    assert!(own.iter().chain(&others).all(Option::is_some));
}

#[test]
fn what_tells_of_watchers_is_told_apart() {
    let time = EntryTime::new(jiff::Timestamp::UNIX_EPOCH);
    let read = |names: &[&'static str], kind| {
        let filters = names.iter().map(|name| named(name, None)).collect();
        Entry { search: Some(Search { count: 1, filters }), ..Entry::new("log", 0, time, kind) }
    };
    assert!(tells_a_watcher(&read(&["kind", WATCH], Kind::LogRead)));
    assert!(!tells_a_watcher(&read(&["kind"], Kind::LogRead)));
    assert!(!tells_a_watcher(&read(&[], Kind::LogRead)));
    assert!(!tells_a_watcher(&read(&[WATCH], Kind::AccessOutcome)));
    assert!(!tells_a_watcher(&Entry::new("log", 0, time, Kind::LogRead)));
}
