//! Blanks are written as the form wants them.

use std::sync::LazyLock;

use motlan_catalogue::{Catalogue, RoleId};
use motlan_domain::dataset::Dataset;
use motlan_domain::name::PersonName;
use motlan_domain::record::{Household, HouseholdMember, Person, Relative, Sex};

use super::*;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded().unwrap());

fn blank(dataset: Dataset, field: &str, path: &[&str]) -> RegistryBlank {
    RegistryBlank {
        role: RoleId::parse("applicant").unwrap(),
        dataset,
        field: dataset.field(field).unwrap(),
        path: path.iter().map(|&step| step.to_owned()).collect(),
    }
}

fn check(record: &Record, field: &str, path: &[&str], expected: &[&str]) {
    let today = Date::constant(2026, 11, 21);
    let found = values(record, &blank(record.dataset(), field, path), CATALOGUE.units(), today);
    assert_eq!(found, expected, "{field} {path:?}");
}

#[test]
fn a_person_on_a_form() {
    let record = Record::Person(Box::new(Person {
        full_name: Some(PersonName::new("Nguyễn Thị Mỹ").unwrap()),
        birth_date: Some("1985-03-07".parse().unwrap()),
        sex: Some(Sex::Female),
        deceased: Some(false),
        permanent_residence: Some(Place {
            province_code: Some("56".into()),
            commune_code: Some("22366".into()),
            detail: Some("12 Trần Phú".into()),
            ..Place::default()
        }),
        household_head: Some(Relative {
            full_name: Some(PersonName::new("Trần Văn An").unwrap()),
            ..Relative::default()
        }),
        ..Person::default()
    }));
    check(&record, "full_name", &[], &["Nguyễn Thị Mỹ"]);
    check(&record, "birth_date", &[], &["07/03/1985"]);
    check(&record, "sex", &[], &["Nữ"]);
    check(&record, "deceased", &[], &["Không"]);
    check(&record, "permanent_residence", &[], &["12 Trần Phú, Phường Nha Trang, Tỉnh Khánh Hòa"]);
    check(&record, "household_head", &["full_name"], &["Trần Văn An"]);
    check(&record, "household_head", &[], &["Trần Văn An"]);
    check(&record, "household_head", &["personal_id"], &[]);
    check(&record, "cmnd", &[], &[]);
}

#[test]
fn rows_stay_aligned_when_one_lacks_the_value() {
    let member = |name: Option<&str>, birth: Option<&str>| HouseholdMember {
        person: Relative {
            full_name: name.map(|name| PersonName::new(name).unwrap()),
            ..Relative::default()
        },
        birth_date: birth.map(|birth| birth.parse().unwrap()),
        ..HouseholdMember::default()
    };
    let record = Record::Household(Box::new(Household {
        members: Some(vec![
            member(Some("Lê An"), Some("1950")),
            member(None, None),
            member(Some("Lê Bình"), None),
        ]),
        ..Household::default()
    }));
    check(&record, "members", &["full_name"], &["Lê An", "", "Lê Bình"]);
    check(&record, "members", &["birth_date"], &["1950", "", ""]);
    check(&record, "members", &["relation_to_head"], &[]);
}

#[test]
fn another_dataset_fills_nothing() {
    let record = Record::Household(Box::default());
    let today = Date::constant(2026, 11, 21);
    assert!(values(&record, &blank(Dataset::Person, "sex", &[]), CATALOGUE.units(), today).is_empty());
}
