//! What a retired key signed while it signed is the log's word; whoever has that
//! key later says nothing for the log, however large that has become.

use super::*;
use crate::known_outside;

fn signed(by: &[u8], size: u64) -> SignedCheckpoint {
    let checkpoint = Checkpoint::new(ORIGIN, TreeHead { size, root: [9; 32] }).unwrap();
    let key = |seed: u8| SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap();
    let mut signed = SignedCheckpoint::sign(checkpoint, &key(by[0])).unwrap();
    for seed in &by[1..] {
        let beside = key(*seed).sign(signed.note().text()).unwrap();
        signed.add(beside.signatures()[0].clone()).unwrap();
    }
    signed
}

/// The log, opened by the second key alone, and how large it was.
async fn opened(dir: &Path) -> (AuditLog, AuditService, u64) {
    let (log, service) = open_by(dir, (2, None), &Arc::default()).await.unwrap();
    let size = log.checkpoint().head().size;
    (log, service, size)
}

/// A log whose first key was retired at a size, which has grown since.
async fn rotated(dir: &Path) -> u64 {
    live(dir, (1, None)).await.unwrap();
    live(dir, (1, Some(2))).await.unwrap();
    let (log, service, retired) = opened(dir).await;
    grow(&log, 5).await;
    service.shutdown().await;
    retired
}

async fn grow(log: &AuditLog, by: u64) {
    let mut next = 0;
    for at in 0..by {
        next = log.append(draft(usize::try_from(at).unwrap())).await.unwrap().index + 1;
    }
    log.published(next).await;
}

#[tokio::test]
async fn a_retired_key_speaks_for_the_sizes_at_which_it_signed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let retired = rotated(dir).await;
    assert_eq!(retired, 3, "an entry, the statement, one more");
    let outside = |note: &SignedCheckpoint| {
        let keys = MemoryKeyProvider::fixed(7).with_log_keys(2, None);
        known_outside(&options(dir), &keys, note.to_string().as_bytes()).unwrap().is_some()
    };
    // However often it is opened, and however large it is then.
    for _ in 0..3 {
        let (log, service, size) = opened(dir).await;
        assert!(size > retired);
        assert_eq!(log.trusted().keys, [public(1), public(2)]);
        for (by, size, expected) in [
            (&[1][..], 1, true),
            (&[1], retired, true),
            (&[1], retired + 1, false),
            (&[1], size, false),
            (&[1], 1_000, false),
            (&[1, 2], 1_000, true),
            (&[2], 1_000, true),
            (&[3], 1, false),
        ] {
            let seen = signed(by, size);
            assert_eq!(log.may_have_signed(&seen), expected, "{by:?} {size}");
            assert_eq!(outside(&seen), expected, "from outside: {by:?} {size}");
        }
        grow(&log, 3).await;
        assert!(!log.may_have_signed(&signed(&[1], retired + 1)));
        service.shutdown().await;
    }
    // While both sign, each speaks for any size: neither is retired.
    live(dir, (2, Some(3))).await.unwrap();
    let (log, service) = open_by(dir, (2, Some(3)), &Arc::default()).await.unwrap();
    let told = [1, 2, 3].map(|by| log.may_have_signed(&signed(&[by], 1_000)));
    assert_eq!(told, [false, true, true]);
    let second = log.checkpoint().head().size;
    service.shutdown().await;
    // Two are retired, each with a size of its own.
    live(dir, (3, None)).await.unwrap();
    let (log, service) = open_by(dir, (3, None), &Arc::default()).await.unwrap();
    assert!(log.checkpoint().head().size > second);
    for (by, size, expected) in [(1, retired, true), (1, second, false), (2, second, true)] {
        assert_eq!(log.may_have_signed(&signed(&[by], size)), expected, "{by} {size}");
    }
    assert!(!log.may_have_signed(&signed(&[2], second + 1)));
    service.shutdown().await;
}

/// The one that both keys signed stays in its place until it is kept.
#[tokio::test]
async fn nothing_takes_the_place_of_the_last_before_it_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    live(dir.path(), (1, None)).await.unwrap();
    live(dir.path(), (1, Some(2))).await.unwrap();
    let log = dir.path().join("log");
    let before = fs::read(log.join("checkpoint")).unwrap();
    // What is written first, to take its place then.
    fs::create_dir(log.join("keys/1.new")).unwrap();
    let faults = Arc::default();
    let (gateway, service) = open_by(dir.path(), (2, None), &faults).await.unwrap();
    gateway.append(draft(1)).await.unwrap();
    let failing = tokio::time::timeout(Duration::from_secs(10), async {
        while gateway.health().publishing {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    failing.await.expect("it cannot be kept");
    assert_eq!(fs::read(log.join("checkpoint")).unwrap(), before);
    fs::remove_dir(log.join("keys/1.new")).unwrap();
    gateway.published(4).await;
    assert_eq!(fs::read(log.join("keys/1.last")).unwrap(), before);
    service.shutdown().await;
}

/// As of a log of an earlier build; and a file that says more than both keys signed.
#[tokio::test]
async fn where_its_last_is_not_known_a_retired_key_proves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let retired = rotated(dir.path()).await;
    let file = dir.path().join("log/keys/1.last");
    let kept = fs::read(&file).unwrap();
    let speaks = async || {
        let (log, service, size) = opened(dir.path()).await;
        let told = [1, retired, size].map(|size| log.may_have_signed(&signed(&[1], size)));
        service.shutdown().await;
        told
    };
    assert_eq!(speaks().await, [true, true, false], "control");
    fs::remove_file(&file).unwrap();
    assert_eq!(speaks().await, [false; 3]);
    assert!(!file.exists(), "what the new key signed alone is not taken for it");
    for by in [&[1][..], &[2], &[1, 3]] {
        fs::write(&file, signed(by, 900).to_string()).unwrap();
        assert_eq!(speaks().await, [false; 3], "{by:?}");
    }
    fs::write(&file, kept).unwrap();
    assert_eq!(speaks().await, [true, true, false]);
}
