//! Key files: made once, for the owner alone, read strictly.

use std::fs;

use super::*;

#[test]
fn a_key_file_is_made_once_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.keys");
    assert!(matches!(FileKeyProvider::open(&path), Err(KeyError::Missing)), "production makes none");
    let first = FileKeyProvider::open_or_create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = FileKeyProvider::open_or_create(&path).unwrap();
    let keys = |provider: &FileKeyProvider| {
        let keys = [provider.subject_hash_key(), provider.master_key(), provider.record_key()];
        keys.map(|key| key.unwrap().to_vec())
    };
    assert_eq!(keys(&first), keys(&again));
    let [a, b, c] = keys(&first);
    assert!(a != b && b != c && a != c && a != [0; 32]);
    assert!(FileKeyProvider::create(&path).is_err(), "never overwritten");
}

#[test]
fn an_exposed_or_malformed_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.keys");
    FileKeyProvider::create(&path).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(FileKeyProvider::open(&path), Err(KeyError::Exposed)));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let bad = [
        String::new(),
        good.replacen("master_key", "master", 1),
        good.lines().rev().collect::<Vec<_>>().join("\n"),
        format!("{good}another 00\n"),
        good.replacen('\n', "0\n", 1),
        good[..good.len() - 3].to_owned(),
    ];
    for text in bad {
        fs::write(&path, &text).unwrap();
        assert!(matches!(FileKeyProvider::open(&path), Err(KeyError::Malformed)));
    }
    fs::write(&path, good).unwrap();
    assert!(FileKeyProvider::open(&path).is_ok(), "control");
}
