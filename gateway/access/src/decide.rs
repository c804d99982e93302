//! The decision on a data question.

mod subject;

use std::sync::Arc;

use motlan_catalogue::RoleId;
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{AgencyCode, DossierCode, PersonalId, PurposeId};
use motlan_domain::{FieldSet, Purpose, Question, Reason, SubjectKey};
use motlan_dossier::{Dossier, same_subject};

use crate::access::{Access, GUESS_LIMIT, State, viewer};
use crate::denial::Denial;
use crate::identity::{Actor, Identity};
use crate::permit::{Basis, OnBehalf, Permit, PermitData};
use crate::policy::{DataFacts, Facts, Names, PurposeRef, Verdict};
use subject::{Candidate, candidates, is_family, linked_count};

/// In the facts of a subject that is not looked at yet: no role's position.
const ANY_ROLE: u16 = u16::MAX;

/// What is decided, before it becomes a permit.
struct Granted {
    dossier: Option<Arc<Dossier>>,
    role: Option<String>,
    registered: FieldSet,
    requested: FieldSet,
    withheld: Option<Reason>,
    link_required: bool,
    linked_count: bool,
    legal_basis: Arc<[String]>,
    on_behalf: OnBehalf,
    basis: Basis,
}

// === impl Access ===

impl Access {
    /// Decides a question of a DATA method.
    ///
    /// For a verification one attempt is counted, durably, before this returns;
    /// [`settle`](Self::settle) says how it ended.
    pub async fn decide(&self, identity: &Identity, question: Question) -> Result<Permit, Denial> {
        self.judge(identity, question, None).await
    }

    /// Decides a question that a component of a resolve raises about its
    /// subject in `role`. As [`decide`](Self::decide), but where only values
    /// are in question (nobody is named, the evidence is an assertion, the
    /// citizen may not read this role) it permits without them:
    /// [`Permit::withheld`] says why.
    pub async fn decide_component(
        &self,
        identity: &Identity,
        question: Question,
        role: &str,
    ) -> Result<Permit, Denial> {
        self.judge(identity, question, Some(role)).await
    }

    async fn judge(
        &self,
        identity: &Identity,
        question: Question,
        role: Option<&str>,
    ) -> Result<Permit, Denial> {
        let state = self.state();
        let refused = match state.current(&identity.caller) {
            Err(reason) => Some(reason),
            Ok(_) if self.refuses(&question.subject) => Some(Reason::ValueInvalid),
            Ok(_) => None,
        };
        if let Some(reason) = refused {
            return Err(Denial::of(reason, identity).on(state.basis()).asking(question));
        }
        let granted = match &question.purpose {
            Purpose::Dossier(code) => self.for_dossier(&state, identity, &question, code, role).await,
            Purpose::Registered(id) => self.for_purpose(&state, identity, &question, id),
        };
        let granted = match granted {
            Ok(granted) => granted,
            Err(denial) => return Err(denial.asking(question)),
        };
        let guess = if question.operation.verifies() {
            let register = &self.0.register;
            let digest = register.subject_digest(&question.subject);
            let day = vietnam_day(self.0.clock.now());
            match register.reserve_guess(identity.caller.agency(), digest, day, GUESS_LIMIT).await {
                Ok(ticket) => Some(ticket),
                Err(error) => {
                    let mut denial = Denial::of(error.reason(), identity).on(granted.basis).asking(question);
                    if let Some(dossier) = &granted.dossier {
                        denial = denial.about(dossier, granted.role.as_deref());
                    }
                    return Err(denial);
                }
            }
        } else {
            None
        };
        Ok(Permit(Box::new(PermitData {
            identity: identity.clone(),
            question,
            dossier: granted.dossier,
            role: granted.role,
            registered: granted.registered,
            // The policies refuse what is not registered; were they wrong, it
            // would still not leave.
            fields: granted.requested.intersection(granted.registered),
            withheld: granted.withheld,
            link_required: granted.link_required,
            linked_count: granted.linked_count,
            legal_basis: granted.legal_basis,
            on_behalf: granted.on_behalf,
            basis: granted.basis,
            guess,
        })))
    }

    async fn for_dossier(
        &self,
        state: &State,
        identity: &Identity,
        question: &Question,
        code: &DossierCode,
        role: Option<&str>,
    ) -> Result<Granted, Denial> {
        let deny = |reason| Denial::of(reason, identity).on(state.basis());
        let dossier = self.open_dossier_of(state, identity, code).await?;
        let (Some(procedure), Some(entry)) =
            (self.0.catalogue.procedure(&dossier.procedure), state.procedure(&dossier.procedure))
        else {
            return Err(deny(Reason::ProcedureUnknown).about(&dossier, None));
        };
        let caller = state.current(&identity.caller).map_err(deny)?;
        let citizen = citizen(identity);
        let is_citizen = |key: &SubjectKey| citizen.as_ref().is_some_and(|own| same_subject(own, key));
        let all = question.operation.dataset().all_fields();
        // The facts of the subject whom most is permitted about.
        let anybody = DataFacts {
            caller: caller.index,
            operation: question.operation,
            purpose: PurposeRef::Procedure(entry.index),
            role: ANY_ROLE,
            registered: all,
            requested: requested(question, all),
            actor: identity.actor.kind(),
            evidence: Some(dossier.evidence),
            handles: dossier.agency == caller.agency,
            opened: dossier.opened_by == caller.id,
            applicant: dossier.in_role(RoleId::APPLICANT).any(|applicant| is_citizen(&applicant.key)),
            own: true,
            family: true,
            covered: false,
            component: role.is_some(),
        };
        let ask = |facts: DataFacts, role: &str| {
            let names = Names { caller: &caller.id, purpose: dossier.procedure.as_str(), role };
            state.policies.decide(&Facts::Data(facts), &names)
        };
        let basis = |verdict: &Verdict| state.policies.basis(verdict, state.catalogue_digest());
        // First what holds whoever the subject is, so that it is told about a
        // stranger and about a subject alike.
        let whoever = ask(anybody, "");
        if let Some(reason) = whoever.denied {
            return Err(Denial::of(reason, identity).on(basis(&whoever)).about(&dossier, None));
        }
        let facts = |candidate: &Candidate<'_>, component: bool| DataFacts {
            role: candidate.position,
            registered: candidate.registered,
            requested: requested(question, candidate.registered),
            own: is_citizen(&candidate.subject.key),
            family: candidate.is_family_role()
                && citizen.as_ref().is_some_and(|own| is_family(&dossier, procedure, candidate.subject, own)),
            component,
            ..anybody
        };
        let candidates = candidates(&dossier, procedure, question, identity, role);
        let mut refusal: Option<(Arc<Verdict>, &str)> = None;
        for candidate in &candidates {
            let name = candidate.spec.id.as_str();
            let plain = ask(facts(candidate, false), name);
            let (verdict, withheld) = match plain.denied {
                Some(reason) if role.is_some() => (ask(facts(candidate, true), name), Some(reason)),
                _ => (plain, None),
            };
            if verdict.denied.is_some() {
                // That somebody stands in the dossier by a link alone is for
                // those to know who may read them: nobody learns it from a no.
                if role.is_some() || candidate.subject.is_named() {
                    refusal.get_or_insert((verdict, name));
                }
                continue;
            }
            let officer = officer_for(state, identity, &dossier.agency);
            return Ok(Granted {
                role: Some(candidate.subject.role.clone()),
                registered: candidate.registered,
                requested: requested(question, candidate.registered),
                withheld,
                link_required: candidate.spec.link_required,
                linked_count: linked_count(&dossier, identity, role.is_some()),
                legal_basis: Arc::clone(&entry.legal_basis),
                on_behalf: OnBehalf {
                    officer_id: officer.map_err(|reason| deny(reason).about(&dossier, None))?,
                    agency: dossier.agency.clone(),
                    dossier: Some(dossier.code.clone()),
                    procedure: Some(dossier.procedure.clone()),
                },
                basis: basis(&verdict),
                dossier: Some(Arc::clone(&dossier)),
            });
        }
        let Some((verdict, name)) = refusal else {
            return Err(deny(Reason::SubjectNotInDossier).about(&dossier, None));
        };
        let reason = verdict.denied.unwrap_or(Reason::PolicyDenied);
        Err(Denial::of(reason, identity).on(basis(&verdict)).about(&dossier, Some(name)))
    }

    fn for_purpose(
        &self,
        state: &State,
        identity: &Identity,
        question: &Question,
        id: &PurposeId,
    ) -> Result<Granted, Denial> {
        let deny = |reason| Denial::of(reason, identity).on(state.basis());
        let caller = state.current(&identity.caller).map_err(deny)?;
        let purpose = self.0.purposes.purpose(id).filter(|purpose| purpose.agencies.contains(&caller.agency));
        let (Some(purpose), Some(entry)) = (purpose, state.purpose(id)) else {
            return Err(deny(Reason::PurposeUnknown));
        };
        if !purpose.valid_on(vietnam_day(self.0.clock.now())) {
            return Err(deny(Reason::PurposeExpired));
        }
        let registered = purpose.fields(question.operation.dataset());
        let facts = DataFacts {
            caller: caller.index,
            operation: question.operation,
            purpose: PurposeRef::Registered(entry.index),
            role: 0,
            registered,
            requested: requested(question, registered),
            actor: identity.actor.kind(),
            evidence: None,
            handles: false,
            opened: false,
            applicant: false,
            own: false,
            family: false,
            covered: purpose.operations.contains(&question.operation),
            component: false,
        };
        let names = Names { caller: &caller.id, purpose: id.as_str(), role: "" };
        let verdict = state.policies.decide(&Facts::Data(facts), &names);
        let basis = state.policies.basis(&verdict, state.catalogue_digest());
        if let Some(reason) = verdict.denied {
            return Err(Denial::of(reason, identity).on(basis));
        }
        Ok(Granted {
            dossier: None,
            role: None,
            registered,
            requested: facts.requested,
            withheld: None,
            link_required: false,
            linked_count: false,
            legal_basis: Arc::clone(&entry.legal_basis),
            on_behalf: OnBehalf {
                officer_id: officer_for(state, identity, &caller.agency).map_err(deny)?,
                agency: caller.agency.clone(),
                dossier: None,
                procedure: None,
            },
            basis,
        })
    }

    /// The open dossier of that code, if the caller may know of it.
    pub(crate) async fn open_dossier_of(
        &self,
        state: &State,
        identity: &Identity,
        code: &DossierCode,
    ) -> Result<Arc<Dossier>, Denial> {
        let dossier = self.dossier_of(state, identity, code).await?;
        if dossier.is_open() {
            Ok(dossier)
        } else {
            Err(Denial::of(Reason::DossierClosed, identity).on(state.basis()).about(&dossier, None))
        }
    }

    /// The dossier of that code, if the caller may know of it. A foreign one is
    /// told and looked up as one that does not exist.
    pub(crate) async fn dossier_of(
        &self,
        state: &State,
        identity: &Identity,
        code: &DossierCode,
    ) -> Result<Arc<Dossier>, Denial> {
        let deny = |reason| Denial::of(reason, identity).on(state.basis());
        match self.0.register.find(code, &viewer(&identity.caller)).await {
            Ok(Some(dossier)) => Ok(dossier),
            Ok(None) => Err(deny(Reason::DossierUnknown)),
            Err(error) => Err(deny(error.reason())),
        }
    }
}

/// The officer whose personal id a source is told: the one acting, or the one
/// responsible at the agency.
fn officer_for(state: &State, identity: &Identity, agency: &AgencyCode) -> Result<PersonalId, Reason> {
    match &identity.actor {
        Actor::Officer(officer) => Ok(*officer.personal_id()),
        Actor::Citizen(_) | Actor::Absent => {
            let officer = state.directory.responsible(agency).ok_or(Reason::OfficerUnknown)?;
            Ok(*officer.personal_id())
        }
    }
}

/// The acting citizen as a subject.
pub(crate) fn citizen(identity: &Identity) -> Option<SubjectKey> {
    match &identity.actor {
        Actor::Citizen(id) => Some(SubjectKey::Person(*id)),
        Actor::Officer(_) | Actor::Absent => None,
    }
}

/// Nothing named means everything registered.
fn requested(question: &Question, registered: FieldSet) -> FieldSet {
    if question.fields.is_empty() { registered } else { question.fields }
}
