//! The search index: derived from durable entries, off the response path.
//!
//! A SQLite file that may be deleted at any time while the gateway is down: it
//! is rebuilt from the log. It holds pseudonyms and codes, never an identifier.
//! What it must never be is *ahead* of the log: an index that knows entries
//! the journal lacks is evidence that acknowledged entries were lost, and
//! refuses to open, also one of an older version that would be made anew.

mod glance;
mod known;
pub(crate) mod postings;
pub(crate) mod rebuild;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use motlan_audit_tree::LeafHash;
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::watch;

use crate::error::AuditError;
use crate::index::glance::Glance;
use crate::index::known::Known;
use crate::index::postings::{Batch, Role};
use crate::store::{AuditReader, Seen, StoreError};
use crate::writer::Progress;

/// Bytes of entries indexed in one transaction.
const CHUNK: usize = 2 << 20;

/// How long the thread sleeps when nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Pause after a small, a larger and a large transaction, so that entries under
/// load share one: the more they are, the more of its pages they share.
const COALESCE: [Duration; 3] =
    [Duration::from_millis(2), Duration::from_millis(20), Duration::from_millis(100)];

/// Between two attempts after a failure: first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// Words kept at hand; beyond, the memory starts anew.
const WORDS: usize = 65_536;

/// Changes with every change of the schema: another one is rebuilt.
const VERSION: i64 = 2;

const SCHEMA: &str = "
    CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, last_leaf BLOB NOT NULL);
    INSERT INTO state VALUES (1, 0, x'');
    CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE entries (
        idx INTEGER PRIMARY KEY, position INTEGER NOT NULL, time INTEGER NOT NULL, kind INTEGER NOT NULL,
        outcome INTEGER, agency INTEGER, officer INTEGER, procedure INTEGER, dossier INTEGER);";

/// The index's connections: one writes, one reads; in memory they are one.
pub(crate) struct Database {
    writer: Mutex<Connection>,
    reader: Option<Mutex<Connection>>,
}

/// The thread's state.
pub(crate) struct Indexer {
    database: Arc<Database>,
    reader: Arc<dyn AuditReader>,
    progress: Arc<Progress>,
    next: u64,
    indexed: watch::Sender<u64>,
    paused: Arc<Mutex<bool>>,
    failing: Arc<AtomicBool>,
    words: HashMap<String, i64>,
    places: Batch,
    backoff: Duration,
}

/// What came of indexing a chunk.
enum Attempt {
    Indexed(usize),
    /// To be tried again after that pause.
    Failed(Duration),
}

/// What others know of the index.
#[derive(Clone)]
pub(crate) struct IndexHandle {
    indexed: watch::Receiver<u64>,
    paused: Arc<Mutex<bool>>,
    failing: Arc<AtomicBool>,
}

// === impl Database ===

impl Database {
    /// Opens it; one of another version gives way to a new one, once it was found
    /// to know nothing that the log of `durable` entries lacks.
    fn open(path: Option<&Path>, log: &dyn AuditReader, durable: u64) -> Result<Self, AuditError> {
        let Some(path) = path else { return Self::in_memory().map_err(AuditError::Index) };
        let opened = Self::open_file(path).or_else(|error| {
            if let Some(known) = known::stated(path) {
                known::hold(&known, log, durable)?;
            }
            tracing::warn!(error = &error as &dyn std::error::Error, "audit index is rebuilt");
            for file in known::files(path) {
                // Not there is as good as removed.
                let _ = std::fs::remove_file(file);
            }
            Self::open_file(path).map_err(AuditError::Index)
        })?;
        Self::with_reader(path, opened).map_err(AuditError::Index)
    }

    fn in_memory() -> rusqlite::Result<Self> {
        let writer = Connection::open_in_memory()?;
        make(&writer)?;
        Ok(Self { writer: Mutex::new(writer), reader: None })
    }

    fn with_reader(path: &Path, writer: Connection) -> rusqlite::Result<Self> {
        let reader = Connection::open(path)?;
        reader.pragma_update(None, "query_only", "ON")?;
        Ok(Self { writer: Mutex::new(writer), reader: Some(Mutex::new(reader)) })
    }

    fn open_file(path: &Path) -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        let version = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
        if ![0, VERSION].contains(&version) {
            // As it is: it may be evidence.
            return Err(rusqlite::Error::InvalidQuery);
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        if version == VERSION {
            connection.query_row("SELECT next FROM state", [], |_| Ok(()))?;
        } else {
            let transaction = connection.unchecked_transaction()?;
            make(&transaction)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        Ok(connection)
    }

    /// The connection for reading.
    pub(crate) fn read(&self) -> MutexGuard<'_, Connection> {
        self.reader.as_ref().unwrap_or(&self.writer).lock()
    }

    fn state(&self) -> rusqlite::Result<Known> {
        known::read(&self.writer.lock())
    }
}

// === impl IndexHandle ===

impl IndexHandle {
    /// The number of entries indexed.
    pub(crate) fn indexed(&self) -> u64 {
        *self.indexed.borrow()
    }

    /// Waits until all below `to` are, or the log is closed.
    pub(crate) async fn reaches(&self, to: u64) {
        // An error means closed: nothing more will come.
        let _ = self.indexed.clone().wait_for(|indexed| *indexed >= to).await;
    }

    /// Whether the last attempt to index what is durable failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    pub(crate) fn pause(&self, paused: bool) {
        *self.paused.lock() = paused;
    }
}

// === impl Indexer ===

impl Indexer {
    /// Opens the index and holds it against the log of `durable` entries.
    pub(crate) fn open(
        path: Option<&Path>,
        reader: Arc<dyn AuditReader>,
        durable: u64,
        progress: Arc<Progress>,
    ) -> Result<Self, AuditError> {
        let database = Arc::new(Database::open(path, reader.as_ref(), durable)?);
        let known = database.state().map_err(AuditError::Index)?;
        known::hold(&known, reader.as_ref(), durable)?;
        let next = known.next;
        Ok(Self {
            database,
            reader,
            progress,
            next,
            indexed: watch::Sender::new(next),
            paused: Arc::default(),
            failing: Arc::default(),
            words: HashMap::new(),
            places: Batch::default(),
            backoff: BACKOFF.0,
        })
    }

    pub(crate) fn handle(&self) -> IndexHandle {
        IndexHandle {
            indexed: self.indexed.subscribe(),
            paused: Arc::clone(&self.paused),
            failing: Arc::clone(&self.failing),
        }
    }

    pub(crate) fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database)
    }

    /// Indexes the next chunk below `durable`; how many entries it was.
    fn advance(&mut self, durable: u64) -> Result<usize, AuditError> {
        let following = self.reader.follow(self.next, CHUNK)?;
        let entries = following.entries().take_while(|seen| seen.index < durable);
        let (first, mut last) = (self.next, None::<Seen<'_>>);
        let database = Arc::clone(&self.database);
        let mut connection = database.writer.lock();
        let written = connection.transaction().and_then(|transaction| {
            for seen in entries {
                // Left out, it would be found by nobody.
                if seen.index != last.map_or(first, |last| last.index + 1) {
                    return Ok(None);
                }
                self.insert(&transaction, seen)?;
                last = Some(seen);
            }
            let Some(last) = last else { return Ok(Some(first)) };
            self.places.write(&transaction)?;
            finish(&transaction, last.index + 1, last.leaf_hash)?;
            transaction.commit().map(|()| Some(last.index + 1))
        });
        let next = written.map_err(AuditError::Index)?.ok_or(StoreError::Order)?;
        drop(connection);
        self.next = next;
        self.indexed.send_replace(next);
        Ok(usize::try_from(next - first).unwrap_or(usize::MAX))
    }

    /// Indexes the next chunk; after a failure of whatever kind, a panic among
    /// them, goes back to what the file holds and waits a little longer each time.
    fn attempt(&mut self, durable: u64) -> Attempt {
        let advanced = catch_unwind(AssertUnwindSafe(|| self.advance(durable)));
        match advanced {
            Ok(Ok(entries)) => {
                self.failing.store(false, Ordering::Release);
                self.backoff = BACKOFF.0;
                return Attempt::Indexed(entries);
            }
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "audit index cannot be written");
            }
            Err(_) => tracing::error!("the indexing of the audit log panicked"),
        }
        self.failing.store(true, Ordering::Release);
        // Words learnt in a transaction that failed are not in the table.
        self.words.clear();
        self.places.clear();
        if let Ok(Known { next, .. }) = self.database.state() {
            self.next = next;
            self.indexed.send_replace(next);
        }
        let pause = self.backoff;
        self.backoff = (pause * 2).min(BACKOFF.1);
        Attempt::Failed(pause)
    }

    fn insert(&mut self, transaction: &Transaction<'_>, stored: Seen<'_>) -> rusqlite::Result<()> {
        let Ok(entry) = serde_json::from_slice::<Glance<'_>>(stored.bytes) else {
            // Its frame is sound, so it was written so: indexed by place alone.
            tracing::error!(index = stored.index, "an entry is not of the entry format");
            return Ok(());
        };
        let mut word = |role: Role, text: Option<&str>| {
            let word = text.map(|text| self.word(transaction, text)).transpose()?;
            if let Some(word) = word {
                self.places.add(role, word, stored.index);
            }
            Ok::<_, rusqlite::Error>(word)
        };
        let kind = word(Role::Kind, Some(entry.kind.as_str()))?;
        let outcome = word(Role::Outcome, entry.outcome.map(motlan_audit_tree::Outcome::as_str))?;
        let agency = word(Role::Agency, entry.agency())?;
        let officer = word(Role::Officer, entry.officer())?;
        let procedure = word(Role::Procedure, entry.procedure())?;
        let dossier = word(Role::Dossier, entry.dossier())?;
        for pseudonym in entry.pseudonyms() {
            word(Role::Subject, Some(pseudonym))?;
        }
        transaction
            .prepare_cached("INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute(params![
                signed(stored.index),
                signed(stored.position),
                entry.time.timestamp().as_microsecond(),
                kind,
                outcome,
                agency,
                officer,
                procedure,
                dossier
            ])?;
        Ok(())
    }

    /// The number that stands for a text.
    fn word(&mut self, transaction: &Transaction<'_>, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.words.get(text) {
            return Ok(*id);
        }
        transaction.prepare_cached("INSERT OR IGNORE INTO words (text) VALUES (?1)")?.execute([text])?;
        let id = find_word(transaction, text)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if self.words.len() >= WORDS {
            self.words.clear();
        }
        self.words.insert(text.to_owned(), id);
        Ok(id)
    }
}

/// The body of the `motlan-index` thread: until the log is closed and all is
/// indexed. A failure is logged and tried again: search lags, nothing is lost.
pub(crate) fn run(mut indexer: Indexer) {
    loop {
        let (durable, closed) = indexer.progress.wait(indexer.next, TICK);
        let paused = Arc::clone(&indexer.paused);
        // Held while a chunk is indexed, so that a pause takes effect at once.
        let paused = paused.lock();
        if *paused {
            drop(paused);
            if closed {
                return;
            }
            std::thread::sleep(COALESCE[0]);
            continue;
        }
        if indexer.next >= durable {
            if closed {
                return;
            }
            continue;
        }
        let advanced = indexer.attempt(durable);
        drop(paused);
        match advanced {
            Attempt::Failed(_) if closed => return,
            Attempt::Failed(pause) => indexer.progress.rest(pause),
            // There is more: nothing to wait for.
            Attempt::Indexed(_) if indexer.next < durable => {}
            Attempt::Indexed(0..32) if !closed => std::thread::sleep(COALESCE[0]),
            Attempt::Indexed(32..128) if !closed => std::thread::sleep(COALESCE[1]),
            Attempt::Indexed(128..4096) if !closed => std::thread::sleep(COALESCE[2]),
            Attempt::Indexed(_) => {}
        }
    }
}

/// The number of a text, if any entry used it.
pub(crate) fn find_word(connection: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM words WHERE text = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()
}

/// Indices stay below 2^53, positions below the size of a disk.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn make(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch(postings::SCHEMA)
}

fn finish(transaction: &Transaction<'_>, next: u64, last_leaf: &LeafHash) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("UPDATE state SET next = ?1, last_leaf = ?2")?
        .execute(params![signed(next), &last_leaf[..]])
}

#[cfg(test)]
pub(crate) mod tests;
