//! Entry bundles: the bytes of up to 256 entries in one file.
//!
//! C2SP tlog-tiles: each entry is its length as a big-endian `u16`, then its
//! bytes. Bundles are built by [`push_entry`], one entry after the other; a
//! partial bundle is the beginning of the full one.

#[cfg(test)]
mod tests;

use crate::entry::MAX_ENTRY_BYTES;
use crate::tile::Bundle;

/// Why bytes are not the bundle they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry of more than [`MAX_ENTRY_BYTES`] has no place in a bundle.
    #[error("entry is longer than 65535 bytes")]
    EntryTooLong,
    /// The bytes end before the bundle's last entry does.
    #[error("bundle ends within entry {entry} of it")]
    Truncated {
        /// Which entry of the bundle, from 0.
        entry: u16,
    },
    /// There are bytes behind the bundle's last entry.
    #[error("bundle goes on at byte {at}, after its last entry")]
    Trailing {
        /// Where the bundle should have ended.
        at: usize,
    },
}

/// Appends an entry to a bundle's bytes.
///
/// # Errors
/// [`BundleError::EntryTooLong`], with nothing appended.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    debug_assert_eq!(MAX_ENTRY_BYTES, usize::from(u16::MAX));
    let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong)?;
    bundle.reserve(2 + entry.len());
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle: exactly as many as it is wide, and no byte more.
///
/// # Errors
/// [`BundleError::Truncated`] or [`BundleError::Trailing`].
pub fn split_entries(bundle: Bundle, bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let (entries, rest) = leading_entries(bundle.width(), bytes);
    if entries.len() < usize::from(bundle.width()) {
        return Err(BundleError::Truncated { entry: entries.len() as u16 });
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::Trailing { at: bytes.len() - rest.len() }) }
}

/// The first `width` entries, or as many as are whole, and the bytes behind
/// them.
pub(crate) fn leading_entries(width: u16, bytes: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut entries = Vec::with_capacity(usize::from(width));
    let mut rest = bytes;
    while entries.len() < usize::from(width)
        && let Some((entry, behind)) = split_first(rest)
    {
        entries.push(entry);
        rest = behind;
    }
    (entries, rest)
}

fn split_first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
