//! Households that agree, and ones that do not.

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::record::{Household, MOST_PEOPLE};
use motlan_domain::{Completeness, Dataset, IncompleteCause, Outcome, Record};
use proptest::prelude::*;

use super::decode_household;
use crate::samples::{
    HEAD, PERSON, WIFE, damage_every_element, decode_about, decode_as, household, person_key,
};

fn read(text: &str) -> (Household, Completeness) {
    let fetched = decode_as(decode_household, text.as_bytes()).unwrap();
    match fetched.records.as_slice() {
        [Record::Household(household)] => ((**household).clone(), fetched.completeness),
        other => panic!("{} records, {:?}", other.len(), fetched.completeness),
    }
}

#[test]
fn members_head_and_address() {
    let (read, completeness) = read(&household());
    assert_eq!(completeness, Completeness::Complete);
    assert_eq!(read.household_no.as_deref(), Some("560000001"));
    assert_eq!(read.head.unwrap().personal_id.unwrap().expose(), HEAD);
    assert_eq!(read.address.unwrap().detail.as_deref(), Some("12 Trần Phú"));
    let relations: Vec<_> =
        read.members.unwrap().into_iter().map(|member| member.relation_to_head.unwrap()).collect();
    assert_eq!(relations, ["Chủ hộ", "Vợ"]);
}

#[test]
fn any_member_may_be_asked_about_and_nobody_else() {
    let text = household();
    for (id, expected) in [(HEAD, true), (WIFE, true), ("097135000004", false)] {
        let reply = decode_about(decode_household, &person_key(id), text.as_bytes());
        assert_eq!(reply.is_ok(), expected, "{id}");
        if let Err(error) = reply {
            assert!(matches!(error, FetchError::Malformed { cause: MalformedCause::OtherSubject, .. }));
        }
    }
    let empty = "<CongdanCollection xmlns=\"http://www.mic.gov.vn/dancu/1.0\"></CongdanCollection>";
    assert_eq!(decode_as(decode_household, empty.as_bytes()).unwrap().outcome(), Outcome::NotFound);
}

#[test]
fn disagreement_is_told() {
    let good = household();
    let last = |from: &str, to: &str| {
        let at = good.rfind(from).unwrap();
        format!("{}{to}{}", &good[..at], &good[at + from.len()..])
    };
    let cases = [
        (
            last("<SoDinhDanh>097060000001", "<SoDinhDanh>097060000005"),
            IncompleteCause::Contradictory,
            "head",
        ),
        (last("560000001", "560000002"), IncompleteCause::Contradictory, "household_no"),
        (last("<GioiTinh>2", "<GioiTinh>8"), IncompleteCause::FieldInvalid, "members"),
        (last("<QuanHe>Vợ", "<QuanHe>Chủ hộ"), IncompleteCause::Contradictory, "head"),
    ];
    for (text, cause, field) in cases {
        let (read, completeness) = read(&text);
        let Completeness::Incomplete { cause: told, missing } = completeness else {
            panic!("{field} passed")
        };
        assert_eq!((told, missing.names(Dataset::Household)), (cause, vec![field]));
        assert!(
            field == "members" || read.present().intersection(missing).is_empty(),
            "{field} missing and there"
        );
    }
}

#[test]
fn a_member_without_a_name_is_not_left_out() {
    let blank = "<CongDan><HoVaTen></HoVaTen></CongDan></CongdanCollection>";
    let (read, completeness) = read(&household().replace("</CongdanCollection>", blank));
    let Completeness::Incomplete { missing, .. } = completeness else {
        panic!("a household of three as two")
    };
    assert_eq!(read.members.unwrap().len(), 3);
    assert!(missing.names(Dataset::Household).contains(&"members"));
    // Nobody else there: the source's way to say "no such household".
    let alone = format!("<CongdanCollection xmlns=\"http://www.mic.gov.vn/dancu/1.0\">{blank}");
    assert_eq!(decode_as(decode_household, alone.as_bytes()).unwrap().outcome(), Outcome::NotFound);
}

#[test]
fn more_members_than_an_entry_can_name_are_no_answer() {
    let member = |n: usize| {
        format!(
            "<CongDan><SoDinhDanh>0970601{n:05}</SoDinhDanh><HoVaTen>Nguyễn Văn An</HoVaTen><ChuHo>\
             <HoVaTen>Nguyễn Văn An</HoVaTen><SoDinhDanh>{HEAD}</SoDinhDanh></ChuHo></CongDan>"
        )
    };
    // The sample holds one.
    for (more, expected) in [(MOST_PEOPLE - 1, None), (MOST_PEOPLE, Some(MalformedCause::TooManyPeople))] {
        let members = (0..more).map(member).collect::<String>();
        let text = PERSON.replace("</CongdanCollection>", &format!("{members}</CongdanCollection>"));
        let told = decode_as(decode_household, text.as_bytes());
        assert_eq!(told.err().and_then(|error| error.cause()), expected, "{more}");
    }
}

#[test]
fn a_member_without_a_head_is_a_gap() {
    let start = PERSON.find("<ChuHo>").unwrap();
    let end = PERSON.find("</ChuHo>").unwrap() + "</ChuHo>".len();
    let text = format!("{}{}", &PERSON[..start], &PERSON[end..]);
    let (_, completeness) = read(&text);
    assert!(matches!(completeness, Completeness::Incomplete { cause: IncompleteCause::FieldMissing, .. }));
}

#[test]
fn damage_is_never_passed_off_as_whole() {
    let damaged = damage_every_element(decode_household, &household());
    assert!(damaged > 200, "only {damaged}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_bytes_never_make_a_household_of_others(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in 0_usize..300,
    ) {
        let mut bytes = household().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.drain(at..(at + cut).min(bytes.len()));
        }
        if let Ok(fetched) = decode_as(decode_household, &bytes)
            && fetched.outcome() == Outcome::Found
        {
            let [Record::Household(household)] = fetched.records.as_slice() else {
                return Err(TestCaseError::fail("not one household"));
            };
            prop_assert!(household.head.is_some());
            let members = household.members.iter().flatten();
            prop_assert!(members.clone().all(|member| member.person.full_name.is_some()));
        }
    }
}
