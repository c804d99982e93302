//! Callers, actors, purposes and outcomes as entries name them; commitments.

use motlan_access::{Actor, Basis, Caller, Denial};
use motlan_audit::{DraftActor, Identifier};
use motlan_audit_tree::entry::{
    Caller as EntryCaller, Decision, Effect, Evidence as EntryEvidence, Purpose as EntryPurpose,
};
use motlan_audit_tree::{CommitmentKey, Mac, Outcome as EntryOutcome, Text};
use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::{Evidence, Outcome, Purpose, SubjectKey};

use crate::sealed::Unrecorded;

/// A commitment to an answer under a fresh key.
pub(crate) fn commit(canonical: &[u8]) -> Result<(Mac, CommitmentKey), Unrecorded> {
    let key = CommitmentKey::generate().map_err(|_| Unrecorded::Unavailable)?;
    Ok((Mac::over(&key, canonical), key))
}

/// The calling system, for an entry.
pub fn entry_caller(caller: &Caller) -> EntryCaller {
    EntryCaller {
        agency: Some(Text::Owned(caller.agency().as_str().to_owned())),
        certificate: None,
        system: Some(Text::Owned(caller.id().to_owned())),
    }
}

/// Whoever showed a certificate that names no configured system.
pub(crate) fn unknown_caller(denial: &Denial) -> Option<EntryCaller> {
    let thumbprint = denial.certificate()?.to_owned();
    Some(EntryCaller { agency: None, certificate: Some(Text::Owned(thumbprint)), system: None })
}

/// What a decision rests on, for an entry.
pub fn entry_decision(basis: &Basis, effect: Effect) -> Decision {
    Decision {
        catalogue_digest: Some(Text::Owned(basis.catalogue_digest().to_owned())),
        effect,
        policies: basis.policies().iter().map(|id| Text::Owned(id.clone())).collect(),
        policy_digest: Some(Text::Owned(basis.policy_digest().to_owned())),
    }
}

/// Who acted, for an entry.
pub fn draft_actor(actor: &Actor) -> DraftActor {
    match actor {
        Actor::Officer(officer) => DraftActor::Officer {
            account: Text::Owned(officer.account().as_str().to_owned()),
            agency: Some(Text::Owned(officer.agency().as_str().to_owned())),
        },
        Actor::Citizen(id) => DraftActor::Citizen(Identifier::from(&SubjectKey::Person(*id))),
        Actor::Absent => DraftActor::Absent,
    }
}

/// Why it was asked, for an entry.
pub fn entry_purpose(purpose: &Purpose) -> EntryPurpose {
    match purpose {
        Purpose::Dossier(code) => EntryPurpose::Dossier(Text::Owned(code.as_str().to_owned())),
        Purpose::Registered(id) => EntryPurpose::Registered(Text::Owned(id.as_str().to_owned())),
    }
}

/// The strength of evidence, for an entry.
pub const fn entry_evidence(evidence: Evidence) -> EntryEvidence {
    match evidence {
        Evidence::CitizenSigned => EntryEvidence::CitizenSigned,
        Evidence::AcceptanceReceipt => EntryEvidence::AcceptanceReceipt,
        Evidence::Asserted => EntryEvidence::Asserted,
    }
}

pub(crate) const fn entry_outcome(outcome: Outcome) -> EntryOutcome {
    match outcome {
        Outcome::Found => EntryOutcome::Found,
        Outcome::Match => EntryOutcome::Match,
        Outcome::Mismatch => EntryOutcome::Mismatch,
        Outcome::NotFound => EntryOutcome::NotFound,
        Outcome::Incomplete => EntryOutcome::Incomplete,
        Outcome::SourceUnavailable => EntryOutcome::SourceUnavailable,
        Outcome::Denied => EntryOutcome::Denied,
    }
}

pub(crate) fn names(fields: FieldSet, dataset: Dataset) -> Vec<Text> {
    fields.iter(dataset).map(|field| Text::Borrowed(field.name())).collect()
}
