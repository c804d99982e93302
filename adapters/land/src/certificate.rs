//! `{GiayChungNhan, ThuaDat[], ChuSuDung[], bienDong[]}` as a certificate.

use motlan_api::{Decoding, FetchError, Gaps, Invalid, MalformedCause, Read};
use motlan_domain::date::PartialDate;
use motlan_domain::id::{CertificateSerial, IdRules};
use motlan_domain::record::{Certificate, CertificateStatus, Encumbrance, EncumbranceKind, ParcelSummary};
use motlan_domain::{Completeness, Dataset, Fetched, Record, SubjectKey};
use motlan_transport::json::{self, Object};

use crate::{owner, parcel};

/// Reads the answer about one serial.
pub fn decode_certificate(bytes: &[u8], decoding: &Decoding<'_>) -> Result<Fetched, FetchError> {
    let Some(value) = json::answer(bytes)? else { return Ok(decoding.not_found()) };
    let shape = || FetchError::malformed(MalformedCause::Shape);
    let record = Object::of(&value).ok_or_else(shape)?;
    let (certificate, completeness) = certificate(record, decoding.rules)?;
    match (&certificate.serial, decoding.subject) {
        // Nothing shows that it is the certificate asked for.
        (None, _) => Ok(decoding.nothing_sure(completeness)),
        (Some(serial), SubjectKey::Certificate(asked)) if serial == asked => {
            decoding.fetched(vec![Record::Certificate(Box::new(certificate))], completeness)
        }
        _ => Err(FetchError::malformed(MalformedCause::OtherSubject)),
    }
}

/// Reads the list of an owner's certificates. Each has to name the owner: one
/// that does not answers another question.
pub fn decode_certificates(bytes: &[u8], decoding: &Decoding<'_>) -> Result<Fetched, FetchError> {
    let Some(value) = json::answer(bytes)? else { return Ok(decoding.not_found()) };
    let rows = json::objects(&value).ok_or_else(|| FetchError::malformed(MalformedCause::Shape))?;
    let mut gaps = Gaps::new(Dataset::Certificate);
    let mut records = Vec::new();
    for row in rows {
        let (certificate, completeness) = certificate(row, decoding.rules)?;
        if certificate.serial.is_none() || certificate.owners.is_none() {
            // Nothing shows that it is one of the owner's.
            gaps.dropped(completeness);
            continue;
        }
        gaps.absorb(completeness);
        if !is_owned_by(&certificate, decoding.subject) {
            return Err(FetchError::malformed(MalformedCause::OtherSubject));
        }
        records.push(Record::Certificate(Box::new(certificate)));
    }
    decoding.fetched(records, gaps.finish())
}

fn is_owned_by(certificate: &Certificate, subject: &SubjectKey) -> bool {
    certificate.owners.iter().flatten().any(|owner| match subject {
        SubjectKey::Person(id) => owner.personal_id == Some(*id),
        SubjectKey::Enterprise(code) => owner.enterprise_code.as_ref() == Some(code),
        _ => false,
    })
}

fn certificate(record: Object<'_>, rules: IdRules) -> Result<(Certificate, Completeness), FetchError> {
    let shape = || FetchError::malformed(MalformedCause::Shape);
    let head = record.object("GiayChungNhan").ok().flatten().ok_or_else(shape)?;
    if !head.has("soPhatHanh") && !head.has("soVaoSo") {
        return Err(shape());
    }
    let mut gaps = Gaps::new(Dataset::Certificate);
    let certificate = Certificate {
        serial: gaps.need("serial", head.parsed("soPhatHanh", CertificateSerial::parse)),
        book_number: gaps.take("book_number", head.code("soVaoSo")),
        book_date: gaps.take("book_date", day(head, "ngayVaoSo")),
        old_book_number: gaps.take("old_book_number", head.code("soVaoSoCu")),
        barcode: gaps.take("barcode", head.code("maVach")),
        certificate_id: gaps.take("certificate_id", head.code("maGiayChungNhan")),
        qr_code: gaps.take("qr_code", head.string("maQRCode")),
        issuer: gaps.take("issuer", head.string("coQuanCap")),
        signer: gaps.take("signer", head.string("tenNguoiKy")),
        status: gaps.need("status", status(head)),
        version: gaps.take("version", head.whole("version")),
        // Spelt so.
        is_latest: gaps.take("is_latest", head.boolean("isLastest")),
        owners: gaps.need("owners", owner::owners(record, rules)),
        parcels: gaps.need("parcels", parcels(record)),
        encumbrances: gaps.need("encumbrances", encumbrances(record)),
    };
    Ok((certificate, gaps.finish()))
}

fn day(object: Object<'_>, name: &str) -> Read<PartialDate> {
    object.code(name)?.map(|text| PartialDate::parse_compact(&text)).transpose().map_err(|_| Invalid)
}

/// The codes are the sandbox's.
fn status(head: Object<'_>) -> Read<CertificateStatus> {
    head.parsed("tinhTrangGiayChungNhan", |text| match text {
        "DANG_HIEU_LUC" => Ok(CertificateStatus::InForce),
        "DA_THU_HOI" => Ok(CertificateStatus::Revoked),
        "DA_HUY" => Ok(CertificateStatus::Cancelled),
        "DA_CAP_DOI" => Ok(CertificateStatus::Superseded),
        _ => Err(Invalid),
    })
}

fn parcels(record: Object<'_>) -> Read<Vec<ParcelSummary>> {
    let Some(rows) = record.objects("ThuaDat")? else { return Ok(None) };
    let row = |row: Object<'_>| {
        Ok(ParcelSummary {
            key: parcel::key(row)?.ok_or(Invalid)?,
            area_m2: row.decimal("dienTich")?,
            address: row.string("diaChi")?,
            uses: parcel::uses(row)?.unwrap_or_default(),
        })
    };
    rows.into_iter().map(row).collect::<Result<_, Invalid>>().map(Some)
}

/// `bienDong`: a kind or state not known could be a block, so nothing is
/// guessed. No list at all is not the same as an empty one.
fn encumbrances(record: Object<'_>) -> Read<Vec<Encumbrance>> {
    let Some(rows) = record.objects("bienDong")? else { return Ok(None) };
    let row = |row: Object<'_>| {
        let kind = match row.text("loai")? {
            Some("THE_CHAP") => EncumbranceKind::Mortgage,
            Some("TRANH_CHAP") => EncumbranceKind::Dispute,
            Some("NGAN_CHAN") => EncumbranceKind::TransferBlock,
            _ => return Err(Invalid),
        };
        let in_force = match row.text("trangThai")? {
            Some("DANG_HIEU_LUC") => true,
            Some("DA_XOA") => false,
            _ => return Err(Invalid),
        };
        Ok(Encumbrance { kind, date: day(row, "ngay")?, in_force })
    };
    rows.into_iter().map(row).collect::<Result<_, Invalid>>().map(Some)
}

#[cfg(test)]
mod tests;
