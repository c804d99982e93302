//! Base record and history, whole and damaged.

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::record::{Participation, Sex};
use motlan_domain::{Completeness, Dataset, IncompleteCause, Outcome, Record};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode_participation;
use crate::samples::{base, bytes, damage, history, run, with};

const NOT_FOUND: &[u8] = r#"{"maLoi":"KHONG_TIM_THAY","moTa":"Không tìm thấy dữ liệu"}"#.as_bytes();

fn read(base: &[u8], own: &[u8]) -> (Participation, Completeness) {
    let fetched = run(decode_participation, base, own).unwrap();
    match fetched.records.as_slice() {
        [Record::Participation(record)] => ((**record).clone(), fetched.completeness),
        other => panic!("{} records, {:?}", other.len(), fetched.completeness),
    }
}

#[test]
fn everything_is_read() {
    let (record, completeness) = read(&bytes(&base()), &bytes(&history()));
    assert_eq!(completeness, Completeness::Complete);
    let absent = Dataset::Participation.all_fields().minus(record.present());
    assert_eq!(absent.names(Dataset::Participation), ["personal_id"], "the database keeps none");
    assert_eq!(record.sex, Some(Sex::Male));
    let contributions = record.contributions.unwrap();
    assert_eq!(contributions[0].from.to_string(), "2010-01");
    assert!(contributions[1].to.is_none());
    assert_eq!(contributions[1].level_vnd.as_deref(), Some("1500000"));
}

#[test]
fn birth_dates_are_as_precise_as_the_source_says() {
    for (date, kind, expected) in [
        ("19600215", json!("0"), Some("1960-02-15")),
        ("19600101", json!(1), Some("1960")),
        ("1960", json!("1"), Some("1960")),
        ("196002", json!("2"), Some("1960-02")),
        ("19600201", json!("2"), Some("1960-02")),
        ("1960", Value::Null, Some("1960")),
        ("1960", json!("0"), None),
        ("1960", json!("2"), None),
        ("19600215", json!("3"), None),
        ("15/02/1960", json!("0"), None),
    ] {
        let mut document = base();
        document["ngaySinh"] = json!(date);
        document["loaiNgaySinh"] = kind;
        let (record, completeness) = read(&bytes(&document), &bytes(&history()));
        assert_eq!(record.birth_date.map(|date| date.to_string()).as_deref(), expected, "{date}");
        assert_eq!(completeness == Completeness::Complete, expected.is_some(), "{date}");
    }
}

#[test]
fn what_cannot_be_read_is_missing_and_named() {
    use IncompleteCause::{Contradictory, FieldInvalid, FieldMissing};
    let good = bytes(&history());
    for (name, value, cause, field) in [
        ("hoTen", Value::Null, FieldMissing, "full_name"),
        ("ngaySinh", json!(""), FieldMissing, "birth_date"),
        ("gioiTinh", json!("0"), FieldInvalid, "sex"),
        ("trangThai", json!("99"), FieldInvalid, "status"),
        ("maTinhKs", json!("Khánh Hòa"), FieldInvalid, "birth_registration"),
    ] {
        let (_, completeness) = read(&with(base(), &format!("/{name}"), value), &good);
        let Completeness::Incomplete { cause: told, missing } = completeness else { panic!("{name} passed") };
        assert_eq!((told, missing.names(Dataset::Participation)), (cause, vec![field]), "{name}");
    }
    for (pointer, value, cause) in [
        ("/0/tuThang", json!("20101"), FieldInvalid),
        ("/0/tuThang", Value::Null, FieldInvalid),
        ("/1/mucDong", json!(-5), FieldInvalid),
        ("/0/denThang", json!("200912"), Contradictory),
    ] {
        let (record, completeness) = read(&bytes(&base()), &with(history(), pointer, value));
        assert!(record.contributions.is_none(), "{pointer}: half a history");
        assert!(
            matches!(completeness, Completeness::Incomplete { cause: told, .. } if told == cause),
            "{pointer}"
        );
    }
}

#[test]
fn both_say_nobody_or_they_contradict() {
    let outcome = |base: &[u8], own: &[u8]| {
        let fetched = run(decode_participation, base, own).unwrap();
        (fetched.outcome(), fetched.records.len())
    };
    assert_eq!(outcome(NOT_FOUND, NOT_FOUND), (Outcome::NotFound, 0));
    assert_eq!(outcome(&bytes(&base()), NOT_FOUND), (Outcome::Incomplete, 0));
    assert_eq!(outcome(NOT_FOUND, &bytes(&history())), (Outcome::Incomplete, 0));
    assert_eq!(outcome(&bytes(&base()), b"[]"), (Outcome::Found, 1), "insured, without a history");
}

#[test]
fn other_documents_are_no_answer() {
    use MalformedCause::{OtherSubject, Shape, Truncated};
    let good = bytes(&history());
    let cases = [
        (with(base(), "/maSoBhxh", json!("9700000002")), good.clone(), OtherSubject),
        (with(base(), "/maSoBhxh", json!(["9700000001"])), good.clone(), Shape),
        (bytes(&json!({"Envelope": base()})), good.clone(), Shape),
        (bytes(&json!([base()])), good.clone(), Shape),
        (bytes(&base()), bytes(&json!({"list": history()})), Shape),
        (bytes(&base()), bytes(&json!(["x"])), Shape),
        (bytes(&base()), good[..good.len() - 1].to_vec(), Truncated),
    ];
    for (base, own, expected) in cases {
        let reply = run(decode_participation, &base, &own);
        assert!(
            matches!(reply, Err(FetchError::Malformed { cause, .. }) if cause == expected),
            "{expected:?}"
        );
    }
}

#[test]
fn damage_is_never_passed_off_as_whole() {
    let damaged = damage(decode_participation, &history());
    assert!(damaged > 150, "only {damaged}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_make_it_panic(
        first in proptest::collection::vec(any::<u8>(), 0..300),
        second in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = run(decode_participation, &first, &second);
        let _ = run(decode_participation, &bytes(&base()), &second);
    }

    #[test]
    fn bytes_changed_and_cut(at in any::<prop::sample::Index>(), byte in any::<u8>(), length in 0_usize..80) {
        let mut document = bytes(&base());
        let at = at.index(document.len());
        document[at] = byte;
        document.drain(at..(at + length).min(document.len()));
        if let Ok(fetched) = run(decode_participation, &document, &bytes(&history()))
            && fetched.outcome() == Outcome::Found
        {
            let [Record::Participation(record)] = fetched.records.as_slice() else {
                return Err(TestCaseError::fail("not one record"));
            };
            prop_assert!(record.full_name.is_some() && record.birth_date.is_some());
        }
    }
}
