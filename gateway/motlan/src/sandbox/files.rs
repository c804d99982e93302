//! The folder of a world: every file 0600, every change atomic.

use std::fs::{self, DirBuilder};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A folder that belongs to the sandbox.
pub(super) struct Files(PathBuf);

// === impl Files ===

impl Files {
    /// The folder, made if it is not there, and those that state lies in.
    pub(super) fn make(root: PathBuf) -> anyhow::Result<Self> {
        let files = Self(root);
        for inner in ["", "tls", "keys", "secrets", "clients", "state"] {
            make_folder(&files.0.join(inner))?;
        }
        // Later, relative paths would be relative to whatever the folder is then.
        let root = files.0.canonicalize().with_context(|| format!("{} cannot be used", files.0.display()))?;
        Ok(Self(root))
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    /// A path inside it.
    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }

    /// Writes a file as a whole: a reader sees the old or the new content.
    pub(super) fn write(&self, inside: &str, content: &str) -> anyhow::Result<()> {
        let path = self.path(inside);
        let written = || -> anyhow::Result<()> {
            let folder = path.parent().unwrap_or(&self.0);
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

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make {}", path.display()))
}
