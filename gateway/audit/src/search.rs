//! Searching the log: who looked at whom, when, why, under which dossier.

mod places;
mod token;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use motlan_audit_tree::{Entry, Kind, LeafHash, Outcome};
use rusqlite::{Connection, OptionalExtension};

use places::{Bounds, Places};

use crate::error::AuditError;
use crate::identifier::Identifier;
use crate::index::{Database, IndexHandle, signed};
use crate::keys::Key;
use crate::reading::{self, ReadingDesk};
use crate::store::{AuditReader, StoreError, Stored};
use crate::subjects::{Pseudonym, Subjects};

/// Entries of a page unless told otherwise, and at most.
const PAGE: (u32, u32) = (50, 200);

/// Bytes of entries after which a page ends, so that it fits a message.
const PAGE_BYTES: usize = 2 << 20;

/// Searches that may wait for their turn.
const SEARCHES: usize = 256;

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

/// Where searches are handed in: what the journal holds is read at one desk, what
/// only the published log holds at another, so that a published disk that hangs
/// holds up no search of the rest.
#[derive(Clone)]
pub(crate) struct SearchDesk {
    searcher: Arc<Searcher>,
    journal: ReadingDesk,
    older: ReadingDesk,
    /// How long is waited for older entries.
    patience: Duration,
}

/// What searching rests on.
pub(crate) struct Searcher {
    pub(crate) database: Arc<Database>,
    /// Of the newest entries alone.
    pub(crate) journal: Arc<dyn AuditReader>,
    /// Of all; reads the published disk.
    pub(crate) whole: Arc<dyn AuditReader>,
    pub(crate) subjects: Arc<Subjects>,
    pub(crate) token_key: hmac::Key,
    pub(crate) index: IndexHandle,
    /// Entries that one page looks at, at most.
    pub(crate) looked_at: usize,
}

/// A page on its way.
struct Page {
    query: SearchQuery,
    start: token::Token,
    size: usize,
    /// Index and position of what is still to be read, and may not fit.
    places: VecDeque<(u64, u64)>,
    /// Behind which entry the next page begins, where not all were looked at.
    broke_off: Option<u64>,
    entries: Vec<Found>,
    bytes: usize,
}

/// The key of page tokens, as it is used.
pub(crate) fn token_key(key: &Key) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
}

// === impl SearchDesk ===

impl SearchDesk {
    pub(crate) fn new(searcher: Searcher, patience: Duration) -> Self {
        Self {
            searcher: Arc::new(searcher),
            journal: ReadingDesk::new("motlan-search", SEARCHES),
            older: ReadingDesk::new("motlan-older", reading::QUEUE),
            patience,
        }
    }

    pub(crate) async fn ask(&self, query: SearchQuery) -> Result<SearchPage, AuditError> {
        let searcher = Arc::clone(&self.searcher);
        let begun = move || {
            let mut page = searcher.begin(query)?;
            page.read_on(searcher.journal.as_ref())?;
            Ok(page)
        };
        let mut page = self.journal.work(begun).await?;
        if !page.is_read() {
            let (searcher, mut rest) = (Arc::clone(&self.searcher), page.rest());
            let read = move || rest.read_on(searcher.whole.as_ref()).map(|()| rest);
            match self.older(read).await {
                Ok(rest) => page.append(rest),
                // What the journal holds is a page by itself.
                Err(AuditError::OlderStalled | AuditError::Overloaded { .. }) if !page.entries.is_empty() => {
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.searcher.finish(page))
    }

    pub(crate) async fn get(&self, index: u64) -> Result<Option<Found>, AuditError> {
        let searcher = Arc::clone(&self.searcher);
        let look = move || {
            let position = searcher.position(index);
            match searcher.journal.read(index, position) {
                Err(StoreError::Retired { .. }) => Ok(None),
                read => Ok(Some(read?.map(found).transpose()?)),
            }
        };
        if let Some(looked) = self.journal.work(look).await? {
            return Ok(looked);
        }
        let searcher = Arc::clone(&self.searcher);
        self.older(move || searcher.whole.read(index, None)?.map(found).transpose()).await
    }

    /// Has older entries read, and waits so long for them.
    async fn older<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AuditError> + Send + 'static,
    ) -> Result<T, AuditError> {
        let read = tokio::time::timeout(self.patience, self.older.work(work)).await;
        read.unwrap_or(Err(AuditError::OlderStalled))
    }

    /// Of the journal, and of what is older.
    pub(crate) const fn desks(&self) -> [&ReadingDesk; 2] {
        [&self.journal, &self.older]
    }
}

// === impl Page ===

impl Page {
    /// Reads on, to the end or to an entry that the reader no longer has.
    fn read_on(&mut self, reader: &dyn AuditReader) -> Result<(), AuditError> {
        while let Some(&(index, position)) = self.places.front()
            && !self.is_full()
        {
            let stored = match reader.read(index, Some(position)) {
                Err(StoreError::Retired { .. }) => return Ok(()),
                read => read?,
            };
            let gone = StoreError::Corrupt { index, what: "entry is indexed and cannot be found" };
            let found = found(stored.ok_or(gone)?)?;
            self.bytes += found.bytes.len();
            self.entries.push(found);
            self.places.pop_front();
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= self.size || self.bytes > PAGE_BYTES
    }

    fn is_read(&self) -> bool {
        self.places.is_empty() || self.is_full()
    }

    /// What is still to be read, as a page.
    fn rest(&self) -> Self {
        Self {
            query: SearchQuery::default(),
            places: self.places.clone(),
            entries: Vec::new(),
            size: self.size - self.entries.len(),
            ..*self
        }
    }

    fn append(&mut self, rest: Self) {
        self.places = rest.places;
        self.entries.extend(rest.entries);
    }
}

// === impl Searcher ===

impl Searcher {
    /// Where the index saw the entry; without, the store has to look for it.
    fn position(&self, index: u64) -> Option<u64> {
        let connection = self.database.read();
        let mut statement = connection.prepare_cached("SELECT position FROM entries WHERE idx = ?1").ok()?;
        let position: i64 = statement.query_row([signed(index)], |row| row.get(0)).ok()?;
        u64::try_from(position).ok()
    }

    /// Which entries the page is to hold.
    fn begin(&self, query: SearchQuery) -> Result<Page, AuditError> {
        let indexed = self.index.indexed();
        let start = match &query.page_token {
            Some(text) => self.read_token(&query, text).filter(|token| token.through <= indexed),
            None => Some(token::Token::first(query.order, indexed)),
        };
        let start = start.ok_or(AuditError::PageToken)?;
        let size = if query.page_size == 0 { PAGE.0 } else { query.page_size.min(PAGE.1) };
        let Places { found, broke_off } = self.places(&query, start, size).map_err(AuditError::Index)?;
        let places = found.into();
        Ok(Page { query, start, size: size as usize, places, broke_off, entries: Vec::new(), bytes: 0 })
    }

    /// The page as far as it was read: what it does not hold, the next one does.
    fn finish(&self, page: Page) -> SearchPage {
        let last =
            if page.places.is_empty() { page.broke_off } else { page.entries.last().map(|last| last.index) };
        let next = last.map(|last| token::Token { last, ..page.start });
        SearchPage {
            next_page_token: next.map(|token| self.write_token(&page.query, token)),
            entries: page.entries,
            indexed_through: page.start.through,
        }
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
