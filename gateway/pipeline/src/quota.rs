//! How many entries one caller may cause, so that nobody fills the log.
//!
//! Counted where an entry is written, by the caller whom the entry names:
//! whatever the client is told, and whether or not it still listens. There are
//! two quotas. *Refusals*: beyond it a refusal is no entry of its own any more,
//! but counted by its reason; one entry per interval, caller and reason tells
//! the count. *Entries*: all a caller causes. While either is used up no new
//! work is taken in: whoever tries until something is not refused shall not
//! try faster than the quota. Work that was taken in always finishes, into debt
//! if need be: an intent has its outcome, a resolve its decisions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_audit::{Draft, Kind};
use motlan_audit_tree::Outcome;
use motlan_audit_tree::entry::{Aggregate, Caller as EntryCaller, EntryTime};
use motlan_domain::{Clock, Reason};
use parking_lot::{Mutex, RwLock};

use crate::sealed::Unrecorded;

/// So many at once, and so many more a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What a caller that was quiet has to its credit.
    pub burst: u32,
    /// What comes back a second.
    pub per_second: u32,
}

/// What an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaOptions {
    /// Refusals of one caller that the log records one by one.
    pub refusals: Rate,
    /// Entries of one caller. Each person or thing an entry names counts as one
    /// more: a new one brings an entry of its own.
    pub entries: Rate,
    /// How often what was refused beyond is recorded.
    pub aggregate_every: Duration,
}

/// The accounts of all callers.
pub(crate) struct Quotas {
    options: QuotaOptions,
    clock: Arc<dyn Clock>,
    known: RwLock<Known>,
}

/// Configured systems by id; other certificates by thumbprint.
#[derive(Default)]
struct Known {
    systems: HashMap<Box<str>, Arc<Account>>,
    certificates: HashMap<Box<str>, Arc<Account>>,
}

/// What one caller has to its credit, whatever the number of its connections
/// and certificates.
pub struct Account {
    who: EntryCaller,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    refusals: Bucket,
    entries: Bucket,
    filled: Duration,
    /// Refused beyond the quotas, and not yet recorded.
    beyond: BTreeMap<Reason, Count>,
}

/// A token bucket; below nothing is a debt.
struct Bucket {
    rate: Rate,
    tokens: f64,
}

#[derive(Clone, Copy)]
struct Count {
    count: u64,
    from: Timestamp,
}

/// What one entry of kind `refusals.aggregated` is about.
pub(crate) struct Beyond {
    account: Arc<Account>,
    reason: Reason,
    count: Count,
}

// === impl QuotaOptions ===

impl Default for QuotaOptions {
    fn default() -> Self {
        Self {
            refusals: Rate { burst: 1_000, per_second: 50 },
            // Some gigabytes at once and some ten a day: far more than a
            // province's portal needs, far less than a disk.
            entries: Rate { burst: 10_000_000, per_second: 400 },
            aggregate_every: Duration::from_secs(10),
        }
    }
}

// === impl Quotas ===

impl Quotas {
    pub(crate) fn new(options: QuotaOptions, clock: Arc<dyn Clock>) -> Self {
        Self { options, clock, known: RwLock::default() }
    }

    pub(crate) const fn aggregate_every(&self) -> Duration {
        self.options.aggregate_every
    }

    /// The account of the caller that an entry names: `None` for the gateway's
    /// own entries.
    pub(crate) fn of(&self, who: &EntryCaller) -> Option<Arc<Account>> {
        let known = self.known.read();
        let account = match (&who.system, &who.certificate) {
            (Some(system), _) => known.systems.get(&**system),
            (None, Some(thumbprint)) => known.certificates.get(&**thumbprint),
            (None, None) => return None,
        };
        if let Some(account) = account {
            return Some(Arc::clone(account));
        }
        drop(known);
        let mut known = self.known.write();
        let (map, key) = match (&who.system, &who.certificate) {
            (Some(system), _) => (&mut known.systems, system),
            (None, Some(thumbprint)) => (&mut known.certificates, thumbprint),
            (None, None) => return None,
        };
        let account = map
            .entry(Box::from(&**key))
            .or_insert_with(|| Arc::new(Account::new(who.clone(), self.options, Arc::clone(&self.clock))));
        Some(Arc::clone(account))
    }

    /// Books a draft that is about to be written.
    ///
    /// # Errors
    /// [`Unrecorded::Counted`]: a refusal beyond the quota. It is counted and
    /// must not be written; nothing was admitted, so nothing is left unfinished.
    pub(crate) fn book(&self, draft: &Draft, admitted: bool) -> Result<(), Unrecorded> {
        let Some(account) = draft.caller.as_ref().and_then(|caller| self.of(caller)) else { return Ok(()) };
        account.book(draft, admitted).map_err(|retry_after| Unrecorded::Counted { retry_after })
    }

    /// Takes what was refused beyond the quotas, and forgets accounts that
    /// nobody holds and that owe nothing.
    pub(crate) fn collect(&self) -> Vec<Beyond> {
        let mut found = Vec::new();
        let mut known = self.known.write();
        let Known { systems, certificates } = &mut *known;
        for map in [systems, certificates] {
            map.retain(|_, account| {
                let taken = account.take();
                let beyond = |(reason, count)| Beyond { account: Arc::clone(account), reason, count };
                found.extend(taken.into_iter().map(beyond));
                Arc::strong_count(account) > 1 || account.owes()
            });
        }
        found
    }
}

// === impl Account ===

impl Account {
    fn new(who: EntryCaller, options: QuotaOptions, clock: Arc<dyn Clock>) -> Self {
        let full = |rate: Rate| Bucket { rate, tokens: f64::from(rate.burst) };
        let state = State {
            refusals: full(options.refusals),
            entries: full(options.entries),
            filled: clock.monotonic(),
            beyond: BTreeMap::new(),
        };
        Self { who, clock, state: Mutex::new(state) }
    }

    /// Whether a call may go on to be decided.
    ///
    /// # Errors
    /// A quota is used up: the call has been counted as `QUOTA_EXCEEDED`, and
    /// this is when to come back.
    pub fn admits(&self) -> Result<(), Duration> {
        let mut state = self.filled();
        let wait = state.refusals.wait().max(state.entries.wait());
        match wait {
            None => Ok(()),
            Some(wait) => {
                state.count(Reason::QuotaExceeded, self.clock.now());
                Err(wait)
            }
        }
    }

    /// A name that no other caller has.
    pub fn key(&self) -> (&'static str, &str) {
        match (&self.who.system, &self.who.certificate) {
            (Some(system), _) => ("system", system),
            (None, thumbprint) => ("certificate", thumbprint.as_deref().unwrap_or_default()),
        }
    }

    fn book(&self, draft: &Draft, admitted: bool) -> Result<(), Duration> {
        let refused_at_once = matches!(draft.kind, Kind::AccessDenied | Kind::CredentialRefused);
        let refused = refused_at_once || draft.outcome == Some(Outcome::Denied);
        let mut state = self.filled();
        if refused_at_once
            && !admitted
            && let Some(wait) = state.refusals.wait()
        {
            let reason = draft.reason.as_deref().and_then(Reason::from_code);
            state.count(reason.unwrap_or(Reason::QuotaExceeded), self.clock.now());
            return Err(wait);
        }
        if refused {
            state.refusals.tokens -= 1.0;
        }
        let named = u32::try_from(draft.subjects.len()).unwrap_or(u32::MAX);
        state.entries.tokens -= 1.0 + f64::from(named);
        Ok(())
    }

    fn filled(&self) -> parking_lot::MutexGuard<'_, State> {
        let now = self.clock.monotonic();
        let mut state = self.state.lock();
        let passed = now.saturating_sub(state.filled);
        state.filled = state.filled.max(now);
        state.refusals.fill(passed);
        state.entries.fill(passed);
        state
    }

    fn take(&self) -> BTreeMap<Reason, Count> {
        std::mem::take(&mut self.state.lock().beyond)
    }

    /// Whether it would be worse off than a new one.
    fn owes(&self) -> bool {
        let state = self.filled();
        state.refusals.owes() || state.entries.owes()
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, id) = self.key();
        write!(f, "Account({kind} {id})")
    }
}

// === impl State ===

impl State {
    fn count(&mut self, reason: Reason, now: Timestamp) {
        self.beyond.entry(reason).or_insert(Count { count: 0, from: now }).count += 1;
    }
}

// === impl Bucket ===

impl Bucket {
    fn fill(&mut self, passed: Duration) {
        let more = passed.as_secs_f64() * f64::from(self.rate.per_second);
        self.tokens = (self.tokens + more).min(f64::from(self.rate.burst));
    }

    /// How long until there is one again; `None` if there is.
    fn wait(&self) -> Option<Duration> {
        let lacking = 1.0 - self.tokens;
        if lacking <= 0.0 {
            return None;
        }
        let wait = Duration::from_secs_f64(lacking / f64::from(self.rate.per_second.max(1)));
        Some(wait.max(Duration::from_millis(10)))
    }

    fn owes(&self) -> bool {
        self.tokens < f64::from(self.rate.burst)
    }
}

// === impl Beyond ===

impl Beyond {
    /// The entry that tells it.
    pub(crate) fn draft(&self) -> Draft {
        let mut draft = Draft::new(Kind::RefusalsAggregated);
        draft.caller = Some(self.account.who.clone());
        draft.aggregate = Some(Aggregate {
            count: self.count.count,
            from: EntryTime::new(self.count.from),
            reason: self.reason.code().into(),
            to: EntryTime::new(self.account.clock.now()),
        });
        draft
    }

    /// It could not be recorded: it counts again in the next interval. The
    /// account is still the caller's: it is not forgotten while this is held.
    pub(crate) fn put_back(self) {
        let mut state = self.account.state.lock();
        let count = state.beyond.entry(self.reason).or_insert(Count { count: 0, from: self.count.from });
        count.count += self.count.count;
        count.from = count.from.min(self.count.from);
    }
}

#[cfg(test)]
mod tests;
