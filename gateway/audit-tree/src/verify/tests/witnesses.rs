//! What witnesses make of it, and the report as JSON.

use super::forge::{ORIGIN, at, evidence, keys, log_key};
use super::*;

/// Size, time and names of what is witnessed.
type Expected = Option<(u64, &'static str, &'static [&'static str])>;

#[test]
fn the_largest_witnessed_checkpoint_counts() {
    let log = Forged::new(600);
    let mut shown = log.publish();
    shown.keep(&log.witnessed(256, &[(1, 1_790_000_000), (2, 1_790_000_009)]));
    shown.keep(&log.witnessed(300, &[(1, 1_790_000_020), (3, 1_790_000_033)]));
    let given = evidence(&[&log.witnessed(300, &[(2, 1_790_000_031)])], &[]);
    let none = Evidence::default();
    let cases: [(&[u8], &Evidence, u64, Expected); 5] = [
        (&[], &none, 0, None),
        (&[9], &none, 0, None),
        (&[2], &none, 256, Some((256, "2026-09-21T14:13:29Z", &["w2.example"]))),
        (&[1, 2], &none, 300, Some((300, "2026-09-21T14:13:40Z", &["w1.example"]))),
        (&[2, 1], &given, 300, Some((300, "2026-09-21T14:13:51Z", &["w1.example", "w2.example"]))),
    ];
    for (witnesses, evidence, covered, expected) in cases {
        let report = verify(&shown, &keys(witnesses), evidence, false);
        assert_eq!(said(&report), OK, "{witnesses:?}");
        assert_eq!(report.covered, covered, "{witnesses:?}");
        assert_eq!(report.evidence.witness_keys, witnesses.len() as u64);
        let expected = expected.map(|(size, time, names)| Witnessed {
            size,
            time: Some(time.to_owned()),
            witnesses: names.iter().map(|name| (*name).to_owned()).collect(),
        });
        let size = expected.as_ref().map_or(0, |expected| expected.size);
        assert_eq!(report.witnessed, expected, "{witnesses:?}");
        assert_eq!(report.unwitnessed, Unwitnessed { entries: 600 - size, since: Some(at(size)) });
    }
}

/// The newest that the log says is witnessed is one of those it kept.
#[test]
fn the_witnessed_file_counts_as_a_kept_one() {
    let log = Forged::new(600);
    let mut shown = log.publish();
    shown.put("witnessed", log.witnessed(300, &[(1, 1_790_000_000)]).to_string().as_bytes());
    let report = verify(&shown, &keys(&[1]), &Evidence::default(), false);
    assert_eq!((said(&report), report.covered, report.checked.checkpoints), (OK, 300, 2));
    assert_eq!(report.unwitnessed, Unwitnessed { entries: 300, since: Some(at(300)) });
    assert_eq!(
        (alone(&shown).covered, alone(&shown).witnessed),
        (0, None),
        "without a key it is the log's word"
    );
    // What was cosigned and is not of this log is told, with a key or without.
    let other = log.rewritten(280);
    for (note, wrong) in [
        (other.witnessed(300, &[(1, 1_790_000_000)]).to_string(), fault(Code::Fork, None)),
        (Forged::new(700).witnessed(700, &[(1, 1_790_000_000)]).to_string(), fault(Code::Truncated, 600)),
        ("no note\n".to_owned(), fault(Code::CheckpointSignature, None)),
    ] {
        shown.put("witnessed", note.as_bytes());
        assert_eq!(said(&verify(&shown, &keys(&[1]), &Evidence::default(), false)), wrong, "{note}");
        assert_eq!(said(&alone(&shown)), wrong, "{note}");
    }
    // After those kept by size, before those given.
    shown.put("checkpoints/9", b"no note\n");
    let report = verify(&shown, &keys(&[1]), &Evidence::default(), false);
    assert!(report.fault.unwrap().detail.starts_with("checkpoints/9"));
}

/// Who signed only a smaller one is no witness of the larger.
#[test]
fn a_smaller_checkpoint_adds_no_witness() {
    let log = Forged::new(600);
    let mut shown = log.publish();
    shown.put("checkpoint", log.witnessed(600, &[(1, 1_790_000_000)]).to_string().as_bytes());
    shown.keep(&log.witnessed(256, &[(2, 1_790_000_009)]));
    let report = verify(&shown, &keys(&[1, 2]), &Evidence::default(), false);
    let witnessed = report.witnessed.unwrap();
    assert_eq!((witnessed.size, witnessed.witnesses), (600, vec!["w1.example".to_owned()]));
    assert_eq!(witnessed.time.as_deref(), Some("2026-09-21T14:13:20Z"));
}

#[test]
fn the_newest_checkpoint_may_be_witnessed_too() {
    let log = Forged::new(256);
    let mut shown = log.publish();
    shown.put("checkpoint", log.witnessed(256, &[(1, u64::MAX >> 1)]).to_string().as_bytes());
    let report = verify(&shown, &keys(&[1]), &Evidence::default(), false);
    assert_eq!((said(&report), report.covered), (OK, 256));
    assert_eq!(report.truncation, Truncation::NoneBelowCovered);
    assert_eq!(report.unwitnessed, Unwitnessed { entries: 0, since: None });
    // Of no year that anybody can write.
    assert_eq!(report.witnessed.unwrap().time, None);
    assert_eq!(alone(&shown).covered, 0, "the log's own word");
}

/// Cut back to an older checkpoint that witnesses had cosigned: not to be
/// found alone, but the report says how old the newest witness is.
#[test]
fn a_cut_back_log_shows_an_old_witness() {
    let log = Forged::new(300);
    let mut shown = log.publish();
    shown.put("checkpoint", log.witnessed(300, &[(1, 1_790_000_000)]).to_string().as_bytes());
    let report = verify(&shown, &keys(&[1]), &Evidence::default(), false);
    assert_eq!((said(&report), report.covered), (OK, 300));
    assert_eq!(report.witnessed.unwrap().time.as_deref(), Some("2026-09-21T14:13:20Z"));
    let later = evidence(&[&Forged::new(301).witnessed(301, &[(1, 1_790_000_100)])], &[]);
    let report = verify(&shown, &keys(&[1]), &later, false);
    assert_eq!(said(&report), fault(Code::Truncated, 300));
    assert_eq!((report.covered, report.witnessed.unwrap().size), (301, 301));
    assert_eq!(report.unwitnessed, Unwitnessed::default());
}

#[test]
fn a_known_witness_s_bad_signature_is_a_fault_and_an_unknown_one_s_is_not() {
    let log = Forged::new(600);
    let other = log.rewritten(3);
    let bad = |size| {
        // A cosignature of another tree.
        let mut checkpoint = log.witnessed(size, &[(2, 1_790_000_000)]);
        let foreign = other.witnessed(size, &[(1, 1_790_000_000)]);
        checkpoint.add(foreign.note().signatures()[1].clone()).unwrap();
        checkpoint
    };
    let mut newest = log.publish();
    newest.put("checkpoint", bad(600).to_string().as_bytes());
    let mut kept = log.publish();
    kept.keep(&bad(300));
    let given = evidence(&[&bad(300)], &[]);
    let none = Evidence::default();
    for (name, shown, evidence) in
        [("newest", &newest, &none), ("kept", &kept, &none), ("given", &log.publish(), &given)]
    {
        for witnesses in [&[][..], &[2], &[3]] {
            assert_eq!(said(&verify(shown, &keys(witnesses), evidence, false)), OK, "{name} {witnesses:?}");
        }
        let report = verify(shown, &keys(&[2, 1]), evidence, false);
        assert_eq!(said(&report), fault(Code::CosignatureBad, None), "{name}");
        assert_eq!((report.covered, report.witnessed), (0, None), "{name}");
        assert_eq!((report.origin.as_deref(), report.size), (Some(ORIGIN), 600), "{name}");
    }
    // In the newest it comes first, elsewhere after the entries.
    for (shown, code) in [(&mut newest, Code::CosignatureBad), (&mut kept, Code::EntryMissing)] {
        shown.remove("tile/entries/000");
        let report = verify(shown, &keys(&[1]), &none, false);
        assert_eq!(report.fault.map(|fault| fault.code), Some(code));
    }
}

#[test]
fn the_report_as_json() {
    let log = Forged::new(600);
    let mut shown = log.publish();
    shown.keep(&log.witnessed(256, &[(1, 1_790_000_000)]));
    let receipt = evidence(&[], &[&log.receipt(299)]);
    let root = crate::text::print_hash(&log.head(600).root);
    let key = log_key().verifier_key().to_string();
    let json = |report: &Report| serde_json::to_string(report).unwrap();
    let report = verify(&shown, &keys(&[1]), &receipt, true);
    let ok = format!(
        "{{\"verdict\":\"ok\",\"origin\":\"{ORIGIN}\",\"size\":600,\"root\":\"{root}\",\
         \"keys\":{{\"reached\":[],\"signed\":[\"{key}\"]}},\
         \"evidence\":{{\"checkpoints\":0,\"receipts\":1,\"witness_keys\":1}},\"covered\":300,\
         \"truncation\":\"none_below_covered\",\"witnessed\":{{\"size\":256,\
         \"time\":\"2026-09-21T14:13:20Z\",\"witnesses\":[\"w1.example\"]}},\
         \"unwitnessed\":{{\"entries\":344,\"since\":\"{}\"}},\"checked\":{{\"entries\":600,\"tiles\":4,\
         \"checkpoints\":2,\"receipts\":1,\"deep\":true}},\"fault\":null}}",
        at(256)
    );
    assert_eq!((json(&report), report.exit_code()), (ok, 0));
    shown.remove("checkpoint");
    let unreadable = "{\"verdict\":\"unreadable\",\"origin\":null,\"size\":0,\"root\":null,\"keys\":null,\
         \"evidence\":{\"checkpoints\":0,\"receipts\":0,\"witness_keys\":0},\"covered\":0,\
         \"truncation\":\"undetectable\",\"witnessed\":null,\"unwitnessed\":{\"entries\":0,\"since\":null},\
         \"checked\":{\"entries\":0,\"tiles\":0,\"checkpoints\":0,\"receipts\":0,\"deep\":false},\
         \"fault\":{\"code\":\"UNREADABLE\",\"index\":null,\"detail\":\"the log has no checkpoint\"}}";
    let report = verify(&shown, &keys(&[1]), &receipt, true);
    assert_eq!((json(&report).as_str(), report.exit_code()), (unreadable, 2));
    let mut cut = Forged::new(600).publish();
    cut.remove("tile/0/001");
    let fault =
        "\"fault\":{\"code\":\"TILE_MISSING\",\"index\":256,\"detail\":\"tile/0/001 is not there.\"}}";
    assert!(json(&alone(&cut)).ends_with(fault), "{}", json(&alone(&cut)));
    let code = |code: Code| serde_json::to_value(code).unwrap();
    assert_eq!(code(Code::NotReleasedRange), "NOT_RELEASED_RANGE");
    assert_eq!(code(Code::CosignatureBad), "COSIGNATURE_BAD");
}
