//! The files of the published log: whole files under one folder, by the paths
//! C2SP tlog-tiles gives them. Their system calls stand here, so that a test can
//! make each of them fail.

#[cfg(any(test, feature = "testing"))]
pub(crate) mod fault;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use motlan_audit_tree::tile::TILE_WIDTH;
use motlan_audit_tree::{Tile, Tiles};
use parking_lot::Mutex;

/// A folder of files that are written whole.
///
/// Implementers: what `write` wrote is durable only after a `sync`, and all of
/// it then; `replace` is durable and atomic by itself: whoever reads, also after
/// a power cut, finds the old content or the new.
pub(crate) trait LogFiles: Send + Sync {
    /// Writes a file and the folders above it; one of that name is replaced.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes durable all that was written.
    fn sync(&self) -> io::Result<()>;
    /// Puts a file in the place of one of that name.
    fn replace(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// A file's content, if it is there.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;
    /// Removes the partial files of the full one at that path.
    fn remove_partials(&self, full: &str) -> io::Result<()>;
}

/// Below this lie the bundles. A pseudonym that stays, beside the code of a
/// dossier, is personal data: they are for auditors, all else is public.
const ENTRIES: &str = "tile/entries";

/// The modes of files and folders, whatever the umask: of the bundles, and of
/// what the public may read.
const PRIVATE: (u32, u32) = (0o600, 0o700);
const PUBLIC: (u32, u32) = (0o644, 0o755);

/// Files of a folder.
pub(crate) struct RealFiles {
    folder: PathBuf,
    /// Written since the last sync.
    written: Mutex<BTreeSet<PathBuf>>,
}

/// Files in memory: of logs that live there.
#[derive(Default)]
pub(crate) struct MemoryFiles(Mutex<BTreeMap<String, Vec<u8>>>);

/// Why a tile cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// It may be another time.
    #[error("file cannot be read")]
    Io(#[from] io::Error),
    /// It was written before its checkpoint and is gone.
    #[error("file is missing")]
    Missing,
}

/// The tiles among the files.
pub(crate) struct Stored<'a>(pub(crate) &'a dyn LogFiles);

// === impl RealFiles ===

impl RealFiles {
    /// Of a folder that is there.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), written: Mutex::default() }
    }

    /// Makes a folder and those above it, below this one.
    fn make(&self, folder: &Path) -> io::Result<()> {
        let Ok(inside) = folder.strip_prefix(&self.folder) else { return Ok(()) };
        let inner: Vec<&Path> = inside.ancestors().collect();
        for inner in inner.into_iter().rev() {
            let (_, mode) = modes(inner);
            let made = self.folder.join(inner);
            match fs::DirBuilder::new().mode(mode).create(&made) {
                Ok(()) => {
                    fs::set_permissions(&made, Permissions::from_mode(mode))?;
                    // Its name lasts when the folder above does: `replace` promises that.
                    let above = made.parent().unwrap_or(&self.folder);
                    File::open(above)?.sync_all()?;
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn at(&self, path: &str) -> io::Result<(PathBuf, PathBuf)> {
        let file = self.folder.join(path);
        let above = file.parent().map(Path::to_owned).ok_or(io::ErrorKind::InvalidInput)?;
        Ok((file, above))
    }
}

impl LogFiles for RealFiles {
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let (file, above) = self.at(path)?;
        let (mode, _) = modes(Path::new(path));
        match write_file(&file, bytes, mode) {
            // The folder is seldom new.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make(&above)?;
                write_file(&file, bytes, mode)?;
            }
            written => drop(written?),
        }
        self.written.lock().insert(file);
        Ok(())
    }

    /// After a failure all must be written anew: what a failed sync left is lost.
    fn sync(&self) -> io::Result<()> {
        let written = std::mem::take(&mut *self.written.lock());
        let mut folders = BTreeSet::new();
        for file in &written {
            File::open(file)?.sync_data()?;
            let above = file.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder));
            folders.extend(above.map(Path::to_owned));
        }
        // A name lasts when the folders above it do.
        folders.into_iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let (file, above) = self.at(path)?;
        self.make(&above)?;
        replace_file(&file, bytes)
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    fn remove_partials(&self, full: &str) -> io::Result<()> {
        let partial = match fs::read_dir(self.folder.join(format!("{full}.p"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            files => files?,
        };
        partial.into_iter().try_for_each(|file| fs::remove_file(file?.path()))
    }
}

/// The folder itself: open to all if it is new, for later it is the operator's.
/// Bundles are shut away from others where an earlier release, or a copy made by
/// hand, left them open. What a group may read is the operator's to say.
pub(crate) fn settle(log: &Path, new: bool) -> io::Result<()> {
    if new {
        fs::set_permissions(log, Permissions::from_mode(PUBLIC.1))?;
    }
    let entries = log.join(ENTRIES);
    match fs::metadata(&entries) {
        Ok(meta) if meta.permissions().mode() & 0o007 != 0 => {
            fs::set_permissions(&entries, Permissions::from_mode(meta.permissions().mode() & 0o770))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn modes(path: &Path) -> (u32, u32) {
    if path.starts_with(ENTRIES) { PRIVATE } else { PUBLIC }
}

/// Writes a file whole. It is not cut before it is written: what stands there
/// mostly is the same.
fn write_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<File> {
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(mode).open(path);
    let mut file = opened?;
    let there = file.metadata()?;
    // The umask takes away; an earlier release left more open.
    if there.permissions().mode() & 0o777 != mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.write_all(bytes)?;
    if file.metadata()?.len() != bytes.len() as u64 {
        file.set_len(bytes.len() as u64)?;
    }
    Ok(file)
}

/// Puts a file in the place of one of that name, durably and at once.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    write_file(&new, bytes, PUBLIC.0)?.sync_all()?;
    fs::rename(&new, path)?;
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    File::open(above.unwrap_or(Path::new(".")))?.sync_all()
}

// === impl MemoryFiles ===

impl LogFiles for MemoryFiles {
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().insert(path.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(path, bytes)
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().get(path).cloned())
    }

    fn remove_partials(&self, full: &str) -> io::Result<()> {
        let partial = format!("{full}.p/");
        self.0.lock().retain(|path, _| !path.starts_with(&partial));
        Ok(())
    }
}

// === impl Stored ===

impl Tiles for Stored<'_> {
    type Error = TileError;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, TileError> {
        let full = Tile::new(tile.level(), tile.index(), TILE_WIDTH).filter(|full| *full != tile);
        let bytes = match self.0.read(&tile.to_string())? {
            Some(bytes) => Some(bytes),
            // The partial one goes when the full one is there.
            None => full.map(|full| self.0.read(&full.to_string())).transpose()?.flatten(),
        };
        let mut bytes = bytes.ok_or(TileError::Missing)?;
        bytes.truncate(tile.byte_len());
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
