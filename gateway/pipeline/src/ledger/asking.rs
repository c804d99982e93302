//! What every entry about one permitted question has in common.

use std::sync::Arc;

use motlan_access::Permit;
use motlan_audit::Draft;
use motlan_audit_tree::entry::{Effect, Fields};
use motlan_audit_tree::{Kind, Text};
use motlan_domain::SubjectKey;
use motlan_domain::dataset::{Dataset, FieldSet};

use super::parts::{draft_actor, entry_caller, entry_decision, entry_evidence, entry_purpose, names};
use super::subject;

/// What every entry about one permitted question says: taken from the permit
/// once, owned, so that a fetch in a task of its own can write its intent.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) dataset: Dataset,
    pub(crate) fields: FieldSet,
    pub(crate) subject: SubjectKey,
    pub(crate) role: Arc<str>,
    template: Arc<Draft>,
}

// === impl Asking ===

impl Asking {
    /// From the permit of the question itself.
    pub(crate) fn of(permit: &Permit) -> Self {
        let question = permit.question();
        let template = permit_draft(permit, question.operation.as_str());
        Self {
            dataset: question.operation.dataset(),
            fields: permit.fields(),
            subject: question.subject.clone(),
            role: permit.role().unwrap_or("subject").into(),
            template: Arc::new(template),
        }
    }

    /// For a lookup the gateway makes to find the tie between an answer and the
    /// people of the dossier; nothing of it is disclosed. It rests on the
    /// catalogue, which demands the tie for the subject's role, and on no policy.
    pub(crate) fn tie(permit: &Permit, dataset: Dataset, subject: SubjectKey, fields: FieldSet) -> Self {
        let mut template = permit_draft(permit, "find_tie");
        if let Some(decision) = &mut template.decision {
            decision.policies = vec![Text::new_static("catalogue.link_required")];
        }
        Self { dataset, fields, subject, role: "tie".into(), template: Arc::new(template) }
    }

    /// For a lookup the gateway makes to learn whose guess it was; nothing of it
    /// is disclosed. It rests on what permitted the question.
    pub(crate) fn guess(permit: &Permit, dataset: Dataset, fields: FieldSet) -> Self {
        let template = permit_draft(permit, "count_guess");
        let subject = permit.question().subject.clone();
        let role = permit.role().unwrap_or("subject").into();
        Self { dataset, fields, subject, role, template: Arc::new(template) }
    }

    pub(super) fn draft(&self, kind: Kind) -> Draft {
        let mut draft = Draft::clone(&self.template);
        draft.kind = kind;
        draft.dataset = Some(Text::new_static(self.dataset.as_str()));
        draft
    }

    /// An entry about the question that discloses nothing.
    pub(crate) fn undisclosed(&self, kind: Kind) -> Draft {
        let mut draft = self.draft(kind);
        draft.fields = Some(Fields { asked: names(self.fields, self.dataset), disclosed: Vec::new() });
        draft.subjects = vec![subject(&self.subject, &self.role)];
        draft
    }
}

fn permit_draft(permit: &Permit, operation: &'static str) -> Draft {
    let mut draft = Draft::new(Kind::AccessOutcome);
    draft.trace = Some(Text::new(permit.question().trace.id()));
    draft.operation = Some(Text::new_static(operation));
    draft.caller = Some(entry_caller(permit.caller()));
    draft.actor = Some(draft_actor(permit.actor()));
    draft.purpose = Some(entry_purpose(&permit.question().purpose));
    if let Some(dossier) = permit.dossier() {
        draft.evidence = Some(entry_evidence(dossier.evidence));
        draft.procedure = Some(Text::new(dossier.procedure.as_str()));
        draft.case = Some(Text::new(&dossier.case));
    }
    draft.legal_basis = permit.legal_basis().iter().map(Text::new).collect();
    draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
    draft
}
