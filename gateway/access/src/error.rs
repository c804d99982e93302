//! Mistakes in configuration, keys, directory and policies: all at once.

use std::fmt;

/// Every mistake found while loading. Never empty. Nothing with a mistake is
/// used: at start the gateway does not come up, on reload the old set stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessErrors(Vec<AccessError>);

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct AccessError {
    /// Where: a key of the section, such as `callers[1].agency` (counted from 0,
    /// as configured) or `directory`; or a policy, its file or its folder.
    pub place: String,
    /// What is wrong, and what was expected. Names nobody.
    pub problem: String,
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<AccessError>);

// === impl AccessErrors ===

impl AccessErrors {
    /// The mistakes, in the order of the configuration.
    pub fn errors(&self) -> &[AccessError] {
        &self.0
    }
}

impl fmt::Display for AccessErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mistake(s) in the access configuration", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for AccessErrors {}

// === impl Mistakes ===

impl Mistakes {
    pub(crate) fn push(&mut self, place: impl Into<String>, problem: impl Into<String>) {
        self.0.push(AccessError { place: place.into(), problem: problem.into() });
    }

    pub(crate) fn into_errors(self) -> Vec<AccessError> {
        self.0
    }

    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, AccessErrors> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(AccessErrors(self.0)),
        }
    }
}
