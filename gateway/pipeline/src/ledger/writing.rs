//! An entry on its way into the log, and what is left to be written later.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use motlan_audit::{Appending, AuditError, AuditLog, Draft, Receipt};
use motlan_audit_tree::{EntryError, Text};
use motlan_domain::Reason;
use tracing::{Instrument as _, Span};

use crate::sealed::Unrecorded;
use crate::spans;
use crate::stats::{self, Stats};

/// An append that has begun.
pub(super) struct Writing {
    begun: Appending,
    stats: Arc<Stats>,
    denial: Option<Reason>,
    span: Span,
    trace: Option<Text>,
}

/// An outcome that the log has not taken yet.
pub(super) struct Left {
    draft: Draft,
    /// The people it names are being met.
    begun: Option<Appending>,
}

// === impl Writing ===

impl Writing {
    /// Begins it at once, so that who waits does not carry the draft along.
    pub(super) fn begin(log: &AuditLog, stats: &Arc<Stats>, draft: Draft) -> Self {
        let (denial, span) = (stats::denial(&draft), spans::record(draft.kind));
        let trace = (!span.is_disabled()).then(|| draft.trace.clone()).flatten();
        let begun = span.in_scope(|| log.begin(draft));
        Self { begun, stats: Arc::clone(stats), denial, span, trace }
    }

    /// Whether it will stand in the log, whatever comes.
    pub(super) const fn has_place(&self) -> bool {
        self.begun.has_place()
    }

    /// Waits until it will.
    pub(super) async fn placed(mut self) -> Result<Self, Unrecorded> {
        let placing = self.begun.placed().instrument(self.span.clone());
        self.begun = placing.await.map_err(|error| unrecorded(error, self.trace.as_deref()))?;
        Ok(self)
    }
}

/// Ready once it is durable.
impl Future for Writing {
    type Output = Result<Receipt, Unrecorded>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { begun, stats, denial, span, trace } = &mut *self;
        let recorded = ready!(span.in_scope(|| Pin::new(begun).poll(context)));
        Poll::Ready(match recorded {
            Ok(receipt) => {
                stats.recorded(*denial);
                Ok(receipt)
            }
            Err(error) => Err(unrecorded(error, trace.as_deref())),
        })
    }
}

fn unrecorded(error: AuditError, trace: Option<&str>) -> Unrecorded {
    let cause = &error as &dyn std::error::Error;
    tracing::warn!(error = cause, trace_id = trace, "an audit entry was not written");
    match error {
        AuditError::Overloaded { retry_after } => Unrecorded::Overloaded { retry_after },
        AuditError::Rejected(EntryError::TooLong) => Unrecorded::TooLong,
        _ => Unrecorded::Unavailable,
    }
}

// === impl Left ===

impl Left {
    /// Begins to write it; `None` if it has its place.
    pub(super) fn begin(log: &AuditLog, draft: Draft) -> Option<Self> {
        let begun = log.begin(draft.clone());
        match begun.refusal() {
            Some(error @ AuditError::Rejected(_)) => {
                Self::in_short(draft, error).and_then(|draft| Self::begin(log, draft))
            }
            refusal => {
                if let Some(error) = refusal {
                    not_written(error, &draft);
                }
                (!begun.has_place()).then_some(Self { draft, begun: Some(begun) })
            }
        }
    }

    /// What is too long for an entry is owed all the same: it is told of whom was
    /// asked about alone. `None` if it is as short as can be.
    fn in_short(mut draft: Draft, error: &AuditError) -> Option<Draft> {
        let (error, intent) = (error as &dyn std::error::Error, draft.intent);
        if draft.subjects.len() <= 1 && draft.upstream.is_empty() {
            tracing::error!(error, intent, "the outcome of a question given up can never be written");
            return None;
        }
        tracing::warn!(error, intent, "the outcome of a question given up is told in short");
        draft.subjects.truncate(1);
        draft.upstream.clear();
        Some(draft)
    }

    /// Waits for what was begun, or begins anew; `None` if it has its place.
    pub(super) async fn again(self, log: &AuditLog) -> Option<Self> {
        let begun = match self.begun {
            Some(begun) => begun.placed().await,
            None => Err(AuditError::Closed),
        };
        let written = match begun {
            Ok(_) => return None,
            Err(error @ AuditError::Rejected(_)) => Err(error),
            Err(_) => log.begin(self.draft.clone()).placed().await.map(drop),
        };
        match written {
            Ok(()) => None,
            Err(error @ AuditError::Rejected(_)) => {
                Self::in_short(self.draft, &error).and_then(|draft| Self::begin(log, draft))
            }
            Err(error) => {
                not_written(&error, &self.draft);
                Some(Self { draft: self.draft, begun: None })
            }
        }
    }
}

fn not_written(error: &AuditError, draft: &Draft) {
    let (error, intent) = (error as &dyn std::error::Error, draft.intent);
    tracing::warn!(error, intent, "the outcome of a question given up is not written yet");
}
