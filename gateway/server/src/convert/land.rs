//! Certificates and parcels on the wire.

use motlan_domain::record::{
    Certificate, CertificateStatus, Encumbrance, EncumbranceKind, LandUse, Owner, OwnerKind, Parcel,
    ParcelSummary,
};
use motlan_proto::land::v1 as wire;

use super::common::{coded, date};
use super::enum_out;

enum_out!(status: CertificateStatus => wire::CertificateStatus {
    InForce => InForce,
    Revoked => Revoked,
    Cancelled => Cancelled,
    Superseded => Superseded,
});

enum_out!(owner_kind: OwnerKind => wire::OwnerKind {
    Individual => Individual,
    Couple => Couple,
    Household => Household,
    Organisation => Organisation,
});

enum_out!(encumbrance_kind: EncumbranceKind => wire::EncumbranceKind {
    Mortgage => Mortgage,
    Dispute => Dispute,
    TransferBlock => TransferBlock,
    Other => Other,
});

/// A land-use-right certificate.
pub(crate) fn certificate(record: &Certificate) -> wire::Certificate {
    let Certificate {
        serial,
        book_number,
        book_date,
        old_book_number,
        barcode,
        certificate_id,
        qr_code,
        issuer,
        signer,
        status: recorded_status,
        version,
        is_latest,
        owners,
        parcels,
        encumbrances,
    } = record;
    wire::Certificate {
        serial: serial.as_ref().map(|serial| serial.as_str().to_owned()),
        book_number: book_number.clone(),
        book_date: book_date.map(date),
        old_book_number: old_book_number.clone(),
        barcode: barcode.clone(),
        certificate_id: certificate_id.clone(),
        qr_code: qr_code.clone(),
        issuer: issuer.clone(),
        signer: signer.clone(),
        status: recorded_status.map(|value| status(value).into()),
        version: *version,
        is_latest: *is_latest,
        owners: owners.iter().flatten().map(owner).collect(),
        parcels: parcels.iter().flatten().map(summary).collect(),
        encumbrances: encumbrances.iter().flatten().map(encumbrance).collect(),
    }
}

/// A land parcel.
pub(crate) fn parcel(record: &Parcel) -> wire::Parcel {
    let Parcel {
        key,
        parcel_id,
        area_m2,
        legal_area_m2,
        old_sheet,
        old_number,
        address,
        uses,
        origin,
        version,
        certificate_serials,
    } = record;
    wire::Parcel {
        key: key.as_ref().map(ToString::to_string),
        parcel_id: parcel_id.clone(),
        area_m2: area_m2.clone(),
        legal_area_m2: legal_area_m2.clone(),
        old_sheet: old_sheet.clone(),
        old_number: old_number.clone(),
        address: address.clone(),
        uses: uses.iter().flatten().map(land_use).collect(),
        origin: origin.as_ref().map(coded),
        version: *version,
        certificate_serials: certificate_serials
            .iter()
            .flatten()
            .map(|serial| serial.as_str().to_owned())
            .collect(),
    }
}

fn owner(owner: &Owner) -> wire::Owner {
    wire::Owner {
        kind: owner_kind(owner.kind).into(),
        full_name: owner.full_name.as_ref().map(|name| name.expose().to_owned()),
        personal_id: owner.personal_id.as_ref().map(|id| id.expose().to_owned()),
        organisation: owner.organisation.clone(),
        enterprise_code: owner.enterprise_code.as_ref().map(|code| code.as_str().to_owned()),
        share: owner.share.clone(),
    }
}

fn summary(parcel: &ParcelSummary) -> wire::ParcelSummary {
    wire::ParcelSummary {
        key: parcel.key.to_string(),
        area_m2: parcel.area_m2.clone(),
        address: parcel.address.clone(),
        uses: parcel.uses.iter().map(land_use).collect(),
    }
}

fn land_use(land_use: &LandUse) -> wire::LandUse {
    wire::LandUse {
        kind: Some(coded(&land_use.kind)),
        area_m2: land_use.area_m2.clone(),
        term: land_use.term.clone(),
    }
}

fn encumbrance(encumbrance: &Encumbrance) -> wire::Encumbrance {
    wire::Encumbrance {
        kind: encumbrance_kind(encumbrance.kind).into(),
        date: encumbrance.date.map(date),
        in_force: encumbrance.in_force,
    }
}
