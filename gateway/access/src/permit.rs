//! The yes of this room: permits. Their fields are private and
//! only this crate makes them, so a question that nobody decided on cannot
//! reach a registry.

use std::sync::Arc;

use motlan_domain::freshness::CacheScope;
use motlan_domain::id::{AgencyCode, DossierCode, PersonalId, ProcedureCode};
use motlan_domain::{Evidence, FieldSet, Purpose, Question, Reason, SubjectKey};
use motlan_dossier::{Dossier, DossierSubject, GuessTicket, NewDossier};

use crate::identity::{Actor, Caller, Identity};

/// What a decision rests on; the audit entry names it. A clone is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    pub(crate) policies: Arc<[String]>,
    pub(crate) policy_digest: Arc<str>,
    pub(crate) catalogue_digest: Arc<str>,
}

/// The yes to one data question.
#[derive(Debug)]
pub struct Permit(pub(crate) Box<PermitData>);

#[derive(Debug)]
pub(crate) struct PermitData {
    pub(crate) identity: Identity,
    pub(crate) question: Question,
    pub(crate) dossier: Option<Arc<Dossier>>,
    pub(crate) role: Option<String>,
    pub(crate) registered: FieldSet,
    pub(crate) fields: FieldSet,
    pub(crate) withheld: Option<Reason>,
    pub(crate) link_required: bool,
    pub(crate) linked_count: bool,
    pub(crate) legal_basis: Arc<[String]>,
    pub(crate) on_behalf: OnBehalf,
    pub(crate) basis: Basis,
    pub(crate) guess: Option<GuessTicket>,
}

/// On whose behalf a registry is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnBehalf {
    /// The personal id of the acting officer, or else of the responsible
    /// officer of the dossier's agency (`MaCanBo`): from the directory.
    pub officer_id: PersonalId,
    /// The agency for which the answer is fetched (`MaDonVi`): the dossier's,
    /// or the caller's under a registered purpose.
    pub agency: AgencyCode,
    /// The dossier, if the purpose is one.
    pub dossier: Option<DossierCode>,
    /// Its procedure (`MaDVC`).
    pub procedure: Option<ProcedureCode>,
}

/// The yes to opening a dossier, and the dossier as it is to be registered.
#[derive(Debug)]
pub struct OpenPermit {
    pub(crate) identity: Identity,
    pub(crate) new: NewDossier,
    pub(crate) basis: Basis,
}

/// The yes to an operation on a dossier as a whole: viewing, resolving, closing.
#[derive(Debug, Clone)]
pub struct DossierPermit {
    pub(crate) identity: Identity,
    pub(crate) dossier: Arc<Dossier>,
    pub(crate) basis: Basis,
}

/// The yes to reading the audit log.
#[derive(Debug, Clone)]
pub struct LogPermit {
    pub(crate) identity: Identity,
    pub(crate) basis: Basis,
}

/// The yes to reading the catalogue or the server's own description.
#[derive(Debug, Clone)]
pub struct CataloguePermit {
    pub(crate) identity: Identity,
    pub(crate) basis: Basis,
}

// === impl Basis ===

impl Basis {
    /// Ids of the policies that decided, sorted.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// Digest of the policy set, lower-case hex.
    pub const fn policy_digest(&self) -> &Arc<str> {
        &self.policy_digest
    }

    /// Digest of the catalogue, lower-case hex.
    pub const fn catalogue_digest(&self) -> &Arc<str> {
        &self.catalogue_digest
    }
}

// === impl Permit ===

impl Permit {
    /// The calling system.
    pub fn caller(&self) -> &Caller {
        &self.0.identity.caller
    }

    /// The person acting.
    pub fn actor(&self) -> &Actor {
        &self.0.identity.actor
    }

    /// The permitted question.
    pub fn question(&self) -> &Question {
        &self.0.question
    }

    /// The dossier, if the purpose is one.
    pub fn dossier(&self) -> Option<&Arc<Dossier>> {
        self.0.dossier.as_ref()
    }

    /// The subject's role in the dossier under which it was permitted.
    pub fn role(&self) -> Option<&str> {
        self.0.role.as_deref()
    }

    /// The fields that may be disclosed: those asked for, or all registered
    /// ones if none was named. Where [`values`](Self::values) is false: the
    /// fields whose names may be told.
    pub fn fields(&self) -> FieldSet {
        self.0.fields
    }

    /// Every field the purpose registers here; what is not asked of them is
    /// `NOT_REQUESTED`.
    pub fn registered_fields(&self) -> FieldSet {
        self.0.registered
    }

    /// The dataset's other fields: `NOT_PERMITTED`.
    pub fn refused_fields(&self) -> FieldSet {
        self.0.question.operation.dataset().all_fields().minus(self.0.registered)
    }

    /// Whether values may be told. False for verification (yes/no), and where
    /// they are [`withheld`](Self::withheld).
    pub fn values(&self) -> bool {
        self.0.withheld.is_none() && !self.0.question.operation.verifies()
    }

    /// Why values may not be told, for a component: nobody is acting
    /// (`ACTOR_ABSENT`), the evidence is a bare assertion (`EVIDENCE_TOO_WEAK`),
    /// the acting citizen may not read this role (`CITIZEN_SCOPE`). Then there is
    /// outcome and field names only. Never so for a direct question: that is
    /// denied, with the same reason.
    pub fn withheld(&self) -> Option<Reason> {
        self.0.withheld
    }

    /// Whether nothing may be disclosed unless the answer shows a tie to
    /// someone who [`counts`](Self::counts).
    pub fn requires_link(&self) -> bool {
        self.0.link_required
    }

    /// Whether the subject stands in the dossier.
    pub fn knows(&self, key: &SubjectKey) -> bool {
        self.0.dossier.as_ref().is_some_and(|dossier| dossier.knows(key))
    }

    /// Whether somebody of the dossier counts as one of its people for a tie or
    /// for a claim: whoever was named at opening; and whoever stands there by a
    /// link alone, unless that would tell of the link.
    ///
    /// It would under a bare assertion, for a component too: whoever may open a
    /// dossier on a person and on a thing of somebody else's would learn from
    /// "tied" or "not tied" whether the two are family. That is more than the
    /// yes or no that assertion alone yields, which is about those whom the
    /// caller names. It would as well for a direct question with nobody acting.
    /// In a resolve under a receipt the portal has vouched for the dossier, and
    /// what is decided must not depend on who acts.
    pub fn counts(&self, subject: &DossierSubject) -> bool {
        subject.is_named() || self.0.linked_count
    }

    /// Whether the person stands in the dossier and counts.
    pub fn known_person(&self, id: &PersonalId) -> bool {
        let key = SubjectKey::Person(*id);
        self.0
            .dossier
            .as_ref()
            .is_some_and(|dossier| dossier.roles_of(&key).any(|subject| self.counts(subject)))
    }

    /// Whether a claim may name the person: somebody named at opening, whom the
    /// caller knows to stand there; and somebody who stands there by a link
    /// alone only for an officer in a dossier that rests on more than the
    /// caller's word. To anybody else the difference between a verdict and
    /// "not in the dossier" would tell, guess by guess and uncounted, who is
    /// whose family.
    pub fn may_claim(&self, id: &PersonalId) -> bool {
        let Some(dossier) = &self.0.dossier else { return true };
        let key = SubjectKey::Person(*id);
        let linked_too =
            dossier.evidence != Evidence::Asserted && matches!(self.0.identity.actor, Actor::Officer(_));
        dossier.roles_of(&key).any(|subject| linked_too || subject.is_named())
    }

    /// Strength of the dossier's evidence.
    pub fn evidence(&self) -> Option<Evidence> {
        self.0.dossier.as_ref().map(|dossier| dossier.evidence)
    }

    /// The legal documents the procedure or purpose rests on.
    pub fn legal_basis(&self) -> &[String] {
        &self.0.legal_basis
    }

    /// On whose behalf the registry is to be asked.
    pub fn on_behalf(&self) -> &OnBehalf {
        &self.0.on_behalf
    }

    /// What the decision rests on.
    pub fn basis(&self) -> &Basis {
        &self.0.basis
    }

    /// Ids of the policies that decided.
    pub fn policies(&self) -> &[String] {
        self.0.basis.policies()
    }

    /// The circle in which an answer to this question may serve again, as a
    /// key: `d:<dossier>`, `r:<purpose>:<agency>`, `a:<agency>`, `p`. `None`
    /// for a dataset that is never reused.
    pub fn scope_key(&self, scope: CacheScope) -> Option<String> {
        let agency = &self.0.on_behalf.agency;
        match scope {
            CacheScope::None => None,
            CacheScope::Dossier => Some(match &self.0.question.purpose {
                Purpose::Dossier(code) => format!("d:{code}"),
                Purpose::Registered(id) => format!("r:{id}:{agency}"),
            }),
            CacheScope::Agency => Some(format!("a:{agency}")),
            CacheScope::Province => Some("p".to_owned()),
        }
    }
}

// === impl OpenPermit ===

impl OpenPermit {
    /// Who opens it.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The dossier to register.
    pub const fn dossier(&self) -> &NewDossier {
        &self.new
    }

    /// What the decision rests on.
    pub const fn basis(&self) -> &Basis {
        &self.basis
    }
}

// === impl DossierPermit ===

impl DossierPermit {
    /// Who asks.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The dossier as registered.
    pub const fn dossier(&self) -> &Arc<Dossier> {
        &self.dossier
    }

    /// Why no value may be told under this dossier to whoever asks, if none may;
    /// the one of two that is told elsewhere too. Of values about somebody the
    /// permit of each question says more ([`Permit::withheld`]).
    pub fn withheld(&self) -> Option<Reason> {
        if !self.dossier.evidence.discloses_values() {
            Some(Reason::EvidenceTooWeak)
        } else if self.identity.actor.is_absent() {
            Some(Reason::ActorAbsent)
        } else {
            None
        }
    }

    /// What the decision rests on.
    pub const fn basis(&self) -> &Basis {
        &self.basis
    }
}

// === impl LogPermit ===

impl LogPermit {
    /// Who reads.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What the decision rests on.
    pub const fn basis(&self) -> &Basis {
        &self.basis
    }
}

// === impl CataloguePermit ===

impl CataloguePermit {
    /// Who reads.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What the decision rests on.
    pub const fn basis(&self) -> &Basis {
        &self.basis
    }
}
