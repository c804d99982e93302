//! Every mistake a catalogue can contain, provoked once on a spoilt copy.
//! What is spoilt, and all that must be said of it, stands in `mistakes.toml`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::{copy, shipped};
use crate::{Catalogue, CatalogueErrors, Purposes};

#[derive(Deserialize)]
struct Spoilings {
    catalogue: Vec<Spoiling>,
    purposes: Vec<Spoiling>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoiling {
    file: String,
    /// What stands there.
    from: String,
    /// What takes its place.
    to: String,
    /// What is told, in order; a last `…` stands for what follows from it.
    told: Vec<String>,
}

fn spoilings() -> Spoilings {
    toml::from_str(include_str!("mistakes.toml")).unwrap()
}

fn said(errors: &CatalogueErrors) -> Vec<String> {
    errors.mistakes().iter().map(ToString::to_string).collect()
}

fn spoil(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} holds {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn agrees(told: &[String], expected: &[String]) -> bool {
    match expected.split_last() {
        Some((last, before)) if last == "…" => told.len() > before.len() && told.starts_with(before),
        _ => told == expected,
    }
}

fn check(folder: &str, spoilings: &[Spoiling], load: &dyn Fn(&Path) -> Vec<String>) {
    assert!(spoilings.len() >= 8, "the table was read");
    let copied = copy(folder);
    assert_eq!(load(copied.path()), Vec::<String>::new(), "the copy itself is sound");
    let mut wrong = Vec::new();
    for Spoiling { file, from, to, told: expected } in spoilings {
        assert!(!expected.is_empty(), "{file}: a spoiling without a mistake shows nothing");
        let path = copied.path().join(file);
        let sound = fs::read(&path).unwrap();
        spoil(copied.path(), file, from, to);
        let told = load(copied.path());
        if !agrees(&told, expected) {
            wrong.push(format!("{file}: {from:?} -> {to:?}\n    {}", told.join("\n    ")));
        }
        fs::write(path, sound).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn load_catalogue(folder: &Path) -> Vec<String> {
    Catalogue::load(folder).err().as_ref().map(said).unwrap_or_default()
}

#[test]
fn each_mistake_is_told() {
    check("catalogue", &spoilings().catalogue, &load_catalogue);
}

#[test]
fn each_mistake_of_a_purpose_is_told() {
    let catalogue = shipped();
    let load =
        |folder: &Path| Purposes::load(folder, &catalogue).err().as_ref().map(said).unwrap_or_default();
    check("purposes", &spoilings().purposes, &load);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let copied = copy("catalogue");
    let root = copied.path();
    spoil(root, "rules/1.010041.toml", "form = \"ct01\"", "form = \"ct02\"");
    spoil(root, "rules/2.000815.toml", "decide = \"vault\"", "decide = \"paper\"");
    spoil(root, "rules/1.004222.toml", "\"book_number\"", "\"book_nummer\"");
    spoil(root, "rules/1.004222.toml", "kinship_shown = \"household_head\"", "kinship_shown = \"landlord\"");
    fs::remove_file(root.join("agencies.toml")).unwrap();
    fs::rename(root.join("rules/1.014027.toml"), root.join("rules/1.014027.tml")).unwrap();
    fs::write(root.join("rules/9.999999.toml"), "procedure = \"9.999999\"\nname_en = \"None\"\n").unwrap();
    fs::write(root.join("forms/spare.toml"), [0xff]).unwrap();
    let expected = [
        "rules/1.014027.tml: does not belong here: expected catalogue.toml, agencies.toml, admin_units.csv, \
         ORIGIN.md, README.md, procedures/*.json, rules/*.toml or forms/*.toml",
        "agencies.toml: is missing",
        "forms/spare.toml: is not UTF-8",
        "rules/1.004222.toml: 000.00.00.G01-KQ003605: there is no field `book_nummer`; nearest known: `book_number`",
        "rules/1.004222.toml: 000.00.00.G01-KQ003606: there is no role `landlord`",
        "rules/1.010041.toml: 000.00.00.G01-KQ003647: there is no form `ct02`; nearest known: `ct01`",
        "procedures/1.014027.json: the procedure has no rules",
        "rules/2.000815.toml: 000.00.00.G15-KQ1973: the data says vault/FULL, the rule paper: say why in `deviates`",
        "rules/9.999999.toml: procedure: there is no procedure `9.999999`",
    ];
    assert_eq!(load_catalogue(root), expected);
}

#[test]
fn a_form_that_nobody_uses_is_told() {
    let copied = copy("catalogue");
    let ct01 = fs::read_to_string(copied.path().join("forms/ct01.toml")).unwrap();
    fs::write(copied.path().join("forms/ct02.toml"), ct01.replacen("id = \"ct01\"", "id = \"ct02\"", 1))
        .unwrap();
    assert_eq!(load_catalogue(copied.path()), ["forms/ct02.toml: the form is used by no rule"]);
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let errors = Catalogue::load(&folder.path().join("nowhere")).unwrap_err();
    assert!(said(&errors).contains(&": cannot be read".to_owned()), "{errors}");
    let first = &errors.mistakes()[0];
    assert!(std::error::Error::source(first).is_some(), "the cause is kept");
}
