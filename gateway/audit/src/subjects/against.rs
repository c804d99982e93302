//! The table held against the log, at open: each tells of a loss in the other.

use std::collections::BTreeMap;

use motlan_audit_tree::{Entry, Kind};
use rusqlite::OptionalExtension;

use super::{Subjects, sql};
use crate::error::AuditError;
use crate::store::{AuditReader, StoreError};

/// Bytes of entries looked through at a time.
const CHUNK: usize = 4 << 20;

// === impl Subjects ===

impl Subjects {
    /// Refuses a log of `next` entries that is shorter than the table knows it,
    /// and a table that is older than the log: acknowledged entries were lost
    /// there, people and their keys here. What a crash may leave is neither:
    /// a row without its entry, or an entry whose index its row does not know.
    ///
    /// Looked through is what was appended since the table last heard of the
    /// log: mostly nothing but what came after the last person newly met.
    pub(crate) fn hold_against(&self, reader: &dyn AuditReader, next: u64) -> Result<(), AuditError> {
        let mut db = self.db.lock();
        if db.seen > next {
            let what = "the subject table knows entries that the journal does not hold";
            return Err(StoreError::Corrupt { index: next, what }.into());
        }
        for (pseudonym, index) in introduced(reader, db.seen, next)? {
            let row: Option<bool> = db
                .connection
                .query_row("SELECT 1 FROM subjects WHERE pseudonym = ?1", [&pseudonym], |row| row.get(0))
                .optional()
                .map_err(sql)?;
            if row.is_none() {
                return Err(AuditError::SubjectsBehind { index });
            }
        }
        db.note_seen(next)
    }
}

/// Who was introduced from entry `from` on and not erased since, and where.
fn introduced(reader: &dyn AuditReader, from: u64, to: u64) -> Result<BTreeMap<String, u64>, AuditError> {
    let mut standing = BTreeMap::new();
    let mut at = from;
    while at < to {
        let chunk = reader.scan(at, CHUNK)?;
        let Some(last) = chunk.last() else { break };
        at = last.index + 1;
        for stored in chunk.iter().filter(|stored| stored.index < to) {
            if ![Kind::SubjectCreated, Kind::SubjectErased].iter().any(|kind| tells(&stored.bytes, *kind)) {
                continue;
            }
            let what = "entry is not of the entry format";
            let entry =
                Entry::parse(&stored.bytes).map_err(|_| StoreError::Corrupt { index: stored.index, what })?;
            if let Some(created) = entry.created {
                standing.insert(created.pseudonym.to_string(), stored.index);
            }
            if let Some(erased) = entry.erased {
                standing.remove(&*erased.pseudonym);
            }
        }
    }
    Ok(standing)
}

/// Whether the entry may be of that kind, without reading it all.
fn tells(bytes: &[u8], kind: Kind) -> bool {
    let name = kind.as_str().as_bytes();
    bytes.windows(name.len()).any(|window| window == name)
}
