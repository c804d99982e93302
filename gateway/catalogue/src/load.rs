//! The catalogue as a whole: loaded once, never changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use motlan_domain::id::{AgencyCode, ProcedureCode};
use motlan_domain::place::UnitLevel;

use crate::agency::Agency;
use crate::compile::{self, Agencies, Forms};
use crate::error::{CatalogueErrors, Mistakes, Problem, nearest};
use crate::files::Files;
use crate::form::Form;
use crate::procedure::Procedure;
use crate::raw::{RawManifest, RawProcedure, RawRules, toml_file};
use crate::units::AdminUnits;

/// Procedures, rules, forms, agencies and administrative units. Immutable; a
/// clone is cheap. Whatever rests on it names its [`digest`](Self::digest).
#[derive(Debug, Clone)]
pub struct Catalogue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    digest: String,
    version: String,
    valid_from: Date,
    province: String,
    procedures: BTreeMap<ProcedureCode, Procedure>,
    forms: Forms,
    agencies: Agencies,
    units: AdminUnits,
}

const MANIFEST: &str = "catalogue.toml";
const AGENCIES: &str = "agencies.toml";
const UNITS: &str = "admin_units.csv";

// === impl Catalogue ===

impl Catalogue {
    /// Loads and validates a folder (`deploy/catalogue`). Every mistake is told
    /// at once; with one of them nothing is loaded.
    pub fn load(folder: &Path) -> Result<Self, CatalogueErrors> {
        let mut mistakes = Mistakes::default();
        let files = Files::read(folder, &mut mistakes);
        Self::compile(&files, mistakes)
    }

    /// The catalogue that was compiled in: what `deploy/catalogue` held then.
    pub fn embedded() -> Result<Self, CatalogueErrors> {
        Self::compile(&Files::embedded_catalogue(), Mistakes::default())
    }

    /// SHA-256 over the path and content of every file, lower-case hex.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The version its manifest gives, for people.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// The day from which it holds.
    pub fn valid_from(&self) -> Date {
        self.0.valid_from
    }

    /// The province's code in the table of units.
    pub fn province_code(&self) -> &str {
        &self.0.province
    }

    /// The procedure of that code. Neither a case suffix nor a local variant is
    /// taken off: the caller says which procedure is meant.
    pub fn procedure(&self, code: &ProcedureCode) -> Option<&Procedure> {
        self.0.procedures.get(code)
    }

    /// Every procedure, by code.
    pub fn procedures(&self) -> impl ExactSizeIterator<Item = &Procedure> {
        self.0.procedures.values()
    }

    /// The form of that id.
    pub fn form(&self, id: &str) -> Option<&Form> {
        self.0.forms.get(id).map(AsRef::as_ref)
    }

    /// Every form, by id.
    pub fn forms(&self) -> impl ExactSizeIterator<Item = &Form> {
        self.0.forms.values().map(AsRef::as_ref)
    }

    /// The agency of that code.
    pub fn agency(&self, code: &AgencyCode) -> Option<&Agency> {
        self.0.agencies.get(code)
    }

    /// Every agency, by code.
    pub fn agencies(&self) -> impl ExactSizeIterator<Item = &Agency> {
        self.0.agencies.values()
    }

    /// The agency that governs a commune.
    pub fn agency_of_commune(&self, commune_code: &str) -> Option<&Agency> {
        self.agencies().find(|agency| agency.commune_code.as_deref() == Some(commune_code))
    }

    /// The code of an agency that `code` may be a misspelling of.
    pub fn nearest_agency(&self, code: &str) -> Option<String> {
        nearest(code, self.agencies().map(|agency| agency.code.as_str()))
    }

    /// The code of a procedure that `code` may be a misspelling of.
    pub fn nearest_procedure(&self, code: &str) -> Option<String> {
        nearest(code, self.procedures().map(|procedure| procedure.code.as_str()))
    }

    /// The code of a commune of that day that `code` may be a misspelling of.
    pub fn nearest_commune(&self, code: &str, on: Date) -> Option<String> {
        nearest(code, self.units().on(UnitLevel::Commune, on).map(|unit| unit.code.as_str()))
    }

    /// The administrative units of the country, dated.
    pub fn units(&self) -> &AdminUnits {
        &self.0.units
    }

    fn compile(files: &Files, mut mistakes: Mistakes) -> Result<Self, CatalogueErrors> {
        strangers(files, &mut mistakes);
        let manifest = files.text(MANIFEST, &mut mistakes);
        let manifest: Option<RawManifest> =
            manifest.and_then(|text| toml_file(MANIFEST, text, &mut mistakes));
        let units = files.text(UNITS, &mut mistakes);
        let units = units.map(|text| AdminUnits::parse(UNITS, text, &mut mistakes)).unwrap_or_default();
        let agencies = agencies(files, manifest.as_ref(), &units, &mut mistakes);
        let forms = forms(files, &mut mistakes);
        let procedures = procedures(files, &forms, &agencies, &mut mistakes);
        unused_forms(&forms, &procedures, &mut mistakes);
        let Some(RawManifest { version, valid_from, province_code }) = manifest else {
            return Err(mistakes.into_errors());
        };
        let digest = files.digest();
        let inner = Inner {
            digest,
            version,
            valid_from,
            province: province_code,
            procedures,
            forms,
            agencies,
            units,
        };
        mistakes.into_result(Self(Arc::new(inner)))
    }
}

/// Files that no reader below looks at.
fn strangers(files: &Files, mistakes: &mut Mistakes) {
    for path in files.paths() {
        let at_root = [MANIFEST, AGENCIES, UNITS, "ORIGIN.md", "README.md"].contains(&path);
        let in_folder = [("procedures/", ".json"), ("rules/", ".toml"), ("forms/", ".toml")].into_iter().any(
            |(folder, ending)| {
                path.starts_with(folder) && path.ends_with(ending) && path.matches('/').count() == 1
            },
        );
        if !at_root && !in_folder {
            let expected = "catalogue.toml, agencies.toml, admin_units.csv, ORIGIN.md, README.md, \
                            procedures/*.json, rules/*.toml or forms/*.toml";
            mistakes.push(path, "", Problem::FileUnexpected(expected));
        }
    }
}

fn agencies(
    files: &Files,
    manifest: Option<&RawManifest>,
    units: &AdminUnits,
    mistakes: &mut Mistakes,
) -> Agencies {
    let Some(text) = files.text(AGENCIES, mistakes) else { return Agencies::new() };
    let Some(manifest) = manifest else {
        // Told already; which communes there are is not known.
        return compile::agencies(AGENCIES, text, &|_| true, mistakes);
    };
    let province = manifest.province_code.as_str();
    if units.unit(province, UnitLevel::Province, manifest.valid_from).is_none() {
        mistakes.push(MANIFEST, "province_code", Problem::unknown("province", province, []));
        return compile::agencies(AGENCIES, text, &|_| true, mistakes);
    }
    let communes: BTreeSet<&str> = units
        .on(UnitLevel::Commune, manifest.valid_from)
        .filter(|unit| unit.parent.as_deref() == Some(province))
        .map(|unit| unit.code.as_str())
        .collect();
    compile::agencies(AGENCIES, text, &|code| communes.contains(code), mistakes)
}

fn forms(files: &Files, mistakes: &mut Mistakes) -> Forms {
    let mut forms = Forms::new();
    for (file, text) in files.texts("forms/", ".toml", mistakes) {
        if let Some(form) = compile::form(file, text, mistakes) {
            forms.insert(form.id.as_str().to_owned(), Arc::new(form));
        }
    }
    forms
}

/// Forms that no rule refers to; told only when nothing else is wrong, since a
/// rule that could not be read may be the one.
fn unused_forms(forms: &Forms, procedures: &BTreeMap<ProcedureCode, Procedure>, mistakes: &mut Mistakes) {
    if mistakes.len() > 0 {
        return;
    }
    let used: BTreeSet<&str> =
        procedures.values().flat_map(Procedure::forms).map(|form| form.id.as_str()).collect();
    for id in forms.keys().filter(|id| !used.contains(id.as_str())) {
        mistakes.push(&format!("forms/{id}.toml"), "", Problem::Unused("the form"));
    }
}

fn procedures(
    files: &Files,
    forms: &Forms,
    agencies: &Agencies,
    mistakes: &mut Mistakes,
) -> BTreeMap<ProcedureCode, Procedure> {
    let mut rules: BTreeMap<String, (&str, RawRules)> = BTreeMap::new();
    let mut unreadable = BTreeSet::new();
    for (file, text) in files.texts("rules/", ".toml", mistakes) {
        match toml_file::<RawRules>(file, text, mistakes) {
            Some(raw) if file == format!("rules/{}.toml", raw.procedure) => {
                rules.insert(raw.procedure.clone(), (file, raw));
            }
            Some(raw) => {
                mistakes.push(
                    file,
                    "procedure",
                    Problem::invalid(&raw.procedure, "the code in the name of its file"),
                );
                unreadable.insert(file);
            }
            None => {
                unreadable.insert(file);
            }
        }
    }
    let mut procedures = BTreeMap::new();
    for (file, text) in files.texts("procedures/", ".json", mistakes) {
        let data: RawProcedure = match serde_json::from_str(text) {
            Ok(data) => data,
            Err(error) => {
                mistakes.push(file, "", Problem::malformed(&error.to_string()));
                continue;
            }
        };
        let code = ProcedureCode::parse(&data.code)
            .ok()
            .filter(|_| file == format!("procedures/{}.json", data.code));
        let Some(code) = code else {
            mistakes.push(
                file,
                "code",
                Problem::invalid(&data.code, "the procedure code in the name of its file"),
            );
            continue;
        };
        let Some((rules_file, raw)) = rules.remove(&data.code) else {
            if !unreadable.contains(format!("rules/{}.toml", data.code).as_str()) {
                mistakes.push(file, "", Problem::ProcedureWithoutRules);
            }
            continue;
        };
        let compiled = compile::procedure(rules_file, code.clone(), data, raw, forms, agencies, mistakes);
        procedures.extend(compiled.map(|procedure| (code, procedure)));
    }
    for (name, (file, _)) in &rules {
        mistakes.push(file, "procedure", Problem::unknown("procedure", name, []));
    }
    procedures
}
