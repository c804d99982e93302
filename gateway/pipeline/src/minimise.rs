//! Only permitted fields leave (personal data law 91/2025: no more than the
//! purpose needs).

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::id::PersonalId;
use motlan_domain::record::Named;
use motlan_domain::{Fetched, Record};

use smallvec::SmallVec;

use crate::answer::FieldStates;
use crate::prepared::{Canonical, Form};

/// What of an answer may leave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance<'a> {
    /// The dataset asked.
    pub(crate) dataset: Dataset,
    /// Asked for and permitted.
    pub(crate) fields: FieldSet,
    /// Permitted, whether asked for or not.
    pub(crate) permitted: FieldSet,
    /// The persons of the dossier: others whom a record names are reduced.
    pub(crate) persons: &'a [PersonalId],
}

/// An answer reduced to what the permit covers. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Minimal {
    /// The permitted fields, other people reduced. Whether they may be told is
    /// the permit's to say.
    pub(crate) records: Arc<[Record]>,
    /// What became of each field.
    pub(crate) fields: FieldStates,
    /// Everyone the permitted fields name, also those who were reduced: their
    /// data was handled, so their log shows it.
    pub(crate) named: Arc<[Named]>,
    /// Its canonical form, once somebody needed it.
    pub(crate) canonical: Arc<OnceLock<Canonical>>,
    /// The form in which it is told, once somebody was.
    pub(crate) form: Form,
}

/// Whom a reduction asked about, and whether the dossier knew them.
pub(crate) type Asked = SmallVec<[(PersonalId, bool); 2]>;

/// Reduces an answer, and says what became of each field.
pub(crate) fn minimise(fetched: &Fetched, allowance: &Allowance<'_>) -> Minimal {
    minimise_asking(fetched, allowance).0
}

/// As [`minimise`]; and whom of all people it depended on.
pub(crate) fn minimise_asking(fetched: &Fetched, allowance: &Allowance<'_>) -> (Minimal, Asked) {
    let asked = RefCell::new(Asked::new());
    let keep = |id: &PersonalId| {
        let known = allowance.persons.contains(id);
        asked.borrow_mut().push((*id, known));
        known
    };
    let mut present = FieldSet::EMPTY;
    let mut records = Vec::with_capacity(fetched.records.len());
    let mut named = Vec::new();
    for record in &fetched.records {
        present = present.union(record.present());
        let mut record = record.clone();
        record.retain(allowance.fields);
        named.extend(record.named());
        record.minimise_named(&keep);
        records.push(record);
    }
    let states = FieldStates {
        present: allowance.fields.intersection(present),
        absent: allowance.fields.minus(present),
        not_permitted: allowance.dataset.all_fields().minus(allowance.permitted),
        not_requested: allowance.permitted.minus(allowance.fields),
    };
    let (records, named) = (records.into(), named.into());
    let minimal = Minimal { records, fields: states, named, canonical: Arc::default(), form: Form::kept() };
    (minimal, asked.into_inner())
}

#[cfg(test)]
mod tests;
