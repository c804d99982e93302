//! The file: schema, opening, and what is done inside one transaction.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;
use motlan_domain::id::{AgencyCode, DossierCode, ProcedureCode};
use motlan_domain::{Evidence, Link};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::dossier::{Dossier, DossierState, DossierSubject, SubjectSource};
use crate::error::RegisterError;
use crate::register::Viewer;
use crate::seal::Sealer;

/// Layout of the file; another number is another program's file.
const VERSION: i64 = 2;

const SCHEMA: &str = "
CREATE TABLE dossier (
    code TEXT PRIMARY KEY, procedure TEXT NOT NULL, variant TEXT NOT NULL, agency TEXT NOT NULL,
    opened_by TEXT NOT NULL, evidence TEXT NOT NULL, catalogue TEXT NOT NULL,
    opened_at INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0, closed_at INTEGER, close_reason TEXT,
    close_recorded INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX dossier_unfinished ON dossier (code)
    WHERE recorded = 0 OR (closed_at IS NOT NULL AND close_recorded = 0);
CREATE TABLE subject (
    dossier TEXT NOT NULL, position INTEGER NOT NULL, role TEXT NOT NULL,
    link TEXT, via_role TEXT, via BLOB, sealed BLOB NOT NULL, PRIMARY KEY (dossier, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE request (
    system TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, response BLOB, at INTEGER NOT NULL,
    PRIMARY KEY (system, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_at ON request (at);
CREATE TABLE guess (
    agency TEXT NOT NULL, subject BLOB NOT NULL, day TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (agency, subject, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
";

/// The open file, and which file it is: with its write-ahead log, where what
/// was committed lies until a checkpoint.
pub(crate) struct File {
    pub(crate) db: Connection,
    path: PathBuf,
    identity: (u64, u64),
    write_ahead: Option<(u64, u64)>,
}

/// What a piece of work sees: one transaction at one instant.
pub(crate) struct Store<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) sealer: &'a Sealer,
    pub(crate) now: Timestamp,
}

// === impl File ===

impl File {
    /// Opens or, if `create`, makes the file.
    pub(crate) fn open(path: &Path, sealer: &Sealer, create: bool) -> Result<Self, RegisterError> {
        if create {
            // Nobody else's to read; the WAL takes its mode from the file.
            let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
            made.map_err(|_| RegisterError::Unavailable(None))?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(std::time::Duration::from_millis(250))?;
        // One user at a time: the map in memory would not see another's writes.
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "secure_delete", true)?;
        db.set_prepared_statement_cache_capacity(32);
        db.execute_batch("BEGIN IMMEDIATE")?;
        let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                db.execute_batch(SCHEMA)?;
                db.execute(
                    "INSERT INTO meta (key, value) VALUES ('key_check', ?1)",
                    params![sealer.key_check()],
                )?;
                db.pragma_update(None, "user_version", VERSION)?;
            }
            VERSION => {
                let check: Vec<u8> =
                    db.query_row("SELECT value FROM meta WHERE key = 'key_check'", [], |row| row.get(0))?;
                if check != sealer.key_check() {
                    return Err(RegisterError::Foreign);
                }
            }
            _ => return Err(RegisterError::Foreign),
        }
        db.execute_batch("COMMIT")?;
        // What an earlier process wrote and could not sync is seen in the
        // write-ahead log and need not be on the disk: nothing may rest on it.
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let identity = identity_of(path).ok_or(RegisterError::Unavailable(None))?;
        let write_ahead = identity_of(&write_ahead_of(path));
        Ok(Self { db, path: path.to_owned(), identity, write_ahead })
    }

    /// Whether the file can be written, by writing to it.
    pub(crate) fn try_to_write(&self) -> Result<(), RegisterError> {
        self.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('tried', randomblob(8))", [])?;
        Ok(())
    }

    /// Whether the paths still lead to this file and its write-ahead log: one
    /// that was deleted or replaced takes writes that nobody will ever read.
    pub(crate) fn is_in_place(&self) -> bool {
        self.is_under_its_name() && identity_of(&write_ahead_of(&self.path)) == self.write_ahead
    }

    /// Before the file is opened again: where it alone is in place, what lies in
    /// a write-ahead log that has lost its name goes to the file, while this
    /// connection still has it.
    pub(crate) fn rescue(&self) -> Result<(), RegisterError> {
        if self.is_under_its_name() {
            tracing::error!("the write-ahead log of the dossier register was removed or replaced");
            let busy: bool = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            if busy {
                return Err(RegisterError::Unavailable(None));
            }
        }
        Ok(())
    }

    fn is_under_its_name(&self) -> bool {
        identity_of(&self.path) == Some(self.identity)
    }
}

fn write_ahead_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn identity_of(path: &Path) -> Option<(u64, u64)> {
    let data = std::fs::metadata(path).ok()?;
    Some((data.dev(), data.ino()))
}

// === impl Store ===

impl Store<'_> {
    /// The dossier, if `viewer` may know that it exists. What is read before
    /// that is settled is one row by its key, found or not.
    pub(crate) fn find(
        &self,
        code: &DossierCode,
        viewer: Option<&Viewer>,
    ) -> Result<Option<Dossier>, RegisterError> {
        let mut select = self.db.prepare_cached(
            "SELECT procedure, variant, agency, opened_by, evidence, catalogue, opened_at, closed_at, close_reason,
                    recorded, close_recorded
             FROM dossier WHERE code = ?1",
        )?;
        let row = select
            .query_row(params![code.as_str()], |row| {
                let texts: [String; 6] =
                    [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
                let closed: (Option<i64>, Option<String>) = (row.get(7)?, row.get(8)?);
                let in_log: (bool, bool) = (row.get(9)?, row.get(10)?);
                Ok((texts, row.get::<_, i64>(6)?, closed, in_log))
            })
            .optional()?;
        let Some((
            [procedure, case, agency, opened_by, evidence, catalogue_digest],
            opened_at,
            closed,
            in_log,
        )) = row
        else {
            return Ok(None);
        };
        if viewer.is_some_and(|viewer| viewer.agency.as_str() != agency && viewer.system != opened_by) {
            return Ok(None);
        }
        let (recorded, close_recorded) = in_log;
        if viewer.is_some() && !recorded {
            return Ok(None);
        }
        let state = match closed {
            _ if !recorded => DossierState::Opening,
            (Some(at), reason) => {
                let (at, reason) = (instant(at)?, reason.unwrap_or_default());
                if close_recorded {
                    DossierState::Closed { at, reason }
                } else {
                    DossierState::Closing { at, reason }
                }
            }
            (None, _) => DossierState::Open,
        };
        Ok(Some(Dossier {
            code: code.clone(),
            procedure: ProcedureCode::from_str(&procedure).map_err(|_| RegisterError::Corrupt)?,
            case,
            agency: AgencyCode::from_str(&agency).map_err(|_| RegisterError::Corrupt)?,
            opened_by,
            evidence: Evidence::from_name(&evidence).ok_or(RegisterError::Corrupt)?,
            catalogue_digest,
            opened_at: instant(opened_at)?,
            state,
            subjects: self.subjects(code)?,
        }))
    }

    pub(crate) fn insert(&self, dossier: &Dossier) -> Result<(), RegisterError> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO dossier (code, procedure, variant, agency, opened_by, evidence, catalogue, opened_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        insert.execute(params![
            dossier.code.as_str(),
            dossier.procedure.as_str(),
            dossier.case,
            dossier.agency.as_str(),
            dossier.opened_by,
            dossier.evidence.as_str(),
            dossier.catalogue_digest,
            dossier.opened_at.as_microsecond()
        ])?;
        self.insert_subjects(&dossier.code, 0, &dossier.subjects)
    }

    /// Marks the opening as recorded in the audit log.
    pub(crate) fn recorded(&self, dossier: &Dossier) -> Result<bool, RegisterError> {
        let mut update =
            self.db.prepare_cached("UPDATE dossier SET recorded = 1 WHERE code = ?1 AND opened_at = ?2")?;
        Ok(update.execute(params![dossier.code.as_str(), dossier.opened_at.as_microsecond()])? == 1)
    }

    /// Removes an opening that never got its entry: nobody heard of it.
    pub(crate) fn discard(&self, code: &DossierCode) -> Result<(), RegisterError> {
        self.db.prepare_cached("DELETE FROM subject WHERE dossier = ?1")?.execute(params![code.as_str()])?;
        self.db.prepare_cached("DELETE FROM dossier WHERE code = ?1")?.execute(params![code.as_str()])?;
        Ok(())
    }

    pub(crate) fn insert_subjects(
        &self,
        code: &DossierCode,
        from: usize,
        subjects: &[DossierSubject],
    ) -> Result<(), RegisterError> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO subject (dossier, position, role, link, via_role, via, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for (offset, subject) in subjects.iter().enumerate() {
            let (link, via_role, via) = match &subject.how {
                SubjectSource::Named => (None, None, None),
                SubjectSource::Linked { link, via_role, via } => {
                    (Some(link.as_str()), Some(via_role.as_str()), via.as_ref())
                }
            };
            let via =
                via.map(|key| self.sealer.seal_subject(&via_aad(code, &subject.role), key)).transpose()?;
            let sealed = self.sealer.seal_subject(&aad(code, &subject.role), &subject.key)?;
            let position = i64::try_from(from + offset).map_err(|_| RegisterError::TooManySubjects)?;
            insert.execute(params![code.as_str(), position, subject.role, link, via_role, via, sealed])?;
        }
        Ok(())
    }

    pub(crate) fn close(&self, code: &DossierCode, at: Timestamp, reason: &str) -> Result<(), RegisterError> {
        let mut update =
            self.db.prepare_cached("UPDATE dossier SET closed_at = ?2, close_reason = ?3 WHERE code = ?1")?;
        update.execute(params![code.as_str(), at.as_microsecond(), reason])?;
        Ok(())
    }

    /// Marks the closing as recorded in the audit log.
    pub(crate) fn close_recorded(&self, code: &DossierCode) -> Result<bool, RegisterError> {
        let mut update = self.db.prepare_cached(
            "UPDATE dossier SET close_recorded = 1 WHERE code = ?1 AND closed_at IS NOT NULL",
        )?;
        Ok(update.execute(params![code.as_str()])? == 1)
    }

    /// The dossiers whose opening or closing is not in the audit log.
    pub(crate) fn unfinished(&self) -> Result<Vec<DossierCode>, RegisterError> {
        let mut select = self.db.prepare_cached(
            "SELECT code FROM dossier WHERE recorded = 0 OR (closed_at IS NOT NULL AND close_recorded = 0)",
        )?;
        let mut rows = select.query([])?;
        let mut codes = Vec::new();
        while let Some(row) = rows.next()? {
            let code: String = row.get(0)?;
            codes.push(DossierCode::parse(&code).map_err(|_| RegisterError::Corrupt)?);
        }
        Ok(codes)
    }

    fn subjects(&self, code: &DossierCode) -> Result<Vec<DossierSubject>, RegisterError> {
        let mut select = self.db.prepare_cached(
            "SELECT role, link, via_role, sealed, via FROM subject WHERE dossier = ?1 ORDER BY position",
        )?;
        let mut rows = select.query(params![code.as_str()])?;
        let mut subjects = Vec::new();
        while let Some(row) = rows.next()? {
            let (role, link, via_role): (String, Option<String>, Option<String>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let how = match (link, via_role) {
                (None, None) => SubjectSource::Named,
                (Some(link), Some(via_role)) => {
                    let link = link_named(&link).ok_or(RegisterError::Corrupt)?;
                    let via: Option<Vec<u8>> = row.get(4)?;
                    let via = via.map(|sealed| self.sealer.open_subject(&via_aad(code, &role), sealed));
                    SubjectSource::Linked { link, via_role, via: via.transpose()? }
                }
                _ => return Err(RegisterError::Corrupt),
            };
            let key = self.sealer.open_subject(&aad(code, &role), row.get(3)?)?;
            subjects.push(DossierSubject { role, key, how });
        }
        Ok(subjects)
    }
}

/// As [`aad`], for the subject whose record shows a link.
fn via_aad(code: &DossierCode, role: &str) -> Vec<u8> {
    format!("via\n{}\n{role}", code.as_str()).into_bytes()
}

/// What a sealed identifier is bound to: it opens in no other dossier or role.
fn aad(code: &DossierCode, role: &str) -> Vec<u8> {
    format!("subject\n{}\n{role}", code.as_str()).into_bytes()
}

fn instant(micros: i64) -> Result<Timestamp, RegisterError> {
    Timestamp::from_microsecond(micros).map_err(|_| RegisterError::Corrupt)
}

fn link_named(name: &str) -> Option<Link> {
    serde_json::from_value(serde_json::Value::from(name)).ok()
}
