//! The folder of a world: every file 0600, every change atomic.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A folder that belongs to the sandbox, and to no other process while this
/// value lives: a second start would replace the certificates of the first.
pub(super) struct Files {
    root: PathBuf,
    _lock: File,
}

// === impl Files ===

impl Files {
    /// The folder, made if it is not there, and those that state lies in.
    pub(super) fn make(root: PathBuf) -> anyhow::Result<Self> {
        for inner in ["", "tls", "keys", "secrets", "clients", "state"] {
            make_folder(&root.join(inner))?;
        }
        // Later, relative paths would be relative to whatever the folder is then.
        let root = root.canonicalize().with_context(|| format!("{} cannot be used", root.display()))?;
        let lock = lock(&root)?;
        Ok(Self { root, _lock: lock })
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside it.
    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// Writes a file as a whole: a reader sees the old or the new content.
    pub(super) fn write(&self, inside: &str, content: &str) -> anyhow::Result<()> {
        let path = self.path(inside);
        let written = || -> anyhow::Result<()> {
            let folder = path.parent().unwrap_or(&self.root);
            make_folder(folder)?;
            // Made with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(content.as_bytes())?;
            file.persist(&path)?;
            Ok(())
        };
        written().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes a file only if it is not there yet.
    pub(super) fn write_once(
        &self,
        inside: &str,
        content: impl FnOnce() -> anyhow::Result<String>,
    ) -> anyhow::Result<()> {
        if self.path(inside).exists() { Ok(()) } else { self.write(inside, &content()?) }
    }

    /// Adds one to the number in a file, which begins at 0.
    pub(super) fn count(&self, inside: &str) -> anyhow::Result<u32> {
        let before = fs::read_to_string(self.path(inside)).ok().and_then(|text| text.trim().parse().ok());
        let count = before.unwrap_or(0_u32).saturating_add(1);
        self.write(inside, &format!("{count}\n"))?;
        Ok(count)
    }

    /// Removes a file that may be there.
    pub(super) fn withdraw(&self, inside: &str) -> anyhow::Result<()> {
        match fs::remove_file(self.path(inside)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.path(inside).display()))
            }
            _ => Ok(()),
        }
    }
}

/// Held until the process ends, however it ends.
fn lock(root: &Path) -> anyhow::Result<File> {
    let path = root.join("state/sandbox.lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    file.try_lock().with_context(|| {
        format!("thư mục đang được dùng / another sandbox is running on {}", root.display())
    })?;
    Ok(file)
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make {}", path.display()))
}
