//! Parcels, whole, damaged and another.

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::id::{CertificateSerial, ParcelKey};
use motlan_domain::record::Parcel;
use motlan_domain::{Completeness, Dataset, Fetched, IncompleteCause, Outcome, Record, SubjectKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode_parcel;
use crate::samples::{about, damage, parcel, with};

fn key(text: &str) -> SubjectKey {
    SubjectKey::Parcel(ParcelKey::parse(text).unwrap())
}

fn decode(bytes: &[u8]) -> Result<Fetched, FetchError> {
    about(decode_parcel, &key("22366/12/345"), bytes)
}

fn read(document: &Value) -> (Parcel, Completeness) {
    let fetched = decode(document.to_string().as_bytes()).unwrap();
    match fetched.records.as_slice() {
        [Record::Parcel(record)] => ((**record).clone(), fetched.completeness),
        other => panic!("{} records, {:?}", other.len(), fetched.completeness),
    }
}

#[test]
fn everything_is_read() {
    let (record, completeness) = read(&parcel());
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(record.present(), Dataset::Parcel.all_fields());
    assert_eq!(record.area_m2.as_deref(), Some("120.5"));
    let serials: Vec<_> =
        record.certificate_serials.unwrap().iter().map(CertificateSerial::canonical).collect();
    assert_eq!(serials, ["CS012345"], "the replaced one is left out");
    let numbers =
        with(with(parcel(), "/ThuaDat/soThuTuThua", json!(345)), "/ThuaDat/soHieuToBanDo", json!(12));
    assert_eq!(read(&numbers).1, Completeness::Complete, "as numbers");
}

#[test]
fn what_cannot_be_read_is_missing_and_named() {
    use IncompleteCause::{FieldInvalid, FieldMissing};
    for (pointer, value, cause, field) in [
        ("/ThuaDat/dienTich", Value::Null, FieldMissing, "area_m2"),
        ("/ThuaDat/dienTichPhapLy", json!("-1"), FieldInvalid, "legal_area_m2"),
        ("/ThuaDat/maThua", json!("abc"), FieldInvalid, "parcel_id"),
        ("/ThuaDat/MucDichSuDung", Value::Null, FieldMissing, "uses"),
        ("/ThuaDat/MucDichSuDung/0/loai", Value::Null, FieldInvalid, "uses"),
        ("/ThuaDat/NguonGocSuDungDat/0/loai", json!({}), FieldInvalid, "origin"),
        ("/GiayChungNhan/0/soPhatHanh", json!("C"), FieldInvalid, "certificate_serials"),
    ] {
        let (record, completeness) = read(&with(parcel(), pointer, value));
        let Completeness::Incomplete { cause: told, missing } = completeness else {
            panic!("{pointer} passed")
        };
        assert_eq!((told, missing.names(Dataset::Parcel)), (cause, vec![field]), "{pointer}");
        assert!(record.present().intersection(missing).is_empty());
    }
}

#[test]
fn another_parcel_and_none() {
    let text = parcel().to_string();
    for other in ["22366/12/346", "22366/13/345", "22367/12/345"] {
        let reply = about(decode_parcel, &key(other), text.as_bytes());
        assert!(
            matches!(reply, Err(FetchError::Malformed { cause: MalformedCause::OtherSubject, .. })),
            "{other}"
        );
    }
    for unreadable in [json!("x"), json!(0), Value::Null] {
        let fetched =
            decode(with(parcel(), "/ThuaDat/soThuTuThua", unreadable).to_string().as_bytes()).unwrap();
        assert_eq!((fetched.outcome(), fetched.records.len()), (Outcome::Incomplete, 0));
    }
    let wrong = decode(json!({"ThuaDat_v2": {}}).to_string().as_bytes());
    assert!(matches!(wrong, Err(FetchError::Malformed { cause: MalformedCause::Shape, .. })));
}

#[test]
fn damage_is_never_passed_off_as_whole() {
    let damaged = damage(decode_parcel, &key("22366/12/345"), &parcel());
    assert!(damaged > 120, "only {damaged}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_changed_and_cut(at in any::<prop::sample::Index>(), byte in any::<u8>(), length in 0_usize..200) {
        let mut bytes = parcel().to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.drain(at..(at + length).min(bytes.len()));
        if let Ok(fetched) = decode(&bytes)
            && fetched.outcome() == Outcome::Found
        {
            let [Record::Parcel(record)] = fetched.records.as_slice() else {
                return Err(TestCaseError::fail("not one parcel"));
            };
            prop_assert!(record.area_m2.is_some() && record.uses.is_some() && record.certificate_serials.is_some());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&bytes);
    }
}

#[test]
fn origins_are_joined_within_what_a_text_may_be() {
    let of = |count: usize| {
        let rows: Vec<Value> = (0..count).map(|_| json!({"loai": "CNQ-CTT"})).collect();
        let text = with(parcel(), "/ThuaDat/NguonGocSuDungDat", json!(rows)).to_string();
        decode(text.as_bytes()).unwrap()
    };
    assert_eq!(of(2).outcome(), Outcome::Found);
    let fetched = of(1_000);
    let Completeness::Incomplete { cause, missing } = fetched.completeness else { panic!("passed") };
    assert_eq!((cause, missing.names(Dataset::Parcel)), (IncompleteCause::FieldInvalid, vec!["origin"]));
}
