//! Administrative units: a code means something only with a level and a day.

use jiff::civil::{Date, date};
use motlan_domain::place::{AdminUnitKey, UnitLevel};

use super::shipped;
use crate::PlaceAgreement::{Different, Possible, Same};

const BEFORE: Date = date(2025, 6, 30);
const AFTER: Date = date(2025, 7, 1);

#[test]
fn a_code_means_what_it_meant_on_the_day() {
    let catalogue = shipped();
    let units = catalogue.units();
    assert_eq!(units.len(), 14_149);
    for (day, name) in [(BEFORE, "Phường Tân Tiến"), (AFTER, "Phường Nha Trang")] {
        let key = AdminUnitKey { code: "22366".to_owned(), level: UnitLevel::Commune, valid_on: day };
        assert_eq!(units.by_key(&key).unwrap().name, name);
        assert_eq!(units.province_of("22366", UnitLevel::Commune, day).unwrap().name, "Tỉnh Khánh Hòa");
    }
    // Ninh Thuận was a province of its own.
    let phan_rang = |day| units.province_of("22759", UnitLevel::Commune, day).unwrap().code.clone();
    assert_eq!((phan_rang(BEFORE), phan_rang(AFTER)), ("58".to_owned(), "56".to_owned()));
    assert_eq!(units.unit("22366", UnitLevel::Province, AFTER), None);
    assert_eq!(units.unit("99999", UnitLevel::Commune, AFTER), None);
}

#[test]
fn the_country_has_its_units() {
    let catalogue = shipped();
    let count = |level, day| catalogue.units().on(level, day).count();
    assert_eq!(count(UnitLevel::Province, AFTER), 34);
    assert_eq!(count(UnitLevel::Province, BEFORE), 63);
    assert_eq!(count(UnitLevel::Commune, AFTER), 3_321);
    assert_eq!(count(UnitLevel::District, AFTER), 0);
    assert!(count(UnitLevel::District, BEFORE) > 600);
}

#[test]
fn old_codes_agree_with_what_they_became() {
    let catalogue = shipped();
    let cases = [
        ("22366", "22366", Same),
        // Wholly merged, and the code is not used again.
        ("22375", "22366", Same),
        // Split, one part under a code that was not used before.
        ("22711", "22435", Possible),
        ("22375", "22390", Different),
        // Split between two communes, code not used again.
        ("22435", "22453", Possible),
        // Both codes mean communes of today, and neither took from the other.
        ("22366", "22390", Different),
        ("22366", "22333", Different),
        ("00000", "22366", Different),
        ("22366", "00000", Different),
    ];
    for (sent, now, expected) in cases {
        let units = catalogue.units();
        assert_eq!(units.agreement(sent, now, AFTER), expected, "{sent} for {now}");
        assert!(
            expected == Same
                || units.unit(sent, UnitLevel::Commune, AFTER).is_none()
                || !units.may_be(sent, now, AFTER)
        );
        assert!(expected != Same || units.may_be(sent, now, AFTER), "{sent} for {now}");
    }
}
