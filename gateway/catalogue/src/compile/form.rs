//! Forms: blanks with their sources.

use std::collections::BTreeSet;

use motlan_domain::dataset::Dataset;

use crate::compile::{dataset, unknown_field};
use crate::error::{Mistakes, Problem};
use crate::form::{Blank, BlankSource, Form, RegistryBlank};
use crate::key::{FormId, RoleId};
use crate::raw::{RawBlank, RawBlankSource, RawForm, tables, toml_file};

/// Reads one `forms/<id>.toml`.
pub(crate) fn form(file: &str, text: &str, mistakes: &mut Mistakes) -> Option<Form> {
    let raw = toml_file::<RawForm>(file, text, mistakes)?;
    let Some(id) = FormId::parse(&raw.id).filter(|id| file == format!("forms/{id}.toml")) else {
        mistakes.push(file, "id", Problem::invalid(&raw.id, "the name of its file"));
        return None;
    };
    if raw.blank.is_empty() {
        mistakes.push(file, "", Problem::KeyNeeded("blank"));
    }
    let mut keys = BTreeSet::new();
    let mut blanks = Vec::with_capacity(raw.blank.len());
    for blank in tables::<RawBlank>(file, "blank", "key", raw.blank, mistakes) {
        if !keys.insert(blank.key.clone()) {
            mistakes.push(file, &blank.key, Problem::Duplicate { what: "blank", name: blank.key.clone() });
        }
        if let Some(source) = source(file, &blank, mistakes) {
            let RawBlank { key, label_vi, label_en, repeated, .. } = blank;
            blanks.push(Blank { key, label_vi, label_en, repeated, source });
        }
    }
    let RawForm { name_vi, name_en, derived, source, .. } = raw;
    Some(Form { id, name_vi, name_en, derived, source, blanks })
}

fn source(file: &str, raw: &RawBlank, mistakes: &mut Mistakes) -> Option<BlankSource> {
    let before = mistakes.len();
    let registry = raw.source == RawBlankSource::Registry;
    for (name, given) in [("role", &raw.role), ("dataset", &raw.dataset), ("field", &raw.field)] {
        match (registry, given) {
            (true, None) => mistakes.push(file, &raw.key, Problem::KeyNeeded(name)),
            (false, Some(_)) => mistakes.push(file, &raw.key, Problem::KeyMeaningless(name)),
            (true, Some(_)) | (false, None) => {}
        }
    }
    let rows_of = |list: &str| raw.field.as_ref().is_some_and(|field| field.starts_with(list));
    for (name, given, meant) in [
        ("in_role", raw.in_role.is_some(), rows_of("members.")),
        ("kind", raw.kind.is_some(), rows_of("contributions.")),
    ] {
        if given && !meant {
            mistakes.push(file, &raw.key, Problem::KeyMeaningless(name));
        }
    }
    match (raw.source == RawBlankSource::Dossier, raw.fact) {
        (true, None) => mistakes.push(file, &raw.key, Problem::KeyNeeded("fact")),
        (false, Some(_)) => mistakes.push(file, &raw.key, Problem::KeyMeaningless("fact")),
        (true, Some(_)) | (false, None) => {}
    }
    let source = match (raw.source, raw.fact) {
        (RawBlankSource::Registry, _) => registry_blank(file, raw, mistakes).map(BlankSource::Registry),
        (RawBlankSource::Dossier, fact) => fact.map(BlankSource::Dossier),
        (RawBlankSource::Applicant, _) => Some(BlankSource::Applicant),
    };
    source.filter(|_| mistakes.len() == before)
}

fn registry_blank(file: &str, raw: &RawBlank, mistakes: &mut Mistakes) -> Option<RegistryBlank> {
    let (role, dataset_name, field) = (raw.role.as_ref()?, raw.dataset.as_ref()?, raw.field.as_ref()?);
    let parsed = RoleId::parse(role);
    if parsed.is_none() {
        mistakes.push(file, &raw.key, Problem::invalid(role, "a role name"));
    }
    let in_role = raw.in_role.as_ref().and_then(|role| {
        let parsed = RoleId::parse(role);
        if parsed.is_none() {
            mistakes.push(file, &raw.key, Problem::invalid(role, "a role name"));
        }
        parsed
    });
    let dataset = dataset(file, &raw.key, dataset_name, mistakes)?;
    let mut segments = field.split('.');
    let first = segments.next().unwrap_or_default();
    let Some(field) = dataset.field(first) else {
        mistakes.push(file, &raw.key, unknown_field(dataset, first));
        return None;
    };
    let path: Vec<String> = segments.map(str::to_owned).collect();
    if let Some(part) = path.first() {
        let known = parts(dataset, first);
        if path.len() > 1 || !known.contains(&part.as_str()) {
            let problem = Problem::unknown("part of the field", &path.join("."), known.iter().copied());
            mistakes.push(file, &raw.key, problem);
        }
    }
    Some(RegistryBlank { role: parsed?, dataset, field, path, in_role, kind: raw.kind.clone() })
}

/// What a field's JSON value is made of, where a blank may take a part of it.
fn parts(dataset: Dataset, field: &str) -> &'static [&'static str] {
    match (dataset, field) {
        (Dataset::Person, "father" | "mother" | "spouse" | "representative" | "household_head")
        | (Dataset::Household, "head") => &["full_name", "personal_id", "cmnd", "nationality"],
        (Dataset::Household, "members") => {
            &["full_name", "personal_id", "cmnd", "nationality", "birth_date", "sex", "relation_to_head"]
        }
        (
            Dataset::Person,
            "birthplace"
            | "birth_registration"
            | "hometown"
            | "permanent_residence"
            | "temporary_residence"
            | "current_residence",
        )
        | (Dataset::Household, "address")
        | (Dataset::Enterprise, "head_office") => {
            &["province_code", "district_code", "commune_code", "detail", "country"]
        }
        (Dataset::Enterprise, "representatives") => &["full_name", "position", "personal_id"],
        (Dataset::Enterprise, "activities") => &["code", "name", "is_main"],
        (Dataset::Participation, "contributions") => {
            &["from", "to", "employer_code", "employer_name", "method", "level_vnd", "kind"]
        }
        (Dataset::Certificate, "owners") => {
            &["full_name", "personal_id", "organisation", "enterprise_code", "share"]
        }
        (Dataset::Certificate, "parcels") => &["key", "area_m2", "address", "uses"],
        _ => &[],
    }
}
