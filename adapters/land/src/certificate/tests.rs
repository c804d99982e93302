//! Certificates, whole, damaged and of somebody else.

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::id::{CertificateSerial, EnterpriseCode, PersonalId};
use motlan_domain::record::{
    Certificate, CertificateStatus, EncumbranceKind, MOST_PEOPLE, OwnerKind, count_people,
};
use motlan_domain::{Completeness, Dataset, Fetched, IncompleteCause, Outcome, Record, SubjectKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{decode_certificate, decode_certificates};
use crate::samples::{COMPANY, HUSBAND, RULES, SERIAL, WIFE, about, certificate, damage, with};

fn serial(text: &str) -> SubjectKey {
    SubjectKey::Certificate(CertificateSerial::parse(text).unwrap())
}

fn person(id: &str) -> SubjectKey {
    SubjectKey::Person(PersonalId::parse(id, &RULES).unwrap())
}

fn decode(bytes: &[u8]) -> Result<Fetched, FetchError> {
    about(decode_certificate, &serial(SERIAL), bytes)
}

fn read(document: &Value) -> (Certificate, Completeness) {
    let fetched = decode(document.to_string().as_bytes()).unwrap();
    match fetched.records.as_slice() {
        [Record::Certificate(record)] => ((**record).clone(), fetched.completeness),
        other => panic!("{} records, {:?}", other.len(), fetched.completeness),
    }
}

#[test]
fn everything_is_read() {
    let (record, completeness) = read(&certificate());
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(record.present(), Dataset::Certificate.all_fields());
    assert_eq!(record.status, Some(CertificateStatus::InForce));
    let owners = record.owners.unwrap();
    let ids: Vec<_> = owners.iter().map(|owner| owner.personal_id.unwrap().expose().to_owned()).collect();
    assert_eq!(ids, [HUSBAND, WIFE]);
    assert!(
        owners.iter().all(|owner| owner.kind == OwnerKind::Couple && owner.share.as_deref() == Some("1/1"))
    );
    let burdens = record.encumbrances.unwrap();
    assert_eq!((burdens[0].kind, burdens[0].in_force), (EncumbranceKind::Mortgage, true));
    assert!(!burdens[1].in_force);
    assert_eq!(record.parcels.unwrap()[0].uses[0].area_m2.as_deref(), Some("120.5"));
}

#[test]
fn every_kind_of_owner() {
    let one = |id: &str| json!({"hoTen": "Nguyễn Văn An", "soDinhDanh": id});
    let cases = [
        (json!([{"CaNhan": one(HUSBAND)}]), OwnerKind::Individual, 1),
        (
            json!([{"CaNhan": one(HUSBAND), "tyLe": "1/2"}, {"CaNhan": one(WIFE), "tyLe": "1/2"}]),
            OwnerKind::Individual,
            2,
        ),
        (
            json!([{"HoGiaDinh": {"ChuHo": one(HUSBAND), "ThanhVien": [one(HUSBAND), one(WIFE)]}}]),
            OwnerKind::Household,
            2,
        ),
        (
            json!([{"ToChuc": {"tenToChuc": "CÔNG TY A", "maDoanhNghiep": null, "maSoThue": COMPANY}}]),
            OwnerKind::Organisation,
            1,
        ),
        (json!([{"ToChuc": {"tenToChuc": "Ủy ban nhân dân xã"}}]), OwnerKind::Organisation, 1),
    ];
    for (owners, kind, rows) in cases {
        let (record, completeness) = read(&with(certificate(), "/ChuSuDung", owners));
        assert_eq!(completeness, Completeness::Complete, "{kind:?}");
        let owners = record.owners.unwrap();
        assert!(owners.len() == rows && owners.iter().all(|owner| owner.kind == kind), "{kind:?}");
    }
}

#[test]
fn what_cannot_be_read_is_missing_and_named() {
    use IncompleteCause::{FieldInvalid, FieldMissing};
    let one = json!({"hoTen": "Nguyễn Văn An", "soDinhDanh": HUSBAND});
    for (pointer, value, cause, field) in [
        ("/ChuSuDung", json!([]), FieldMissing, "owners"),
        ("/ChuSuDung", json!([{}]), FieldInvalid, "owners"),
        ("/ChuSuDung", json!([{"CaNhan": one, "ToChuc": {"tenToChuc": "A"}}]), FieldInvalid, "owners"),
        ("/ChuSuDung/0/VoChong/Vo", Value::Null, FieldInvalid, "owners"),
        ("/ChuSuDung/0/VoChong/Vo/soDinhDanh", json!("1"), FieldInvalid, "owners"),
        ("/ChuSuDung/0/tyLe", json!("một nửa"), FieldInvalid, "owners"),
        (
            "/ChuSuDung",
            json!([{"ToChuc": {"tenToChuc": "A", "maDoanhNghiep": COMPANY, "maSoThue": "0314409058-002"}}]),
            FieldInvalid,
            "owners",
        ),
        ("/bienDong", Value::Null, FieldMissing, "encumbrances"),
        ("/bienDong/0/loai", json!("KE_BIEN"), FieldInvalid, "encumbrances"),
        ("/bienDong/0/trangThai", json!("?"), FieldInvalid, "encumbrances"),
        ("/GiayChungNhan/tinhTrangGiayChungNhan", json!("MOI"), FieldInvalid, "status"),
        ("/GiayChungNhan/tinhTrangGiayChungNhan", Value::Null, FieldMissing, "status"),
        ("/GiayChungNhan/isLastest", json!("true"), FieldInvalid, "is_latest"),
        ("/GiayChungNhan/ngayVaoSo", json!("20201301"), FieldInvalid, "book_date"),
        ("/ThuaDat/0/maXa", json!("2236"), FieldInvalid, "parcels"),
        ("/ThuaDat/0/soThuTuThua", json!(0), FieldInvalid, "parcels"),
        ("/ThuaDat/0/dienTich", json!("rộng"), FieldInvalid, "parcels"),
    ] {
        let (record, completeness) = read(&with(certificate(), pointer, value));
        let Completeness::Incomplete { cause: told, missing } = completeness else {
            panic!("{pointer} passed")
        };
        assert_eq!((told, missing.names(Dataset::Certificate)), (cause, vec![field]), "{pointer}");
        assert!(record.present().intersection(missing).is_empty());
    }
}

#[test]
fn an_answer_about_another_serial_or_owner_is_malformed() {
    let text = certificate().to_string();
    let cause = |reply: Result<Fetched, FetchError>| match reply {
        Err(FetchError::Malformed { cause, .. }) => Some(cause),
        _ => None,
    };
    assert!(about(decode_certificate, &serial("CS 012345"), text.as_bytes()).is_ok(), "with the space");
    let other = about(decode_certificate, &serial("CS012346"), text.as_bytes());
    assert_eq!(cause(other), Some(MalformedCause::OtherSubject));
    let list = json!([certificate()]).to_string();
    for (subject, expected) in [
        (person(HUSBAND), None),
        (person(WIFE), None),
        (person("097080000009"), Some(MalformedCause::OtherSubject)),
        (SubjectKey::Enterprise(EnterpriseCode::parse(COMPANY).unwrap()), Some(MalformedCause::OtherSubject)),
    ] {
        assert_eq!(cause(about(decode_certificates, &subject, list.as_bytes())), expected);
    }
}

#[test]
fn lists_are_whole_or_say_what_is_not() {
    let owned = |document: &Value| {
        about(decode_certificates, &person(WIFE), document.to_string().as_bytes()).unwrap()
    };
    let two =
        owned(&json!([certificate(), with(certificate(), "/GiayChungNhan/soPhatHanh", json!("CS 012346"))]));
    assert_eq!((two.outcome(), two.records.len()), (Outcome::Found, 2));
    let none = owned(&json!([]));
    assert_eq!((none.outcome(), none.records.len()), (Outcome::NotFound, 0));
    // A row is dropped where nothing shows whose it is. Then no field of the list
    // is whole, also not one that could be read of that row.
    for (pointer, value, cause) in [
        ("/ChuSuDung", Value::Null, IncompleteCause::FieldMissing),
        ("/ChuSuDung", json!([true]), IncompleteCause::FieldInvalid),
        ("/ChuSuDung/0/VoChong/Vo", Value::Null, IncompleteCause::FieldInvalid),
        ("/GiayChungNhan/soPhatHanh", json!("?"), IncompleteCause::FieldInvalid),
        ("/GiayChungNhan/soPhatHanh", Value::Null, IncompleteCause::FieldMissing),
    ] {
        let half = owned(&json!([certificate(), with(certificate(), pointer, value)]));
        assert_eq!((half.outcome(), half.records.len()), (Outcome::Incomplete, 1), "{pointer}");
        let missing = Dataset::Certificate.all_fields();
        assert_eq!(half.completeness, Completeness::Incomplete { cause, missing }, "{pointer}");
    }
    // One that stays lacks what it lacks.
    let spoiled = with(certificate(), "/GiayChungNhan/tinhTrangGiayChungNhan", json!("?"));
    let told = owned(&json!([certificate(), spoiled]));
    assert_eq!((told.outcome(), told.records.len()), (Outcome::Incomplete, 2));
    let Completeness::Incomplete { missing, .. } = told.completeness else { panic!("passed") };
    assert_eq!(missing.names(Dataset::Certificate), ["status"]);
}

#[test]
fn more_people_than_an_entry_can_name_are_no_answer() {
    let cause = |reply: Result<Fetched, FetchError>| reply.err().and_then(|error| error.cause());
    let one =
        |id: usize| json!({"CaNhan": {"hoTen": "Nguyễn Văn An", "soDinhDanh": format!("0970601{id:05}")}});
    let nameless = || json!({"CaNhan": {"hoTen": "Nguyễn Văn An"}});
    let of = |owners: Vec<Value>| with(certificate(), "/ChuSuDung", Value::Array(owners)).to_string();
    let most = of((0..MOST_PEOPLE).map(one).collect());
    assert_eq!(cause(decode(most.as_bytes())), None);
    let fits = decode(most.as_bytes()).unwrap();
    assert_eq!((fits.outcome(), count_people(&fits.records)), (Outcome::Found, MOST_PEOPLE));
    for owners in [
        (0..=MOST_PEOPLE).map(one).collect(),
        (0..=MOST_PEOPLE).map(|_| nameless()).collect(),
        (0..MOST_PEOPLE).map(one).chain([nameless()]).collect(),
    ] {
        assert_eq!(cause(decode(of(owners).as_bytes())), Some(MalformedCause::TooManyPeople));
    }
    // In a list the same people count once, others add up.
    let list = |rows: Vec<Value>| json!(rows).to_string();
    let same = list((0..200).map(|_| certificate()).collect());
    assert_eq!(cause(about(decode_certificates, &person(WIFE), same.as_bytes())), None);
    let shared = |row: usize| {
        let wife = json!({"CaNhan": {"hoTen": "Lê Thị Bình", "soDinhDanh": WIFE}});
        with(certificate(), "/ChuSuDung", json!([wife, one(row)]))
    };
    let many = list((0..MOST_PEOPLE).map(shared).collect());
    let told = about(decode_certificates, &person(WIFE), many.as_bytes());
    assert_eq!(cause(told), Some(MalformedCause::TooManyPeople));
}

#[test]
fn other_documents_are_no_answer() {
    for document in [
        json!({"Envelope": certificate()}),
        json!([certificate()]),
        json!({"GiayChungNhan": {"soPhatHanh_v2": SERIAL}}),
        json!({"GiayChungNhan": [SERIAL]}),
        json!(null),
    ] {
        let reply = decode(document.to_string().as_bytes());
        assert!(
            matches!(reply, Err(FetchError::Malformed { cause: MalformedCause::Shape, .. })),
            "{document:.50}"
        );
    }
    let nothing = decode(br#"{"maLoi":"KHONG_TIM_THAY","moTa":""}"#).unwrap();
    assert_eq!(nothing.outcome(), Outcome::NotFound);
}

#[test]
fn damage_is_never_passed_off_as_whole() {
    let damaged = damage(decode_certificate, &serial(SERIAL), &certificate());
    assert!(damaged > 250, "only {damaged}");
    let damaged = damage(decode_certificates, &person(WIFE), &json!([certificate()]));
    assert!(damaged > 250, "only {damaged}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_changed_and_cut(at in any::<prop::sample::Index>(), byte in any::<u8>(), length in 0_usize..300) {
        let mut bytes = certificate().to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.drain(at..(at + length).min(bytes.len()));
        if let Ok(fetched) = decode(&bytes)
            && fetched.outcome() == Outcome::Found
        {
            let [Record::Certificate(record)] = fetched.records.as_slice() else {
                return Err(TestCaseError::fail("not one certificate"));
            };
            prop_assert!(record.owners.is_some() && record.status.is_some() && record.encumbrances.is_some());
            prop_assert!(record.parcels.is_some());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&bytes);
        let _ = about(decode_certificates, &person(WIFE), &bytes);
    }
}
