//! The keys that sign the log's checkpoints, and how one follows another.
//!
//! A rotation goes in steps, and each is durable before the next:
//!
//! 1. The key file names the next key. Nothing is signed by it yet.
//! 2. A `log.key_rotated` entry holds the statement that the key follows,
//!    signed by both ([`motlan_audit_tree::rotation`]).
//! 3. A checkpoint signed by the old key alone covers that entry: whoever trusts
//!    the old key has it from the log itself.
//! 4. The statement is published as `keys/<n>`. From here on the overlap is in
//!    force: that file, and nothing else, says so.
//! 5. The verifier key file beside the folder names the new key, last.
//! 6. Checkpoints carry both signatures, the old key's first; the newest one is
//!    signed anew at once.
//! 7. The old key is taken out of the key file ([`crate::retire_log_key`]),
//!    which is refused before 6. The new one signs alone, once the last checkpoint
//!    that the old one signed is kept ([`super::retired`]).
//!
//! A process that dies between two of them goes on with the next at its next
//! start: the statement is the same bytes each time, so 2 may stand in the log
//! twice, and nothing else happens twice. No tree is signed for it that the old
//! key would not sign.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use motlan_audit_tree::entry::Rotated;
use motlan_audit_tree::rotation::{self, MAX_ROTATIONS};
use motlan_audit_tree::{
    Checkpoint, CheckpointError, KeyChain, NoteError, Rotation, SignedCheckpoint, SigningKey, TrustedLog,
    VerifierKey,
};
use parking_lot::Mutex;

use super::files::{LogFiles, replace_file};
use super::hold::verifier_key_file;
use super::retired::{Retired, Unkept};
use super::{CHECKPOINT, TreeError};
use crate::keys::{Key, KeyError, LogKeys};

/// The keys that sign.
pub(super) struct Signers {
    current: SigningKey,
    next: Next,
    /// Every statement published so far.
    chain: KeyChain,
    /// Every key the log had, as others are told them while it runs.
    known: KnownKeys,
    /// How far the retired ones speak for the log.
    retired: Arc<Retired>,
    /// What the last of those signed last, until that is kept.
    unkept: Option<Unkept>,
}

/// The keys a log had, as others are told them: grows when the next is signed in.
pub(crate) type KnownKeys = Arc<Mutex<Known>>;

#[derive(Clone)]
pub(crate) struct Known {
    /// Every key, the newest last.
    pub(crate) keys: Arc<[VerifierKey]>,
    /// Every statement that one follows another.
    pub(crate) chain: Arc<KeyChain>,
}

/// The key that is to follow.
enum Next {
    /// None is.
    None,
    /// It is not signed in yet.
    Pending(SigningKey, Rotation, Arc<Telling>),
    /// It is signed in, and signs beside the current one once that is settled:
    /// the verifier key file names it, and it signed the newest checkpoint.
    Overlap { key: SigningKey, settled: bool },
}

/// A rotation that an entry has to tell of.
pub(crate) struct Telling {
    pub(crate) rotated: Rotated,
    /// Where the durable entry stands; [`u64::MAX`] until it does.
    told: AtomicU64,
}

// === impl Telling ===

impl Telling {
    /// The entry is durable.
    pub(crate) fn told(&self, index: u64) {
        self.told.store(index, Ordering::Release);
    }
}

// === impl Signers ===

impl Signers {
    /// The keys of the log published there, as far as their rotation got.
    pub(super) fn open(origin: &str, keys: &LogKeys, files: &dyn LogFiles) -> Result<Self, TreeError> {
        let signing = |seed: &Key| {
            SigningKey::from_seed(origin, seed).map_err(|_| TreeError::from(KeyError::Malformed))
        };
        let current = signing(&keys.current)?;
        let incoming = keys.incoming.as_ref().map(signing).transpose()?;
        let chain = published(files)?;
        let newest = chain.rotations().last();
        // Without a statement the log has had one key.
        let next = match (newest, incoming) {
            (None, None) => Next::None,
            (Some(newest), None) if newest.new_key() == current.verifier_key() => Next::None,
            (Some(newest), Some(incoming))
                if newest.new_key() == incoming.verifier_key() && newest.old() == current.verifier_key() =>
            {
                Next::Overlap { key: incoming, settled: false }
            }
            (newest, Some(incoming))
                if newest.is_none_or(|newest| newest.new_key() == current.verifier_key()) =>
            {
                let rotation = Rotation::sign(&current, &incoming).map_err(|_| KeyError::Malformed)?;
                let rotated = Rotated {
                    new: rotation.new_key().to_string().into(),
                    old: rotation.old().to_string().into(),
                    statement: rotation.to_string().into(),
                };
                let telling = Telling { rotated, told: AtomicU64::new(u64::MAX) };
                Next::Pending(incoming, rotation, Arc::new(telling))
            }
            _ => return Err(KeyError::Mismatch.into()),
        };
        let known = Known { keys: Arc::new([]), chain: Arc::default() };
        let newest = files.read(CHECKPOINT)?;
        let (retired, unkept) = Retired::of(&chain, current.verifier_key(), files, newest.as_deref())?;
        let (known, retired) = (Arc::new(Mutex::new(known)), Arc::new(retired));
        let signers = Self { current, next, chain, known, retired, unkept };
        signers.make_known();
        Ok(signers)
    }

    /// The key that clients compare with: the one that signs, and of two the
    /// older.
    pub(super) fn verifier_key(&self) -> &VerifierKey {
        self.current.verifier_key()
    }

    /// The rotation that an entry has to tell of, if one begins.
    pub(super) fn telling(&self) -> Option<Arc<Telling>> {
        match &self.next {
            Next::Pending(_, _, telling) => Some(Arc::clone(telling)),
            Next::None | Next::Overlap { .. } => None,
        }
    }

    /// Whether there is something to settle: what is published tells of the next
    /// key, or that is signed in and not all of it is done.
    pub(super) fn are_due(&self, published: u64) -> bool {
        match &self.next {
            Next::None => false,
            Next::Pending(_, _, telling) => telling.told.load(Ordering::Acquire) < published,
            Next::Overlap { settled, .. } => !settled,
        }
    }

    /// Signs a checkpoint, as every key in force.
    pub(super) fn sign(&self, checkpoint: Checkpoint) -> Result<SignedCheckpoint, TreeError> {
        let signed = SignedCheckpoint::sign(checkpoint, &self.current).map_err(|_| KeyError::Malformed)?;
        match &self.next {
            Next::Overlap { key, settled: true } => beside(signed, key),
            Next::None | Next::Pending(..) | Next::Overlap { .. } => Ok(signed),
        }
    }

    /// Reads a checkpoint of the log. It is signed by the current key, always:
    /// the one before went only when this one signed.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<SignedCheckpoint, CheckpointError> {
        let read = SignedCheckpoint::open(bytes, &TrustedLog::from(self.verifier_key().clone()))?;
        if let Next::Overlap { key: next, .. } = &self.next
            && let Err(error @ NoteError::BadSignature { .. }) =
                read.note().verify(std::slice::from_ref(next.verifier_key()))
        {
            return Err(error.into());
        }
        Ok(read)
    }

    /// Keeps what the last retired key signed last, before another takes its place.
    pub(super) fn keep_last(&mut self, files: &dyn LogFiles) -> Result<(), TreeError> {
        if let Some((path, bytes)) = &self.unkept {
            files.replace(path, bytes)?;
            self.unkept = None;
        }
        Ok(())
    }

    /// Steps 4 to 6, or what is left of them: the newest checkpoint as it is
    /// signed then. After a failure it is to be asked for again.
    pub(super) fn settle(
        &mut self,
        folder: Option<&Path>,
        files: &dyn LogFiles,
        newest: SignedCheckpoint,
    ) -> Result<SignedCheckpoint, TreeError> {
        if let Next::Pending(_, rotation, _) = &self.next {
            let statement = rotation.to_string();
            files.replace(&rotation::path(self.chain.next_number()), statement.as_bytes())?;
            self.chain.push(statement.as_bytes())?;
            // From here on the file says so, whatever becomes of the rest.
            if let Next::Pending(key, ..) = std::mem::replace(&mut self.next, Next::None) {
                self.next = Next::Overlap { key, settled: false };
            }
            self.make_known();
        }
        if let Some(folder) = folder {
            self.tell(folder)?;
        }
        let Next::Overlap { key, settled } = &mut self.next else { return Ok(newest) };
        let before = newest.note().signatures().len();
        let signed = beside(newest, key)?;
        if signed.note().signatures().len() > before {
            files.replace(CHECKPOINT, signed.to_string().as_bytes())?;
        }
        *settled = true;
        Ok(signed)
    }

    /// Whether the verifier key file beside the folder names this log's keys; a
    /// crash may have left it without the newest.
    pub(super) fn are_known(&self, folder: &Path) -> Result<bool, TreeError> {
        let keys = self.lines();
        match fs::read_to_string(verifier_key_file(folder)) {
            Ok(text) if text.lines().eq(keys.iter().map(String::as_str)) => Ok(true),
            Ok(text)
                if keys.len() > 1
                    && text.lines().eq(keys.iter().take(keys.len() - 1).map(String::as_str)) =>
            {
                Ok(true)
            }
            Ok(_) => Err(KeyError::Mismatch.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the log was published before under more keys than one.
    pub(super) fn have_followed(&self) -> bool {
        !self.chain.rotations().is_empty()
    }

    /// Writes the verifier key file: every key the log had, the newest last.
    pub(super) fn tell(&self, folder: &Path) -> Result<(), TreeError> {
        let text = self.lines().iter().fold(String::new(), |text, key| text + key + "\n");
        Ok(replace_file(&verifier_key_file(folder), text.as_bytes())?)
    }

    /// Every key the log had, the newest last.
    pub(super) fn all_keys(&self) -> Vec<VerifierKey> {
        if self.have_followed() {
            self.chain.keys().into_iter().cloned().collect()
        } else {
            vec![self.verifier_key().clone()]
        }
    }

    fn make_known(&self) {
        let (keys, chain) = (self.all_keys().into(), Arc::new(self.chain.clone()));
        *self.known.lock() = Known { keys, chain };
    }

    /// The same, for those who ask while it runs.
    pub(super) fn known_keys(&self) -> KnownKeys {
        Arc::clone(&self.known)
    }

    /// How far the retired ones speak for the log.
    pub(super) fn retired(&self) -> Arc<Retired> {
        Arc::clone(&self.retired)
    }

    /// Whose checkpoints are this log's: those of every key it had.
    pub(super) fn trusted_log(&self) -> TrustedLog {
        TrustedLog { origin: self.verifier_key().name().to_owned(), keys: self.all_keys() }
    }

    fn lines(&self) -> Vec<String> {
        self.all_keys().iter().map(ToString::to_string).collect()
    }
}

/// The checkpoint with that key's signature behind the others.
fn beside(mut signed: SignedCheckpoint, key: &SigningKey) -> Result<SignedCheckpoint, TreeError> {
    let note = key.sign(signed.note().text()).map_err(|_| KeyError::Malformed)?;
    for signature in note.signatures() {
        signed.add(signature.clone()).map_err(CheckpointError::from)?;
    }
    Ok(signed)
}

/// Every statement the log published.
pub(crate) fn published(files: &dyn LogFiles) -> Result<KeyChain, TreeError> {
    let mut chain = KeyChain::default();
    for number in 1..=MAX_ROTATIONS {
        let Some(bytes) = files.read(&rotation::path(number))? else { break };
        chain.push(&bytes)?;
    }
    Ok(chain)
}
