//! What a resolve tells: one result per component, then a summary.

use jiff::Timestamp;
use motlan_catalogue::Mode;
use motlan_domain::Reason;
use motlan_domain::dataset::Registry;

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
}

/// A filled blank.
#[derive(Clone)]
pub struct FilledBlank {
    /// Its key in the form.
    pub key: String,
    /// As printed.
    pub label_vi: String,
    /// In English.
    pub label_en: String,
    /// One value, or one per row; `None` where this caller may know only that
    /// the blank can be filled.
    pub values: Option<Vec<String>>,
}

/// The whole of a resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
        if result.derived {
            self.derived_prefilled_fields += result.filled.len();
            self.derived_total_fields += result.blanks;
        }
    }
}
