//! The second half of opening and closing: the entry in the log, then the word
//! of it in the register. It runs in a task of its own, so that a caller that
//! hangs up between the two stops neither.

use std::sync::Arc;
use std::time::Duration;

use motlan_audit::{Draft, DraftActor, Receipt};
use motlan_audit_tree::Kind;
use motlan_domain::Reason;
use motlan_dossier::{Closed, Dossier, Opened, Opening, Register, RegisterError, RequestKey};
use tracing::Instrument as _;

use super::parts::{KeptReceipt, about, close_reason};
use super::standing::{Unknown, standing};
use crate::Pipeline;
use crate::ledger::Ledger;
use crate::sealed::{Sealed, Unrecorded};

/// How long a repeated request waits for the index of the log.
pub(super) const RETRY_WAITS: Duration = Duration::from_secs(2);

/// The same at the start, where the index may have to be rebuilt.
const START_WAITS: Duration = Duration::from_mins(1);

/// Why it was not finished: the next request, or the next start, goes on.
#[derive(Debug)]
pub(super) enum Unfinished {
    /// The register said no, or failed.
    Register(RegisterError),
    /// The log could not be written, or not be searched.
    Log(Unrecorded),
}

/// What finishing needs.
#[derive(Clone)]
struct Finisher {
    ledger: Ledger,
    register: Register,
}

// === impl Pipeline ===

impl Pipeline {
    /// Goes on with an opening, whether its caller waits or not.
    pub(super) async fn finish_opening(
        &self,
        opened: Opened,
        draft: Draft,
        key: RequestKey,
    ) -> Result<Sealed<Arc<Dossier>>, Unfinished> {
        let finisher = self.finisher();
        self.in_own_task(async move { finisher.opening(opened, draft, &key).await }).await
    }

    /// The same with a closing.
    pub(super) async fn finish_closing(
        &self,
        begun: Closed,
        draft: Draft,
        key: RequestKey,
    ) -> Result<Sealed<Arc<Dossier>>, Unfinished> {
        let finisher = self.finisher();
        self.in_own_task(async move { finisher.closing(begun, draft, &key).await }).await
    }

    /// Finishes what a stop left between log and register: a closing without
    /// its entry gets one from the gateway itself, with the reason stored; an
    /// opening whose entry stands in the log is open. To be called before
    /// serving; returns how many there were. What cannot be known or read now
    /// is told in the technical log and left as it is. So is an opening without
    /// an entry: the request that began one goes on with it, and later another
    /// may take its place.
    ///
    /// # Errors
    /// The log cannot be written, or the register cannot be read.
    pub async fn finish_begun(&self) -> Result<usize, Reason> {
        let finisher = self.finisher();
        let codes = finisher.register.unfinished().await.map_err(|error| error.reason())?;
        let mut finished = 0;
        for code in codes {
            let whole = match finisher.register.get(&code).await {
                Ok(Some(dossier)) if dossier.is_closing() => finisher.closing_at_start(&dossier).await?,
                Ok(Some(dossier)) if dossier.is_opening() => finisher.opening_at_start(&dossier).await?,
                Ok(_) => false,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(%code, error, "an opening or a closing was not finished");
                    false
                }
            };
            finished += usize::from(whole);
        }
        Ok(finished)
    }

    fn finisher(&self) -> Finisher {
        Finisher { ledger: self.ledger().clone(), register: self.register().clone() }
    }

    async fn in_own_task<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Unfinished>> + Send + 'static,
    ) -> Result<T, Unfinished> {
        let ended = self.tasks.spawn(work.in_current_span()).await;
        ended.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "an opening or a closing was cut off");
            Err(Unfinished::Log(Unrecorded::Unavailable))
        })
    }
}

// === impl Finisher ===

impl Finisher {
    async fn opening(
        &self,
        opened: Opened,
        draft: Draft,
        key: &RequestKey,
    ) -> Result<Sealed<Arc<Dossier>>, Unfinished> {
        let taken_up = opened.how == Opening::TakenUp;
        let receipt = self.entry(Kind::DossierOpened, &opened.dossier, taken_up, draft).await?;
        // Only now is it there for anybody: no question can rest on a dossier
        // whose opening the log does not show.
        let dossier = self.register.opened(&opened.dossier).await.map_err(Unfinished::Register)?;
        self.conclude(receipt, key, dossier).await
    }

    async fn closing(
        &self,
        begun: Closed,
        draft: Draft,
        key: &RequestKey,
    ) -> Result<Sealed<Arc<Dossier>>, Unfinished> {
        let receipt = self.entry(Kind::DossierClosed, &begun.dossier, begun.taken_up, draft).await?;
        let dossier = self.register.closed(&begun.dossier.code).await.map_err(Unfinished::Register)?;
        self.conclude(receipt, key, dossier).await
    }

    /// The entry: that of an earlier call if there is one, else this one's.
    async fn entry(
        &self,
        kind: Kind,
        dossier: &Dossier,
        taken_up: bool,
        draft: Draft,
    ) -> Result<Receipt, Unfinished> {
        if taken_up {
            let written = standing(self.ledger.log(), kind, dossier, RETRY_WAITS).await;
            if let Some(receipt) = written.map_err(|unknown| Unfinished::Log(unknown.into()))? {
                return Ok(receipt);
            }
        }
        self.ledger.write(draft).await.map_err(Unfinished::Log)
    }

    /// Keeps the answer; of two calls racing with one request id both give the
    /// first one's receipt.
    async fn conclude(
        &self,
        receipt: Receipt,
        key: &RequestKey,
        dossier: Arc<Dossier>,
    ) -> Result<Sealed<Arc<Dossier>>, Unfinished> {
        let kept = KeptReceipt::from(&receipt);
        let bytes = serde_json::to_vec(&kept).map_err(|_| Unfinished::Log(Unrecorded::Unavailable))?;
        // The effect and its entry stand; if only the memory of the answer
        // fails, a repetition finds the entry in the log.
        let first = self.register.remember(key, bytes).await.ok();
        let receipt = first.and_then(|bytes| KeptReceipt::read(&bytes)).unwrap_or(receipt);
        Ok(Sealed::new(dossier, receipt, None))
    }

    /// Whether it is closed now.
    async fn closing_at_start(&self, dossier: &Dossier) -> Result<bool, Reason> {
        let written = match standing(self.ledger.log(), Kind::DossierClosed, dossier, START_WAITS).await {
            Ok(written) => written.is_some(),
            // Nobody may come back for it: better a second entry than none.
            Err(Unknown::Lags) => false,
            Err(Unknown::NotSearched) => return Ok(false),
            Err(Unknown::Closed) => return Err(Reason::AuditUnavailable),
        };
        if !written {
            let mut draft = about(Kind::DossierClosed, dossier);
            draft.actor = Some(DraftActor::System);
            draft.reason = close_reason(dossier);
            self.ledger.write(draft).await.map_err(|_| Reason::AuditUnavailable)?;
        }
        self.register.closed(&dossier.code).await.map_err(|error| error.reason())?;
        Ok(true)
    }

    /// Whether it is open now.
    async fn opening_at_start(&self, dossier: &Dossier) -> Result<bool, Reason> {
        let written = standing(self.ledger.log(), Kind::DossierOpened, dossier, START_WAITS).await;
        if !matches!(written, Ok(Some(_))) {
            return Ok(false);
        }
        self.register.opened(dossier).await.map_err(|error| error.reason())?;
        Ok(true)
    }
}
