//! Signed notes: a text, and below it lines of signatures (C2SP signed-note).
//!
//! ```text
//! motlan.example/log
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — motlan.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```
//!
//! A text means nothing before a known key's signature has verified:
//! [`Note::verify`]. Signatures by unknown keys are carried along and count
//! for nothing, so that logs can change keys and witnesses can join.

mod key;
mod sign;

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

pub use key::{Algorithm, KeyError, VerifierKey};
pub use sign::{CosigningKey, SignError, SigningKey};

/// The longest note in bytes: room for [`MAX_SIGNATURES`] of the algorithms
/// of today, or for the 16 post-quantum ones any reader must accept.
pub const MAX_NOTE_BYTES: usize = 256 * 1024;

/// The most signatures of a note. C2SP signed-note asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

/// Between the text and the signatures stands an empty line.
const SEPARATOR: &str = "\n\n";

/// Before each signature stands an em dash.
const DASH: &str = "\u{2014} ";

/// A text and its signatures, none of them verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line: who signed, and the signature as the key's algorithm
/// has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

/// A known key whose signature stands under a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// When it signed, in seconds since 1970, where its algorithm says so; of
    /// several signatures the latest.
    pub time: Option<u64>,
}

/// Why a note is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`MAX_NOTE_BYTES`] or with more than [`MAX_SIGNATURES`].
    #[error("note is too large")]
    TooLarge,
    /// Not a note: the sender's fault, whoever that is.
    #[error("not a signed note")]
    Malformed,
    /// A signature claims to be of a known key and is not, or is not over
    /// this text. The whole note is refused, whatever else signed it.
    #[error("bad signature of {name}")]
    BadSignature {
        /// The key's name.
        name: String,
    },
    /// None of the known keys signed it.
    #[error("not signed by a known key")]
    NotSigned,
}

// === impl Signature ===

impl Signature {
    fn of(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), id: key.id(), bytes }
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id, which with the name tells key and algorithm.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Reads one line, its line end left out.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
        if !is_key_name(name) {
            return None;
        }
        let decoded = BASE64_STANDARD.decode(encoded).ok()?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        let signed = !bytes.is_empty();
        signed.then(|| Self { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
    }
}

/// The line, without its line end.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = BASE64_STANDARD.encode([&self.id.to_be_bytes()[..], &self.bytes].concat());
        write!(f, "{DASH}{} {encoded}", self.name)
    }
}

// === impl Note ===

impl Note {
    /// A note of that text, which ends in a line end, and at least one
    /// signature.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] or [`NoteError::TooLarge`]: what
    /// [`Note::parse`] would refuse.
    pub fn new(text: String, signatures: Vec<Signature>) -> Result<Self, NoteError> {
        if !is_text(&text) || signatures.is_empty() {
            return Err(NoteError::Malformed);
        }
        let note = Self { text, signatures };
        note.hold_to_limits()?;
        Ok(note)
    }

    /// Reads a note in its one form.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] or [`NoteError::TooLarge`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed)?;
        // The text may hold empty lines, so the last one separates.
        let at = whole.rfind(SEPARATOR).ok_or(NoteError::Malformed)?;
        let (text, rest) = whole.split_at_checked(at + 1).ok_or(NoteError::Malformed)?;
        let lines = rest.strip_prefix('\n').ok_or(NoteError::Malformed)?;
        Self::new(text.to_owned(), parse_signatures(lines)?)
    }

    /// The text, its last line end included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, known or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature, unless it is already there.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], with nothing added.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        self.signatures.push(signature);
        self.hold_to_limits().inspect_err(|_| drop(self.signatures.pop()))
    }

    /// Which of the known keys signed this text; each at most once, however
    /// often it signed, so that counting the answer counts signers.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] where one signature by one of these keys
    /// does not verify, [`NoteError::NotSigned`] where there is none.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<Verified<'k>>, NoteError> {
        let mut verified: Vec<Verified<'k>> = Vec::new();
        for key in keys {
            if verified.iter().any(|known| known.key == key) {
                continue;
            }
            let mut found: Option<Verified<'k>> = None;
            for signature in self.signatures.iter().filter(|signature| key.is_named_by(signature)) {
                let time = key.verify(&self.text, &signature.bytes)?;
                // No time is less than any.
                let time = found.map_or(time, |earlier| earlier.time.max(time));
                found = Some(Verified { key, time });
            }
            verified.extend(found);
        }
        if verified.is_empty() { Err(NoteError::NotSigned) } else { Ok(verified) }
    }

    /// Drops every signature that none of these keys is named by.
    pub(crate) fn retain(&mut self, keys: &[VerifierKey]) {
        self.signatures.retain(|signature| keys.iter().any(|key| key.is_named_by(signature)));
    }

    pub(crate) fn into_signatures(self) -> Vec<Signature> {
        self.signatures
    }

    fn hold_to_limits(&self) -> Result<(), NoteError> {
        let line = |signature: &Signature| {
            let encoded = (4 + signature.bytes.len()).div_ceil(3) * 4;
            DASH.len() + signature.name.len() + 1 + encoded + 1
        };
        let length = self.text.len() + 1 + self.signatures.iter().map(line).sum::<usize>();
        let fits = length <= MAX_NOTE_BYTES && self.signatures.len() <= MAX_SIGNATURES;
        if fits { Ok(()) } else { Err(NoteError::TooLarge) }
    }
}

/// The note as it is stored and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

// === lines ===

/// Reads lines of signatures, each with its line end.
pub(crate) fn parse_signatures(lines: &str) -> Result<Vec<Signature>, NoteError> {
    let parsed = lines.split_inclusive('\n').map(|line| line.strip_suffix('\n').and_then(Signature::parse));
    parsed.collect::<Option<_>>().ok_or(NoteError::Malformed)
}

/// Whether that may be a note's text: it ends in a line end and has no other
/// control character.
fn is_text(text: &str) -> bool {
    text.ends_with('\n') && text.bytes().all(|byte| byte >= b' ' || byte == b'\n')
}

/// Whether that may name a key.
fn is_key_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c == '+' || c < ' ';
    !name.is_empty() && !name.contains(forbidden)
}
