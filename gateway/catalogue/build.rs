//! Writes the table of catalogue and purpose files that are compiled into the
//! crate, so that `motlan demo` needs no folder beside the binary.
//!
//! Deterministic: the files are listed in the order of their paths.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy");

fn main() -> io::Result<()> {
    let Some(out_dir) = std::env::var_os("OUT_DIR") else {
        return Err(io::Error::other("cargo sets OUT_DIR for build scripts"));
    };
    let mut table = String::new();
    for (name, folder) in [("CATALOGUE", "catalogue"), ("PURPOSES", "purposes")] {
        let root = Path::new(DEPLOY).join(folder).canonicalize()?;
        println!("cargo::rerun-if-changed={}", root.display());
        let mut files = Vec::new();
        collect(&root, &mut files)?;
        files.sort();
        let _ = writeln!(table, "pub(super) const {name}: &[(&str, &[u8])] = &[");
        for file in files {
            let relative = file.strip_prefix(&root).map_err(io::Error::other)?;
            let relative: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            let _ = writeln!(
                table,
                "    ({:?}, include_bytes!({:?})),",
                relative.join("/"),
                file.display().to_string()
            );
        }
        table.push_str("];\n");
    }
    fs::write(PathBuf::from(out_dir).join("embedded.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
