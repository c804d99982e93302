//! Wrong guesses: counted before the registry is asked, given back when the
//! answer told nothing (no oracle).

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;
use motlan_domain::id::AgencyCode;
use rusqlite::{OptionalExtension, params};

use crate::error::RegisterError;
use crate::store::Store;

/// One counted attempt. If nobody gives it back it stays counted: a caller
/// that hangs up before the verdict has had its guess.
#[derive(Debug)]
#[must_use = "an attempt that succeeded must be given back"]
pub struct GuessTicket {
    pub(crate) agency: AgencyCode,
    pub(crate) subject: [u8; 32],
    pub(crate) day: Date,
    returned: AtomicBool,
}

// === impl GuessTicket ===

impl GuessTicket {
    pub(crate) const fn new(agency: AgencyCode, subject: [u8; 32], day: Date) -> Self {
        Self { agency, subject, day, returned: AtomicBool::new(false) }
    }

    /// True once only.
    pub(crate) fn take(&self) -> bool {
        !self.returned.swap(true, Ordering::AcqRel)
    }
}

// === impl Store ===

impl Store<'_> {
    pub(crate) fn guesses(&self, agency: &str, subject: &[u8; 32], day: Date) -> Result<u32, RegisterError> {
        let mut select = self
            .db
            .prepare_cached("SELECT count FROM guess WHERE agency = ?1 AND subject = ?2 AND day = ?3")?;
        let count =
            select.query_row(params![agency, subject, day.to_string()], |row| row.get(0)).optional()?;
        Ok(count.unwrap_or(0))
    }

    pub(crate) fn reserve(
        &self,
        agency: &str,
        subject: &[u8; 32],
        day: Date,
        limit: u32,
    ) -> Result<(), RegisterError> {
        if self.guesses(agency, subject, day)? >= limit {
            return Err(RegisterError::GuessLimit);
        }
        let mut insert = self.db.prepare_cached(
            "INSERT INTO guess (agency, subject, day, count) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT DO UPDATE SET count = count + 1",
        )?;
        insert.execute(params![agency, subject, day.to_string()])?;
        Ok(())
    }

    pub(crate) fn refund(&self, ticket: &GuessTicket) -> Result<(), RegisterError> {
        let mut update = self.db.prepare_cached(
            "UPDATE guess SET count = count - 1 WHERE agency = ?1 AND subject = ?2 AND day = ?3 AND count > 0",
        )?;
        update.execute(params![ticket.agency.as_str(), ticket.subject, ticket.day.to_string()])?;
        Ok(())
    }

    /// Forgets the counts of earlier days but the last: a reservation may be
    /// given back shortly after midnight.
    pub(crate) fn forget_guesses(&self, today: Date) -> Result<(), RegisterError> {
        let Ok(yesterday) = today.yesterday() else { return Ok(()) };
        self.db.execute("DELETE FROM guess WHERE day < ?1", params![yesterday.to_string()])?;
        Ok(())
    }
}
