//! What an index file says of the log it was made from, whatever its version.
//!
//! Asked before such a file is deleted: an index can be made anew, but one that
//! knows entries which the journal lacks is the evidence that they were lost.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::{AuditReader, StoreError};

/// How far an index goes, and the leaf hash of its last entry.
pub(super) struct Known {
    pub(super) next: u64,
    pub(super) last_leaf: Vec<u8>,
}

/// What the file of that name states; none where there is none, or it cannot be
/// read: then it says nothing. Every version has said it in the same words.
pub(super) fn stated(path: &Path) -> Option<Known> {
    // Opening would make one.
    path.exists().then(|| Connection::open(path).and_then(|connection| read(&connection)).ok()).flatten()
}

/// What that database states.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Known> {
    connection.query_row("SELECT next, last_leaf FROM state", [], |row| {
        Ok(Known { next: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0), last_leaf: row.get(1)? })
    })
}

/// Holds it against the log of `durable` entries.
pub(super) fn hold(known: &Known, reader: &dyn AuditReader, durable: u64) -> Result<(), StoreError> {
    if known.next > durable {
        let what = "the index knows entries that the journal does not hold";
        return Err(StoreError::Corrupt { index: durable, what });
    }
    let Some(last) = known.next.checked_sub(1) else { return Ok(()) };
    let stored = reader.read(last, None)?;
    if stored.is_some_and(|stored| stored.leaf_hash[..] == known.last_leaf) {
        return Ok(());
    }
    Err(StoreError::Corrupt { index: last, what: "the index knows another entry here" })
}

/// The files of the database of that name, in the order in which they may be
/// removed: a log of changes without its database is passed over, one beside
/// another database would be taken for its own.
pub(super) fn files(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}
