//! What a resolve tells: one result per component, then a summary.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use motlan_audit::DraftSubject;
use motlan_catalogue::Mode;
use motlan_domain::Reason;
use motlan_domain::dataset::{FieldId, Registry};
use serde::{Serialize, Serializer};

/// What became of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComponentOutcome {
    /// The state holds it: nothing to hand in.
    Reused,
    /// A form, of which at least one blank is filled.
    Prefilled,
    /// The paper is needed; the reason says why.
    NeedsPaper,
    /// The registry did not answer; the paper is the permitted fallback.
    SourceUnavailable,
    /// Not asked for in this applicant's case; not counted.
    NotInCase,
}

/// The decision on one component.
#[derive(Debug, Clone)]
pub struct ComponentResult {
    /// Its key in the catalogue.
    pub key: String,
    /// The portal's code; empty where the procedure has none.
    pub code: String,
    /// Place in the procedure, from 1.
    pub position: usize,
    /// Its Vietnamese name.
    pub name: String,
    /// Whether everybody in its case must hand it in.
    pub required: bool,
    /// What became of it.
    pub outcome: ComponentOutcome,
    /// How a datum may stand in for it, if one can.
    pub mode: Option<Mode>,
    /// Which registry was asked, if one was.
    pub source: Option<Registry>,
    /// The oldest time of the data it rests on: the source's own data time, or
    /// the time of retrieval where the source tells none.
    pub data_time: Option<Timestamp>,
    /// When the gateway received the oldest answer it rests on.
    pub retrieved_at: Option<Timestamp>,
    /// Why.
    pub reason: Reason,
    /// For a form: every blank that is filled.
    pub filled: Vec<FilledBlank>,
    /// For a form: how many blanks it has.
    pub blanks: usize,
    /// For a form: its blanks were derived, not read from its published text.
    pub derived: bool,
    /// Whose values it tells, and which: for its entry.
    pub(crate) told: Told,
}

/// Whose values a result tells, and which.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// `dataset.field`, each once.
    pub(crate) fields: BTreeSet<String>,
    /// Each person or thing once, with its role.
    pub(crate) subjects: Vec<DraftSubject>,
}

/// The canonical result: RFC 8785 JSON of this object is what the entry's
/// commitment is computed over. Its keys stand in their order, so that nothing
/// has to be sorted.
#[derive(Serialize)]
struct CanonicalResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data_time: Option<Timestamp>,
    filled: Blanks<'a>,
    key: &'a str,
    outcome: &'static str,
    reason: Reason,
}

/// Filled blanks by key.
struct Blanks<'a>(Vec<(&'a str, Option<&'a [String]>)>);

/// A filled blank.
#[derive(Clone)]
pub struct FilledBlank {
    /// Its key in the form.
    pub key: String,
    /// As printed.
    pub label_vi: String,
    /// In English.
    pub label_en: String,
    /// One value, or one per row; or why this caller may know only that the
    /// blank can be filled.
    pub values: Result<Vec<String>, Reason>,
}

/// The whole of a resolve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Components that need not be handed in.
    pub reused: usize,
    /// Components of the case.
    pub total: usize,
    /// Blanks filled, over all forms of the case.
    pub prefilled_fields: usize,
    /// Blanks of all forms of the case.
    pub total_fields: usize,
    /// Of the filled blanks, those of derived forms.
    pub derived_prefilled_fields: usize,
    /// Of all blanks, those of derived forms.
    pub derived_total_fields: usize,
    /// Components whose registry did not answer.
    pub unavailable: usize,
    /// Of the filled blanks, those whose values are not told, by why.
    pub withheld: BTreeMap<Reason, usize>,
}

// === impl ComponentOutcome ===

impl ComponentOutcome {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reused => "REUSED",
            Self::Prefilled => "PREFILLED",
            Self::NeedsPaper => "NEEDS_PAPER",
            Self::SourceUnavailable => "SOURCE_UNAVAILABLE",
            Self::NotInCase => "NOT_IN_CASE",
        }
    }
}

// === impl ComponentResult ===

impl ComponentResult {
    /// The bytes its entry's commitment covers: key, outcome, reason, data time
    /// and the filled blanks (null where no value is told), in RFC 8785 form.
    ///
    /// # Errors
    /// When a value has no JSON form; a fault of the program.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        let blanks = self.filled.iter();
        let mut filled: Vec<_> =
            blanks.map(|blank| (blank.key.as_str(), blank.values.as_deref().ok())).collect();
        // The order that RFC 8785 asks for.
        filled.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
        let filled = Blanks(filled);
        serde_json::to_vec(&CanonicalResult {
            data_time: self.data_time,
            filled,
            key: &self.key,
            outcome: self.outcome.as_str(),
            reason: self.reason,
        })
    }
}

// === impl Blanks ===

impl Serialize for Blanks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

// === impl Told ===

impl Told {
    /// A value of a field, and everyone whose data it is.
    pub(crate) fn add(&mut self, field: FieldId, people: &[DraftSubject]) {
        self.fields.insert(format!("{}.{}", field.dataset(), field.name()));
        for person in people {
            if !self.subjects.iter().any(|known| known.identifier == person.identifier) {
                self.subjects.push(person.clone());
            }
        }
    }
}

// === impl FilledBlank ===

impl std::fmt::Debug for FilledBlank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FilledBlank({})", self.key)
    }
}

// === impl Summary ===

impl Summary {
    /// Counts one more result.
    pub fn count(&mut self, result: &ComponentResult) {
        if result.outcome == ComponentOutcome::NotInCase {
            return;
        }
        self.total += 1;
        self.reused += usize::from(result.outcome == ComponentOutcome::Reused);
        self.unavailable += usize::from(result.outcome == ComponentOutcome::SourceUnavailable);
        self.prefilled_fields += result.filled.len();
        self.total_fields += result.blanks;
        for reason in result.filled.iter().filter_map(|blank| blank.values.as_ref().err()) {
            *self.withheld.entry(*reason).or_default() += 1;
        }
        if result.derived {
            self.derived_prefilled_fields += result.filled.len();
            self.derived_total_fields += result.blanks;
        }
    }
}

#[cfg(test)]
mod tests;
