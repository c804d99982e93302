//! Checkpoints of other implementations, and what is none.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::hash::EMPTY_ROOT;
use crate::note::CosigningKey;

/// transparency-dev/tessera, testdata/log and testdata/build_log.sh
/// (Apache-2.0); the seed is the one inside its private test key.
const TESSERA: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const TESSERA_SEED: &str = "eca663f499017d2365c27c7a7679158d43cfec1330bdb259290afbd0d21777a0";
const TESSERA_EMPTY: &str = "\
example.com/log/testdata
0
47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

— example.com/log/testdata M9e0lhxJACzE1KoUdqKuPa+9p6R7dSW8BlEvrg/noo8FkGg6PbJoRNOcdjqjOq89wVvTA60eubCc4oufo5BvIVEgtQc=
";
const TESSERA_15: &str = "\
example.com/log/testdata
15
rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=

— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=
";

/// The example of C2SP tlog-checkpoint.
const SOFA: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

fn tessera() -> TrustedLog {
    TESSERA.parse::<VerifierKey>().unwrap().into()
}

fn tessera_key() -> SigningKey {
    let seed = hex::decode(TESSERA_SEED).unwrap();
    SigningKey::from_seed("example.com/log/testdata", &seed.try_into().unwrap()).unwrap()
}

#[test]
fn published_checkpoints_are_opened_and_signed_the_same() {
    for (whole, size) in [(TESSERA_EMPTY, 0), (TESSERA_15, 15)] {
        let opened = SignedCheckpoint::open(whole.as_bytes(), &tessera()).unwrap();
        assert_eq!(opened.head().size, size);
        assert_eq!(opened.checkpoint().origin(), "example.com/log/testdata");
        assert_eq!(opened.to_string(), whole);
        let ours = Checkpoint::new("example.com/log/testdata", opened.head()).unwrap();
        assert_eq!(SignedCheckpoint::sign(ours, &tessera_key()).unwrap(), opened);
    }
    let empty = SignedCheckpoint::open(TESSERA_EMPTY.as_bytes(), &tessera()).unwrap();
    assert_eq!(empty.head(), TreeHead::EMPTY);
}

#[test]
fn the_specification_s_example_is_read() {
    let checkpoint: Checkpoint = SOFA.parse().unwrap();
    assert_eq!(checkpoint.head().size, 20_852_163);
    assert_eq!(checkpoint.to_string(), SOFA);
    assert_eq!(checkpoint.extensions(), [""; 0]);
    let extended = format!("{SOFA}one\ntwo\n");
    let checkpoint: Checkpoint = extended.parse().unwrap();
    assert_eq!(checkpoint.extensions(), ["one", "two"]);
    assert_eq!(checkpoint.to_string(), extended);
}

/// Partly from transparency-dev/formats, log/checkpoint_test.go.
#[test]
fn other_texts_are_no_checkpoints() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let refused = [
        String::new(),
        "\n".to_owned(),
        "Head\n9944\n".to_owned(),
        format!("\n9944\n{root}\n"),
        format!("Log\n123\n{root}"),
        format!("Log\nbananas\n{root}\n"),
        format!("Log\n-34\n{root}\n"),
        format!("Log\n0123\n{root}\n"),
        format!("Log\n\n{root}\n"),
        format!("Log\n3438945738945739845734895735\n{root}\n"),
        format!("Log\n9223372036854775808\n{root}\n"),
        "Log\n123\nThisIsn'tBase64\n".to_owned(),
        "Log\n123\nYmFuYW5hcw==\n".to_owned(),
        format!("Log\n123\n{}\n", root.replace("q2I=", "q2J=")),
        format!("Log\n123\n{root}\n\n"),
        format!("Log\n123\n{root}\n\nmore\n"),
        format!("Log\n123\n{root}\nmo\tre\n"),
        format!("Lo\tg\n123\n{root}\n"),
        format!("Log\r\n123\r\n{root}\r\n"),
        format!("Log\n123 \n{root}\n"),
    ];
    for text in refused {
        assert_eq!(text.parse::<Checkpoint>(), Err(CheckpointError::Malformed), "{text:?}");
    }
    for origin in ["", "a\nb", "a\tb"] {
        assert_eq!(Checkpoint::new(origin, TreeHead::EMPTY), Err(CheckpointError::Malformed));
    }
    let beyond = TreeHead { size: MAX_SIZE + 1, root: EMPTY_ROOT };
    assert_eq!(Checkpoint::new("log", beyond), Err(CheckpointError::Malformed));
}

#[test]
fn only_the_trusted_log_s_checkpoints_are_opened() {
    let open = |whole: &str, log: &TrustedLog| SignedCheckpoint::open(whole.as_bytes(), log).unwrap_err();
    let other_origin = TrustedLog { origin: "example.com/other".into(), ..tessera() };
    assert_eq!(open(TESSERA_15, &other_origin), CheckpointError::OtherOrigin);
    let other_key = SigningKey::from_seed("example.com/log/testdata", &[1; 32]).unwrap();
    let other_key = TrustedLog::from(other_key.verifier_key().clone());
    assert_eq!(open(TESSERA_15, &other_key), CheckpointError::Note(NoteError::NotSigned));
    let name = "example.com/log/testdata".to_owned();
    let bad = CheckpointError::Note(NoteError::BadSignature { name });
    assert_eq!(open(&TESSERA_15.replace("\n15\n", "\n16\n"), &tessera()), bad);
    assert_eq!(open("", &tessera()), CheckpointError::Note(NoteError::Malformed));
    // Signed, but no checkpoint.
    let note = tessera_key().sign("example.com/log/testdata\n").unwrap().to_string();
    assert_eq!(open(&note, &tessera()), CheckpointError::Malformed);
}

#[test]
fn cosignatures_are_kept_and_counted() {
    let mut signed = SignedCheckpoint::open(TESSERA_15.as_bytes(), &tessera()).unwrap();
    let witnesses: Vec<CosigningKey> = [("w1.example", 1), ("w2.example", 2)]
        .map(|(name, seed)| CosigningKey::from_seed(name, &[seed; 32]).unwrap())
        .into();
    let keys: Vec<VerifierKey> = witnesses.iter().map(|witness| witness.verifier_key().clone()).collect();
    assert_eq!(signed.cosigned_by(&keys), Err(NoteError::NotSigned));
    for (witness, time) in witnesses.iter().zip([1_790_000_000, 1_790_000_007]) {
        signed.add(witness.cosign(signed.note(), time).unwrap()).unwrap();
    }
    let again = SignedCheckpoint::open(signed.to_string().as_bytes(), &tessera()).unwrap();
    assert_eq!(again, signed);
    let times: Vec<_> = again.cosigned_by(&keys).unwrap().iter().map(|cosigned| cosigned.time).collect();
    assert_eq!(times, [Some(1_790_000_000), Some(1_790_000_007)]);
    assert_eq!(signed.only_signed_by(&tessera()).to_string(), TESSERA_15);
}

proptest! {
    #[test]
    fn checkpoints_read_back(
        origin in "[^\\x00-\\x1f]{1,30}",
        size in 0..=MAX_SIZE,
        root: [u8; 32],
        extensions in vec("[^\\x00-\\x1f]{1,9}", 0..3),
    ) {
        let plain = Checkpoint::new(&origin, TreeHead { size, root }).unwrap();
        let checkpoint = Checkpoint { extensions, ..plain };
        prop_assert_eq!(checkpoint.to_string().parse::<Checkpoint>(), Ok(checkpoint));
    }

    #[test]
    fn what_is_read_is_written_the_same(text in "[a-z]{0,2}\n[0-9]{0,3}\n[A-D]{43}=\n([a-z]{0,2}\n){0,2}") {
        if let Ok(checkpoint) = text.parse::<Checkpoint>() {
            prop_assert_eq!(checkpoint.to_string(), text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text: String, bytes in vec(any::<u8>(), 0..200)) {
        let _ = text.parse::<Checkpoint>();
        let _ = SignedCheckpoint::open(&bytes, &tessera());
    }
}
