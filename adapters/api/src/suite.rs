//! The behaviour suite: what every adapter does, shown against its simulated
//! registry over real sockets.
//!
//! An adapter's tests implement [`Far`] over the sandbox and call [`run`]. The
//! suite asks, spoils the far end in every way it knows, and holds each answer
//! against a table; it returns what it checked and every deviation, and counts
//! a run without cases as one. Beside it stands what does not take sockets:
//! [`damage`] to an answer, and how its [`section`] of the configuration reads.

mod bounds;
pub mod damage;
mod faults;
pub mod section;
mod tokens;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use motlan_domain::{Completeness, Outcome};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{Ask, FetchError, RegistryAdapter, Reply, Want};

/// How much later than its deadline a call may end.
pub const OVERRUN: Duration = Duration::from_millis(250);

/// The far end of one adapter, and the adapter.
pub trait Far: Sync {
    /// The adapter under test.
    fn adapter(&self) -> &dyn RegistryAdapter;
    /// What its answers are written in.
    fn wire(&self) -> Wire;
    /// The bounds it was configured with.
    fn limits(&self) -> Limits;
    /// Plays the fault on the next `times` data calls, on all if absent.
    fn script(&self, fault: &Fault, times: Option<u32>);
    /// Ends every fault.
    fn clear(&self);
    /// Data calls that reached the far end so far.
    fn data_calls(&self) -> u64;
    /// Token requests that reached it; 0 where there are no tokens.
    fn token_calls(&self) -> u64;
    /// Moves the clock of both ends.
    fn advance(&self, by: Duration);
    /// Questions and what the far end's truth makes of them: at least one
    /// found and one not found.
    fn cases(&self) -> Vec<Case>;
}

/// A question and its answer.
pub struct Case {
    /// What it is about, for messages; no identifier.
    pub name: &'static str,
    /// The question. The suite gives it request ids of its own.
    pub ask: Ask,
    /// The answer without a fault.
    pub expected: Expected,
}

/// An answer without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whole, with at least one record.
    Found,
    /// Whole, without any.
    NotFound,
    /// Not whole, though the far end is.
    Incomplete,
    /// Yes or no.
    Confirmed(bool),
}

/// What the answers are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// XML; signed requests, no tokens.
    Xml,
    /// JSON behind a bearer token.
    Json,
}

/// The bounds an adapter was configured with.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest question.
    pub deadline: Duration,
    /// Most calls under way; a quarter of the deadline is the longest wait
    /// for a turn.
    pub max_concurrent: u64,
    /// Longest answer, in bytes.
    pub max_body_bytes: u64,
}

/// What goes wrong at the far end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The right answer, that many milliseconds late.
    Latency(u64),
    /// That HTTP status.
    Status(u16),
    /// 429 with `Retry-After` in seconds.
    TooMany(u64),
    /// Half an answer, then a TCP reset.
    Reset,
    /// No answer.
    Hang,
    /// A whole HTTP response whose document ends after so many bytes.
    Truncate(usize),
    /// Not well formed.
    Malformed,
    /// Well formed, other names.
    WrongSchema,
    /// No body.
    Empty,
    /// The token is refused; where there are none, the timestamp.
    ExpiredToken,
    /// So many bytes.
    Oversize(u64),
    /// In another namespace, or envelope.
    WrongNamespace,
    /// XML that would expand without end.
    EntityBomb,
    /// A redirect to that address.
    Redirect(String),
    /// Nested without end.
    DeepNesting,
    /// Contradicts the question or itself.
    Contradictory,
    /// The registry's own refusal with that code.
    Refuse(String),
}

/// What was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Answers held against the table.
    pub checks: usize,
}

/// A run: counts checks and collects deviations.
pub(crate) struct Run<'a> {
    far: &'a dyn Far,
    cases: Vec<Case>,
    checks: usize,
    failures: Vec<String>,
}

/// Runs everything. The error lists every deviation.
pub async fn run(far: &dyn Far) -> Result<Report, Vec<String>> {
    let mut run = Run { far, cases: far.cases(), checks: 0, failures: Vec::new() };
    run.answers().await;
    faults::check(&mut run).await;
    tokens::check(&mut run).await;
    bounds::check(&mut run).await;
    if run.failures.is_empty() { Ok(Report { checks: run.checks }) } else { Err(run.failures) }
}

// === impl Run ===

impl Run<'_> {
    /// Every case without a fault, and that there are cases.
    async fn answers(&mut self) {
        for kind in [Expected::Found, Expected::NotFound] {
            let any = self.cases.iter().any(|case| case.expected == kind);
            self.check(any, || format!("no case is {kind:?}"));
        }
        for index in 0..self.cases.len() {
            self.answers_as_expected(index, "without a fault").await;
        }
    }

    /// One case has to be answered as without a fault.
    async fn answers_as_expected(&mut self, index: usize, when: &str) {
        let (expected, name) = (self.cases[index].expected, self.cases[index].name);
        let reply = self.ask(index).await;
        let fits = match (&reply, expected) {
            (Ok(Reply::Records(fetched)), Expected::Found) => fetched.outcome() == Outcome::Found,
            (Ok(Reply::Records(fetched)), Expected::NotFound) => fetched.outcome() == Outcome::NotFound,
            (Ok(Reply::Records(fetched)), Expected::Incomplete) => fetched.outcome() == Outcome::Incomplete,
            (Ok(Reply::Confirmed { exists, .. }), Expected::Confirmed(expected)) => *exists == expected,
            _ => false,
        };
        self.check(fits, || format!("{name} {when}: {}", describe(&reply)));
        let ids = match &reply {
            Ok(Reply::Records(fetched)) => !fetched.upstream_ids.is_empty(),
            Ok(Reply::Confirmed { upstream_ids, .. }) => !upstream_ids.is_empty(),
            Err(_) => true,
        };
        self.check(ids, || format!("{name} {when}: no exchange id"));
    }

    /// Asks a case under a fresh request id and checks what holds of every
    /// answer: it came in time, and an error names nobody.
    async fn ask(&mut self, index: usize) -> Result<Reply, FetchError> {
        let case = &self.cases[index];
        let ask = fresh(&case.ask);
        let began = Instant::now();
        let reply = self.far.adapter().ask(&ask).await;
        let (took, name) = (began.elapsed(), case.name);
        let limit = self.far.limits().deadline.min(ask.deadline) + OVERRUN;
        let leak = reply.as_ref().err().is_some_and(|error| names_somebody(error, &ask));
        self.check(took <= limit, || format!("{name}: took {took:?} of {limit:?}"));
        self.check(!leak, || format!("{name}: the error names somebody"));
        reply
    }

    fn check(&mut self, holds: bool, message: impl FnOnce() -> String) {
        self.checks += 1;
        if !holds {
            self.failures.push(message());
        }
    }
}

/// The question under a request id never used before.
fn fresh(ask: &Ask) -> Ask {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Ask { request_id: format!("suite-{:08}", NEXT.fetch_add(1, Ordering::Relaxed)), ..ask.clone() }
}

/// Whether an error's texts hold anything of the question.
fn names_somebody(error: &FetchError, ask: &Ask) -> bool {
    let text = format!("{error} {error:?}");
    let mut private = vec![ask.subject.expose(), ask.on_behalf.officer_id.expose().to_owned()];
    match &ask.want {
        Want::Confirm { full_name } => private.push(full_name.expose().to_owned()),
        Want::Record { holder: Some(holder), .. } => {
            private.push(holder.full_name.expose().to_owned());
            private.push(holder.birth_date.to_string());
        }
        Want::Record { .. } | Want::OwnedBy => {}
    }
    private.iter().any(|part| part.is_empty() || text.contains(part.as_str()))
}

/// An answer in a message: its kind, never its content.
fn describe(reply: &Result<Reply, FetchError>) -> String {
    match reply {
        Ok(Reply::Records(fetched)) => {
            let what = match fetched.completeness {
                Completeness::Complete => "complete".to_owned(),
                Completeness::Incomplete { cause, .. } => format!("incomplete, {}", cause.as_str()),
            };
            format!("{} records, {what}", fetched.records.len())
        }
        Ok(Reply::Confirmed { exists, .. }) => format!("confirmed {exists}"),
        Err(error) => format!("{error:?}"),
    }
}

// === impl Fault ===

impl Fault {
    /// The fault as the sandbox's control server reads it.
    pub fn script(&self) -> Value {
        match self {
            Self::Latency(ms) => json!({"kind": "latency", "ms": ms}),
            Self::Status(code) => json!({"kind": "status", "code": code}),
            Self::TooMany(seconds) => json!({"kind": "too_many", "retry_after_s": seconds}),
            Self::Reset => json!({"kind": "reset"}),
            Self::Hang => json!({"kind": "hang"}),
            Self::Truncate(at) => json!({"kind": "truncate", "at_bytes": at}),
            Self::Malformed => json!({"kind": "malformed"}),
            Self::WrongSchema => json!({"kind": "wrong_schema"}),
            Self::Empty => json!({"kind": "empty"}),
            Self::ExpiredToken => json!({"kind": "expired_token"}),
            Self::Oversize(bytes) => json!({"kind": "oversize", "bytes": bytes}),
            Self::WrongNamespace => json!({"kind": "wrong_namespace"}),
            Self::EntityBomb => json!({"kind": "entity_bomb"}),
            Self::Redirect(to) => json!({"kind": "redirect", "to": to}),
            Self::DeepNesting => json!({"kind": "deep_nesting"}),
            Self::Contradictory => json!({"kind": "contradictory"}),
            Self::Refuse(code) => json!({"kind": "refuse", "code": code}),
        }
    }
}

#[cfg(test)]
mod tests;
