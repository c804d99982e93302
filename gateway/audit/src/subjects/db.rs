//! The file under the subject table: opening it, whether it still lies under
//! its name, and how much of the log it has seen.
//!
//! What was committed lies in the write-ahead log until a checkpoint, so that
//! file is watched like the table: one removed under us would take rows that
//! were acknowledged with the next kill, and give people a second pseudonym.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::sql;
use crate::error::{AuditError, Cause};

/// A file's device and inode.
type Identity = (u64, u64);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS subjects (
        hash BLOB PRIMARY KEY,          -- HMAC-SHA-256(hash key, kind|value)
        pseudonym TEXT NOT NULL UNIQUE,
        class INTEGER NOT NULL,         -- 1 natural person, 0 record
        wrapped_key BLOB NOT NULL,      -- AES-256-GCM under the master key, bound to the pseudonym
        opening BLOB NOT NULL,          -- of the commitment in the subject.created entry
        created_index INTEGER           -- that entry; NULL until it is durable
    ) WITHOUT ROWID;";

/// The open table.
pub(super) struct Db {
    pub(super) connection: Connection,
    /// The log held at least so many entries when the table last heard of it.
    pub(super) seen: u64,
    place: Option<Place>,
}

/// Where the table lies, and which files they were when it was opened.
struct Place {
    path: PathBuf,
    table: Option<Identity>,
    write_ahead: Option<Identity>,
}

// === impl Db ===

impl Db {
    /// Opens the table; `make` makes one where there is none.
    pub(super) fn open(path: Option<&Path>, make: bool) -> rusqlite::Result<Self> {
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        if make {
            connection.execute_batch(SCHEMA)?;
        }
        // What an earlier process wrote and could not sync is seen in the
        // write-ahead log and need not be on the disk: nothing may rest on it.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let seen = seen(&connection)?;
        Ok(Self { connection, seen, place: path.map(Place::of) })
    }

    /// A table deleted or replaced under us would go on taking rows that are
    /// lost at the next start. Puts itself right where that can be done;
    /// `ours` says whether another table is of this log. True if what was
    /// known of the table must be forgotten.
    pub(super) fn ensure(
        &mut self,
        ours: impl Fn(&Connection) -> rusqlite::Result<bool>,
    ) -> Result<bool, AuditError> {
        let failed = || AuditError::unavailable(Cause::SubjectsFailed);
        let Some(place) = &self.place else { return Ok(false) };
        let now = Place::of(&place.path);
        if now.table.is_none() {
            return Err(failed());
        }
        if now.table == place.table {
            if now.write_ahead == place.write_ahead {
                return Ok(false);
            }
            // The connection still has the file without a name: its rows go to
            // the table, and a new one takes its place.
            tracing::error!("the write-ahead log of the subject table was removed or replaced");
            self.checkpoint()?;
            *self = Self::open(Some(&place.path), false).map_err(sql)?;
            return Ok(false);
        }
        // Put back from a copy: good if it is ours and knows all that this one
        // knew of the log; else its content is the operator's word.
        let again = Self::open(Some(&place.path), false).map_err(sql)?;
        if !ours(&again.connection).map_err(sql)? || again.seen < self.seen {
            return Err(failed());
        }
        *self = again;
        Ok(true)
    }

    /// After a commit, before anybody hears of it: whether it went into files
    /// that the next start will find.
    pub(super) fn committed(&self) -> Result<(), AuditError> {
        let Some(place) = &self.place else { return Ok(()) };
        let now = Place::of(&place.path);
        if now.table == place.table && now.write_ahead == place.write_ahead {
            return Ok(());
        }
        tracing::error!("a file of the subject table was removed or replaced under a commit");
        Err(AuditError::unavailable(Cause::SubjectsFailed))
    }

    /// Moves all rows from the write-ahead log into the table, durably.
    pub(super) fn checkpoint(&self) -> Result<(), AuditError> {
        let busy: bool = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(sql)?;
        if busy { Err(AuditError::unavailable(Cause::SubjectsFailed)) } else { Ok(()) }
    }

    /// The log holds so many entries: from now on a shorter one is refused.
    pub(super) fn note_seen(&mut self, entries: u64) -> Result<(), AuditError> {
        if entries > self.seen {
            write_seen(&self.connection, entries).map_err(sql)?;
            self.seen = entries;
        }
        Ok(())
    }
}

// === impl Place ===

impl Place {
    fn of(path: &Path) -> Self {
        let mut write_ahead = path.as_os_str().to_owned();
        write_ahead.push("-wal");
        Self { path: path.to_owned(), table: identity(path), write_ahead: identity(Path::new(&write_ahead)) }
    }
}

fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// In a table of an earlier release, what its rows say.
fn seen(connection: &Connection) -> rusqlite::Result<u64> {
    let noted: Option<i64> = connection
        .query_row("SELECT value FROM meta WHERE name = 'seen'", [], |row| row.get(0))
        .optional()?;
    let entries = match noted {
        Some(entries) => entries,
        None => {
            connection
                .query_row("SELECT coalesce(max(created_index) + 1, 0) FROM subjects", [], |row| row.get(0))?
        }
    };
    Ok(u64::try_from(entries).unwrap_or(0))
}

pub(super) fn write_seen(connection: &Connection, entries: u64) -> rusqlite::Result<usize> {
    let entries = i64::try_from(entries).unwrap_or(i64::MAX);
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('seen', ?1)", [entries])
}

#[cfg(test)]
mod tests;
