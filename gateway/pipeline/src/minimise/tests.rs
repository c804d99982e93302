//! Nothing but the permitted fields leaves, whatever the record holds.

use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::name::PersonName;
use motlan_domain::record::{Certificate, Coded, Owner, OwnerKind, Person, Relative};
use motlan_domain::{Completeness, IncompleteCause};

use super::*;

fn id(value: &str) -> PersonalId {
    PersonalId::parse(value, &IdRules { synthetic: Synthetic::Allowed, present_year: 2026 }).unwrap()
}

fn fetched(record: Record) -> Fetched {
    Fetched {
        records: vec![record],
        retrieved_at: "2026-11-21T00:00:00Z".parse().unwrap(),
        source_data_time: None,
        completeness: Completeness::Complete,
        upstream_ids: Vec::new(),
    }
}

fn person() -> Record {
    Record::Person(Box::new(Person {
        full_name: Some(PersonName::new("Nguyễn Văn Thử").unwrap()),
        personal_id: Some(id("097085000001")),
        religion: Some(Coded::label("Phật giáo")),
        spouse: Some(Relative {
            full_name: Some(PersonName::new("Trần Thị Thử").unwrap()),
            personal_id: Some(id("097185000002")),
            ..Relative::default()
        }),
        ..Person::default()
    }))
}

#[test]
fn every_single_field_leaves_alone_or_not_at_all() {
    let whole = fetched(person());
    let mut tried = 0;
    for field in Dataset::Person.all_fields().iter(Dataset::Person) {
        let fields = FieldSet::EMPTY.with(field);
        let allowance = Allowance { dataset: Dataset::Person, fields, permitted: fields, persons: &[] };
        let Minimal { records, fields: states, .. } = minimise(&whole, &allowance);
        assert!(records[0].present().is_subset_of(fields), "{}", field.name());
        assert_eq!(states.present.union(states.absent), fields);
        assert!(states.not_requested.is_empty());
        tried += 1;
    }
    assert!(tried > 20);
}

#[test]
fn the_states_are_disjoint_and_cover_the_dataset() {
    let fields = Dataset::Person.field_set(["full_name", "cmnd"]).unwrap();
    let permitted = fields.union(Dataset::Person.field_set(["religion"]).unwrap());
    let allowance = Allowance { dataset: Dataset::Person, fields, permitted, persons: &[] };
    let Minimal { fields: states, .. } = minimise(&fetched(person()), &allowance);
    let parts = [states.present, states.absent, states.not_permitted, states.not_requested];
    let total: u32 = parts.iter().map(|part| part.len()).sum();
    let union = parts.iter().fold(FieldSet::EMPTY, |a, b| a.union(*b));
    assert_eq!((total, union), (Dataset::Person.all_fields().len(), Dataset::Person.all_fields()));
    assert_eq!(states.present.names(Dataset::Person), ["full_name"]);
    assert_eq!(states.absent.names(Dataset::Person), ["cmnd"]);
    assert_eq!(states.not_requested.names(Dataset::Person), ["religion"]);
}

#[test]
fn people_outside_the_dossier_are_reduced() {
    let spouse = id("097185000002");
    let fields = Dataset::Person.field_set(["spouse"]).unwrap();
    for (persons, told) in [(vec![spouse], true), (vec![id("097085000001")], false)] {
        let allowance = Allowance { dataset: Dataset::Person, fields, permitted: fields, persons: &persons };
        let Minimal { records, named, .. } = minimise(&fetched(person()), &allowance);
        let json = serde_json::to_string(&records).unwrap();
        assert_eq!(json.contains("097185000002"), told);
        assert_eq!(json.contains("Trần"), told);
        assert!(named.iter().any(|named| named.id == spouse), "reduced, yet the log names her");
    }
}

#[test]
fn a_co_owner_keeps_kind_and_share_only() {
    let owner = |value: &str, share: &str| Owner {
        kind: OwnerKind::Individual,
        full_name: Some(PersonName::new("Lê Thị Thử").unwrap()),
        personal_id: Some(id(value)),
        organisation: None,
        enterprise_code: None,
        share: Some(share.to_owned()),
    };
    let record = Record::Certificate(Box::new(Certificate {
        owners: Some(vec![owner("097085000001", "1/3"), owner("098085000009", "2/3")]),
        ..Certificate::default()
    }));
    let fields = Dataset::Certificate.field_set(["owners"]).unwrap();
    let persons = [id("097085000001")];
    let allowance = Allowance { dataset: Dataset::Certificate, fields, permitted: fields, persons: &persons };
    let Minimal { records, named, .. } = minimise(&fetched(record), &allowance);
    assert_eq!(named.len(), 2);
    let Record::Certificate(certificate) = &records[0] else { panic!("a certificate") };
    let owners = certificate.owners.as_ref().unwrap();
    assert!(owners[0].personal_id.is_some() && owners[1].personal_id.is_none());
    assert!(owners[1].full_name.is_none());
    assert_eq!(owners[1].share.as_deref(), Some("2/3"));
}

/// The defect that was: what the readable rows of a list told stood nowhere in
/// the entry, as disclosed fields are those present.
#[test]
fn what_is_told_is_present_also_where_a_row_is_missing() {
    let fields = Dataset::Person.field_set(["full_name", "cmnd"]).unwrap();
    let allowance = Allowance { dataset: Dataset::Person, fields, permitted: fields, persons: &[] };
    let mut list = fetched(person());
    let missing = Dataset::Person.all_fields();
    list.completeness = Completeness::Incomplete { cause: IncompleteCause::FieldInvalid, missing };
    let Minimal { records, fields: states, .. } = minimise(&list, &allowance);
    assert_eq!(records[0].present(), states.present);
    assert_eq!(states.present.names(Dataset::Person), ["full_name"]);
    assert_eq!(states.absent.names(Dataset::Person), ["cmnd"]);
}
