//! Which entries a search means, judged by the entry alone: the same answer
//! where the log is kept and where somebody verifies what was told of it.

use jiff::Timestamp;

use crate::entry::{Entry, Kind, Outcome, Text};

#[cfg(test)]
mod tests;

/// What to look for. Unset filters do not filter; set ones must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryFilter {
    /// Of this dossier (*mã hồ sơ*).
    pub dossier: Option<String>,
    /// About this subject.
    pub subject: Option<Sought>,
    /// By a caller of this agency.
    pub agency: Option<String>,
    /// By this officer account.
    pub officer: Option<String>,
    /// Under this procedure.
    pub procedure: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Of one of these kinds; empty = any.
    pub kinds: Vec<Kind>,
    /// Not before, to the microsecond.
    pub from: Option<Timestamp>,
    /// Before, to the microsecond.
    pub to: Option<Timestamp>,
}

/// Whom a search is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// Whoever has this pseudonym.
    Pseudonym(String),
    /// Somebody without a pseudonym: no entry is about them.
    Nobody,
}

// === impl EntryFilter ===

impl EntryFilter {
    /// Whether the entry meets every filter.
    pub fn matches(&self, entry: &Entry) -> bool {
        let agency = entry.caller.as_ref().and_then(|caller| caller.agency.as_ref());
        let officer = entry.actor.as_ref().and_then(|actor| actor.account.as_ref());
        let at = entry.time.timestamp().as_microsecond();
        is(self.dossier.as_deref(), entry.dossier())
            && is(self.agency.as_deref(), text(agency))
            && is(self.officer.as_deref(), text(officer))
            && is(self.procedure.as_deref(), text(entry.procedure.as_ref()))
            && self.outcome.is_none_or(|outcome| entry.outcome == Some(outcome))
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
            && self.from.is_none_or(|from| at >= from.as_microsecond())
            && self.to.is_none_or(|to| at < to.as_microsecond())
            && self.subject.as_ref().is_none_or(|sought| sought.is_in(entry))
    }
}

// === impl Sought ===

impl Sought {
    fn is_in(&self, entry: &Entry) -> bool {
        match self {
            Self::Pseudonym(pseudonym) => pseudonyms(entry).any(|known| known == pseudonym),
            Self::Nobody => false,
        }
    }
}

/// Everyone the entry is about, also the citizen who acts and the person whom
/// a search of the log was about.
pub fn pseudonyms(entry: &Entry) -> impl Iterator<Item = &str> {
    let subjects = entry.subjects.iter().map(|subject| &subject.pseudonym);
    let created = entry.created.iter().map(|created| &created.pseudonym);
    let erased = entry.erased.iter().map(|erased| &erased.pseudonym);
    let actor = entry.actor.iter().filter_map(|actor| actor.pseudonym.as_ref());
    let filters = entry.search.iter().flat_map(|search| &search.filters);
    let sought = filters.filter(|filter| filter.name == "subject").filter_map(|filter| filter.value.as_ref());
    subjects.chain(created).chain(erased).chain(actor).chain(sought).map(|text| &**text)
}

fn is(wanted: Option<&str>, found: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

fn text(text: Option<&Text>) -> Option<&str> {
    text.map(|text| &**text)
}
