//! What the index keeps of an entry, read without making the rest of it.

use std::borrow::Cow;

use motlan_audit_tree::{EntryTime, Kind, Outcome};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A text of the entry, borrowed where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

/// The parts by which an entry is found.
#[derive(Deserialize)]
pub(super) struct Glance<'a> {
    pub(super) kind: Kind,
    pub(super) time: EntryTime,
    #[serde(default)]
    pub(super) outcome: Option<Outcome>,
    #[serde(borrow, default)]
    procedure: Option<Word<'a>>,
    #[serde(borrow, default)]
    caller: Option<Caller<'a>>,
    #[serde(borrow, default)]
    actor: Option<Actor<'a>>,
    #[serde(borrow, default)]
    purpose: Option<Purpose<'a>>,
    #[serde(borrow, default)]
    subjects: Vec<Named<'a>>,
    #[serde(borrow, default)]
    created: Option<Named<'a>>,
    #[serde(borrow, default)]
    erased: Option<Named<'a>>,
    #[serde(borrow, default)]
    search: Option<Search<'a>>,
}

#[derive(Deserialize)]
struct Caller<'a> {
    #[serde(borrow, default)]
    agency: Option<Word<'a>>,
}

#[derive(Deserialize)]
struct Actor<'a> {
    #[serde(borrow, default)]
    account: Option<Word<'a>>,
    #[serde(borrow, default)]
    pseudonym: Option<Word<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purpose<'a> {
    Dossier(#[serde(borrow)] Word<'a>),
    Registered(IgnoredAny),
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    pseudonym: Word<'a>,
}

#[derive(Deserialize)]
struct Search<'a> {
    #[serde(borrow, default)]
    filters: Vec<Filter<'a>>,
}

#[derive(Deserialize)]
struct Filter<'a> {
    #[serde(borrow)]
    name: Word<'a>,
    #[serde(borrow, default)]
    value: Option<Word<'a>>,
}

// === impl Glance ===

impl Glance<'_> {
    pub(super) fn agency(&self) -> Option<&str> {
        text(self.caller.as_ref()?.agency.as_ref())
    }

    pub(super) fn officer(&self) -> Option<&str> {
        text(self.actor.as_ref()?.account.as_ref())
    }

    pub(super) fn procedure(&self) -> Option<&str> {
        text(self.procedure.as_ref())
    }

    pub(super) fn dossier(&self) -> Option<&str> {
        match &self.purpose {
            Some(Purpose::Dossier(code)) => Some(&code.0),
            Some(Purpose::Registered(IgnoredAny)) | None => None,
        }
    }

    /// Everyone the entry is about, also the citizen who acts and the person whom
    /// a search of the log was about.
    pub(super) fn pseudonyms(&self) -> impl Iterator<Item = &str> {
        let named = self.subjects.iter().chain(&self.created).chain(&self.erased);
        let actor = self.actor.iter().filter_map(|actor| actor.pseudonym.as_ref());
        let filters = self.search.iter().flat_map(|search| &search.filters);
        let sought = filters.filter(|filter| filter.name.0 == "subject");
        let sought = sought.filter_map(|filter| filter.value.as_ref());
        named.map(|named| &named.pseudonym).chain(actor).chain(sought).map(|word| &*word.0)
    }
}

fn text<'a>(word: Option<&'a Word<'_>>) -> Option<&'a str> {
    word.map(|word| &*word.0)
}

#[cfg(test)]
mod tests;
