//! Values for the blanks of a form, written as the form wants them.
//!
//! A blank names a field and a path inside its JSON value; through a list the
//! rest of the path is taken of every row. Codes become the words of the form
//! in Vietnamese, dates `dd/MM/yyyy`, places an address with the unit's name.

use jiff::civil::Date;
use motlan_catalogue::{AdminUnits, RegistryBlank};
use motlan_domain::Record;
use motlan_domain::date::PartialDate;
use motlan_domain::place::{Place, UnitLevel};
use serde_json::Value;

/// The values a record gives for a blank: one, or one per row of a table.
/// Empty when the record holds none.
pub(crate) fn values(record: &Record, blank: &RegistryBlank, units: &AdminUnits, today: Date) -> Vec<String> {
    if record.dataset() != blank.dataset {
        return Vec::new();
    }
    // Serialisation of a record cannot fail: it holds strings, numbers, lists.
    let Ok(json) = serde_json::to_value(record) else { return Vec::new() };
    let Some(field) = json.get(blank.field.name()) else { return Vec::new() };
    let mut found = Vec::new();
    follow(field, &blank.path, &mut found);
    let written: Vec<String> =
        found.into_iter().map(|value| write(value, units, today).unwrap_or_default()).collect();
    // Rows stay aligned: a row without the value stays an empty cell.
    if written.iter().all(String::is_empty) { Vec::new() } else { written }
}

fn follow<'a>(value: &'a Value, path: &[String], found: &mut Vec<&'a Value>) {
    match (value, path) {
        (Value::Array(rows), _) => rows.iter().for_each(|row| follow(row, path, found)),
        (_, []) => found.push(value),
        (Value::Object(map), [first, rest @ ..]) => match map.get(first) {
            Some(inner) => follow(inner, rest, found),
            None => found.push(&Value::Null),
        },
        _ => found.push(&Value::Null),
    }
}

fn write(value: &Value, units: &AdminUnits, today: Date) -> Option<String> {
    match value {
        Value::String(text) => Some(words(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(if *yes { "Có" } else { "Không" }.to_owned()),
        Value::Object(map) if is_place(map) => {
            let place: Place = serde_json::from_value(value.clone()).ok()?;
            Some(address(&place, units, today))
        }
        // A relative or an owner stands for its name, a code for its label.
        Value::Object(map) => ["full_name", "label", "organisation", "name", "code"]
            .iter()
            .find_map(|key| map.get(*key))
            .and_then(|inner| write(inner, units, today)),
        Value::Null | Value::Array(_) => None,
    }
}

/// The words of the form for the codes of the records; anything else as it is.
fn words(text: &str) -> String {
    let known = match text {
        "MALE" => "Nam",
        "FEMALE" => "Nữ",
        "OTHER" => "Khác",
        "VN" => "Việt Nam",
        "SINGLE" => "Chưa kết hôn",
        "MARRIED" => "Đã kết hôn",
        "DIVORCED" => "Đã ly hôn",
        "WIDOWED" => "Góa",
        "ACTIVE" => "Đang hoạt động",
        "SUSPENDED" => "Tạm ngừng kinh doanh",
        "IN_FORCE" => "Còn hiệu lực",
        "EXPIRED" => "Hết hạn",
        "REVOKED" => "Đã thu hồi",
        "CANCELLED" => "Đã hủy",
        "SUPERSEDED" => "Đã được thay thế",
        "INDIVIDUAL" => "Cá nhân",
        "COUPLE" => "Vợ chồng",
        "HOUSEHOLD" => "Hộ gia đình",
        "ORGANISATION" => "Tổ chức",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    iso_date(text).map_or_else(|| text.to_owned(), written_date)
}

/// Records write dates `yyyy[-MM[-dd]]`. A bare four-digit text may be a year
/// or a code; both read the same on a form.
fn iso_date(text: &str) -> Option<PartialDate> {
    text.contains('-').then(|| PartialDate::parse_iso(text).ok()).flatten()
}

fn written_date(date: PartialDate) -> String {
    match (date.month(), date.day()) {
        (Some(month), Some(day)) => format!("{day:02}/{month:02}/{:04}", date.year()),
        (Some(month), None) => format!("{month:02}/{:04}", date.year()),
        _ => format!("{:04}", date.year()),
    }
}

fn is_place(map: &serde_json::Map<String, Value>) -> bool {
    ["commune_code", "province_code", "detail"].iter().any(|key| map.contains_key(*key))
}

/// `detail, commune, province`, by the units' names of the day; a code that has
/// no meaning on the day is looked up as of the last day of the old units.
fn address(place: &Place, units: &AdminUnits, today: Date) -> String {
    let last_day_of_old = Date::constant(2025, 6, 30);
    let named = |code: &Option<String>, level| {
        let code = code.as_deref()?;
        let unit = units.unit(code, level, today).or_else(|| units.unit(code, level, last_day_of_old))?;
        Some(unit.name.clone())
    };
    let parts = [
        place.detail.clone(),
        named(&place.commune_code, UnitLevel::Commune),
        named(&place.district_code, UnitLevel::District),
        named(&place.province_code, UnitLevel::Province),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
