//! The commands around a whole rotation, over a log that is opened as the
//! gateway opens it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use motlan_audit::{AuditLog, AuditOptions, KeyProvider as _};
use motlan_domain::ManualClock;

use super::*;

fn begun(file: &Path) -> (Result<Exit, Failure>, String) {
    let mut out = Vec::new();
    let ended = begin(&RotateLogArgs { file: file.to_owned() }, &mut out);
    (ended, String::from_utf8(out).unwrap())
}

fn ended(file: &Path, log: &Path) -> (Result<Exit, Failure>, String) {
    let mut out = Vec::new();
    let ended = end(&RetireLogArgs { file: file.to_owned(), log: log.to_owned() }, &mut out);
    (ended, String::from_utf8(out).unwrap())
}

/// Opens the log with the keys of the file until the newest checkpoint has so
/// many signatures.
async fn live(dir: &Path, file: &Path, signatures: usize) {
    let keys = Arc::new(FileKeyProvider::open(file).unwrap());
    let clock = Arc::new(ManualClock::at("2026-11-26T08:00:00Z".parse().unwrap()));
    let options = AuditOptions::new(dir.join("audit"), "motlan.example/gw1");
    let (log, service) = AuditLog::open(options, keys, clock).await.unwrap();
    log.tell_of_next_key().await.unwrap();
    let waited = tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while log.checkpoint().note().signatures().len() != signatures {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    waited.await.expect("never so many signatures");
    service.shutdown().await;
}

#[tokio::test]
async fn a_rotation_from_one_end_to_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (file, log): (PathBuf, _) = (folder.path().join("audit.keys"), folder.path().join("audit/log"));
    assert_eq!(begun(&file).0.unwrap_err().exit, Exit::Usage, "no such file");
    FileKeyProvider::create(&file).unwrap();
    live(folder.path(), &file, 1).await;
    let failure = ended(&file, &log).0.unwrap_err();
    assert_eq!(failure.exit, Exit::No);
    assert!(failure.to_string().contains("chưa bắt đầu") && failure.to_string().contains("no rotation"));

    let (done, told) = begun(&file);
    assert_eq!(done.unwrap(), Exit::Ok);
    assert!(told.contains("Khởi động lại cổng") && told.contains("Restart the gateway"), "{told}");
    for secret in std::fs::read_to_string(&file).unwrap().split_whitespace().filter(|word| word.len() == 64) {
        assert!(!told.contains(secret), "where the keys are is told, never what they are");
    }
    assert_eq!(begun(&file).0.unwrap_err().exit, Exit::No, "one at a time");
    let before = std::fs::read(&file).unwrap();
    let failure = ended(&file, &log).0.unwrap_err();
    assert_eq!(failure.exit, Exit::No);
    assert!(failure.to_string().contains("khóa cũ được giữ nguyên"), "{failure}");
    let failure = ended(&file, &folder.path().join("nowhere")).0.unwrap_err();
    assert_eq!(failure.exit, Exit::No);
    assert_eq!(std::fs::read(&file).unwrap(), before, "refused: nothing is changed");

    live(folder.path(), &file, 2).await;
    let (done, told) = ended(&file, &log);
    assert_eq!(done.unwrap(), Exit::Ok);
    let public = std::fs::read_to_string(folder.path().join("audit/log.pub")).unwrap();
    assert!(told.contains(public.lines().last().unwrap()), "{told}");
    assert!(FileKeyProvider::open(&file).unwrap().log_keys().unwrap().incoming.is_none());
    // It opens, and what both signed stands until there is more to sign.
    live(folder.path(), &file, 2).await;
}
