//! Closing a dossier in two steps, so that no closing is without its entry.

use std::sync::Arc;

use motlan_domain::id::DossierCode;

use crate::dossier::{Dossier, DossierState};
use crate::error::RegisterError;
use crate::register::Register;
use crate::register::underway::AtWork;
use crate::request::{RequestKey, RequestState};

/// What closing came to. Held until [`Register::closed`]: meanwhile no other
/// request closes the same dossier.
#[derive(Debug)]
pub struct Closed {
    /// The dossier as it is now: closing, or closed already by the same request.
    pub dossier: Arc<Dossier>,
    /// As [`crate::Opened::request`].
    pub request: RequestState,
    /// It was begun by an earlier call: its entry may stand in the log already.
    pub taken_up: bool,
    _at_work: Option<AtWork>,
}

// === impl Register ===

impl Register {
    /// Begins to close a dossier for good: from now on it takes no question, but
    /// it is closed only once [`closed`](Self::closed) says that the audit log
    /// has its entry. A closing that never came so far, because the log could
    /// not be written or the gateway stopped, is taken up by the next request,
    /// whichever it is; the time and reason of the first stay. `reason` is a
    /// stable code without personal data. Closing it again under another
    /// request, or while another is at it, is `Closed`; the same request while
    /// it is still at it is `Overloaded`: a moment later it has its answer.
    pub async fn close_dossier(
        &self,
        code: &DossierCode,
        reason: &str,
        request: RequestKey,
    ) -> Result<Closed, RegisterError> {
        let (code, reason, underway) = (code.clone(), reason.to_owned(), self.closing.clone());
        self.call(move |store| {
            let state = store.request_state(&request)?;
            let mut dossier = store.find(&code, None)?.ok_or(RegisterError::Unknown)?;
            let mut at_work = None;
            let taken_up = !matches!((&state, &dossier.state), (RequestState::New, DossierState::Open));
            match (&state, &dossier.state) {
                (_, DossierState::Opening) => return Err(RegisterError::Unknown),
                (RequestState::New, DossierState::Open) => {
                    at_work = Some(underway.begin(&code).map_err(|_| RegisterError::Closed)?);
                    store.close(&code, store.now, &reason)?;
                    store.begin_request(&request)?;
                    dossier.state = DossierState::Closing { at: store.now, reason };
                }
                (RequestState::New, DossierState::Closing { .. }) => {
                    at_work = Some(underway.begin(&code).map_err(|_| RegisterError::Closed)?);
                    store.begin_request(&request)?;
                }
                (RequestState::New, DossierState::Closed { .. }) => return Err(RegisterError::Closed),
                // The id was spent on something that did not close it.
                (_, DossierState::Open) => return Err(RegisterError::RequestIdReused),
                (RequestState::Begun, DossierState::Closing { .. }) => {
                    at_work = Some(underway.begin(&code).map_err(|_| RegisterError::Overloaded)?);
                }
                (_, DossierState::Closing { .. } | DossierState::Closed { .. }) => {}
            }
            let dossier = Arc::new(dossier);
            let closed =
                Closed { dossier: Arc::clone(&dossier), request: state, taken_up, _at_work: at_work };
            Ok((closed, Some(dossier)))
        })
        .await
    }

    /// The closing stands in the audit log: the dossier is closed.
    pub async fn closed(&self, code: &DossierCode) -> Result<Arc<Dossier>, RegisterError> {
        let code = code.clone();
        self.call(move |store| {
            if !store.close_recorded(&code)? {
                return Err(RegisterError::Unknown);
            }
            let dossier = store.find(&code, None)?.map(Arc::new).ok_or(RegisterError::Unknown)?;
            Ok((Arc::clone(&dossier), Some(dossier)))
        })
        .await
    }

    /// The dossiers that a stop left between register and audit log: opening
    /// ([`Dossier::is_opening`]) or closing ([`Dossier::is_closing`]).
    pub async fn unfinished(&self) -> Result<Vec<DossierCode>, RegisterError> {
        self.call(move |store| Ok((store.unfinished()?, None))).await
    }
}
