//! Opening a dossier in two steps, so that none is there whose opening the
//! audit log does not show, and none is shown there that never was.

use std::sync::Arc;

use crate::dossier::{Dossier, MAX_SUBJECTS, NewDossier};
use crate::error::RegisterError;
use crate::register::Register;
use crate::register::underway::{AtWork, Busy, Underway};
use crate::request::{RequestKey, RequestState};
use crate::store::Store;

/// What opening came to. Held until [`Register::opened`]: meanwhile no other
/// call opens the same dossier.
#[derive(Debug)]
pub struct Opened {
    /// The dossier as registered.
    pub dossier: Arc<Dossier>,
    /// What is known of the request: `New` if this call is its first, else the
    /// same request did so before.
    pub request: RequestState,
    /// Whose opening it is.
    pub how: Opening,
    _at_work: Option<AtWork>,
}

/// Whose opening a call has before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Its own, begun just now.
    Fresh,
    /// Its own, begun by an earlier call: its entry may stand in the log already.
    TakenUp,
    /// Another's, cut off so long ago that it may give way. Its entry may stand
    /// in the log: then it is open, and [`Register::opened`] has to say so;
    /// else [`Register::take_over`] puts the call's own in its place.
    CutOff,
}

/// How far a call came.
enum Begun {
    Opened(Opened),
    /// The same request is at work.
    Busy(Busy),
}

// === impl Register ===

impl Register {
    /// Registers a dossier as *opening*: nobody else sees it until
    /// [`opened`](Self::opened) says that the audit log has its entry. Of two
    /// racing calls with one code exactly one opens it; the other is told
    /// `Exists`, or, with the same request, waits and is told what that one
    /// did. An opening that has had no entry for five minutes was cut off by a
    /// crash: another may take its place, once it is known to have none.
    pub async fn open_dossier(&self, new: NewDossier, request: RequestKey) -> Result<Opened, RegisterError> {
        if new.subjects.len() > MAX_SUBJECTS {
            return Err(RegisterError::TooManySubjects);
        }
        loop {
            let (new, request, underway) = (new.clone(), request.clone(), self.opening.clone());
            let begun = self.call(move |store| begin(store, new, &request, &underway)).await?;
            match begun {
                Begun::Opened(opened) => return Ok(opened),
                Begun::Busy(busy) => busy.ended().await,
            }
        }
    }

    /// Puts an opening in the place of one that was cut off and has no entry in
    /// the log: nobody ever heard of that.
    pub async fn take_over(
        &self,
        cut_off: Opened,
        new: NewDossier,
        request: RequestKey,
    ) -> Result<Opened, RegisterError> {
        self.call(move |store| {
            let known = store.find(&new.code, None)?;
            if !known.is_some_and(|known| known == *cut_off.dossier) {
                return Err(RegisterError::Exists);
            }
            store.discard(&new.code)?;
            let dossier = insert(store, new, &request)?;
            let how = Opening::Fresh;
            Ok((Opened { dossier, request: RequestState::New, how, ..cut_off }, None))
        })
        .await
    }

    /// The opening stands in the audit log: from now on the dossier is there.
    pub async fn opened(&self, dossier: &Dossier) -> Result<Arc<Dossier>, RegisterError> {
        let dossier = dossier.clone();
        self.call(move |store| {
            if !store.recorded(&dossier)? {
                return Err(RegisterError::Unknown);
            }
            let dossier = store.find(&dossier.code, None)?.map(Arc::new).ok_or(RegisterError::Unknown)?;
            Ok((Arc::clone(&dossier), Some(dossier)))
        })
        .await
    }
}

fn begin(
    store: &Store<'_>,
    new: NewDossier,
    request: &RequestKey,
    underway: &Underway,
) -> Result<(Begun, Option<Arc<Dossier>>), RegisterError> {
    let state = store.request_state(request)?;
    let known = store.find(&new.code, None)?.map(Arc::new);
    let (dossier, how, at_work) = match (known, &state) {
        // Another may have taken the place of what this request began.
        (Some(dossier), RequestState::Begun | RequestState::Answered(_)) => {
            if !dossier.is_of(&new) {
                return Err(RegisterError::Exists);
            }
            let at_work = if dossier.is_opening() {
                match underway.begin(&new.code) {
                    Ok(at_work) => Some(at_work),
                    Err(busy) => return Ok((Begun::Busy(busy), None)),
                }
            } else {
                None
            };
            (dossier, Opening::TakenUp, at_work)
        }
        (Some(known), RequestState::New) if known.cut_off(store.now) => {
            // Who is at it so long has a log that hangs, and is not gone.
            let at_work = underway.begin(&new.code).map_err(|_| RegisterError::Exists)?;
            (known, Opening::CutOff, Some(at_work))
        }
        (Some(_), RequestState::New) => return Err(RegisterError::Exists),
        (None, RequestState::New) => {
            let at_work = match underway.begin(&new.code) {
                Ok(at_work) => at_work,
                // An opening whose transaction failed is about to give up.
                Err(busy) => return Ok((Begun::Busy(busy), None)),
            };
            (insert(store, new, request)?, Opening::Fresh, Some(at_work))
        }
        // The id was spent on something that opened no such dossier.
        (None, _) => return Err(RegisterError::RequestIdReused),
    };
    let kept = Some(Arc::clone(&dossier)).filter(|dossier| !dossier.is_opening());
    Ok((Begun::Opened(Opened { dossier, request: state, how, _at_work: at_work }), kept))
}

fn insert(store: &Store<'_>, new: NewDossier, request: &RequestKey) -> Result<Arc<Dossier>, RegisterError> {
    let dossier = Arc::new(new.opened(store.now));
    store.insert(&dossier)?;
    store.begin_request(request)?;
    Ok(dossier)
}
