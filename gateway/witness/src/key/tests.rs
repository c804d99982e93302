//! What is written is read, and what others could read is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

const SEED: &str = "0101010101010101010101010101010101010101010101010101010101010101";

#[test]
fn a_new_key_is_read_back_and_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let public = create_key(&path, "witness.example/w1").unwrap();
    assert_eq!(read_key(&path).unwrap().verifier_key(), &public);
    assert_eq!(public.name(), "witness.example/w1");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let KeyFileError::Io(error) = create_key(&path, "witness.example/w1").unwrap_err() else {
        panic!("the file is there already")
    };
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(read_key(&path).unwrap().verifier_key(), &public);
    let other = create_key(&dir.path().join("other"), "witness.example/w1").unwrap();
    assert_ne!(other, public);
}

#[test]
fn a_name_that_cannot_be_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["", "a b", "a+b", "a\nb"] {
        let path = dir.path().join("key");
        assert!(matches!(create_key(&path, name), Err(KeyFileError::Name)), "{name:?}");
        assert!(!path.exists());
    }
}

#[test]
fn what_is_no_key_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    assert!(matches!(read_key(&path), Err(KeyFileError::Missing)));
    let good = format!("cosigning_key w.example {SEED}\n");
    let check = |text: &str, mode: u32| {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        read_key(&path)
    };
    assert!(check(&good, 0o600).is_ok());
    for mode in [0o640, 0o604, 0o660, 0o644] {
        assert!(matches!(check(&good, mode), Err(KeyFileError::Exposed)), "{mode:o}");
    }
    let malformed = [
        String::new(),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        format!("{good}{good}"),
        good.replace("w.example", ""),
        good.replace("w.example", "w+example"),
        good.replace("01\n", "\n"),
        good.replace("01\n", "0g\n"),
        good.replace("cosigning_key", "master_key"),
        "x".repeat(MAX_FILE_BYTES as usize + 1),
    ];
    for text in malformed {
        assert!(matches!(check(&text, 0o600), Err(KeyFileError::Malformed)), "{text:?}");
    }
    fs::write(&path, b"\xff\xfe").unwrap();
    assert!(matches!(read_key(&path), Err(KeyFileError::Malformed)));
}
