//! A figure to reach.

use std::fmt;

use serde::Serialize;

/// What was to be reached, what was, and so whether it was.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    what: String,
    bar: f64,
    measured: f64,
    at_least: bool,
    reached: bool,
}

// === impl Target ===

impl Target {
    /// More is better.
    pub(crate) fn at_least(what: String, bar: f64, measured: f64) -> Self {
        Self { what, bar, measured, at_least: true, reached: measured >= bar }
    }

    /// Less is better.
    pub(crate) fn at_most(what: String, bar: f64, measured: f64) -> Self {
        Self { what, bar, measured, at_least: false, reached: measured <= bar }
    }

    /// Whether it was reached; a figure that could not be taken was not.
    pub const fn reached(&self) -> bool {
        self.reached
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.reached { "PASS" } else { "MISS" };
        let bar = if self.at_least { "at least" } else { "at most" };
        write!(f, "{verdict}  {}: {:.2}, {bar} {:.2}", self.what, self.measured, self.bar)
    }
}
