//! What is seen of a log by its hashes alone.

use super::forge::{Forged, evidence, signed};
use super::*;

fn by_hashes(shown: &Shown, evidence: &Evidence) -> Report {
    verify_to(shown, &keys(&[]), evidence, Extent::Hashes)
}

#[test]
fn no_entry_is_read_and_the_tree_is_verified() {
    for size in [0, 1, 255, 256, 257, 700] {
        let log = Forged::new(size);
        let mut shown = log.publish();
        shown.files.retain(|path, _| !path.starts_with("tile/entries/"));
        let report = by_hashes(&shown, &Evidence::default());
        assert_eq!(said(&report), OK, "{size}");
        assert_eq!(report.root, alone(&log.publish()).root);
        assert_eq!((report.checked.entries, report.checked.hashes_only), (0, true));
        assert_eq!(report.checked.tiles, alone(&log.publish()).checked.tiles);
        assert!(size == 0 || said(&alone(&shown)).0 == Verdict::Fault, "control: with entries it is missed");
        for path in shown.files.keys().filter(|path| path.starts_with("tile/")) {
            let mut changed = shown.clone();
            changed.file(path)[7] ^= 1;
            assert_eq!(by_hashes(&changed, &Evidence::default()).verdict, Verdict::Fault, "{path}");
            let mut gone = shown.clone();
            gone.remove(path);
            let said = said(&by_hashes(&gone, &Evidence::default()));
            assert!(matches!(said, (Verdict::Fault, Some((Code::TileMissing, _)))), "{path}: {said:?}");
        }
    }
}

#[test]
fn evidence_is_held_against_it_all_the_same() {
    let (log, other) = (Forged::new(300), Forged::new(300).rewritten(17));
    let shown = log.publish();
    let with = |evidence: &Evidence| said(&by_hashes(&shown, evidence));
    assert_eq!(with(&evidence(&[&log.checkpoint(200)], &[&log.receipt(17), &log.receipt(299)])), OK);
    assert_eq!(with(&evidence(&[], &[&other.receipt(17)])), fault(Code::ReceiptMismatch, 17));
    assert_eq!(with(&evidence(&[&signed(other.head(200))], &[])).1.map(|(code, _)| code), Some(Code::Fork));
    assert_eq!(with(&evidence(&[&Forged::new(301).checkpoint(301)], &[])), fault(Code::Truncated, 300));
}

/// What it does not see: an entry that is not the one that was hashed.
#[test]
fn what_entries_are_is_not_seen_and_the_report_says_so() {
    let mut shown = Forged::new(300).publish();
    shown.file("tile/entries/000")[40] ^= 1;
    let report = by_hashes(&shown, &Evidence::default());
    assert_eq!(said(&report), OK);
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains("\"entries\":0") && json.contains("\"hashes_only\":true"), "{json}");
    assert_eq!(alone(&shown).verdict, Verdict::Fault, "control");
    let whole = serde_json::to_string(&alone(&Forged::new(3).publish())).unwrap();
    assert!(!whole.contains("hashes_only"), "{whole}");
}
