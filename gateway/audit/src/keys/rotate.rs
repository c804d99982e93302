//! Changing the log's key in a key file.
//!
//! A rotation begins with one more line, the next key, and ends with that key in
//! the place of the one before. Each is one file put in the place of another:
//! whoever reads, also after a power cut, finds all keys of before or all of
//! after. What lies between, the signing in, is the gateway's
//! (`crate::tree::signers`).

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::Path;

use super::{FileKeyProvider, KeyError, Keys, LogKeys, random_key};

// === impl FileKeyProvider ===

impl FileKeyProvider {
    /// Adds a new key that is to follow the log's key.
    ///
    /// # Errors
    /// [`KeyError::Rotating`] where there is one, [`KeyError::InUse`], or as
    /// [`FileKeyProvider::open`]; the file is as it was.
    pub fn begin_rotation(&self) -> Result<(), KeyError> {
        self.change(|keys| {
            if keys.incoming.is_some() {
                return Err(KeyError::Rotating);
            }
            keys.incoming = Some(random_key()?);
            Ok(())
        })
    }

    /// Takes the log's old key away; `judge` says whether it may go.
    ///
    /// # Errors
    /// [`KeyError::NotRotating`], what `judge` says, [`KeyError::InUse`], or as
    /// [`FileKeyProvider::open`]; the file is as it was.
    pub(crate) fn end_rotation<E: From<KeyError>>(
        &self,
        judge: impl FnOnce(&LogKeys) -> Result<(), E>,
    ) -> Result<(), E> {
        self.change(|keys| {
            let Some(incoming) = keys.incoming.clone() else { return Err(KeyError::NotRotating.into()) };
            judge(&keys.log_keys())?;
            keys.four[3] = incoming;
            keys.incoming = None;
            Ok(())
        })
    }

    /// Changes the file's keys, one process at a time: of two that each made a
    /// key, one would be lost.
    fn change<E: From<KeyError>>(&self, change: impl FnOnce(&mut Keys) -> Result<(), E>) -> Result<(), E> {
        let io = |error: std::io::Error| E::from(KeyError::Io(error));
        // Through a link, the file itself is changed.
        let path = fs::canonicalize(&self.path).map_err(io)?;
        let mut file = self.file()?;
        file.try_lock().map_err(|_| KeyError::InUse)?;
        let is_it = |meta: fs::Metadata| file.metadata().is_ok_and(|own| own.ino() == meta.ino());
        if !fs::metadata(&path).is_ok_and(is_it) {
            // Somebody else's stands there since.
            return Err(KeyError::InUse.into());
        }
        let mut keys = Keys::read(&mut file)?;
        change(&mut keys)?;
        replace(&path, &keys).map_err(io)
    }
}

/// Puts a file of these keys in the place of one, durably and at once.
fn replace(path: &Path, keys: &Keys) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    // Left by a crash: nothing knows the keys in it.
    if new.symlink_metadata().is_ok() {
        fs::remove_file(new)?;
    }
    let placed = write(new, path, keys).and_then(|()| fs::rename(new, path));
    if placed.is_err() {
        // What is half written holds keys too.
        let _ = fs::remove_file(new);
    }
    placed?;
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// Writes the file that is to take the place of the other: whoever runs this,
/// the gateway's user is to read it as before.
fn write(new: &Path, path: &Path, keys: &Keys) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
    let (owner, own) = (fs::metadata(path)?, file.metadata()?);
    if (owner.uid(), owner.gid()) != (own.uid(), own.gid()) {
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    keys.write(file)
}
