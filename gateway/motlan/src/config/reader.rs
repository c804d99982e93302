//! Reading a configuration file so that every mistake is found in one pass.
//!
//! A [`Section`] hands out its values by key and notes what is wrong with each;
//! when it is dropped it reports the keys that nobody asked for, each with the
//! nearest known one. A mistake yields no value, so a caller goes on reading
//! and the config is only built when nothing was wrong.

mod values;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One mistake: its place, its key and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Line in the file, from 1; 0 where the mistake is an absence.
    pub line: usize,
    /// Character in that line, from 1; 0 where the line and the key say enough.
    pub column: usize,
    /// The full key, such as `server.listen`; empty for the whole file.
    pub key: String,
    /// What is wrong, lower case, no full stop.
    pub problem: String,
}

/// The file being read: its text, its folder, and the mistakes so far.
pub(super) struct Source<'a> {
    text: &'a str,
    folder: PathBuf,
    mistakes: RefCell<Vec<Mistake>>,
}

/// One table of the file, or one that is not there.
pub(super) struct Section<'a> {
    source: &'a Source<'a>,
    path: String,
    line: usize,
    table: Option<&'a DeTable<'a>>,
    asked: RefCell<Vec<&'static str>>,
    lenient: Cell<bool>,
}

// === impl Mistake ===

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => {}
            (line, 0) => write!(f, "line {line}: ")?,
            (line, column) => write!(f, "line {line}, column {column}: ")?,
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.problem)
    }
}

// === impl Source ===

impl<'a> Source<'a> {
    /// A file with that text; relative paths in it start at `folder`.
    pub(super) fn new(text: &'a str, folder: &Path) -> Self {
        Self { text, folder: folder.to_owned(), mistakes: RefCell::default() }
    }

    /// The file's outermost table.
    pub(super) fn root(&'a self, table: &'a DeTable<'a>) -> Section<'a> {
        Section {
            source: self,
            path: String::new(),
            line: 0,
            table: Some(table),
            asked: RefCell::default(),
            lenient: Cell::new(false),
        }
    }

    /// Notes a mistake at a byte of the text.
    pub(super) fn mistake_at(&self, offset: Option<usize>, key: String, problem: impl Into<String>) {
        let line = offset.map_or(0, |offset| self.line(offset));
        self.mistakes.borrow_mut().push(Mistake { line, column: 0, key, problem: problem.into() });
    }

    /// The mistakes found, by line.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort();
        mistakes.dedup();
        mistakes
    }

    /// The line of a byte of the text.
    pub(super) fn line(&self, offset: usize) -> usize {
        position(self.text.as_bytes(), offset).0
    }
}

/// Line and character, both from 1, of a byte of a text.
pub(super) fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = String::from_utf8_lossy(&text[..offset.min(text.len())]);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

// === impl Section ===

impl<'a> Section<'a> {
    /// Notes that a key has a mistake.
    pub(super) fn mistake(&self, key: &'static str, problem: impl Into<String>) {
        let offset = self.table.and_then(|table| table.get_key_value(key)).map(|(key, _)| key.span().start);
        self.source.mistake_at(offset, self.full(key), problem);
    }

    /// A table that must be there.
    pub(super) fn section(&self, key: &'static str) -> Section<'a> {
        let section = self.section_or_none(key);
        if section.table.is_none() && !self.has(key) {
            self.missing(key, "the table is missing");
        }
        section
    }

    /// A table that may be absent; its values are then their defaults.
    pub(super) fn section_or_none(&self, key: &'static str) -> Section<'a> {
        let found = self.get(key).and_then(|value| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.wrong_type(key, value, "a table");
            }
            table.map(|table| (value.span().start, table))
        });
        self.inner(key.to_owned(), found)
    }

    /// Every table of an array of tables, in order.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "an array of tables");
            return Vec::new();
        };
        // What is no table is told, and stands there empty: the others keep their places.
        let tables = array.iter().enumerate().map(|(index, item)| {
            let table = item.get_ref().as_table();
            let name = format!("{key}[{index}]");
            if table.is_none() {
                self.wrong_type(&name, item, "a table");
            }
            self.inner(name, table.map(|table| (item.span().start, table)))
        });
        tables.collect()
    }

    /// A text that must be there and not be empty.
    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        let Some(text) = self.text_or_none(key) else {
            if !self.has(key) {
                self.missing(key, "is missing");
            }
            return None;
        };
        Some(text)
    }

    /// A text that may be absent, but not empty.
    pub(super) fn text_or_none(&self, key: &'static str) -> Option<String> {
        let value = self.get(key)?;
        match value.get_ref().as_str() {
            None => self.wrong_type(key, value, "a text"),
            Some("") => self.mistake(key, "is empty"),
            Some(text) => return Some(text.to_owned()),
        }
        None
    }

    /// Texts; an absent key is an empty list.
    pub(super) fn texts(&self, key: &'static str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of texts");
            return Vec::new();
        };
        let texts = array.iter().filter_map(|item| {
            let text = item.get_ref().as_str();
            if text.is_none() {
                self.wrong_type(key, item, "a text");
            }
            text.map(str::to_owned)
        });
        texts.collect()
    }

    /// A text that `read` understands; `read` says what is wrong otherwise.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.noted(key, read(&self.text(key)?))
    }

    /// The like of [`Self::parsed`] for a key that may be absent.
    pub(super) fn parsed_or_none<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.noted(key, read(&self.text_or_none(key)?))
    }

    /// One of some names.
    pub(super) fn one_of<T: Copy>(&self, key: &'static str, names: &[(&str, T)]) -> Option<T> {
        self.parsed(key, |text| choose(text, names))
    }

    /// One of some names, or the default where the key is absent.
    pub(super) fn one_of_or<T: Copy>(&self, key: &'static str, names: &[(&str, T)], default: T) -> Option<T> {
        if !self.has(key) {
            self.ask(key);
            return Some(default);
        }
        self.one_of(key, names)
    }

    /// Yes or no, or the default where the key is absent.
    pub(super) fn flag(&self, key: &'static str, default: bool) -> Option<bool> {
        let Some(value) = self.get(key) else { return Some(default) };
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, value, "true or false");
        }
        flag
    }

    /// Knows a key without reading it.
    pub(super) fn know(&self, key: &'static str) {
        self.ask(key);
    }

    /// Calls no key of this table unknown: what belongs here cannot be told.
    pub(super) fn accept_all(&self) {
        self.lenient.set(true);
    }

    /// Whether the key stands in the file.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    fn inner(&self, key: String, found: Option<(usize, &'a DeTable<'a>)>) -> Section<'a> {
        let line = found.map_or(0, |(offset, _)| self.source.line(offset));
        let table = found.map(|(_, table)| table);
        Section {
            source: self.source,
            path: self.full(&key),
            line,
            table,
            asked: RefCell::default(),
            lenient: Cell::new(false),
        }
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.ask(key);
        self.table?.get(key)
    }

    fn ask(&self, key: &'static str) {
        self.asked.borrow_mut().push(key);
    }

    fn full(&self, key: &str) -> String {
        full(&self.path, key)
    }

    fn missing(&self, key: &'static str, problem: &str) {
        // An absent table is reported once, not key by key.
        if self.table.is_some() {
            self.source.mistakes.borrow_mut().push(Mistake {
                line: self.line,
                column: 0,
                key: self.full(key),
                problem: problem.into(),
            });
        }
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let problem = format!("must be {expected}, not {}", value.get_ref().type_str());
        self.source.mistake_at(Some(value.span().start), self.full(key), problem);
    }

    fn noted<T>(&self, key: &'static str, read: Result<T, String>) -> Option<T> {
        read.map_err(|problem| self.mistake(key, problem)).ok()
    }
}

/// Reports the keys that nobody asked for.
impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if !asked.contains(&name) && !self.lenient.get() {
                let near = nearest(name, asked.iter().copied());
                let near = near.map(|near| format!("; nearest known: {near}")).unwrap_or_default();
                self.source.mistake_at(Some(key.span().start), self.full(name), format!("unknown key{near}"));
            }
        }
    }
}

/// The full name of a key in the table of that name.
pub(super) fn full(path: &str, key: &str) -> String {
    // A dotted key, such as a dataset's name, stands in quotes as in the file.
    let key = if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// The name that is most like `name`.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(name, known), known));
    scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

fn choose<T: Copy>(text: &str, names: &[(&str, T)]) -> Result<T, String> {
    let found = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let all: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        let near = nearest(text, all.iter().copied()).unwrap_or_default();
        format!("must be one of {}; nearest: {near}", all.join(", "))
    })
}
