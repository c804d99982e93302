//! Which keys are known, and what contradicts them.

use motlan_audit_tree::{SigningKey, TreeHead};

use super::*;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("log.test/1", &[seed; 32]).unwrap()
}

fn of_size(size: u64, by: &[u8]) -> Vec<u8> {
    let checkpoint = Checkpoint::new("log.test/1", TreeHead { size, root: [1; 32] }).unwrap();
    let mut signed = SignedCheckpoint::sign(checkpoint.clone(), &key(by[0])).unwrap();
    for seed in &by[1..] {
        let other = SignedCheckpoint::sign(checkpoint.clone(), &key(*seed)).unwrap();
        signed.add(other.note().signatures()[0].clone()).unwrap();
    }
    signed.to_string().into_bytes()
}

fn signed(by: u8) -> Vec<u8> {
    of_size(9, &[by])
}

fn statement(old: u8, new: u8) -> Rotation {
    Rotation::sign(&key(old), &key(new)).unwrap()
}

fn knowing(seeds: &[u8]) -> KnownKeys {
    let keys: Vec<String> = seeds.iter().map(|seed| key(*seed).verifier_key().to_string()).collect();
    KnownKeys::given(&keys).unwrap()
}

fn is_branch<T>(taken: &Result<T, NotTaken>) -> bool {
    matches!(taken, Err(NotTaken::Branch(statements)) if statements[0] != statements[1])
}

#[test]
fn a_statement_leads_from_a_known_key_alone() {
    let mut known = knowing(&[1]);
    assert!(known.open(&signed(1)).is_ok() && known.open(&signed(2)).is_err());
    known.follow(&[statement(1, 2), statement(2, 3), statement(1, 2)]).unwrap();
    assert!(known.open(&signed(3)).is_ok(), "the whole chain");
    assert_eq!(known.followed().len(), 2, "each once");
    for statements in [vec![statement(2, 3), statement(3, 4)], vec![statement(2, 3), statement(1, 2)]] {
        let mut known = knowing(&[1]);
        known.follow(&statements).unwrap();
        assert!(known.open(&signed(3)).is_err(), "not led to from the key given");
    }
    // A statement that is changed is none, nor is a checkpoint, nor one of another log.
    let forged = statement(9, 3).to_string();
    let forged = forged.replace(&key(9).verifier_key().to_string(), &key(1).verifier_key().to_string());
    let (good, checkpoint) = (statement(1, 2).to_string(), signed(3));
    let notes = [forged.as_bytes(), b"no statement", checkpoint.as_slice(), good.as_bytes()];
    assert_eq!(rotations(notes, "log.test/1"), [statement(1, 2)]);
    assert_eq!(rotations(notes, "log.test/2"), []);
    assert!(knowing(&[1]).is_of_these("log.test/1") && !knowing(&[1]).is_of_these("log.test/2"));
}

#[test]
fn two_keys_that_follow_one_are_an_alarm_whoever_signs() {
    for statements in [
        vec![statement(1, 2), statement(1, 9)],
        vec![statement(1, 9), statement(1, 2)],
        vec![statement(1, 2), statement(2, 3), statement(2, 9)],
    ] {
        for by in [1, 2, 9] {
            assert!(is_branch(&knowing(&[1]).take(&signed(by), &statements)), "{by}");
        }
    }
    // Told one after the other, or by two sources.
    let mut known = knowing(&[1]);
    known.take(&signed(2), &[statement(1, 2)]).unwrap();
    assert!(is_branch(&known.take(&signed(2), &[statement(1, 9)])));
    let mut known = knowing(&[1]);
    let published = Published { origin: "log.test/1".to_owned(), rotations: vec![statement(1, 9)] };
    known.published = Some(published);
    assert!(is_branch(&known.take(&signed(2), &[statement(1, 2)])));
    // Both keys given, and the key before the one given.
    assert!(is_branch(&knowing(&[1, 2, 9]).take(&signed(2), &[statement(1, 2), statement(1, 9)])));
    assert!(is_branch(&knowing(&[2]).take(&signed(2), &[statement(1, 2), statement(1, 9)])));
    // Of keys that nobody vouches for anybody can make them.
    knowing(&[2]).take(&signed(2), &[statement(7, 8), statement(7, 9)]).unwrap();
}

#[test]
fn a_published_log_states_nothing_of_another_ones_keys() {
    let mut known = knowing(&[1]);
    let published = Published { origin: "log.test/2".to_owned(), rotations: vec![statement(1, 2)] };
    known.published = Some(published);
    assert!(known.take(&signed(2), &[]).is_err());
    if let Some(published) = &mut known.published {
        published.origin = "log.test/1".to_owned();
    }
    assert!(known.take(&signed(2), &[]).is_ok(), "beside what the gateway tells");
}

#[test]
fn a_retired_key_alone_signs_no_head_any_more() {
    let mut known = knowing(&[1]);
    known.follow(&[statement(1, 2), statement(2, 3)]).unwrap();
    let head = |size, by: &[u8]| known.open(&of_size(size, by)).unwrap();
    for (held, newer, retired) in [
        (&[1][..], &[1][..], false),
        (&[1], &[1, 2], false),
        (&[1, 2], &[1, 2], false),
        (&[1, 2], &[2], false),
        (&[1, 2], &[1], true),
        (&[2], &[1], true),
        (&[2], &[1, 2], false),
        (&[3], &[1], true),
        (&[3], &[1, 2], true),
        (&[1], &[3], false),
    ] {
        assert_eq!(known.retired_since(&head(9, held), &head(12, newer)), retired, "{held:?} {newer:?}");
    }
    for (held, newer, keeps_up) in [
        (&[1][..], &[1][..], true),
        (&[1], &[2], true),
        (&[1], &[3], true),
        (&[1, 2], &[2], true),
        (&[2], &[1, 2], true),
        (&[2], &[1], false),
        (&[1, 2], &[1], false),
        (&[3], &[1, 2], false),
    ] {
        assert_eq!(known.keeps_up(&head(9, held), &head(9, newer)), keeps_up, "{held:?} {newer:?}");
    }
    // Of keys that were given without a word on their order nothing is known.
    let known = knowing(&[1, 2]);
    let head = |by: &[u8]| known.open(&of_size(9, by)).unwrap();
    assert!(!known.retired_since(&head(&[2]), &head(&[1])));
    assert!(!known.keeps_up(&head(&[2]), &head(&[1])), "what is held stays");
}

#[test]
fn a_key_that_came_back_is_no_replaced_one() {
    for given in [1, 2] {
        let mut known = knowing(&[given]);
        let statements = [statement(1, 2), statement(2, 1)];
        for by in [1, 2, 1] {
            known.take(&signed(by), &statements).unwrap();
        }
        let head = |size, by: &[u8]| known.open(&of_size(size, by)).unwrap();
        for (held, newer) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            assert!(!known.retired_since(&head(9, &[held]), &head(12, &[newer])), "{given} {held} {newer}");
        }
    }
    // Those before them were replaced all the same.
    let mut known = knowing(&[1]);
    known.follow(&[statement(1, 2), statement(2, 3), statement(3, 2)]).unwrap();
    let head = |size, by| known.open(&of_size(size, &[by])).unwrap();
    assert!(known.retired_since(&head(9, 3), &head(12, 1)));
    assert!(known.retired_since(&head(9, 2), &head(12, 1)));
    assert!(!known.retired_since(&head(9, 1), &head(12, 3)));
}

#[test]
fn a_bad_second_signature_by_a_known_key_is_a_fault() {
    let mut known = knowing(&[1]);
    known.follow(&[statement(1, 2)]).unwrap();
    let (one, other) = (signed(1), of_size(10, &[2]));
    let other = String::from_utf8(other).unwrap();
    let line = other.lines().last().unwrap();
    let forged = format!("{}{line}\n", String::from_utf8(one).unwrap());
    assert!(matches!(known.open(forged.as_bytes()), Err(NotTaken::BadSignature(_))));
}

#[test]
fn statements_that_begin_later_than_the_known_key_tell_nothing() {
    let chain = |from: u8, to: u8| (from..to).map(|old| statement(old, old + 1)).collect::<Vec<_>>();
    let told = chain(10, 74);
    assert_eq!(told.len(), TOLD);
    let mut known = knowing(&[1]);
    assert!(known.begins_later(&signed(74), &told), "there may be older ones");
    assert!(!known.begins_later(&signed(99), &told), "led to from nowhere");
    assert!(!known.begins_later(&signed(74), &chain(11, 74)), "all there are");
    known.published = Some(Published { origin: "log.test/1".to_owned(), rotations: chain(2, 12) });
    assert!(!known.begins_later(&signed(74), &told), "the published log says which was the first");
    known.published = Some(Published { origin: "log.test/1".to_owned(), rotations: chain(2, 6) });
    assert!(!known.begins_later(&signed(74), &told), "and the told ones meet none of it");
    known.published = Some(Published { origin: "log.test/2".to_owned(), rotations: Vec::new() });
    assert!(known.begins_later(&signed(74), &told), "another log says nothing of it");
    known.published = Some(Published { origin: "log.test/1".to_owned(), rotations: chain(1, 12) });
    assert!(known.take(&signed(74), &told).is_ok(), "both together lead there");
}
