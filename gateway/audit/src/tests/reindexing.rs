//! An index made anew from the log alone is the one that was written while the
//! log grew.

use std::collections::BTreeMap;
use std::fs;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::varied::varied;
use super::*;
use crate::index::Indexer;
use crate::index::postings::{Role, walk};
use crate::journal::JournalStore;
use crate::journal::disk::RealDisk;
use crate::reindex;
use crate::store::{AuditStore as _, StoreError};

const ROLES: [Role; 7] =
    [Role::Subject, Role::Kind, Role::Outcome, Role::Agency, Role::Officer, Role::Procedure, Role::Dossier];

/// All that an index holds. How its lists are cut into blocks depends on how
/// many entries shared a transaction; what they say does not.
#[derive(Debug, PartialEq)]
struct Content {
    version: i64,
    /// Of every table but the lists: what it is, and its rows in order.
    tables: BTreeMap<String, (String, Vec<Vec<Value>>)>,
    /// Role and word to the indices of the entries that hold it.
    lists: BTreeMap<(usize, i64), Vec<u64>>,
}

// === impl Content ===

impl Content {
    fn of(dir: &Path) -> Self {
        let database = Connection::open(dir.join("index.db")).unwrap();
        let version = database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        let mut statement =
            database.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").unwrap();
        let named = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let named: Vec<(String, String)> = named.map(Result::unwrap).collect();
        let lists = lists(&database);
        let mut tables = BTreeMap::new();
        for (name, sql) in named {
            let rows = if name == "postings" { Vec::new() } else { rows(&database, &name) };
            tables.insert(name, (sql, rows));
        }
        assert_eq!(tables.keys().collect::<Vec<_>>(), ["entries", "postings", "state", "words"]);
        Self { version, tables, lists }
    }

    fn blocks(dir: &Path) -> i64 {
        let database = Connection::open(dir.join("index.db")).unwrap();
        database.query_row("SELECT count(*) FROM postings", [], |row| row.get(0)).unwrap()
    }
}

fn rows(database: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn lists(database: &Connection) -> BTreeMap<(usize, i64), Vec<u64>> {
    let words: Vec<Vec<Value>> = rows(database, "words");
    let mut lists = BTreeMap::new();
    for role in ROLES {
        for word in &words {
            let Value::Integer(word) = word[0] else { panic!("{word:?}") };
            let mut list = Vec::new();
            let each = |index| {
                list.push(index);
                Ok(true)
            };
            walk(database, (role, word), (0, u64::MAX >> 1), false, each).unwrap();
            if !list.is_empty() {
                lists.insert((role as usize, word), list);
            }
        }
    }
    lists
}

/// A log of entries of every kind, indexed as they came: in transactions of one
/// entry and of many, over restarts, and after a pause.
async fn grown() -> World {
    let mut world = World::new().await;
    let goes_on = |world: &World| world.log.health().durable;
    for turn in 0..6_u32 {
        for _ in 0..20 {
            world.clock.advance(Duration::from_millis(700));
            world.log.append(varied(goes_on(&world))).await.unwrap();
        }
        world.log.index_caught_up(goes_on(&world)).await;
        world.log.pause_index(turn % 2 == 0);
        let first = goes_on(&world);
        let appends = (first..first + 80).map(|index| world.log.append(varied(index)));
        for receipt in futures::future::join_all(appends).await {
            receipt.unwrap();
        }
        world.log.pause_index(false);
        if turn == 2 {
            world.log.erase_subject(&person(3)).await.unwrap().unwrap();
        }
        if turn == 3 {
            world.faults.fail_syncs(crate::testing::EIO);
            world.log.append(draft(1)).await.unwrap_err();
            world.faults.clear();
            world.until("ready again", |log| log.health().ready).await;
        }
        if turn % 3 == 1 {
            world.again().await.unwrap();
        }
    }
    let kinds: std::collections::BTreeSet<_> = world.entries().iter().map(|entry| entry.kind).collect();
    // These two are written where a key follows another and where a log is recovered.
    let missing: Vec<_> = Kind::ALL.iter().copied().filter(|kind| !kinds.contains(kind)).collect();
    assert_eq!(missing, [Kind::LogKeyRotated, Kind::LogBegun], "of every other kind");
    world
}

fn index_files(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("index.db")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_index_made_anew_is_the_one_that_grew() {
    let mut world = grown().await;
    let durable = world.log.health().durable;
    let refused = remade(world.dir.path());
    assert!(matches!(refused, Err(AuditError::InUse)), "while it is open: {refused:?}");
    world.shut().await;
    let dir = world.dir.path().to_owned();
    let (grown, blocks) = (Content::of(&dir), Content::blocks(&dir));
    assert_eq!(grown.tables["entries"].1.len() as u64, durable);

    // What an attempt that was cut off left is in nobody's way.
    fs::write(dir.join("index.db.new"), b"half of one").unwrap();
    fs::write(dir.join("index.db.new-wal"), b"and what was to come").unwrap();
    assert_eq!(remade(&dir).unwrap(), durable);
    assert_eq!(index_files(&dir), ["index.db"], "one file, and nothing beside it");
    assert_eq!(Content::of(&dir), grown);
    assert_ne!(Content::blocks(&dir), blocks, "control: it was made, and in larger transactions");

    // Without one it is the same; and the gateway goes on with it.
    fs::remove_file(dir.join("index.db")).unwrap();
    assert_eq!(remade(&dir).unwrap(), durable);
    assert_eq!(Content::of(&dir), grown);
    let (log, service) = open(&dir, &world.clock, &world.faults).await.unwrap();
    assert_eq!(log.health().indexed, durable, "nothing was left to index");
    (world.log, world.service) = (log, Some(service));
    world.log.append(varied(durable)).await.unwrap();
    world.log.index_caught_up(durable + 1).await;
    world.shut().await;

    // Control: a difference anywhere is one.
    remade(&dir).unwrap();
    let right = Content::of(&dir);
    for change in [
        "UPDATE entries SET agency = agency + 1 WHERE idx = (SELECT min(idx) FROM entries WHERE agency > 0)",
        "DELETE FROM entries WHERE idx = 41",
        "UPDATE words SET text = 'another' WHERE id = 3",
        "UPDATE state SET next = next - 1",
        "DELETE FROM postings WHERE rowid_of = 1",
        "UPDATE postings SET later = x'' WHERE length(later) > 0",
        "INSERT INTO postings VALUES (3, 1, 5, x'')",
        "PRAGMA user_version = 9",
    ] {
        let database = Connection::open(dir.join("index.db")).unwrap();
        let change =
            change.replace("rowid_of = 1", "(role, word) IN (SELECT role, word FROM postings LIMIT 1)");
        database.execute_batch(&change).unwrap();
        drop(database);
        assert_ne!(Content::of(&dir), right, "{change}");
        // The state that was changed is of this log all the same, or behind it.
        if change.starts_with("UPDATE state") {
            fs::remove_file(dir.join("index.db")).unwrap();
        }
        remade(&dir).unwrap();
        assert_eq!(Content::of(&dir), right, "{change}");
    }
}

/// Cuts the last entry off the journal, which somebody was told of.
fn cut(dir: &Path) {
    let path = dir.join("00000000000000000000.journal");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 5..].fill(0);
    fs::write(&path, bytes).unwrap();
}

fn is_ahead(error: &AuditError) -> bool {
    matches!(error, AuditError::Store(StoreError::Corrupt { index: 19, what }) if what.contains("the index knows"))
}

/// An index that knows more than the log is not made anew, of whatever version
/// it is: it is the evidence.
#[tokio::test]
async fn an_index_ahead_of_its_log_stays_and_refuses() {
    let mut world = World::new().await;
    for turn in 0..20 {
        world.log.append(draft(turn)).await.unwrap();
    }
    world.shut().await;
    let whole = tempfile::tempdir().unwrap();
    copy(world.dir.path(), whole.path());
    for version in [1, 2, 7] {
        let kept = tempfile::tempdir().unwrap();
        copy(whole.path(), kept.path());
        let dir = kept.path();
        let mark = || {
            let database = Connection::open(dir.join("index.db")).unwrap();
            database.pragma_update(None, "user_version", version).unwrap();
        };
        mark();
        // Control: with the whole log it is made anew.
        let (log, service) = open(dir, &world.clock, &world.faults).await.unwrap();
        log.index_caught_up(20).await;
        service.shutdown().await;
        mark();
        assert_eq!(remade(dir).unwrap(), 20);

        mark();
        cut(dir);
        // All that it knows; the header before also says how changes are written.
        let known = || fs::read(dir.join("index.db")).unwrap()[100..].to_vec();
        let before = known();
        for _ in 0..2 {
            let refused = remade(dir).unwrap_err();
            assert!(is_ahead(&refused), "{version}: {refused:?}");
            // The index by itself: a start has more that refuses.
            let store = JournalStore::open(Arc::new(RealDisk), dir, ORIGIN, 256 << 10, 0).unwrap();
            let (place, reader) = (dir.join("index.db"), store.reader());
            let opened = Indexer::open(Some(&place), reader, store.next_index(), Arc::default());
            let refused = opened.map(drop).unwrap_err();
            assert!(is_ahead(&refused), "{version}: {refused:?}");
        }
        assert!(known() == before, "{version}: it stays");
    }
}

#[test]
fn where_there_is_no_log_none_is_made() {
    let dir = tempfile::tempdir().unwrap();
    for folder in [dir.path().to_owned(), dir.path().join("nowhere")] {
        let refused = remade(&folder).unwrap_err();
        assert!(matches!(refused, AuditError::Store(StoreError::Read(_))), "{refused:?}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

fn remade(dir: &Path) -> Result<u64, AuditError> {
    reindex(&options(dir), &MemoryKeyProvider::fixed(7))
}
