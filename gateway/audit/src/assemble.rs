//! From draft to entry: clear identifiers become pseudonyms and sealed forms.

use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use motlan_audit_tree::entry::{
    Actor, ActorKind, Commitment, CommitmentSeal, Created, Erased, Subject, SubjectClass,
};
use motlan_audit_tree::{
    CommitmentKey, Entry, EntryError, EntryTime, Kind, MAX_ENTRY_BYTES, Mac, Template, Text,
};

use crate::draft::{Draft, DraftActor};
use crate::error::{AuditError, Cause};
use crate::identifier::Identifier;
use crate::interrupted;
use crate::seal::{Sealer, joint_sealer, seal_commitment, seal_text};
use crate::subjects::Known;

/// Turns drafts into entries of one log.
pub(crate) struct Assembler {
    pub(crate) origin: Arc<str>,
    pub(crate) record: Sealer,
}

// === impl Draft ===

impl Draft {
    /// Every identifier in the draft: the citizen first if one acts, then the
    /// subjects in order. [`Assembler::assemble`] wants their subjects so.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = &Identifier> {
        let citizen = match &self.actor {
            Some(DraftActor::Citizen(identifier)) => Some(identifier),
            _ => None,
        };
        citizen.into_iter().chain(self.subjects.iter().map(|subject| &subject.identifier))
    }
}

// === impl Assembler ===

impl Assembler {
    /// The draft as an entry without index and time. `known` are the subjects
    /// of [`Draft::identifiers`].
    pub(crate) fn assemble(&self, draft: Draft, known: &[Arc<Known>]) -> Result<Template, AuditError> {
        let entry =
            self.entry(draft, known).map_err(|Unspecified| AuditError::unavailable(Cause::RandomFailed))?;
        Template::of(&entry).map_err(AuditError::Rejected)
    }

    /// Whether the draft fits an entry, whoever its subjects turn out to be:
    /// their pseudonyms and sealed forms are of one length.
    pub(crate) fn fits(&self, draft: &Draft) -> Result<(), AuditError> {
        let failed = |_| AuditError::unavailable(Cause::RandomFailed);
        let natural = Arc::new(Known::stand_in(SubjectClass::Natural).map_err(failed)?);
        let record = Arc::new(Known::stand_in(SubjectClass::Record).map_err(failed)?);
        let stand_in = |identifier: &Identifier| match identifier.kind().class() {
            SubjectClass::Natural => Arc::clone(&natural),
            SubjectClass::Record => Arc::clone(&record),
        };
        let known: Vec<_> = draft.identifiers().map(stand_in).collect();
        let template = self.assemble(draft.clone(), &known)?;
        if template.max_len() > MAX_ENTRY_BYTES {
            return Err(AuditError::Rejected(EntryError::TooLong));
        }
        Ok(())
    }

    /// A `subject.created` entry.
    pub(crate) fn created(&self, pseudonym: &str, commitment: [u8; 32]) -> Result<Template, AuditError> {
        let mut entry = self.blank(Kind::SubjectCreated);
        entry.created = Some(Created {
            commitment: hex::encode(commitment).into(),
            pseudonym: pseudonym.to_owned().into(),
        });
        Template::of(&entry).map_err(AuditError::Rejected)
    }

    /// A `subject.erased` entry.
    pub(crate) fn erased(&self, pseudonym: &str) -> Result<Template, AuditError> {
        let mut entry = self.blank(Kind::SubjectErased);
        entry.erased = Some(Erased { pseudonym: pseudonym.to_owned().into() });
        Template::of(&entry).map_err(AuditError::Rejected)
    }

    /// The outcome of an intent that a stop cut off.
    pub(crate) fn interrupted(&self, intent: &Entry) -> Result<Template, AuditError> {
        let entry = interrupted::outcome_of(intent, self.blank(Kind::AccessOutcome));
        Template::of(&entry).map_err(AuditError::Rejected)
    }

    fn blank(&self, kind: Kind) -> Entry {
        Entry::new(Text::from(Arc::clone(&self.origin)), 0, EntryTime::new(jiff::Timestamp::UNIX_EPOCH), kind)
    }

    fn commitment(
        &self,
        known: &[Arc<Known>],
        mac: &Mac,
        key: &CommitmentKey,
    ) -> Result<Commitment, Unspecified> {
        let mut natural = known.iter().filter(|known| known.class == SubjectClass::Natural);
        let Some(first) = natural.next() else {
            return seal_commitment(CommitmentSeal::Record, &self.record, mac, key);
        };
        let seal = CommitmentSeal::Subjects;
        if natural.clone().all(|other| other.pseudonym == first.pseudonym) {
            return seal_commitment(seal, first.alone()?, mac, key);
        }
        let owners = std::iter::once(first).chain(natural);
        let owners = owners.map(|known| (known.pseudonym.as_str(), &known.key)).collect();
        seal_commitment(seal, &joint_sealer(owners)?, mac, key)
    }

    fn entry(&self, draft: Draft, known: &[Arc<Known>]) -> Result<Entry, Unspecified> {
        let mut entry = self.blank(draft.kind);
        let mut known = known.iter();
        let source_account = draft.source_account;
        let actor = |kind| Actor { account: None, agency: None, kind, pseudonym: None, source_account: None };
        entry.actor = match draft.actor {
            None => None,
            Some(DraftActor::Absent) => Some(actor(ActorKind::Absent)),
            Some(DraftActor::System) => Some(actor(ActorKind::System)),
            Some(DraftActor::Officer { account, agency }) => {
                Some(Actor { account: Some(account), agency, ..actor(ActorKind::Officer) })
            }
            Some(DraftActor::Citizen(_)) => {
                let pseudonym = known.next().map(|known| known.pseudonym.text());
                Some(Actor { pseudonym, ..actor(ActorKind::Citizen) })
            }
        };
        if let Some(actor) = &mut entry.actor {
            actor.source_account = source_account;
        }
        let known = known.as_slice();
        for (subject, known) in draft.subjects.into_iter().zip(known) {
            let sealed =
                seal_text(&known.sealer, known.pseudonym.as_str().as_bytes(), &subject.identifier.tagged())?;
            entry.subjects.push(Subject {
                class: known.class,
                pseudonym: known.pseudonym.text(),
                role: subject.role,
                sealed: Some(sealed.into()),
            });
        }
        if let Some((mac, key)) = &draft.commitment {
            entry.commitment = Some(self.commitment(known, mac, key)?);
        }
        entry.aggregate = draft.aggregate;
        entry.assurance = draft.assurance;
        entry.begun = draft.begun;
        entry.caller = draft.caller;
        entry.case = draft.case;
        entry.component = draft.component;
        entry.dataset = draft.dataset;
        entry.decision = draft.decision;
        entry.evidence = draft.evidence;
        entry.fields = draft.fields;
        entry.intent = draft.intent;
        entry.legal_basis = draft.legal_basis;
        entry.loaded = draft.loaded;
        entry.operation = draft.operation;
        entry.outcome = draft.outcome;
        entry.procedure = draft.procedure;
        entry.purpose = draft.purpose;
        entry.reason = draft.reason;
        entry.rotated = draft.rotated;
        entry.search = draft.search;
        entry.source = draft.source;
        entry.trace = draft.trace;
        entry.upstream = draft.upstream;
        Ok(entry)
    }
}
