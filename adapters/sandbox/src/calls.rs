//! What the registries were asked: counts, and a log of the latest calls.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use motlan_domain::Registry;
use parking_lot::Mutex;
use serde::Serialize;

/// Calls kept in the log; the counts know of all.
const KEPT: usize = 20_000;

/// One call as a registry saw it.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Which registry.
    pub registry: Registry,
    /// Operation, e.g. `TraCuuThongTinCongDan`, `theBHYT`, `token`.
    pub operation: String,
    /// When it arrived.
    pub at: Timestamp,
    /// Whether the caller named an officer.
    pub officer: bool,
    /// The dossier code the caller handed over, if any.
    pub dossier: Option<String>,
    /// The subject key as given. Every identity here is synthetic.
    pub subject: Option<String>,
    /// The `traceparent` the caller handed over, if any.
    pub traceparent: Option<String>,
    /// HTTP status of the answer; absent while it is under way or when the
    /// connection was cut.
    pub status: Option<u16>,
    /// Code of the refusal, if the registry refused.
    pub refusal: Option<String>,
    /// The fault that was played, if any.
    pub fault: Option<&'static str>,
}

/// Counts and log.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CallReport {
    /// Calls by registry, then operation.
    pub counts: BTreeMap<Registry, BTreeMap<String, u64>>,
    /// The latest calls, oldest first.
    pub calls: Vec<Call>,
}

#[derive(Debug, Default)]
pub(crate) struct CallLog(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    counts: BTreeMap<Registry, BTreeMap<String, u64>>,
    calls: VecDeque<Call>,
    first: u64,
}

// === impl CallReport ===

impl CallReport {
    /// Calls of one operation.
    pub fn count(&self, registry: Registry, operation: &str) -> u64 {
        self.counts.get(&registry).and_then(|all| all.get(operation)).copied().unwrap_or(0)
    }

    /// Calls of one registry that asked for data (tokens left out).
    pub fn total(&self, registry: Registry) -> u64 {
        let all = self.counts.get(&registry).into_iter().flatten();
        all.filter(|(operation, _)| operation.as_str() != "token").map(|(_, count)| count).sum()
    }
}

// === impl CallLog ===

impl CallLog {
    /// Books a call on arrival; the ticket closes it.
    pub(crate) fn begin(&self, call: Call) -> u64 {
        let mut inner = self.0.lock();
        *inner.counts.entry(call.registry).or_default().entry(call.operation.clone()).or_default() += 1;
        inner.calls.push_back(call);
        if inner.calls.len() > KEPT {
            inner.calls.pop_front();
            inner.first += 1;
        }
        inner.first + inner.calls.len() as u64 - 1
    }

    /// Notes how a call ended.
    pub(crate) fn end(&self, ticket: u64, status: u16, refusal: Option<&str>) {
        let mut inner = self.0.lock();
        let Some(at) = ticket.checked_sub(inner.first).and_then(|at| usize::try_from(at).ok()) else {
            return;
        };
        if let Some(call) = inner.calls.get_mut(at) {
            call.status = Some(status);
            call.refusal = refusal.map(str::to_owned);
        }
    }

    pub(crate) fn report(&self) -> CallReport {
        let inner = self.0.lock();
        CallReport { counts: inner.counts.clone(), calls: inner.calls.iter().cloned().collect() }
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.0.lock();
        // Tickets of calls under way must not hit calls of the new log.
        inner.first += inner.calls.len() as u64;
        inner.calls.clear();
        inner.counts.clear();
    }
}
