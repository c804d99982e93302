//! The social-insurance registry.

use axum::http::{Method, StatusCode};
use jiff::civil::Date;
use motlan_domain::name::registry_form;
use serde_json::{Map, Value, json};

use super::Reply;
use crate::decided::{self, insurance};
use crate::world::{Card, Insured, World};

pub(super) const OPERATIONS: &[(Method, &str, &str)] = &[
    (Method::POST, decided::TOKEN_PATH, "token"),
    (Method::POST, insurance::IDENTITY_PATH, "getTraCuuTtHgdByMaSoBhxh"),
    (Method::POST, insurance::SEARCH_PATH, "getMaSoBhxhTheoTieuChi"),
    (Method::POST, insurance::HOUSEHOLD_PATH, "getTraCuuThongTinHgd"),
    (Method::POST, insurance::HISTORY_PATH, "quaTrinhDong"),
    (Method::POST, insurance::CARD_PATH, "theBHYT"),
];

const SEARCH_KEYS: &[&str] = &["hoTen", "ngaySinh", "gioiTinh", "maTinhKs", "maHuyenKs", "maXaKs"];

pub(super) fn answer(world: &World, operation: &str, question: &Map<String, Value>) -> Reply {
    let allowed: &[&str] = if operation == "getMaSoBhxhTheoTieuChi" { SEARCH_KEYS } else { &["maSoBhxh"] };
    if question
        .iter()
        .any(|(key, value)| !allowed.contains(&key.as_str()) || !(value.is_string() || value.is_null()))
    {
        return Reply::bad_request("Tham số không hợp lệ");
    }
    let field = |name: &str| question.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    if operation == "getMaSoBhxhTheoTieuChi" {
        let (Some(name), Some(birth)) = (field("hoTen"), field("ngaySinh")) else {
            return Reply::bad_request("Thiếu hoTen hoặc ngaySinh");
        };
        return Reply::json(
            StatusCode::OK,
            &search(world, name, birth, &|key| field(key).map(str::to_owned)),
        );
    }
    let Some(number) = field("maSoBhxh") else { return Reply::bad_request("Thiếu maSoBhxh") };
    let Some(insured) = world.insured(number) else { return Reply::not_found() };
    let body = match operation {
        "getTraCuuThongTinHgd" => household(world, insured),
        "quaTrinhDong" => history(world, insured),
        "theBHYT" => match &insured.card {
            Some(shown) => card(world, shown),
            None => return Reply::not_found(),
        },
        _ => Value::Object(identity(world, insured)),
    };
    Reply::json(StatusCode::OK, &body)
}

fn compact(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

fn identity(world: &World, insured: &Insured) -> Map<String, Value> {
    let person = &world.people[insured.person];
    let place = &insured.place;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("maSoBhxh", json!(insured.number));
    put("hoTen", json!(person.full_name()));
    put("soSoCu", json!(insured.old_book));
    // Always eight digits; where only the year is known, `loaiNgaySinh` says
    // that the rest is padding.
    put("ngaySinh", json!(compact(person.birth.earliest())));
    put("loaiNgaySinh", json!(if person.birth.month_day.is_some() { "0" } else { "1" }));
    put("gioiTinh", json!(person.sex.code()));
    put("maTinhKs", json!(place.province));
    put("maHuyenKs", json!(place.district));
    put("maXaKs", json!(place.commune));
    put("trangThai", json!(insured.status.to_string()));
    fields
}

/// Everyone of that name and birth date; further criteria narrow it.
fn search(world: &World, name: &str, birth: &str, field: &dyn Fn(&str) -> Option<String>) -> Value {
    let wanted = registry_form(name);
    let found = world.insured.iter().filter(|insured| {
        let person = &world.people[insured.person];
        let held = person.birth.compact();
        // At the precision that both have: a year, a month, a day.
        let precision = held.len().min(birth.len());
        let same_birth = precision >= 4 && held.get(..precision) == birth.get(..precision);
        let place = &insured.place;
        same_birth
            && registry_form(&person.full_name()) == wanted
            && field("gioiTinh").is_none_or(|sex| sex == person.sex.code())
            && field("maTinhKs").is_none_or(|code| code == place.province)
            && field("maHuyenKs").is_none_or(|code| Some(code) == place.district)
            && field("maXaKs").is_none_or(|code| Some(code) == place.commune)
    });
    found.map(|insured| Value::Object(identity(world, insured))).collect()
}

fn household(world: &World, insured: &Insured) -> Value {
    let mut fields = identity(world, insured);
    if let Some(household) = world.household_of(insured.person) {
        let commune = world.units.commune(&household.commune).map_or("", |unit| &unit.name);
        let street = world.people[household.head].permanent.detail.clone().unwrap_or_default();
        let members = household.members.iter().filter_map(|(member, relation)| {
            let mut fields = identity(world, world.insured_of(*member)?);
            fields.insert("quanHe".to_owned(), json!(relation));
            Some(Value::Object(fields))
        });
        fields.insert("maHo".to_owned(), json!(household.number));
        fields.insert("diaChi".to_owned(), json!(format!("{street}, {commune}, Tỉnh Khánh Hòa")));
        fields.insert("thanhVien".to_owned(), members.collect());
    }
    Value::Object(fields)
}

fn history(world: &World, insured: &Insured) -> Value {
    let rows = insured.contributions.iter().map(|row| {
        let employer = row.employer.map(|employer| &world.enterprises[employer]);
        let (kind, method) = row.kind.texts();
        json!({
            "tuThang": row.from.compact(),
            "denThang": row.to.compact(),
            "maDonVi": employer.map(|employer| &employer.code),
            "tenDonVi": employer.map_or("Tham gia tự nguyện", |employer| &employer.name),
            "phuongThuc": method,
            "mucDong": row.base,
            "loai": kind,
        })
    });
    rows.collect()
}

fn card(world: &World, card: &Card) -> Value {
    json!({
        "maThe": card.code,
        "mucHuong": card.benefit.to_string(),
        "noiKcbBanDau": card.first_care,
        "tuNgay": compact(card.from),
        "denNgay": compact(card.to),
        "ngayDu5Nam": card.five_years.map(compact),
        "trangThai": if card.to >= world.as_of { "1" } else { "0" },
    })
}
