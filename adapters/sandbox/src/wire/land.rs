//! The land registry, on the record shapes of the VBDLIS system.

use axum::http::{Method, StatusCode};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::Reply;
use crate::decided::{self, land};
use crate::world::{Certificate, Owner, OwnerKind, Parcel, PersonRef, World};

pub(super) const OPERATIONS: &[(Method, &str, &str)] = &[
    (Method::POST, decided::TOKEN_PATH, "token"),
    (Method::POST, land::CERTIFICATE_PATH, "giayChungNhan"),
    (Method::POST, land::PARCEL_PATH, "thuaDat"),
    (Method::POST, land::OWNER_PATH, "theoChu"),
];

pub(super) fn answer(world: &World, operation: &str, question: &Map<String, Value>) -> Reply {
    let allowed: &[&str] = match operation {
        "thuaDat" => &["maXa", "soHieuToBanDo", "soThuTuThua"],
        "theoChu" => &["soDinhDanh", "maDoanhNghiep"],
        _ => &["soPhatHanh"],
    };
    if question.keys().any(|key| !allowed.contains(&key.as_str())) {
        return Reply::bad_request("Tham số không hợp lệ");
    }
    let text = |name: &str| question.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    // Sheet and number come as text or as a number.
    let number = |name: &str| match question.get(name)? {
        Value::String(digits) => digits.parse::<u32>().ok(),
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        _ => None,
    };
    let body = match operation {
        "thuaDat" => {
            let key = text("maXa").zip(number("soHieuToBanDo")).zip(number("soThuTuThua"));
            let Some(((commune, sheet), parcel)) = key else {
                return Reply::bad_request("Thiếu maXa, soHieuToBanDo hoặc soThuTuThua");
            };
            let Some(at) = world.parcel_ref(commune, sheet, parcel) else { return Reply::not_found() };
            by_parcel(world, at)
        }
        "theoChu" => {
            let found = match (text("soDinhDanh"), text("maDoanhNghiep")) {
                (Some(id), None) => world
                    .person_ref(id)
                    .map(|person| world.certificates_of_person(person))
                    .unwrap_or_default(),
                (None, Some(code)) => world.certificates_of_enterprise(code),
                _ => return Reply::bad_request("Cần đúng một trong soDinhDanh, maDoanhNghiep"),
            };
            found.into_iter().map(|certificate| record(world, certificate)).collect()
        }
        _ => {
            let Some(serial) = text("soPhatHanh") else { return Reply::bad_request("Thiếu soPhatHanh") };
            let Some(certificate) = world.certificate(serial) else { return Reply::not_found() };
            record(world, certificate)
        }
    };
    Reply::json(StatusCode::OK, &body)
}

fn compact(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

/// Tenths of a square metre as square metres, exact to one decimal.
#[expect(clippy::cast_precision_loss, reason = "areas are far below 2^53 tenths")]
fn square_metres(tenths: u64) -> f64 {
    tenths as f64 / 10.0
}

fn record(world: &World, certificate: &Certificate) -> Value {
    let parcels = certificate.parcels.iter().map(|at| parcel(&world.parcels[*at]));
    json!({
        "GiayChungNhan": head(certificate),
        "ThuaDat": parcels.collect::<Vec<_>>(),
        "ChuSuDung": certificate.owners.iter().map(|one| owner(world, one)).collect::<Vec<_>>(),
        "bienDong": changes(certificate),
    })
}

fn by_parcel(world: &World, at: usize) -> Value {
    let certificates = world.certificates_of_parcel(at);
    let current = certificates.iter().filter(|certificate| certificate.latest);
    let changes: Vec<Value> = current.flat_map(|certificate| changes(certificate)).collect();
    json!({
        "ThuaDat": parcel(&world.parcels[at]),
        "GiayChungNhan": certificates.into_iter().map(head).collect::<Vec<_>>(),
        "bienDong": changes,
    })
}

fn head(certificate: &Certificate) -> Value {
    let bare: String = certificate.serial.chars().filter(|c| !c.is_whitespace()).collect();
    json!({
        "soPhatHanh": certificate.serial,
        "soVaoSo": certificate.book_number,
        "ngayVaoSo": compact(certificate.book_date),
        "soVaoSoCu": certificate.old_book_number,
        "maVach": format!("56{}{}", compact(certificate.book_date), certificate.book_number.trim_start_matches("VP")),
        "maGiayChungNhan": format!("GCN-{bare}"),
        "maQRCode": (certificate.book_date >= jiff::civil::date(2025, 1, 1)).then(|| format!("QR-{bare}")),
        "coQuanCap": certificate.issuer,
        "tenNguoiKy": certificate.signer,
        "tinhTrangGiayChungNhan": certificate.state,
        "version": certificate.version,
        "isLastest": certificate.latest,
    })
}

fn parcel(parcel: &Parcel) -> Value {
    let purposes = parcel.purposes.iter().map(
        |(kind, area, term)| json!({"loai": kind, "dienTich": square_metres(*area), "thoiHanSuDung": term}),
    );
    json!({
        "maXa": parcel.commune,
        "soHieuToBanDo": parcel.sheet.to_string(),
        "soThuTuThua": parcel.number.to_string(),
        "maThua": parcel.geohash,
        "dienTich": square_metres(parcel.area),
        "dienTichPhapLy": square_metres(parcel.legal_area),
        "soHieuToBanDoCu": parcel.old.map(|(sheet, _)| sheet.to_string()),
        "soThuTuThuaCu": parcel.old.map(|(_, number)| number.to_string()),
        "diaChi": parcel.address,
        "version": 1,
        "MucDichSuDung": purposes.collect::<Vec<_>>(),
        "NguonGocSuDungDat": [{"loai": parcel.origin, "dienTich": square_metres(parcel.area)}],
    })
}

fn changes(certificate: &Certificate) -> Vec<Value> {
    let rows = certificate.changes.iter().map(|change| {
        let state = if change.in_force { land::IN_FORCE } else { land::STRUCK_OFF };
        json!({"loai": change.kind, "ngay": compact(change.on), "trangThai": state})
    });
    rows.collect()
}

fn person(world: &World, at: PersonRef) -> Value {
    let person = &world.people[at];
    let mut papers = Vec::new();
    if let Some(id) = person.own_id() {
        papers.push(json!({
            "loaiGiayTo": "CCCD",
            "soGiayTo": id,
            "daDinhDanh": true,
            "trangThaiXacThuc": "DA_XAC_THUC",
            "hinhThucXacThuc": "CSDLQGDC",
        }));
    }
    if let Some(cmnd) = &person.cmnd {
        papers.push(json!({
            "loaiGiayTo": "CMND",
            "soGiayTo": cmnd,
            "daDinhDanh": false,
            "trangThaiXacThuc": "CHUA_XAC_THUC",
            "hinhThucXacThuc": null,
        }));
    }
    json!({
        "hoTen": person.full_name(),
        "ngaySinh": person.birth.compact(),
        "gioiTinh": person.sex.code(),
        "soDinhDanh": person.own_id(),
        "GiayToTuyThan": papers,
    })
}

fn owner(world: &World, owner: &Owner) -> Value {
    let mut entry = match &owner.kind {
        OwnerKind::Individual(one) => json!({"CaNhan": person(world, *one)}),
        OwnerKind::Couple(husband, wife) => {
            json!({"VoChong": {"Chong": person(world, *husband), "Vo": person(world, *wife)}})
        }
        OwnerKind::Household(at) => {
            let household = &world.households[*at];
            let members = household.members.iter().map(|(member, relation)| {
                let mut member = person(world, *member);
                member["quanHe"] = json!(relation);
                member
            });
            json!({"HoGiaDinh": {
                "ChuHo": person(world, household.head),
                "ThanhVien": members.collect::<Vec<_>>(),
            }})
        }
        OwnerKind::Organisation(at) => {
            let enterprise = &world.enterprises[*at];
            json!({"ToChuc": {
                "tenToChuc": enterprise.name,
                "maDoanhNghiep": enterprise.code,
                "maSoThue": enterprise.code,
            }})
        }
    };
    if let Some((part, whole)) = owner.share {
        entry["tyLe"] = json!(format!("{part}/{whole}"));
    }
    entry
}
