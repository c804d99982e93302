//! The JSON form and the range.

use super::{NoInstant, Timestamp};

fn check(seconds: i64, nanos: i32, text: &str) {
    let wire = Timestamp { seconds, nanos };
    assert_eq!(serde_json::to_value(wire).expect("serialises"), serde_json::json!(text));
    assert_eq!(serde_json::from_value::<Timestamp>(text.into()).expect("parses"), wire);
    assert_eq!(Timestamp::from(jiff::Timestamp::try_from(wire).expect("an instant")), wire);
}

#[test]
fn canonical_form() {
    check(0, 0, "1970-01-01T00:00:00Z");
    check(1_795_233_600, 120_000_000, "2026-11-21T04:00:00.120Z");
    check(1_795_233_600, 120_000, "2026-11-21T04:00:00.000120Z");
    check(1_795_233_600, 1, "2026-11-21T04:00:00.000000001Z");
    check(-1, 500_000_000, "1969-12-31T23:59:59.500Z");
    check(-62_135_596_800, 0, "0001-01-01T00:00:00Z");
    check(253_402_207_200, 0, "9999-12-30T22:00:00Z");
}

#[test]
fn offsets_are_read_and_nonsense_is_not() {
    let read = |text: &str| serde_json::from_value::<Timestamp>(text.into());
    assert_eq!(
        read("2026-11-21T11:00:00+07:00").expect("parses"),
        Timestamp { seconds: 1_795_233_600, nanos: 0 }
    );
    for text in ["", "2026-11-21", "yesterday", "2026-13-01T00:00:00Z"] {
        assert!(read(text).is_err(), "{text:?} was read");
    }
    for (seconds, nanos) in
        [(-62_135_596_801, 0), (253_402_300_800, 0), (i64::MAX, 0), (0, -1), (0, 1_000_000_000)]
    {
        let wire = Timestamp { seconds, nanos };
        assert_eq!(jiff::Timestamp::try_from(wire), Err(NoInstant));
        assert!(serde_json::to_value(wire).is_err());
    }
}
