//! A log that was rolled back is given up for another, which names it.

use std::collections::BTreeMap;
use std::fs;

use motlan_audit_tree::verify::{Evidence, Keys, verify};
use motlan_audit_tree::{CosigningKey, SignedCheckpoint, SigningKey, TreeHead};

use super::rotating::Folder;
use super::*;
use crate::recover::put_back_within;
use crate::store::StoreError;
use crate::tree::TreeError;
use crate::{KeyError, RecoverCause, RecoverError, is_broken, is_put_back, known_outside, recover};

const NEW: &str = "motlan.example/test-2";

fn cause() -> RecoverCause {
    RecoverCause { operator: "binh.tran".to_owned(), reason: "bản sao lưu cũ / an old backup".to_owned() }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()))
}

/// The new log beside the old one.
fn beside(dir: &Path, name: &str) -> AuditOptions {
    AuditOptions { origin: NEW.to_owned(), ..options(&dir.join(name)) }
}

async fn recovered(old: &Path, new: AuditOptions) -> Result<crate::Recovered, RecoverError> {
    recover(&options(old), new, Arc::new(MemoryKeyProvider::fixed(9)), clock(), cause(), None).await
}

/// Every file below a folder.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for file in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        if file.file_type().unwrap().is_dir() {
            let below = files(&file.path()).into_iter();
            found.extend(below.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert(name, fs::read(file.path()).unwrap());
        }
    }
    found
}

/// A log of 30 entries whose folder is that of 20 again.
async fn rolled_back(dir: &Path) {
    let faults = Arc::default();
    let (log, service) = open(dir, &clock(), &faults).await.unwrap();
    for at in 0..20 {
        log.append(draft(at)).await.unwrap();
    }
    service.shutdown().await;
    let backup = tempfile::tempdir().unwrap();
    copy(dir, backup.path());
    let (log, service) = open(dir, &clock(), &faults).await.unwrap();
    for at in 20..30 {
        log.append(draft(at)).await.unwrap();
    }
    service.shutdown().await;
    for file in fs::read_dir(backup.path()).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() && file.file_name() != "log.pub" {
            fs::copy(file.path(), dir.join(file.file_name())).unwrap();
        }
    }
}

#[tokio::test]
async fn a_new_log_names_the_old_head() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("audit");
    rolled_back(&old).await;
    let error = open(&old, &clock(), &Arc::default()).await.map(drop).unwrap_err();
    assert!(matches!(error, AuditError::Tree(TreeError::Shorter { held: 20, published: 30 })), "{error:?}");
    assert!(is_broken(&error));
    let before = files(&old);
    let shown = String::from_utf8(before["log/checkpoint"].clone()).unwrap();

    let new = beside(dir.path(), "audit-2");
    let recovered_log = recovered(&old, new.clone()).await.unwrap();
    assert_eq!(recovered_log.last_known.head().map(|head| head.size), Some(30));
    // Of the old one nothing is changed; it has one file more.
    let mut after = files(&old);
    let mark = after.remove("superseded").unwrap();
    assert_eq!(String::from_utf8(mark).unwrap().lines().next(), Some(NEW));
    assert_eq!(after, before);
    let opened = open(&old, &clock(), &Arc::default()).await.map(drop);
    assert!(matches!(&opened, Err(AuditError::Superseded { by }) if by == NEW), "{opened:?}");
    let again = recovered(&old, beside(dir.path(), "audit-3")).await;
    assert!(matches!(again, Err(RecoverError::Log(AuditError::Superseded { .. }))), "{again:?}");
    assert!(!dir.path().join("audit-3").exists(), "nothing is begun");

    // The new one serves, and verifies by its own key.
    let keys = Arc::new(MemoryKeyProvider::fixed(9));
    let (log, service) = AuditLog::open(new.clone(), keys, clock()).await.unwrap();
    let first = log.scan(0, 1).unwrap().remove(0);
    let first = crate::Entry::parse(&first.bytes).unwrap();
    assert_eq!((first.kind, &*first.origin), (Kind::LogBegun, NEW));
    let begun = first.begun.unwrap();
    assert_eq!((&*begun.after, &*begun.operator), (ORIGIN, "binh.tran"));
    assert_eq!((begun.checkpoint.as_deref(), begun.witnessed), (Some(&*shown), None));
    log.append(draft(1).subject(person(1), "applicant")).await.unwrap();
    service.shutdown().await;
    let mut trusted = Keys::default();
    trusted.add_log(&recovered_log.verifier_key.to_string()).unwrap();
    let report = verify(&Folder(new.log_dir), &trusted, &Evidence::default(), true);
    assert_eq!((report.fault, report.origin.as_deref(), report.size), (None, Some(NEW), 3));
}

/// Put back as a whole it opens: what somebody outside kept shows that it is not
/// what it was, and is what the new log names.
#[tokio::test]
async fn what_was_kept_outside_shows_a_log_that_was_put_back_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("audit");
    let keys = MemoryKeyProvider::fixed(7);
    let grow = async |to: u64| {
        let (log, service) = open(&old, &clock(), &Arc::default()).await.unwrap();
        while log.health().durable < to {
            log.append(draft(0)).await.unwrap();
        }
        service.shutdown().await;
        fs::read(old.join("log/checkpoint")).unwrap()
    };
    let earlier = grow(20).await;
    let backup = tempfile::tempdir().unwrap();
    copy(&old, backup.path());
    let kept = grow(30).await;
    fs::remove_dir_all(&old).unwrap();
    copy(backup.path(), &old);

    let known = |note: &[u8]| known_outside(&options(&old), &keys, note).unwrap();
    let (seen, own) = (known(&kept).unwrap(), known(&earlier).unwrap());
    let (log, service) = open(&old, &clock(), &Arc::default()).await.expect("it opens");
    assert_eq!(is_put_back(&log, &seen).await.unwrap(), Some(true));
    assert_eq!(is_put_back(&log, &own).await.unwrap(), Some(false), "control: that one it holds");
    // Longer again, it is another one at that size.
    for at in 100..120 {
        log.append(draft(at)).await.unwrap();
    }
    log.published(40).await;
    assert_eq!(is_put_back(&log, &seen).await.unwrap(), Some(true));
    service.shutdown().await;

    // Only what the log signed is known; by the key file, too, where the key is newer.
    assert!(known(b"no note").is_none());
    let stranger = SigningKey::from_seed(ORIGIN, &[99; 32]).unwrap();
    let foreign = SignedCheckpoint::sign(seen.checkpoint().clone(), &stranger).unwrap();
    assert!(known(foreign.to_string().as_bytes()).is_none());
    fs::write(old.join("log.pub"), format!("{}\n", stranger.verifier_key())).unwrap();
    assert!(known(&kept).is_some(), "by the key file");

    copy(backup.path(), &old);
    let new = beside(dir.path(), "audit-2");
    let keys = Arc::new(MemoryKeyProvider::fixed(9));
    let begun = recover(&options(&old), new, keys, clock(), cause(), Some(seen.clone())).await.unwrap();
    assert_eq!(begun.last_known.head(), Some(seen.head()));
    assert_eq!(begun.last_known.checkpoint, Some(seen));
}

/// The published log may lag behind the journal: what it does not hold yet is not
/// gone.
#[tokio::test]
async fn a_log_whose_published_files_lag_is_not_given_up() {
    let mut world = World::new().await;
    let published = world.dir.path().join("log");
    let grow = async |world: &World, to: u64| {
        while world.log.health().durable < to {
            world.log.append(draft(0)).await.unwrap();
        }
        world.log.published(to).await;
    };
    grow(&world, 10).await;
    world.shut().await;
    let older = tempfile::tempdir().unwrap();
    copy(&published, older.path());
    world.reopened().await.unwrap();
    grow(&world, 20).await;
    let kept = world.log.checkpoint();
    world.shut().await;
    // They are behind, and cannot be written.
    fs::remove_dir_all(&published).unwrap();
    copy(older.path(), &published);
    world.faults = Arc::default();
    world.faults.fail_published(crate::testing::EIO, false);
    let (log, service) = open(world.dir.path(), &clock(), &world.faults).await.unwrap();
    (world.log, world.service) = (log, Some(service));
    let short = Duration::from_millis(300);
    assert_eq!((world.log.checkpoint().head().size, world.log.health().durable), (10, 20));
    assert_eq!(put_back_within(&world.log, &kept, short).await.unwrap(), None, "cannot tell");
    world.faults.clear();
    assert_eq!(is_put_back(&world.log, &kept).await.unwrap(), Some(false), "it is sound");
    // Control: what the journal never held is told at once.
    let key = SigningKey::from_seed(ORIGIN, &[25; 32]).unwrap();
    let more = motlan_audit_tree::Checkpoint::new(ORIGIN, TreeHead { size: 21, root: [7; 32] }).unwrap();
    let more = SignedCheckpoint::sign(more, &key).unwrap();
    assert_eq!(put_back_within(&world.log, &more, Duration::ZERO).await.unwrap(), Some(true));
    world.shut().await;
}

/// What the old log signed counts, wherever it lies; what it did not, never.
#[tokio::test]
async fn the_last_known_head_is_the_largest_that_it_signed() {
    let key = |seed| SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap();
    let own = SigningKey::from_seed(ORIGIN, &[25; 32]).unwrap();
    let signed = |key: &SigningKey, size| {
        let head = TreeHead { size, root: [7; 32] };
        SignedCheckpoint::sign(motlan_audit_tree::Checkpoint::new(ORIGIN, head).unwrap(), key).unwrap()
    };
    let witness = CosigningKey::from_seed("w.example", &[3; 32]).unwrap();
    let mut cosigned = signed(&own, 44);
    cosigned.add(witness.cosign(cosigned.note(), 1_795_232_020).unwrap()).unwrap();
    let put = |log: &Path, name: &str, note: &SignedCheckpoint| {
        let file = log.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, note.to_string()).unwrap();
    };
    let check = async |name: &str, place: &dyn Fn(&Path), checkpoint: Option<u64>, witnessed: Option<u64>| {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("audit");
        rolled_back(&old).await;
        // The log's key is that of its provider.
        assert_eq!(fs::read_to_string(old.join("log.pub")).unwrap(), format!("{}\n", own.verifier_key()));
        place(&old.join("log"));
        let known = recovered(&old, beside(dir.path(), "new")).await.unwrap().last_known;
        let size = |note: Option<SignedCheckpoint>| note.map(|note| note.head().size);
        assert_eq!((size(known.checkpoint), size(known.witnessed)), (checkpoint, witnessed), "{name}");
    };
    check("as it is", &|_| {}, Some(30), None).await;
    check("witnessed", &|log| put(log, "witnessed", &cosigned), Some(30), Some(44)).await;
    let kept: &dyn Fn(&Path) = &|log| {
        put(log, "checkpoints/40", &signed(&own, 40));
        put(log, "checkpoints/9", &signed(&own, 9));
        put(log, "checkpoints/50", &signed(&key(99), 50));
    };
    check("kept, and one of a stranger", kept, Some(40), None).await;
    let strangers: &dyn Fn(&Path) = &|log| {
        put(log, "checkpoint", &signed(&key(99), 60));
        put(log, "witnessed", &signed(&key(99), 60));
    };
    check("of strangers", strangers, None, None).await;
    check("none", &|log| fs::remove_file(log.join("checkpoint")).unwrap(), None, None).await;
}

#[tokio::test]
async fn a_log_is_given_up_for_a_new_one_only() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("audit");
    let none = recovered(&old, beside(dir.path(), "new")).await;
    assert!(matches!(none, Err(RecoverError::NoLog(_))), "{none:?}");
    let (log, service) = open(&old, &clock(), &Arc::default()).await.unwrap();
    log.append(draft(1)).await.unwrap();
    let in_use = recovered(&old, beside(dir.path(), "new")).await;
    assert!(matches!(in_use, Err(RecoverError::Log(AuditError::InUse))), "{in_use:?}");
    service.shutdown().await;
    let taken = dir.path().join("taken");
    fs::create_dir_all(&taken).unwrap();
    fs::write(taken.join("mine"), "x").unwrap();
    let same = AuditOptions { origin: ORIGIN.to_owned(), ..beside(dir.path(), "new") };
    let published = AuditOptions { log_dir: taken.clone(), ..beside(dir.path(), "new") };
    for new in [beside(dir.path(), "taken"), beside(dir.path(), "audit"), same, published] {
        let refused = recovered(&old, new).await;
        assert!(matches!(refused, Err(RecoverError::NotNew)), "{refused:?}");
    }
    assert!(!dir.path().join("new").exists());
    // The old one still opens.
    let (_, service) = open(&old, &clock(), &Arc::default()).await.unwrap();
    service.shutdown().await;
}

/// What can be mended in place is no reason for another log.
#[test]
fn broken_is_what_cannot_be_mended() {
    let io = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    for (error, broken) in [
        (AuditError::InUse, false),
        (AuditError::Closed, false),
        (AuditError::Keys(KeyError::Missing), false),
        (AuditError::Keys(KeyError::Mismatch), false),
        (AuditError::Store(StoreError::Read(io())), false),
        (AuditError::Store(StoreError::Origin), false),
        (AuditError::Tree(TreeError::Files(io())), false),
        (AuditError::Tree(TreeError::Key(KeyError::Exposed)), false),
        (AuditError::Superseded { by: String::new() }, false),
        (AuditError::Tree(TreeError::Key(KeyError::Mismatch)), true),
        (AuditError::Tree(TreeError::Shorter { held: 1, published: 2 }), true),
        (AuditError::Tree(TreeError::Other { index: 1 }), true),
        (AuditError::Tree(TreeError::Missing), true),
        (AuditError::Store(StoreError::Corrupt { index: 1, what: "x" }), true),
        (AuditError::SubjectsMissing, true),
        (AuditError::SubjectsBehind { index: 1 }, true),
    ] {
        assert_eq!(is_broken(&error), broken, "{error:?}");
    }
}
