//! What is sealed opens with its key and its place, and with nothing else.

use super::*;
use crate::keys::random_key;

#[test]
fn sealed_opens_for_its_key_and_its_associated_data_only() {
    let (key, other) = (random_key().unwrap(), random_key().unwrap());
    let (sealer, stranger) = (Sealer::new(&key).unwrap(), Sealer::new(&other).unwrap());
    let sealed = sealer.seal(b"s_1", b"personal_id|097090000001").unwrap();
    assert_eq!(&sealer.open(b"s_1", &sealed).unwrap()[..], b"personal_id|097090000001");
    assert!(sealer.open(b"s_2", &sealed).is_err());
    assert!(stranger.open(b"s_1", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut bad = sealed.clone();
        bad[at] ^= 1;
        assert!(sealer.open(b"s_1", &bad).is_err(), "byte {at}");
        assert!(sealer.open(b"s_1", &sealed[..at]).is_err(), "cut {at}");
    }
    assert_ne!(sealer.seal(b"s_1", b"x").unwrap(), sealer.seal(b"s_1", b"x").unwrap(), "a nonce of its own");
}

#[test]
fn a_joint_key_depends_on_every_owner_and_not_on_their_order() {
    let (a, b) = (random_key().unwrap(), random_key().unwrap());
    let joint = joint_key(vec![("s_a", &a), ("s_b", &b)]).unwrap();
    assert_eq!(joint, joint_key(vec![("s_b", &b), ("s_a", &a), ("s_a", &a)]).unwrap());
    assert_ne!(joint, joint_key(vec![("s_a", &a)]).unwrap());
    assert_ne!(joint, joint_key(vec![("s_b", &b)]).unwrap());
    assert_ne!(joint, a);
}
