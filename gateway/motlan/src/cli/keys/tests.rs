//! Key files: made whole, of their owner alone, never overwritten.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;
use crate::config::read_register_key;

fn make(audit: Option<&PathBuf>, register: Option<&PathBuf>) -> (Ended, String) {
    let args = NewKeysArgs { audit: audit.cloned(), register: register.cloned() };
    let mut out = Vec::new();
    let ended = run(&args, &mut out);
    (ended, String::from_utf8(out).unwrap())
}

#[test]
fn new_keys_are_what_the_gateway_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (audit, register) = (folder.path().join("audit.keys"), folder.path().join("register.key"));
    let (ended, told) = make(Some(&audit), Some(&register));
    assert_eq!(ended.unwrap(), Exit::Ok);
    FileKeyProvider::open(&audit).unwrap();
    let key = read_register_key(&register).unwrap();
    for path in [&audit, &register] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(told.contains(&path.display().to_string()), "{told}");
        // Where they are is told, never what they are.
        for secret in
            std::fs::read_to_string(path).unwrap().split_whitespace().filter(|word| word.len() == 64)
        {
            assert!(!told.contains(secret));
        }
    }
    assert!(told.contains("Sao lưu") && told.contains("Back the key files up"), "{told}");
    let other = folder.path().join("other.key");
    make(None, Some(&other)).0.unwrap();
    assert_ne!(read_register_key(&other).unwrap(), key, "random");
}

#[test]
fn a_file_that_is_there_is_left_alone_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (audit, register) = (folder.path().join("audit.keys"), folder.path().join("register.key"));
    std::fs::write(&register, "mine").unwrap();
    let failure = make(Some(&audit), Some(&register)).0.unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    let told = failure.to_string();
    assert!(
        told.contains("register.key") && told.contains("không ghi đè") && told.contains("not overwritten")
    );
    assert_eq!(std::fs::read_to_string(&register).unwrap(), "mine");
    assert!(!audit.exists(), "both or neither");

    // Twice the same name; a link that leads nowhere; no such folder.
    assert_eq!(make(Some(&audit), Some(&audit)).0.unwrap_err().exit, Exit::Usage);
    FileKeyProvider::open(&audit).expect("the first of the two stands");
    let link = folder.path().join("link.key");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
    assert_eq!(make(None, Some(&link)).0.unwrap_err().exit, Exit::Usage);
    assert!(!folder.path().join("elsewhere").exists());
    let nowhere = folder.path().join("no/such/register.key");
    let failure = make(None, Some(&nowhere)).0.unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.to_string().contains("cannot write"), "{failure}");
}
