//! Watching the log: entries as they are published, in chunks, each of which is
//! an entry before it leaves.
//!
//! Being told is itself recorded, and that record is published a moment later:
//! a watcher that waited for nothing would watch itself for ever. That nothing
//! matches is an answer, too: it is told, and recorded, when the end of the log is
//! first reached and every [`QUIET`] after that. So a watcher
//! that has come to the end of the log rests a second, and what records the
//! telling of watchers is not told by itself: it waits for something else, or
//! for a while that doubles each time, up to a minute. However many watchers
//! there are and however still the log is, each makes at most one entry a
//! second, and soon one a minute.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use motlan_access::Identity;
use motlan_audit::{AuditLog, Entry, Found, Kind, SearchQuery, Sought, TreeError};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::Pipeline;
use crate::read_log::{ReadError, read_error};
use crate::read_range::{named, range_filters};
use crate::sealed::{NotReleased, Sealed, Unrecorded};

#[cfg(test)]
mod tests;

/// Watchers in all, and of one caller.
const MOST: (usize, usize) = (8, 2);

/// Between two chunks, once the end of the log is reached.
const REST: Duration = Duration::from_secs(1);

/// The longest that the records of watchers wait to be told.
const LONGEST: Duration = Duration::from_mins(1);

/// How long a watcher is left without a word while entries that do not match are
/// published: shorter than a stream lasts.
const QUIET: Duration = Duration::from_secs(20);

/// How often it is looked whether who watches may still do so.
const LOOK: Duration = Duration::from_secs(1);

/// When to come back for a place.
const FULL: Duration = Duration::from_secs(10);

/// The name under which an entry shows that a watcher was told.
const WATCH: &str = "watch";

/// The places of watchers.
pub(crate) struct Watchers {
    all: Arc<Semaphore>,
    each: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// A watch under way. It keeps its place until it is dropped.
pub struct Watching {
    identity: Identity,
    query: SearchQuery,
    /// The first index not yet looked at.
    at: u64,
    /// The index up to which the watcher was told.
    told: u64,
    /// When it was last told something; until the end is first reached, never.
    since: Option<Instant>,
    /// When it was last looked whether who watches may.
    looked: Instant,
    pace: Pace,
    trace: String,
    _places: [OwnedSemaphorePermit; 2],
}

/// When the next chunk may be told.
#[derive(Debug)]
struct Pace {
    /// Not before.
    rest: Option<Instant>,
    /// Since when nothing but the records of watchers has come.
    still: Option<Instant>,
    /// How long those wait.
    patience: Duration,
}

/// What a watcher is told at a time.
#[derive(Debug)]
pub struct Watched {
    /// The entries that match.
    pub entries: Vec<Found>,
    /// The first index looked at.
    pub from: u64,
    /// The index behind the last looked at.
    pub to: u64,
}

// === impl Watchers ===

impl Default for Watchers {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(MOST.0)), each: Mutex::default() }
    }
}

impl Watchers {
    fn place(&self, caller: &str) -> Option<[OwnedSemaphorePermit; 2]> {
        let own = {
            let mut each = self.each.lock();
            each.retain(|_, own| own.strong_count() > 0);
            let known = each.get(caller).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let own = Arc::new(Semaphore::new(MOST.1));
                each.insert(caller.to_owned(), Arc::downgrade(&own));
                own
            })
        };
        let own = own.try_acquire_owned().ok()?;
        Some([own, Arc::clone(&self.all).try_acquire_owned().ok()?])
    }
}

// === impl Pace ===

impl Pace {
    const fn new() -> Self {
        Self { rest: None, still: None, patience: REST }
    }

    /// How much longer the records of watchers wait, when there is nothing else.
    fn hold(&mut self, now: Instant) -> Option<Duration> {
        let since = *self.still.get_or_insert(now);
        self.patience.checked_sub(now.duration_since(since)).filter(|left| !left.is_zero())
    }

    /// A chunk is told, of nothing but the records of watchers or of more, and
    /// there is more behind it or not.
    fn told(&mut self, now: Instant, still: bool, more: bool) {
        self.patience = if still { (self.patience * 2).min(LONGEST) } else { REST };
        self.still = None;
        self.rest = (!more).then(|| now + REST);
    }
}

// === impl Pipeline ===

impl Pipeline {
    /// Begins a watch from an index on; none means from now.
    ///
    /// # Errors
    /// See [`ReadError`]; where there are as many watchers as may be, the log is
    /// told to be overloaded.
    pub async fn begin_watch(
        &self,
        identity: &Identity,
        query: SearchQuery,
        from: Option<u64>,
        trace: &str,
    ) -> Result<Watching, ReadError> {
        self.may_read_log(identity, trace).await?;
        let places = self.watchers.place(identity.caller().id());
        let full = NotReleased::Unrecorded(Unrecorded::Overloaded { retry_after: FULL });
        let places = places.ok_or_else(|| ReadError::from(full))?;
        let published = self.ledger().log().health().published;
        let at = from.unwrap_or(published);
        if at > published {
            return Err(read_error(&TreeError::OutOfRange { published }.into()));
        }
        let (identity, trace) = (identity.clone(), trace.to_owned());
        let watching = Watching {
            identity,
            query,
            at,
            told: at,
            since: from.is_none().then(Instant::now),
            looked: Instant::now(),
            pace: Pace::new(),
            trace,
            _places: places,
        };
        Ok(watching)
    }

    /// The next chunk, once there is something to tell; none when the log is
    /// closed. Given up, it may have recorded what was not told; never the other way.
    ///
    /// # Errors
    /// See [`ReadError`]; the watch is over.
    pub async fn watch_next(&self, watching: &mut Watching) -> Result<Option<Sealed<Watched>>, ReadError> {
        loop {
            if let Some(rest) = watching.pace.rest.take() {
                tokio::time::sleep_until(rest).await;
            }
            let at = watching.at;
            self.grows(watching, at, None).await?;
            self.still_may(watching).await?;
            let Some((entries, to, more)) = self.look(watching).await? else { return Ok(None) };
            watching.at = to;
            let nothing = entries.is_empty();
            if nothing && !watching.is_due(more) {
                continue;
            }
            let still = entries.iter().all(|found| tells_a_watcher(&found.entry));
            if still
                && !nothing
                && !more
                && let Some(left) = watching.pace.hold(Instant::now())
            {
                // Whatever comes meanwhile is looked at a second later, together.
                self.grows(watching, to, Some(left)).await?;
                watching.pace.rest = Some(Instant::now() + left.min(REST));
                // They are looked at again, with what came.
                watching.at = watching.at.min(first(&entries));
                continue;
            }
            let permit = self.may_read_log(&watching.identity, &watching.trace).await?;
            let mut filters = self.filters(&watching.query).await?;
            filters.extend(range_filters(watching.told, to));
            filters.push(named(WATCH, None));
            let receipt = self.log_read(&permit, filters, entries.len() as u64, &watching.trace).await?;
            let watched = Watched { entries, from: watching.told, to };
            watching.told = to;
            watching.since = Some(Instant::now());
            watching.pace.told(Instant::now(), still, more);
            return Ok(Some(Sealed::new(watched, receipt, None)));
        }
    }

    /// Waits until more than the first `to` entries are published, or so long. A
    /// watch ends with the token it was begun by, also of a log that is still.
    async fn grows(&self, watching: &mut Watching, to: u64, most: Option<Duration>) -> Result<(), ReadError> {
        let end = most.map(|most| Instant::now() + most);
        loop {
            let look = watching.looked + LOOK;
            let until = end.map_or(look, |end| end.min(look));
            let grown = self.ledger().log().published(to.saturating_add(1));
            if tokio::time::timeout_at(until, grown).await.is_ok()
                || end.is_some_and(|end| end <= Instant::now())
            {
                return Ok(());
            }
            self.still_may(watching).await?;
        }
    }

    /// Looks among the next entries; a disk that hangs keeps nobody's place for
    /// longer than the token.
    async fn look(&self, watching: &mut Watching) -> Result<Option<Looked>, ReadError> {
        let (at, query) = (watching.at, watching.query.clone());
        let mut looking = pin!(look(self.ledger().log(), &query, at));
        loop {
            match tokio::time::timeout_at(watching.looked + LOOK, looking.as_mut()).await {
                Ok(looked) => return looked,
                Err(_) => self.still_may(watching).await?,
            }
        }
    }

    /// That who watches still may, looked at once a [`LOOK`], however fast the log grows.
    async fn still_may(&self, watching: &mut Watching) -> Result<(), ReadError> {
        if watching.looked.elapsed() >= LOOK {
            self.may_read_log(&watching.identity, &watching.trace).await?;
            watching.looked = Instant::now();
        }
        Ok(())
    }
}

// === impl Watching ===

impl Watching {
    /// Whether that nothing matched is to be told: at the end of the log for the
    /// first time, or after a while.
    fn is_due(&self, more: bool) -> bool {
        self.since.map_or(!more, |since| since.elapsed() >= QUIET)
    }
}

fn first(entries: &[Found]) -> u64 {
    entries.first().map_or(u64::MAX, |found| found.index)
}

/// Entries that match, the index behind those looked at, and whether there are more.
type Looked = (Vec<Found>, u64, bool);

/// What matches among the next entries from `at` on that are published; none when
/// the log is closed.
async fn look(log: &AuditLog, query: &SearchQuery, at: u64) -> Result<Option<Looked>, ReadError> {
    let published = log.health().published;
    if published <= at {
        return Ok(None);
    }
    // Looked up each time: somebody may have been met since.
    let sought = match &query.subject {
        None => None,
        Some(subject) => {
            let known = log.find_subject(subject).await.map_err(|error| read_error(&error))?;
            Some(known.map_or(Sought::Nobody, |known| Sought::Pseudonym(known.as_str().to_owned())))
        }
    };
    let looked = log.matching(query.filter(sought), at, published).await;
    let (entries, to) = looked.map_err(|error| read_error(&error))?;
    if to == at {
        return Ok(None);
    }
    Ok(Some((entries, to, to < published)))
}

/// Whether the entry records what a watcher was told.
fn tells_a_watcher(entry: &Entry) -> bool {
    let filters = entry.search.iter().flat_map(|search| &search.filters);
    entry.kind == Kind::LogRead && filters.into_iter().any(|filter| filter.name == WATCH)
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watching").field("at", &self.at).field("pace", &self.pace).finish_non_exhaustive()
    }
}
