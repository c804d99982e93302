//! What a result's commitment covers.

use serde_json::Value;

use super::*;

fn blank(key: &str, values: Result<Vec<String>, Reason>) -> FilledBlank {
    FilledBlank { key: key.to_owned(), label_vi: String::new(), label_en: String::new(), values }
}

fn result(data_time: Option<Timestamp>, filled: Vec<FilledBlank>) -> ComponentResult {
    ComponentResult {
        key: "000.00.00.G12-\"1\"".to_owned(),
        code: String::new(),
        position: 1,
        name: "Tờ khai".to_owned(),
        required: true,
        outcome: ComponentOutcome::Prefilled,
        mode: None,
        source: None,
        data_time,
        retrieved_at: None,
        reason: Reason::RecordReused,
        filled,
        blanks: 9,
        derived: false,
        told: Told::default(),
    }
}

/// As a canonicalizer that is not ours writes it, whatever stands in keys and values.
#[test]
fn it_is_in_the_form_of_rfc_8785() {
    let values = |values: &[&str]| Ok(values.iter().map(|value| (*value).to_owned()).collect());
    let filled = vec![
        blank("ward", values(&["Phường \"Nha Trang\"", "", "\u{1}\u{1f}\t\\ / é \u{2028}"])),
        blank("applicant_name", values(&["NGUYỄN VĂN AN"])),
        blank("applicant", Err(Reason::FieldAbsent)),
        // By code units of UTF-16 the second comes first, by bytes the first.
        blank("\u{e000}", values(&["𝄞"])),
        blank("\u{10000}", values(&[])),
    ];
    for data_time in [None, Some("2026-11-27T10:00:00.25Z".parse().expect("a time"))] {
        for filled in [Vec::new(), filled.clone()] {
            let canonical = result(data_time, filled).canonical().expect("a result");
            let read: Value = serde_json::from_slice(&canonical).expect("JSON");
            let again = serde_json_canonicalizer::to_vec(&read).expect("canonical JSON");
            assert_eq!(String::from_utf8(canonical), String::from_utf8(again));
            assert_eq!(read.get("data_time").is_some(), data_time.is_some());
        }
    }
}
