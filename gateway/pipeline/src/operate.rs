//! The OPERATE methods: opening, viewing and closing a dossier. Each leaves an
//! entry of its own kind before its caller hears of it; a repeated request id
//! gets the first answer again.

use std::sync::Arc;
use std::time::Duration;

use motlan_access::{Denial, DossierPermit, Identity, OpenPermit, OpenRequest};
use motlan_audit::{Draft, DraftActor, DraftSubject, Found, Identifier, Order, Receipt, SearchQuery};
use motlan_audit_tree::entry::Effect;
use motlan_audit_tree::{Kind, Outcome as EntryOutcome, Text};
use motlan_domain::Reason;
use motlan_domain::id::DossierCode;
use motlan_domain::reason::Origin;
use motlan_dossier::{Dossier, DossierState, RegisterError, RequestKey, RequestState};
use serde::{Deserialize, Serialize};

use crate::Pipeline;
use crate::answer::Refusal;
use crate::ledger::{draft_actor, entry_caller, entry_decision, entry_evidence};
use crate::sealed::{NotReleased, Sealed, Unrecorded};

/// As entries name the operations.
const OPEN: &str = "open_dossier";
const CLOSE: &str = "close_dossier";

/// How long a repeated closing waits for the index of the log.
const RETRY_WAITS: Duration = Duration::from_secs(2);

/// The same at the start, where the index may have to be rebuilt.
const START_WAITS: Duration = Duration::from_mins(1);

/// What an operation came to, in the form that is kept for a repeated request.
#[derive(Debug, Serialize, Deserialize)]
struct KeptReceipt {
    origin: String,
    index: u64,
    leaf_hash: [u8; 32],
    time: jiff::Timestamp,
}

// === impl Pipeline ===

impl Pipeline {
    /// Opens a dossier.
    ///
    /// # Errors
    /// As [`Pipeline::ask`]; `DOSSIER_EXISTS`, `REQUEST_ID_REUSED`.
    pub async fn open_dossier(
        &self,
        identity: &Identity,
        request: OpenRequest,
        key: RequestKey,
        trace: &str,
    ) -> Result<Sealed<Arc<Dossier>>, NotReleased<Refusal>> {
        // A repetition is answered as the first time, also when its evidence
        // has expired since.
        let code = request.code.clone();
        match self.replay(&code, &key).await {
            Ok(Some(sealed)) => return Ok(sealed),
            Ok(None) => {}
            Err(error) => return self.register_failed(OPEN, identity, &code, &error, trace).await,
        }
        let permit = match self.access().may_open(identity, request) {
            Ok(permit) => permit,
            Err(denial) => return self.ledger().denied_in(&denial, trace).await,
        };
        let opened = match self.register().open_dossier(permit.dossier().clone(), key.clone()).await {
            Ok(opened) => opened,
            Err(error) => return self.register_failed(OPEN, identity, &code, &error, trace).await,
        };
        if let Some(sealed) = replayed(&opened.dossier, &opened.request) {
            return Ok(sealed);
        }
        let draft = opened_draft(&permit, &opened.dossier, trace);
        let receipt = self.ledger().write(draft).await.map_err(NotReleased::Unrecorded)?;
        // Only now is it there for anybody: no question can rest on a dossier
        // whose opening the log does not show.
        let dossier = match self.register().opened(&opened.dossier).await {
            Ok(dossier) => dossier,
            Err(error) => return self.register_failed(OPEN, identity, &code, &error, trace).await,
        };
        self.conclude(receipt, &key, dossier).await
    }

    /// Closes a dossier for good. `reason` is a stable code. A closing that a
    /// failure left without its entry is gone on with, by whichever request
    /// comes: the time and reason of the first stand.
    ///
    /// # Errors
    /// As [`Pipeline::ask`]; `DOSSIER_CLOSED`, `REQUEST_ID_REUSED`.
    pub async fn close_dossier(
        &self,
        identity: &Identity,
        code: &DossierCode,
        reason: &str,
        key: RequestKey,
        trace: &str,
    ) -> Result<Sealed<Arc<Dossier>>, NotReleased<Refusal>> {
        let permit = match self.access().may_close(identity, code).await {
            Ok(permit) => permit,
            Err(denial) => return self.ledger().denied_in(&denial, trace).await,
        };
        // Held to the end: no other request closes it meanwhile.
        let begun = match self.register().close_dossier(code, reason, key.clone()).await {
            Ok(begun) => begun,
            Err(error) => return self.register_failed(CLOSE, identity, code, &error, trace).await,
        };
        if let Some(sealed) = replayed(&begun.dossier, &begun.request) {
            return Ok(sealed);
        }
        let written = if begun.taken_up { self.closing_of(code, RETRY_WAITS).await } else { None };
        let receipt = if let Some(receipt) = written {
            receipt
        } else {
            let mut draft = dossier_draft(Kind::DossierClosed, &permit, trace);
            draft.reason = close_reason(&begun.dossier);
            self.ledger().write(draft).await.map_err(NotReleased::Unrecorded)?
        };
        let dossier = match self.register().closed(code).await {
            Ok(dossier) => dossier,
            Err(error) => return self.register_failed(CLOSE, identity, code, &error, trace).await,
        };
        self.conclude(receipt, &key, dossier).await
    }

    /// Finishes the closings that a stop left without their entry: the gateway
    /// itself writes it, with the reason stored. To be called before serving;
    /// returns how many there were. A dossier that cannot be read now is told
    /// in the technical log and stays closing. Openings are left: the request
    /// that began one goes on with it, and later another may take its place.
    ///
    /// # Errors
    /// The log cannot be written, or the register cannot be read.
    pub async fn finish_closings(&self) -> Result<usize, Reason> {
        let codes = self.register().unfinished().await.map_err(|error| error.reason())?;
        let mut finished = 0;
        for code in codes {
            match self.register().get(&code).await {
                Ok(Some(dossier)) if dossier.is_closing() => {
                    self.finish_closing(&dossier).await?;
                    finished += 1;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%code, error = &error as &dyn std::error::Error, "a closing was not finished");
                }
            }
        }
        Ok(finished)
    }

    async fn finish_closing(&self, dossier: &Dossier) -> Result<(), Reason> {
        if self.closing_of(&dossier.code, START_WAITS).await.is_none() {
            let mut draft = about(Kind::DossierClosed, dossier);
            draft.actor = Some(DraftActor::System);
            draft.reason = close_reason(dossier);
            let written = self.ledger().write(draft).await;
            written.map_err(|_| Reason::AuditUnavailable)?;
        }
        self.register().closed(&dossier.code).await.map(drop).map_err(|error| error.reason())
    }

    /// The entry that an earlier call wrote of this closing, and then did not
    /// come to say so in the register. Where the index of the log does not cover
    /// all of it within `patience`, nobody knows: better a second entry than none.
    async fn closing_of(&self, code: &DossierCode, patience: Duration) -> Option<Receipt> {
        let log = self.ledger().log();
        let durable = log.health().durable;
        // The search itself says how far it looked.
        let _ = tokio::time::timeout(patience, log.index_caught_up(durable)).await;
        let query = SearchQuery {
            dossier: Some(code.as_str().to_owned()),
            kinds: vec![Kind::DossierClosed],
            order: Order::OldestFirst,
            page_size: 1,
            ..SearchQuery::default()
        };
        let page = match log.search(query).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%code, error = &error as &dyn std::error::Error, "the log was not searched for a closing");
                return None;
            }
        };
        if page.entries.is_empty() && page.indexed_through < durable {
            tracing::warn!(%code, "the index of the log lags: a closing may be entered twice");
        }
        let Found { index, leaf_hash, entry, .. } = page.entries.into_iter().next()?;
        let time = entry.time.timestamp();
        Some(Receipt { origin: log.origin(), index, leaf_hash, time })
    }

    /// The state of a dossier.
    ///
    /// # Errors
    /// As [`Pipeline::ask`].
    pub async fn view_dossier(
        &self,
        identity: &Identity,
        code: &DossierCode,
        trace: &str,
    ) -> Result<Sealed<Arc<Dossier>>, NotReleased<Refusal>> {
        let permit = match self.access().may_view(identity, code).await {
            Ok(permit) => permit,
            Err(denial) => return self.ledger().denied_in(&denial, trace).await,
        };
        let mut draft = dossier_draft(Kind::AccessOutcome, &permit, trace);
        draft.operation = Some(Text::Borrowed("get_dossier"));
        draft.outcome = Some(EntryOutcome::Found);
        let receipt = self.ledger().write(draft).await.map_err(NotReleased::Unrecorded)?;
        Ok(Sealed::new(Arc::clone(permit.dossier()), receipt, None))
    }

    /// The kept answer to a request, if it was answered before.
    async fn replay(
        &self,
        code: &DossierCode,
        key: &RequestKey,
    ) -> Result<Option<Sealed<Arc<Dossier>>>, RegisterError> {
        let state = self.register().request(key).await?;
        if !matches!(state, RequestState::Answered(_)) {
            return Ok(None);
        }
        Ok(self.register().get(code).await?.and_then(|dossier| replayed(&dossier, &state)))
    }

    /// Records a denial that access gave outside the data questions; `trace` is
    /// the W3C trace id of the call.
    ///
    /// # Errors
    /// Always: the refusal with its receipt, or that it could not be recorded.
    pub async fn refuse<T>(&self, denial: &Denial, trace: &str) -> Result<T, NotReleased<Refusal>> {
        self.ledger().denied_in(denial, trace).await
    }

    /// Keeps the answer; of two calls racing with one request id both give the
    /// first one's receipt.
    async fn conclude(
        &self,
        receipt: Receipt,
        key: &RequestKey,
        dossier: Arc<Dossier>,
    ) -> Result<Sealed<Arc<Dossier>>, NotReleased<Refusal>> {
        let kept = KeptReceipt::from(&receipt);
        let bytes =
            serde_json::to_vec(&kept).map_err(|_| NotReleased::Unrecorded(Unrecorded::Unavailable))?;
        // The effect and its entry stand; if only the memory of the answer
        // fails, a repetition writes a second entry and nothing else.
        let first = self.register().remember(key, bytes).await.ok();
        let receipt = first.and_then(|bytes| KeptReceipt::read(&bytes)).unwrap_or(receipt);
        Ok(Sealed::new(dossier, receipt, None))
    }

    /// Records what the register said no to, or that it failed: the second is
    /// no denial, and the caller may ask again.
    async fn register_failed<T>(
        &self,
        operation: &'static str,
        identity: &Identity,
        code: &DossierCode,
        error: &RegisterError,
        trace: &str,
    ) -> Result<T, NotReleased<Refusal>> {
        let reason = error.reason();
        let (kind, outcome) = match reason.origin() {
            Origin::Caller => (Kind::AccessDenied, EntryOutcome::Denied),
            Origin::Gateway | Origin::Registry => (Kind::AccessOutcome, EntryOutcome::Failed),
        };
        let mut draft = Draft::new(kind).trace(trace.to_owned()).dossier(code.as_str().to_owned());
        draft.operation = Some(Text::Borrowed(operation));
        draft.caller = Some(entry_caller(identity.caller()));
        draft.actor = Some(draft_actor(identity.actor()));
        draft.outcome = Some(outcome);
        draft.reason = Some(Text::Borrowed(reason.code()));
        let receipt = self.ledger().write(draft).await.map_err(NotReleased::Unrecorded)?;
        Err(NotReleased::Refused(Sealed::new(Refusal::of(reason), receipt, None)))
    }
}

fn replayed(dossier: &Arc<Dossier>, request: &RequestState) -> Option<Sealed<Arc<Dossier>>> {
    let RequestState::Answered(bytes) = request else { return None };
    Some(Sealed::new(Arc::clone(dossier), KeptReceipt::read(bytes)?, None))
}

fn opened_draft(permit: &OpenPermit, dossier: &Dossier, trace: &str) -> Draft {
    let mut draft = base_draft(Kind::DossierOpened, permit.identity(), dossier, trace);
    draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
    draft.subjects = dossier
        .subjects
        .iter()
        .map(|subject| DraftSubject {
            identifier: Identifier::from(&subject.key),
            role: Text::Owned(subject.role.clone()),
        })
        .collect();
    draft
}

fn dossier_draft(kind: Kind, permit: &DossierPermit, trace: &str) -> Draft {
    let mut draft = base_draft(kind, permit.identity(), permit.dossier(), trace);
    draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
    draft
}

fn base_draft(kind: Kind, identity: &Identity, dossier: &Dossier, trace: &str) -> Draft {
    let mut draft = about(kind, dossier).trace(trace.to_owned());
    draft.caller = Some(entry_caller(identity.caller()));
    draft.actor = Some(draft_actor(identity.actor()));
    draft
}

fn about(kind: Kind, dossier: &Dossier) -> Draft {
    let mut draft = Draft::new(kind).dossier(dossier.code.as_str().to_owned());
    draft.evidence = Some(entry_evidence(dossier.evidence));
    draft.procedure = Some(Text::Owned(dossier.procedure.as_str().to_owned()));
    draft.case = Some(Text::Owned(dossier.case.clone()));
    draft
}

/// As the register keeps it: the first closing's.
fn close_reason(dossier: &Dossier) -> Option<Text> {
    match &dossier.state {
        DossierState::Closing { reason, .. } | DossierState::Closed { reason, .. } => {
            Some(Text::Owned(reason.clone()))
        }
        DossierState::Opening | DossierState::Open => None,
    }
}

// === impl KeptReceipt ===

impl KeptReceipt {
    fn read(bytes: &[u8]) -> Option<Receipt> {
        let kept: Self = serde_json::from_slice(bytes).ok()?;
        let KeptReceipt { origin, index, leaf_hash, time } = kept;
        Some(Receipt { origin: origin.into(), index, leaf_hash, time })
    }
}

impl From<&Receipt> for KeptReceipt {
    fn from(receipt: &Receipt) -> Self {
        Self {
            origin: receipt.origin.to_string(),
            index: receipt.index,
            leaf_hash: receipt.leaf_hash,
            time: receipt.time,
        }
    }
}

#[cfg(test)]
mod tests;
