//! The system calls a witness's word rests on, so that a test can make each of
//! them fail.

#[cfg(test)]
pub(crate) mod fault;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Files by name.
pub(crate) trait Disk: Send + Sync {
    /// Makes a file of these bytes, whatever was there, and waits until they
    /// are on disk. The name may not be, yet.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file or folder another name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Waits until the names in a folder are on disk.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// The disk.
pub(crate) struct RealDisk;

// === impl RealDisk ===

impl Disk for RealDisk {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

/// Replaces a file as a whole: whoever looks, also after a power cut, finds
/// the old one or the new one. When this returns, it is the new one.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    disk.write(&beside, bytes)?;
    disk.rename(&beside, path)?;
    disk.sync_dir(path.parent().unwrap_or(Path::new(".")))
}
