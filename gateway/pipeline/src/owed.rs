//! What the log is owed: an intent has its outcome, whoever waits for it.
//!
//! The outcome of a question is written by whoever asked it. That one may go
//! before the end: it hangs up, its deadline passes, a lookup for a tie is cut
//! off. So the asker and the task that asks the registry hold the debt
//! together, and if the last of them lets it go unsettled, the outcome is
//! written all the same: FAILED / `GIVEN_UP`, what became of the exchange with
//! the registry, and nothing disclosed. Whoever joined a flight under way has
//! an outcome of its own, which cites the intent and settles nothing.

use std::sync::Arc;

use jiff::Timestamp;
use motlan_api::{FetchError, Reply};
use motlan_audit::Draft;
use motlan_audit_tree::entry::{EntryTime, Source, SourceFrom};
use motlan_audit_tree::{Kind, Outcome as EntryOutcome, Text};
use motlan_domain::{Outcome, Reason, Unfinished};
use parking_lot::Mutex;

use crate::ledger::{Asking, Ledger, entry_outcome};
use crate::sealed::Unrecorded;

/// The outcome of one flight's own question.
pub(crate) struct Owed {
    ledger: Ledger,
    asking: Asking,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The intent, once it is durable: before, nothing is owed.
    intent: Option<u64>,
    settled: bool,
    /// Whoever asked was served what was kept: the flight renews it.
    refreshes: bool,
    upstream: Vec<String>,
    came: Came,
}

/// What became of the exchange with the registry.
#[derive(Default)]
enum Came {
    /// Nothing is known.
    #[default]
    Nothing,
    Answer {
        outcome: Option<Outcome>,
        retrieved_at: Timestamp,
        data_time: Option<Timestamp>,
    },
    Failure(Reason),
}

// === impl Owed ===

impl Owed {
    /// For a question that is about to be asked of a registry.
    pub(crate) fn new(ledger: Ledger, asking: Asking) -> Arc<Self> {
        Arc::new(Self { ledger, asking, state: Mutex::default() })
    }

    /// Makes the intent durable; from here on its outcome is owed.
    pub(crate) async fn intend(&self, request_id: &str) -> Result<u64, Unrecorded> {
        let intent = self.ledger.intent(&self.asking, request_id).await?;
        let mut state = self.state.lock();
        state.intent = Some(intent);
        state.upstream = vec![request_id.to_owned()];
        Ok(intent)
    }

    /// The exchange with the registry ended.
    pub(crate) fn came(&self, result: &Result<Reply, FetchError>) {
        let (came, upstream) = match result {
            Ok(Reply::Records(fetched)) => {
                let (retrieved_at, data_time) = (fetched.retrieved_at, fetched.source_data_time);
                let outcome = Some(fetched.outcome());
                (Came::Answer { outcome, retrieved_at, data_time }, &fetched.upstream_ids[..])
            }
            Ok(Reply::Confirmed { retrieved_at, upstream_ids, .. }) => {
                let retrieved_at = *retrieved_at;
                (Came::Answer { outcome: None, retrieved_at, data_time: None }, &upstream_ids[..])
            }
            Err(error) => (Came::Failure(error.reason()), error.upstream_ids()),
        };
        let mut state = self.state.lock();
        state.came = came;
        state.upstream = upstream.to_vec();
    }

    /// Whoever asked has been served what was kept, and has its outcome.
    pub(crate) fn refreshes(&self) {
        self.state.lock().refreshes = true;
    }

    /// The outcome has its place in the log.
    pub(crate) fn settled(&self) {
        self.state.lock().settled = true;
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let state = std::mem::take(self.state.get_mut());
        if let Some(intent) = state.intent
            && !state.settled
        {
            self.ledger.close(outcome(&self.asking, intent, state));
        }
    }
}

/// The outcome of a question that nobody waits for.
fn outcome(asking: &Asking, intent: u64, state: State) -> Draft {
    let mut draft = asking.undisclosed(Kind::AccessOutcome);
    draft.intent = Some(intent);
    let (outcome, reason) = match (&state.came, state.refreshes) {
        // Nobody gave anything up: it was fetched to be kept.
        (Came::Answer { outcome, .. }, true) => (outcome.map(entry_outcome), None),
        (Came::Failure(reason), true) => (Some(EntryOutcome::SourceUnavailable), Some(reason.code())),
        (Came::Nothing, true) | (_, false) => {
            (Some(EntryOutcome::Failed), Some(Unfinished::GivenUp.reason()))
        }
    };
    draft.outcome = outcome;
    draft.reason = reason.map(Text::new_static);
    let (retrieved_at, data_time) = match state.came {
        Came::Answer { retrieved_at, data_time, .. } => (Some(retrieved_at), data_time),
        Came::Nothing | Came::Failure(_) => (None, None),
    };
    draft.source = Some(Source {
        data_time: data_time.map(EntryTime::new),
        fetched_by: None,
        from: SourceFrom::Registry,
        registry: Text::new_static(asking.dataset.registry().as_str()),
        retrieved_at: retrieved_at.map(EntryTime::new),
    });
    draft.upstream = state.upstream.into_iter().map(Text::from).collect();
    draft
}

#[cfg(test)]
mod tests;
