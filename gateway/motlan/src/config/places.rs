//! Where each key of a file stands, for mistakes that are found out later than
//! the file is read: in what it names.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{Mistake, Source, full};

/// The line of every key, by its full name such as `access.callers[1].agency`.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<String, usize>);

// === impl Places ===

impl Places {
    pub(super) fn of(source: &Source<'_>, root: &DeTable<'_>) -> Self {
        let mut places = Self::default();
        places.note_table(source, "", root);
        places
    }

    /// A mistake at that key, or where the key would stand.
    pub(super) fn mistake(&self, key: &str, problem: String) -> Mistake {
        Mistake { line: self.line(key), column: 0, key: key.to_owned(), problem }
    }

    /// The line of a key; of what holds it, where it does not stand itself.
    fn line(&self, key: &str) -> usize {
        let mut place = key;
        loop {
            if let Some(line) = self.0.get(place) {
                return *line;
            }
            let Some(end) = place.rfind(['.', '[']) else { return 0 };
            place = &place[..end];
        }
    }

    fn note_table(&mut self, source: &Source<'_>, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = full(path, key.get_ref());
            self.0.insert(path.clone(), source.line(key.span().start));
            self.note_value(source, &path, value);
        }
    }

    fn note_value(&mut self, source: &Source<'_>, path: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(source, path, table),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.0.insert(path.clone(), source.line(item.span().start));
                    self.note_value(source, &path, item);
                }
            }
            _ => {}
        }
    }
}
