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

#[test]
fn a_rotation_is_two_changes_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.keys");
    FileKeyProvider::create(&path).unwrap();
    let (before, keys) = (fs::read_to_string(&path).unwrap(), FileKeyProvider::open(&path).unwrap());
    let refused = keys.end_rotation(|_| Ok::<_, KeyError>(()));
    assert!(matches!(refused, Err(KeyError::NotRotating)));
    // What a crash left is in nobody's way.
    fs::write(dir.path().join("audit.keys.new"), "half").unwrap();
    keys.begin_rotation().unwrap();
    assert!(!dir.path().join("audit.keys.new").exists());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let during = fs::read_to_string(&path).unwrap();
    let line = during.strip_prefix(&before).expect("all that was there, and a line more");
    let LogKeys { current, incoming } = keys.log_keys().unwrap();
    assert_eq!(line, format!("log_key_next {}\n", hex::encode(incoming.as_ref().unwrap().as_ref())));
    assert!(before.contains(&hex::encode(current.as_ref())));
    assert!(matches!(keys.begin_rotation(), Err(KeyError::Rotating)));

    // Whoever judges may say no.
    let refused = keys.end_rotation(|_| Err::<(), _>(KeyError::Mismatch));
    assert!(matches!(refused, Err(KeyError::Mismatch)));
    assert_eq!(fs::read_to_string(&path).unwrap(), during);
    // Not while somebody else changes it.
    let file = File::open(&path).unwrap();
    file.lock().unwrap();
    assert!(matches!(keys.end_rotation(|_| Ok::<_, KeyError>(())), Err(KeyError::InUse)));
    drop(file);
    keys.end_rotation(|_| Ok::<_, KeyError>(())).unwrap();
    let after = keys.log_keys().unwrap();
    assert_eq!((after.current, after.incoming), (incoming.unwrap(), None));
    assert_eq!(
        fs::read_to_string(&path).unwrap().lines().take(3).collect::<Vec<_>>(),
        before.lines().take(3).collect::<Vec<_>>()
    );

    // A fifth line is that one and no other.
    for bad in [
        format!("{before}log_key_next 00\n"),
        format!("{during}x\n"),
        format!("{before}{}", before.lines().last().unwrap().replace("log_key", "log_key_next")),
    ] {
        fs::write(&path, &bad).unwrap();
        assert!(matches!(FileKeyProvider::open(&path), Err(KeyError::Malformed)), "{bad}");
    }
}
