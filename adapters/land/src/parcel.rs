//! `{ThuaDat, GiayChungNhan[], bienDong[]}` as a parcel.

use motlan_api::{Decoding, FetchError, Gaps, Invalid, MalformedCause, Read};
use motlan_domain::id::{CertificateSerial, ParcelGeohash, ParcelKey};
use motlan_domain::record::{Coded, LandUse, Parcel};
use motlan_domain::{Dataset, Fetched, Record, SubjectKey};
use motlan_transport::json::{self, MAX_TEXT, Object};

/// Reads the answer about one parcel.
pub fn decode_parcel(bytes: &[u8], decoding: &Decoding<'_>) -> Result<Fetched, FetchError> {
    let Some(value) = json::answer(bytes)? else { return Ok(decoding.not_found()) };
    let shape = || FetchError::malformed(MalformedCause::Shape);
    let record = Object::of(&value).ok_or_else(shape)?;
    let land = record.object("ThuaDat").ok().flatten().ok_or_else(shape)?;
    if !land.has("soThuTuThua") && !land.has("maXa") {
        return Err(shape());
    }
    let mut gaps = Gaps::new(Dataset::Parcel);
    let key = gaps.need("key", key(land));
    match (&key, decoding.subject) {
        // Nothing shows that it is the parcel asked for.
        (None, _) => return Ok(decoding.nothing_sure(gaps.finish())),
        (Some(key), SubjectKey::Parcel(asked)) if key == asked => {}
        _ => return Err(FetchError::malformed(MalformedCause::OtherSubject)),
    }
    let geohash = land.parsed("maThua", ParcelGeohash::parse);
    let parcel = Parcel {
        key,
        parcel_id: gaps.take("parcel_id", geohash.map(|id| id.map(|id| id.as_str().to_owned()))),
        area_m2: gaps.need("area_m2", land.decimal("dienTich")),
        legal_area_m2: gaps.take("legal_area_m2", land.decimal("dienTichPhapLy")),
        old_sheet: gaps.take("old_sheet", land.code("soHieuToBanDoCu")),
        old_number: gaps.take("old_number", land.code("soThuTuThuaCu")),
        address: gaps.take("address", land.string("diaChi")),
        uses: gaps.need("uses", uses(land)),
        origin: gaps.take("origin", origin(land)),
        version: gaps.take("version", land.whole("version")),
        certificate_serials: gaps.need("certificate_serials", serials(record)),
    };
    decoding.fetched(vec![Record::Parcel(Box::new(parcel))], gaps.finish())
}

/// Commune, sheet and number: all three or none.
pub(crate) fn key(land: Object<'_>) -> Read<ParcelKey> {
    let parts = (land.digits("maXa", 5)?, land.whole("soHieuToBanDo")?, land.whole("soThuTuThua")?);
    match parts {
        (Some(commune), Some(sheet), Some(number)) => {
            ParcelKey::new(&commune, sheet, number).map(Some).map_err(|_| Invalid)
        }
        (None, None, None) => Ok(None),
        _ => Err(Invalid),
    }
}

/// `MucDichSuDung`
pub(crate) fn uses(land: Object<'_>) -> Read<Vec<LandUse>> {
    let Some(rows) = land.objects("MucDichSuDung")? else { return Ok(None) };
    let row = |row: Object<'_>| {
        Ok(LandUse {
            kind: Coded::code(row.code("loai")?.ok_or(Invalid)?),
            area_m2: row.decimal("dienTich")?,
            term: row.code("thoiHanSuDung")?,
        })
    };
    rows.into_iter().map(row).collect::<Result<_, Invalid>>().map(Some)
}

/// `NguonGocSuDungDat`: mostly one; several are joined by a semicolon, within
/// what a text may be.
fn origin(land: Object<'_>) -> Read<Coded> {
    let Some(rows) = land.objects("NguonGocSuDungDat")? else { return Ok(None) };
    let mut kinds = Vec::new();
    for row in rows {
        kinds.push(row.code("loai")?.ok_or(Invalid)?);
    }
    let joined = kinds.join("; ");
    if joined.chars().count() > MAX_TEXT {
        return Err(Invalid);
    }
    Ok((!kinds.is_empty()).then(|| Coded::code(joined)))
}

/// Serials of the certificates that are not replaced by a later version.
fn serials(record: Object<'_>) -> Read<Vec<CertificateSerial>> {
    let Some(rows) = record.objects("GiayChungNhan")? else { return Ok(None) };
    let mut serials = Vec::new();
    for row in rows {
        let serial = row.parsed("soPhatHanh", CertificateSerial::parse)?.ok_or(Invalid)?;
        if row.boolean("isLastest")? != Some(false) {
            serials.push(serial);
        }
    }
    Ok(Some(serials))
}

#[cfg(test)]
mod tests;
