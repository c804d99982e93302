//! What the README shows and points to is what is there: code blocks are the
//! files they name, and links lead somewhere.

#![expect(clippy::expect_used, reason = "a check that cannot read the workspace must fail")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// The code block that follows `<!-- MARK: PATH -->`, with that path.
fn marked<'a>(readme: &'a str, mark: &str) -> Vec<(&'a str, &'a str)> {
    let opening = format!("<!-- {mark}: ");
    let block = |rest: &'a str| {
        let (path, rest) = rest.split_once(" -->\n```").expect("a code block follows its mark");
        let (_, rest) = rest.split_once('\n').expect("a code block has lines");
        let (code, _) = rest.split_once("```\n").expect("a code block ends");
        (path, code)
    };
    readme.split(opening.as_str()).skip(1).map(block).collect()
}

/// Blocks that are not what the file they name holds.
fn stale(readme: &str) -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap_or_default();
    let whole = marked(readme, "file").into_iter().filter(|(path, code)| read(path) != *code);
    let part = marked(readme, "from")
        .into_iter()
        .filter(|(path, code)| code.is_empty() || !read(path).contains(code));
    whole.chain(part).map(|(path, _)| path.to_owned()).collect()
}

#[test]
fn examples_are_the_files_that_the_tests_run() {
    let readme = readme();
    let mut shown: Vec<&str> =
        ["file", "from"].iter().flat_map(|mark| marked(&readme, mark)).map(|m| m.0).collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            "tests/clients/node/dossier.mjs",
            "tests/clients/node/verify.mjs",
            "tests/clients/python/dossier.py",
            "tests/clients/python/verify.py",
        ]
    );
    assert_eq!(stale(&readme), Vec::<String>::new(), "copy the file into the README again");
    // Control: one letter changed is noticed, in a whole file and in a part.
    let changed = readme.replacen("def acceptance_receipt", "def acceptance_receipts", 1);
    assert_eq!(stale(&changed), ["tests/clients/python/dossier.py"]);
    let changed = readme.replacen("export function verify", "export  function verify", 1);
    assert_eq!(stale(&changed), ["tests/clients/node/verify.mjs"]);
}

/// Where links within the workspace lead, and nothing is there.
fn dangling(text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(to, _)| to);
    let local = links.filter(|to| !to.contains("://") && !to.starts_with('#'));
    local
        .filter(|to| !root().join(to.split('#').next().unwrap_or_default()).exists())
        .map(str::to_owned)
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let readme = readme();
    assert!(readme.matches("](").count() > 15, "the links were found");
    assert_eq!(dangling(&readme), Vec::<String>::new());
    assert_eq!(dangling("see [this](no/such/file.md) and [that](proto)"), ["no/such/file.md"]);
}
