//! Searching the log: who looked at whom, when, why, under which dossier.

mod places;
mod token;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use motlan_audit_tree::{Entry, Kind, LeafHash, Outcome};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::oneshot;

use places::{Bounds, Places};

use crate::error::AuditError;
use crate::identifier::Identifier;
use crate::index::{Database, IndexHandle, signed};
use crate::keys::Key;
use crate::store::{AuditReader, StoreError, Stored};
use crate::subjects::{Pseudonym, Subjects};

/// Entries of a page unless told otherwise, and at most.
const PAGE: (u32, u32) = (50, 200);

/// Bytes of entries after which a page ends, so that it fits a message.
const PAGE_BYTES: usize = 2 << 20;

/// What to look for. Unset filters do not filter; set ones must all hold.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Of this dossier (*mã hồ sơ*).
    pub dossier: Option<String>,
    /// About this subject: in the answer, asked about, or acting as citizen.
    pub subject: Option<Identifier>,
    /// About the subject of this pseudonym, where no identifier is at hand.
    pub pseudonym: Option<Pseudonym>,
    /// By a caller of this agency.
    pub agency: Option<String>,
    /// By this officer account.
    pub officer: Option<String>,
    /// Under this procedure.
    pub procedure: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Of one of these kinds; empty = any.
    pub kinds: Vec<Kind>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// From this index on.
    pub index_from: u64,
    /// Before this index.
    pub index_to: Option<u64>,
    /// Newest or oldest first.
    pub order: Order,
    /// Entries of a page: 0 = 50, at most 200.
    pub page_size: u32,
    /// From the page before, with the same query.
    pub page_token: Option<String>,
}

/// In which order entries come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its place.
    pub index: u64,
    /// Its RFC 6962 leaf hash.
    pub leaf_hash: LeafHash,
    /// Its bytes as stored.
    pub bytes: Vec<u8>,
    /// What they say.
    pub entry: Entry,
}

/// A page of a search.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// The entries: fewer than asked for, even none, where the page ends for
    /// having looked at as many as it may.
    pub entries: Vec<Found>,
    /// For the next page; `None` on the last, and on no other.
    pub next_page_token: Option<String>,
    /// The search covers all entries below this index.
    pub indexed_through: u64,
}

enum Request {
    Search(Box<SearchQuery>, oneshot::Sender<Result<SearchPage, AuditError>>),
    Get(u64, oneshot::Sender<Result<Option<Found>, AuditError>>),
    Close,
}

/// Where searches are handed in.
#[derive(Clone)]
pub(crate) struct SearchDesk(SyncSender<Request>);

/// The state of the `motlan-search` thread.
pub(crate) struct Searcher {
    database: Arc<Database>,
    reader: Arc<dyn AuditReader>,
    subjects: Arc<Subjects>,
    token_key: hmac::Key,
    index: IndexHandle,
    /// Entries that one page looks at, at most.
    looked_at: usize,
    requests: Receiver<Request>,
}

/// A search desk and the state of its thread.
pub(crate) fn desk(
    database: Arc<Database>,
    reader: Arc<dyn AuditReader>,
    subjects: Arc<Subjects>,
    token_key: &Key,
    index: IndexHandle,
    looked_at: usize,
) -> (SearchDesk, Searcher) {
    let (desk, requests) = sync_channel(256);
    let token_key = hmac::Key::new(hmac::HMAC_SHA256, token_key.as_ref());
    (SearchDesk(desk), Searcher { database, reader, subjects, token_key, index, looked_at, requests })
}

// === impl SearchDesk ===

impl SearchDesk {
    pub(crate) async fn ask(&self, query: SearchQuery) -> Result<SearchPage, AuditError> {
        let (reply, answer) = oneshot::channel();
        self.hand_in(Request::Search(Box::new(query), reply))?;
        answer.await.unwrap_or(Err(AuditError::Closed))
    }

    pub(crate) async fn get(&self, index: u64) -> Result<Option<Found>, AuditError> {
        let (reply, answer) = oneshot::channel();
        self.hand_in(Request::Get(index, reply))?;
        answer.await.unwrap_or(Err(AuditError::Closed))
    }

    pub(crate) fn close(&self) {
        // Gone already is as good; a full queue is of a thread that hangs.
        let _ = self.0.try_send(Request::Close);
    }

    fn hand_in(&self, request: Request) -> Result<(), AuditError> {
        self.0.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => AuditError::Overloaded { retry_after: Duration::from_millis(250) },
            TrySendError::Disconnected(_) => AuditError::Closed,
        })
    }
}

// === impl Searcher ===

impl Searcher {
    pub(crate) fn run(self) {
        while let Ok(request) = self.requests.recv() {
            match request {
                // Nobody waits for it any more.
                Request::Search(_, reply) if reply.is_closed() => {}
                Request::Get(_, reply) if reply.is_closed() => {}
                Request::Search(query, reply) => drop(reply.send(guarded(|| self.search(&query)))),
                Request::Get(index, reply) => drop(reply.send(guarded(|| self.get(index, None)))),
                Request::Close => return,
            }
        }
    }

    fn get(&self, index: u64, position: Option<u64>) -> Result<Option<Found>, AuditError> {
        let position = position.or_else(|| self.position(index));
        self.reader.read(index, position)?.map(found).transpose()
    }

    /// Where the index saw the entry; without, the store has to look for it.
    fn position(&self, index: u64) -> Option<u64> {
        let connection = self.database.read();
        let mut statement = connection.prepare_cached("SELECT position FROM entries WHERE idx = ?1").ok()?;
        let position: i64 = statement.query_row([signed(index)], |row| row.get(0)).ok()?;
        u64::try_from(position).ok()
    }

    fn search(&self, query: &SearchQuery) -> Result<SearchPage, AuditError> {
        let indexed = self.index.indexed();
        let start = match &query.page_token {
            Some(text) => self.read_token(query, text).filter(|token| token.through <= indexed),
            None => Some(token::Token::first(query.order, indexed)),
        };
        let start = start.ok_or(AuditError::PageToken)?;
        let size = if query.page_size == 0 { PAGE.0 } else { query.page_size.min(PAGE.1) };
        let places = self.places(query, start, size).map_err(AuditError::Index)?;
        let mut entries: Vec<Found> = Vec::with_capacity(places.found.len());
        let mut bytes = 0;
        // Behind which entry the next page begins, if there is one.
        let mut on = places.broke_off;
        for (index, position) in places.found {
            if entries.len() == size as usize || bytes > PAGE_BYTES {
                on = entries.last().map(|last| last.index);
                break;
            }
            let gone = StoreError::Corrupt { index, what: "entry is indexed and cannot be found" };
            let found = self.get(index, Some(position))?.ok_or(gone)?;
            bytes += found.bytes.len();
            entries.push(found);
        }
        let next = on.map(|last| token::Token { last, ..start });
        Ok(SearchPage {
            entries,
            next_page_token: next.map(|token| self.write_token(query, token)),
            indexed_through: start.through,
        })
    }

    /// The entries of the page, and one more if there is.
    fn places(&self, query: &SearchQuery, start: token::Token, size: u32) -> rusqlite::Result<Places> {
        let pseudonym = match &query.subject {
            None => query.pseudonym.clone(),
            Some(identifier) => match self.subjects.find(identifier) {
                Ok(Some(pseudonym)) => Some(pseudonym),
                Ok(None) => return Ok(Places::default()),
                Err(_) => return Err(rusqlite::Error::InvalidQuery),
            },
        };
        let connection = self.database.read();
        let (mut low, mut high) = match query.order {
            Order::NewestFirst => (0, start.last),
            Order::OldestFirst => (start.last.wrapping_add(1), start.through),
        };
        low = low.max(query.index_from);
        high = query.index_to.map_or(high, |to| high.min(to));
        if let Some(from) = query.from {
            low = low.max(first_at(&connection, start.through, from)?);
        }
        if let Some(to) = query.to {
            high = high.min(first_at(&connection, start.through, to)?);
        }
        if low >= high {
            return Ok(Places::default());
        }
        let pseudonym = pseudonym.as_ref().map(Pseudonym::as_str);
        let Some(wanted) = places::Wanted::of(&connection, query, pseudonym)? else {
            return Ok(Places::default());
        };
        let bounds = Bounds { found: size as usize + 1, looked_at: self.looked_at };
        wanted.find(&connection, (low, high), query.order, &bounds)
    }
}

/// A stored entry, read.
pub(crate) fn found(stored: Stored) -> Result<Found, AuditError> {
    let Stored { index, leaf_hash, bytes, .. } = stored;
    let damaged = |_| StoreError::Corrupt { index, what: "entry is not of the entry format" };
    let entry = Entry::parse(&bytes).map_err(damaged)?;
    Ok(Found { index, leaf_hash, bytes, entry })
}

/// A panic is a failure like another, of this request alone: the thread is
/// needed again.
fn guarded<T>(work: impl FnOnce() -> Result<T, AuditError>) -> Result<T, AuditError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("the search of the log panicked over a request");
        Err(AuditError::SearchDied)
    })
}

/// The first index below `through` whose time is not before `at`. Times never
/// decrease along the log, so this needs no index of its own.
fn first_at(connection: &Connection, through: u64, at: Timestamp) -> rusqlite::Result<u64> {
    let mut statement =
        connection.prepare_cached("SELECT time FROM entries WHERE idx >= ?1 ORDER BY idx LIMIT 1")?;
    let (mut low, mut high) = (0, through);
    while low < high {
        let middle = low + (high - low) / 2;
        let time: Option<i64> = statement.query_row([signed(middle)], |row| row.get(0)).optional()?;
        if time.is_some_and(|time| time < at.as_microsecond()) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests;
