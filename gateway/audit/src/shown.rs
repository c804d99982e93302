//! The files of the published log, for those who fetch them one by one.
//!
//! **Invariant**: nothing is shown beyond the newest published checkpoint, and
//! no path comes from outside: a tile or bundle is asked for by its place.

use motlan_audit_tree::bundle::{push_entry, split_entries};
use motlan_audit_tree::tile::TILE_WIDTH;
use motlan_audit_tree::{Bundle, Tile, Tiles as _, rotation};

use crate::error::AuditError;
use crate::log::AuditLog;
use crate::origins::ORIGINS;
use crate::store::StoreError;
use crate::tree::files::Stored;
use crate::tree::{Published, TileError, TreeError};

/// A file of hashes and signatures: for anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicFile {
    /// A tile of hashes.
    Tile(Tile),
    /// The checkpoint of that size, where it was kept.
    Kept(u64),
    /// The statement of that number, that one key of the log follows another.
    Statement(u32),
    /// The registry of origins, where one was published.
    Origins,
    /// The newest checkpoint with the signatures of witnesses.
    Witnessed,
}

impl AuditLog {
    /// A public file's bytes; none where there is no such file. A partial tile is
    /// there as long as the full one is.
    ///
    /// # Errors
    /// [`AuditError::Overloaded`], or [`AuditError::Tree`]: it cannot be read.
    pub async fn public_file(&self, file: PublicFile) -> Result<Option<Vec<u8>>, AuditError> {
        let published = self.inner.published.clone();
        self.inner.shown.work(move || Ok(published.public_file(file)?)).await
    }

    /// A bundle's bytes; none where there is no such bundle. **Of persons**: that
    /// it was read is recorded before it leaves, by the caller.
    ///
    /// # Errors
    /// As [`AuditLog::public_file`].
    pub async fn bundle(&self, bundle: Bundle) -> Result<Option<Vec<u8>>, AuditError> {
        let published = self.inner.published.clone();
        self.inner.proofs.work(move || published.bundle(bundle)).await
    }
}

// === impl Published ===

impl Published {
    fn public_file(&self, file: PublicFile) -> Result<Option<Vec<u8>>, TreeError> {
        let size = self.newest().head().size;
        match file {
            PublicFile::Tile(tile) => {
                // None of more hashes than the published tree has there.
                let there = Tile::in_tree(tile.level(), tile.index(), size);
                if there.is_none_or(|there| there.width() < tile.width()) {
                    return Ok(None);
                }
                match Stored(self.files.as_ref()).tile(tile) {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(TileError::Missing) => Ok(None),
                    Err(TileError::Io(error)) => Err(error.into()),
                }
            }
            PublicFile::Kept(kept) if kept > size => Ok(None),
            PublicFile::Kept(kept) => Ok(self.files.read(&format!("checkpoints/{kept}"))?),
            PublicFile::Statement(number) => Ok(self.files.read(&rotation::path(number))?),
            PublicFile::Origins => Ok(self.files.read(ORIGINS)?),
            PublicFile::Witnessed => Ok(self.files.read("witnessed")?),
        }
    }

    fn bundle(&self, bundle: Bundle) -> Result<Option<Vec<u8>>, AuditError> {
        let there = Bundle::in_tree(bundle.index(), self.newest().head().size);
        if there.is_none_or(|there| there.width() < bundle.width()) {
            return Ok(None);
        }
        let read = |bundle: Bundle| self.files.read(&bundle.to_string()).map_err(TreeError::from);
        if let Some(bytes) = read(bundle)? {
            return Ok(Some(bytes));
        }
        // The partial one goes when the full one is there.
        let full = Bundle::new(bundle.index(), TILE_WIDTH).filter(|full| *full != bundle);
        let Some(full) = full else { return Ok(None) };
        read(full)?.map(|bytes| beginning(full, &bytes, bundle.width())).transpose()
    }
}

/// The first entries of a bundle.
fn beginning(full: Bundle, bytes: &[u8], width: u16) -> Result<Vec<u8>, AuditError> {
    let index = full.index() * u64::from(TILE_WIDTH);
    let damaged = |_| StoreError::Corrupt { index, what: "bundle is not as long as its entries" };
    let mut first = Vec::new();
    for entry in split_entries(full, bytes).map_err(damaged)?.into_iter().take(usize::from(width)) {
        push_entry(&mut first, entry).map_err(TreeError::from)?;
    }
    Ok(first)
}

#[cfg(test)]
mod tests;
