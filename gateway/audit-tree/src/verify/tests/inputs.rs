//! Keys, checkpoints and receipts as people hand them in.

use super::forge::{Forged, ORIGIN, evidence, log_key, witness};
use super::*;
use crate::note::KeyError;

#[test]
fn key_files_are_read_or_refused_whole() {
    let log = log_key().verifier_key().to_string();
    let witness = witness(1).verifier_key().to_string();
    let cases = [
        (log.clone(), Ok(1)),
        (format!("# the log\n\n  {log}  \r\n{log}\n"), Ok(1)),
        (String::new(), Err(KeysError::Empty)),
        ("# nothing\n".to_owned(), Err(KeysError::Empty)),
        (format!("\n{log}\nx"), Err(KeysError::Malformed { line: 3, source: KeyError::Malformed })),
        (witness.clone(), Err(KeysError::OtherUse { line: 1 })),
    ];
    for (text, expected) in cases {
        let mut keys = Keys::default();
        let added = keys.add_log(&text).map(|()| keys.log.len());
        assert_eq!(added, expected, "{text}");
        assert_eq!(keys.log.len(), expected.unwrap_or(0), "{text}");
    }
    let mut keys = Keys::default();
    assert_eq!(keys.add_witnesses(&log), Err(KeysError::OtherUse { line: 1 }));
    assert_eq!(keys.add_witnesses(&format!("{witness}\n{witness}")), Ok(()));
    assert_eq!(keys.witnesses.len(), 1);
}

#[test]
fn receipts_in_every_form() {
    let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let hash = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let of = |index: &str, hash: &str| format!(r#"{{"origin":"o",{index}"leafHash":"{hash}"}}"#);
    let read = [
        (of("\"index\":7,", base64), vec![7]),
        (of("\"index\":\"7\",", hash), vec![7]),
        (of("\"index\":\"7\",", &hash.to_uppercase()), vec![7]),
        (of("", base64), vec![0]),
        (of("\"commitmentKey\":3,\"time\":{},\"index\":0,", base64), vec![0]),
        (format!(" [{}, {}]\n", of("\"index\":9,", base64), of("\"index\":8,", hash)), vec![9, 8]),
        ("[]".to_owned(), vec![]),
        (of("\"index\":\"9223372036854775806\",", hash), vec![9_223_372_036_854_775_806]),
    ];
    for (text, indices) in read {
        let mut evidence = Evidence::default();
        evidence.add_receipts("r", text.as_bytes()).unwrap();
        let found: Vec<u64> = evidence.receipts.iter().map(|receipt| receipt.index).collect();
        assert_eq!(found, indices, "{text}");
        assert!(
            evidence
                .receipts
                .iter()
                .all(|receipt| hex::encode(receipt.leaf_hash) == hash && receipt.origin == "o")
        );
    }
    let refused = [
        String::new(),
        "7".to_owned(),
        "{}".to_owned(),
        "[7]".to_owned(),
        of("\"index\":-1,", base64),
        of("\"index\":7.0,", base64),
        of("\"index\":null,", base64),
        of("\"index\":\"07\",", base64),
        of("\"index\":\"9223372036854775807\",", base64),
        of("\"index\":18446744073709551615,", base64),
        of("", &base64[..40]),
        of("", &hash.replace('f', "g")),
        of("", &format!("{hash}00")),
        of("", "").replace("\"origin\":\"o\",", ""),
        of("", base64).replace("\"origin\":\"o\",", ""),
        format!("[{},{{}}]", of("", base64)),
        format!("{} x", of("", base64)),
    ];
    for text in refused {
        let mut evidence = Evidence::default();
        let error = evidence.add_receipts("r", text.as_bytes()).unwrap_err();
        assert_eq!(error, EvidenceError::Receipt { name: "r".to_owned() }, "{text}");
        assert!(evidence.receipts.is_empty());
    }
}

#[test]
fn what_is_no_checkpoint_is_unreadable() {
    let log = Forged::new(3);
    let whole = log.checkpoint(3).to_string();
    let empty = log_key().sign(&format!("{ORIGIN}\n3\n")).unwrap().to_string();
    for text in ["", "nonsense", whole.trim_end(), &empty, &whole.replace("\n3\n", "\n03\n")] {
        let mut evidence = Evidence::default();
        let error = evidence.add_checkpoint("given", text.as_bytes()).unwrap_err();
        let report = Report::unreadable(&error);
        assert_eq!((report.verdict, report.exit_code()), (Verdict::Unreadable, 2), "{text}");
        let detail = report.fault.unwrap().detail;
        assert!(detail.starts_with("given holds no checkpoint: "), "{detail}");
        assert!(evidence.checkpoints.is_empty());
    }
    // Readable, but signed over something else.
    let mut changed = Evidence::default();
    changed.add_checkpoint("given", whole.replace("\n3\n", "\n2\n").as_bytes()).unwrap();
    let report = verify(&log.publish(), &keys(&[]), &changed, false);
    assert_eq!(said(&report), fault(Code::CheckpointSignature, None));
    assert_eq!(said(&verify(&log.publish(), &keys(&[]), &evidence(&[&log.checkpoint(3)], &[]), false)), OK);
}
