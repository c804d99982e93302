//! The entry of a denial.

use motlan_access::Denial;
use motlan_audit::Draft;
use motlan_audit_tree::entry::{Effect, Fields, Purpose as EntryPurpose};
use motlan_audit_tree::{Kind, Outcome as EntryOutcome, Text};

use super::parts::{
    draft_actor, entry_caller, entry_decision, entry_evidence, entry_purpose, names, unknown_caller,
};
use super::subject;

/// The entry of a denial: what is known of who asked what. A call that did not
/// get as far as a caller is a refused credential; one that could not be
/// decided on for a fault of the gateway's own is no denial.
pub(super) fn denial_draft(denial: &Denial, trace: &str) -> Draft {
    let (kind, outcome) = match denial.actor() {
        Some(_) if denial.is_failure() => (Kind::AccessOutcome, EntryOutcome::Failed),
        None if denial.is_failure() => (Kind::CredentialRefused, EntryOutcome::Failed),
        None => (Kind::CredentialRefused, EntryOutcome::Denied),
        Some(_) => (Kind::AccessDenied, EntryOutcome::Denied),
    };
    let mut draft = Draft::new(kind);
    draft.trace = (!trace.is_empty()).then(|| Text::new(trace));
    draft.operation = denial.operation().map(Text::new_static);
    draft.caller = denial.caller().map(entry_caller).or_else(|| unknown_caller(denial));
    draft.actor = denial.actor().map(draft_actor);
    draft.outcome = Some(outcome);
    draft.reason = Some(Text::new_static(denial.reason().code()));
    let decided = denial.basis().filter(|_| !denial.is_failure());
    draft.decision = decided.map(|basis| entry_decision(basis, Effect::Deny));
    // As the caller gave it: which foreign dossier was tried is to be seen.
    let asked = denial.asked_dossier().map(|code| Text::new(code.as_str()));
    draft.purpose = asked.map(EntryPurpose::Dossier);
    if let Some(question) = denial.question() {
        let dataset = question.operation.dataset();
        draft.dataset = Some(Text::new_static(dataset.as_str()));
        draft.fields = Some(Fields { asked: names(question.fields, dataset), disclosed: Vec::new() });
        draft.purpose = Some(entry_purpose(&question.purpose));
        draft.subjects = vec![subject(&question.subject, denial.role().unwrap_or("subject"))];
    }
    if let Some(dossier) = denial.dossier() {
        draft.purpose = Some(EntryPurpose::Dossier(Text::new(dossier.code.as_str())));
        draft.evidence = Some(entry_evidence(dossier.evidence));
        draft.procedure = Some(Text::new(dossier.procedure.as_str()));
        draft.case = Some(Text::new(&dossier.case));
    }
    draft
}
