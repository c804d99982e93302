//! Statements in their one form, and what a chain of them leads to.

use super::*;
use crate::note::CosigningKey;
use crate::{Checkpoint, CheckpointError, SignedCheckpoint, TrustedLog};

const ORIGIN: &str = "motlan.example/gw1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

fn public(seed: u8) -> VerifierKey {
    key(seed).verifier_key().clone()
}

fn rotation(old: u8, new: u8) -> Rotation {
    Rotation::sign(&key(old), &key(new)).unwrap()
}

fn chain(seeds: &[u8]) -> KeyChain {
    let mut chain = KeyChain::default();
    for pair in seeds.windows(2) {
        chain.push(rotation(pair[0], pair[1]).to_string().as_bytes()).unwrap();
    }
    chain
}

#[test]
fn a_statement_is_read_back_and_always_the_same() {
    let made = rotation(1, 2);
    let text = made.to_string();
    assert_eq!(Rotation::parse(text.as_bytes()).unwrap(), made);
    assert_eq!(rotation(1, 2).to_string(), text, "after a crash the same bytes are signed");
    assert_eq!((made.origin(), made.old(), made.new_key()), (ORIGIN, &public(1), &public(2)));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], [ORIGIN, "log key rotation v1"]);
    assert_eq!((lines[2], lines[3]), (&*public(1).to_string(), &*public(2).to_string()));
    assert_eq!(lines.len(), 7, "two signatures: {text}");
    assert_eq!((path(1), path(12)), ("keys/1".into(), "keys/12".into()));
}

#[test]
fn only_two_keys_of_one_log_make_one() {
    assert_eq!(Rotation::sign(&key(1), &key(1)).unwrap_err(), SignError::Text);
    let other = SigningKey::from_seed("motlan.example/gw2", &[2; 32]).unwrap();
    assert_eq!(Rotation::sign(&key(1), &other).unwrap_err(), SignError::Text);
}

#[test]
fn anything_else_is_refused() {
    let good = rotation(1, 2).to_string();
    let signed = |text: &str, by: &[u8]| {
        let mut note = key(by[0]).sign(text).unwrap();
        for seed in &by[1..] {
            key(*seed).sign(text).unwrap().into_signatures().into_iter().for_each(|one| {
                note.add(one).unwrap();
            });
        }
        note.to_string()
    };
    let text = text(&public(1), &public(2));
    assert_eq!(signed(&text, &[1, 2]), good, "control");
    let witness = CosigningKey::from_seed(ORIGIN, &[2; 32]).unwrap().verifier_key().to_string();
    let cases = [
        ("the old key alone", signed(&text, &[1])),
        ("the new key alone", signed(&text, &[2])),
        ("strangers", signed(&text, &[3, 4])),
        ("no note", text.clone()),
        ("a line more", signed(&format!("{text}x\n"), &[1, 2])),
        (
            "a line less",
            signed(&text.lines().take(3).fold(String::new(), |all, line| all + line + "\n"), &[1, 2]),
        ),
        ("another header", signed(&text.replace("v1", "v2"), &[1, 2])),
        ("another origin above", signed(&text.replacen(ORIGIN, "motlan.example/gw2", 1), &[1, 2])),
        ("a witness's key", signed(&text.replace(&public(2).to_string(), &witness), &[1, 2])),
        ("one key twice", signed(&self::text(&public(1), &public(1)), &[1])),
        ("no line end", good.trim_end().to_owned()),
        ("a changed signature", {
            let at = good.rfind('/').or_else(|| good.rfind('+')).unwrap();
            format!("{}A{}", &good[..at], &good[at + 1..])
        }),
    ];
    for (name, bad) in cases {
        assert_ne!(bad, good, "{name} changed nothing");
        assert!(Rotation::parse(bad.as_bytes()).is_err(), "{name}: {bad}");
    }
    // Others may sign too; that says nothing and spoils nothing.
    assert!(Rotation::parse(signed(&text, &[3, 1, 2]).as_bytes()).is_ok());
}

/// Neither can be taken for the other, whoever signed it.
#[test]
fn a_statement_is_no_checkpoint() {
    let log = TrustedLog::from(public(1));
    let opened = SignedCheckpoint::open(rotation(1, 2).to_string().as_bytes(), &log);
    assert_eq!(opened.unwrap_err(), CheckpointError::Malformed);
    let head = crate::TreeHead::EMPTY;
    let checkpoint = SignedCheckpoint::sign(Checkpoint::new(ORIGIN, head).unwrap(), &key(1)).unwrap();
    assert_eq!(Rotation::parse(checkpoint.to_string().as_bytes()).unwrap_err(), RotationError::Malformed);
}

#[test]
fn a_chain_leads_forward_only() {
    let chain = chain(&[1, 2, 3, 4]);
    assert_eq!((chain.origin(), chain.next_number()), (Some(ORIGIN), 4));
    assert_eq!(chain.keys(), [&public(1), &public(2), &public(3), &public(4)]);
    let check = |known: &[u8], reached: &[u8]| {
        let known: Vec<_> = known.iter().map(|seed| public(*seed)).collect();
        let expected: Vec<_> = reached.iter().map(|seed| public(*seed)).collect();
        assert_eq!(chain.trusted_from(&known), expected, "{known:?}");
    };
    check(&[1], &[2, 3, 4]);
    check(&[3], &[4]);
    check(&[4], &[]);
    check(&[1, 3], &[2, 4]);
    check(&[9], &[]);
    assert!(KeyChain::default().trusted_from(&[public(1)]).is_empty());
}

#[test]
fn a_chain_takes_only_what_goes_on_from_it() {
    let mut chain = chain(&[1, 2]);
    let before = chain.clone();
    let push = |chain: &mut KeyChain, next: &Rotation| chain.push(next.to_string().as_bytes());
    assert_eq!(push(&mut chain, &rotation(1, 3)), Err(RotationError::Gap));
    assert_eq!(push(&mut chain, &rotation(3, 4)), Err(RotationError::Gap));
    assert_eq!(chain, before, "nothing was added");
    push(&mut chain, &rotation(2, 3)).unwrap();
}
