//! One `CongDan`, whole, damaged and of somebody else.

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::id::Cmnd;
use motlan_domain::record::{MaritalStatus, Person, Sex};
use motlan_domain::{Completeness, Dataset, IncompleteCause, Outcome, Reason, Record, SubjectKey};
use proptest::prelude::*;

use super::decode_person;
use crate::samples::{HEAD, PERSON, RULES, WIFE, damage_every_element, decode_about, decode_as, person_key};

fn read(text: &str) -> (Person, Completeness) {
    let fetched = decode_as(decode_person, text.as_bytes()).unwrap();
    match fetched.records.as_slice() {
        [Record::Person(person)] => ((**person).clone(), fetched.completeness),
        other => panic!("{} records, {:?}", other.len(), fetched.completeness),
    }
}

fn changed(from: &str, to: &str) -> String {
    assert!(PERSON.contains(from), "{from}");
    PERSON.replacen(from, to, 1)
}

fn cause(text: &str) -> Option<MalformedCause> {
    match decode_as(decode_person, text.as_bytes()) {
        Err(FetchError::Malformed { cause, .. }) => Some(cause),
        _ => None,
    }
}

#[test]
fn everything_is_read() {
    let (person, completeness) = read(PERSON);
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(person.full_name.as_ref().unwrap().expose(), "Nguyễn Văn An");
    assert_eq!(person.birth_date.unwrap().to_string(), "1960-02-15");
    assert_eq!((person.sex, person.marital_status), (Some(Sex::Male), Some(MaritalStatus::Married)));
    assert_eq!(person.blood_type.as_deref(), Some("AB"));
    assert_eq!(person.mother.as_ref().unwrap().personal_id.unwrap().expose(), "097135000004");
    assert!(person.father.as_ref().unwrap().personal_id.is_none());
    let home = person.permanent_residence.as_ref().unwrap();
    assert_eq!((home.commune_code.as_deref(), home.district_code.as_deref()), (Some("22366"), None));
    let absent = Dataset::Person.all_fields().minus(person.present()).names(Dataset::Person);
    assert_eq!(absent, ["birthplace", "temporary_residence", "representative", "deceased", "missing"]);
}

#[test]
fn names_are_joined_however_they_are_split() {
    let split = "<Ho>Nguyễn</Ho><ChuDem>Văn</ChuDem><Ten>An</Ten>";
    for (form, expected) in [
        ("<Ten>Nguyễn Văn An</Ten>", "Nguyễn Văn An"),
        ("<Ho/><ChuDem></ChuDem><Ten>Y Phôn Ksor</Ten>", "Y Phôn Ksor"),
        ("<Ten>An</Ten><Ho>Nguyễn</Ho>", "Nguyễn An"),
        ("H&apos;Hen <![CDATA[Niê]]>", "H'Hen Niê"),
    ] {
        assert_eq!(read(&changed(split, form)).0.full_name.unwrap().expose(), expected);
    }
}

#[test]
fn birth_dates_keep_their_precision() {
    let full = "<NgayThangNam>19600215</NgayThangNam>";
    for (form, expected) in [
        ("<Nam>1960</Nam>", Some("1960")),
        ("<Nam>1960</Nam><NgayThangNam>19600215</NgayThangNam>", Some("1960-02-15")),
        ("19600215", Some("1960-02-15")),
        ("<Nam>1961</Nam><NgayThangNam>19600215</NgayThangNam>", None),
        ("<NgayThangNam>19600230</NgayThangNam>", None),
        ("<NgayThangNam>1960</NgayThangNam>", None),
        ("<NgayThangNam/>", None),
    ] {
        let (person, completeness) = read(&changed(full, form));
        assert_eq!(person.birth_date.map(|date| date.to_string()).as_deref(), expected, "{form}");
        assert_eq!(completeness == Completeness::Complete, expected.is_some(), "{form}");
    }
}

#[test]
fn codes_that_nobody_knows_are_not_guessed() {
    for (from, to, field) in [
        ("<GioiTinh>1", "<GioiTinh>9", "sex"),
        ("<TinhTrangHonNhan>2", "<TinhTrangHonNhan>7", "marital_status"),
        ("<NhomMau>AB", "<NhomMau>XY", "blood_type"),
        ("<MaPhuongXa>22366", "<MaPhuongXa>2236", "birth_registration"),
        ("<SoDinhDanh>097135000004", "<SoDinhDanh>097135", "mother"),
        ("<SoDinhDanhDaHuy>099060000009", "<SoDinhDanhDaHuy>0", "aliases"),
        ("<SoCMND>225000001", "<SoCMND>22500000X", "cmnd"),
    ] {
        let (person, completeness) = read(&changed(from, to));
        let Completeness::Incomplete { cause, missing } = completeness else { panic!("{field} passed") };
        assert_eq!((cause, missing.names(Dataset::Person)), (IncompleteCause::FieldInvalid, vec![field]));
        assert!(person.present().intersection(missing).is_empty(), "{field} is missing and there");
    }
}

#[test]
fn nobody_is_no_citizen_or_one_without_a_name() {
    let empty = "<CongdanCollection xmlns=\"http://www.mic.gov.vn/dancu/1.0\"/>";
    let nameless = changed("<Ho>Nguyễn</Ho><ChuDem>Văn</ChuDem><Ten>An</Ten>", "<Ho/><Ten> </Ten>");
    for text in [empty, &nameless] {
        assert_eq!(decode_as(decode_person, text.as_bytes()).unwrap().outcome(), Outcome::NotFound);
    }
}

#[test]
fn what_has_to_be_there() {
    let name = "<HoVaTen><Ho>Nguyễn</Ho><ChuDem>Văn</ChuDem><Ten>An</Ten></HoVaTen>";
    let (person, completeness) = read(&changed(name, ""));
    assert!(person.full_name.is_none());
    assert!(matches!(completeness, Completeness::Incomplete { cause: IncompleteCause::FieldMissing, .. }));
    // Without any id nothing shows whose record it is: nothing is handed on.
    let anonymous = changed("<SoDinhDanh>097060000001</SoDinhDanh><SoCMND>225000001</SoCMND>", "")
        .replace("<SoDinhDanhDaHuy>099060000009</SoDinhDanhDaHuy>", "");
    let fetched = decode_as(decode_person, anonymous.as_bytes()).unwrap();
    assert_eq!((fetched.outcome(), fetched.records.len()), (Outcome::Incomplete, 0));
}

#[test]
fn an_answer_about_somebody_else_is_malformed() {
    for (subject, expected) in [(HEAD, true), ("099060000009", true), (WIFE, false)] {
        let reply = decode_about(decode_person, &person_key(subject), PERSON.as_bytes());
        match reply {
            Ok(fetched) => assert!(expected && fetched.outcome() == Outcome::Found, "{subject}"),
            Err(FetchError::Malformed { cause, .. }) => {
                assert_eq!((expected, cause), (false, MalformedCause::OtherSubject), "{subject}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    for (text, expected) in [("225000001", true), ("225000002", false)] {
        let subject = SubjectKey::Cmnd(Cmnd::parse(text, &RULES).unwrap());
        assert_eq!(decode_about(decode_person, &subject, PERSON.as_bytes()).is_ok(), expected, "{text}");
    }
}

#[test]
fn two_people_contradict_one_another() {
    let one = &PERSON[PERSON.find("<CongDan>").unwrap()..PERSON.find("</CongdanCollection>").unwrap()];
    let two = PERSON.replace("</CongdanCollection>", &format!("{one}</CongdanCollection>"));
    let fetched = decode_as(decode_person, two.as_bytes()).unwrap();
    assert!(fetched.records.is_empty());
    assert!(matches!(
        fetched.completeness,
        Completeness::Incomplete { cause: IncompleteCause::Contradictory, .. }
    ));
}

#[test]
fn other_documents_are_no_answer() {
    use MalformedCause::{Forbidden, Namespace, Shape, Truncated};
    let foreign = PERSON.replace("http://www.mic.gov.vn/dancu/1.0", "http://example.invalid/");
    let inner = changed("<CongDan>", "<CongDan xmlns=\"http://example.invalid/\">");
    for (text, expected) in [
        (foreign.as_str(), Namespace),
        (inner.as_str(), Namespace),
        (&PERSON.replace("CongDan>", "Person>"), Shape),
        ("<html/>", Shape),
        ("<KetQuaXacThucResponse xmlns=\"http://www.mic.gov.vn/dancu/1.0\"/>", Shape),
        (&PERSON[..PERSON.len() - 3], Truncated),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", Forbidden),
    ] {
        assert_eq!(cause(text), Some(expected), "{text:.60}");
    }
}

#[test]
fn refusals_keep_a_plain_code_and_no_text() {
    let refusal = |code: &str| format!("<Loi><Ma>{code}</Ma><MoTa>Cán bộ 097060000001</MoTa></Loi>");
    for code in ["001", "002", "003", "004", "005", "010", "011", "030"] {
        let error = decode_as(decode_person, refusal(code).as_bytes()).unwrap_err();
        assert!(matches!(&error, FetchError::Refused { code: told, .. } if told == code), "{error:?}");
        assert!(!format!("{error:?}").contains("0970"));
    }
    let throttled = decode_as(decode_person, refusal("020").as_bytes()).unwrap_err();
    assert_eq!(throttled.reason(), Reason::SourceThrottled);
    for code in ["", "Nguyễn Văn An", "0 1"] {
        assert_eq!(cause(&refusal(code)), Some(MalformedCause::Shape), "{code}");
    }
}

#[test]
fn damage_is_never_passed_off_as_whole() {
    let damaged = damage_every_element(decode_person, PERSON);
    assert!(damaged > 150, "only {damaged}");
}

/// Found means: about the one asked for, with a name.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(fetched) = decode_as(decode_person, bytes)
        && fetched.outcome() == Outcome::Found
    {
        let [Record::Person(person)] = fetched.records.as_slice() else {
            return Err(TestCaseError::fail("not one person"));
        };
        prop_assert!(person.full_name.is_some());
        prop_assert!(super::answers(person, &person_key(HEAD)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        holds(&bytes)?;
    }

    #[test]
    fn bytes_changed_here_and_there(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = PERSON.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        holds(&bytes)?;
    }

    #[test]
    fn stretches_cut_out(from in any::<prop::sample::Index>(), length in 1_usize..400) {
        let mut bytes = PERSON.as_bytes().to_vec();
        let from = from.index(bytes.len());
        bytes.drain(from..(from + length).min(bytes.len()));
        holds(&bytes)?;
    }

    #[test]
    fn every_end_that_is_cut_off_is_truncated(at in any::<prop::sample::Index>()) {
        let at = at.index(PERSON.len());
        let cause = match decode_as(decode_person, &PERSON.as_bytes()[..at]) {
            Err(FetchError::Malformed { cause, .. }) => Some(cause),
            _ => None,
        };
        prop_assert_eq!(cause, Some(MalformedCause::Truncated));
    }
}
