//! What one question takes: its deadline, and the exchanges made for it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::HeaderValue;
use motlan_api::{Ask, FetchError};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{Answer, Call, Http};

/// Message id of an exchange (X-Road REST 1.0.4).
const X_ROAD_ID: &str = "x-road-id";
/// Case or document id: the dossier code.
const X_ROAD_ISSUE: &str = "x-road-issue";

/// One question under way. All its calls share one deadline.
pub struct Session<'a> {
    http: &'a Http,
    ask: &'a Ask,
    span: Span,
    taken: Arc<Taken>,
}

/// The time that something has: so long, until then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) whole: Duration,
    pub(crate) until: Instant,
}

/// What a question took so far.
#[derive(Default)]
pub(crate) struct Taken {
    exchanges: Mutex<Vec<String>>,
    /// Whether one of its calls is the breaker's probe.
    probing: AtomicBool,
}

// === impl Session ===

impl<'a> Session<'a> {
    /// `whole` is the time it has, from now on.
    pub(crate) fn new(http: &'a Http, ask: &'a Ask, whole: Duration, taken: Arc<Taken>) -> Self {
        Self { http, ask, span: Span { whole, until: Instant::now() + whole }, taken }
    }

    /// When everything has to be done.
    pub const fn deadline(&self) -> Instant {
        self.span.until
    }

    /// The question, and what it took, for a call that outlives it.
    pub(crate) fn parts(&self) -> (Ask, Arc<Taken>) {
        (self.ask.clone(), Arc::clone(&self.taken))
    }

    /// The ids of the exchanges so far.
    pub fn upstream_ids(&self) -> Vec<String> {
        self.taken.exchanges.lock().clone()
    }

    /// Sends one call: adds the exchange id and the dossier code, and names
    /// the exchanges in an error.
    pub async fn send(&self, mut call: Call) -> Result<Answer, FetchError> {
        let admitted = self.http.admit(self.span, &self.taken.probing).await;
        let admitted = admitted.map_err(|error| self.name_exchanges(error))?;
        let id = self.next_id();
        if let Ok(value) = HeaderValue::from_str(&id) {
            call.headers.insert(X_ROAD_ID, value);
        }
        if let Some(value) =
            self.ask.on_behalf.dossier.as_ref().and_then(|code| HeaderValue::from_str(code.as_str()).ok())
        {
            call.headers.insert(X_ROAD_ISSUE, value);
        }
        let began = Instant::now();
        let reply = self.http.send(admitted, &call, &self.ask.trace).await;
        let outcome = reply.as_ref().map_or_else(|error| error.reason().code(), |_| "ANSWERED");
        tracing::debug!(
            exchange = id,
            trace_id = self.ask.trace.id(),
            outcome,
            elapsed_ms = began.elapsed().as_millis(),
            "registry call"
        );
        reply.map_err(|error| self.name_exchanges(error))
    }

    /// Puts the exchanges into an error that a decoder made.
    pub fn name_exchanges(&self, error: FetchError) -> FetchError {
        let ids = self.upstream_ids();
        match error {
            FetchError::Unavailable { reason, retry_after, .. } => {
                FetchError::Unavailable { reason, retry_after, upstream_ids: ids }
            }
            FetchError::Refused { code, .. } => FetchError::Refused { code, upstream_ids: ids },
            FetchError::Malformed { cause, .. } => FetchError::Malformed { cause, upstream_ids: ids },
            FetchError::NotOffered => FetchError::NotOffered,
        }
    }

    /// The first exchange carries the question's own id, the later ones it and
    /// a number.
    fn next_id(&self) -> String {
        let mut exchanges = self.taken.exchanges.lock();
        let id = match exchanges.len() {
            0 => self.ask.request_id.clone(),
            sent => format!("{}-{}", self.ask.request_id, sent + 1),
        };
        exchanges.push(id.clone());
        id
    }
}
