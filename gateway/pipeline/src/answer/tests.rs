//! What is committed to is RFC 8785, though nothing is sorted for it.

use motlan_domain::identity::{Assurance, ClaimField, Finding};
use motlan_domain::record::Enterprise;

use std::sync::Arc;

use super::*;

fn check(answer: &Answer) {
    let written = answer.canonical().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&written).unwrap();
    let canonical = serde_json_canonicalizer::to_vec(&value).unwrap();
    assert_eq!(String::from_utf8(written), String::from_utf8(canonical));
}

#[test]
fn the_committed_bytes_are_canonical() {
    let at: Timestamp = "2026-11-26T08:00:00.5Z".parse().unwrap();
    let verdict = Verdict {
        assurance: Some(Assurance::Low),
        findings: vec![Finding { code: "EQUAL", field: ClaimField::Id, level: "EQUAL" }],
        outcome: Outcome::Match,
    };
    let enterprise = Enterprise {
        name: Some("Công ty \"Một\tLần\"".to_owned()),
        change_count: Some(3),
        ..Enterprise::default()
    };
    let whole = Answer {
        form: crate::Form::default(),
        operation: Operation::GetEnterprise,
        outcome: Outcome::Found,
        records: vec![Record::Enterprise(Box::new(enterprise))].into(),
        fields: FieldStates::default(),
        verdict: Some(verdict),
        incomplete: None,
        withheld: None,
        freshness: Freshness { retrieved_at: at, source_data_time: Some(at), valid_until: at, cache: None },
    };
    check(&whole);
    let freshness = Freshness { source_data_time: None, ..whole.freshness.clone() };
    check(&Answer { records: Arc::default(), verdict: None, freshness, ..whole });
}
