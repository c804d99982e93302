//! The documents of the business registry.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::world::{Enterprise, Place, World};

fn slashed(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// `Data` of one enterprise.
pub(super) fn enterprise(world: &World, enterprise: &Enterprise) -> Value {
    let (type_id, type_name) = enterprise.form.type_of();
    let name_of = |person: usize| world.people[person].full_name();
    let legal: Vec<String> = enterprise.representatives.iter().map(|(person, _)| name_of(*person)).collect();
    let representatives = enterprise.representatives.iter().map(|(person, position)| {
        json!({"NAME": name_of(*person), "POSITION": position, "PERSONAL_ID": world.people[*person].id})
    });
    let activities = enterprise.activities.iter().enumerate().map(
        |(at, (code, name))| json!({"CODE": code, "NAME": name, "IS_MAIN": if at == 0 { "Y" } else { "N" }}),
    );
    let members = enterprise.members.iter().map(|share| {
        json!({
            "MEMBER_NAME": name_of(share.person),
            "AMOUNT": share.amount,
            "RATIO_PERCENT": share.percent,
            "COUNTRY": "Việt Nam",
        })
    });
    json!({
        "MainInformation": {
            "ENTERPRISE_GDT_CODE": enterprise.code,
            "IMP_BUSINESS_CODE": enterprise.register_number,
            "ENTERPRISE_TYPE_ID": type_id,
            "ENTERPRISE_TYPE_NAME": type_name,
            "NAME": enterprise.name,
            "SHORT_NAME": enterprise.short_name,
            "NAME_F": enterprise.foreign_name,
            "FOUNDING_DATE": slashed(enterprise.founded),
            "LAST_AMEND_DATE": slashed(enterprise.amended),
            "NUMBER_CHANGES": enterprise.changes,
            "ENTERPRISE_STATUS": enterprise.status.code(),
            "LEGAL_NAMES": legal.join(";"),
            "CAPITAL_AMOUNT": enterprise.capital,
        },
        "HOAdress": address(world, &enterprise.address),
        "Representatives": representatives.collect::<Vec<_>>(),
        "BusinessActivity": activities.collect::<Vec<_>>(),
        "Member": members.collect::<Vec<_>>(),
    })
}

/// `Data` of a registration dossier: every enterprise has one, `HS-<code>`.
pub(super) fn journal(world: &World, number: &str) -> Option<Value> {
    let enterprise = world.enterprise(number.strip_prefix("HS-")?)?;
    Some(json!({
        "IN_JOURNAL_NO": number,
        "ENTERPRISE_GDT_CODE": enterprise.code,
        "STATUS": "Đã trả kết quả",
        "RECEIVED_DATE": slashed(enterprise.amended),
        "PROCESS_NAME": if enterprise.changes > 0 { "Đăng ký thay đổi" } else { "Đăng ký thành lập mới" },
    }))
}

fn address(world: &World, place: &Place) -> Value {
    let ward = place.commune.as_deref().unwrap_or_default();
    let street = place.detail.as_deref().unwrap_or_default();
    if place.district.is_none() {
        let name = world.units.commune(ward).map_or("", |unit| &unit.name);
        return json!({
            "CityID": place.province,
            "CityName": "Tỉnh Khánh Hòa",
            "DistrictID": null,
            "DistrictName": null,
            "WardID": ward,
            "WardName": name,
            "StreetNumber": street,
            "AddressFullText": format!("{street}, {name}, Tỉnh Khánh Hòa, Việt Nam"),
        });
    }
    let Some(old) = world.units.old_commune(ward) else { return Value::Null };
    let full = format!("{street}, {}, {}, {}, Việt Nam", old.name, old.district_name, old.province_name);
    json!({
        "CityID": old.province,
        "CityName": old.province_name,
        "DistrictID": old.district,
        "DistrictName": old.district_name,
        "WardID": old.code,
        "WardName": old.name,
        "StreetNumber": street,
        "AddressFullText": full,
    })
}
