//! What `deep` finds in logs that are otherwise right.

use super::forge::{Forged, at, entry};
use super::*;
use crate::entry::{Entry, Kind, NotReleased};

fn deep(log: &Forged) -> Said {
    let shown = log.publish();
    assert_eq!(said(&alone(&shown)), OK, "not to be found otherwise");
    said(&verify(&shown, &keys(&[]), &Evidence::default(), true))
}

fn replaced(index: u64, from: &str, to: &str) -> Forged {
    let text = String::from_utf8(entry(index).encode().unwrap()).unwrap();
    let changed = text.replace(from, to);
    assert_ne!(changed, text, "{from} stands in it");
    Forged::new(300).put(index, changed.as_bytes())
}

#[test]
fn the_form_of_entries() {
    let malformed = fault(Code::EntryMalformed, 5);
    let other_spelling = fault(Code::EntryNotCanonical, 5);
    let cases = [
        ("\"v\":1", "\"v\":2", malformed),
        ("\"v\":1", "\"v\":1,\"w\":1", malformed),
        ("\"v\":1", "\"v\":1,\"v\":1", malformed),
        ("access.intent", "access.other", malformed),
        ("Z\",\"v\"", "+00:00\",\"v\"", malformed),
        ("\"v\":1", "\"trace\":4,\"v\":1", malformed),
        ("\"v\":1", "\"v\": 1", other_spelling),
        ("\"v\":1", "\"trace\":null,\"v\":1", other_spelling),
        ("\"v\":1", "\"upstream\":[],\"v\":1", other_spelling),
        ("\"v\":1}", "\"v\":1}\n", other_spelling),
        ("lan.", "l\\u0061n.", other_spelling),
    ];
    for (from, to, expected) in cases {
        assert_eq!(deep(&replaced(5, from, to)), expected, "{to}");
    }
}

#[test]
fn what_entries_say() {
    let log = Forged::new(300);
    let intent = |entry: &mut Entry, index| entry.intent = Some(index);
    let range = |entry: &mut Entry, first, last| {
        entry.not_released = Some(NotReleased { cause: "SYNC_FAILED".into(), first, last });
    };
    let unknown = |index| fault(Code::IntentUnknown, index);
    let bad_range = fault(Code::NotReleasedRange, 199);
    assert_eq!(entry(197).kind, Kind::AccessIntent);
    assert_eq!(entry(198).intent, Some(197));
    let cases = [
        ("as it is", log.clone(), OK),
        ("foreign", log.with(8, |e| e.origin = "motlan.example/other".into()), fault(Code::EntryOrigin, 8)),
        ("same time", log.with(8, |e| e.time = at(7)), OK),
        ("backwards", log.with(8, |e| e.time = at(6)), fault(Code::TimeBackwards, 8)),
        ("leap", log.with(8, |e| e.time = at(10)), fault(Code::TimeBackwards, 9)),
        ("far intent", log.with(198, |e| intent(e, 1)), OK),
        ("an outcome", log.with(198, |e| intent(e, 194)), unknown(198)),
        ("not there yet", log.with(198, |e| intent(e, 201)), unknown(198)),
        ("itself", log.with(198, |e| intent(e, 198)), unknown(198)),
        ("itself, an intent", log.with(197, |e| intent(e, 197)), unknown(197)),
        ("beyond", log.with(198, |e| intent(e, 1 << 50)), unknown(198)),
        ("one", log.with(199, |e| range(e, 198, 198)), OK),
        ("all", log.with(199, |e| range(e, 0, 198)), OK),
        ("itself among them", log.with(199, |e| range(e, 190, 199)), bad_range),
        ("none", log.with(199, |e| range(e, 10, 9)), bad_range),
        (
            "two faults",
            log.with(198, |e| intent(e, 194)).with(8, |e| e.time = at(0)),
            fault(Code::TimeBackwards, 8),
        ),
        (
            "all at once",
            log.with(8, |e| {
                e.time = at(0);
                e.intent = Some(0);
                e.origin = "other".into();
            }),
            fault(Code::EntryOrigin, 8),
        ),
    ];
    for (name, log, expected) in cases {
        assert_eq!(deep(&log), expected, "{name}");
    }
}

/// What is found without `deep` comes first, and a receipt before content.
#[test]
fn the_content_comes_last() {
    let log = Forged::new(300).with(8, |entry| entry.time = at(0));
    let mut shown = log.publish();
    shown.cut("tile/entries/001.p/44");
    let none = Evidence::default();
    assert_eq!(said(&verify(&shown, &keys(&[]), &none, true)), fault(Code::EntryMalformed, 299));
    let receipt = forge::evidence(&[], &[&log.rewritten(200).receipt(200)]);
    assert_eq!(said(&verify(&log.publish(), &keys(&[]), &receipt, true)), fault(Code::ReceiptMismatch, 200));
    let report = verify(&log.publish(), &keys(&[]), &none, true);
    assert!(report.checked.deep);
    assert!(!alone(&log.publish()).checked.deep);
}
