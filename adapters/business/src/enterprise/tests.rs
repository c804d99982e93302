//! One enterprise, whole, damaged and of somebody else.

use motlan_api::suite::damage::{self, RULES};
use motlan_api::{FetchError, MalformedCause};
use motlan_domain::id::{EnterpriseCode, PersonalId};
use motlan_domain::record::{Enterprise, EnterpriseStatus, MOST_PEOPLE};
use motlan_domain::{Completeness, Dataset, Fetched, IncompleteCause, Outcome, Record, SubjectKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode_enterprise;

const CODE: &str = "0100233488";
const OWNER: &str = "097070000001";

fn good() -> Value {
    json!({
        "Status": 1, "DataCount": 1, "Message": "Thành công",
        "Data": {
            "MainInformation": {
                "ENTERPRISE_GDT_CODE": CODE, "IMP_BUSINESS_CODE": "0103000001", "ENTERPRISE_TYPE_ID": "2",
                "ENTERPRISE_TYPE_NAME": "Công ty cổ phần", "NAME": "CÔNG TY CỔ PHẦN BIỂN XANH",
                "SHORT_NAME": "BIEN XANH", "NAME_F": "BLUE SEA JSC", "FOUNDING_DATE": "15/03/2010",
                "LAST_AMEND_DATE": "02/01/2024", "NUMBER_CHANGES": 3, "ENTERPRISE_STATUS": "1",
                "LEGAL_NAMES": "Nguyễn Văn An;Lê Thị Bình", "CAPITAL_AMOUNT": 5_000_000_000_u64,
            },
            "HOAdress": {"CityID": "56", "DistrictID": null, "WardID": "22366", "StreetNumber": "12 Trần Phú",
                "AddressFullText": "12 Trần Phú, Phường Nha Trang"},
            "Representatives": [
                {"NAME": "Nguyễn Văn An", "POSITION": "Giám đốc", "PERSONAL_ID": OWNER},
                {"NAME": "Lê Thị Bình", "POSITION": "Chủ tịch", "PERSONAL_ID": null},
            ],
            "BusinessActivity": [{"CODE": "5510", "NAME": "Lưu trú ngắn ngày", "IS_MAIN": "Y"},
                {"CODE": "7911", "NAME": "Đại lý du lịch", "IS_MAIN": "N"}],
            "Member": [{"MEMBER_NAME": "Nguyễn Văn An", "AMOUNT": 1_000, "RATIO_PERCENT": 12.5, "COUNTRY": "Việt Nam"}],
        },
    })
}

fn about(subject: &SubjectKey, bytes: &[u8]) -> Result<Fetched, FetchError> {
    decode_enterprise(bytes, &damage::about(subject))
}

fn decode(bytes: &[u8]) -> Result<Fetched, FetchError> {
    about(&SubjectKey::Enterprise(EnterpriseCode::parse(CODE).unwrap()), bytes)
}

fn with(pointer: &str, value: Value) -> String {
    damage::with(good(), pointer, value).to_string()
}

fn read(text: &str) -> (Enterprise, Completeness) {
    let fetched = decode(text.as_bytes()).unwrap();
    match fetched.records.as_slice() {
        [Record::Enterprise(enterprise)] => ((**enterprise).clone(), fetched.completeness),
        other => panic!("{} records, {:?}", other.len(), fetched.completeness),
    }
}

#[test]
fn everything_is_read() {
    let (enterprise, completeness) = read(&good().to_string());
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(enterprise.present(), Dataset::Enterprise.all_fields());
    assert_eq!(enterprise.status, Some(EnterpriseStatus::Active));
    assert_eq!(enterprise.founded_on.unwrap().to_string(), "2010-03-15");
    assert_eq!(enterprise.capital_vnd.as_deref(), Some("5000000000"));
    assert_eq!(enterprise.members.unwrap()[0].ratio_percent.as_deref(), Some("12.5"));
    let representatives = enterprise.representatives.unwrap();
    assert_eq!(representatives[0].personal_id.unwrap().expose(), OWNER);
    assert!(representatives[1].personal_id.is_none());
    assert!(enterprise.activities.unwrap()[0].is_main);
}

#[test]
fn what_cannot_be_read_is_missing_and_named() {
    use IncompleteCause::{Contradictory, FieldInvalid, FieldMissing};
    let main = |name: &str| format!("/Data/MainInformation/{name}");
    for (pointer, value, cause, field) in [
        (main("ENTERPRISE_STATUS"), json!(9), FieldInvalid, "status"),
        (main("ENTERPRISE_STATUS"), Value::Null, FieldMissing, "status"),
        (main("NAME"), json!(""), FieldMissing, "name"),
        (main("NAME"), json!(["CÔNG TY"]), FieldInvalid, "name"),
        (main("FOUNDING_DATE"), json!("2010-03-15"), FieldInvalid, "founded_on"),
        (main("FOUNDING_DATE"), json!("31/02/2010"), FieldInvalid, "founded_on"),
        (main("CAPITAL_AMOUNT"), json!("5 tỷ"), FieldInvalid, "capital_vnd"),
        (main("NUMBER_CHANGES"), json!(-1), FieldInvalid, "change_count"),
        (main("LEGAL_NAMES"), json!("Nguyễn Văn An"), Contradictory, "representatives"),
        ("/Data/Representatives/0/PERSONAL_ID".to_owned(), json!("123"), FieldInvalid, "representatives"),
        ("/Data/Representatives/1/NAME".to_owned(), Value::Null, FieldInvalid, "representatives"),
        ("/Data/BusinessActivity/1/IS_MAIN".to_owned(), json!("?"), FieldInvalid, "activities"),
        ("/Data/Member/0/AMOUNT".to_owned(), json!({}), FieldInvalid, "members"),
        ("/Data/HOAdress/WardID".to_owned(), json!("2236A"), FieldInvalid, "head_office"),
    ] {
        let (enterprise, completeness) = read(&with(&pointer, value));
        let Completeness::Incomplete { cause: told, missing } = completeness else {
            panic!("{pointer} passed")
        };
        assert_eq!((told, missing.names(Dataset::Enterprise)), (cause, vec![field]), "{pointer}");
        assert!(enterprise.present().intersection(missing).is_empty(), "{field} is missing and there");
    }
}

#[test]
fn names_alone_are_representatives_too() {
    let (enterprise, completeness) = read(&with("/Data/Representatives", Value::Null));
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(enterprise.representatives.unwrap().len(), 2);
}

#[test]
fn another_gap_takes_no_representative_away() {
    let mut document = good();
    *document.pointer_mut("/Data/Representatives").unwrap() = Value::Null;
    *document.pointer_mut("/Data/MainInformation/CAPITAL_AMOUNT").unwrap() = json!("5 tỷ");
    let (enterprise, completeness) = read(&document.to_string());
    let Completeness::Incomplete { missing, .. } = completeness else { panic!("passed") };
    assert_eq!(missing.names(Dataset::Enterprise), ["capital_vnd"]);
    assert_eq!(
        enterprise.representatives.unwrap().len(),
        2,
        "else they would be absent, and nothing said so"
    );
    // Rows that cannot be read are another matter: the names may be others.
    let (enterprise, completeness) = read(&with("/Data/Representatives/0/PERSONAL_ID", json!("123")));
    let Completeness::Incomplete { missing, .. } = completeness else { panic!("passed") };
    assert_eq!(missing.names(Dataset::Enterprise), ["representatives"]);
    assert!(enterprise.representatives.is_none());
}

#[test]
fn more_representatives_than_an_entry_can_name_are_no_answer() {
    for (count, expected) in [(MOST_PEOPLE, None), (MOST_PEOPLE + 1, Some(MalformedCause::TooManyPeople))] {
        let rows: Vec<Value> = (0..count).map(|n| json!({"NAME": format!("Nguyễn Văn {n}")})).collect();
        let mut document = good();
        *document.pointer_mut("/Data/MainInformation/LEGAL_NAMES").unwrap() = Value::Null;
        *document.pointer_mut("/Data/Representatives").unwrap() = json!(rows);
        let told = decode(document.to_string().as_bytes());
        assert_eq!(told.err().and_then(|error| error.cause()), expected, "{count}");
    }
}

#[test]
fn the_envelope_decides_first() {
    use MalformedCause::{OtherSubject, Shape};
    let cause = |text: String| match decode(text.as_bytes()) {
        Err(FetchError::Malformed { cause, .. }) => Some(cause),
        _ => None,
    };
    let nothing = json!({"Status": 1, "DataCount": 0, "Data": null, "Message": ""}).to_string();
    assert_eq!(decode(nothing.as_bytes()).unwrap().outcome(), Outcome::NotFound);
    let refused = decode(with("/Status", json!(0)).as_bytes());
    assert!(matches!(refused, Err(FetchError::Refused { code, .. }) if code == "STATUS_0"));
    for (count, data) in [(0, good()["Data"].clone()), (1, Value::Null), (2, good()["Data"].clone())] {
        let text = json!({"Status": 1, "DataCount": count, "Data": data}).to_string();
        let fetched = decode(text.as_bytes()).unwrap();
        let contradictory = IncompleteCause::Contradictory;
        assert!(
            matches!(fetched.completeness, Completeness::Incomplete { cause, .. } if cause == contradictory)
        );
        assert!(fetched.records.is_empty());
    }
    for text in [
        json!({"Envelope": good()}).to_string(),
        json!([good()]).to_string(),
        with("/Status", json!("x")),
        with("/Data", json!([])),
        with("/Data/MainInformation", json!("x")),
        with("/DataCount", Value::Null),
        "null".to_owned(),
    ] {
        assert_eq!(cause(text.clone()), Some(Shape), "{text:.60}");
    }
    for code in ["0314409058-002", "0100233480", "097070000001"] {
        assert_eq!(
            cause(with("/Data/MainInformation/ENTERPRISE_GDT_CODE", json!(code))),
            Some(OtherSubject),
            "{code}"
        );
    }
}

#[test]
fn without_a_code_nothing_is_handed_on() {
    for value in [Value::Null, json!("01002334 88"), json!(["0100233488"])] {
        let fetched = decode(with("/Data/MainInformation/ENTERPRISE_GDT_CODE", value).as_bytes()).unwrap();
        assert_eq!((fetched.outcome(), fetched.records.len()), (Outcome::Incomplete, 0));
    }
}

#[test]
fn a_household_business_goes_by_its_owner() {
    let owner = SubjectKey::Person(PersonalId::parse(OWNER, &RULES).unwrap());
    let text = with("/Data/MainInformation/ENTERPRISE_GDT_CODE", json!(OWNER));
    let fetched = about(&owner, text.as_bytes()).unwrap();
    assert_eq!(fetched.outcome(), Outcome::Found);
    let other = about(&owner, good().to_string().as_bytes());
    assert!(matches!(other, Err(FetchError::Malformed { cause: MalformedCause::OtherSubject, .. })));
}

#[test]
fn damage_is_never_passed_off_as_whole() {
    let damaged = damage::damage(&good(), decode, |_| false).unwrap();
    assert!(damaged > 200, "only {damaged}");
}

fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(fetched) = decode(bytes)
        && fetched.outcome() == Outcome::Found
    {
        let [Record::Enterprise(enterprise)] = fetched.records.as_slice() else {
            return Err(TestCaseError::fail("not one enterprise"));
        };
        prop_assert!(enterprise.name.is_some() && enterprise.status.is_some());
        prop_assert_eq!(enterprise.code.as_ref().map(EnterpriseCode::as_str), Some(CODE));
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
    fn bytes_changed_and_cut(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        from in any::<prop::sample::Index>(),
        length in 0_usize..200,
    ) {
        let mut bytes = good().to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let from = from.index(bytes.len());
        bytes.drain(from..(from + length).min(bytes.len()));
        holds(&bytes)?;
    }
}
