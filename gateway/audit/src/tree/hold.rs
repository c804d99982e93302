//! At the start: the journal against what was published.

use std::path::{Path, PathBuf};

use motlan_audit_tree::tile::{TILE_WIDTH, Tile};
use motlan_audit_tree::{Checkpoint, SignedCheckpoint, Tiles as _, TreeHead};

use super::files::{LogFiles, Stored};
use super::signers::Signers;
use super::{CHECKPOINT, TreeError, damaged};
use crate::keys::KeyProvider;
use crate::store::AuditReader;

/// Entries before the end of the published log that are compared one by one. A
/// log that took another course does not come back to the same entries; one that
/// was changed before them is found by `motlan audit verify`.
const COMPARED: u64 = 4_096;

/// The newest checkpoint. A log that was never published begins with the one of
/// no entries; `log.pub` beside the folder says that it was, and so does a
/// statement about its keys.
pub(super) fn newest(
    folder: Option<&Path>,
    files: &dyn LogFiles,
    signers: &Signers,
) -> Result<SignedCheckpoint, TreeError> {
    let known = folder.map_or(Ok(false), |folder| signers.are_known(folder))?;
    let newest = match files.read(CHECKPOINT)? {
        Some(bytes) => signers.read(&bytes)?,
        None if known || signers.have_followed() => return Err(TreeError::Missing),
        None => {
            let nothing = signers.sign(Checkpoint::new(signers.verifier_key().name(), TreeHead::EMPTY)?)?;
            files.replace(CHECKPOINT, nothing.to_string().as_bytes())?;
            nothing
        }
    };
    if let Some(folder) = folder.filter(|_| !known) {
        signers.tell(folder)?;
    }
    Ok(newest)
}

/// How many entries the newest checkpoint covers; none where nothing is published.
pub(crate) fn covered(files: &dyn LogFiles, origin: &str, keys: &dyn KeyProvider) -> Result<u64, TreeError> {
    let Some(bytes) = files.read(CHECKPOINT)? else { return Ok(0) };
    Ok(Signers::open(origin, &keys.log_keys()?, files)?.read(&bytes)?.head().size)
}

/// The file of the verifier key of the log published in that folder: named as the
/// folder, and `.pub`.
pub fn verifier_key_file(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// That the journal still holds what was published.
pub(super) fn against(
    reader: &dyn AuditReader,
    durable: u64,
    files: &dyn LogFiles,
    published: TreeHead,
) -> Result<(), TreeError> {
    if durable < published.size {
        return Err(TreeError::Shorter { held: durable, published: published.size });
    }
    let width = u64::from(TILE_WIDTH);
    let mut index = published.size.saturating_sub(COMPARED) / width * width;
    while index < published.size {
        let Some(tile) = Tile::in_tree(0, index / width, published.size) else { break };
        let hashes = Stored(files)
            .tile(tile)
            .map_err(|source| damaged(motlan_audit_tree::ReadError::Store { tile, source }))?;
        let mut entries = Vec::new();
        while (entries.len() as u64) < u64::from(tile.width()) {
            let more = reader.scan(index + entries.len() as u64, 256 << 10)?;
            if more.is_empty() {
                return Err(TreeError::Shorter { held: durable, published: published.size });
            }
            entries.extend(more);
        }
        let pairs = entries.iter().zip(hashes.chunks_exact(32));
        if let Some((stored, _)) = pairs.clone().find(|(stored, hash)| stored.leaf_hash != **hash) {
            return Err(TreeError::Other { index: stored.index });
        }
        index += u64::from(tile.width());
    }
    Ok(())
}
