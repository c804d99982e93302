//! What of an opening or a closing stands in the log already: an earlier call
//! may have written its entry, and then not come to say so in the register.

use std::time::Duration;

use motlan_audit::{AuditError, AuditLog, Found, Order, Receipt, SearchQuery};
use motlan_audit_tree::Kind;
use motlan_dossier::Dossier;

use crate::sealed::Unrecorded;

/// Advised where the index has to catch up first.
const INDEX_RETRY: Duration = Duration::from_secs(1);

/// Why it is not known whether there is such an entry. That is no "none": a
/// second entry would tell of something that did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The index of the log does not cover all of it.
    Lags,
    /// The log was not searched.
    NotSearched,
    /// The log is closed.
    Closed,
}

/// The entry of that dossier's opening or closing, if there is one.
pub(super) async fn standing(
    log: &AuditLog,
    kind: Kind,
    dossier: &Dossier,
    patience: Duration,
) -> Result<Option<Receipt>, Unknown> {
    let durable = log.health().durable;
    // The search itself says how far it looked.
    let _ = tokio::time::timeout(patience, log.index_caught_up(durable)).await;
    // A register that was lost may have known another dossier of that code: what
    // stands of it is older than this one's opening, and so is its closing.
    let from = Some(dossier.opened_at);
    let query = SearchQuery {
        dossier: Some(dossier.code.as_str().to_owned()),
        kinds: vec![kind],
        from,
        order: Order::OldestFirst,
        page_size: 1,
        ..SearchQuery::default()
    };
    let page = match log.search_on(query).await {
        Ok(page) => page,
        Err(error) => {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(code = %dossier.code, error = cause, "the log was not searched for {}", kind.as_str());
            return Err(if matches!(error, AuditError::Closed) {
                Unknown::Closed
            } else {
                Unknown::NotSearched
            });
        }
    };
    let covered = page.indexed_through >= durable;
    match page.entries.into_iter().next() {
        Some(Found { index, leaf_hash, entry, .. }) => {
            Ok(Some(Receipt { origin: log.origin(), index, leaf_hash, time: entry.time.timestamp() }))
        }
        None if covered => Ok(None),
        None => {
            tracing::warn!(code = %dossier.code, "the index of the log lags: {} is not known", kind.as_str());
            Err(Unknown::Lags)
        }
    }
}

impl From<Unknown> for Unrecorded {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Lags => Self::Overloaded { retry_after: INDEX_RETRY },
            Unknown::NotSearched | Unknown::Closed => Self::Unavailable,
        }
    }
}
