//! The files as they are written: unknown keys are refused, nothing is judged.

use std::collections::BTreeMap;

use jiff::civil::Date;
use motlan_domain::subject::{Link, SubjectKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::agency::AgencyLevel;
use crate::error::{Mistakes, Problem};
use crate::form::DossierFact;
use crate::procedure::ProcedureLevel;
use crate::rule::{Basis, Mode};

/// `procedures/<code>.json`: the portal's data, as gathered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProcedure {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) agency_level: ProcedureLevel,
    pub(crate) legal_basis_short: Vec<String>,
    pub(crate) processing_days: u32,
    pub(crate) channels: Vec<String>,
    pub(crate) fee_note: String,
    pub(crate) components: Vec<RawComponent>,
    pub(crate) results: Vec<RawResult>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawComponent {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) originals: u32,
    pub(crate) copies: u32,
    pub(crate) has_eform: bool,
    pub(crate) replaced_by: RawReplacedBy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReplacedBy {
    pub(crate) source: RawSource,
    pub(crate) mode: RawMode,
    pub(crate) stated_in_text: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawSource {
    Population,
    Business,
    Insurance,
    Land,
    CivilStatus,
    Vault,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RawMode {
    Full,
    CopyOnly,
    PrefillOnly,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawResult {
    pub(crate) code: String,
    pub(crate) name: String,
}

/// `catalogue.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawManifest {
    pub(crate) version: String,
    pub(crate) valid_from: Date,
    pub(crate) province_code: String,
}

/// `rules/<code>.toml`. The tables are read one by one, so that every one of
/// them that is wrong is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRules {
    pub(crate) procedure: String,
    pub(crate) name_en: String,
    #[serde(default)]
    pub(crate) agencies: Vec<String>,
    #[serde(default)]
    pub(crate) case: Vec<toml::Table>,
    #[serde(default)]
    pub(crate) role: Vec<toml::Table>,
    #[serde(default)]
    pub(crate) rule: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCase {
    pub(crate) id: String,
    pub(crate) name_vi: String,
    pub(crate) name_en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRole {
    pub(crate) id: String,
    pub(crate) kind: SubjectKind,
    pub(crate) how: RawHow,
    pub(crate) of: Option<String>,
    pub(crate) link: Option<Link>,
    pub(crate) other_than: Option<String>,
    #[serde(default)]
    pub(crate) family_of_applicant: bool,
    #[serde(default)]
    pub(crate) link_required: bool,
    pub(crate) name_vi: String,
    pub(crate) name_en: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawHow {
    Named,
    Linked,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    pub(crate) key: String,
    /// Absent: every case of the procedure.
    pub(crate) cases: Option<Vec<String>>,
    /// Of these cases those in which the paper is asked for unseen.
    pub(crate) paper_in: Option<Vec<String>>,
    pub(crate) basis: Basis,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) deviates: Option<String>,
    pub(crate) decide: RawDecide,
    pub(crate) form: Option<String>,
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) dataset: Option<String>,
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) accept: Option<Vec<RawAccept>>,
    pub(crate) mode: Option<Mode>,
    pub(crate) original_required: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawDecide {
    Lookup,
    Form,
    Vault,
    NotConnected,
    Paper,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawAccept {
    CertificateInForce,
    HealthCardValid,
    EnterpriseExists,
    EnterpriseActive,
    HouseholdBusiness,
    ResidentialLand,
    PlaceMatches,
    OwnerInDossier,
    OwnedBy(Vec<String>),
    ParticipationPresent,
    FieldPresent(Vec<String>),
    KinshipShown(String),
    Deceased,
    MaritalStatusKnown,
    MarriageEnded,
}

/// `forms/<id>.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawForm {
    pub(crate) id: String,
    pub(crate) name_vi: String,
    pub(crate) name_en: String,
    pub(crate) derived: bool,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) blank: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBlank {
    pub(crate) key: String,
    pub(crate) label_vi: String,
    pub(crate) label_en: String,
    #[serde(default)]
    pub(crate) repeated: bool,
    pub(crate) source: RawBlankSource,
    pub(crate) role: Option<String>,
    pub(crate) dataset: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) in_role: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) fact: Option<DossierFact>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawBlankSource {
    Registry,
    Dossier,
    Applicant,
}

/// `agencies.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAgencies {
    #[serde(default)]
    pub(crate) agency: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAgency {
    pub(crate) code: String,
    pub(crate) level: AgencyLevel,
    pub(crate) name_vi: String,
    pub(crate) name_en: String,
    pub(crate) commune_code: Option<String>,
    #[serde(default)]
    pub(crate) invented: bool,
}

/// `purposes/<id>.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPurpose {
    pub(crate) id: String,
    pub(crate) name_vi: String,
    pub(crate) name_en: String,
    pub(crate) agencies: Vec<String>,
    pub(crate) operations: Vec<String>,
    /// Dataset name to field names.
    pub(crate) datasets: BTreeMap<String, Vec<String>>,
    pub(crate) legal_basis: Vec<String>,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Date,
    pub(crate) approver: String,
}

// === impl RawSource ===

impl RawSource {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Business => "business",
            Self::Insurance => "insurance",
            Self::Land => "land",
            Self::CivilStatus => "civil_status",
            Self::Vault => "vault",
            Self::None => "none",
        }
    }
}

// === impl RawMode ===

impl RawMode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::CopyOnly => "COPY_ONLY",
            Self::PrefillOnly => "PREFILL_ONLY",
            Self::None => "NONE",
        }
    }
}

/// Reads one TOML file; what it is not is a mistake.
pub(crate) fn toml_file<T: DeserializeOwned>(file: &str, text: &str, mistakes: &mut Mistakes) -> Option<T> {
    match toml::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            mistakes.push(file, &line_of(text, error.span()), Problem::malformed(error.message()));
            None
        }
    }
}

/// Reads the tables of one array; each that is wrong is a mistake under the
/// name that `name_key` gives it, or its position.
pub(crate) fn tables<T: DeserializeOwned>(
    file: &str,
    what: &str,
    name_key: &str,
    tables: Vec<toml::Table>,
    mistakes: &mut Mistakes,
) -> Vec<T> {
    let mut read = Vec::with_capacity(tables.len());
    for (index, table) in tables.into_iter().enumerate() {
        let name = table.get(name_key).and_then(toml::Value::as_str).map(str::to_owned);
        match T::deserialize(table) {
            Ok(value) => read.push(value),
            Err(error) => {
                let place = name.unwrap_or_else(|| format!("{what} {}", index + 1));
                mistakes.push(file, &place, Problem::malformed(error.message()));
            }
        }
    }
    read
}

fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    span.and_then(|span| text.get(..span.start))
        .map_or_else(String::new, |before| format!("line {}", before.matches('\n').count() + 1))
}
