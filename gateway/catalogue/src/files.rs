//! The files a catalogue is made of, from a folder or compiled in: one code
//! path from here on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aws_lc_rs::digest;

use crate::error::{Mistakes, Problem};

/// Relative path (with `/`) to content, in the order of the paths.
pub(crate) struct Files(BTreeMap<String, Vec<u8>>);

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

// === impl Files ===

impl Files {
    /// Every file under `folder`. What cannot be read is a mistake.
    pub(crate) fn read(folder: &Path, mistakes: &mut Mistakes) -> Self {
        let mut files = BTreeMap::new();
        collect(folder, "", &mut files, mistakes);
        Self(files)
    }

    /// The catalogue that was compiled in.
    pub(crate) fn embedded_catalogue() -> Self {
        Self::from_table(embedded::CATALOGUE)
    }

    /// The registered purposes that were compiled in.
    pub(crate) fn embedded_purposes() -> Self {
        Self::from_table(embedded::PURPOSES)
    }

    fn from_table(table: &[(&str, &[u8])]) -> Self {
        Self(table.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect())
    }

    /// SHA-256 over every path and content, each with its length before it, so
    /// that no byte can move between them unseen.
    pub(crate) fn digest(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        for (path, content) in &self.0 {
            for part in [path.as_bytes(), content] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part);
            }
        }
        hex::encode(context.finish())
    }

    /// The text of one file that must be there.
    pub(crate) fn text(&self, path: &str, mistakes: &mut Mistakes) -> Option<&str> {
        let Some(content) = self.0.get(path) else {
            mistakes.push(path, "", Problem::FileMissing);
            return None;
        };
        utf8(path, content, mistakes)
    }

    /// The texts directly in `folder` with that ending, by file name without it.
    pub(crate) fn texts<'a>(
        &'a self,
        folder: &str,
        ending: &str,
        mistakes: &mut Mistakes,
    ) -> Vec<(&'a str, &'a str)> {
        let inside = self.0.iter().filter_map(|(path, content)| {
            let name = path.strip_prefix(folder)?.strip_suffix(ending)?;
            (!name.contains('/')).then_some((path, content))
        });
        inside.filter_map(|(path, content)| Some((path.as_str(), utf8(path, content, mistakes)?))).collect()
    }

    /// Every path, in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn utf8<'a>(path: &str, content: &'a [u8], mistakes: &mut Mistakes) -> Option<&'a str> {
    let text = std::str::from_utf8(content).ok();
    if text.is_none() {
        mistakes.push(path, "", Problem::Malformed("is not UTF-8".to_owned()));
    }
    text
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>, mistakes: &mut Mistakes) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return mistakes.push(prefix, "", Problem::Unreadable(error)),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                mistakes.push(prefix, "", Problem::Unreadable(error));
                continue;
            }
        };
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files, mistakes);
            continue;
        }
        match fs::read(&path) {
            Ok(content) => {
                files.insert(name, content);
            }
            Err(error) => mistakes.push(&name, "", Problem::Unreadable(error)),
        }
    }
}
