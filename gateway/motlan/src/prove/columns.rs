//! An entry's columns, read from its bytes: what a gateway puts beside them is
//! not what was proved.

use motlan_audit_tree::entry::Purpose;
use motlan_audit_tree::{Entry, Text, leaf_hash};
use motlan_proto::audit::v1 as wire;
use motlan_proto::common::v1::Outcome;

/// The entry as the contract shows it.
pub(crate) fn columns(entry: &Entry, canonical: Vec<u8>) -> wire::Entry {
    let Entry { actor, caller, purpose, fields, .. } = entry;
    let text = |text: Option<&Text>| text.map(ToString::to_string).unwrap_or_default();
    let kind = entry.kind.as_str().to_uppercase().replace('.', "_");
    let outcome =
        entry.outcome.and_then(|outcome| Outcome::from_str_name(&format!("OUTCOME_{}", outcome.as_str())));
    let (dossier_code, registered_purpose_id) = match purpose {
        Some(Purpose::Dossier(code)) => (code.to_string(), String::new()),
        Some(Purpose::Registered(id)) => (String::new(), id.to_string()),
        None => (String::new(), String::new()),
    };
    wire::Entry {
        origin: entry.origin.to_string(),
        index: entry.index,
        leaf_hash: leaf_hash(&canonical).to_vec(),
        canonical,
        time: Some(entry.time.timestamp().into()),
        kind: wire::EntryKind::from_str_name(&format!("ENTRY_KIND_{kind}")).unwrap_or_default().into(),
        caller_system: text(caller.as_ref().and_then(|caller| caller.system.as_ref())),
        caller_agency: text(caller.as_ref().and_then(|caller| caller.agency.as_ref())),
        actor_kind: actor.as_ref().map(|actor| actor.kind.as_str().to_owned()).unwrap_or_default(),
        officer_account: text(actor.as_ref().and_then(|actor| actor.account.as_ref())),
        citizen_pseudonym: text(actor.as_ref().and_then(|actor| actor.pseudonym.as_ref())),
        operation: text(entry.operation.as_ref()),
        dataset: text(entry.dataset.as_ref()),
        outcome: outcome.unwrap_or_default().into(),
        reason: text(entry.reason.as_ref()),
        dossier_code,
        registered_purpose_id,
        procedure_code: text(entry.procedure.as_ref()),
        subjects: entry
            .subjects
            .iter()
            .map(|subject| wire::EntrySubject {
                pseudonym: subject.pseudonym.to_string(),
                role: subject.role.to_string(),
                class: subject.class.as_str().to_owned(),
            })
            .collect(),
        disclosed_fields: fields
            .iter()
            .flat_map(|fields| &fields.disclosed)
            .map(ToString::to_string)
            .collect(),
        trace_id: text(entry.trace.as_ref()),
    }
}
