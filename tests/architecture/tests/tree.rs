//! Sizes of files, what stands at the top, and words that must not appear.

#![expect(clippy::expect_used, reason = "a check that cannot read the workspace must fail")]

use std::path::{Path, PathBuf};

/// A file with more lines holds two ideas; aim at 250.
const MOST_LINES: usize = 400;

/// The only folders at the top, beside those that begin with a dot and what
/// builds leave behind.
const TOP: &[&str] = &["proto", "gateway", "adapters", "deploy", "tests"];
const BUILT: &[&str] = &["target"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !["target", "node_modules", ".venv", ".git"].contains(&name) {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in TOP {
        sources(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "the sources were found: {}", found.len());
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

#[test]
fn no_source_file_is_too_long() {
    let too_long: Vec<String> = all_sources()
        .into_iter()
        .filter(|path| !is_test(path))
        .filter_map(|path| {
            let lines = std::fs::read_to_string(&path).expect("UTF-8").lines().count();
            (lines > MOST_LINES).then(|| format!("{}: {lines}", path.display()))
        })
        .collect();
    assert_eq!(too_long, Vec::<String>::new());
}

#[test]
fn the_top_holds_the_five_folders_and_no_other() {
    let mut folders: Vec<String> = std::fs::read_dir(root())
        .expect("the workspace")
        .filter_map(|entry| {
            let entry = entry.ok().filter(|entry| entry.path().is_dir())?;
            entry.file_name().into_string().ok()
        })
        .filter(|name| !name.starts_with('.') && !BUILT.contains(&name.as_str()))
        .collect();
    folders.sort();
    let mut expected: Vec<String> = TOP.iter().map(|&name| name.to_owned()).collect();
    expected.sort();
    assert_eq!(folders, expected);
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_undone() {
    // Written in pieces, so that this file does not find itself.
    let words = [
        ["#[ign", "ore"].concat(),
        ["to", "do!("].concat(),
        ["unimple", "mented!("].concat(),
        ["dbg", "!("].concat(),
    ];
    let mut hits = Vec::new();
    for path in all_sources() {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        hits.extend(
            words
                .iter()
                .filter(|word| text.contains(*word))
                .map(|word| format!("{}: {word}", path.display())),
        );
    }
    assert_eq!(hits, Vec::<String>::new());
}

#[test]
fn every_source_file_says_what_it_is() {
    let silent: Vec<String> = all_sources()
        .into_iter()
        .filter(|path| !std::fs::read_to_string(path).expect("UTF-8").starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}
