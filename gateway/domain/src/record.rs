//! The records of the registries, as Motlan keeps them between an adapter and
//! the minimise stage.
//!
//! Every field is an `Option`: absent at the source, not permitted or not asked
//! for all look the same here; the pipeline keeps the reason apart. A field's
//! name is its wire name in rules, policies, log entries and JSON.
//!
//! **Invariant**: a record serialises with its keys in the order RFC 8785
//! (canonical JSON) sorts them, whatever the order they are declared in; the
//! nested types declare theirs so. The commitment to an answer rests on it.

mod business;
mod insurance;
mod land;
mod order;
mod population;

pub use business::{Activity, CapitalMember, Enterprise, EnterpriseStatus, LegalRepresentative};
pub use insurance::{CardStatus, Contribution, HealthCard, Participation};
pub use land::{
    Certificate, CertificateStatus, Encumbrance, EncumbranceKind, LandUse, Owner, OwnerKind, Parcel,
    ParcelSummary,
};
pub use population::{Alias, Household, HouseholdMember, MaritalStatus, Person, Relative, Sex};

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, FieldSet};
use crate::id::PersonalId;
use crate::subject::Link;

/// The most people one answer may name. Its entry in the log has to name every
/// one of them within 65,535 bytes, at about 190 bytes each: this many take less
/// than half. The largest that are known stay far below: co-owners of one
/// certificate come in tens, a household has fewer.
pub const MOST_PEOPLE: usize = 128;

/// A value from a coded list, as the source gives it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coded {
    /// The source's own code, if it sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The label, if it sent one or the shared catalogue knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// One record of one dataset.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Record {
    /// `population.person`
    Person(Box<Person>),
    /// `population.household`
    Household(Box<Household>),
    /// `business.enterprise`
    Enterprise(Box<Enterprise>),
    /// `insurance.participation`
    Participation(Box<Participation>),
    /// `insurance.health_card`
    HealthCard(Box<HealthCard>),
    /// `land.certificate`
    Certificate(Box<Certificate>),
    /// `land.parcel`
    Parcel(Box<Parcel>),
}

/// A natural person whom a record names, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The personal id the record gives.
    pub id: PersonalId,
    /// What the record says of the tie.
    pub link: Link,
}

/// Declares a record: the struct, its field table, and what minimisation and
/// availability need, from one list, so that they cannot disagree.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $( $(#[$fmeta:meta])* $field:ident : $ty:ty = $vi:literal, $master:ident $(, $sensitive:ident)?; )* }) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Default)]
        pub struct $name {
            $( $(#[$fmeta])* #[doc = $vi] pub $field: Option<$ty>, )*
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                const ORDER: [u8; [$(stringify!($field)),*].len()] =
                    crate::record::order::sorted([$(stringify!($field)),*]);
                let mut map = serializer.serialize_map(None)?;
                for place in ORDER {
                    let mut index = 0;
                    $(
                        if index == place && let Some(value) = &self.$field {
                            map.serialize_entry(stringify!($field), value)?;
                        }
                        index += 1;
                    )*
                    let _ = index;
                }
                map.end()
            }
        }

        impl $name {
            /// The field table, in declaration order.
            pub const FIELDS: &'static [crate::dataset::FieldSpec] = &[
                $( crate::dataset::FieldSpec {
                    name: stringify!($field),
                    vi: $vi,
                    master: crate::dataset::Registry::$master,
                    sensitive: record!(@sensitive $($sensitive)?),
                }, )*
            ];

            /// Drops every field that is not in the set.
            pub fn retain(&mut self, fields: crate::dataset::FieldSet) {
                let mut index = 0;
                $( if crate::dataset::FieldSet::bit(index).is_subset_of(fields) { } else { self.$field = None; } index += 1; )*
                let _ = index;
            }

            /// The fields that hold a value.
            pub fn present(&self) -> crate::dataset::FieldSet {
                let mut set = crate::dataset::FieldSet::EMPTY;
                let mut index = 0;
                $( if self.$field.is_some() { set = set.union(crate::dataset::FieldSet::bit(index)); } index += 1; )*
                let _ = index;
                set
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({} fields present)"), self.present().len())
            }
        }
    };
    (@sensitive) => { false };
    (@sensitive sensitive) => { true };
}
pub(crate) use record;

// === impl Record ===

impl Record {
    /// Which dataset it is of.
    pub const fn dataset(&self) -> Dataset {
        match self {
            Self::Person(_) => Dataset::Person,
            Self::Household(_) => Dataset::Household,
            Self::Enterprise(_) => Dataset::Enterprise,
            Self::Participation(_) => Dataset::Participation,
            Self::HealthCard(_) => Dataset::HealthCard,
            Self::Certificate(_) => Dataset::Certificate,
            Self::Parcel(_) => Dataset::Parcel,
        }
    }

    /// Drops every field that is not in the set.
    pub fn retain(&mut self, fields: FieldSet) {
        match self {
            Self::Person(record) => record.retain(fields),
            Self::Household(record) => record.retain(fields),
            Self::Enterprise(record) => record.retain(fields),
            Self::Participation(record) => record.retain(fields),
            Self::HealthCard(record) => record.retain(fields),
            Self::Certificate(record) => record.retain(fields),
            Self::Parcel(record) => record.retain(fields),
        }
    }

    /// The fields that hold a value.
    pub fn present(&self) -> FieldSet {
        match self {
            Self::Person(record) => record.present(),
            Self::Household(record) => record.present(),
            Self::Enterprise(record) => record.present(),
            Self::Participation(record) => record.present(),
            Self::HealthCard(record) => record.present(),
            Self::Certificate(record) => record.present(),
            Self::Parcel(record) => record.present(),
        }
    }

    /// Every natural person the record names by personal id, in field order.
    /// One person may stand there under several links.
    pub fn named(&self) -> Vec<Named> {
        match self {
            Self::Person(record) => record.named(),
            Self::Household(record) => record.named(),
            Self::Enterprise(record) => record.named(),
            Self::Certificate(record) => record.named(),
            Self::Participation(record) => record.named(),
            Self::HealthCard(_) | Self::Parcel(_) => Vec::new(),
        }
    }

    /// How many rows of people stand there without a personal id.
    fn without_id(&self) -> usize {
        match self {
            Self::Household(record) => record.without_id(),
            Self::Enterprise(record) => record.without_id(),
            Self::Certificate(record) => record.without_id(),
            Self::Person(_) | Self::Participation(_) | Self::HealthCard(_) | Self::Parcel(_) => 0,
        }
    }

    /// Reduces every person the record names, other than as its holder, for
    /// whom `keep` says no: name and id go; role, share and relation stay.
    /// A co-owner who is not in the dossier is told apart by nothing.
    pub fn minimise_named(&mut self, keep: &dyn Fn(&PersonalId) -> bool) {
        match self {
            Self::Person(record) => record.minimise_named(keep),
            Self::Household(record) => record.minimise_named(keep),
            Self::Enterprise(record) => record.minimise_named(keep),
            Self::Certificate(record) => record.minimise_named(keep),
            Self::Participation(_) | Self::HealthCard(_) | Self::Parcel(_) => {}
        }
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({})", self.dataset())
    }
}

/// How many people an answer names: by personal id each once, though several
/// records name them; without one every row is somebody else, since nothing
/// shows that two are the same.
pub fn count_people(records: &[Record]) -> usize {
    let named: BTreeSet<PersonalId> = records.iter().flat_map(Record::named).map(|named| named.id).collect();
    named.len() + records.iter().map(Record::without_id).sum::<usize>()
}

// === impl Coded ===

impl Coded {
    /// A label without a code.
    pub fn label(label: impl Into<String>) -> Self {
        Self { code: None, label: Some(label.into()) }
    }

    /// A code without a label.
    pub fn code(code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), label: None }
    }
}

impl std::fmt::Debug for Coded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coded(…)")
    }
}

#[cfg(test)]
mod tests;
