//! Forms: every blank of the paper in its order, also those no registry holds,
//! so that a share of prefilled blanks means something.

use motlan_domain::dataset::{Dataset, FieldId};

use crate::key::{FormId, RoleId};

/// A form (*mẫu đơn, tờ khai*).
#[derive(Debug, Clone)]
pub struct Form {
    /// Its id, the name of its file.
    pub id: FormId,
    /// Its legal name.
    pub name_vi: String,
    /// In English.
    pub name_en: String,
    /// The blanks were derived from the form's legal name and subject, not read
    /// from its published text: their share is reported apart (`DERIVED`).
    pub derived: bool,
    /// Where the blanks come from.
    pub source: String,
    /// Every blank, in order.
    pub blanks: Vec<Blank>,
}

/// One blank (*mục phải khai*).
#[derive(Debug, Clone)]
pub struct Blank {
    /// Unique in the form.
    pub key: String,
    /// As printed.
    pub label_vi: String,
    /// In English.
    pub label_en: String,
    /// The blank is a column of a table with one row per person or thing.
    pub repeated: bool,
    /// Who fills it.
    pub source: BlankSource,
}

/// Who fills a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlankSource {
    /// A registry's datum.
    Registry(RegistryBlank),
    /// A fact of the dossier itself.
    Dossier(DossierFact),
    /// Only the applicant knows.
    Applicant,
}

/// The datum that fills a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryBlank {
    /// In which role the subject stands.
    pub role: RoleId,
    /// The dataset.
    pub dataset: Dataset,
    /// The field that must be permitted.
    pub field: FieldId,
    /// What inside the field's JSON value: `household_head.full_name` has the
    /// field `household_head` and the path `["full_name"]`. Through a list the
    /// rest of the path is taken of every row.
    pub path: Vec<String>,
    /// Of the members of a household only the rows of those who stand in this
    /// role of the dossier: the record says who lives there, not whom the form
    /// is about.
    pub in_role: Option<RoleId>,
    /// Of a list of contributions only the rows whose kind begins so, such as
    /// `BHXH` or `BHTN`: one list holds what is paid for every insurance, and a
    /// form asks for one.
    pub kind: Option<String>,
}

/// A fact every dossier has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DossierFact {
    /// Name of the receiving agency (*Kính gửi*).
    AgencyName,
    /// Name of the procedure.
    ProcedureName,
    /// Name of the case (*trường hợp*).
    CaseName,
    /// Day of opening.
    OpenedOn,
    /// The dossier code (*mã hồ sơ*).
    DossierCode,
}

// === impl Form ===

impl Form {
    /// The blanks a registry can fill, with their source.
    pub fn registry_blanks(&self) -> impl Iterator<Item = (&Blank, &RegistryBlank)> {
        self.blanks.iter().filter_map(|blank| match &blank.source {
            BlankSource::Registry(datum) => Some((blank, datum)),
            BlankSource::Dossier(_) | BlankSource::Applicant => None,
        })
    }
}
