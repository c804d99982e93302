//! Formats, the calendar, and agreement at the source's precision.

use jiff::civil::date;

use super::*;

fn iso(text: &str) -> PartialDate {
    PartialDate::parse_iso(text).expect("a date")
}

#[test]
fn formats() {
    type Parse = fn(&str) -> Result<PartialDate, DateError>;
    let (slash, compact, iso): (Parse, Parse, Parse) =
        (PartialDate::parse_slash, PartialDate::parse_compact, PartialDate::parse_iso);
    let (day, month, year, stamp): (Parse, Parse, Parse, Parse) = (
        PartialDate::parse_day,
        PartialDate::parse_month,
        PartialDate::parse_year,
        PartialDate::parse_timestamp,
    );
    let (format, calendar) = (Err(DateError::Format), Err(DateError::Calendar));
    let rows: &[(Parse, &str, Result<&str, DateError>)] = &[
        (iso, "1985-03-09", Ok("1985-03-09")),
        (iso, "1985-03", Ok("1985-03")),
        (iso, "1985", Ok("1985")),
        (iso, "2024-02-29", Ok("2024-02-29")),
        (iso, "2025-02-29", calendar),
        (iso, "1900-02-29", calendar),
        (iso, "1985-13", calendar),
        (iso, "1985-00", calendar),
        (iso, "0000", calendar),
        (iso, "1985-3-9", format),
        (iso, "-985-03", format),
        (iso, "+1985", format),
        (iso, "85-03-09", format),
        (iso, "1985-03-09T00", format),
        (iso, "", format),
        (iso, "１９８５", format),
        (slash, "09/03/1985", Ok("1985-03-09")),
        (slash, "31/04/1985", calendar),
        (slash, "9/3/1985", format),
        (slash, "09-03-1985", format),
        (slash, "09/03/85", format),
        (slash, "00/00/1985", calendar),
        (compact, "19850309", Ok("1985-03-09")),
        (compact, "198503", Ok("1985-03")),
        (compact, "1985", Ok("1985")),
        (compact, "19850309235959", Ok("1985-03-09")),
        (compact, "19850000", calendar),
        (compact, "1985030", format),
        (compact, "1985O309", format),
        (day, "19850309", Ok("1985-03-09")),
        (day, "1985", format),
        (month, "202611", Ok("2026-11")),
        (month, "20261101", format),
        (year, "1945", Ok("1945")),
        (year, "45", format),
        (stamp, "20261121000000", Ok("2026-11-21")),
        (stamp, "20261121240000", calendar),
        (stamp, "2026112100000", format),
        (stamp, "20261121", format),
    ];
    for (parse, text, expected) in rows {
        assert_eq!(parse(text).map(|d| d.to_string()), expected.map(str::to_owned), "{text:?}");
    }
    println!("{} texts", rows.len());
}

#[test]
fn a_birth_date_is_neither_in_the_future_nor_of_another_age() {
    let (future, early) = (Err(DateError::BirthInFuture), Err(DateError::BirthTooEarly));
    let today = date(2026, 11, 21);
    let rows: &[(&str, Result<(), DateError>)] = &[
        ("2026-11-21", Ok(())),
        ("2026-11-22", future),
        ("2026-11", Ok(())),
        ("2026-12", future),
        ("2026", Ok(())),
        ("2027", future),
        ("9999-12-31", future),
        ("1850-01-01", Ok(())),
        ("1850", Ok(())),
        ("1849-12-31", early),
        ("1849", early),
        ("0001-01-01", early),
        ("1990-02-30", Err(DateError::Calendar)),
        ("2027-02-30", Err(DateError::Calendar)),
        ("21/11/2026", Err(DateError::Format)),
    ];
    for (text, expected) in rows {
        assert_eq!(PartialDate::parse_birth(text, today).map(drop), *expected, "{text}");
    }
    // Only somebody's birth is judged so: a certificate may end in the future.
    assert!(PartialDate::parse_iso("2027-01-01").is_ok() && PartialDate::parse_iso("1849").is_ok());
    for error in [DateError::Format, DateError::Calendar, DateError::BirthInFuture, DateError::BirthTooEarly]
    {
        assert!(!error.text_vi().is_empty() && !error.text_en().is_empty() && !error.reason().is_empty());
    }
}

#[test]
fn parts() {
    assert_eq!(PartialDate::new(1985, None, Some(1)), Err(DateError::Format));
    assert_eq!(PartialDate::new(1985, Some(2), Some(29)), Err(DateError::Calendar));
    assert_eq!(PartialDate::new(-5, None, None), Err(DateError::Calendar));
    let full = iso("1985-03-09");
    assert_eq!((full.year(), full.month(), full.day(), full.is_full()), (1985, Some(3), Some(9), true));
    assert_eq!(full.to_date(), Some(date(1985, 3, 9)));
    assert_eq!(PartialDate::full(date(1985, 3, 9)), Ok(full));
    assert_eq!((full.to_year(), full.to_month()), (iso("1985"), iso("1985-03")));
    assert_eq!((iso("1985-03").to_date(), iso("1985-03").is_full()), (None, false));
}

#[test]
fn agreement_is_at_the_precision_of_the_source() {
    let rows = [
        ("1985-03-09", "1985-03-09", DateComparison::Equal),
        ("1985-03-09", "1985-03-08", DateComparison::Mismatch),
        ("1985-03-09", "1985-09-03", DateComparison::Mismatch),
        ("1985-03-09", "1985", DateComparison::LessPrecise),
        ("1985-03-09", "1986", DateComparison::LessPrecise),
        ("1985-03-09", "1985-03", DateComparison::LessPrecise),
        ("1985-03-09", "1985-04", DateComparison::LessPrecise),
        ("1985", "1985-03-09", DateComparison::YearOnlyAgrees),
        ("1985", "1985", DateComparison::YearOnlyAgrees),
        ("1985", "1986-03-09", DateComparison::Mismatch),
        ("1985-03", "1985-03-09", DateComparison::PartialAgrees),
        ("1985-03", "1985-03", DateComparison::PartialAgrees),
        ("1985-03", "1985-04-09", DateComparison::Mismatch),
        ("1985-03", "1985", DateComparison::LessPrecise),
        ("1985-03", "1984", DateComparison::LessPrecise),
    ];
    for (source, asserted, expected) in rows {
        assert_eq!(compare(&iso(source), &iso(asserted)), expected, "{source} / {asserted}");
    }
}

#[test]
fn serde_is_the_iso_text() {
    for text in ["1985", "1985-03", "1985-03-09"] {
        let json = format!("\"{text}\"");
        let read: PartialDate = serde_json::from_str(&json).expect("a date");
        assert_eq!(serde_json::to_string(&read).expect("a string"), json);
    }
    assert!(serde_json::from_str::<PartialDate>("\"1985-02-30\"").is_err());
    assert!(serde_json::from_str::<PartialDate>("1985").is_err());
}

#[test]
fn the_day_in_viet_nam_begins_at_seventeen_utc() {
    let rows = [
        ("2026-11-20T16:59:59Z", date(2026, 11, 20)),
        ("2026-11-20T17:00:00Z", date(2026, 11, 21)),
        ("2026-12-31T17:00:00Z", date(2027, 1, 1)),
    ];
    for (at, expected) in rows {
        assert_eq!(vietnam_day(at.parse().expect("an instant")), expected, "{at}");
    }
}
