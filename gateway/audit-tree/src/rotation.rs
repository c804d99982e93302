//! Rotation of a log's key: the old key signs the new one in.
//!
//! ```text
//! motlan.example/log
//! log key rotation v1
//! motlan.example/log+31ad3d21+AZ…
//! motlan.example/log+c8a0b2e4+AQ…
//!
//! — motlan.example/log Ma09If…
//! — motlan.example/log yKCy5E…
//! ```
//!
//! A signed note of the origin, what this is, the old key and the new one,
//! signed by **both**: the old key says who comes after it, the new one that it
//! is somebody's. No checkpoint can be taken for one, nor one for a checkpoint:
//! where a checkpoint has its size, this has words.
//!
//! The log publishes them as `keys/1`, `keys/2`, …, each going on from the one
//! before, and they stay. Whoever holds any of the log's keys comes by them to
//! every later one ([`KeyChain::trusted_from`]), never to an earlier one.
//!
//! **Out of scope**: when a key stops being good. Whoever stole an old key can
//! still sign as the log for those who hold only that key; what they sign is
//! found as a fork by whoever has seen the log. A stolen key is answered with a
//! new origin. The log itself keeps what a key of its own signed last, and takes
//! what that one signed of a larger tree for nobody's word (`motlan-audit`).

#[cfg(test)]
mod tests;

use std::fmt;

use crate::note::{Algorithm, Note, NoteError, SignError, SigningKey, VerifierKey};

/// The most statements of a log that are read: a key a month, for eighty years.
pub const MAX_ROTATIONS: u32 = 1_000;

/// The second line.
const HEADER: &str = "log key rotation v1";

/// The statement that one key of a log follows another, its signatures verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    old: VerifierKey,
    new: VerifierKey,
    note: Note,
}

/// A log's statements, each going on from the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyChain(Vec<Rotation>);

/// Why that is no statement of a log, or not the next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// A note perhaps, but its text does not say which key follows which.
    #[error("not a statement that one log key follows another")]
    Malformed,
    /// No note, or not signed by both keys.
    #[error("not signed by both keys")]
    Note(#[from] NoteError),
    /// It does not begin with the key that the one before ended with.
    #[error("does not go on from the statement before it")]
    Gap,
    /// More than [`MAX_ROTATIONS`].
    #[error("more statements than a log may have")]
    TooMany,
}

/// Where the `number`th statement lies among the log's files, from 1.
pub fn path(number: u32) -> String {
    format!("keys/{number}")
}

// === impl Rotation ===

impl Rotation {
    /// The statement that `new` follows `old`: the same bytes each time.
    ///
    /// # Errors
    /// [`SignError::Text`] where they are one key, or of two logs.
    pub fn sign(old: &SigningKey, new: &SigningKey) -> Result<Self, SignError> {
        let keys = (old.verifier_key().clone(), new.verifier_key().clone());
        if keys.0 == keys.1 || keys.0.name() != keys.1.name() {
            return Err(SignError::Text);
        }
        let text = text(&keys.0, &keys.1);
        let mut note = old.sign(&text)?;
        for signature in new.sign(&text)?.into_signatures() {
            note.add(signature).map_err(|_| SignError::Text)?;
        }
        Ok(Self { old: keys.0, new: keys.1, note })
    }

    /// Reads a statement and verifies both signatures.
    ///
    /// # Errors
    /// [`RotationError::Malformed`] or [`RotationError::Note`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RotationError> {
        let note = Note::parse(bytes)?;
        let (old, new) = keys(note.text()).ok_or(RotationError::Malformed)?;
        if note.verify(&[old.clone(), new.clone()])?.len() < 2 {
            return Err(NoteError::NotSigned.into());
        }
        Ok(Self { old, new, note })
    }

    /// Of which log.
    pub fn origin(&self) -> &str {
        self.old.name()
    }

    /// The key before.
    pub fn old(&self) -> &VerifierKey {
        &self.old
    }

    /// The key that follows it.
    pub fn new_key(&self) -> &VerifierKey {
        &self.new
    }
}

/// The signed note as it is stored and sent.
impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

fn text(old: &VerifierKey, new: &VerifierKey) -> String {
    format!("{}\n{HEADER}\n{old}\n{new}\n", old.name())
}

/// The keys that a text is about, if it is one in its one form.
fn keys(text: &str) -> Option<(VerifierKey, VerifierKey)> {
    let mut lines = text.lines().skip(2);
    let mut key = || lines.next().and_then(|line| line.parse::<VerifierKey>().ok());
    let (old, new) = (key()?, key()?);
    let is_log = |key: &VerifierKey| key.algorithm() == Algorithm::Ed25519;
    let sound = is_log(&old) && is_log(&new) && old != new && old.name() == new.name();
    (sound && text == self::text(&old, &new)).then_some((old, new))
}

// === impl KeyChain ===

impl KeyChain {
    /// Adds the next statement.
    ///
    /// # Errors
    /// [`RotationError`], with nothing added.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), RotationError> {
        let next = Rotation::parse(bytes)?;
        if self.0.len() >= MAX_ROTATIONS as usize {
            return Err(RotationError::TooMany);
        }
        if self.0.last().is_some_and(|last| last.new != next.old) {
            return Err(RotationError::Gap);
        }
        self.0.push(next);
        Ok(())
    }

    /// The statements, the first one first.
    pub fn rotations(&self) -> &[Rotation] {
        &self.0
    }

    /// Of which log; none where there are none.
    pub fn origin(&self) -> Option<&str> {
        self.0.first().map(Rotation::origin)
    }

    /// The number of the next one.
    pub fn next_number(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(MAX_ROTATIONS).saturating_add(1)
    }

    /// Every key the log had, the newest last.
    pub fn keys(&self) -> Vec<&VerifierKey> {
        let first = self.0.first().map(Rotation::old);
        first.into_iter().chain(self.0.iter().map(Rotation::new_key)).collect()
    }

    /// The keys that these ones lead to, in order, without them.
    pub fn trusted_from(&self, known: &[VerifierKey]) -> Vec<VerifierKey> {
        let mut reached: Vec<VerifierKey> = Vec::new();
        for rotation in &self.0 {
            let trusted = |key: &VerifierKey| known.contains(key) || reached.contains(key);
            if trusted(&rotation.old) && !trusted(&rotation.new) {
                reached.push(rotation.new.clone());
            }
        }
        reached
    }
}
