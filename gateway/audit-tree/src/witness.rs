//! What a log asks of a witness, and what a witness decides (C2SP
//! tlog-witness, `add-checkpoint`). Without HTTP, storage or clock.
//!
//! A witness knows the largest tree of a log it has seen. The log sends its
//! next checkpoint with a proof that the one grew from the other; the witness
//! makes the new one durable and then cosigns it. Looking the old state up,
//! [`decide`] and making the new one durable must be one step, or two
//! requests at once could turn the state back.
//!
//! ```text
//! old 20852014
//! PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
//!
//! example.com/behind-the-sofa
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5…
//! ```

mod decision;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::checkpoint::SignedCheckpoint;
use crate::hash::NodeHash;
use crate::note::{MAX_NOTE_BYTES, Note, NoteError, Signature, VerifierKey, parse_signatures};
use crate::text::{parse_hash, parse_size, print_hash};

pub use decision::{Alarm, Misbehaviour, Refusal, Refused, decide};

/// The most hashes a request may bring.
pub const MAX_PROOF_HASHES: usize = 63;

/// The longest request body: the old size, the proof, the empty line, a note.
pub const MAX_REQUEST_BYTES: usize = 32 + MAX_PROOF_HASHES * 45 + MAX_NOTE_BYTES;

/// The content type of a [`Refusal::Conflict`]'s body.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// An `add-checkpoint` request; nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<NodeHash>,
    checkpoint: Note,
}

/// Not the form of an `add-checkpoint` request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an add-checkpoint request")]
pub struct RequestError;

// === impl AddCheckpoint ===

impl AddCheckpoint {
    /// The request to cosign `checkpoint` for a witness that has seen
    /// `old_size` leaves, with the proof from there.
    ///
    /// # Errors
    /// [`RequestError`] for a proof of more than [`MAX_PROOF_HASHES`], which
    /// no tree of up to 2^62 leaves has.
    pub fn new(
        old_size: u64,
        proof: Vec<NodeHash>,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Self, RequestError> {
        let fits = proof.len() <= MAX_PROOF_HASHES;
        fits.then(|| Self { old_size, proof, checkpoint: checkpoint.note().clone() }).ok_or(RequestError)
    }

    /// Reads a request body.
    ///
    /// # Errors
    /// [`RequestError`]; the witness answers 400.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(RequestError);
        }
        let body = std::str::from_utf8(body).map_err(|_| RequestError)?;
        let (front, note) = body.split_once("\n\n").ok_or(RequestError)?;
        let mut lines = front.split('\n');
        let old_size = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(parse_size);
        let proof: Option<Vec<NodeHash>> = lines.take(MAX_PROOF_HASHES + 1).map(parse_hash).collect();
        let (Some(old_size), Some(proof)) = (old_size, proof) else { return Err(RequestError) };
        if proof.len() > MAX_PROOF_HASHES {
            return Err(RequestError);
        }
        let checkpoint = Note::parse(note.as_bytes()).map_err(|_| RequestError)?;
        Ok(Self { old_size, proof, checkpoint })
    }

    /// The origin the checkpoint states, unverified: for finding the log.
    pub fn origin(&self) -> &str {
        self.checkpoint.text().split('\n').next().unwrap_or_default()
    }
}

/// The request body.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", print_hash(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

// === responses ===

/// The body of a 200: the witness's cosignatures, a line each.
pub fn print_cosignatures(cosignatures: &[Signature]) -> String {
    cosignatures.iter().flat_map(|cosignature| [cosignature.to_string(), "\n".to_owned()]).collect()
}

/// Reads the body of a 200: the cosignatures on `checkpoint` by these
/// witnesses. Lines by unknown keys are left out.
///
/// # Errors
/// [`NoteError`] where the body is no such lines, one of these witnesses'
/// does not verify, or there is none of theirs.
pub fn read_cosignatures(
    body: &[u8],
    checkpoint: &SignedCheckpoint,
    witnesses: &[VerifierKey],
) -> Result<Vec<Signature>, NoteError> {
    if body.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLarge);
    }
    let lines = std::str::from_utf8(body).map_err(|_| NoteError::Malformed)?;
    let mut cosigned = Note::new(checkpoint.note().text().to_owned(), parse_signatures(lines)?)?;
    cosigned.verify(witnesses)?;
    cosigned.retain(witnesses);
    Ok(cosigned.into_signatures())
}

/// The body of a 409: the size the witness has seen.
pub fn print_known_size(size: u64) -> String {
    format!("{size}\n")
}

/// Reads the body of a 409; none where it is not that.
pub fn read_known_size(body: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(body).ok()?;
    parse_size(line.strip_suffix('\n')?)
}
