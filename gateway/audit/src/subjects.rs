//! Subjects: from a keyed hash of an identifier to a pseudonym and a data key.
//!
//! One SQLite file of its own (WAL, `synchronous=FULL`). A row holds no
//! identifier: only `HMAC-SHA-256(hash key, kind|value)`, a random pseudonym,
//! a random data key wrapped under the master key, and the opening of the
//! commitment that the row's `subject.created` entry makes. Deleting the row
//! severs the link for good.

mod against;
mod cache;
mod db;
mod row;
mod standing;
mod worker;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand;
use motlan_audit_tree::Text;
use motlan_audit_tree::entry::SubjectClass;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use crate::error::{AuditError, Cause};
use crate::identifier::Identifier;
use crate::keys::{Key, KeyError, KeyProvider};
use crate::seal::{Sealer, joint_sealer};

use cache::Cache;
use db::{Db, write_seen};
pub(crate) use standing::Standing;
pub(crate) use worker::{Desk, Job};

/// `s_` and 32 lower-case hex digits: what stands for a subject in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym(Arc<str>);

/// The keyed hash of an identifier.
pub(crate) type Hash = [u8; 32];

/// A subject ready for use.
pub(crate) struct Known {
    pub(crate) pseudonym: Pseudonym,
    pub(crate) class: SubjectClass,
    pub(crate) key: Key,
    pub(crate) sealer: Sealer,
    /// Seals commitments of entries about nobody else; most are.
    alone: OnceLock<Box<Sealer>>,
}

/// A subject's row, and whether its creation is in the log yet.
pub(crate) struct Row {
    pub(crate) hash: Hash,
    pub(crate) known: Arc<Known>,
    pub(crate) commitment: [u8; 32],
    pub(crate) announced: bool,
}

/// The subject table.
pub(crate) struct Subjects {
    hash_key: hmac::Key,
    master: Sealer,
    check: [u8; 32],
    db: Mutex<Db>,
    cache: Cache,
}

fn sql(error: rusqlite::Error) -> AuditError {
    tracing::error!(error = &error as &dyn std::error::Error, "subject table failed");
    AuditError::unavailable(Cause::SubjectsFailed)
}

// === impl Pseudonym ===

impl Pseudonym {
    fn random() -> Result<Self, KeyError> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| KeyError::Random)?;
        Ok(Self(format!("s_{}", hex::encode(bytes)).into()))
    }

    /// The pseudonym of that written form.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("s_")?;
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 32 && digits.bytes().all(lower_hex)).then(|| Self(text.into()))
    }

    /// Its written form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn text(&self) -> Text {
        Text::from(Arc::clone(&self.0))
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Known ===

impl Known {
    /// Somebody who is nobody: as long in an entry as anybody.
    pub(crate) fn stand_in(class: SubjectClass) -> Result<Self, Unspecified> {
        let key = Zeroizing::new([0; 32]);
        let sealer = Sealer::new(&key)?;
        let pseudonym = Pseudonym(format!("s_{:032}", 0).into());
        Ok(Self { pseudonym, class, key, sealer, alone: OnceLock::new() })
    }

    /// What seals under this subject's key alone: derived once.
    pub(crate) fn alone(&self) -> Result<&Sealer, Unspecified> {
        if let Some(sealer) = self.alone.get() {
            return Ok(sealer);
        }
        let sealer = joint_sealer(vec![(self.pseudonym.as_str(), &self.key)])?;
        Ok(self.alone.get_or_init(|| Box::new(sealer)))
    }
}

// === impl Subjects ===

impl Subjects {
    /// Opens the table at `path`, in memory without one. A missing table is
    /// made only while `empty_log`: else pseudonyms would be given anew.
    pub(crate) fn open(
        path: Option<&Path>,
        keys: &dyn KeyProvider,
        empty_log: bool,
    ) -> Result<Self, AuditError> {
        if path.is_some_and(|path| !path.exists()) && !empty_log {
            return Err(AuditError::SubjectsMissing);
        }
        let db = Db::open(path, true).map_err(AuditError::Subjects)?;
        let hash_key = keys.subject_hash_key()?;
        let master = keys.master_key()?;
        let mut check = [0; 32];
        let key = hmac::Key::new(hmac::HMAC_SHA256, hash_key.as_ref());
        let mut context = hmac::Context::with_key(&key);
        context.update(b"motlan subject table v1\0");
        context.update(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, master.as_ref()), b"check").as_ref());
        check.copy_from_slice(context.sign().as_ref());
        let subjects = Self {
            hash_key: key,
            master: Sealer::new(&master).map_err(|_| KeyError::Malformed)?,
            check,
            db: Mutex::new(db),
            cache: Cache::default(),
        };
        let db = subjects.db.lock();
        db.connection
            .execute("INSERT OR IGNORE INTO meta VALUES ('check', ?1)", [&check[..]])
            .map_err(AuditError::Subjects)?;
        if !subjects.belongs(&db.connection).map_err(AuditError::Subjects)? {
            return Err(KeyError::Mismatch.into());
        }
        drop(db);
        Ok(subjects)
    }

    fn belongs(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let stored: Option<Vec<u8>> = connection
            .query_row("SELECT value FROM meta WHERE name = 'check'", [], |row| row.get(0))
            .optional()?;
        Ok(stored.is_some_and(|stored| stored == self.check))
    }

    /// The keyed hash of an identifier.
    pub(crate) fn hash(&self, identifier: &Identifier) -> Hash {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&self.hash_key, &identifier.tagged()).as_ref());
        hash
    }

    /// A subject in recent use.
    pub(crate) fn cached(&self, hash: &Hash) -> Option<Arc<Known>> {
        self.cache.get(hash)
    }

    /// The pseudonym of an identifier, if it has one.
    pub(crate) fn find(&self, identifier: &Identifier) -> Result<Option<Pseudonym>, AuditError> {
        let hash = self.hash(identifier);
        if let Some(known) = self.cached(&hash) {
            return Ok(Some(known.pseudonym.clone()));
        }
        let db = self.db.lock();
        let found: Option<String> = db
            .connection
            .query_row("SELECT pseudonym FROM subjects WHERE hash = ?1", [&hash[..]], |row| row.get(0))
            .optional()
            .map_err(sql)?;
        Ok(found.map(|pseudonym| Pseudonym(pseudonym.into())))
    }

    /// The key of a pseudonym, unless it was erased.
    pub(crate) fn key_of(&self, pseudonym: &Pseudonym) -> Result<Option<Key>, AuditError> {
        let db = self.db.lock();
        let wrapped: Option<Vec<u8>> = db
            .connection
            .query_row("SELECT wrapped_key FROM subjects WHERE pseudonym = ?1", [pseudonym.as_str()], |row| {
                row.get(0)
            })
            .optional()
            .map_err(sql)?;
        wrapped.map(|wrapped| self.unwrap_key(pseudonym, &wrapped)).transpose()
    }

    /// What opens the commitment of a pseudonym's creation: its random bytes and
    /// the keyed hash. `None` once the subject was erased.
    pub(crate) fn opening_of(&self, pseudonym: &Pseudonym) -> Result<Option<(Hash, Hash)>, AuditError> {
        let db = self.db.lock();
        db.connection
            .query_row(
                "SELECT opening, hash FROM subjects WHERE pseudonym = ?1",
                [pseudonym.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(sql)
    }

    /// The rows of these subjects, made in one transaction where missing.
    pub(crate) fn find_or_create(&self, wanted: &[(Hash, SubjectClass)]) -> Result<Vec<Row>, AuditError> {
        let mut db = self.db.lock();
        self.ensure(&mut db)?;
        let transaction = db.connection.transaction().map_err(sql)?;
        let rows = wanted
            .iter()
            .map(|(hash, class)| self.row(&transaction, *hash, *class))
            .collect::<Result<_, _>>()?;
        transaction.commit().map_err(sql)?;
        db.committed()?;
        Ok(rows)
    }

    /// Notes that these subjects' creation is durable in the log, and keeps
    /// them at hand.
    pub(crate) fn announced(&self, rows: &[(&Row, Option<u64>)]) -> Result<(), AuditError> {
        if let Some(last) = rows.iter().filter_map(|(_, index)| *index).max() {
            let mut db = self.db.lock();
            let transaction = db.connection.transaction().map_err(sql)?;
            for (row, index) in rows.iter().filter_map(|(row, index)| Some((row, (*index)?))) {
                transaction
                    .execute(
                        "UPDATE subjects SET created_index = ?2 WHERE hash = ?1",
                        params![&row.hash[..], i64::try_from(index).unwrap_or(i64::MAX)],
                    )
                    .map_err(sql)?;
            }
            write_seen(&transaction, last + 1).map_err(sql)?;
            transaction.commit().map_err(sql)?;
            db.seen = last + 1;
            db.committed()?;
        }
        for (row, _) in rows {
            self.cache.put(row.hash, Arc::clone(&row.known));
        }
        Ok(())
    }

    /// Deletes a subject: its key, and the way from identifier to pseudonym.
    pub(crate) fn erase(&self, identifier: &Identifier) -> Result<(), AuditError> {
        let hash = self.hash(identifier);
        let mut db = self.db.lock();
        self.ensure(&mut db)?;
        db.connection.execute("DELETE FROM subjects WHERE hash = ?1", [&hash[..]]).map_err(sql)?;
        // The deleted key must not live on in the write-ahead log.
        db.checkpoint()?;
        self.cache.remove(&hash);
        db.committed()
    }

    /// Whether the table can be written, by writing to it.
    pub(crate) fn try_to_write(&self) -> Result<(), AuditError> {
        let mut db = self.db.lock();
        self.ensure(&mut db)?;
        db.connection
            .execute("INSERT OR REPLACE INTO meta VALUES ('tried', randomblob(8))", [])
            .map_err(sql)?;
        db.committed()
    }

    /// The log holds so many durable entries; told when it closes, so that the
    /// next start has less to look through and a shorter log is refused.
    pub(crate) fn note_seen(&self, entries: u64) -> Result<(), AuditError> {
        let mut db = self.db.lock();
        self.ensure(&mut db)?;
        db.note_seen(entries)
    }

    /// Whether the table is where it was opened, or put back from a copy that
    /// is ours.
    pub(crate) fn is_in_place(&self) -> bool {
        self.ensure(&mut self.db.lock()).is_ok()
    }

    /// A table deleted or replaced under us would give people a second pseudonym.
    fn ensure(&self, db: &mut Db) -> Result<(), AuditError> {
        if db.ensure(|connection| self.belongs(connection))? {
            self.cache.clear();
        }
        Ok(())
    }
}
