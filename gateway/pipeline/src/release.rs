//! The last stages: minimise or judge, record the outcome, release.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{Timestamp, Unit};
use motlan_access::Permit;
use motlan_api::Reply;
use motlan_audit::{DraftSubject, Identifier};
use motlan_audit_tree::Text;
use motlan_domain::id::PersonalId;
use motlan_domain::identity::{self, Verdict};
use motlan_domain::question::Claim;
use motlan_domain::{
    CachePolicy, CacheScope, Completeness, Fetched, IncompleteCause, Link, Outcome, Purpose, Record,
    SubjectKey,
};
use motlan_dossier::Dossier;

use crate::answer::{Answer, FieldStates, Freshness, Refusal};
use crate::bind::{Bound, persons_of};
use crate::ledger::{self, Ledger};
use crate::minimise::{Allowance, Minimal};
use crate::prepared::{self, Form};
use crate::sealed::{NotReleased, Sealed, Unrecorded};

/// What a component's rule is judged on.
#[derive(Debug)]
pub struct Seen<'a> {
    /// FOUND, NOT_FOUND or INCOMPLETE.
    pub outcome: Outcome,
    /// The permitted fields.
    pub records: &'a [Record],
    /// The dossier as it now is, with those the answer linked.
    pub dossier: Option<&'a Arc<Dossier>>,
    /// Everyone the answer is about, as its entry names them.
    pub people: &'a [DraftSubject],
}

/// An answer ready to be recorded and released.
pub(crate) struct Release {
    bound: Bound,
    answer: Answer,
    minimal: Minimal,
    people: Vec<DraftSubject>,
}

/// Reduces an answer to what the permit lets out, or judges the claim.
pub(crate) fn prepare(bound: Bound, policy: &CachePolicy) -> Box<Release> {
    let question = bound.permit.question();
    let allowance = Allowance {
        dataset: bound.asking.dataset,
        fields: bound.permit.fields(),
        permitted: bound.permit.registered_fields(),
        persons: &bound.dossier().map(|dossier| persons_of(dossier)).unwrap_or_default(),
    };
    let minimal = bound.found.minimal(&allowance);
    let retrieved_at = match bound.found.reply() {
        Reply::Records(fetched) => fetched.retrieved_at,
        Reply::Confirmed { retrieved_at, .. } => *retrieved_at,
    };
    let verdict = question.claim.as_ref().map(|claim| verdict(&question.subject, claim, bound.found.reply()));
    let fetched = bound.found.fetched();
    let incomplete = fetched.and_then(|fetched| incomplete(fetched, &bound.permit));
    let outcome = match (&verdict, fetched) {
        (Some(verdict), _) => verdict.outcome,
        (None, Some(_)) if incomplete.is_some() => Outcome::Incomplete,
        (None, Some(fetched)) if fetched.records.is_empty() => Outcome::NotFound,
        (None, Some(_)) => Outcome::Found,
        (None, None) => Outcome::Incomplete,
    };
    let tells_values = bound.permit.values() && verdict.is_none();
    let answer = Answer {
        operation: question.operation,
        outcome,
        records: if tells_values { Arc::clone(&minimal.records) } else { Arc::default() },
        form: if tells_values { minimal.form.clone() } else { Form::default() },
        withheld: bound.permit.withheld(),
        fields: if verdict.is_none() { minimal.fields } else { FieldStates::default() },
        incomplete,
        freshness: freshness(&bound, fetched, retrieved_at, policy),
        verdict,
    };
    let people = people(&bound, &minimal, tells_values);
    Box::new(Release { bound, answer, minimal, people })
}

// === impl Release ===

impl Release {
    /// The permit it rests on.
    pub(crate) const fn permit(&self) -> &Permit {
        &self.bound.permit
    }

    /// How it ended.
    pub(crate) const fn outcome(&self) -> Outcome {
        self.answer.outcome
    }

    /// Records that nothing of it is told after all.
    pub(crate) async fn withhold<T>(
        self: Box<Self>,
        ledger: &Ledger,
        refusal: Refusal,
    ) -> Result<T, NotReleased<Refusal>> {
        ledger.refused(&self.bound.asking, refusal, Some(self.bound.found.provenance())).await
    }

    /// Whose record it is, where the subject was named by another identifier.
    pub(crate) fn holder(&self) -> Option<PersonalId> {
        let mut records = self.bound.found.fetched()?.records.iter();
        records.find_map(|record| match record {
            Record::Person(person) => person.personal_id,
            _ => None,
        })
    }

    /// Whether it is a yes or no that does not say whose number was named.
    pub(crate) fn is_about_somebody(&self) -> bool {
        matches!(self.bound.found.reply(), Reply::Confirmed { .. })
    }

    /// Records the outcome and hands the answer out.
    pub(crate) async fn seal<T>(
        mut self: Box<Self>,
        ledger: &Ledger,
        for_component: bool,
        look: impl FnOnce(&Seen<'_>) -> T,
    ) -> Result<Sealed<(Answer, T)>, NotReleased<Refusal>> {
        let seen = Seen {
            outcome: self.answer.outcome,
            records: &self.minimal.records,
            dossier: self.bound.dossier(),
            people: &self.people,
        };
        let judged = look(&seen);
        let people = std::mem::take(&mut self.people);
        let sealed = if for_component {
            // What leaves is the component's decision, which has an entry of its own.
            let (asking, found) = (&self.bound.asking, &self.bound.found);
            let considered = ledger.considered(asking, &self.answer, people, found.provenance());
            // Boxed: every answer would have room for it.
            Sealed::new((), Box::pin(considered).await?, None)
        } else {
            let canonical = prepared::canonical(&self.minimal, &self.answer);
            let canonical = canonical.map_err(|_| NotReleased::Unrecorded(Unrecorded::Unavailable))?;
            let (asking, found) = (&self.bound.asking, &self.bound.found);
            ledger.answered(asking, &self.answer, &canonical, people, found.provenance()).await?
        };
        Ok(sealed.map(|()| (self.answer, judged)))
    }
}

/// Why the permitted part of a record is not whole; what is wrong with other
/// fields is not this caller's business.
fn incomplete(fetched: &Fetched, permit: &Permit) -> Option<IncompleteCause> {
    match fetched.completeness {
        Completeness::Incomplete { cause, missing } => {
            let concerns = fetched.records.is_empty() || !missing.intersection(permit.fields()).is_empty();
            concerns.then_some(cause)
        }
        Completeness::Complete => None,
    }
}

fn verdict(subject: &SubjectKey, claim: &Claim, reply: &Reply) -> Verdict {
    let fetched = match reply {
        Reply::Confirmed { exists, .. } => return identity::verify_by_yes_no(*exists),
        Reply::Records(fetched) => fetched,
    };
    match (subject, claim, fetched.records.first()) {
        (SubjectKey::Person(id), Claim::Identity(claim), Some(Record::Person(person))) => {
            identity::verify_person(id, claim, person)
        }
        (SubjectKey::Cmnd(cmnd), Claim::Identity(claim), Some(Record::Person(person))) => {
            identity::verify_person_by_cmnd(cmnd, claim, person)
        }
        (SubjectKey::Enterprise(code), Claim::Enterprise(claim), Some(Record::Enterprise(enterprise))) => {
            identity::verify_enterprise(code, claim, enterprise)
        }
        (_, _, None) if matches!(fetched.completeness, Completeness::Complete) => {
            Verdict { outcome: Outcome::NotFound, assurance: None, findings: Vec::new() }
        }
        // An answer that cannot be read, or of another kind than the question's,
        // proves nothing.
        _ => Verdict { outcome: Outcome::Incomplete, assurance: None, findings: Vec::new() },
    }
}

/// Answers shared wider than a dossier tell their time to the minute and no
/// cache state: who else asked, and when, is nobody's business.
fn freshness(
    bound: &Bound,
    fetched: Option<&Fetched>,
    retrieved_at: Timestamp,
    policy: &CachePolicy,
) -> Freshness {
    let wide = matches!(policy.scope, CacheScope::Agency | CacheScope::Province);
    // The circle of a registered purpose is the whole agency.
    let shared = wide || matches!(bound.permit.question().purpose, Purpose::Registered(_));
    let retrieved_at = if shared { to_the_minute(retrieved_at) } else { retrieved_at };
    // What is never served again is valid at its retrieval alone.
    let served_for = match fetched {
        Some(fetched) if policy.scope != CacheScope::None && fetched.outcome() != Outcome::Incomplete => {
            if fetched.records.is_empty() {
                policy.not_found
            } else {
                policy.max_age
            }
        }
        _ => Duration::ZERO,
    };
    let max_age = i64::try_from(served_for.as_secs()).unwrap_or(i64::MAX);
    let valid_until =
        retrieved_at.checked_add(jiff::SignedDuration::from_secs(max_age)).unwrap_or(Timestamp::MAX);
    let (state, age) = bound.found.state();
    Freshness {
        retrieved_at,
        source_data_time: fetched.and_then(|fetched| fetched.source_data_time),
        valid_until,
        cache: (!shared).then_some((state, Duration::from_secs(age.as_secs()))),
    }
}

fn to_the_minute(at: Timestamp) -> Timestamp {
    let options = jiff::TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc);
    at.round(options).unwrap_or(at)
}

/// Everyone the entry is about: the subject, the persons to whom the answer is
/// tied, a representative whom a claim names, and, where values are told,
/// whoever the answer names and whose record it is.
fn people(bound: &Bound, minimal: &Minimal, tells_values: bool) -> Vec<DraftSubject> {
    let mut people = vec![ledger::subject(&bound.asking.subject, &bound.asking.role)];
    // The answer decides how many there are: each is looked up, not looked for.
    let mut known = HashSet::new();
    if let SubjectKey::Person(id) = &bound.asking.subject {
        known.insert(*id);
    }
    let mut add = |id, role: &str| {
        if known.insert(id) {
            let identifier = Identifier::from(&SubjectKey::Person(id));
            people.push(DraftSubject { identifier, role: Text::new(role) });
        }
    };
    if let Some(Claim::Enterprise(claim)) = &bound.permit.question().claim
        && let Some(id) = claim.representative
    {
        add(id, "claimed_representative");
    }
    let role_of = |id| {
        let key = SubjectKey::Person(id);
        bound.dossier().and_then(|dossier| dossier.roles_of(&key).next().map(|subject| subject.role.clone()))
    };
    for id in bound.tied() {
        add(*id, role_of(*id).as_deref().unwrap_or("holder"));
    }
    if tells_values {
        let records = bound.found.fetched().into_iter().flat_map(|fetched| &fetched.records);
        let owners = records
            .flat_map(Record::named)
            .filter(|named| matches!(named.link, Link::Holder | Link::Owner | Link::LegalRepresentative));
        for named in minimal.named.iter().cloned().chain(owners) {
            add(named.id, role_of(named.id).as_deref().unwrap_or(named.link.as_str()));
        }
    }
    people
}

#[cfg(test)]
mod tests;
