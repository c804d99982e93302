//! Registered purposes: questions that no dossier gives rise to, each with its
//! own legal basis, approver and term.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::id::{AgencyCode, PurposeId};
use motlan_domain::question::Operation;

use crate::compile::{dataset, field_set};
use crate::error::{CatalogueErrors, Mistakes, Problem};
use crate::files::Files;
use crate::load::Catalogue;
use crate::raw::{RawPurpose, toml_file};

/// Every registered purpose. Immutable; a clone is cheap.
#[derive(Debug, Clone)]
pub struct Purposes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    digest: String,
    purposes: BTreeMap<PurposeId, RegisteredPurpose>,
}

/// One registered purpose (*mục đích đã đăng ký*).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredPurpose {
    /// Its id.
    pub id: PurposeId,
    /// Its Vietnamese name.
    pub name_vi: String,
    /// Its English name.
    pub name_en: String,
    /// Who may invoke it.
    pub agencies: BTreeSet<AgencyCode>,
    /// Which operations it covers.
    pub operations: BTreeSet<Operation>,
    /// Which fields of which datasets.
    pub datasets: BTreeMap<Dataset, FieldSet>,
    /// Numbers of the legal documents it rests on, with the article.
    pub legal_basis: Vec<String>,
    /// First day.
    pub valid_from: Date,
    /// Last day.
    pub valid_to: Date,
    /// Who approved it.
    pub approver: String,
}

// === impl Purposes ===

impl Purposes {
    /// Loads and validates a folder (`deploy/purposes`) against the catalogue's
    /// agencies. Every mistake is told at once.
    pub fn load(folder: &Path, catalogue: &Catalogue) -> Result<Self, CatalogueErrors> {
        let mut mistakes = Mistakes::default();
        let files = Files::read(folder, &mut mistakes);
        Self::compile(&files, catalogue, mistakes)
    }

    /// The purposes that were compiled in: what `deploy/purposes` held then.
    pub fn embedded(catalogue: &Catalogue) -> Result<Self, CatalogueErrors> {
        Self::compile(&Files::embedded_purposes(), catalogue, Mistakes::default())
    }

    /// SHA-256 over the path and content of every file, lower-case hex.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The purpose of that id, whether valid today or not.
    pub fn purpose(&self, id: &PurposeId) -> Option<&RegisteredPurpose> {
        self.0.purposes.get(id)
    }

    /// Every purpose, by id.
    pub fn purposes(&self) -> impl ExactSizeIterator<Item = &RegisteredPurpose> {
        self.0.purposes.values()
    }

    fn compile(
        files: &Files,
        catalogue: &Catalogue,
        mut mistakes: Mistakes,
    ) -> Result<Self, CatalogueErrors> {
        let mut purposes = BTreeMap::new();
        for path in
            files.paths().filter(|path| path.strip_suffix(".toml").is_none_or(|name| name.contains('/')))
        {
            mistakes.push(path, "", Problem::FileUnexpected("<purpose id>.toml"));
        }
        for (file, text) in files.texts("", ".toml", &mut mistakes) {
            let Some(raw) = toml_file::<RawPurpose>(file, text, &mut mistakes) else { continue };
            let compiled = purpose(file, raw, catalogue, &mut mistakes);
            purposes.extend(compiled.map(|purpose| (purpose.id.clone(), purpose)));
        }
        let inner = Inner { digest: files.digest(), purposes };
        mistakes.into_result(Self(Arc::new(inner)))
    }
}

// === impl RegisteredPurpose ===

impl RegisteredPurpose {
    /// Whether the purpose may be invoked on that day (Asia/Ho_Chi_Minh).
    pub fn valid_on(&self, day: Date) -> bool {
        self.valid_from <= day && day <= self.valid_to
    }

    /// The fields it covers of a dataset; empty when it does not cover it.
    pub fn fields(&self, dataset: Dataset) -> FieldSet {
        self.datasets.get(&dataset).copied().unwrap_or_default()
    }
}

fn purpose(
    file: &str,
    raw: RawPurpose,
    catalogue: &Catalogue,
    mistakes: &mut Mistakes,
) -> Option<RegisteredPurpose> {
    let id = PurposeId::parse(&raw.id).ok().filter(|_| file == format!("{}.toml", raw.id));
    if id.is_none() {
        mistakes.push(file, "id", Problem::invalid(&raw.id, "the purpose id in the name of its file"));
    }
    let mut agencies = BTreeSet::new();
    for name in &raw.agencies {
        match AgencyCode::parse(name).ok().filter(|code| catalogue.agency(code).is_some()) {
            Some(code) => {
                agencies.insert(code);
            }
            None => mistakes.push(file, "agencies", Problem::unknown("agency", name, [])),
        }
    }
    let mut datasets = BTreeMap::new();
    for (name, fields) in &raw.datasets {
        if let Some(dataset) = dataset(file, "datasets", name, mistakes) {
            let fields = field_set(file, name, dataset, fields, mistakes);
            if !fields.intersection(dataset.sensitive_fields()).is_empty() {
                mistakes.push(file, name, Problem::Contradiction("sensitive fields are for procedures only"));
            }
            datasets.insert(dataset, fields);
        }
    }
    let mut operations = BTreeSet::new();
    for name in &raw.operations {
        match Operation::from_name(name) {
            Some(operation) if datasets.contains_key(&operation.dataset()) => {
                operations.insert(operation);
            }
            Some(_) => {
                mistakes.push(file, name, Problem::Contradiction("the operation's dataset is not listed"));
            }
            None => {
                let known = Operation::ALL.map(Operation::as_str);
                mistakes.push(file, "operations", Problem::unknown("operation", name, known));
            }
        }
    }
    for (name, empty) in [
        ("agencies", raw.agencies.is_empty()),
        ("operations", raw.operations.is_empty()),
        ("legal_basis", raw.legal_basis.is_empty()),
        ("approver", raw.approver.trim().is_empty()),
    ] {
        if empty {
            mistakes.push(file, "", Problem::KeyNeeded(name));
        }
    }
    if raw.valid_to < raw.valid_from {
        mistakes.push(file, "valid_to", Problem::Contradiction("the purpose ends before it begins"));
    }
    let RawPurpose { name_vi, name_en, legal_basis, valid_from, valid_to, approver, .. } = raw;
    let id = id?;
    Some(RegisteredPurpose {
        id,
        name_vi,
        name_en,
        agencies,
        operations,
        datasets,
        legal_basis,
        valid_from,
        valid_to,
        approver,
    })
}
