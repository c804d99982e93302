//! Checkpoints: what a log states about itself (C2SP tlog-checkpoint).
//!
//! A [`Checkpoint`] is the text: origin, size, root. A [`SignedCheckpoint`] is
//! one whose log's signature has been verified; it keeps the whole note, so
//! that it can be shown to others and cosigned.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::merkle::{MAX_SIZE, TreeHead};
use crate::note::{Note, NoteError, SignError, Signature, SigningKey, Verified, VerifierKey};
use crate::text::{parse_hash, parse_size, print_hash};

/// The text of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
    /// Lines behind the root. We write none, and they mean nothing here, but
    /// they are signed with the rest.
    extensions: Vec<String>,
}

/// A log as somebody else knows it: its origin, and the keys it signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedLog {
    /// The first line of its checkpoints.
    pub origin: String,
    /// One of these has signed each of them.
    pub keys: Vec<VerifierKey>,
}

/// A checkpoint a trusted log has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why a checkpoint is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// A note perhaps, but its text is no checkpoint.
    #[error("not a checkpoint")]
    Malformed,
    /// Another log's checkpoint.
    #[error("checkpoint of another log")]
    OtherOrigin,
    /// No note, or not one of that log.
    #[error("checkpoint is not a note of the log")]
    Note(#[from] NoteError),
}

// === impl Checkpoint ===

impl Checkpoint {
    /// The checkpoint of that log and tree.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] where the origin is empty or holds a
    /// control character, or the tree is larger than [`MAX_SIZE`].
    pub fn new(origin: &str, head: TreeHead) -> Result<Self, CheckpointError> {
        if is_line(origin) && head.size <= MAX_SIZE {
            Ok(Self { origin: origin.to_owned(), head, extensions: Vec::new() })
        } else {
            Err(CheckpointError::Malformed)
        }
    }

    /// Which log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its tree.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// Further lines of the text, without a meaning here.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// The note text.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, print_hash(&self.head.root))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(malformed.clone())?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(malformed);
        };
        let size = parse_size(size).ok_or(malformed.clone())?;
        let root = parse_hash(root).ok_or(malformed.clone())?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().all(|line| is_line(line)) {
            Ok(Self { extensions, ..Self::new(origin, TreeHead { size, root })? })
        } else {
            Err(malformed)
        }
    }
}

// === impl TrustedLog ===

/// A log whose one key bears its origin as name, as C2SP tlog-checkpoint
/// recommends.
impl From<VerifierKey> for TrustedLog {
    fn from(key: VerifierKey) -> Self {
        Self { origin: key.name().to_owned(), keys: vec![key] }
    }
}

// === impl SignedCheckpoint ===

impl SignedCheckpoint {
    /// Signs a checkpoint as its log. The log must never sign two that do not
    /// grow one from the other.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Result<Self, SignError> {
        let note = key.sign(&checkpoint.to_string())?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a checkpoint of that log and verifies the log's signature.
    ///
    /// # Errors
    /// [`CheckpointError`] where it is none.
    pub fn open(bytes: &[u8], log: &TrustedLog) -> Result<Self, CheckpointError> {
        Self::from_note(Note::parse(bytes)?, log)
    }

    /// Takes a note for a checkpoint of that log, having verified the log's
    /// signature.
    ///
    /// # Errors
    /// [`CheckpointError`] where it is none.
    pub fn from_note(note: Note, log: &TrustedLog) -> Result<Self, CheckpointError> {
        let checkpoint: Checkpoint = note.text().parse()?;
        if checkpoint.origin != log.origin {
            return Err(CheckpointError::OtherOrigin);
        }
        note.verify(&log.keys)?;
        Ok(Self { checkpoint, note })
    }

    /// What it states.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The tree it states.
    pub fn head(&self) -> TreeHead {
        self.checkpoint.head
    }

    /// The note, with all signatures.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a cosignature.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], with nothing added.
    pub fn add(&mut self, cosignature: Signature) -> Result<(), NoteError> {
        self.note.add(cosignature)
    }

    /// Which of these witnesses cosigned it, and when; each counts once.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] or [`NoteError::NotSigned`].
    pub fn cosigned_by<'k>(&self, witnesses: &'k [VerifierKey]) -> Result<Vec<Verified<'k>>, NoteError> {
        self.note.verify(witnesses)
    }

    /// The same with no signatures but the log's.
    pub(crate) fn only_signed_by(mut self, log: &TrustedLog) -> Self {
        self.note.retain(&log.keys);
        self
    }
}

/// The signed note as it is stored and sent.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// Whether that may be one line of a checkpoint.
fn is_line(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|byte| byte >= b' ')
}
