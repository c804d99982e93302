//! Registries, their datasets, and the fields of each.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::{Certificate, Enterprise, HealthCard, Household, Parcel, Participation, Person};

/// An upstream source (*cơ sở dữ liệu quốc gia*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registry {
    /// CSDL quốc gia về dân cư.
    Population,
    /// CSDL quốc gia về đăng ký doanh nghiệp.
    Business,
    /// CSDL quốc gia về bảo hiểm.
    Insurance,
    /// CSDL đất đai quốc gia.
    Land,
}

/// One record type of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dataset {
    /// A natural person (*công dân*).
    #[serde(rename = "population.person")]
    Person,
    /// A household (*hộ gia đình*).
    #[serde(rename = "population.household")]
    Household,
    /// An enterprise, branch or household business.
    #[serde(rename = "business.enterprise")]
    Enterprise,
    /// Social-insurance participation (*quá trình đóng BHXH*).
    #[serde(rename = "insurance.participation")]
    Participation,
    /// Health-insurance card (*thẻ BHYT*).
    #[serde(rename = "insurance.health_card")]
    HealthCard,
    /// Land-use-right certificate (*Giấy chứng nhận*).
    #[serde(rename = "land.certificate")]
    Certificate,
    /// Land parcel (*thửa đất*).
    #[serde(rename = "land.parcel")]
    Parcel,
}

/// A field's description: what a policy, a rule or a document says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// The wire and rule name, snake_case, e.g. `birth_date`.
    pub name: &'static str,
    /// The Vietnamese name of the datum.
    pub vi: &'static str,
    /// The registry whose word on this datum is the trusted one. Insurance
    /// answers repeat a name, but population is its source (decree 43/2021).
    pub master: Registry,
    /// Religion, ethnicity, blood type: off unless a procedure registers it.
    pub sensitive: bool,
}

/// One field of one dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId {
    dataset: Dataset,
    index: u8,
}

/// A set of fields of one dataset, as a bit set: cheap to keep in a permit and
/// in a memo key. Which dataset it speaks of stands beside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FieldSet(u64);

// === impl Registry ===

impl Registry {
    /// All registries this build knows.
    pub const ALL: [Self; 4] = [Self::Population, Self::Business, Self::Insurance, Self::Land];

    /// Stable lower-case name, used in config, metrics and log entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Business => "business",
            Self::Insurance => "insurance",
            Self::Land => "land",
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Dataset ===

impl Dataset {
    /// All datasets this build knows.
    pub const ALL: [Self; 7] = [
        Self::Person,
        Self::Household,
        Self::Enterprise,
        Self::Participation,
        Self::HealthCard,
        Self::Certificate,
        Self::Parcel,
    ];

    /// Stable name, `registry.record`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "population.person",
            Self::Household => "population.household",
            Self::Enterprise => "business.enterprise",
            Self::Participation => "insurance.participation",
            Self::HealthCard => "insurance.health_card",
            Self::Certificate => "land.certificate",
            Self::Parcel => "land.parcel",
        }
    }

    /// The dataset of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataset| dataset.as_str() == name)
    }

    /// Where the dataset is asked for.
    pub const fn registry(self) -> Registry {
        match self {
            Self::Person | Self::Household => Registry::Population,
            Self::Enterprise => Registry::Business,
            Self::Participation | Self::HealthCard => Registry::Insurance,
            Self::Certificate | Self::Parcel => Registry::Land,
        }
    }

    /// Its fields in declaration order; at most 64.
    pub const fn fields(self) -> &'static [FieldSpec] {
        match self {
            Self::Person => Person::FIELDS,
            Self::Household => Household::FIELDS,
            Self::Enterprise => Enterprise::FIELDS,
            Self::Participation => Participation::FIELDS,
            Self::HealthCard => HealthCard::FIELDS,
            Self::Certificate => Certificate::FIELDS,
            Self::Parcel => Parcel::FIELDS,
        }
    }

    /// The field of that name.
    pub fn field(self, name: &str) -> Option<FieldId> {
        let index = self.fields().iter().position(|field| field.name == name)?;
        Some(FieldId { dataset: self, index: u8::try_from(index).ok()? })
    }

    /// Every field of this dataset.
    pub fn all_fields(self) -> FieldSet {
        self.fields().iter().enumerate().fold(FieldSet::EMPTY, |set, (index, _)| FieldSet(set.0 | 1 << index))
    }

    /// The sensitive fields of this dataset.
    pub fn sensitive_fields(self) -> FieldSet {
        let sensitive = |(_, field): &(usize, &FieldSpec)| field.sensitive;
        self.fields()
            .iter()
            .enumerate()
            .filter(sensitive)
            .fold(FieldSet::EMPTY, |set, (index, _)| FieldSet(set.0 | 1 << index))
    }

    /// The set of the named fields, or the first name that is not one.
    pub fn field_set<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Result<FieldSet, &'a str> {
        names
            .into_iter()
            .try_fold(FieldSet::EMPTY, |set, name| self.field(name).map(|field| set.with(field)).ok_or(name))
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl FieldId ===

impl FieldId {
    /// Which dataset the field belongs to.
    pub const fn dataset(self) -> Dataset {
        self.dataset
    }

    /// Its description.
    pub fn spec(self) -> &'static FieldSpec {
        &self.dataset.fields()[usize::from(self.index)]
    }

    /// Its wire name.
    pub fn name(self) -> &'static str {
        self.spec().name
    }
}

// === impl FieldSet ===

impl FieldSet {
    /// No field.
    pub const EMPTY: Self = Self(0);

    /// The field at `index` of its dataset's table; for the record macro.
    pub(crate) const fn bit(index: usize) -> Self {
        Self(1 << index)
    }

    /// This set and that field.
    #[must_use]
    pub const fn with(self, field: FieldId) -> Self {
        Self(self.0 | 1 << field.index)
    }

    /// Whether the field is in the set (of the field's own dataset).
    pub const fn contains(self, field: FieldId) -> bool {
        self.0 & (1 << field.index) != 0
    }

    /// Fields in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Fields in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Fields in this and not in the other.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every field of this set is in the other.
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many fields.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The raw bits, for memo keys.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The fields in declaration order.
    pub fn iter(self, dataset: Dataset) -> impl Iterator<Item = FieldId> {
        (0..dataset.fields().len())
            .filter(move |index| self.0 & (1 << index) != 0)
            .filter_map(move |index| Some(FieldId { dataset, index: u8::try_from(index).ok()? }))
    }

    /// The names in declaration order.
    pub fn names(self, dataset: Dataset) -> Vec<&'static str> {
        self.iter(dataset).map(FieldId::name).collect()
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldSet({:#b})", self.0)
    }
}
