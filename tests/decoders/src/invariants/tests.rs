//! The invariants have to be able to fail: decoders that break one each.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use motlan_api::{FetchError, MalformedCause};
use motlan_domain::date::PartialDate;
use motlan_domain::id::PersonalId;
use motlan_domain::name::PersonName;
use motlan_domain::record::{Household, HouseholdMember, MOST_PEOPLE, Person, Relative};
use motlan_domain::{Completeness, Dataset, Fetched, FieldSet, IncompleteCause, Reason, Record};

use super::{failure, list, records};
use crate::Verdict;
use crate::asked::{RETRIEVED_AT, RULES};

fn whole() -> Person {
    Person {
        full_name: Some(PersonName::new("Nguyễn Văn An").unwrap()),
        personal_id: Some(PersonalId::parse("097060000001", &RULES).unwrap()),
        ..Person::default()
    }
}

fn fetched(person: Person, completeness: Completeness) -> Fetched {
    Fetched {
        records: vec![Record::Person(Box::new(person))],
        retrieved_at: RETRIEVED_AT,
        source_data_time: None,
        completeness,
        upstream_ids: Vec::new(),
    }
}

/// The verdict, or what it panicked with.
fn judged(of: impl Fn() -> Verdict) -> Result<Verdict, String> {
    let told = catch_unwind(AssertUnwindSafe(of));
    told.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

#[test]
fn a_decoder_that_breaks_a_promise_is_found_out() {
    let gap = |missing| Completeness::Incomplete { cause: IncompleteCause::FieldMissing, missing };
    let of = |names: &[&str]| Dataset::Person.field_set(names.iter().copied()).unwrap();
    let whole_as = |change: &dyn Fn(&mut Person)| {
        let mut person = whole();
        change(&mut person);
        fetched(person, Completeness::Complete)
    };
    assert_eq!(judge(whole_as(&|_| ()), true), Ok(Verdict::Whole), "the control");
    assert_eq!(judge(fetched(whole(), gap(of(&["sex"]))), true), Ok(Verdict::Partly), "the control");

    let cases: Vec<(&str, Fetched, bool)> = vec![
        ("somebody else", whole_as(&|_| ()), false),
        ("without a name", whole_as(&|person| person.full_name = None), true),
        ("without an id", whole_as(&|person| person.personal_id = None), true),
        ("whether they live", whole_as(&|person| person.deceased = Some(false)), true),
        ("of 2001 characters", whole_as(&|person| person.household_no = Some("x".repeat(2_001))), true),
        ("control character", whole_as(&|person| person.household_no = Some("a\u{7f}b".to_owned())), true),
        ("blank text", whole_as(&|person| person.household_no = Some(" ".to_owned())), true),
        ("incomplete, but in what", fetched(whole(), gap(FieldSet::EMPTY)), true),
        ("missing and there", fetched(whole(), gap(of(&["full_name"]))), true),
        ("no decoder knows", Fetched { upstream_ids: vec!["q1".to_owned()], ..whole_as(&|_| ()) }, true),
    ];
    assert_eq!(cases.len(), 10);
    for (what, answer, about_the_asked) in cases {
        let told = judge(answer, about_the_asked).expect_err(what);
        assert!(told.contains(what), "{what}: {told}");
    }
    let another = judged(|| records(Dataset::Household, || Ok(whole_as(&|_| ())), |_| true));
    assert!(another.expect_err("a person for a household").contains("another dataset"));

    let listed = |missing, rows| {
        judged(|| list(Dataset::Person, rows, || Ok(fetched(whole(), gap(missing))), |_| true))
    };
    assert_eq!(listed(of(&["full_name"]), 1), Ok(Verdict::Partly), "the control");
    assert_eq!(listed(Dataset::Person.all_fields(), 2), Ok(Verdict::Partly), "the control");
    let told = listed(of(&["full_name"]), 2).expect_err("a row is dropped");
    assert!(told.contains("no field was told"), "{told}");
    let relative = |n: usize| HouseholdMember {
        person: Relative {
            full_name: Some(PersonName::new(&format!("Nguyễn Văn {n}")).unwrap()),
            ..Relative::default()
        },
        ..HouseholdMember::default()
    };
    let many = Household { members: Some((0..=MOST_PEOPLE).map(relative).collect()), ..Household::default() };
    let many = Fetched {
        records: vec![Record::Household(Box::new(many))],
        ..fetched(whole(), Completeness::Complete)
    };
    let told = judged(|| records(Dataset::Household, || Ok(many.clone()), |_| true));
    assert!(told.expect_err("a crowd").contains("more people than an entry"));
}

fn judge(answer: Fetched, about_the_asked: bool) -> Result<Verdict, String> {
    judged(|| records(Dataset::Person, || Ok(answer.clone()), |_| about_the_asked))
}

#[test]
fn a_decoder_of_two_minds_is_found_out() {
    let turn = Cell::new(0);
    let once = || turn.replace(turn.get() + 1) % 2 == 0;
    let other = || {
        let birth_date = once().then(|| PartialDate::parse_iso("1960-02-15").unwrap());
        Ok(fetched(Person { birth_date, ..whole() }, Completeness::Complete))
    };
    let told = judged(|| records(Dataset::Person, other, |_| true));
    assert!(told.expect_err("other records").contains("other records"));
    let fails_once = || {
        let whole = fetched(whole(), Completeness::Complete);
        if once() { Ok(whole) } else { Err(FetchError::malformed(MalformedCause::Shape)) }
    };
    let told = judged(|| records(Dataset::Person, fails_once, |_| true));
    assert!(told.expect_err("read once").contains("read once and refused once"));
}

#[test]
fn an_error_that_tells_too_much_is_found_out() {
    let refused = |code: &str| FetchError::Refused { code: code.to_owned(), upstream_ids: Vec::new() };
    assert_eq!(judged(|| failure(&refused("003"))), Ok(Verdict::Refused), "the control");
    let unavailable =
        |reason| FetchError::Unavailable { reason, retry_after: None, upstream_ids: Vec::new() };
    assert_eq!(judged(|| failure(&unavailable(Reason::SourceThrottled))), Ok(Verdict::Refused));
    for error in [
        refused("097060000001"),
        refused("Nguyễn Văn An"),
        refused(""),
        refused(&"x".repeat(33)),
        unavailable(Reason::SourceTimeout),
        FetchError::Malformed { cause: MalformedCause::Shape, upstream_ids: vec!["q1".to_owned()] },
        FetchError::NotOffered,
    ] {
        assert!(judged(|| failure(&error)).is_err(), "{error:?}");
    }
}
