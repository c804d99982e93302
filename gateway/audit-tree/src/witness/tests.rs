//! Requests, answers, and every rule of the decision.

mod deciding;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::checkpoint::{Checkpoint, TrustedLog};
use crate::hash::leaf_hash;
use crate::merkle::{Frontier, TreeHead};
use crate::note::{CosigningKey, SigningKey};

/// The example of C2SP tlog-witness.
const EXAMPLE: &str = "\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

/// A log that signs whatever it is told to.
struct Log(SigningKey);

impl Log {
    const ORIGIN: &'static str = "motlan.example/log";

    fn new() -> Self {
        Self(SigningKey::from_seed(Self::ORIGIN, &[1; 32]).unwrap())
    }

    fn trusted(&self) -> TrustedLog {
        self.0.verifier_key().clone().into()
    }

    fn signs(&self, head: TreeHead) -> SignedCheckpoint {
        SignedCheckpoint::sign(Checkpoint::new(Self::ORIGIN, head).unwrap(), &self.0).unwrap()
    }
}

fn head(size: usize) -> TreeHead {
    let leaves: Vec<_> = (0..size).map(|number| leaf_hash(&number.to_be_bytes())).collect();
    Frontier::new().append(&leaves).head
}

#[test]
fn the_specification_s_request_is_read_and_written() {
    let request = AddCheckpoint::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(request.old_size, 20_852_014);
    assert_eq!(request.proof.len(), 4);
    assert_eq!(request.origin(), "example.com/behind-the-sofa");
    assert_eq!(request.checkpoint.signatures().len(), 2);
    assert_eq!(request.to_string(), EXAMPLE);
    let without = EXAMPLE.split_inclusive('\n').filter(|line| line.len() != 45 || line.starts_with("Cs"));
    let without: String = without.collect();
    let request = AddCheckpoint::parse(without.as_bytes()).unwrap();
    assert_eq!((request.proof.len(), request.to_string()), (0, without));
}

#[test]
fn other_bodies_are_no_requests() {
    let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
    let refused = [
        String::new(),
        "\n\n".to_owned(),
        EXAMPLE.replace("old 20852014\n", ""),
        EXAMPLE.replace("old 20852014", "old"),
        EXAMPLE.replace("old 20852014", "old "),
        EXAMPLE.replace("old 20852014", "old  20852014"),
        EXAMPLE.replace("old 20852014", "old 020852014"),
        EXAMPLE.replace("old 20852014", "old -1"),
        EXAMPLE.replace("old 20852014", "old 20852014 "),
        EXAMPLE.replace("old 20852014", "old 9223372036854775808"),
        EXAMPLE.replace("old 20852014", "Old 20852014"),
        EXAMPLE.replace("pkaw=\n", "pkaw=\r\n"),
        EXAMPLE.replace("pkaw=\n", "pkaw\n"),
        EXAMPLE.replace("pkaw=\n", "pkaw= \n"),
        EXAMPLE.replace("pkaw=\n", "pkax=\n"),
        EXAMPLE.replace("Kj/0=\n\n", "Kj/0=\n"),
        EXAMPLE.replace(hash, &hash.repeat(MAX_PROOF_HASHES - 2)),
        EXAMPLE.trim_end().to_owned(),
        EXAMPLE.split_once('—').unwrap().0.to_owned(),
        format!("{EXAMPLE}\n"),
    ];
    for body in refused {
        assert_eq!(AddCheckpoint::parse(body.as_bytes()), Err(RequestError), "{body}");
    }
    // With an empty line too early the rest of the proof begins a note, but
    // not one that is a checkpoint.
    for early in ["old 20852014\n", hash] {
        let body = EXAMPLE.replace(early, &format!("{early}\n"));
        let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
        let refused = decide(&Log::new().trusted(), None, &request).unwrap_err();
        assert_eq!(refused, Refusal::BadRequest.into());
    }
    let longest = EXAMPLE.replace(hash, &hash.repeat(MAX_PROOF_HASHES - 3));
    assert_eq!(AddCheckpoint::parse(longest.as_bytes()).unwrap().proof.len(), MAX_PROOF_HASHES);
    let huge = vec![b'x'; MAX_REQUEST_BYTES + 1];
    assert_eq!(AddCheckpoint::parse(&huge), Err(RequestError));
    let checkpoint = Log::new().signs(head(1));
    assert!(AddCheckpoint::new(0, vec![[0; 32]; MAX_PROOF_HASHES], &checkpoint).is_ok());
    assert_eq!(AddCheckpoint::new(0, vec![[0; 32]; MAX_PROOF_HASHES + 1], &checkpoint), Err(RequestError));
}

#[test]
fn a_witness_s_answer_is_written_and_read() {
    let checkpoint = Log::new().signs(head(5));
    let witness = CosigningKey::from_seed("w.example", &[2; 32]).unwrap();
    let stranger = CosigningKey::from_seed("stranger.example", &[3; 32]).unwrap();
    let known = [witness.verifier_key().clone()];
    let ours = witness.cosign(checkpoint.note(), 1_790_000_000).unwrap();
    let theirs = stranger.cosign(checkpoint.note(), 1_790_000_000).unwrap();

    let body = print_cosignatures(&[theirs.clone(), ours.clone()]);
    assert_eq!(body, format!("{theirs}\n{ours}\n"));
    let read = |body: &str| read_cosignatures(body.as_bytes(), &checkpoint, &known);
    assert_eq!(read(&body), Ok(vec![ours.clone()]));
    assert_eq!(read(&print_cosignatures(&[theirs])), Err(NoteError::NotSigned));
    for malformed in ["", "\n", &format!("\n{body}"), body.trim_end(), &format!("{body}x\n")] {
        assert_eq!(read(malformed), Err(NoteError::Malformed), "{malformed:?}");
    }
    let long = "x".repeat(MAX_NOTE_BYTES + 1);
    assert_eq!(read(&long), Err(NoteError::TooLarge));
    let other = witness.cosign(Log::new().signs(head(6)).note(), 1_790_000_000).unwrap();
    let bad = Err(NoteError::BadSignature { name: "w.example".into() });
    assert_eq!(read(&print_cosignatures(&[ours, other])), bad);
}

#[test]
fn a_known_size_is_written_and_read() {
    assert_eq!(print_known_size(20_852_014), "20852014\n");
    let cases: [(&[u8], Option<u64>); 8] = [
        (b"0\n", Some(0)),
        (b"20852014\n", Some(20_852_014)),
        (b"20852014", None),
        (b"\n", None),
        (b"", None),
        (b"01\n", None),
        (b"1\n\n", None),
        (b"\xff\n", None),
    ];
    for (body, expected) in cases {
        assert_eq!(read_known_size(body), expected, "{body:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn requests_read_back(old_size in 0..=crate::merkle::MAX_SIZE, proof in vec(any::<[u8; 32]>(), 0..=63)) {
        let request = AddCheckpoint::new(old_size, proof, &Log::new().signs(head(3))).unwrap();
        prop_assert_eq!(AddCheckpoint::parse(request.to_string().as_bytes()), Ok(request));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in vec(any::<u8>(), 0..200), text: String, at in 0..EXAMPLE.len(), byte: u8
    ) {
        let mut changed = EXAMPLE.as_bytes().to_vec();
        changed[at] = byte;
        for body in [&bytes, text.as_bytes(), &changed] {
            if let Ok(request) = AddCheckpoint::parse(body) {
                prop_assert_eq!(request.to_string().into_bytes(), body.to_vec());
                let _ = decide(&Log::new().trusted(), None, &request);
            }
            let _ = read_known_size(body);
            let _ = read_cosignatures(body, &Log::new().signs(head(1)), &[]);
        }
    }
}
