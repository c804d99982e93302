//! What is noted, and which cause wins.

use motlan_domain::{Completeness, Dataset, IncompleteCause};

use super::{Gaps, Invalid};

fn verdict(record: impl FnOnce(&mut Gaps)) -> Option<(IncompleteCause, Vec<&'static str>)> {
    let mut gaps = Gaps::new(Dataset::Person);
    record(&mut gaps);
    match gaps.finish() {
        Completeness::Complete => None,
        Completeness::Incomplete { cause, missing } => Some((cause, missing.names(Dataset::Person))),
    }
}

#[test]
fn an_optional_datum_may_be_absent_and_a_mandatory_one_may_not() {
    assert_eq!(verdict(|gaps| assert_eq!(gaps.take::<u8>("cmnd", Ok(None)), None)), None);
    assert_eq!(verdict(|gaps| assert_eq!(gaps.need("cmnd", Ok(Some(1))), Some(1))), None);
    assert_eq!(
        verdict(|gaps| assert_eq!(gaps.need::<u8>("full_name", Ok(None)), None)),
        Some((IncompleteCause::FieldMissing, vec!["full_name"]))
    );
}

#[test]
fn the_gravest_cause_wins_and_fields_add_up() {
    let found = verdict(|gaps| {
        gaps.need::<u8>("full_name", Ok(None));
        gaps.take::<u8>("birth_date", Err(Invalid));
        gaps.need::<u8>("sex", Ok(None));
    });
    assert_eq!(found, Some((IncompleteCause::FieldInvalid, vec!["full_name", "birth_date", "sex"])));
    let found = verdict(|gaps| {
        gaps.contradictory("sex");
        gaps.invalid("birth_date");
    });
    assert_eq!(found, Some((IncompleteCause::Contradictory, vec!["birth_date", "sex"])));
}

#[test]
fn a_dropped_record_leaves_no_field_whole() {
    let row = |record: fn(&mut Gaps)| {
        let mut gaps = Gaps::new(Dataset::Person);
        record(&mut gaps);
        gaps.finish()
    };
    let all = Dataset::Person.fields().len();
    let invalid = row(|gaps| gaps.invalid("sex"));
    for (why, cause) in [
        (row(|gaps| gaps.absent("sex")), IncompleteCause::FieldMissing),
        (invalid, IncompleteCause::FieldInvalid),
        (Completeness::Complete, IncompleteCause::FieldMissing),
    ] {
        let (told, fields) = verdict(|gaps| gaps.dropped(why)).unwrap();
        assert_eq!((told, fields.len()), (cause, all));
    }
    let graver = verdict(|gaps| {
        gaps.contradictory("sex");
        gaps.dropped(invalid);
    });
    assert_eq!(
        graver.map(|(cause, fields)| (cause, fields.len())),
        Some((IncompleteCause::Contradictory, all))
    );
}

#[test]
fn an_unknown_field_name_counts_as_everything_missing() {
    let found = verdict(|gaps| gaps.invalid("no_such_field"));
    assert_eq!(found.map(|(_, fields)| fields.len()), Some(Dataset::Person.fields().len()));
}
