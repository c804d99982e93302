//! The field tables and the structs are one list: retain and present agree.

use super::*;
use crate::dataset::Registry;
use crate::name::PersonName;

#[test]
fn every_dataset_has_fields_within_the_bit_set() {
    for dataset in Dataset::ALL {
        let fields = dataset.fields();
        assert!((1..=64).contains(&fields.len()), "{dataset}");
        let mut names: Vec<_> = fields.iter().map(|field| field.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), fields.len(), "{dataset}: a name twice");
        assert!(fields.iter().all(|field| !field.vi.is_empty()));
        assert_eq!(dataset.all_fields().len() as usize, fields.len());
    }
}

#[test]
fn sensitive_fields_are_those_of_the_law() {
    let names = Dataset::Person.sensitive_fields().names(Dataset::Person);
    assert_eq!(names, ["ethnicity", "religion", "blood_type"]);
    let others = Dataset::ALL.into_iter().filter(|dataset| *dataset != Dataset::Person);
    assert!(others.into_iter().all(|dataset| dataset.sensitive_fields().is_empty()));
}

#[test]
fn identity_fields_of_insurance_name_population_as_master() {
    let master = |dataset: Dataset, name| dataset.field(name).map(|field| field.spec().master);
    assert_eq!(master(Dataset::Participation, "full_name"), Some(Registry::Population));
    assert_eq!(master(Dataset::Participation, "contributions"), Some(Registry::Insurance));
}

#[test]
fn retain_keeps_exactly_the_set() {
    let whole = Person {
        full_name: Some(PersonName::new("Lê Thị Hoà").unwrap()),
        household_no: Some("HK-1".to_owned()),
        deceased: Some(false),
        ..Person::default()
    };
    let keep = Dataset::Person.field_set(["full_name", "deceased", "cmnd"]).unwrap();
    let mut kept = whole.clone();
    kept.retain(keep);
    assert_eq!(kept.present().names(Dataset::Person), ["full_name", "deceased"]);
    assert_eq!(serde_json::to_value(&kept).unwrap().as_object().unwrap().len(), 2);
}

#[test]
fn debug_output_names_nobody() {
    let person = Person { full_name: Some(PersonName::new("Lê Thị Hoà").unwrap()), ..Person::default() };
    let shown = format!("{:?} {person:?}", Record::Person(Box::new(person.clone())));
    assert!(!shown.contains("Hoà"), "{shown}");
    assert!(shown.contains("1 fields present"), "the check can see the text: {shown}");
}
