//! Judging input: every mistake of a request is found before anything is asked,
//! and all of them are told at once.

use motlan_domain::Reason;
use motlan_domain::date::DateError;
use motlan_domain::id::IdError;
use motlan_domain::name::NameError;
use motlan_domain::reason::Advice;

use crate::status::Failure;

/// What is wrong with one value. Never holds the value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Path of the field, such as `subjects[1].subject.personal_id`.
    pub(crate) field: String,
    /// The rule it breaks.
    pub(crate) flaw: Flaw,
}

/// A rule that a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Stable code.
    pub(crate) reason: &'static str,
    /// In Vietnamese.
    pub(crate) vi: &'static str,
    /// In English.
    pub(crate) en: &'static str,
    /// What to do next.
    pub(crate) next: Advice,
}

/// Collects the violations of a request.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    violations: Vec<Violation>,
}

// === impl Violation ===

impl Violation {
    /// That the value at `field` breaks a rule.
    pub(crate) fn new(field: impl Into<String>, flaw: impl Into<Flaw>) -> Self {
        Self { field: field.into(), flaw: flaw.into() }
    }
}

// === impl Flaw ===

impl From<Reason> for Flaw {
    fn from(reason: Reason) -> Self {
        Self { reason: reason.code(), vi: reason.text_vi(), en: reason.text_en(), next: reason.advice() }
    }
}

impl From<IdError> for Flaw {
    fn from(error: IdError) -> Self {
        Self { reason: error.reason(), vi: error.text_vi(), en: error.text_en(), next: error.rule().advice() }
    }
}

impl From<DateError> for Flaw {
    fn from(error: DateError) -> Self {
        Self { reason: error.reason(), vi: error.text_vi(), en: error.text_en(), next: error.advice() }
    }
}

impl From<NameError> for Flaw {
    fn from(error: NameError) -> Self {
        Self { reason: error.reason(), vi: error.text_vi(), en: error.text_en(), next: error.advice() }
    }
}

// === impl Checked ===

impl Checked {
    /// Notes that the value at `field` breaks a rule.
    pub(crate) fn flaw(&mut self, field: impl Into<String>, flaw: impl Into<Flaw>) {
        self.violations.push(Violation::new(field, flaw));
    }

    /// The value, or the note that it breaks a rule.
    pub(crate) fn take<T, E: Into<Flaw>>(
        &mut self,
        field: impl Into<String>,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.flaw(field, error);
                None
            }
        }
    }

    /// The judged request, or every violation of it.
    ///
    /// `value` is `None` only where a violation was noted; should that ever not
    /// hold, the request is refused all the same.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Failure> {
        match value {
            Some(value) if self.violations.is_empty() => Ok(value),
            _ if self.violations.is_empty() => Err(Failure::new(Reason::ValueInvalid)),
            _ => Err(Failure::invalid(self.violations)),
        }
    }
}
