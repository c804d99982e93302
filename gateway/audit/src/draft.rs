//! What the stages hand to the log: an entry with identifiers still in clear.

use std::sync::Arc;

use jiff::Timestamp;
use motlan_audit_tree::entry::{
    Aggregate, Begun, Caller, Component, Decision, Evidence, Fields, Loaded, Purpose, Rotated, Search, Source,
};
use motlan_audit_tree::{CommitmentKey, Kind, LeafHash, Mac, Outcome, Text};

use crate::identifier::Identifier;

/// Who acted, before a citizen becomes a pseudonym.
#[derive(Debug, Clone)]
pub enum DraftActor {
    /// An officer, by account.
    Officer {
        /// The account.
        account: Text,
        /// The agency as the token names it.
        agency: Option<Text>,
    },
    /// A citizen.
    Citizen(Identifier),
    /// Nobody was named.
    Absent,
    /// The gateway itself.
    System,
}

/// Someone or something the entry is about.
#[derive(Debug, Clone)]
pub struct DraftSubject {
    /// In clear; the entry holds a pseudonym and a sealed form.
    pub identifier: Identifier,
    /// Its role, e.g. `applicant`.
    pub role: Text,
}

/// An entry to be appended. Start from [`Draft::new`], set what applies with
/// the builder methods or directly; what stays unset is absent in the entry.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What happened.
    pub kind: Kind,
    /// W3C trace id.
    pub trace: Option<Text>,
    /// The client system.
    pub caller: Option<Caller>,
    /// Who acted.
    pub actor: Option<DraftActor>,
    /// Account of the officer under whose personal id the source is asked.
    pub source_account: Option<Text>,
    /// Strength of evidence under which the dossier was opened.
    pub evidence: Option<Evidence>,
    /// The operation, e.g. `GetPerson`.
    pub operation: Option<Text>,
    /// The dataset, e.g. `population.person`.
    pub dataset: Option<Text>,
    /// Field names asked and disclosed.
    pub fields: Option<Fields>,
    /// Dossier or registered purpose.
    pub purpose: Option<Purpose>,
    /// The procedure.
    pub procedure: Option<Text>,
    /// The procedure's case.
    pub case: Option<Text>,
    /// Legal basis.
    pub legal_basis: Vec<Text>,
    /// Everyone and everything asked about or contained in the answer.
    pub subjects: Vec<DraftSubject>,
    /// The policy's decision.
    pub decision: Option<Decision>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// `HIGH` or `LOW`, of a MATCH.
    pub assurance: Option<Text>,
    /// A stable reason code.
    pub reason: Option<Text>,
    /// Where the answer came from.
    pub source: Option<Source>,
    /// Upstream request ids.
    pub upstream: Vec<Text>,
    /// The commitment to the answer, and its key to be sealed.
    pub commitment: Option<(Mac, CommitmentKey)>,
    /// Index of the intent this outcome answers.
    pub intent: Option<u64>,
    /// For `component.decided`.
    pub component: Option<Component>,
    /// For `refusals.aggregated`.
    pub aggregate: Option<Aggregate>,
    /// For `config.loaded`.
    pub loaded: Option<Loaded>,
    /// For `log.read`.
    pub search: Option<Search>,
    /// For `log.key_rotated`.
    pub rotated: Option<Box<Rotated>>,
    /// For `log.begun`.
    pub begun: Option<Box<Begun>>,
}

/// Where an entry stands: returned only once it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The log.
    pub origin: Arc<str>,
    /// The place in it.
    pub index: u64,
    /// RFC 6962 leaf hash of the stored bytes.
    pub leaf_hash: LeafHash,
    /// The time the entry carries.
    pub time: Timestamp,
}

// === impl Draft ===

impl Draft {
    /// A draft of that kind, all else unset.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            trace: None,
            caller: None,
            actor: None,
            source_account: None,
            evidence: None,
            operation: None,
            dataset: None,
            fields: None,
            purpose: None,
            procedure: None,
            case: None,
            legal_basis: Vec::new(),
            subjects: Vec::new(),
            decision: None,
            outcome: None,
            assurance: None,
            reason: None,
            source: None,
            upstream: Vec::new(),
            commitment: None,
            intent: None,
            component: None,
            aggregate: None,
            loaded: None,
            search: None,
            rotated: None,
            begun: None,
        }
    }

    /// Sets the trace id.
    pub fn trace(mut self, trace: impl Into<Text>) -> Self {
        self.trace = Some(trace.into());
        self
    }

    /// Sets the calling system and its agency.
    pub fn caller(mut self, system: impl Into<Text>, agency: impl Into<Text>) -> Self {
        self.caller =
            Some(Caller { agency: Some(agency.into()), certificate: None, system: Some(system.into()) });
        self
    }

    /// Sets who acted.
    pub fn actor(mut self, actor: DraftActor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Sets operation and dataset.
    pub fn asking(mut self, operation: impl Into<Text>, dataset: impl Into<Text>) -> Self {
        self.operation = Some(operation.into());
        self.dataset = Some(dataset.into());
        self
    }

    /// Sets the dossier as purpose.
    pub fn dossier(mut self, code: impl Into<Text>) -> Self {
        self.purpose = Some(Purpose::Dossier(code.into()));
        self
    }

    /// Sets a registered purpose.
    pub fn registered(mut self, id: impl Into<Text>) -> Self {
        self.purpose = Some(Purpose::Registered(id.into()));
        self
    }

    /// Sets the procedure.
    pub fn procedure(mut self, code: impl Into<Text>) -> Self {
        self.procedure = Some(code.into());
        self
    }

    /// Adds a subject.
    pub fn subject(mut self, identifier: Identifier, role: impl Into<Text>) -> Self {
        self.subjects.push(DraftSubject { identifier, role: role.into() });
        self
    }

    /// Sets the outcome.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// Sets the reason code.
    pub fn reason(mut self, reason: impl Into<Text>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Sets the intent that this outcome answers.
    pub fn answers(mut self, intent: u64) -> Self {
        self.intent = Some(intent);
        self
    }

    /// Whether it finishes work that was admitted earlier, and so may use the
    /// reserved disk.
    pub(crate) fn finishes_admitted_work(&self) -> bool {
        self.intent.is_some()
            || matches!(self.kind, Kind::ComponentDecided | Kind::DossierClosed | Kind::EntryNotReleased)
    }
}
