//! What is published is what is durable, signed once, and held to at the start.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use motlan_audit_tree::{
    Frontier, SignedCheckpoint, TrustedLog, bundle, leaf_hash, verify_consistency, verify_inclusion,
};

use super::*;
use crate::tree::TreeError;

/// What an outsider holds: the key, and the files.
struct Outsider {
    log: TrustedLog,
    folder: PathBuf,
}

// === impl Outsider ===

impl Outsider {
    fn of(world: &World) -> Self {
        let log = published_by(world);
        assert_eq!(log.origin, ORIGIN);
        Self { log, folder: world.dir.path().join("log") }
    }

    fn checkpoint(&self) -> SignedCheckpoint {
        SignedCheckpoint::open(&fs::read(self.folder.join("checkpoint")).unwrap(), &self.log).unwrap()
    }

    /// Every entry by the bundles, hashed anew: the root must be the one signed.
    fn entries(&self) -> Vec<Vec<u8>> {
        let head = self.checkpoint().head();
        let mut entries = Vec::new();
        for index in 0..head.size.div_ceil(256) {
            let wanted = motlan_audit_tree::Bundle::in_tree(index, head.size).unwrap();
            let bytes = fs::read(self.folder.join(wanted.to_string())).unwrap();
            let split = bundle::split_entries(wanted, &bytes).unwrap();
            entries.extend(split.into_iter().map(<[u8]>::to_vec));
        }
        let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        assert_eq!(Frontier::new().append(&leaves).head, head, "the root is over the bundles' entries");
        entries
    }

    /// The names of all files.
    fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            // What goes while it is looked at is not there.
            for file in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
                let path = file.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    found.insert(path.strip_prefix(&self.folder).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found
    }
}

async fn grow(world: &World, to: u64) {
    let mut appends = Vec::new();
    while world.log.health().durable + (appends.len() as u64) < to {
        appends.push(world.log.append(draft(appends.len())));
    }
    for receipt in futures::future::join_all(appends).await {
        receipt.unwrap();
    }
    assert_eq!(world.log.health().durable, to);
    world.log.published(to).await;
}

/// The tree grows with the log; receipts have their proofs; older checkpoints
/// are consistent with newer ones, across a restart too.
#[tokio::test]
async fn what_is_durable_is_published_and_proved() {
    let mut world = World::new().await;
    let mut seen: Vec<SignedCheckpoint> = Vec::new();
    for to in [1, 2, 255, 256, 257, 300, 511, 512, 513, 700] {
        if to == 300 {
            world.again().await.unwrap();
        }
        grow(&world, to).await;
        let outsider = Outsider::of(&world);
        let checkpoint = outsider.checkpoint();
        assert_eq!((checkpoint.head().size, world.log.health().published), (to, to));
        assert_eq!(checkpoint, *world.log.checkpoint());
        let entries = outsider.entries();
        for (entry, stored) in entries.iter().zip(world.log.scan(0, usize::MAX).unwrap()) {
            assert_eq!(*entry, stored.bytes);
        }
        for index in [0, to / 2, to - 1] {
            let leaf = leaf_hash(&entries[usize::try_from(index).unwrap()]);
            let proof = world.log.prove_inclusion(index, to).await.unwrap();
            verify_inclusion(checkpoint.head(), index, &leaf, &proof).unwrap();
            assert!(verify_inclusion(checkpoint.head(), index, &leaf_hash(b"another"), &proof).is_err());
        }
        for older in &seen {
            let proof = world.log.prove_consistency(older.head().size, to).await.unwrap();
            verify_consistency(older.head(), checkpoint.head(), &proof).unwrap();
            assert_eq!(world.log.tree_head(older.head().size).await.unwrap(), older.head());
        }
        seen.push(checkpoint);
    }
    let beyond = world.log.prove_inclusion(0, 701).await;
    assert!(matches!(beyond, Err(AuditError::Tree(TreeError::OutOfRange { published: 700 }))), "{beyond:?}");
    world.shut().await;
}

/// Partial files go when the full one of their place is published, not before.
#[tokio::test]
async fn partial_files_go_when_the_full_one_is_there() {
    let mut world = World::new().await;
    grow(&world, 100).await;
    grow(&world, 200).await;
    let outsider = Outsider::of(&world);
    for name in ["tile/0/000.p/100", "tile/0/000.p/200", "tile/entries/000.p/100", "tile/entries/000.p/200"] {
        assert!(outsider.files().contains(name), "{name}: {:?}", outsider.files());
    }
    grow(&world, 257).await;
    let names = [
        "checkpoint",
        "lock",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/1",
    ];
    // They go after the checkpoint is there.
    world.until("they are gone", |_| outsider.files().iter().eq(names)).await;
    world.shut().await;
}

/// Closing the log publishes what it holds.
#[tokio::test]
async fn the_last_checkpoint_covers_everything() {
    let mut world = World::new().await;
    for at in 0..5 {
        world.log.append(draft(at)).await.unwrap();
    }
    world.shut().await;
    let outsider = Outsider::of(&world);
    assert_eq!(outsider.checkpoint().head().size, 5);
    assert_eq!(outsider.entries().len(), 5);
}

async fn reopen(dir: &Path, seed: u8, origin: &str) -> Result<(AuditLog, AuditService), AuditError> {
    let options = AuditOptions { segment_bytes: 64 << 10, ..AuditOptions::new(dir, origin) };
    let clock = Arc::new(motlan_domain::ManualClock::at("2026-11-26T08:00:00Z".parse().unwrap()));
    AuditLog::open(options, Arc::new(MemoryKeyProvider::fixed(seed)), clock).await
}

/// Everything but the published log, put back as it was: as a restored backup.
fn put_back(backup: &Path, dir: &Path) {
    for file in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() && file.file_name() != "log.pub" {
            fs::remove_file(file.path()).unwrap();
        }
    }
    for file in fs::read_dir(backup).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), dir.join(file.file_name())).unwrap();
        }
    }
}

#[tokio::test]
async fn a_log_that_is_not_the_published_one_does_not_open() {
    let mut world = World::new().await;
    grow(&world, 20).await;
    world.shut().await;
    let dir = world.dir.path().to_owned();
    let backup = tempfile::tempdir().unwrap();
    copy(&dir, backup.path());
    let (log, service) = reopen(&dir, 7, ORIGIN).await.unwrap();
    (world.log, world.service) = (log, Some(service));
    grow(&world, 30).await;
    world.shut().await;

    // Control: as it is, it opens.
    let (_, service) = reopen(&dir, 7, ORIGIN).await.unwrap();
    service.shutdown().await;

    // A restored backup of the journal.
    put_back(backup.path(), &dir);
    let opened = reopen(&dir, 7, ORIGIN).await.map(drop);
    assert!(
        matches!(opened, Err(AuditError::Tree(TreeError::Shorter { held: 20, published: 30 }))),
        "{opened:?}"
    );
    // The same, grown beyond what was published by other entries.
    fs::rename(dir.join("log"), dir.join("kept")).unwrap();
    fs::rename(dir.join("log.pub"), dir.join("kept.pub")).unwrap();
    let (log, service) = reopen(&dir, 7, ORIGIN).await.unwrap();
    for at in 100..120 {
        log.append(draft(at)).await.unwrap();
    }
    service.shutdown().await;
    fs::remove_dir_all(dir.join("log")).unwrap();
    fs::rename(dir.join("kept"), dir.join("log")).unwrap();
    let opened = reopen(&dir, 7, ORIGIN).await.map(drop);
    assert!(matches!(opened, Err(AuditError::Tree(TreeError::Other { index: 20 }))), "{opened:?}");
}

#[tokio::test]
async fn a_published_log_that_was_tampered_with_does_not_open() {
    let mut world = World::new().await;
    grow(&world, 300).await;
    world.shut().await;
    let whole = tempfile::tempdir().unwrap();
    copy(world.dir.path(), whole.path());
    let check = async |what: &str, seed: u8, spoil: &dyn Fn(&Path), judge: &dyn Fn(&AuditError) -> bool| {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        spoil(dir.path());
        match reopen(dir.path(), seed, ORIGIN).await {
            Ok((_, service)) => {
                service.shutdown().await;
                panic!("{what}: it opened");
            }
            Err(error) => assert!(judge(&error), "{what}: {error:?}"),
        }
    };
    let tree = |error: &AuditError| matches!(error, AuditError::Tree(_));
    check(
        "the checkpoint is gone",
        7,
        &|dir| fs::remove_file(dir.join("log/checkpoint")).unwrap(),
        &|error| matches!(error, AuditError::Tree(TreeError::Missing)),
    )
    .await;
    check("a bit of the checkpoint", 7, &|dir| flip(&dir.join("log/checkpoint"), 60), &tree).await;
    check("a bit of a tile", 7, &|dir| flip(&dir.join("log/tile/0/001.p/44"), 60), &tree).await;
    check("a bit of an upper tile", 7, &|dir| flip(&dir.join("log/tile/1/000.p/1"), 9), &tree).await;
    check("a tile is gone", 7, &|dir| fs::remove_file(dir.join("log/tile/0/001.p/44")).unwrap(), &tree).await;
    check(
        "another verifier key",
        7,
        &|dir| fs::write(dir.join("log.pub"), "x+00000000+AA==\n").unwrap(),
        &tree,
    )
    .await;
    // The whole without a change: the checks are not simply always against it.
    let (_, service) = reopen(whole.path(), 7, ORIGIN).await.unwrap();
    service.shutdown().await;
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// While the files cannot be written nothing is published and everything is
/// recorded; afterwards the checkpoint covers it.
#[tokio::test]
async fn files_that_fail_hold_up_publication_alone() {
    let mut world = World::new().await;
    grow(&world, 10).await;
    // A folder where a file is to be.
    let blocked = world.dir.path().join("log/tile/0/000.p/11");
    fs::create_dir_all(&blocked).unwrap();
    world.log.append(draft(11)).await.unwrap();
    world.until("it is told", |log| !log.health().publishing).await;
    assert_eq!((world.log.health().published, world.log.health().durable), (10, 11));
    assert_eq!(Outsider::of(&world).entries().len(), 10);
    fs::remove_dir(&blocked).unwrap();
    world.log.published(11).await;
    world.until("it goes on", |log| log.health().publishing).await;
    assert_eq!(Outsider::of(&world).entries().len(), 11);
    world.shut().await;
}

/// The disk of the published log is away for a while, for reading too: what is
/// published afterwards has no hole.
#[tokio::test]
async fn nothing_is_built_on_what_a_failure_left() {
    for reads in [true, false] {
        let mut world = World::new().await;
        grow(&world, 300).await;
        world.faults.fail_published(crate::testing::EIO, reads);
        for at in 0..700 {
            world.log.append(draft(at)).await.unwrap();
        }
        world.until("it failed again and again", |_| world.faults.published_failures() > 3).await;
        assert_eq!((world.log.health().publishing, world.log.health().published), (false, 300), "{reads}");
        world.faults.clear();
        world.log.published(1_000).await;
        assert_eq!(Outsider::of(&world).entries().len(), 1_000, "{reads}");
        world.again().await.expect("its tiles are whole");
        world.shut().await;
    }
}

/// A published log that cannot be written stops publication alone, at the start
/// as while it runs.
#[tokio::test]
async fn a_start_does_not_wait_for_the_published_disk() {
    let mut world = World::new().await;
    grow(&world, 10).await;
    world.faults.fail_published(crate::testing::ENOSPC, false);
    for at in 0..5 {
        world.log.append(draft(at)).await.unwrap();
    }
    world.shut().await;
    assert_eq!(Outsider::of(&world).checkpoint().head().size, 10, "control: something is left to do");
    let (log, service) = open(world.dir.path(), &world.clock, &world.faults).await.expect("it starts");
    (world.log, world.service) = (log, Some(service));
    assert!(!world.log.health().publishing && world.log.health().ready);
    world.log.append(draft(15)).await.expect("it records");
    world.faults.clear();
    world.log.published(16).await;
    assert_eq!(Outsider::of(&world).entries().len(), 16);
    world.shut().await;
}

/// The key file is named after the whole name of the folder.
#[tokio::test]
async fn two_logs_beside_one_another_have_two_keys() {
    let dir = tempfile::tempdir().unwrap();
    for (name, origin) in [("log.v1", "motlan.example/1"), ("log.v2", "motlan.example/2")] {
        let log_dir = dir.path().join(name);
        let options = AuditOptions { log_dir, ..AuditOptions::new(dir.path().join(origin), origin) };
        let clock = Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()));
        let opened = AuditLog::open(options, Arc::new(MemoryKeyProvider::fixed(7)), clock).await;
        opened.expect("it opens").1.shutdown().await;
        let key = fs::read_to_string(dir.path().join(format!("{name}.pub"))).unwrap();
        assert!(key.starts_with(origin), "{key}");
    }
}
