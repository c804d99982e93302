//! Base record and card, whole and damaged.

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::record::{CardStatus, HealthCard};
use motlan_domain::{Completeness, Dataset, IncompleteCause, Outcome, Record};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode_health_card;
use crate::samples::{NUMBER, base, bytes, card, damage, run, with};

const NOT_FOUND: &[u8] = br#"{"maLoi":"KHONG_TIM_THAY"}"#;

fn read(own: &[u8]) -> (HealthCard, Completeness) {
    let fetched = run(decode_health_card, &bytes(&base()), own).unwrap();
    match fetched.records.as_slice() {
        [Record::HealthCard(record)] => ((**record).clone(), fetched.completeness),
        other => panic!("{} records, {:?}", other.len(), fetched.completeness),
    }
}

#[test]
fn everything_is_read() {
    let (record, completeness) = read(&bytes(&card()));
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(record.present(), Dataset::HealthCard.all_fields());
    assert_eq!(record.full_name.unwrap().expose(), "Nguyễn Văn An");
    assert_eq!(record.insurance_number.unwrap().expose(), NUMBER);
    assert_eq!(record.valid_to.unwrap().to_string(), "2026-12-31");
    assert_eq!(read(&with(card(), "/maThe", json!(NUMBER))).1, Completeness::Complete, "the form of 2021");
}

#[test]
fn the_state_of_the_card() {
    for (state, last, expected) in [
        ("1", "20261231", Some(CardStatus::InForce)),
        ("0", "20261120", Some(CardStatus::Expired)),
        ("0", "20261121", Some(CardStatus::Revoked)),
        ("2", "20261231", None),
    ] {
        let mut document = card();
        document["trangThai"] = json!(state);
        document["denNgay"] = json!(last);
        let (record, completeness) = read(&bytes(&document));
        assert_eq!(record.status, expected, "{state} {last}");
        assert_eq!(completeness == Completeness::Complete, expected.is_some());
    }
}

#[test]
fn what_cannot_be_read_is_missing_and_named() {
    use IncompleteCause::{Contradictory, FieldInvalid, FieldMissing};
    for (name, value, cause, fields) in [
        ("denNgay", Value::Null, FieldMissing, vec!["valid_to"]),
        ("tuNgay", json!("2026"), FieldInvalid, vec!["valid_from"]),
        ("denNgay", json!("20251231"), Contradictory, vec!["valid_from", "valid_to"]),
        ("trangThai", Value::Null, FieldMissing, vec!["status"]),
        ("ngayDu5Nam", json!("x"), FieldInvalid, vec!["five_year_date"]),
    ] {
        let (record, completeness) = read(&with(card(), &format!("/{name}"), value));
        let Completeness::Incomplete { cause: told, missing } = completeness else { panic!("{name} passed") };
        assert_eq!((told, missing.names(Dataset::HealthCard)), (cause, fields), "{name}");
        assert!(record.present().intersection(missing).is_empty());
    }
}

#[test]
fn nobody_no_card_and_somebody_elses_card() {
    let outcome = |base: &[u8], own: &[u8]| {
        let fetched = run(decode_health_card, base, own).unwrap();
        (fetched.outcome(), fetched.records.len())
    };
    assert_eq!(outcome(NOT_FOUND, NOT_FOUND), (Outcome::NotFound, 0));
    assert_eq!(outcome(&bytes(&base()), NOT_FOUND), (Outcome::NotFound, 0));
    assert_eq!(outcome(NOT_FOUND, &bytes(&card())), (Outcome::Incomplete, 0));
    for code in [json!("DN4569700000002"), json!("9700000002"), json!("D"), Value::Null] {
        assert_eq!(outcome(&bytes(&base()), &with(card(), "/maThe", code)), (Outcome::Incomplete, 0));
    }
    let reply = run(decode_health_card, &bytes(&base()), &bytes(&json!({"maThe_v2": 1})));
    assert!(matches!(reply, Err(FetchError::Malformed { cause: MalformedCause::Shape, .. })));
}

#[test]
fn damage_is_never_passed_off_as_whole() {
    let damaged = damage(decode_health_card, &card());
    assert!(damaged > 100, "only {damaged}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_changed_and_cut(at in any::<prop::sample::Index>(), byte in any::<u8>(), length in 0_usize..80) {
        let mut document = bytes(&card());
        let at = at.index(document.len());
        document[at] = byte;
        document.drain(at..(at + length).min(document.len()));
        if let Ok(fetched) = run(decode_health_card, &bytes(&base()), &document)
            && fetched.outcome() == Outcome::Found
        {
            let [Record::HealthCard(record)] = fetched.records.as_slice() else {
                return Err(TestCaseError::fail("not one record"));
            };
            prop_assert!(record.card_number.as_ref().is_some_and(|code| code.insurance_digits() == NUMBER));
            prop_assert!(record.valid_from.is_some() && record.valid_to.is_some() && record.status.is_some());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(own in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = run(decode_health_card, &bytes(&base()), &own);
        let _ = run(decode_health_card, &own, &bytes(&card()));
    }
}
