//! An address shows nothing, and a unit's key carries its day.

use jiff::civil::date;

use super::*;

#[test]
fn debug_shows_no_address() {
    let place =
        Place {
            detail: Some("12 đường A".into()), commune_code: Some("22366".into()), ..Place::default()
        };
    assert_eq!(format!("{place:?}"), "Place(…)");
    assert!(!place.is_empty() && Place::default().is_empty());
}

#[test]
fn serde_leaves_out_what_is_unknown() {
    let place =
        Place { province_code: Some("56".into()), commune_code: Some("22366".into()), ..Place::default() };
    let json = serde_json::to_string(&place).expect("an object");
    assert_eq!(json, r#"{"commune_code":"22366","province_code":"56"}"#);
    assert_eq!(serde_json::from_str::<Place>(&json).expect("a place"), place);
    assert_eq!(serde_json::from_str::<Place>("{}").expect("a place"), Place::default());
}

#[test]
fn one_code_on_two_days_is_two_keys() {
    let place =
        Place { province_code: Some("56".into()), commune_code: Some("22366".into()), ..Place::default() };
    let [before, after] =
        [date(2025, 6, 30), date(2025, 7, 1)].map(|day| place.commune_on(day).expect("a commune"));
    assert_ne!(before, after);
    assert_eq!((before.level, before.code.len()), (UnitLevel::Commune, UnitLevel::Commune.code_digits()));
    assert_eq!(place.province_on(date(2025, 7, 1)).map(|key| key.level.as_str()), Some("province"));
    assert_eq!(Place::default().commune_on(date(2025, 7, 1)), None);
}
