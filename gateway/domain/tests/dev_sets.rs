//! The labelled sets of `testdata/`, row by row. Their notes are in
//! `testdata/ORIGIN.md`.

use std::collections::BTreeMap;
use std::path::Path;

use motlan_domain::id::{self, IdKind, IdRules, Synthetic};
use motlan_domain::name;

/// The rules the set was labelled under.
const RULES: IdRules = IdRules { synthetic: Synthetic::Refused, present_year: 2026 };

type Failure = Box<dyn std::error::Error>;

fn rows(file: &str, columns: [&str; 4]) -> Result<Vec<[String; 4]>, Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(file);
    let mut reader = csv::Reader::from_path(path)?;
    assert_eq!(reader.headers()?, &csv::StringRecord::from(columns.to_vec()));
    reader.deserialize().map(|row| Ok(row?)).collect()
}

#[test]
fn every_identifier_is_classified_as_labelled() -> Result<(), Failure> {
    let rows = rows("identifiers_dev.csv", ["kind", "value", "valid", "why"])?;
    let mut misses = Vec::new();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for [kind, value, valid, why] in &rows {
        let verdict = id::check(kind.parse::<IdKind>()?, value, &RULES);
        let count = counts.entry(kind.as_str()).or_default();
        if verdict.is_ok() {
            count.0 += 1;
        } else {
            count.1 += 1;
        }
        if verdict.is_ok() != (valid == "true") {
            misses.push(format!("{kind} {value:?} ({why}): {verdict:?}"));
        }
    }
    println!("{} identifiers; accepted, refused by kind: {counts:?}", rows.len());
    assert_eq!(rows.len(), 80);
    assert!(
        counts.values().all(|(accepted, refused)| *accepted > 0 && *refused > 0),
        "both verdicts occur: {counts:?}"
    );
    assert_eq!(misses, Vec::<String>::new());
    Ok(())
}

#[test]
fn every_pair_of_names_is_classified_as_labelled() -> Result<(), Failure> {
    let rows = rows("name_pairs_dev.csv", ["a_name", "b_name", "label", "why"])?;
    let mut misses = Vec::new();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for [a, b, label, why] in &rows {
        let compared = name::compare(a, b);
        *counts.entry((compared.level.as_str(), compared.code.as_str())).or_default() += 1;
        if compared.level.as_str() != label {
            misses.push(format!("{a:?} / {b:?} is {label} ({why}): {compared:?}"));
        }
        assert_eq!(name::compare(b, a), compared, "symmetric: {a:?} / {b:?}");
    }
    println!("{} pairs; by level and code: {counts:#?}", rows.len());
    assert_eq!(rows.len(), 250);
    for label in ["EXACT", "CANONICAL_EQUAL", "UNACCENTED_EQUAL", "MISMATCH"] {
        assert!(counts.keys().any(|(level, _)| *level == label), "{label} occurs");
    }
    assert_eq!(misses, Vec::<String>::new());
    Ok(())
}

/// The labels themselves must be able to fail: a swapped label is a miss.
#[test]
fn a_wrong_label_would_be_noticed() -> Result<(), Failure> {
    let rows = rows("name_pairs_dev.csv", ["a_name", "b_name", "label", "why"])?;
    let disagree = rows.iter().filter(|[a, b, ..]| name::compare(a, b).level.as_str() != "MISMATCH").count();
    assert!(disagree > 150, "only {disagree} rows would miss a constant answer");
    Ok(())
}
