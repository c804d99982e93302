//! Checkpoints whose signatures hold, and what they vouch for.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::keys::Keys;
use super::report::{Code, Fault, Witnessed};
use crate::checkpoint::Checkpoint;
use crate::merkle::TreeHead;
use crate::note::{Note, NoteError};

/// Where a checkpoint comes from, as a report says it.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// The log's newest one.
    Newest,
    /// One it kept, under the name of that size.
    Kept(u64),
    /// The newest that the log says is witnessed.
    Witnessed,
    /// Handed in under that name.
    Given(String),
}

/// A checkpoint whose signatures hold.
#[derive(Debug)]
pub(super) struct Vouched {
    pub(super) place: Place,
    pub(super) head: TreeHead,
    /// Whether it was given, or a given witness cosigned it: a log that
    /// rewrote itself could sign its kept ones anew, but not this one.
    pub(super) outside: bool,
}

/// A checkpoint that the log signed; its cosignatures may be at fault.
pub(super) struct Opened {
    pub(super) origin: String,
    pub(super) head: TreeHead,
    /// The log's keys that signed it, as verifier keys, sorted.
    pub(super) signers: Vec<String>,
    pub(super) cosigned: Result<Vec<Cosigned>, Fault>,
}

/// By which witness, and when.
pub(super) struct Cosigned {
    name: String,
    time: u64,
}

/// What signatures vouch for, put together.
#[derive(Default)]
pub(super) struct Vouching {
    /// Kept and given ones, as they came.
    pub(super) checkpoints: Vec<Vouched>,
    /// The largest size vouched for from outside.
    pub(super) covered: u64,
    witnessed: Option<Largest>,
}

struct Largest {
    size: u64,
    time: u64,
    witnesses: BTreeSet<String>,
}

// === impl Place ===

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("checkpoint"),
            Self::Kept(size) => write!(f, "checkpoints/{size}"),
            Self::Witnessed => f.write_str("witnessed"),
            Self::Given(name) => f.write_str(name),
        }
    }
}

// === impl Opened ===

impl Opened {
    /// Takes a note for a checkpoint of a log. Its origin must be the name of
    /// a key that signed it, and `origin` where that is known.
    pub(super) fn new(place: &Place, note: &Note, keys: &Keys, origin: Option<&str>) -> Result<Self, Fault> {
        let refuse = |code, what: &str| Fault::new(code, None, format!("{place}: {what}."));
        let signers = note.verify(&keys.log).map_err(|error| {
            let what = match error {
                NoteError::BadSignature { name } => format!("the signature of {name} does not hold"),
                _ => "no key of the log signed this".to_owned(),
            };
            refuse(Code::CheckpointSignature, &what)
        })?;
        let checkpoint: Checkpoint = note
            .text()
            .parse()
            .map_err(|_| refuse(Code::CheckpointSignature, "what the log signed there is no checkpoint"))?;
        let named = signers.iter().any(|signer| signer.key.name() == checkpoint.origin());
        if !named || origin.is_some_and(|origin| origin != checkpoint.origin()) {
            return Err(refuse(Code::CheckpointOrigin, "this is a checkpoint of another log"));
        }
        let cosigned = match note.verify(&keys.witnesses) {
            Ok(cosigned) => Ok(cosigned
                .iter()
                .map(|by| Cosigned { name: by.key.name().to_owned(), time: by.time.unwrap_or(0) })
                .collect()),
            Err(NoteError::BadSignature { name }) => {
                Err(refuse(Code::CosignatureBad, &format!("the signature of witness {name} does not hold")))
            }
            Err(_) => Ok(Vec::new()),
        };
        let mut signers: Vec<String> = signers.iter().map(|signer| signer.key.to_string()).collect();
        signers.sort();
        Ok(Self { origin: checkpoint.origin().to_owned(), head: checkpoint.head(), signers, cosigned })
    }
}

// === impl Vouching ===

impl Vouching {
    /// Counts a checkpoint for what it vouches for, and keeps it to be
    /// compared, unless it is the log's newest.
    ///
    /// # Errors
    /// A bad cosignature; the checkpoint then counts for nothing.
    pub(super) fn add(&mut self, place: Place, opened: Opened) -> Result<(), Fault> {
        let cosigned = opened.cosigned?;
        let size = opened.head.size;
        let outside = matches!(place, Place::Given(_)) || !cosigned.is_empty();
        if outside {
            self.cover(size);
        }
        for Cosigned { name, time } in cosigned {
            let largest = self.witnessed.take().filter(|largest| largest.size >= size);
            let mut largest = largest.unwrap_or(Largest { size, time, witnesses: BTreeSet::new() });
            if largest.size == size {
                largest.time = largest.time.max(time);
                largest.witnesses.insert(name);
            }
            self.witnessed = Some(largest);
        }
        if !matches!(place, Place::Newest) {
            self.checkpoints.push(Vouched { place, head: opened.head, outside });
        }
        Ok(())
    }

    /// Something outside vouches for that size.
    pub(super) fn cover(&mut self, size: u64) {
        self.covered = self.covered.max(size);
    }

    /// The largest witnessed checkpoint.
    pub(super) fn witnessed(&self) -> Option<Witnessed> {
        let largest = self.witnessed.as_ref()?;
        let time = i64::try_from(largest.time).ok().and_then(|time| Timestamp::from_second(time).ok());
        Some(Witnessed {
            size: largest.size,
            time: time.map(|time| time.to_string()),
            witnesses: largest.witnesses.iter().cloned().collect(),
        })
    }
}
