//! Journal, subject table and its write-ahead log held against each other: what
//! is lost of one is told by another.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::store::StoreError;
use crate::tree::TreeError;

fn table(world: &World) -> PathBuf {
    world.dir.path().join("subjects.db")
}

fn segments(world: &World) -> Vec<PathBuf> {
    let files = fs::read_dir(world.dir.path()).unwrap().map(|file| file.unwrap().path());
    let mut found: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "journal")).collect();
    found.sort();
    found
}

fn about(serial: u32) -> Draft {
    draft(1).subject(person(serial), "applicant")
}

/// The folder as a crash leaves it, in a folder of its own.
fn crashed(world: &World) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    crash_image(world, copy.path());
    copy
}

async fn opened(world: &World, dir: &Path) -> Result<(AuditLog, AuditService), AuditError> {
    open(dir, &world.clock, &Arc::new(Faults::default())).await
}

/// Closes the log, and with its last handle the table.
async fn gone(world: &mut World) {
    world.shut().await;
    let keys = Arc::new(MemoryKeyProvider::fixed(7));
    let (log, service) = AuditLog::in_memory(ORIGIN, keys, Arc::clone(&world.clock) as _).unwrap();
    (world.log, world.service) = (log, Some(service));
    assert!(!world.dir.path().join("subjects.db-wal").exists(), "the table is whole in its file");
}

/// Changes the table while nobody has it open.
fn change(world: &World, sql: &str) {
    rusqlite::Connection::open(table(world)).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_shortened_journal_is_told_by_the_subject_table() {
    let mut world = World::new().await;
    world.log.append(about(1)).await.unwrap();
    while segments(&world).len() < 2 {
        world.log.append(draft(0).reason("x".repeat(8000))).await.unwrap();
    }
    let filled = world.log.health().durable;
    let receipt = world.log.append(about(2)).await.unwrap();
    assert!(receipt.index > filled, "somebody is introduced in the last segment");
    world.shut().await;
    let all = segments(&world);
    for lost in [&all[all.len() - 1..], &all[..]] {
        let copy = crashed(&world);
        for path in lost {
            fs::remove_file(copy.path().join(path.file_name().unwrap())).unwrap();
        }
        if lost.len() == all.len() {
            // A journal that is gone altogether is told by what is published, if that is there.
            let told = opened(&world, copy.path()).await.map(|(log, _)| log.health().durable);
            assert!(matches!(told, Err(AuditError::Tree(TreeError::Shorter { held: 0, .. }))), "{told:?}");
            fs::remove_dir_all(copy.path().join("log")).unwrap();
        }
        for file in ["index.db", "index.db-wal", "index.db-shm"] {
            let _ = fs::remove_file(copy.path().join(file));
        }
        let told = opened(&world, copy.path()).await;
        let told = told.map(|(log, _)| log.health().durable);
        assert!(
            matches!(&told, Err(AuditError::Store(StoreError::Corrupt { what, .. }))
                if what.contains("the subject table knows")),
            "{} segments gone: {told:?}",
            lost.len()
        );
    }
    opened(&world, crashed(&world).path()).await.expect("control: whole, it opens");
}

#[tokio::test]
async fn an_older_subject_table_is_refused() {
    let mut world = World::new().await;
    world.log.append(about(1)).await.unwrap();
    gone(&mut world).await;
    let older = fs::read(table(&world)).unwrap();
    let (log, service) = opened(&world, world.dir.path()).await.unwrap();
    (world.log, world.service) = (log, Some(service));
    world.log.append(draft(2)).await.unwrap();
    gone(&mut world).await;
    let newer = fs::read(table(&world)).unwrap();
    fs::write(table(&world), &older).unwrap();
    let (log, service) = opened(&world, world.dir.path()).await.expect("it lacks nobody");
    (world.log, world.service) = (log, Some(service));
    let introduced = world.log.health().durable;
    world.log.append(about(2)).await.unwrap();
    gone(&mut world).await;
    for old in [older, newer] {
        fs::write(table(&world), old).unwrap();
        let told = opened(&world, world.dir.path()).await.map(|(log, _)| log.health().durable);
        assert!(matches!(told, Err(AuditError::SubjectsBehind { index }) if index == introduced), "{told:?}");
    }
}

#[tokio::test]
async fn what_a_crash_leaves_in_the_subject_table_is_no_loss() {
    let mut world = World::new().await;
    world.log.append(about(1)).await.unwrap();
    world.log.append(about(2)).await.unwrap();
    world.log.erase_subject(&person(2)).await.unwrap().unwrap();
    let known = world.log.subject(&person(1)).await.unwrap();
    gone(&mut world).await;
    // The entry was durable, and the row was not told of it; the table of an
    // earlier release was never told how long the log is.
    for sql in [
        "UPDATE subjects SET created_index = NULL; UPDATE meta SET value = 0 WHERE name = 'seen'",
        "DELETE FROM meta WHERE name = 'seen'",
        "UPDATE subjects SET created_index = NULL; DELETE FROM meta WHERE name = 'seen'",
    ] {
        change(&world, sql);
        let (log, service) = opened(&world, world.dir.path()).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        (world.log, world.service) = (log, Some(service));
        assert_eq!(world.log.find_subject(&person(1)).await.unwrap().as_ref(), Some(&known), "{sql}");
        world.log.append(about(1)).await.unwrap();
        gone(&mut world).await;
    }
    // Control: the same with the row gone.
    change(&world, "DELETE FROM subjects; UPDATE meta SET value = 0 WHERE name = 'seen'");
    let told = opened(&world, world.dir.path()).await.map(|(log, _)| log.health().durable);
    assert!(matches!(told, Err(AuditError::SubjectsBehind { .. })), "{told:?}");
}

#[tokio::test]
async fn a_write_ahead_log_that_is_gone_takes_nobody_with_it() {
    let world = World::new().await;
    let known = world.log.subject(&person(1)).await.unwrap();
    let log = world.dir.path().join("subjects.db-wal");
    for removed in [true, false] {
        fs::remove_file(&log).unwrap();
        if !removed {
            fs::write(&log, b"another's").unwrap();
        }
        // Looked after without anybody new being met.
        let back = || fs::metadata(&log).is_ok_and(|meta| meta.len() != 9);
        world.until("a write-ahead log under its name", |_| back()).await;
        assert!(world.log.health().ready);
        let (again, _service) = opened(&world, crashed(&world).path()).await.expect("nobody is missing");
        assert_eq!(again.find_subject(&person(1)).await.unwrap().as_ref(), Some(&known));
        // The next one is met while it is gone again.
        fs::remove_file(&log).unwrap();
        let second = world.log.subject(&person(2)).await.unwrap();
        let (again, _service) = opened(&world, crashed(&world).path()).await.expect("nobody is missing");
        assert_eq!(again.find_subject(&person(2)).await.unwrap(), Some(second));
    }
}
