//! From the files as written to values that can be relied on: every reference
//! is resolved, every contradiction is told.

mod form;
mod procedure;
mod rule;

use std::collections::BTreeMap;
use std::sync::Arc;

use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::id::AgencyCode;
use motlan_domain::subject::SubjectKind;

pub(crate) use form::form;
pub(crate) use procedure::procedure;

use crate::agency::{Agency, AgencyLevel};
use crate::error::{Mistakes, Problem};
use crate::form::Form;
use crate::raw::{RawAgencies, RawAgency, tables, toml_file};

/// The forms by id, as rules refer to them.
pub(crate) type Forms = BTreeMap<String, Arc<Form>>;

/// The agencies by code.
pub(crate) type Agencies = BTreeMap<AgencyCode, Agency>;

/// Reads `agencies.toml`. `is_commune` says whether a commune code exists.
pub(crate) fn agencies(
    file: &str,
    text: &str,
    is_commune: &dyn Fn(&str) -> bool,
    mistakes: &mut Mistakes,
) -> Agencies {
    let mut agencies = Agencies::new();
    let Some(raw) = toml_file::<RawAgencies>(file, text, mistakes) else { return agencies };
    for raw in tables::<RawAgency>(file, "agency", "code", raw.agency, mistakes) {
        let Ok(code) = AgencyCode::parse(&raw.code) else {
            mistakes.push(file, &raw.code, Problem::invalid(&raw.code, "an agency code"));
            continue;
        };
        match (raw.level, raw.commune_code.as_deref()) {
            (AgencyLevel::Commune, None) => {
                mistakes.push(file, &raw.code, Problem::KeyNeeded("commune_code"));
            }
            (AgencyLevel::Commune, Some(commune)) if !is_commune(commune) => {
                mistakes.push(file, &raw.code, Problem::unknown("commune of the province", commune, []));
            }
            (AgencyLevel::Commune, Some(_)) | (_, None) => {}
            (_, Some(_)) => mistakes.push(file, &raw.code, Problem::KeyMeaningless("commune_code")),
        }
        let agency = Agency {
            code: code.clone(),
            level: raw.level,
            name_vi: raw.name_vi,
            name_en: raw.name_en,
            commune_code: raw.commune_code,
            invented: raw.invented,
        };
        if agencies.insert(code, agency).is_some() {
            mistakes.push(file, &raw.code, Problem::Duplicate { what: "agency", name: raw.code.clone() });
        }
    }
    agencies
}

/// The set of the named fields; every name that is not a field is a mistake.
pub(crate) fn field_set(
    file: &str,
    key: &str,
    dataset: Dataset,
    names: &[String],
    mistakes: &mut Mistakes,
) -> FieldSet {
    let mut set = FieldSet::EMPTY;
    for name in names {
        match dataset.field(name) {
            Some(field) if set.contains(field) => {
                mistakes.push(file, key, Problem::Duplicate { what: "field", name: name.clone() });
            }
            Some(field) => set = set.with(field),
            None => mistakes.push(file, key, unknown_field(dataset, name)),
        }
    }
    set
}

/// The dataset of that name, else a mistake.
pub(crate) fn dataset(file: &str, key: &str, name: &str, mistakes: &mut Mistakes) -> Option<Dataset> {
    let dataset = Dataset::from_name(name);
    if dataset.is_none() {
        mistakes.push(file, key, Problem::unknown("dataset", name, Dataset::ALL.map(Dataset::as_str)));
    }
    dataset
}

fn unknown_field(dataset: Dataset, name: &str) -> Problem {
    Problem::unknown("field", name, dataset.fields().iter().map(|field| field.name))
}

/// Which kinds of subject a dataset can be asked about.
const fn askable(kind: SubjectKind, dataset: Dataset) -> bool {
    matches!(
        (kind, dataset),
        (SubjectKind::Person, Dataset::Person | Dataset::Household)
            | (SubjectKind::InsuranceNumber, Dataset::Participation | Dataset::HealthCard)
            | (SubjectKind::Enterprise, Dataset::Enterprise)
            | (SubjectKind::Certificate, Dataset::Certificate)
            | (SubjectKind::Parcel, Dataset::Parcel)
    )
}
