//! Request ids of mutations: the same request gets the same answer for seven
//! days, another body under the same id is refused (promise 7).

use jiff::{SignedDuration, Timestamp};
use motlan_domain::id::RequestId;
use rusqlite::{OptionalExtension, params};

use crate::error::RegisterError;
use crate::store::Store;

/// How long a request id is kept, in days of 24 hours.
pub const REQUEST_ID_DAYS: i64 = 7;

/// Which request a mutation is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The calling system's id: two systems may use one id.
    pub system: String,
    /// The caller's own id of the request.
    pub request_id: RequestId,
    /// SHA-256 over the method's full name and the request in canonical form.
    pub body_sha256: [u8; 32],
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestState {
    /// Never seen, or longer ago than [`REQUEST_ID_DAYS`].
    New,
    /// Its effect is durable, its answer is not: the gateway stopped between
    /// the two, or the first call is still under way. Go on, and let
    /// [`crate::Register::remember`] say which answer counts.
    Begun,
    /// Answered: give this answer again.
    Answered(Vec<u8>),
}

pub(crate) struct RequestRow {
    body: Vec<u8>,
    pub(crate) response: Option<Vec<u8>>,
}

/// The oldest creation time still kept at `now`, in microseconds.
fn horizon(now: Timestamp) -> i64 {
    now.checked_sub(SignedDuration::from_hours(24 * REQUEST_ID_DAYS))
        .unwrap_or(Timestamp::MIN)
        .as_microsecond()
}

// === impl RequestKey ===

impl RequestKey {
    /// What a sealed answer is bound to.
    fn aad(&self) -> Vec<u8> {
        format!("request\n{}\n{}", self.system, self.request_id.as_str()).into_bytes()
    }
}

// === impl Store ===

impl Store<'_> {
    /// The request's row, if it is one of the last seven days; an error if its
    /// body was another.
    pub(crate) fn request(&self, key: &RequestKey) -> Result<Option<RequestRow>, RegisterError> {
        let mut select = self
            .db
            .prepare_cached("SELECT body, response FROM request WHERE system = ?1 AND id = ?2 AND at > ?3")?;
        let row = select
            .query_row(params![key.system, key.request_id.as_str(), horizon(self.now)], |row| {
                Ok(RequestRow { body: row.get(0)?, response: row.get(1)? })
            })
            .optional()?;
        match row {
            Some(row) if row.body != key.body_sha256 => Err(RegisterError::RequestIdReused),
            row => Ok(row),
        }
    }

    pub(crate) fn request_state(&self, key: &RequestKey) -> Result<RequestState, RegisterError> {
        match self.request(key)? {
            None => Ok(RequestState::New),
            Some(RequestRow { response: None, .. }) => Ok(RequestState::Begun),
            Some(RequestRow { response: Some(sealed), .. }) => {
                Ok(RequestState::Answered(self.sealer.open(&key.aad(), sealed)?))
            }
        }
    }

    /// Notes that the request's effect is part of this transaction.
    pub(crate) fn begin_request(&self, key: &RequestKey) -> Result<(), RegisterError> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO request (system, id, body, response, at) VALUES (?1, ?2, ?3, NULL, ?4)
             ON CONFLICT DO UPDATE SET body = excluded.body, response = NULL, at = excluded.at WHERE at <= ?5",
        )?;
        insert.execute(params![
            key.system,
            key.request_id.as_str(),
            key.body_sha256,
            self.now.as_microsecond(),
            horizon(self.now)
        ])?;
        Ok(())
    }

    /// Keeps the answer; the first one stays, and is returned.
    pub(crate) fn remember(&self, key: &RequestKey, response: Vec<u8>) -> Result<Vec<u8>, RegisterError> {
        match self.request_state(key)? {
            RequestState::Answered(first) => return Ok(first),
            RequestState::New => self.begin_request(key)?,
            RequestState::Begun => {}
        }
        let sealed = self.sealer.seal(&key.aad(), &response)?;
        let mut update =
            self.db.prepare_cached("UPDATE request SET response = ?3 WHERE system = ?1 AND id = ?2")?;
        update.execute(params![key.system, key.request_id.as_str(), sealed])?;
        Ok(response)
    }

    pub(crate) fn forget_requests(&self) -> Result<(), RegisterError> {
        self.db.execute("DELETE FROM request WHERE at <= ?1", params![horizon(self.now)])?;
        Ok(())
    }
}
