//! Is this the person they say they are? The decision, apart from any I/O.
//!
//! MATCH = id and full birth date equal and name EXACT or CANONICAL_EQUAL
//! without i/y folding. i/y folding, UNACCENTED_EQUAL, or a year-only source
//! date that agrees make it MATCH at LOW assurance. Everything else is
//! MISMATCH, also a year alone against a full source date, without telling
//! whether it is the right one. There is no edit distance.

use serde::{Deserialize, Serialize};

use crate::answer::Outcome;
use crate::date::{self, DateComparison, PartialDate};
use crate::id::{Cmnd, EnterpriseCode, PersonalId};
use crate::name::{self, NameCode, NameLevel, PersonName};
use crate::record::{Enterprise, EnterpriseStatus, Person};

/// What a caller claims of a person. The id is the question's subject.
#[derive(Clone)]
pub struct IdentityClaim {
    /// Full name as the person states it.
    pub full_name: PersonName,
    /// Birth date as the person states it; without one only the yes/no
    /// service is asked and the assurance is LOW at best.
    pub birth_date: Option<PartialDate>,
}

/// What a caller claims of an enterprise. The code is the question's subject.
#[derive(Clone, Default)]
pub struct EnterpriseClaim {
    /// Its registered name.
    pub name: Option<String>,
    /// That this person represents it.
    pub representative: Option<PersonalId>,
    /// That it is active.
    pub active: bool,
}

/// How far a MATCH may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Assurance {
    /// Agrees only after folding that can merge two people, or on part of the
    /// evidence: look at a document as well.
    Low,
    /// Agrees in full.
    High,
}

// === impl Assurance ===

impl Assurance {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::High => "HIGH",
        }
    }
}

/// Which part of a claim a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClaimField {
    /// The identifier itself.
    Id,
    /// The person's name.
    FullName,
    /// The birth date.
    BirthDate,
    /// The enterprise's name.
    EnterpriseName,
    /// The legal representative.
    Representative,
    /// The legal status.
    Status,
}

/// How one part of a claim compares. Says nothing about the record's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code of what was folded or what differs.
    pub code: &'static str,
    /// Which part.
    pub field: ClaimField,
    /// Level, stable upper-case: a name level, or EQUAL, MATCH_PARTIAL, DIFFERENT,
    /// NOT_CHECKED, ABSENT_AT_SOURCE.
    pub level: &'static str,
}

/// The verdict on a claim. Serialises as the contract's message does, for
/// whoever rebuilds from a response what the log commits to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// For a MATCH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Assurance>,
    /// Per part of the claim.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// MATCH, MISMATCH, NOT_FOUND or INCOMPLETE. Stands in the answer itself.
    #[serde(skip)]
    pub outcome: Outcome,
}

/// Compares a claim with the record of the person who holds the id.
pub fn verify_person(id: &PersonalId, claim: &IdentityClaim, record: &Person) -> Verdict {
    verify_found(find_id(id, record), claim, record)
}

/// The same for somebody asked about by their CMND: an elder may have no
/// personal id at all.
pub fn verify_person_by_cmnd(cmnd: &Cmnd, claim: &IdentityClaim, record: &Person) -> Verdict {
    let former = || record.aliases.iter().flatten().any(|alias| alias.cmnd.as_ref() == Some(cmnd));
    let (level, code) = match &record.cmnd {
        Some(held) if held == cmnd => ("EQUAL", "EQUAL"),
        _ if former() => ("EQUAL", "SUPERSEDED_ID"),
        Some(_) => ("DIFFERENT", "DIFFERENT"),
        None => ("ABSENT_AT_SOURCE", "ABSENT_AT_SOURCE"),
    };
    verify_found(Finding { field: ClaimField::Id, level, code }, claim, record)
}

fn verify_found(id_finding: Finding, claim: &IdentityClaim, record: &Person) -> Verdict {
    let (name_finding, name_grade) = find_name(claim, record);
    let (date_finding, date_grade) = find_date(claim, record);
    let id_grade = match id_finding.level {
        "EQUAL" => Grade::High,
        "ABSENT_AT_SOURCE" => Grade::Unknown,
        _ => Grade::No,
    };
    let findings = vec![id_finding, name_finding, date_finding];
    verdict([id_grade, name_grade, date_grade], findings)
}

/// The verdict of the yes/no service 033, which is sent unaccented names: a
/// yes is LOW, whatever else is known.
pub fn verify_by_yes_no(exists: bool) -> Verdict {
    let (level, code, grade) = if exists {
        ("UNACCENTED_EQUAL", "YES_NO_SERVICE", Grade::Low)
    } else {
        ("MISMATCH", "YES_NO_SERVICE", Grade::No)
    };
    let findings = vec![
        Finding { field: ClaimField::Id, level: if exists { "EQUAL" } else { "NOT_CHECKED" }, code },
        Finding { field: ClaimField::FullName, level, code },
        Finding { field: ClaimField::BirthDate, level: "NOT_CHECKED", code: "NOT_CLAIMED" },
    ];
    verdict([grade, grade, grade], findings)
}

/// Compares a claim with the record of the enterprise that holds the code.
pub fn verify_enterprise(code: &EnterpriseCode, claim: &EnterpriseClaim, record: &Enterprise) -> Verdict {
    let mut findings = Vec::with_capacity(4);
    let mut grades = Vec::with_capacity(4);
    let mut note = |field, (level, code, grade)| {
        findings.push(Finding { code, field, level });
        grades.push(grade);
    };
    let held = record.code.as_ref().is_some_and(|held| held.canonical() == code.canonical());
    note(ClaimField::Id, equal_or_different(held));
    if let Some(claimed) = &claim.name {
        note(ClaimField::EnterpriseName, grade_text(claimed, record.name.as_deref()));
    }
    if let Some(claimed) = &claim.representative {
        note(ClaimField::Representative, grade_representative(claimed, record));
    }
    if claim.active {
        let found = match record.status {
            None => ABSENT,
            Some(status) => equal_or_different(status == EnterpriseStatus::Active),
        };
        note(ClaimField::Status, found);
    }
    verdict(grades, findings)
}

/// The order matters: the weakest grade decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    No,
    Unknown,
    Low,
    High,
}

const ABSENT: (&str, &str, Grade) = ("ABSENT_AT_SOURCE", "ABSENT_AT_SOURCE", Grade::Unknown);

fn equal_or_different(equal: bool) -> (&'static str, &'static str, Grade) {
    if equal { ("EQUAL", "EQUAL", Grade::High) } else { ("DIFFERENT", "DIFFERENT", Grade::No) }
}

fn verdict(grades: impl IntoIterator<Item = Grade>, findings: Vec<Finding>) -> Verdict {
    let weakest = grades.into_iter().min().unwrap_or(Grade::No);
    let (outcome, assurance) = match weakest {
        Grade::No => (Outcome::Mismatch, None),
        Grade::Unknown => (Outcome::Incomplete, None),
        Grade::Low => (Outcome::Match, Some(Assurance::Low)),
        Grade::High => (Outcome::Match, Some(Assurance::High)),
    };
    Verdict { assurance, findings, outcome }
}

/// A cancelled id still names its person (decree 58/2026 art. 12): equal, with
/// a code of its own so that the caller asks for the new one.
fn find_id(id: &PersonalId, record: &Person) -> Finding {
    let (level, code) = match record.personal_id {
        Some(held) if held == *id => ("EQUAL", "EQUAL"),
        _ if record.aliases.iter().flatten().any(|alias| alias.personal_id == Some(*id)) => {
            ("EQUAL", "SUPERSEDED_ID")
        }
        Some(_) => ("DIFFERENT", "DIFFERENT"),
        None => ("ABSENT_AT_SOURCE", "ABSENT_AT_SOURCE"),
    };
    Finding { field: ClaimField::Id, level, code }
}

fn find_name(claim: &IdentityClaim, record: &Person) -> (Finding, Grade) {
    let held = record.full_name.as_ref().map(PersonName::expose);
    let (level, code, grade) = grade_text(claim.full_name.expose(), held);
    (Finding { field: ClaimField::FullName, level, code }, grade)
}

fn find_date(claim: &IdentityClaim, record: &Person) -> (Finding, Grade) {
    let (level, code, grade) = match (&record.birth_date, &claim.birth_date) {
        (_, None) => ("NOT_CHECKED", "NOT_CLAIMED", Grade::Low),
        (None, Some(_)) => ABSENT,
        (Some(held), Some(claimed)) => match date::compare(held, claimed) {
            DateComparison::Equal => ("EQUAL", "EQUAL", Grade::High),
            DateComparison::YearOnlyAgrees => ("MATCH_PARTIAL", "YEAR_ONLY_AT_SOURCE", Grade::Low),
            DateComparison::PartialAgrees => ("MATCH_PARTIAL", "PARTIAL_AT_SOURCE", Grade::Low),
            // A no whatever the year: were it a yes, or told apart by the year, it
            // would be a way to find the year out.
            DateComparison::LessPrecise => ("NOT_CHECKED", "CLAIM_LESS_PRECISE", Grade::No),
            DateComparison::Mismatch => ("DIFFERENT", "DIFFERENT", Grade::No),
        },
    };
    (Finding { field: ClaimField::BirthDate, level, code }, grade)
}

fn grade_text(claimed: &str, held: Option<&str>) -> (&'static str, &'static str, Grade) {
    let Some(held) = held else { return ABSENT };
    let compared = name::compare(held, claimed);
    let grade = match compared.level {
        // Two empty names are EXACT and identify nobody.
        _ if matches!(compared.code, NameCode::Empty | NameCode::TooLong) => Grade::No,
        _ if compared.is_identity() => Grade::High,
        NameLevel::Exact | NameLevel::CanonicalEqual | NameLevel::UnaccentedEqual => Grade::Low,
        NameLevel::Mismatch => Grade::No,
    };
    (compared.level.as_str(), compared.code.as_str(), grade)
}

/// A no takes the ids of all: somebody of whom the source tells the name alone
/// may be the one claimed. Every enterprise has a representative (law on
/// enterprises art. 12): an empty list is a source that does not tell.
fn grade_representative(claimed: &PersonalId, record: &Enterprise) -> (&'static str, &'static str, Grade) {
    let held = record.representatives.as_deref().unwrap_or_default();
    let agrees = held.iter().any(|one| one.personal_id == Some(*claimed));
    let all_known = !held.is_empty() && held.iter().all(|one| one.personal_id.is_some());
    if agrees || all_known { equal_or_different(agrees) } else { ABSENT }
}

#[cfg(test)]
mod tests;
