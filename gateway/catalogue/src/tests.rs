//! Tests of the catalogue as it ships, and of every mistake it can contain.

mod mistakes;
mod proofs;
mod shipped;
mod units;

use std::fs;
use std::path::Path;

use crate::{Catalogue, Procedure, Purposes};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy");

fn shipped() -> Catalogue {
    Catalogue::embedded().unwrap_or_else(|errors| panic!("{errors}"))
}

fn shipped_purposes() -> Purposes {
    Purposes::embedded(&shipped()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn procedure<'a>(catalogue: &'a Catalogue, code: &str) -> &'a Procedure {
    let found = catalogue.procedures().find(|procedure| procedure.code.as_str() == code);
    found.unwrap_or_else(|| panic!("no procedure {code}"))
}

/// A copy of a shipped folder that a test may spoil.
fn copy(folder: &str) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(DEPLOY).join(folder), to.path());
    to
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            // Not `fs::copy`: the copy must be writable whatever the source is.
            fs::write(target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}
