//! What somebody outside the log kept: checkpoints and receipts.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::LeafHash;
use crate::merkle::MAX_SIZE;
use crate::note::Note;
use crate::text::parse_size;

/// Evidence handed in, read but not yet compared with anything.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub(super) checkpoints: Vec<Given>,
    pub(super) receipts: Vec<Receipt>,
}

/// A checkpoint handed in; its text is one, its signatures are unverified.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) note: Note,
}

/// What a caller was told about its entry (`common.v1.Receipt`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the piece is called.
    pub name: String,
    /// The log.
    pub origin: String,
    /// The entry's place in it.
    pub index: u64,
    /// The entry's hash.
    pub leaf_hash: LeafHash,
}

/// Why a piece of evidence cannot be read. It then says nothing about the
/// log: what is wrong is the piece.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Not a signed note with a checkpoint as its text.
    #[error("{name} holds no checkpoint")]
    Checkpoint {
        /// The piece.
        name: String,
        /// Why not.
        source: CheckpointError,
    },
    /// Not a receipt, or list of receipts, as JSON.
    #[error("{name} holds no receipt")]
    Receipt {
        /// The piece.
        name: String,
    },
}

// === impl Evidence ===

impl Evidence {
    /// Adds a checkpoint, a signed note; `name` is what the report calls it.
    ///
    /// # Errors
    /// [`EvidenceError::Checkpoint`].
    pub fn add_checkpoint(&mut self, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        let refused = |source| EvidenceError::Checkpoint { name: name.to_owned(), source };
        let note = Note::parse(bytes).map_err(|error| refused(error.into()))?;
        note.text().parse::<Checkpoint>().map_err(refused)?;
        self.checkpoints.push(Given { name: name.to_owned(), note });
        Ok(())
    }

    /// The receipts, as they were added.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Adds a receipt, or a list of them, in protobuf's JSON form.
    ///
    /// That form leaves out what is zero, so a receipt without `index` is one
    /// of entry 0. `origin` and `leafHash` must be there; `time`, the key and
    /// anything else are not looked at. The index is an integer below
    /// 2^63 − 1, as number or as string of digits; the hash is base64 with
    /// padding, or 64 hex digits.
    ///
    /// # Errors
    /// [`EvidenceError::Receipt`], with nothing added.
    pub fn add_receipts(&mut self, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        let refused = || EvidenceError::Receipt { name: name.to_owned() };
        let read = |value: &Value| value.as_object().and_then(|object| receipt(name, object));
        let value: Value = serde_json::from_slice(bytes).map_err(|_| refused())?;
        let receipts: Option<Vec<Receipt>> = match &value {
            Value::Array(values) => values.iter().map(read).collect(),
            one => read(one).map(|receipt| vec![receipt]),
        };
        self.receipts.extend(receipts.ok_or_else(refused)?);
        Ok(())
    }

    /// What of it says that it is of that log.
    #[must_use]
    pub fn of_log(&self, origin: &str) -> Self {
        Self {
            checkpoints: self.checkpoints.iter().filter(|given| given.origin() == origin).cloned().collect(),
            receipts: self.receipts.iter().filter(|receipt| receipt.origin == origin).cloned().collect(),
        }
    }

    /// How many pieces of it are of none of those logs.
    pub fn of_none_of(&self, origins: &[&str]) -> u64 {
        let checkpoints = self.checkpoints.iter().map(Given::origin);
        let all = checkpoints.chain(self.receipts.iter().map(|receipt| receipt.origin.as_str()));
        all.filter(|origin| !origins.contains(origin)).count() as u64
    }
}

// === impl Given ===

impl Given {
    /// The log that it says it is of.
    fn origin(&self) -> &str {
        self.note.text().lines().next().unwrap_or_default()
    }
}

fn receipt(name: &str, object: &Map<String, Value>) -> Option<Receipt> {
    let index = match object.get("index") {
        None => 0,
        Some(Value::String(digits)) => parse_size(digits)?,
        Some(number) => number.as_u64()?,
    };
    if index >= MAX_SIZE {
        return None;
    }
    let text = |key| object.get(key).and_then(Value::as_str);
    let leaf_hash = hash(text("leafHash")?)?;
    Some(Receipt { name: name.to_owned(), origin: text("origin")?.to_owned(), index, leaf_hash })
}

fn hash(text: &str) -> Option<LeafHash> {
    if text.len() != 64 {
        return BASE64_STANDARD.decode(text).ok()?.try_into().ok();
    }
    let digits = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    let digits = digits.collect::<Option<Vec<u8>>>()?;
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d)).collect();
    bytes.try_into().ok()
}
