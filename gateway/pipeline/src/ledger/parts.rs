//! Callers, actors, purposes, outcomes and sources as entries name them;
//! commitments.

use std::collections::HashSet;
use std::sync::Arc;

use motlan_access::{Actor, Basis, Caller, Denial};
use motlan_audit::{Draft, DraftActor, DraftSubject, Identifier};
use motlan_audit_tree::entry::{
    Caller as EntryCaller, Decision, Effect, EntryTime, Evidence as EntryEvidence, Purpose as EntryPurpose,
    Source, SourceFrom,
};
use motlan_audit_tree::{CommitmentKey, Mac, Outcome as EntryOutcome, Text};
use motlan_domain::dataset::{Dataset, FieldSet, Registry};
use motlan_domain::{CacheState, Evidence, Outcome, Purpose, Reason, Record, SubjectKey};

use super::{Provenance, subject};
use crate::answer::Refusal;
use crate::owed::Owed;
use crate::sealed::Unrecorded;

/// A commitment to an answer under a fresh key.
pub(crate) fn commit(canonical: &[u8]) -> Result<(Mac, CommitmentKey), Unrecorded> {
    let key = CommitmentKey::generate().map_err(|_| Unrecorded::Unavailable)?;
    Ok((Mac::over(&key, canonical), key))
}

/// The calling system, for an entry.
pub fn entry_caller(caller: &Caller) -> EntryCaller {
    EntryCaller {
        agency: Some(Text::new(caller.agency().as_str())),
        certificate: None,
        system: Some(Text::new(caller.id())),
    }
}

/// Whoever showed a certificate that names no configured system.
pub(crate) fn unknown_caller(denial: &Denial) -> Option<EntryCaller> {
    let thumbprint = denial.certificate()?.to_owned();
    Some(EntryCaller { agency: None, certificate: Some(Text::from(thumbprint)), system: None })
}

/// What a decision rests on, for an entry.
pub fn entry_decision(basis: &Basis, effect: Effect) -> Decision {
    Decision {
        catalogue_digest: Some(Text::from(Arc::clone(basis.catalogue_digest()))),
        effect,
        policies: basis.policies().iter().map(Text::new).collect(),
        policy_digest: Some(Text::from(Arc::clone(basis.policy_digest()))),
    }
}

/// Who acted, for an entry.
pub fn draft_actor(actor: &Actor) -> DraftActor {
    match actor {
        Actor::Officer(officer) => DraftActor::Officer {
            account: Text::new(officer.account().as_str()),
            agency: Some(Text::new(officer.agency().as_str())),
        },
        Actor::Citizen(id) => DraftActor::Citizen(Identifier::from(&SubjectKey::Person(*id))),
        Actor::Absent => DraftActor::Absent,
    }
}

/// Why it was asked, for an entry.
pub fn entry_purpose(purpose: &Purpose) -> EntryPurpose {
    match purpose {
        Purpose::Dossier(code) => EntryPurpose::Dossier(Text::new(code.as_str())),
        Purpose::Registered(id) => EntryPurpose::Registered(Text::new(id.as_str())),
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
    fields.iter(dataset).map(|field| Text::new_static(field.name())).collect()
}

/// Whose record it was that a question without a tie reached, each once in each
/// role: they are told that somebody asked, though nothing was disclosed.
pub(super) fn strangers(from: Option<&Provenance<'_>>, refusal: &Refusal) -> Vec<DraftSubject> {
    if refusal.reason != Reason::OwnerNotInDossier {
        return Vec::new();
    }
    let records = from.and_then(|from| from.fetched).into_iter().flat_map(|fetched| &fetched.records);
    let mut known = HashSet::new();
    let named = records.flat_map(Record::named).filter(|named| known.insert((named.id, named.link)));
    named.map(|named| subject(&SubjectKey::Person(named.id), named.link.as_str())).collect()
}

/// Says where an answer came from; returns what its outcome settles.
pub(super) fn attach_source<'a>(
    draft: &mut Draft,
    registry: Registry,
    from: Option<Provenance<'a>>,
) -> Option<&'a Arc<Owed>> {
    let from = from?;
    let source_from = match from.state {
        CacheState::Miss => SourceFrom::Registry,
        CacheState::Hit => SourceFrom::Cache,
        CacheState::Coalesced => SourceFrom::Coalesced,
        CacheState::Stale => SourceFrom::Stale,
    };
    let own = from.state == CacheState::Miss;
    draft.intent = own.then_some(from.fetched_by);
    draft.source = Some(Source {
        data_time: from.fetched.and_then(|fetched| fetched.source_data_time).map(EntryTime::new),
        fetched_by: (!own).then_some(from.fetched_by),
        from: source_from,
        registry: Text::new_static(registry.as_str()),
        retrieved_at: from.fetched.map(|fetched| EntryTime::new(fetched.retrieved_at)),
    });
    draft.upstream = from.upstream.iter().map(Text::new).collect();
    from.owed
}
