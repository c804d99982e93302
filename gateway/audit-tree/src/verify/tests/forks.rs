//! A log rewritten or cut by whoever holds its key. It agrees with itself;
//! only what others kept shows it.

use super::forge::{ORIGIN, entry, evidence, keys, signed};
use super::*;

fn with(shown: &Shown, evidence: &Evidence) -> Report {
    verify(shown, &keys(&[]), evidence, true)
}

#[test]
fn a_rewritten_log_is_right_alone_and_found_with_evidence() {
    let genuine = Forged::new(600);
    let rewritten = genuine.rewritten(400);
    let shown = rewritten.publish_with(&[100, 450, 600]);
    let report = with(&shown, &Evidence::default());
    assert_eq!(said(&report), OK);
    assert_eq!((report.covered, report.truncation), (0, Truncation::Undetectable));

    let old = |size| genuine.checkpoint(size);
    let cases = [
        ("before it", evidence(&[&old(400)], &[]), OK),
        ("just behind it", evidence(&[&old(401)], &[]), fault(Code::Fork, None)),
        ("on both sides", evidence(&[&old(600), &old(300)], &[]), fault(Code::Fork, 300)),
        (
            "the rewritten one too",
            evidence(&[&rewritten.checkpoint(500), &old(550)], &[]),
            fault(Code::Fork, 500),
        ),
        ("two of one size", evidence(&[&rewritten.checkpoint(500), &old(500)], &[]), fault(Code::Fork, None)),
        ("receipt before it", evidence(&[], &[&genuine.receipt(399)]), OK),
        ("its receipt", evidence(&[], &[&genuine.receipt(400)]), fault(Code::ReceiptMismatch, 400)),
        ("both", evidence(&[&old(600)], &[&genuine.receipt(400)]), fault(Code::Fork, None)),
    ];
    for (name, evidence, expected) in cases {
        // That kept checkpoints agree says nothing: they were signed anew.
        let report = with(&shown, &evidence);
        assert_eq!(said(&report), expected, "{name}");
        assert_eq!(report.truncation, Truncation::NoneBelowCovered, "{name}");
    }
    // Unless a witness had signed one.
    let mut shown = shown;
    shown.keep(&genuine.witnessed(350, &[(1, 1_790_000_000)]));
    let late = evidence(&[&old(500)], &[]);
    assert_eq!(said(&with(&shown, &late)), fault(Code::Fork, None));
    assert_eq!(said(&verify(&shown, &keys(&[1]), &late, false)), fault(Code::Fork, 350));
    // Kept ones that were forgotten tell where, and come first.
    let mut shown = rewritten.publish_with(&[100]);
    shown.keep(&old(450));
    for evidence in [&late, &Evidence::default()] {
        assert_eq!(said(&with(&shown, evidence)), fault(Code::Fork, 100));
    }
}

#[test]
fn two_histories_are_a_fork_whatever_is_shown() {
    let log = Forged::new(600);
    let (one, other) = (log.checkpoint(500), log.rewritten(3).checkpoint(500));
    let both = evidence(&[&one, &other], &[]);
    assert_eq!(said(&with(&log.publish(), &both)), fault(Code::Fork, None));
    assert_eq!(said(&with(&log.rewritten(3).publish_with(&[2]), &both)), fault(Code::Fork, None));
    // Also beyond the log, where neither can be compared with it.
    let mut short = log.clone();
    short.entries.truncate(400);
    assert_eq!(said(&with(&short.publish_with(&[300]), &both)), fault(Code::Fork, None));
    let known = evidence(&[&one, &other, &log.rewritten(3).checkpoint(2)], &[]);
    assert_eq!(said(&with(&short.publish_with(&[300]), &known)), fault(Code::Fork, 2));
    let twice = evidence(&[&one, &one], &[]);
    assert_eq!(said(&with(&short.publish_with(&[300]), &twice)), fault(Code::Truncated, 400));
    assert_eq!(said(&with(&log.publish(), &twice)), OK);
}

#[test]
fn a_cut_log_is_right_alone_and_found_with_evidence() {
    let genuine = Forged::new(600);
    let mut cut = genuine.clone();
    cut.entries.truncate(300);
    let shown = cut.publish_with(&[200]);
    let report = with(&shown, &Evidence::default());
    assert_eq!(said(&report), OK);
    assert_eq!((report.covered, report.truncation), (0, Truncation::Undetectable));

    let nothing_gone = Truncation::NoneBelowCovered;
    let cases = [
        ("earlier", evidence(&[&genuine.checkpoint(250)], &[]), OK, 250, nothing_gone),
        ("of its end", evidence(&[&genuine.checkpoint(300)], &[]), OK, 300, nothing_gone),
        (
            "later",
            evidence(&[&genuine.checkpoint(301)], &[]),
            fault(Code::Truncated, 300),
            301,
            Truncation::Found,
        ),
        ("last receipt", evidence(&[], &[&genuine.receipt(299)]), OK, 300, nothing_gone),
        (
            "receipt of one gone",
            evidence(&[], &[&genuine.receipt(300)]),
            fault(Code::Truncated, 300),
            301,
            Truncation::Found,
        ),
    ];
    for (name, evidence, expected, covered, truncation) in cases {
        let report = with(&shown, &evidence);
        assert_eq!(said(&report), expected, "{name}");
        assert_eq!((report.covered, report.truncation), (covered, truncation), "{name}");
    }
    // The log's own word, left in its folder.
    let mut careless = shown.clone();
    careless.keep(&genuine.checkpoint(600));
    let report = with(&careless, &Evidence::default());
    assert_eq!(said(&report), fault(Code::Truncated, 300));
    assert_eq!((report.covered, report.truncation), (0, Truncation::Found));
    // Told, also where something else is reported.
    let mut damaged = shown.clone();
    damaged.file("tile/0/000").pop();
    let report = with(&damaged, &evidence(&[&genuine.checkpoint(301)], &[]));
    assert_eq!(said(&report), fault(Code::TileWrong, 0));
    assert_eq!((report.covered, report.truncation), (301, Truncation::Found));
}

#[test]
fn a_root_nobody_can_reach_is_told_from_the_last_good_checkpoint() {
    let log = Forged::new(600);
    let stated = signed(crate::TreeHead { size: 600, root: [1; 32] });
    let cases: [(&[u64], &[u64], Option<u64>); 5] = [
        (&[], &[], None),
        (&[0], &[], Some(0)),
        (&[100, 257], &[], Some(257)),
        (&[100], &[599], Some(599)),
        (&[], &[600], Some(600)),
    ];
    for (kept, given, index) in cases {
        let mut shown = log.publish_with(kept);
        shown.put("checkpoint", stated.to_string().as_bytes());
        let given: Vec<_> = given.iter().map(|size| log.checkpoint(*size)).collect();
        let given: Vec<_> = given.iter().collect();
        assert_eq!(said(&with(&shown, &evidence(&given, &[]))), fault(Code::RootMismatch, index), "{kept:?}");
    }
}

#[test]
fn kept_checkpoints_are_compared() {
    let log = Forged::new(600);
    let other = log.rewritten(200);
    let mut shown = log.publish_with(&[0, 100, 256, 600]);
    assert_eq!(said(&alone(&shown)), OK);
    assert_eq!(alone(&shown).checked.checkpoints, 5);
    for (size, index) in [(150, OK), (201, fault(Code::Fork, 100)), (600, fault(Code::Fork, 256))] {
        let mut shown = shown.clone();
        shown.keep(&other.checkpoint(size));
        assert_eq!(said(&alone(&shown)), index, "{size}");
    }
    shown.keep(&signed(crate::TreeHead { size: 0, root: [0; 32] }));
    assert_eq!(said(&alone(&shown)), fault(Code::Fork, None));
    // The signed size counts, not the name.
    let mut shown = log.publish();
    shown.put("checkpoints/7", log.checkpoint(100).to_string().as_bytes());
    assert_eq!(said(&alone(&shown)), OK);
    // Signatures come first.
    shown.keep(&other.checkpoint(300));
    shown.put("checkpoints/550", b"nonsense");
    assert_eq!(said(&alone(&shown)), fault(Code::CheckpointSignature, None));
    // And before all that, the entries.
    shown.remove("tile/entries/000");
    assert_eq!(said(&alone(&shown)), fault(Code::EntryMissing, 0));
}

#[test]
fn given_checkpoints_must_be_of_this_log_and_key() {
    let log = Forged::new(10);
    let other_key = crate::SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    let stranger = crate::SigningKey::from_seed("motlan.example/other", &[9; 32]).unwrap();
    let sign = |key: &crate::SigningKey, origin: &str| {
        crate::SignedCheckpoint::sign(crate::Checkpoint::new(origin, log.head(5)).unwrap(), key).unwrap()
    };
    let shown = log.publish();
    let forged = evidence(&[&sign(&other_key, ORIGIN)], &[]);
    let report = with(&shown, &forged);
    assert_eq!(said(&report), fault(Code::CheckpointSignature, None));
    assert_eq!((report.covered, report.evidence.checkpoints), (0, 1));
    let misnamed = evidence(&[&sign(&forge::log_key(), "motlan.example/other")], &[]);
    assert_eq!(said(&with(&shown, &misnamed)), fault(Code::CheckpointOrigin, None));
    // Of a log whose key is known, but not this one.
    let mut two = keys(&[]);
    two.add_log(&stranger.verifier_key().to_string()).unwrap();
    let foreign = evidence(&[&sign(&stranger, "motlan.example/other")], &[]);
    assert_eq!(said(&verify(&shown, &two, &foreign, false)), fault(Code::CheckpointOrigin, None));
    assert_eq!(said(&with(&shown, &foreign)), fault(Code::CheckpointSignature, None));
}

#[test]
fn receipts_are_compared_in_order_of_what_they_say() {
    let log = Forged::new(300);
    let other = log.rewritten(7).rewritten(260);
    let longer = Forged::new(400);
    let foreign = log.receipt(3).replace(ORIGIN, "motlan.example/other");
    let cases: [(&str, Vec<String>, Said, u64); 6] = [
        ("right", vec![log.receipt(299), log.receipt(0), log.receipt(0)], OK, 300),
        (
            "wrong",
            vec![other.receipt(260), log.receipt(3), other.receipt(7)],
            fault(Code::ReceiptMismatch, 7),
            261,
        ),
        ("beyond", vec![longer.receipt(399)], fault(Code::Truncated, 300), 400),
        (
            "beyond and wrong",
            vec![longer.receipt(399), other.receipt(260)],
            fault(Code::ReceiptMismatch, 260),
            400,
        ),
        ("foreign", vec![foreign.clone()], fault(Code::ReceiptOrigin, None), 0),
        ("foreign and wrong", vec![other.receipt(7), foreign], fault(Code::ReceiptOrigin, None), 8),
    ];
    for (name, receipts, expected, covered) in cases {
        let receipts: Vec<&str> = receipts.iter().map(String::as_str).collect();
        let report = with(&log.publish(), &evidence(&[], &receipts));
        assert_eq!(said(&report), expected, "{name}");
        assert_eq!((report.covered, report.evidence.receipts), (covered, receipts.len() as u64), "{name}");
    }
    let report = with(&log.publish(), &evidence(&[], &[&log.receipt(299), &log.receipt(0)]));
    assert_eq!(report.checked.receipts, 2);
    assert_eq!(entry(7).kind, crate::Kind::LogRead);
}
