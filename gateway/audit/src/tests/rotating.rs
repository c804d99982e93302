//! One key of the log follows another: the old one signs it in, whatever dies
//! in between, and who holds the old one alone can verify everything after.

mod killed;
mod retired;

use std::fs;
use std::path::PathBuf;

use motlan_audit_tree::rotation::path;
use motlan_audit_tree::verify::{Evidence, Keys, Report, Source, SourceError, verify};
use motlan_audit_tree::{Checkpoint, CheckpointError, Rotation, SignedCheckpoint, SigningKey, TreeHead};

use super::*;
use crate::tree::TreeError;
use crate::{FileKeyProvider, KeyError, KeyProvider, RetireError, retire_log_key};

/// The published files, as an outsider reads them.
pub(super) struct Folder(pub(super) PathBuf);

impl Source for Folder {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(fs::read(self.0.join(path)).ok())
    }

    fn kept(&self) -> Result<Vec<u64>, SourceError> {
        Ok(Vec::new())
    }
}

async fn open_by(
    dir: &Path,
    (current, incoming): (u8, Option<u8>),
    faults: &Arc<Faults>,
) -> Result<(AuditLog, AuditService), AuditError> {
    let clock = Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()));
    let keys = Arc::new(MemoryKeyProvider::fixed(7).with_log_keys(current, incoming));
    AuditLog::open_faulty(options(dir), keys, clock, Arc::clone(faults)).await
}

/// Opens the log with these keys, tells of the next, and closes it.
async fn live(dir: &Path, keys: (u8, Option<u8>)) -> Result<(), AuditError> {
    let (log, service) = open_by(dir, keys, &Arc::default()).await?;
    log.tell_of_next_key().await.unwrap();
    log.append(draft(1)).await.unwrap();
    if keys.1.is_some() {
        both_sign(&log, keys).await;
    }
    service.shutdown().await;
    Ok(())
}

async fn both_sign(log: &AuditLog, (current, incoming): (u8, Option<u8>)) {
    let signed = |by: u8| move |note: &SignedCheckpoint| note.note().verify(&[public(by)]).is_ok();
    let (old, new) = (signed(current), signed(incoming.unwrap()));
    let polled = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let newest = log.checkpoint();
            assert!(old(&newest), "the old key signs until it is retired");
            if new(&newest) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(polled.await.is_ok(), "never: both sign");
}

fn public(seed: u8) -> VerifierKey {
    SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap().verifier_key().clone()
}

fn trusted(key: &VerifierKey) -> Keys {
    let mut keys = Keys::default();
    keys.add_log(&key.to_string()).unwrap();
    keys
}

fn verified(dir: &Path, by: &VerifierKey, evidence: &Evidence) -> Report {
    verify(&Folder(dir.join("log")), &trusted(by), evidence, true)
}

fn told(dir: &Path) -> Vec<String> {
    fs::read_to_string(dir.join("log.pub")).unwrap().lines().map(str::to_owned).collect()
}

/// What a caller keeps.
fn kept(receipt: &Receipt) -> String {
    let (index, leaf) = (receipt.index, hex::encode(receipt.leaf_hash));
    format!(r#"{{"origin":"{}","index":"{index}","leafHash":"{leaf}"}}"#, receipt.origin)
}

/// As an operator does it, with a key file.
#[tokio::test]
async fn the_old_key_signs_the_next_one_in() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let keys = FileKeyProvider::open_or_create(dir.join("audit.keys")).unwrap();
    let vkey = |seed: &crate::Key| SigningKey::from_seed(ORIGIN, seed).unwrap().verifier_key().clone();
    let first = vkey(&keys.log_keys().unwrap().current);
    let too_soon = || retire_log_key(&keys, &dir.join("log")).unwrap_err();
    let clock = Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()));
    let open = async || {
        let (keys, clock) = (Arc::new(keys.clone()), Arc::clone(&clock));
        AuditLog::open(options(dir), keys, clock).await.unwrap()
    };
    let mut evidence = Evidence::default();
    let mut keep = |name: &str, receipt: &Receipt| {
        evidence.add_receipts(name, kept(receipt).as_bytes()).unwrap();
        let checkpoint = fs::read(dir.join("log/checkpoint")).unwrap();
        evidence.add_checkpoint(name, &checkpoint).unwrap();
    };

    let (log, service) = open().await;
    keep("before", &log.append(draft(1)).await.unwrap());
    assert!(matches!(too_soon(), RetireError::Keys(KeyError::NotRotating)));
    keys.begin_rotation().unwrap();
    assert!(matches!(keys.begin_rotation(), Err(KeyError::Rotating)), "one at a time");
    let next = vkey(&keys.log_keys().unwrap().incoming.unwrap());
    // Running, the gateway knows nothing of it yet.
    log.append(draft(2)).await.unwrap();
    assert!(matches!(too_soon(), RetireError::TooSoon));
    service.shutdown().await;
    assert_eq!(told(dir), [first.to_string()]);

    let (log, service) = open().await;
    assert!(matches!(too_soon(), RetireError::TooSoon), "nothing told of it yet");
    log.tell_of_next_key().await.unwrap();
    log.published(3).await;
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while log.checkpoint().note().signatures().len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    waited.await.expect("both sign");
    assert_eq!(told(dir), [first.to_string(), next.to_string()], "the newest last");
    assert_eq!(log.verifier_key(), &first, "whom clients know");
    assert_eq!(*log.log_keys(), [first.clone(), next.clone()], "told while it runs");
    keep("overlap", &log.append(draft(3)).await.unwrap());
    service.shutdown().await;
    let report = verified(dir, &first, &Evidence::default());
    assert_eq!((report.fault, report.keys.unwrap().signed.len()), (None, 2));
    // Once more with both keys: nothing is told twice.
    let (log, service) = open().await;
    log.tell_of_next_key().await.unwrap();
    service.shutdown().await;

    assert_eq!(retire_log_key(&keys, &dir.join("log")).unwrap(), next);
    assert_eq!(vkey(&keys.log_keys().unwrap().current), next);
    assert!(keys.log_keys().unwrap().incoming.is_none());
    let (log, service) = open().await;
    assert_eq!(log.verifier_key(), &next);
    keep("after", &log.append(draft(4)).await.unwrap());
    log.published(5).await;
    service.shutdown().await;
    let signed = SignedCheckpoint::open(
        &fs::read(dir.join("log/checkpoint")).unwrap(),
        &TrustedLog::from(next.clone()),
    );
    assert_eq!(signed.unwrap().note().signatures().len(), 1, "the new key alone");

    // By the first key alone, with what was kept of every time.
    let report = verified(dir, &first, &evidence);
    assert_eq!((report.fault, report.covered, report.size), (None, 5, 5));
    let reached = report.keys.unwrap();
    assert_eq!((reached.reached, reached.signed), (vec![next.to_string()], vec![next.to_string()]));
    assert_eq!((report.checked.receipts, report.checked.checkpoints), (3, 4));
    assert_eq!(told(dir), [first.to_string(), next.to_string()]);
    // Control: without the statement it leads nowhere.
    fs::remove_file(dir.join("log").join(path(1))).unwrap();
    assert!(verified(dir, &first, &evidence).fault.is_some());
}

/// A checkpoint that the old key alone signed covers the entry, before anything
/// is signed by the new one.
#[tokio::test]
async fn the_entry_comes_first() {
    let dir = tempfile::tempdir().unwrap();
    live(dir.path(), (1, None)).await.unwrap();
    let faults = Arc::new(Faults::default());
    let (log, service) = open_by(dir.path(), (1, Some(2)), &faults).await.unwrap();
    log.append(draft(2)).await.unwrap();
    log.published(2).await;
    assert!(log.checkpoint().note().verify(&[public(2)]).is_err(), "nothing told of it");
    // Where nothing can be published, nothing is signed in, and later it is.
    faults.fail_published(crate::testing::EIO, false);
    log.tell_of_next_key().await.unwrap();
    let failed = tokio::time::timeout(Duration::from_secs(10), async {
        while faults.published_failures() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    failed.await.expect("it failed");
    assert!(!dir.path().join("log").join(path(1)).exists());
    faults.clear();
    both_sign(&log, (1, Some(2))).await;
    service.shutdown().await;
    let statement = fs::read(dir.path().join("log").join(path(1))).unwrap();
    let statement = Rotation::parse(&statement).unwrap();
    assert_eq!((statement.old(), statement.new_key()), (&public(1), &public(2)));
    assert_eq!(verified(dir.path(), &public(1), &Evidence::default()).fault, None);
}

/// A second rotation, and a third: by any key of before, all of it.
#[tokio::test]
async fn keys_follow_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let keys = [(1, None), (1, Some(2)), (2, None), (2, Some(3)), (3, Some(4)), (4, None)];
    for keys in keys {
        live(dir.path(), keys).await.unwrap_or_else(|error| panic!("{keys:?}: {error:?}"));
    }
    for by in 1..=4u8 {
        let report = verified(dir.path(), &public(by), &Evidence::default());
        assert_eq!(report.fault, None, "{by}");
        let expected: Vec<_> = (by + 1..=4).map(|seed| public(seed).to_string()).collect();
        assert_eq!(report.keys.unwrap().reached, expected);
    }
    assert_eq!(told(dir.path()), [1, 2, 3, 4].map(|seed| public(seed).to_string()));
}

#[tokio::test]
async fn keys_that_nobody_signed_in_do_not_open_the_log() {
    let whole = tempfile::tempdir().unwrap();
    live(whole.path(), (1, None)).await.unwrap();
    let rotating = tempfile::tempdir().unwrap();
    copy(whole.path(), rotating.path());
    live(rotating.path(), (1, Some(2))).await.unwrap();
    let retired = tempfile::tempdir().unwrap();
    copy(rotating.path(), retired.path());
    live(retired.path(), (2, None)).await.unwrap();

    let check = async |name: &str, from: &Path, keys, spoil: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        copy(from, dir.path());
        spoil(dir.path());
        match open_by(dir.path(), keys, &Arc::default()).await.map(drop) {
            Err(AuditError::Tree(error)) => error,
            other => panic!("{name}: {other:?}"),
        }
    };
    let mismatch = |error: &TreeError| matches!(error, TreeError::Key(KeyError::Mismatch));
    let nothing: &dyn Fn(&Path) = &|_| {};
    for (name, from, keys) in [
        ("another key", &whole, (2, None)),
        ("the next one alone, too soon", &whole, (2, Some(3))),
        ("another next one, in the overlap", &rotating, (1, Some(3))),
        ("the old one alone, in the overlap", &rotating, (1, None)),
        ("the old one, after its end", &retired, (1, None)),
        ("a stranger", &retired, (3, Some(4))),
    ] {
        let error = check(name, from.path(), keys, nothing).await;
        assert!(mismatch(&error), "{name}: {error:?}");
    }
    let spoil: &dyn Fn(&Path) = &|dir| {
        let file = dir.join("log").join(path(1));
        let text = fs::read_to_string(&file).unwrap().replace("v1", "v2");
        fs::write(file, text).unwrap();
    };
    let error = check("a statement that was changed", rotating.path(), (1, Some(2)), spoil).await;
    assert!(matches!(error, TreeError::Statement(_)), "{error:?}");
    let spoil: &dyn Fn(&Path) = &|dir| fs::remove_file(dir.join("log").join(path(1))).unwrap();
    let error = check("no statement any more", rotating.path(), (1, Some(2)), spoil).await;
    assert!(mismatch(&error), "{error:?}");
    // Of before the rotation, put back after it.
    let old = whole.path().join("log/checkpoint");
    let spoil: &dyn Fn(&Path) = &|dir| assert!(fs::copy(&old, dir.join("log/checkpoint")).is_ok());
    let error = check("a checkpoint that the new key did not sign", retired.path(), (2, None), spoil).await;
    assert!(matches!(error, TreeError::Foreign(CheckpointError::Note(_))), "{error:?}");
    // Controls: with the keys they were left with, each opens.
    for (from, keys) in [(&whole, (1, None)), (&rotating, (1, Some(2))), (&retired, (2, None))] {
        let (_, service) = open_by(from.path(), keys, &Arc::default()).await.unwrap();
        service.shutdown().await;
    }
}
