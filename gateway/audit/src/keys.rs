//! The gateway's long-lived audit keys: one of the four seams.

mod rotate;

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
/// the data folder, the log's keys as they are rotated; all are independent.
/// Losing the master key loses every sealed identifier, losing the hash key
/// every link from an identifier to its pseudonym, losing the log key the
/// log's name: a key that the one before did not sign in is another log's.
/// Users: ask once, at open.
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

    /// The seeds of the Ed25519 keys that sign the log's checkpoints.
    ///
    /// # Errors
    /// When a key cannot be had.
    fn log_keys(&self) -> Result<LogKeys, KeyError>;
}

/// The seeds of the log's keys.
pub struct LogKeys {
    /// The key that signs.
    pub current: Key,
    /// The key that is to follow it: signed in by the current one, then
    /// signing beside it until that is retired.
    pub incoming: Option<Key>,
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
    #[error(
        "key file is malformed: it has four lines, subject_hash_key, master_key, record_key and log_key, while a key follows another also log_key_next"
    )]
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
    /// A rotation is to begin, and one has: the key file names the next key.
    #[error("a key that follows the log's key is there already")]
    Rotating,
    /// A rotation is to end, and none has begun.
    #[error("no key follows the log's key")]
    NotRotating,
    /// Another process changes the key file.
    #[error("key file is being changed by another process")]
    InUse,
}

/// Keys in a file of mode 0600, one `name hex` line each.
#[derive(Debug, Clone)]
pub struct FileKeyProvider {
    path: PathBuf,
}

/// Keys in memory, for tests.
pub struct MemoryKeyProvider {
    keys: [Key; 4],
    incoming: Option<Key>,
}

/// What a key file holds.
struct Keys {
    four: [Key; 4],
    incoming: Option<Key>,
}

const NAMES: [&str; 4] = ["subject_hash_key", "master_key", "record_key", "log_key"];

/// The fifth line, while one key of the log follows another.
const INCOMING: &str = "log_key_next";

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

    fn fill(file: File) -> Result<(), KeyError> {
        let four = [random_key()?, random_key()?, random_key()?, random_key()?];
        Ok(Keys { four, incoming: None }.write(file)?)
    }

    fn read(&self) -> Result<Keys, KeyError> {
        Keys::read(&mut self.file()?)
    }

    fn file(&self) -> Result<File, KeyError> {
        File::open(&self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => KeyError::Missing,
            _ => KeyError::Io(error),
        })
    }

    fn nth(&self, index: usize) -> Result<Key, KeyError> {
        Ok(self.read()?.four[index].clone())
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

    fn log_keys(&self) -> Result<LogKeys, KeyError> {
        Ok(self.read()?.log_keys())
    }
}

// === impl Keys ===

impl Keys {
    fn read(file: &mut File) -> Result<Self, KeyError> {
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Exposed);
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)?;
        let mut keys = Self { four: Default::default(), incoming: None };
        let mut lines = text.lines();
        for (name, key) in NAMES.iter().zip(&mut keys.four) {
            *key = lines.next().and_then(|line| value(line, name)).ok_or(KeyError::Malformed)?;
        }
        if let Some(line) = lines.next() {
            let incoming = value(line, INCOMING).filter(|incoming| *incoming != keys.four[3]);
            keys.incoming = Some(incoming.ok_or(KeyError::Malformed)?);
        }
        if lines.next().is_some() { Err(KeyError::Malformed) } else { Ok(keys) }
    }

    /// Writes them into an empty file, durably.
    fn write(&self, mut file: File) -> std::io::Result<()> {
        let names = NAMES.iter().zip(&self.four);
        for (name, key) in names.chain(self.incoming.iter().map(|key| (&INCOMING, key))) {
            let hex = Zeroizing::new(hex::encode(key.as_ref()));
            let line = Zeroizing::new(format!("{name} {}\n", hex.as_str()));
            file.write_all(line.as_bytes())?;
        }
        file.sync_all()
    }

    fn log_keys(&self) -> LogKeys {
        LogKeys { current: self.four[3].clone(), incoming: self.incoming.clone() }
    }
}

/// The key in the line of that name.
fn value(line: &str, name: &str) -> Option<Key> {
    let mut key = Key::default();
    let digits = line.strip_prefix(name)?.strip_prefix(' ')?;
    hex::decode_to_slice(digits, key.as_mut()).ok()?;
    Some(key)
}

// === impl MemoryKeyProvider ===

impl MemoryKeyProvider {
    /// Keys derived from one byte, so that a test can open a folder twice.
    pub fn fixed(seed: u8) -> Self {
        let keys = [1, 2, 3, 4].map(|n| Zeroizing::new([seed.wrapping_mul(3).wrapping_add(n); 32]));
        Self { keys, incoming: None }
    }

    /// The same, its log key that of another such byte, or followed by it.
    pub fn with_log_keys(mut self, current: u8, incoming: Option<u8>) -> Self {
        self.keys[3] = Zeroizing::new([current; 32]);
        self.incoming = incoming.map(|seed| Zeroizing::new([seed; 32]));
        self
    }

    /// New random keys.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random() -> Result<Self, KeyError> {
        Ok(Self { keys: [random_key()?, random_key()?, random_key()?, random_key()?], incoming: None })
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

    fn log_keys(&self) -> Result<LogKeys, KeyError> {
        Ok(LogKeys { current: self.keys[3].clone(), incoming: self.incoming.clone() })
    }
}

impl std::fmt::Debug for MemoryKeyProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryKeyProvider(..)")
    }
}

#[cfg(test)]
mod tests;
