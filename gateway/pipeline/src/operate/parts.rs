//! The entries of the operations, and their receipts as they are kept for a
//! repeated request.

use std::sync::Arc;

use motlan_access::{DossierPermit, Identity, OpenPermit};
use motlan_audit::{Draft, DraftSubject, Identifier, Receipt};
use motlan_audit_tree::entry::Effect;
use motlan_audit_tree::{Kind, Text};
use motlan_dossier::{Dossier, DossierState, RequestState};
use serde::{Deserialize, Serialize};

use crate::ledger::{draft_actor, entry_caller, entry_decision, entry_evidence};
use crate::sealed::Sealed;

/// What an operation came to, in the form that is kept for a repeated request.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptReceipt {
    origin: String,
    index: u64,
    leaf_hash: [u8; 32],
    time: jiff::Timestamp,
}

pub(super) fn replayed(dossier: &Arc<Dossier>, request: &RequestState) -> Option<Sealed<Arc<Dossier>>> {
    let RequestState::Answered(bytes) = request else { return None };
    Some(Sealed::new(Arc::clone(dossier), KeptReceipt::read(bytes)?, None))
}

pub(super) fn opened_draft(permit: &OpenPermit, dossier: &Dossier, trace: &str) -> Draft {
    let mut draft = base_draft(Kind::DossierOpened, permit.identity(), dossier, trace);
    draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
    draft.subjects = dossier
        .subjects
        .iter()
        .map(|subject| DraftSubject {
            identifier: Identifier::from(&subject.key),
            role: Text::new(&subject.role),
        })
        .collect();
    draft
}

pub(super) fn dossier_draft(kind: Kind, permit: &DossierPermit, trace: &str) -> Draft {
    let mut draft = base_draft(kind, permit.identity(), permit.dossier(), trace);
    draft.decision = Some(entry_decision(permit.basis(), Effect::Permit));
    draft
}

fn base_draft(kind: Kind, identity: &Identity, dossier: &Dossier, trace: &str) -> Draft {
    let mut draft = about(kind, dossier).trace(trace.to_owned());
    draft.caller = Some(entry_caller(identity.caller()));
    draft.actor = Some(draft_actor(identity.actor()));
    draft
}

pub(super) fn about(kind: Kind, dossier: &Dossier) -> Draft {
    let mut draft = Draft::new(kind).dossier(dossier.code.as_str().to_owned());
    draft.evidence = Some(entry_evidence(dossier.evidence));
    draft.procedure = Some(Text::new(dossier.procedure.as_str()));
    draft.case = Some(Text::new(&dossier.case));
    draft
}

/// As the register keeps it: the first closing's.
pub(super) fn close_reason(dossier: &Dossier) -> Option<Text> {
    match &dossier.state {
        DossierState::Closing { reason, .. } | DossierState::Closed { reason, .. } => Some(Text::new(reason)),
        DossierState::Opening | DossierState::Open => None,
    }
}

// === impl KeptReceipt ===

impl KeptReceipt {
    pub(super) fn read(bytes: &[u8]) -> Option<Receipt> {
        let kept: Self = serde_json::from_slice(bytes).ok()?;
        let KeptReceipt { origin, index, leaf_hash, time } = kept;
        Some(Receipt { origin: origin.into(), index, leaf_hash, time })
    }
}

impl From<&Receipt> for KeptReceipt {
    fn from(receipt: &Receipt) -> Self {
        Self {
            origin: receipt.origin.to_string(),
            index: receipt.index,
            leaf_hash: receipt.leaf_hash,
            time: receipt.time,
        }
    }
}
