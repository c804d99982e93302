//! Values that several areas share, on their way out.

use std::time::Duration;

use jiff::Timestamp;
use motlan_domain::SubjectKind;
use motlan_domain::dataset::Registry;
use motlan_domain::date::PartialDate;
use motlan_domain::place::Place;
use motlan_domain::record::{Coded, Sex};
use motlan_proto::common::v1 as wire;

use super::enum_out;

enum_out!(sex: Sex => wire::Sex {
    Male => Male,
    Female => Female,
    Other => Other,
});

enum_out!(registry: Registry => wire::Registry {
    Population => Population,
    Business => Business,
    Insurance => Insurance,
    Land => Land,
});

enum_out!(subject_kind: SubjectKind => wire::SubjectKind {
    Person => Person,
    Enterprise => Enterprise,
    Certificate => Certificate,
    Parcel => Parcel,
    InsuranceNumber => InsuranceNumber,
});

/// A coded value.
pub(crate) fn coded(coded: &Coded) -> wire::Coded {
    wire::Coded { code: coded.code.clone(), label: coded.label.clone() }
}

/// A place.
pub(crate) fn place(place: &Place) -> wire::Place {
    wire::Place {
        province_code: place.province_code.clone(),
        district_code: place.district_code.clone(),
        commune_code: place.commune_code.clone(),
        detail: place.detail.clone(),
        country: place.country.clone(),
    }
}

/// A date at its own precision: `yyyy-MM-dd`, `yyyy-MM` or `yyyy`.
pub(crate) fn date(date: PartialDate) -> String {
    date.to_string()
}

/// An instant.
pub(crate) fn timestamp(at: Timestamp) -> motlan_proto::time::Timestamp {
    at.into()
}

/// A length of time.
pub(crate) fn duration(length: Duration) -> pbjson_types::Duration {
    pbjson_types::Duration {
        seconds: i64::try_from(length.as_secs()).unwrap_or(i64::MAX),
        // Below 10^9, so it always fits.
        nanos: i32::try_from(length.subsec_nanos()).unwrap_or(0),
    }
}
