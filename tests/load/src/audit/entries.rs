//! The entries that are appended: outcomes of lookups about few people, of 950
//! bytes each, whose filters have values of every selectivity.

use std::collections::HashMap;

use motlan_audit::{
    AuditLog, Decision, Draft, DraftActor, Effect, Fields, Identifier, IdentifierKind, Kind, Outcome, Text,
};

/// Bytes of a stored entry.
pub(super) const BYTES: usize = 950;

/// Who they are about.
const PEOPLE: u64 = 200;

/// What entry `n` says, by which it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Says {
    n: u64,
}

/// Makes entries of one length.
pub(super) struct Maker {
    filler: HashMap<bool, Text>,
}

// === impl Says ===

impl Says {
    pub(super) const fn of(n: u64) -> Self {
        Self { n }
    }

    pub(super) fn dossier(self) -> String {
        format!("H32.212-261121-{:08}", self.dossier_number())
    }

    /// Eight lookups a dossier.
    pub(super) const fn dossier_number(self) -> u64 {
        self.n / 8
    }

    pub(super) fn agency(self) -> String {
        format!("H32.{:02}", self.agency_number())
    }

    pub(super) const fn agency_number(self) -> u64 {
        self.n % 40
    }

    pub(super) fn officer(self) -> String {
        format!("officer.{:03}", self.officer_number())
    }

    pub(super) const fn officer_number(self) -> u64 {
        self.n % 300
    }

    pub(super) fn procedure(self) -> String {
        format!("1.004{:03}", self.procedure_number())
    }

    pub(super) const fn procedure_number(self) -> u64 {
        self.n % 50
    }

    pub(super) const fn outcome(self) -> Outcome {
        if self.n.is_multiple_of(16) { Outcome::NotFound } else { Outcome::Found }
    }

    pub(super) const fn kind(self) -> Kind {
        if self.n % 100 == 99 { Kind::AccessDenied } else { Kind::AccessOutcome }
    }

    pub(super) fn subject(self) -> Identifier {
        person(self.subject_number())
    }

    pub(super) const fn subject_number(self) -> u64 {
        self.n % PEOPLE
    }

    /// How the entry is told from all others.
    pub(super) fn trace(self) -> String {
        format!("{:032x}", self.n)
    }
}

fn person(n: u64) -> Identifier {
    Identifier::new(IdentifierKind::PersonalId, format!("097090{n:06}"))
}

// === impl Maker ===

impl Maker {
    /// Lets a log meet everybody, and measures how long its entries are.
    pub(super) async fn new(log: &AuditLog) -> anyhow::Result<Self> {
        for n in 0..PEOPLE {
            log.subject(&person(n)).await?;
        }
        let mut maker = Self { filler: HashMap::new() };
        for n in [98, 99] {
            let says = Says::of(n);
            let receipt = log.append(maker.draft(says)).await?;
            let length = log.get(receipt.index).await?.map_or(0, |found| found.bytes.len());
            // Without the quotes and the comma that a second text brings.
            let filler = "x".repeat(BYTES.saturating_sub(length + 3));
            maker.filler.insert(says.kind() == Kind::AccessDenied, filler.into());
        }
        Ok(maker)
    }

    pub(super) fn draft(&self, says: Says) -> Draft {
        let account = says.officer().into();
        let mut draft = Draft::new(says.kind())
            .trace(says.trace())
            .caller("portal.load", says.agency())
            .actor(DraftActor::Officer { account, agency: None })
            .asking("GetPerson", "population.person")
            .dossier(says.dossier())
            .procedure(says.procedure())
            .subject(says.subject(), "applicant")
            .outcome(says.outcome());
        draft.fields = Some(Fields {
            asked: vec!["full_name".into(), "birth_date".into(), "residence".into()],
            disclosed: vec!["full_name".into(), "birth_date".into(), "residence".into()],
        });
        draft.decision = Some(Decision {
            catalogue_digest: None,
            effect: Effect::Permit,
            policies: vec!["dossier.subject".into()],
            policy_digest: None,
        });
        draft.legal_basis = vec!["Luật Cư trú 2020, Điều 38".into()];
        draft.legal_basis.extend(self.filler.get(&(says.kind() == Kind::AccessDenied)).cloned());
        draft
    }
}
