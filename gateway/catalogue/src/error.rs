//! What is wrong with a catalogue: every mistake at once, each with its place.

use std::cmp::Reverse;
use std::fmt;
use std::io;

use thiserror::Error;

/// Every mistake found in a folder of catalogue or purpose files. Never empty.
/// Nothing of a catalogue with a mistake is used.
#[derive(Debug)]
pub struct CatalogueErrors(Vec<Mistake>);

/// One mistake: the file, the key inside it, and what is wrong.
#[derive(Debug)]
pub struct Mistake {
    /// Path relative to the folder that was loaded, with `/` on every system.
    pub file: String,
    /// Where in the file: a rule's key, a role's or form's id; empty for the whole file.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong. The text names the value and, where it is easy, the
/// nearest known one.
#[derive(Debug, Error)]
pub enum Problem {
    /// The file could not be read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// A file that every catalogue has is not there.
    #[error("is missing")]
    FileMissing,
    /// A file stands where none is expected; a misspelt folder would otherwise be silent.
    #[error("does not belong here: expected {0}")]
    FileUnexpected(&'static str),
    /// Not the TOML, JSON or CSV that the file should be; unknown and missing keys too.
    #[error("{0}")]
    Malformed(String),
    /// A value is not of its form (a code, a date, an identifier).
    #[error("`{value}` is not {expected}")]
    Invalid {
        /// As written.
        value: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// A name refers to nothing.
    #[error("there is no {what} `{name}`{}", Nearest(.nearest))]
    Unknown {
        /// What kind of thing was named.
        what: &'static str,
        /// The name as written.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
    },
    /// Two things of one kind bear one name.
    #[error("{what} `{name}` stands twice")]
    Duplicate {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A component of the procedure has no rule: it could never be decided.
    #[error("the component has no rule")]
    ComponentWithoutRule,
    /// A rule's key names no component of the procedure.
    #[error("the rule names no component of this procedure{}", Nearest(.nearest))]
    RuleWithoutComponent {
        /// The nearest component key.
        nearest: Option<String>,
    },
    /// A procedure has no rules file.
    #[error("the procedure has no rules")]
    ProcedureWithoutRules,
    /// A key that this kind of rule, role or blank needs is not there.
    #[error("`{0}` is needed here")]
    KeyNeeded(&'static str),
    /// A key that means nothing for this kind of rule, role or blank.
    #[error("`{0}` means nothing here")]
    KeyMeaningless(&'static str),
    /// A copy replaces a component of which the original is demanded.
    #[error("the component demands an original, so a copy-only lookup must set `original_required = true`")]
    OriginalDemanded,
    /// The rule's source is not that of the procedure's data, and no reason is given.
    #[error("the data says {data}, the rule {rule}: say why in `deviates`")]
    SourceDiffers {
        /// Source and mode in the procedure's data.
        data: String,
        /// Those of the rule.
        rule: String,
    },
    /// A reason is given for a deviation that is none.
    #[error("`deviates` is given, but the rule agrees with the data")]
    DeviationUnneeded,
    /// `basis` contradicts `stated_in_text`.
    #[error("`basis` is `{rule}`, but the data's stated_in_text is {data}")]
    BasisDiffers {
        /// As the rule says.
        rule: &'static str,
        /// As the data says.
        data: bool,
    },
    /// A role of this kind cannot be asked of this dataset.
    #[error("role `{role}` is of kind {kind}, which {dataset} cannot be asked about")]
    RoleKind {
        /// The role.
        role: String,
        /// Its kind.
        kind: &'static str,
        /// The dataset.
        dataset: &'static str,
    },
    /// An accept condition says nothing about this dataset.
    #[error("`{accept}` cannot be judged on {dataset}")]
    AcceptMeaningless {
        /// The condition.
        accept: &'static str,
        /// The dataset.
        dataset: &'static str,
    },
    /// A role, case or form nobody uses: a misspelling, or a right that should not be given.
    #[error("{0} is used by no rule")]
    Unused(&'static str),
    /// A non-person or a stranger marked as family of the applicant, or a person as linked by need.
    #[error("{0}")]
    Contradiction(&'static str),
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Mistake>);

/// `; nearest known: ...`, or nothing.
struct Nearest<'a>(&'a Option<String>);

// === impl CatalogueErrors ===

impl CatalogueErrors {
    /// The mistakes, in the order of the files.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for CatalogueErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mistake(s) in the catalogue files", self.0.len())?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for CatalogueErrors {}

// === impl Mistake ===

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}", self.problem)
    }
}

impl std::error::Error for Mistake {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

// === impl Problem ===

impl Problem {
    /// An unknown name, with the nearest of the known ones.
    pub(crate) fn unknown<'a>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::Unknown { what, name: name.to_owned(), nearest: nearest(name, known) }
    }

    /// A value that is not of its form.
    pub(crate) fn invalid(value: &str, expected: &'static str) -> Self {
        Self::Invalid { value: value.to_owned(), expected }
    }

    /// What a TOML, JSON or CSV reader said, with the nearest key for an unknown one.
    pub(crate) fn malformed(message: &str) -> Self {
        let first_line = message.lines().next().unwrap_or_default();
        let mut quoted = first_line.split('`').skip(1).step_by(2);
        let hint = (first_line.contains("unknown field") || first_line.contains("unknown variant"))
            .then(|| quoted.next().and_then(|name| nearest(name, quoted)))
            .flatten();
        Self::Malformed(format!("{first_line}{}", Nearest(&hint)))
    }
}

// === impl Mistakes ===

impl Mistakes {
    /// Notes one mistake.
    pub(crate) fn push(&mut self, file: &str, key: &str, problem: Problem) {
        self.0.push(Mistake { file: file.to_owned(), key: key.to_owned(), problem });
    }

    /// How many so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value if nothing was wrong, else every mistake.
    pub(crate) fn into_result<T>(self, value: T) -> Result<T, CatalogueErrors> {
        if self.0.is_empty() { Ok(value) } else { Err(CatalogueErrors(self.0)) }
    }

    /// The mistakes as an error, for a caller that knows there is one.
    pub(crate) fn into_errors(self) -> CatalogueErrors {
        CatalogueErrors(self.0)
    }
}

// === impl Nearest ===

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(f, "; nearest known: `{name}`"))
    }
}

/// The known name nearest to `name`, if one is near enough to be a misspelling;
/// of several, the one that begins alike: codes are written from the general
/// to the particular.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let alike = |candidate: &str| name.chars().zip(candidate.chars()).take_while(|(a, b)| a == b).count();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), Reverse(alike(candidate)), candidate))
        .min()
        .filter(|(distance, _, candidate)| *distance <= 2.max(candidate.chars().count() / 3))
        .map(|(.., candidate)| candidate.to_owned())
}
