//! What is remembered is what would be worked out, shared and bounded.

use std::time::Duration;

use motlan_domain::id::{IdRules, PersonalId, Synthetic};
use motlan_domain::name::PersonName;
use motlan_domain::record::{Enterprise, LegalRepresentative};
use motlan_domain::{Completeness, Dataset, Record};

use super::*;
use crate::answer::Freshness;
use crate::minimise::minimise;

fn id(value: &str) -> PersonalId {
    PersonalId::parse(value, &IdRules { synthetic: Synthetic::Allowed, present_year: 2026 }).unwrap()
}

fn fetched() -> Fetched {
    let representative = |name: &str, value: &str| LegalRepresentative {
        full_name: Some(PersonName::new(name).unwrap()),
        position: None,
        personal_id: Some(id(value)),
    };
    let enterprise = Enterprise {
        name: Some("CÔNG TY THỬ".to_owned()),
        capital_vnd: Some("1000000".to_owned()),
        representatives: Some(vec![
            representative("Nguyễn Văn Thử", "097085000001"),
            representative("Trần Thị Thử", "097185000002"),
        ]),
        ..Enterprise::default()
    };
    Fetched {
        records: vec![Record::Enterprise(Box::new(enterprise))],
        retrieved_at: "2026-11-21T00:00:00Z".parse().unwrap(),
        source_data_time: None,
        completeness: Completeness::Complete,
        upstream_ids: Vec::new(),
    }
}

fn fields(names: &[&str]) -> FieldSet {
    Dataset::Enterprise.field_set(names.iter().copied()).unwrap()
}

fn allowance(names: &[&str], persons: &'static [PersonalId]) -> Allowance<'static> {
    let fields = fields(names);
    Allowance { dataset: Dataset::Enterprise, fields, permitted: fields, persons }
}

fn persons(values: &[&str]) -> &'static [PersonalId] {
    values.iter().map(|value| id(value)).collect::<Vec<_>>().leak()
}

fn json(minimal: &Minimal) -> String {
    serde_json::to_string(&minimal.records).unwrap()
}

/// Every permission in turn, several times over: what is remembered of one must
/// not show under another.
#[test]
fn what_is_remembered_is_what_would_be_worked_out() {
    let (first, second) = ("097085000001", "097185000002");
    let permissions = [
        allowance(&["name", "representatives"], persons(&[first])),
        allowance(&["name", "representatives"], persons(&[second])),
        allowance(&["name", "representatives"], persons(&[first, second])),
        allowance(&["name", "representatives"], persons(&[])),
        allowance(&["name"], persons(&[first])),
        allowance(&["name", "capital_vnd"], persons(&[first])),
    ];
    for budget in [0, 100, 1 << 20] {
        let memo = Memo::new(Budget::new(budget), 20);
        let mut seen = std::collections::BTreeSet::new();
        for round in 0..3 {
            for (number, allowance) in permissions.iter().enumerate() {
                let (told, due) = (memo.minimal(&fetched(), allowance), minimise(&fetched(), allowance));
                assert_eq!(json(&told), json(&due), "budget {budget}, round {round}, permission {number}");
                assert_eq!(told.fields, due.fields);
                assert_eq!(told.named.len(), due.named.len());
                seen.insert(json(&told));
            }
        }
        assert_eq!(seen.len(), permissions.len(), "the permissions differ in what they let out");
    }
}

#[test]
fn what_is_remembered_is_shared_and_bounded() {
    let allowed = allowance(&["name"], persons(&[]));
    let budget = Budget::new(100);
    let memos = [Memo::new(Arc::clone(&budget), 20), Memo::new(Arc::clone(&budget), 20)];
    let shared = |memo: &Memo| {
        let [first, second] = [memo.minimal(&fetched(), &allowed), memo.minimal(&fetched(), &allowed)];
        Arc::ptr_eq(&first.records, &second.records)
    };
    assert!(shared(&memos[0]), "there is room for one");
    assert!(!shared(&memos[1]), "and not for two");
    let [first, second] = memos;
    drop(first);
    assert!(shared(&second), "what is forgotten makes room");
}

#[test]
fn the_canonical_form_is_that_of_the_answer() {
    let minimal = minimise(&fetched(), &allowance(&["name"], persons(&[])));
    let answer = |outcome, at: &str, values| Answer {
        operation: Operation::GetEnterprise,
        outcome,
        records: if values { Arc::clone(&minimal.records) } else { Arc::default() },
        form: crate::Form::default(),
        fields: minimal.fields,
        verdict: None,
        incomplete: None,
        withheld: None,
        freshness: Freshness {
            retrieved_at: at.parse().unwrap(),
            source_data_time: None,
            valid_until: at.parse::<Timestamp>().unwrap() + Duration::from_hours(1),
            cache: None,
        },
    };
    let answers = [
        answer(Outcome::Found, "2026-11-21T00:00:00Z", true),
        answer(Outcome::Found, "2026-11-21T00:01:00Z", true),
        answer(Outcome::Incomplete, "2026-11-21T00:00:00Z", true),
        answer(Outcome::Found, "2026-11-21T00:00:00Z", false),
    ];
    for _ in 0..2 {
        for answer in &answers {
            let told = canonical(&minimal, answer).unwrap();
            assert_eq!(told[..], answer.canonical().unwrap()[..]);
        }
    }
    let again = [canonical(&minimal, &answers[0]).unwrap(), canonical(&minimal, &answers[0]).unwrap()];
    assert!(Arc::ptr_eq(&again[0], &again[1]), "worked out once");
}

#[test]
fn the_form_in_which_it_is_told_is_made_once_for_an_operation() {
    let made = std::cell::Cell::new(0);
    let make = |text: &'static [u8]| {
        made.set(made.get() + 1);
        Arc::from(text)
    };
    let minimal = minimise(&fetched(), &allowance(&["name"], persons(&[])));
    let again = minimal.clone();
    for (minimal, operation, text) in [
        (&minimal, Operation::GetCertificate, b"one"),
        (&again, Operation::GetCertificate, b"one"),
        (&again, Operation::ListCertificates, b"all"),
        (&minimal, Operation::GetCertificate, b"one"),
    ] {
        assert_eq!(&minimal.form.get_or_make(operation, || make(text))[..], text);
    }
    assert_eq!(made.get(), 2, "once kept, and once for the other operation");
    let kept_nowhere = Form::default();
    for _ in 0..2 {
        kept_nowhere.get_or_make(Operation::GetCertificate, || make(b"one"));
    }
    assert_eq!(made.get(), 4);
}
