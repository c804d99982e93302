//! In which roles a question may be decided, and who is family to whom.

use std::cmp::Reverse;

use motlan_catalogue::{Procedure, RoleId, RoleSpec};
use motlan_domain::{Dataset, Evidence, FieldSet, Question, SubjectKey, SubjectKind};
use motlan_dossier::{Dossier, DossierSubject, same_subject};

use crate::identity::Identity;

/// A role in which the question may be decided.
pub(super) struct Candidate<'a> {
    pub(super) subject: &'a DossierSubject,
    pub(super) spec: &'a RoleSpec,
    pub(super) position: u16,
    pub(super) registered: FieldSet,
}

// === impl Candidate ===

impl Candidate<'_> {
    /// Whether the role is one of family, other than the applicant's own.
    pub(super) fn is_family_role(&self) -> bool {
        is_family_role(self.spec)
    }
}

/// The roles of the subject in this dossier, those registering most first.
///
/// A direct question (`role` is `None`) reaches somebody who stands there by a
/// link alone only where the one who acts could be told values. Under a bare
/// assertion, or with nobody named, anybody might open a dossier on a person,
/// have it resolved, and find out by asking about others who is their family:
/// for such a question linked people are strangers, to verification as well.
pub(super) fn candidates<'a>(
    dossier: &'a Dossier,
    procedure: &'a Procedure,
    question: &'a Question,
    identity: &Identity,
    role: Option<&str>,
) -> Vec<Candidate<'a>> {
    let dataset = question.operation.dataset();
    let linked_too =
        role.is_some() || (dossier.evidence != Evidence::Asserted && !identity.actor.is_absent());
    let counts = |subject: &&DossierSubject| {
        role.is_none_or(|role| subject.role == role) && (linked_too || subject.is_named())
    };
    let mut candidates: Vec<Candidate<'a>> = dossier
        .roles_of(&question.subject)
        .filter(counts)
        .filter_map(|subject| {
            let position = procedure.roles.iter().position(|spec| spec.id == *subject.role.as_str())?;
            let spec = procedure.roles.get(position)?;
            let registered = registered(procedure, spec, dataset);
            Some(Candidate { subject, spec, position: u16::try_from(position).ok()?, registered })
        })
        .collect();
    candidates.sort_by_key(|candidate| Reverse(candidate.registered.len()));
    candidates
}

/// Whether people who stand in the dossier by a link alone count as its people
/// for a tie or a claim: see [`Permit::counts`](crate::Permit::counts).
pub(super) fn linked_count(dossier: &Dossier, identity: &Identity, component: bool) -> bool {
    dossier.evidence != Evidence::Asserted && (component || !identity.actor.is_absent())
}

/// Whether the person is family of the citizen `own` by more than the caller's
/// word: the citizen's own record ties them to the dossier in a family role; or
/// an acceptance receipt (or the citizen's signature) names them in one, and
/// there is no other applicant whose family they might be.
///
/// The second is needed: roles that are only ever named (a father, a mother, a
/// child to be registered) get no link, and of a role that was filled at
/// opening no link is followed; a citizen could not prefill about them at all.
/// The portal that signed the receipt answers for it.
pub(super) fn is_family(
    dossier: &Dossier,
    procedure: &Procedure,
    subject: &DossierSubject,
    own: &SubjectKey,
) -> bool {
    let shown = dossier.roles_of(&subject.key).any(|tie| {
        let role = procedure.roles.iter().find(|spec| spec.id == *tie.role.as_str());
        tie.is_linked_through(own) && role.is_some_and(is_family_role)
    });
    let vouched = subject.is_named() && dossier.evidence != Evidence::Asserted;
    let alone = || dossier.in_role(RoleId::APPLICANT).all(|applicant| same_subject(&applicant.key, own));
    shown || (vouched && alone())
}

fn is_family_role(spec: &RoleSpec) -> bool {
    spec.family_of_applicant && spec.id != RoleId::APPLICANT
}

/// What the procedure registers about a subject of that role. Through the
/// applicant it is also what it registers about things that must be tied to a
/// person of the dossier: the applicant's own certificates or insurance, asked
/// for by their personal id instead of by serial or number.
fn registered(procedure: &Procedure, spec: &RoleSpec, dataset: Dataset) -> FieldSet {
    let own = procedure.registered(&spec.id, dataset);
    if spec.id != RoleId::APPLICANT {
        return own;
    }
    let theirs = procedure.roles.iter().filter(|role| role.link_required && role.kind != SubjectKind::Person);
    theirs.fold(own, |fields, role| fields.union(procedure.registered(&role.id, dataset)))
}
