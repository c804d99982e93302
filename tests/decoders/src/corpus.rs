//! The committed inputs: `tests/fuzz/corpus/TARGET/NAME`.

use std::io;
use std::path::{Path, PathBuf};

/// One input.
#[derive(Debug, Clone)]
pub struct Input {
    /// The file's name.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The fuzz folder of this project.
pub fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The folder of a target's inputs.
pub fn folder(target: &str) -> PathBuf {
    fuzz_folder().join("corpus").join(target)
}

/// The inputs of a target, by name.
///
/// # Errors
/// When the folder or a file of it cannot be read.
pub fn inputs(target: &str) -> io::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for entry in std::fs::read_dir(folder(target))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        inputs.push(Input { name, bytes: std::fs::read(&path)? });
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(inputs)
}
