//! Where the audit keys lie: in production not where the log does. Whoever takes
//! that disk, or a backup of it, would have what opens the sealed identifiers and
//! signs as the log.
//!
//! Told by the file system (`st_dev`). Two file systems of one disk are told
//! apart all the same: that is for the operator to know.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use motlan_audit::AuditOptions;

use super::Mode;
use super::reader::Section;

/// `[audit] keys_on_same_disk`: whether the operator answers for it.
pub(super) fn read(section: &Section<'_>) -> Option<bool> {
    section.one_of_or("keys_on_same_disk", &[("refused", false), ("accepted", true)], false)
}

/// What is wrong with that place, if anything.
pub(super) fn mistake(mode: Mode, audit: &AuditOptions, keys: &Path, accepted: bool) -> Option<String> {
    if mode == Mode::Sandbox {
        return None;
    }
    let keys_folder = real(keys.parent()?)?;
    for folder in [&audit.dir, &audit.log_dir] {
        let (Some(folder), Some(there)) = (real(folder), device(folder)) else { continue };
        if keys_folder.starts_with(&folder) {
            // Not to be accepted: they would go wherever a copy of the log goes.
            return Some(format!("the key file must not lie in the folder of the log, {}", folder.display()));
        }
        if !accepted && device(&keys_folder) == Some(there) {
            return Some(format!(
                "the key file lies on the file system of the log ({}): whoever takes that has the keys too; move it, \
                 or say keys_on_same_disk = \"accepted\"",
                folder.display()
            ));
        }
    }
    None
}

/// What somebody who tries a gateway out is told of that place: nothing that would
/// stop it, and something that production would not take.
pub(super) fn warning(mode: Mode, audit: &AuditOptions, keys: &Path) -> Option<String> {
    if mode == Mode::Production {
        return None;
    }
    let there = device(&real(keys.parent()?)?)?;
    let beside =
        |folder: &&std::path::PathBuf| real(folder).and_then(|folder| device(&folder)) == Some(there);
    let folder = [&audit.dir, &audit.log_dir].into_iter().find(beside)?;
    Some(format!(
        "tệp khóa {keys} nằm cùng hệ thống tệp với nhật ký ({folder}); ở chế độ production phải đặt nơi khác / the key \
         file {keys} lies on the file system of the log ({folder}); in production it must lie elsewhere",
        keys = keys.display(),
        folder = folder.display(),
    ))
}

/// The path with nothing in it that leads elsewhere; of what is not there yet,
/// as far as it is.
fn real(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().find(|above| above.exists())?;
    Some(fs::canonicalize(there).ok()?.join(path.strip_prefix(there).ok()?))
}

/// The file system that it is on, or will be.
fn device(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|above| above.exists())?;
    Some(fs::metadata(there).ok()?.dev())
}

#[cfg(test)]
mod tests;
