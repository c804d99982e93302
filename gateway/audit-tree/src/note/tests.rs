//! Notes and keys of other implementations, every way of not being one, and
//! what a signature covers.

mod faults;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Names, keys, texts and signatures of golang/mod, sumdb/note/note_test.go
/// (BSD-3-Clause). The seed is the one inside its private test key.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SEED: &str = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const PETER_LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

/// A checkpoint of a public staging log of static-ct-api, signed by the log
/// in two algorithms and cosigned by four public witnesses in May 2026, and
/// two of those witnesses' keys as they publish them.
const COSIGNED: &str = include_str!("cosigned.txt");
const REMORA: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
const SMARTIT: &str = "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO";

fn key(text: &str) -> VerifierKey {
    let key: VerifierKey = text.parse().unwrap();
    assert_eq!(key.to_string(), text);
    key
}

fn note(lines: &str) -> String {
    format!("{TEXT}\n{lines}")
}

fn names<'k>(verified: &[Verified<'k>]) -> Vec<&'k str> {
    verified.iter().map(|verified| verified.key.name()).collect()
}

#[test]
fn a_published_note_is_verified_and_written_the_same() {
    let whole = note(&format!("{PETER_LINE}{ENOCH_LINE}"));
    let read = Note::parse(whole.as_bytes()).unwrap();
    assert_eq!(read.to_string(), whole);
    assert_eq!(read.text(), TEXT);
    let cases = [
        (vec![key(PETER)], vec!["PeterNeumann"]),
        (vec![key(ENOCH)], vec!["EnochRoot"]),
        (vec![key(PETER), key(ENOCH)], vec!["PeterNeumann", "EnochRoot"]),
        (vec![key(ENOCH), key(PETER), key(REMORA)], vec!["EnochRoot", "PeterNeumann"]),
    ];
    for (keys, expected) in cases {
        let verified = read.verify(&keys).unwrap();
        assert_eq!(names(&verified), expected);
        assert!(verified.iter().all(|verified| verified.time.is_none()));
    }
    assert_eq!(read.verify(&[]), Err(NoteError::NotSigned));
    assert_eq!(read.verify(&[key(REMORA)]), Err(NoteError::NotSigned));
}

/// Ed25519 signs the same text the same way, so ours must be theirs.
#[test]
fn signing_gives_the_published_signature() {
    let seed = BASE64_STANDARD.decode(PETER_SEED).unwrap();
    let signer = SigningKey::from_seed("PeterNeumann", &seed.try_into().unwrap()).unwrap();
    assert_eq!(signer.verifier_key().to_string(), PETER);
    assert_eq!(signer.sign(TEXT).unwrap().to_string(), note(PETER_LINE));
}

/// The example of C2SP signed-note.
#[test]
fn the_note_of_the_specification_verifies() {
    let key = key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    let whole = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    assert_eq!(names(&Note::parse(whole.as_bytes()).unwrap().verify(&[key]).unwrap()), ["example.com/foo"]);
}

#[test]
fn published_cosignatures_verify() {
    let read = Note::parse(COSIGNED.as_bytes()).unwrap();
    assert_eq!(read.to_string(), COSIGNED);
    assert_eq!(read.signatures().len(), 6);
    let keys = [key(SMARTIT), key(REMORA), key(PETER)];
    assert!(keys[..2].iter().all(|key| key.algorithm() == Algorithm::CosignatureV1));
    let verified = read.verify(&keys).unwrap();
    assert_eq!(names(&verified), ["witness1.smartit.nu/witness1", "remora.n621.de"]);
    // 2026-05-23, and the same second for all.
    assert!(verified.iter().all(|verified| verified.time == Some(1_779_573_024)));

    let clobbered = COSIGNED.replace("1432088532", "1432088533");
    let error = Note::parse(clobbered.as_bytes()).unwrap().verify(&keys).unwrap_err();
    assert_eq!(error, NoteError::BadSignature { name: "witness1.smartit.nu/witness1".into() });
}

#[test]
fn a_key_signs_in_one_algorithm_only() {
    let log = SigningKey::from_seed("same.example", &[7; 32]).unwrap();
    let witness = CosigningKey::from_seed("same.example", &[7; 32]).unwrap();
    assert_ne!(log.verifier_key().id(), witness.verifier_key().id());
    let mut signed = log.sign(TEXT).unwrap();
    assert_eq!(signed.verify(&[witness.verifier_key().clone()]), Err(NoteError::NotSigned));
    signed.add(witness.cosign(&signed, 5).unwrap()).unwrap();
    let keys = [log.verifier_key().clone(), witness.verifier_key().clone()];
    let times: Vec<Option<u64>> = signed.verify(&keys).unwrap().iter().map(|v| v.time).collect();
    assert_eq!(times, [None, Some(5)]);
}

#[test]
fn each_signer_counts_once_with_its_latest_time() {
    let log = SigningKey::from_seed("log.example", &[1; 32]).unwrap();
    let witness = CosigningKey::from_seed("w.example", &[2; 32]).unwrap();
    let mut signed = log.sign(TEXT).unwrap();
    for time in [7, 9, 8] {
        signed.add(witness.cosign(&signed, time).unwrap()).unwrap();
    }
    let again = signed.signatures()[1].clone();
    signed.add(again).unwrap();
    assert_eq!(signed.signatures().len(), 4, "what stands there is not added again");
    let keys = [witness.verifier_key().clone(), witness.verifier_key().clone()];
    assert_eq!(signed.verify(&keys).unwrap(), [Verified { key: &keys[0], time: Some(9) }]);
}

#[test]
fn a_cosignature_states_a_possible_time() {
    let log = SigningKey::from_seed("log.example", &[1; 32]).unwrap();
    let witness = CosigningKey::from_seed("w.example", &[2; 32]).unwrap();
    let keys = [witness.verifier_key().clone()];
    let mut signed = log.sign(TEXT).unwrap();
    for time in [0, i64::MAX as u64 + 1, u64::MAX] {
        assert_eq!(witness.cosign(&signed, time), Err(SignError::Time));
    }
    signed.add(witness.cosign(&signed, i64::MAX as u64).unwrap()).unwrap();
    assert!(signed.verify(&keys).is_ok());
    // A later one is refused even where somebody signed it: the same seed
    // signs any text as a log's.
    let beyond = i64::MAX as u64 + 1;
    let same = SigningKey::from_seed("w.example", &[2; 32]).unwrap();
    let signature = same.sign(&key::cosigned_message(TEXT, beyond)).unwrap().signatures()[0].bytes.clone();
    let late = Signature::of(&keys[0], [&beyond.to_be_bytes()[..], &signature].concat());
    let late = Note::new(TEXT.to_owned(), vec![late]).unwrap();
    assert!(matches!(late.verify(&keys), Err(NoteError::BadSignature { .. })));
    // The time is signed: another one does not verify.
    let mut moved = signed.clone();
    moved.signatures[1].bytes[7] ^= 1;
    assert!(matches!(moved.verify(&keys), Err(NoteError::BadSignature { .. })));
}

#[test]
fn private_keys_do_not_show_themselves() {
    let signing = SigningKey::from_seed("log.example", &[0x41; 32]).unwrap();
    let cosigning = CosigningKey::from_seed("w.example", &[0x41; 32]).unwrap();
    assert_eq!(format!("{signing:?} {cosigning:?}"), "SigningKey(..) CosigningKey(..)");
}

/// Every single bit of text, name, id and signature counts: with one flipped,
/// the note no longer verifies.
#[test]
fn a_flipped_bit_is_noticed() {
    let witness = CosigningKey::from_seed("w", &[2; 32]).unwrap();
    let log = SigningKey::from_seed("l", &[1; 32]).unwrap();
    let mut signed = log.sign("t\n5\n").unwrap();
    signed.add(witness.cosign(&signed, 1_790_000_000).unwrap()).unwrap();
    let keys = [log.verifier_key().clone(), witness.verifier_key().clone()];
    let whole = signed.to_string().into_bytes();
    let signers =
        |bytes: &[u8]| Note::parse(bytes).and_then(|note| note.verify(&keys).map(|verified| verified.len()));
    assert_eq!(signers(&whole), Ok(2));
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            // A change in a name or id makes that one signature unknown.
            assert!(signers(&changed).unwrap_or(0) < 2, "bit {bit} of byte {at}");
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    vec("[^\\x00-\\x1f]{0,12}", 1..6).prop_map(|lines| lines.join("\n") + "\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_can_be_signed_and_read_back(
        text in text(), name in "[^\\s+\\x00-\\x1f]{1,20}", seed: [u8; 32], time in 1..=i64::MAX as u64
    ) {
        let log = SigningKey::from_seed(&name, &seed).unwrap();
        let witness = CosigningKey::from_seed(&name, &seed).unwrap();
        let mut signed = log.sign(&text).unwrap();
        signed.add(witness.cosign(&signed, time).unwrap()).unwrap();
        let read = Note::parse(signed.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&read, &signed);
        let keys = [key(&log.verifier_key().to_string()), key(&witness.verifier_key().to_string())];
        prop_assert_eq!(read.verify(&keys).unwrap(), [
            Verified { key: &keys[0], time: None },
            Verified { key: &keys[1], time: Some(time) },
        ]);
    }

    #[test]
    fn what_is_read_is_written_the_same(
        text in text(),
        lines in vec("(— )?[a-z +]{1,3} ?[A-D=/+]{4,16}\n?", 0..4),
    ) {
        let whole = format!("{text}\n{}", lines.concat());
        if let Ok(read) = Note::parse(whole.as_bytes()) {
            prop_assert_eq!(read.to_string(), whole);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200), text: String) {
        let _ = Note::parse(&bytes);
        let _ = Note::parse(text.as_bytes());
        let _ = text.parse::<VerifierKey>();
    }
}
