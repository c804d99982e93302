//! The OPERATE methods: opening, viewing and closing a dossier. Each leaves an
//! entry of its own kind before its caller hears of it; a repeated request id
//! gets the first answer again.

mod finish;
mod parts;
mod standing;

use std::sync::Arc;

use motlan_access::{Denial, Identity, OpenRequest};
use motlan_audit::Draft;
use motlan_audit_tree::{Kind, Outcome as EntryOutcome, Text};
use motlan_domain::id::DossierCode;
use motlan_domain::reason::Origin;
use motlan_dossier::{Dossier, NewDossier, Opened, Opening, RegisterError, RequestKey, RequestState};

use crate::Pipeline;
use crate::answer::Refusal;
use crate::ledger::{draft_actor, entry_caller};
use crate::sealed::{NotReleased, Sealed};
use finish::{RETRY_WAITS, Unfinished};
use parts::{close_reason, dossier_draft, opened_draft, replayed};
use standing::standing;

/// As entries name the operations.
const OPEN: &str = "open_dossier";
const CLOSE: &str = "close_dossier";

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
        let opened = match self.begin_opening(permit.dossier(), &key).await {
            Ok(opened) => opened,
            Err(unfinished) => return self.unfinished(OPEN, identity, &code, unfinished, trace).await,
        };
        if let Some(sealed) = replayed(&opened.dossier, &opened.request) {
            return Ok(sealed);
        }
        let draft = opened_draft(&permit, &opened.dossier, trace);
        match self.finish_opening(opened, draft, key).await {
            Ok(sealed) => Ok(sealed),
            Err(unfinished) => self.unfinished(OPEN, identity, &code, unfinished, trace).await,
        }
    }

    /// Registers the opening. One that was cut off under this code gives way
    /// only if the log has no entry of it: else it is open, and stays.
    async fn begin_opening(&self, new: &NewDossier, key: &RequestKey) -> Result<Opened, Unfinished> {
        let opened = self.register().open_dossier(new.clone(), key.clone()).await;
        let opened = opened.map_err(Unfinished::Register)?;
        if opened.how != Opening::CutOff {
            return Ok(opened);
        }
        let log = self.ledger().log();
        let written = standing(log, Kind::DossierOpened, &opened.dossier, RETRY_WAITS).await;
        let known = if written.map_err(|unknown| Unfinished::Log(unknown.into()))?.is_some() {
            self.register().opened(&opened.dossier).await.and(Err(RegisterError::Exists))
        } else {
            self.register().take_over(opened, new.clone(), key.clone()).await
        };
        known.map_err(Unfinished::Register)
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
        let mut draft = dossier_draft(Kind::DossierClosed, &permit, trace);
        draft.reason = close_reason(&begun.dossier);
        match self.finish_closing(begun, draft, key).await {
            Ok(sealed) => Ok(sealed),
            Err(unfinished) => self.unfinished(CLOSE, identity, code, unfinished, trace).await,
        }
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
        draft.operation = Some(Text::new_static("get_dossier"));
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

    async fn unfinished<T>(
        &self,
        operation: &'static str,
        identity: &Identity,
        code: &DossierCode,
        unfinished: Unfinished,
        trace: &str,
    ) -> Result<T, NotReleased<Refusal>> {
        match unfinished {
            Unfinished::Register(error) => {
                self.register_failed(operation, identity, code, &error, trace).await
            }
            Unfinished::Log(unrecorded) => Err(NotReleased::Unrecorded(unrecorded)),
        }
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
        draft.operation = Some(Text::new_static(operation));
        draft.caller = Some(entry_caller(identity.caller()));
        draft.actor = Some(draft_actor(identity.actor()));
        draft.outcome = Some(outcome);
        draft.reason = Some(Text::new_static(reason.code()));
        let receipt = self.ledger().write(draft).await.map_err(NotReleased::Unrecorded)?;
        Err(NotReleased::Refused(Sealed::new(Refusal::of(reason), receipt, None)))
    }
}

#[cfg(test)]
pub(crate) mod tests;
