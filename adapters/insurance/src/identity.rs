//! `getTraCuuTtHgdByMaSoBhxh`: who an insurance number belongs to.

use motlan_api::{FetchError, Invalid, MalformedCause, Read};
use motlan_domain::date::PartialDate;
use motlan_domain::id::InsuranceNumber;
use motlan_domain::name::PersonName;
use motlan_domain::place::Place;
use motlan_domain::record::Sex;
use motlan_transport::json::{self, Object};

/// The base record, each field as it could be read.
pub(crate) struct Identity {
    pub(crate) number: InsuranceNumber,
    pub(crate) full_name: Read<PersonName>,
    pub(crate) birth_date: Read<PartialDate>,
    pub(crate) sex: Read<Sex>,
    pub(crate) birth_registration: Read<Place>,
    pub(crate) old_book_number: Read<String>,
    pub(crate) status: Read<String>,
}

/// Reads the answer about a number; `None` when there is no such number.
pub(crate) fn decode(bytes: &[u8], asked: &InsuranceNumber) -> Result<Option<Identity>, FetchError> {
    let Some(value) = json::answer(bytes)? else { return Ok(None) };
    let shape = || FetchError::malformed(MalformedCause::Shape);
    let object = Object::of(&value).ok_or_else(shape)?;
    if !object.has("hoTen") && !object.has("ngaySinh") {
        return Err(shape());
    }
    // Public descriptions do not list the number in its own answer; where it
    // stands, it has to be the one asked for.
    let number = object.parsed("maSoBhxh", InsuranceNumber::parse).map_err(|_| shape())?;
    if number.is_some_and(|number| number != *asked) {
        return Err(FetchError::malformed(MalformedCause::OtherSubject));
    }
    Ok(Some(read(object, asked.clone())))
}

/// Reads the fields of a row.
pub(crate) fn read(object: Object<'_>, number: InsuranceNumber) -> Identity {
    Identity {
        number,
        full_name: object.parsed("hoTen", PersonName::new),
        birth_date: birth_date(object),
        sex: sex(object),
        birth_registration: birth_registration(object),
        old_book_number: object.code("soSoCu"),
        status: status(object),
    }
}

/// `ngaySinh` at the precision that `loaiNgaySinh` gives: 0 full, 1 year,
/// 2 month and year. A source that fills in a day it does not know says so.
fn birth_date(object: Object<'_>) -> Read<PartialDate> {
    let Some(date) = object
        .code("ngaySinh")?
        .map(|text| PartialDate::parse_compact(&text))
        .transpose()
        .map_err(|_| Invalid)?
    else {
        return Ok(None);
    };
    match object.code("loaiNgaySinh")?.as_deref() {
        None => Ok(Some(date)),
        Some("0") if date.is_full() => Ok(Some(date)),
        Some("1") => Ok(Some(date.to_year())),
        Some("2") if date.month().is_some() => Ok(Some(date.to_month())),
        Some(_) => Err(Invalid),
    }
}

/// 1 male, 2 female, 3 other; differs per registry.
fn sex(object: Object<'_>) -> Read<Sex> {
    match object.code("gioiTinh")?.as_deref() {
        None => Ok(None),
        Some("1") => Ok(Some(Sex::Male)),
        Some("2") => Ok(Some(Sex::Female)),
        Some("3") => Ok(Some(Sex::Other)),
        Some(_) => Err(Invalid),
    }
}

/// Place of birth registration by its codes.
fn birth_registration(object: Object<'_>) -> Read<Place> {
    let place = Place {
        province_code: object.digits("maTinhKs", 2)?,
        district_code: object.digits("maHuyenKs", 3)?,
        commune_code: object.digits("maXaKs", 5)?,
        ..Place::default()
    };
    Ok((!place.is_empty()).then_some(place))
}

/// `trangThai` in words; the codes are the sandbox's.
fn status(object: Object<'_>) -> Read<String> {
    let words = match object.code("trangThai")?.as_deref() {
        None => return Ok(None),
        Some("1") => "Đang đóng",
        Some("2") => "Bảo lưu thời gian đóng",
        Some("3") => "Đã hưởng lương hưu hoặc BHXH một lần",
        Some("4") => "Đã chết",
        Some("5") => "Chỉ tham gia BHYT",
        Some(_) => return Err(Invalid),
    };
    Ok(Some(words.to_owned()))
}
