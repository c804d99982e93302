//! The gateway's long-lived audit keys: one of the four seams.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use zeroize::Zeroizing;

/// A 32-byte key, wiped when dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// Where the audit keys come from.
///
/// Implementers: each method gives the same 32 random bytes for the life of
/// the data folder; the four keys are independent. Losing the master key
/// loses every sealed identifier, losing the hash key every link from an
/// identifier to its pseudonym, losing the log key the log's name: another key
/// is another log. Users: ask once, at open.
pub trait KeyProvider: Send + Sync {
    /// Keys the hash from identifier to subject row.
    ///
    /// # Errors
    /// When the key cannot be had.
    fn subject_hash_key(&self) -> Result<Key, KeyError>;

    /// Wraps the data keys of subjects.
    ///
    /// # Errors
    /// When the key cannot be had.
    fn master_key(&self) -> Result<Key, KeyError>;

    /// Seals the commitment keys of entries without a natural subject.
    ///
    /// # Errors
    /// When the key cannot be had.
    fn record_key(&self) -> Result<Key, KeyError>;

    /// The seed of the Ed25519 key that signs the log's checkpoints.
    ///
    /// # Errors
    /// When the key cannot be had.
    fn log_key(&self) -> Result<Key, KeyError>;
}

/// Why a key cannot be had. Every one of them stops the start.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no key file and none may be made.
    #[error("key file is missing")]
    Missing,
    /// Others than the owner may read the key file.
    #[error("key file is readable by others: mode must be 0600")]
    Exposed,
    /// The key file is not of the expected form.
    #[error("key file is malformed: it has four lines, subject_hash_key, master_key, record_key and log_key")]
    Malformed,
    /// The folder was made with other keys.
    #[error("keys are not those the folder was made with")]
    Mismatch,
    /// The file cannot be read or written.
    #[error("key file cannot be used")]
    Io(#[from] std::io::Error),
    /// The system's random source failed.
    #[error("no random bytes")]
    Random,
}

/// Keys in a file of mode 0600, one `name hex` line each.
#[derive(Debug, Clone)]
pub struct FileKeyProvider {
    path: PathBuf,
}

/// Keys in memory, for tests.
pub struct MemoryKeyProvider {
    keys: [Key; 4],
}

const NAMES: [&str; 4] = ["subject_hash_key", "master_key", "record_key", "log_key"];

/// A new random key.
pub(crate) fn random_key() -> Result<Key, KeyError> {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(key.as_mut()).map_err(|_| KeyError::Random)?;
    Ok(key)
}

// === impl FileKeyProvider ===

impl FileKeyProvider {
    /// The keys in an existing file: what production uses.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::Exposed`] or [`KeyError::Malformed`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let provider = Self { path: path.into() };
        provider.read()?;
        Ok(provider)
    }

    /// The keys in the file, made on first use: for the sandbox only, where
    /// keys may lie beside the data they protect.
    ///
    /// # Errors
    /// As [`FileKeyProvider::open`], and when the file cannot be written.
    pub fn open_or_create(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let path = path.into();
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => Self::fill(file)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        Self::open(path)
    }

    /// Writes a key file with new keys; refuses to overwrite one.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<(), KeyError> {
        Self::fill(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?)
    }

    fn fill(mut file: File) -> Result<(), KeyError> {
        for name in NAMES {
            let key = random_key()?;
            let line =
                Zeroizing::new(format!("{name} {}\n", Zeroizing::new(hex::encode(key.as_ref())).as_str()));
            file.write_all(line.as_bytes())?;
        }
        file.sync_all()?;
        Ok(())
    }

    fn read(&self) -> Result<[Key; 4], KeyError> {
        let mut file = File::open(&self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => KeyError::Missing,
            _ => KeyError::Io(error),
        })?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Exposed);
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)?;
        let mut keys: [Key; 4] = Default::default();
        let mut lines = text.lines();
        for (name, key) in NAMES.iter().zip(&mut keys) {
            let value =
                lines.next().and_then(|line| line.strip_prefix(name)).and_then(|rest| rest.strip_prefix(' '));
            hex::decode_to_slice(value.ok_or(KeyError::Malformed)?, key.as_mut())
                .map_err(|_| KeyError::Malformed)?;
        }
        if lines.next().is_some() { Err(KeyError::Malformed) } else { Ok(keys) }
    }

    fn nth(&self, index: usize) -> Result<Key, KeyError> {
        Ok(self.read()?[index].clone())
    }
}

impl KeyProvider for FileKeyProvider {
    fn subject_hash_key(&self) -> Result<Key, KeyError> {
        self.nth(0)
    }

    fn master_key(&self) -> Result<Key, KeyError> {
        self.nth(1)
    }

    fn record_key(&self) -> Result<Key, KeyError> {
        self.nth(2)
    }

    fn log_key(&self) -> Result<Key, KeyError> {
        self.nth(3)
    }
}

// === impl MemoryKeyProvider ===

impl MemoryKeyProvider {
    /// Keys derived from one byte, so that a test can open a folder twice.
    pub fn fixed(seed: u8) -> Self {
        Self { keys: [1, 2, 3, 4].map(|n| Zeroizing::new([seed.wrapping_mul(3).wrapping_add(n); 32])) }
    }

    /// New random keys.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random() -> Result<Self, KeyError> {
        Ok(Self { keys: [random_key()?, random_key()?, random_key()?, random_key()?] })
    }
}

impl KeyProvider for MemoryKeyProvider {
    fn subject_hash_key(&self) -> Result<Key, KeyError> {
        Ok(self.keys[0].clone())
    }

    fn master_key(&self) -> Result<Key, KeyError> {
        Ok(self.keys[1].clone())
    }

    fn record_key(&self) -> Result<Key, KeyError> {
        Ok(self.keys[2].clone())
    }

    fn log_key(&self) -> Result<Key, KeyError> {
        Ok(self.keys[3].clone())
    }
}

impl std::fmt::Debug for MemoryKeyProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryKeyProvider(..)")
    }
}

#[cfg(test)]
mod tests;
