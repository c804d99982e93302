//! A witness from nothing to a cosignature, and every way to its exit code.

use std::path::Path;

use motlan_audit_tree::SigningKey;

use super::*;

fn log_key(origin: &str, seed: u8) -> VerifierKey {
    SigningKey::from_seed(origin, &[seed; 32]).unwrap().verifier_key().clone()
}

fn own(dir: &Path) -> NewWitnessArgs {
    NewWitnessArgs { folder: dir.join("state"), key: dir.join("key") }
}

fn args(dir: &Path, log_keys: Vec<VerifierKey>) -> WitnessArgs {
    WitnessArgs { own: own(dir), log_keys, listen: ([127, 0, 0, 1], 0).into() }
}

fn key_args(dir: &Path, name: &str) -> WitnessKeyArgs {
    WitnessKeyArgs { file: dir.join("key"), name: name.to_owned() }
}

fn exit<T>(ended: Result<T, Failure>) -> Option<Exit> {
    ended.err().map(|failure| failure.exit)
}

#[test]
fn a_witness_is_made_in_three_steps_in_this_order() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, mut out) = (temp.path(), Vec::new());
    let logs = vec![log_key("one.example/log", 1)];
    assert_eq!(exit(open(&args(dir, logs.clone()))), Some(Exit::Usage), "no key");
    assert_eq!(exit(new(&own(dir), &mut out)), Some(Exit::Usage), "no key");
    assert_eq!(exit(new_key(&key_args(dir, "a b"), &mut out)), Some(Exit::Usage), "no name");
    assert_eq!(new_key(&key_args(dir, "witness.example/w1"), &mut out).unwrap(), Exit::Ok);
    assert_eq!(
        exit(new_key(&key_args(dir, "witness.example/w1"), &mut out)),
        Some(Exit::Usage),
        "there already"
    );
    assert_eq!(exit(open(&args(dir, logs.clone()))), Some(Exit::Usage), "no folder");
    assert_eq!(new(&own(dir), &mut out).unwrap(), Exit::Ok);
    assert_eq!(exit(new(&own(dir), &mut out)), Some(Exit::Usage), "there already");
    let witness = open(&args(dir, logs.clone())).unwrap();
    assert_eq!(exit(open(&args(dir, logs))), Some(Exit::Unavailable), "in use");
    drop(witness);

    // What others need is told, and what they must not have is not.
    let told = String::from_utf8(out).unwrap();
    let file = std::fs::read_to_string(dir.join("key")).unwrap();
    let seed = file.trim_end().rsplit(' ').next().unwrap();
    let public = own_key(&own(dir)).unwrap().verifier_key().to_string();
    assert!(told.contains(&public) && !told.contains(seed) && seed.len() == 64, "{told}");
}

#[test]
fn a_damaged_or_a_foreign_folder_is_wrong_data() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, mut out) = (temp.path(), Vec::new());
    new_key(&key_args(dir, "witness.example/w1"), &mut out).unwrap();
    new(&own(dir), &mut out).unwrap();
    std::fs::remove_file(dir.join("key")).unwrap();
    new_key(&key_args(dir, "witness.example/w1"), &mut out).unwrap();
    let logs = vec![log_key("one.example/log", 1)];
    assert_eq!(exit(open(&args(dir, logs.clone()))), Some(Exit::Data), "another key of that name");
    std::fs::write(dir.join("state/witness"), "").unwrap();
    assert_eq!(exit(open(&args(dir, logs.clone()))), Some(Exit::Data), "damaged");
    std::fs::write(dir.join("key"), "").unwrap();
    assert_eq!(exit(open(&args(dir, logs))), Some(Exit::Data), "no key in the file");
}

#[test]
fn keys_of_one_origin_are_one_log() {
    let keys = [log_key("one", 1), log_key("two", 2), log_key("one", 3)];
    let logs = logs(&keys);
    let found: Vec<(&str, usize)> = logs.iter().map(|log| (log.origin.as_str(), log.keys.len())).collect();
    assert_eq!(found, [("one", 2), ("two", 1)]);
}
