//! The decisions on operations: opening, viewing, resolving and closing a
//! dossier; reading the log; reading the catalogue.

use std::fmt;
use std::sync::Arc;

use motlan_catalogue::RoleId;
use motlan_domain::id::{AgencyCode, DossierCode, ProcedureCode};
use motlan_domain::{Evidence, Reason, SubjectKey};
use motlan_dossier::{Dossier, DossierSubject, NewDossier, same_subject};

use crate::access::{Access, State};
use crate::caller::CallerEntry;
use crate::decide::citizen;
use crate::denial::Denial;
use crate::evidence;
use crate::identity::Identity;
use crate::permit::{Basis, CataloguePermit, DossierPermit, LogPermit, OpenPermit};
use crate::policy::{DossierAction, DossierFacts, Facts, Names, PlainAction};

/// The most subjects an opening may name.
const MAX_NAMED: usize = 64;

/// A dossier to be opened, as the caller states it; every value well formed.
#[derive(Clone)]
pub struct OpenRequest {
    /// Its code.
    pub code: DossierCode,
    /// Of which procedure.
    pub procedure: ProcedureCode,
    /// Of which case; `None` or empty for the procedure's default.
    pub case: Option<String>,
    /// The agency that handles it.
    pub agency: AgencyCode,
    /// Role and subject, in any order; the same twice counts once.
    pub subjects: Vec<(String, SubjectKey)>,
    /// The acceptance receipt (compact JWS), if there is one.
    pub receipt: Option<String>,
}

// === impl OpenRequest ===

/// Without subjects and receipt: both name people.
impl fmt::Debug for OpenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenRequest({}, {})", self.code, self.procedure)
    }
}

// === impl Access ===

impl Access {
    /// Decides on opening a dossier: request sound, caller entitled, evidence
    /// weighed. Whether the code is free is for the register to say.
    ///
    /// A repeated request is to be answered from the register before this is
    /// asked: its receipt may have expired since.
    pub fn may_open(&self, identity: &Identity, request: OpenRequest) -> Result<OpenPermit, Denial> {
        let code = request.code.clone();
        self.weigh_opening(identity, request)
            .map_err(|denial| denial.concerning(DossierAction::Open.operation(), Some(&code)))
    }

    fn weigh_opening(&self, identity: &Identity, request: OpenRequest) -> Result<OpenPermit, Denial> {
        let state = self.state();
        let deny = |reason| Denial::of(reason, identity).on(state.basis());
        let caller = state.current(&identity.caller).map_err(deny)?;
        let catalogue = &self.0.catalogue;
        let procedure =
            catalogue.procedure(&request.procedure).ok_or_else(|| deny(Reason::ProcedureUnknown))?;
        let default_case = procedure.default_case().id.as_str();
        let case = request.case.as_deref().filter(|case| !case.is_empty()).unwrap_or(default_case);
        procedure.case(case).ok_or_else(|| deny(Reason::CaseUnknown))?;
        let agency = catalogue.agency(&request.agency).ok_or_else(|| deny(Reason::AgencyUnknown))?;
        if request.subjects.len() > MAX_NAMED {
            return Err(deny(Reason::TooManyValues));
        }
        let mut subjects: Vec<DossierSubject> = Vec::with_capacity(request.subjects.len());
        for (role, key) in request.subjects {
            if procedure.role(&role).is_none_or(|spec| spec.kind != key.kind()) {
                return Err(deny(Reason::RoleUnknown));
            }
            if self.refuses(&key) {
                return Err(deny(Reason::ValueInvalid));
            }
            if !subjects.iter().any(|known| known.role == role && known.key == key) {
                subjects.push(DossierSubject::named(role, key));
            }
        }
        let applicants = || subjects.iter().filter(|subject| subject.role == RoleId::APPLICANT);
        if applicants().next().is_none() {
            return Err(deny(Reason::ApplicantMissing));
        }
        let acting = citizen(identity);
        let applicant =
            applicants().any(|one| acting.as_ref().is_some_and(|own| same_subject(own, &one.key)));
        let received_by = request.code.agency();
        let facts = DossierFacts {
            caller: caller.index,
            action: DossierAction::Open,
            procedure: state.procedure(&procedure.code).map_or(u32::MAX, |entry| entry.index),
            actor: identity.actor.kind(),
            handles: request.agency == caller.agency,
            opened: true,
            applicant,
            competent: procedure.handled_by(agency),
            own_code: received_by == caller.agency,
            province_code: received_by.root() == caller.agency.root(),
        };
        let basis = permitted(&state, identity, caller, Facts::Dossier(facts), procedure.code.as_str())?;
        let mut new = NewDossier {
            code: request.code,
            procedure: request.procedure,
            case: case.to_owned(),
            agency: request.agency,
            opened_by: caller.id.clone(),
            evidence: Evidence::Asserted,
            catalogue_digest: catalogue.digest().to_owned(),
            subjects,
        };
        let now = self.0.clock.now();
        new.evidence = evidence::weigh(request.receipt.as_deref(), &new, default_case, &state.signers, now)
            .map_err(|reason| Denial::of(reason, identity).on(basis.clone()))?;
        Ok(OpenPermit { identity: identity.clone(), new, basis })
    }

    /// Decides on telling the state of a dossier, open or closed.
    pub async fn may_view(&self, identity: &Identity, code: &DossierCode) -> Result<DossierPermit, Denial> {
        self.operate(identity, code, DossierAction::View).await
    }

    /// Decides on resolving an open dossier; each component is decided again
    /// by [`decide_component`](Self::decide_component).
    pub async fn may_resolve(
        &self,
        identity: &Identity,
        code: &DossierCode,
    ) -> Result<DossierPermit, Denial> {
        self.operate(identity, code, DossierAction::Resolve).await
    }

    /// Decides on closing a dossier. That it is still open is for the register
    /// to say, so that a repeated request finds its first answer.
    pub async fn may_close(&self, identity: &Identity, code: &DossierCode) -> Result<DossierPermit, Denial> {
        self.operate(identity, code, DossierAction::Close).await
    }

    /// Decides on reading the audit log: an auditor's system, and an officer
    /// who is named, and still is: reading may go on for longer than a token.
    pub fn may_read_log(&self, identity: &Identity) -> Result<LogPermit, Denial> {
        if identity.until.is_some_and(|until| until <= self.now().as_second()) {
            let denial = Denial::of(Reason::TokenExpired, identity).on(self.state().basis());
            return Err(denial.concerning(PlainAction::ReadLog.operation(), None));
        }
        let basis = self.plain(identity, PlainAction::ReadLog)?;
        Ok(LogPermit { identity: identity.clone(), basis })
    }

    /// Decides on reading the catalogue.
    pub fn may_read_catalogue(&self, identity: &Identity) -> Result<CataloguePermit, Denial> {
        let basis = self.plain(identity, PlainAction::ReadCatalogue)?;
        Ok(CataloguePermit { identity: identity.clone(), basis })
    }

    /// Decides on reading the server's own description (gRPC reflection).
    pub fn may_reflect(&self, identity: &Identity) -> Result<CataloguePermit, Denial> {
        let basis = self.plain(identity, PlainAction::Reflect)?;
        Ok(CataloguePermit { identity: identity.clone(), basis })
    }

    async fn operate(
        &self,
        identity: &Identity,
        code: &DossierCode,
        action: DossierAction,
    ) -> Result<DossierPermit, Denial> {
        let decided = self.weigh_operation(identity, code, action).await;
        decided.map_err(|denial| denial.concerning(action.operation(), Some(code)))
    }

    async fn weigh_operation(
        &self,
        identity: &Identity,
        code: &DossierCode,
        action: DossierAction,
    ) -> Result<DossierPermit, Denial> {
        let state = self.state();
        let caller =
            state.current(&identity.caller).map_err(|r| Denial::of(r, identity).on(state.basis()))?;
        let dossier = match action {
            DossierAction::Resolve => self.open_dossier_of(&state, identity, code).await?,
            DossierAction::Open | DossierAction::View | DossierAction::Close => {
                self.dossier_of(&state, identity, code).await?
            }
        };
        let facts = Facts::Dossier(facts_of(&state, identity, caller, &dossier, action));
        // All procedures that left the catalogue share one index, so one name.
        let known = state.procedure(&dossier.procedure).is_some();
        let procedure = if known { dossier.procedure.as_str() } else { "" };
        let basis = permitted(&state, identity, caller, facts, procedure)
            .map_err(|denial| denial.about(&dossier, None))?;
        Ok(DossierPermit { identity: identity.clone(), dossier, basis })
    }

    fn plain(&self, identity: &Identity, action: PlainAction) -> Result<Basis, Denial> {
        let state = self.state();
        let caller = state.current(&identity.caller).map_err(|r| Denial::of(r, identity).on(state.basis()));
        caller
            .and_then(|caller| {
                let facts = Facts::Plain { caller: caller.index, action, actor: identity.actor.kind() };
                permitted(&state, identity, caller, facts, "")
            })
            .map_err(|denial| denial.concerning(action.operation(), None))
    }
}

fn facts_of(
    state: &State,
    identity: &Identity,
    caller: &CallerEntry,
    dossier: &Arc<Dossier>,
    action: DossierAction,
) -> DossierFacts {
    let acting = citizen(identity);
    let is_acting = |key: &SubjectKey| acting.as_ref().is_some_and(|own| same_subject(own, key));
    let received_by = dossier.code.agency();
    DossierFacts {
        caller: caller.index,
        action,
        // A procedure that left the catalogue keeps its dossiers viewable.
        procedure: state.procedure(&dossier.procedure).map_or(u32::MAX, |entry| entry.index),
        actor: identity.actor.kind(),
        handles: dossier.agency == caller.agency,
        opened: dossier.opened_by == caller.id,
        applicant: dossier.in_role(RoleId::APPLICANT).any(|applicant| is_acting(&applicant.key)),
        competent: true,
        own_code: received_by == caller.agency,
        province_code: received_by.root() == caller.agency.root(),
    }
}

fn permitted(
    state: &State,
    identity: &Identity,
    caller: &CallerEntry,
    facts: Facts,
    purpose: &str,
) -> Result<Basis, Denial> {
    let names = Names { caller: &caller.id, purpose, role: "" };
    let verdict = state.policies.decide(&facts, &names);
    let basis = state.policies.basis(&verdict, state.catalogue_digest());
    match verdict.denied {
        None => Ok(basis),
        Some(reason) => Err(Denial::of(reason, identity).on(basis)),
    }
}
