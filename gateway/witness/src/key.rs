//! The witness's key file: one line `cosigning_key <name> <seed in hex>`,
//! readable by its owner alone.
//!
//! The name stands beside the seed because a cosignature does not cover it
//! (C2SP tlog-cosignature): one seed under two names would be two witnesses
//! who are one.

#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use aws_lc_rs::rand;
use motlan_audit_tree::{CosigningKey, VerifierKey};
use zeroize::Zeroizing;

/// No key file is longer.
const MAX_FILE_BYTES: u64 = 4096;

/// Why a key file gives no key. Each of them stops the start.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error("key file is missing")]
    Missing,
    /// Others than the owner may read it.
    #[error("key file is readable by others: mode must be 0600")]
    Exposed,
    /// Not of the expected form.
    #[error("key file is malformed")]
    Malformed,
    /// The name is none a key can have: it is empty, or holds a space or a
    /// plus sign.
    #[error("not a possible name of a witness")]
    Name,
    /// The system's random source failed.
    #[error("no random bytes")]
    Random,
    /// The file cannot be read or written.
    #[error("key file cannot be used")]
    Io(#[from] io::Error),
}

/// Writes a file with a new random key of that name; never over another file.
///
/// # Errors
/// [`KeyFileError::Name`], [`KeyFileError::Random`] or [`KeyFileError::Io`].
pub fn create_key(path: &Path, name: &str) -> Result<VerifierKey, KeyFileError> {
    let mut seed = Zeroizing::new([0; 32]);
    rand::fill(seed.as_mut()).map_err(|_| KeyFileError::Random)?;
    let key = CosigningKey::from_seed(name, &seed).map_err(|_| KeyFileError::Name)?;
    let line =
        Zeroizing::new(format!("cosigning_key {name} {}\n", Zeroizing::new(hex::encode(*seed)).as_str()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    Ok(key.verifier_key().clone())
}

/// Reads a key file.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_key(path: &Path) -> Result<CosigningKey, KeyFileError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing,
        _ => error.into(),
    })?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(KeyFileError::Exposed);
    }
    // Never grown, so that no copy of it is left behind.
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize));
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => KeyFileError::Malformed,
        _ => error.into(),
    })?;
    parse(&text).ok_or(KeyFileError::Malformed)
}

fn parse(text: &str) -> Option<CosigningKey> {
    let (name, encoded) = text.strip_suffix('\n')?.strip_prefix("cosigning_key ")?.split_once(' ')?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(encoded, seed.as_mut()).ok()?;
    CosigningKey::from_seed(name, &seed).ok()
}
