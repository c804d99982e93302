//! Questions that a stop cut off: an intent in the log, and no outcome.
//!
//! Looked for once, at the start. An intent is answered by the one outcome that
//! cites it, also by one that an `entry.not_released` names: it stands there,
//! and its mark says that nobody was told. An intent that is itself named so
//! was never acted on, and needs no outcome.
//!
//! **The bound**: only so much of the log's end is read as an open intent can
//! lie in. Between two entries at most [`STILL`] counts as passed, so that an
//! outage or a clock set forward hides none. Some microseconds per entry: what
//! a minute at 1,000 entries a second wrote is read in a fraction of a second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motlan_audit_tree::entry::NotReleased;
use motlan_audit_tree::{Entry, EntryTime, Kind, Outcome};
use motlan_domain::Unfinished;
use serde::Deserialize;

use crate::error::AuditError;
use crate::log::AuditLog;
use crate::store::{AuditReader, StoreError};

/// Bytes read at a time.
const CHUNK: usize = 256 << 10;

/// Entries looked at first; each further look goes this many times as far back.
const FIRST: u64 = 4_096;
const FARTHER: u64 = 8;

/// Entries beyond which nothing is looked at: a clock that was set back makes
/// a time that never passes.
const MOST: u64 = 1 << 20;

/// Outcomes written together: no more than the shortest queue takes.
const AT_ONCE: usize = 16;

/// The most that counts as passed between two entries.
const STILL: Duration = Duration::from_secs(1);

/// What is read of an entry to find the open intents.
#[derive(Deserialize)]
struct Glance {
    kind: Kind,
    time: EntryTime,
    #[serde(default)]
    intent: Option<u64>,
    #[serde(default)]
    not_released: Option<NotReleased>,
}

/// The end of a log, read forwards.
#[derive(Default)]
struct Tail {
    /// Intents without an outcome, and where they lie.
    open: BTreeMap<u64, u64>,
    last: Option<EntryTime>,
    passed: Duration,
}

// === impl AuditLog ===

impl AuditLog {
    /// Gives every intent that an earlier process left without an outcome one:
    /// FAILED / `INTERRUPTED`, with nothing disclosed; whether the registry was
    /// asked is not known. To be called before anything else is appended;
    /// returns how many there were. `longest` is how long a process leaves an
    /// intent without its outcome, at most.
    ///
    /// # Errors
    /// The log cannot be read or written.
    pub async fn close_interrupted(&self, longest: Duration) -> Result<usize, AuditError> {
        let (reader, durable) = (Arc::clone(&self.inner.reader), self.inner.sequencer.durable());
        let found = tokio::task::spawn_blocking(move || unanswered(reader.as_ref(), durable, longest));
        let found = found.await.unwrap_or(Err(StoreError::Corrupt {
            index: durable,
            what: "the end of the log cannot be looked through",
        }))?;
        // Few at a time: the queue may be short.
        for some in found.chunks(AT_ONCE) {
            let mut written = Vec::with_capacity(some.len());
            for intent in some {
                let template = self.inner.assembler.interrupted(intent)?;
                written.push(self.inner.sequencer.push(&template, true)?);
            }
            for pushed in written {
                pushed.receipt(self.origin()).await?;
            }
        }
        Ok(found.len())
    }
}

/// The intents below `durable` that nothing answers.
fn unanswered(reader: &dyn AuditReader, durable: u64, longest: Duration) -> Result<Vec<Entry>, StoreError> {
    let mut back = FIRST;
    let tail = loop {
        let from = durable.saturating_sub(back);
        let tail = Tail::read(reader, from, durable)?;
        if from == 0 || tail.passed >= longest {
            break tail;
        }
        if back >= MOST {
            tracing::warn!(from, "only the end of the log was searched for questions cut off");
            break tail;
        }
        back = (back * FARTHER).min(MOST);
    };
    let mut found = Vec::with_capacity(tail.open.len());
    for (index, position) in tail.open {
        let stored = reader.read(index, Some(position))?;
        let parsed = stored.and_then(|stored| Entry::parse(&stored.bytes).ok());
        found
            .push(parsed.ok_or(StoreError::Corrupt { index, what: "an intent is not of the entry format" })?);
    }
    Ok(found)
}

// === impl Tail ===

impl Tail {
    fn read(reader: &dyn AuditReader, from: u64, durable: u64) -> Result<Self, StoreError> {
        let (mut tail, mut next) = (Self::default(), from);
        while next < durable {
            let entries = reader.scan(next, CHUNK)?;
            let Some(last) = entries.last() else { break };
            next = last.index + 1;
            for stored in entries.iter().filter(|stored| stored.index < durable) {
                let Ok(glance) = serde_json::from_slice(&stored.bytes) else {
                    // Its frame is sound, so it was written so: no intent of ours.
                    tracing::error!(index = stored.index, "an entry is not of the entry format");
                    continue;
                };
                tail.take(stored.index, stored.position, &glance);
            }
        }
        Ok(tail)
    }

    fn take(&mut self, index: u64, position: u64, glance: &Glance) {
        let time = glance.time;
        if let Some(last) = self.last.replace(time) {
            let passed = time.timestamp().duration_since(last.timestamp());
            self.passed += Duration::try_from(passed).unwrap_or_default().min(STILL);
        }
        if glance.kind == Kind::AccessIntent {
            self.open.insert(index, position);
        }
        if let Some(answered) = glance.intent {
            self.open.remove(&answered);
        }
        if let Some(unwritten) = &glance.not_released {
            self.open.retain(|index, _| !(unwritten.first..=unwritten.last).contains(index));
        }
    }
}

/// The outcome of an intent that a stop cut off: whose question it was and what
/// it was about stand there as in the intent.
pub(crate) fn outcome_of(intent: &Entry, blank: Entry) -> Entry {
    let said = intent.clone();
    Entry {
        actor: said.actor,
        caller: said.caller,
        case: said.case,
        dataset: said.dataset,
        decision: said.decision,
        evidence: said.evidence,
        fields: said.fields,
        intent: Some(intent.index),
        legal_basis: said.legal_basis,
        operation: said.operation,
        outcome: Some(Outcome::Failed),
        procedure: said.procedure,
        purpose: said.purpose,
        reason: Some(Unfinished::Interrupted.reason().into()),
        subjects: said.subjects,
        trace: said.trace,
        upstream: said.upstream,
        ..blank
    }
}
