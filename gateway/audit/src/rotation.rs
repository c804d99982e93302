//! The two ends of a rotation of the log's key: the entry that tells of it, and
//! the old key's end. What lies between is `tree/signers.rs`, which also lists
//! the steps.

use std::path::Path;

use motlan_audit_tree::{Kind, SignedCheckpoint, SigningKey, TrustedLog, VerifierKey};

use crate::draft::{Draft, DraftActor};
use crate::error::AuditError;
use crate::keys::{FileKeyProvider, KeyError, LogKeys};
use crate::log::AuditLog;
use crate::tree::files::{LogFiles as _, RealFiles};
use crate::tree::{CHECKPOINT, TreeError, published_rotations};

/// Why an old log key stays.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// The key file cannot be used, or names no next key.
    #[error("the log's old key cannot be retired")]
    Keys(#[from] KeyError),
    /// The published log cannot be read.
    #[error("the published log cannot be used")]
    Tree(#[from] TreeError),
    /// The next key is not signed in yet, or has signed no checkpoint: the
    /// gateway has to start with it, and publish, first.
    #[error("the next key does not sign the published log yet")]
    TooSoon,
}

// === impl AuditLog ===

impl AuditLog {
    /// Tells in an entry that the next log key follows, where the keys this log
    /// was opened with name one that is not signed in. It signs, beside the old
    /// one, soon after the entry is published. Once a start.
    ///
    /// # Errors
    /// As [`AuditLog::append`]: then the next start tells.
    pub async fn tell_of_next_key(&self) -> Result<(), AuditError> {
        let Some(telling) = self.inner.published.telling() else { return Ok(()) };
        let mut draft = Draft::new(Kind::LogKeyRotated).actor(DraftActor::System);
        draft.rotated = Some(Box::new(telling.rotated.clone()));
        let receipt = self.append(draft).await?;
        telling.told(receipt.index);
        Ok(())
    }
}

/// Takes the log's old key out of the key file, once the next one signs the log
/// published in `folder`; the answer is that one.
///
/// # Errors
/// [`RetireError`]; the key file is as it was.
pub fn retire_log_key(keys: &FileKeyProvider, folder: &Path) -> Result<VerifierKey, RetireError> {
    let mut retired = None;
    keys.end_rotation(|keys| {
        retired = Some(signed_in(keys, folder)?);
        Ok::<_, RetireError>(())
    })?;
    retired.ok_or(RetireError::TooSoon)
}

/// The next key, if the published log is signed by it, and by the old one, which
/// signed it in.
fn signed_in(keys: &LogKeys, folder: &Path) -> Result<VerifierKey, RetireError> {
    let Some(next) = &keys.incoming else { return Err(KeyError::NotRotating.into()) };
    let files = RealFiles::new(folder);
    let chain = published_rotations(&files)?;
    let Some(last) = chain.rotations().last() else { return Err(RetireError::TooSoon) };
    let key = |seed: &[u8; 32]| SigningKey::from_seed(last.origin(), seed).map_err(|_| KeyError::Malformed);
    let (current, next) = (key(&keys.current)?, key(next)?);
    if (last.old(), last.new_key()) != (current.verifier_key(), next.verifier_key()) {
        return Err(RetireError::TooSoon);
    }
    let checkpoint = files.read(CHECKPOINT).map_err(TreeError::from)?.ok_or(TreeError::Missing)?;
    for key in [&current, &next] {
        // Each alone has to be enough: who knows only one of them must find it.
        let log = TrustedLog::from(key.verifier_key().clone());
        SignedCheckpoint::open(&checkpoint, &log).map_err(|_| RetireError::TooSoon)?;
    }
    Ok(next.verifier_key().clone())
}
