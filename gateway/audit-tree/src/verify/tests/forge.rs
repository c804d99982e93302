//! A log as an honest operator, or one that holds the key and is not, makes
//! it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::bundle::push_entry;
use crate::entry::{Actor, ActorKind, Entry, EntryTime, Fields, Kind, Loaded, NotReleased, Outcome, Purpose};
use crate::hash::{LeafHash, leaf_hash};
use crate::merkle::{Frontier, TreeHead};
use crate::note::{CosigningKey, SigningKey};
use crate::tile::Bundle;
use crate::verify::{Evidence, Keys, Source, SourceError};
use crate::{Checkpoint, SignedCheckpoint};

pub(super) const ORIGIN: &str = "motlan.example/H32/gw1";

/// The entries of a log, to be changed at will and published.
#[derive(Clone)]
pub(super) struct Forged {
    pub(super) entries: Vec<Vec<u8>>,
}

/// A log's files.
#[derive(Clone, Default)]
pub(super) struct Shown {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Files that are there and cannot be read.
    pub(super) broken: BTreeSet<String>,
}

pub(super) fn log_key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

pub(super) fn witness(number: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("w{number}.example"), &[number; 32]).unwrap()
}

/// The log's key, and those of these witnesses.
pub(super) fn keys(witnesses: &[u8]) -> Keys {
    let mut keys = Keys::default();
    keys.add_log(&log_key().verifier_key().to_string()).unwrap();
    for number in witnesses {
        keys.add_witnesses(&witness(*number).verifier_key().to_string()).unwrap();
    }
    keys
}

pub(super) fn at(index: u64) -> EntryTime {
    EntryTime::new(Timestamp::from_microsecond(1_795_232_020_000_000 + index.cast_signed() * 1_001).unwrap())
}

/// Entry `index`: intents, their outcomes, and others between them.
pub(super) fn entry(index: u64) -> Entry {
    let kinds = [Kind::ConfigLoaded, Kind::AccessIntent, Kind::AccessOutcome, Kind::LogRead];
    let kind = if index % 100 == 99 { Kind::EntryNotReleased } else { kinds[(index % 4) as usize] };
    let mut entry = Entry::new(ORIGIN, index, at(index), kind);
    match kind {
        Kind::ConfigLoaded => {
            entry.loaded = Some(Loaded { digest: "sha256:ee".into(), what: "policy".into() });
        }
        Kind::EntryNotReleased => {
            let range = (index - 2, index - 1);
            let cause = "SYNC_FAILED".into();
            entry.not_released = Some(NotReleased { cause, first: range.0, last: range.1 });
        }
        _ => {
            entry.actor = Some(Actor {
                account: Some("lan.nguyen".into()),
                agency: None,
                kind: ActorKind::Officer,
                pseudonym: None,
                source_account: None,
            });
            entry.purpose = Some(Purpose::Dossier("H32.212-261121-0007".into()));
            entry.legal_basis = vec!["Luật Cư trú 2020, Điều 38 \"index\":7".into()];
            entry.fields = Some(Fields { asked: vec!["full_name".into()], disclosed: vec![] });
        }
    }
    if kind == Kind::AccessOutcome {
        entry.intent = Some(index - 1);
        entry.outcome = Some(Outcome::Found);
    }
    entry
}

pub(super) fn evidence(checkpoints: &[&SignedCheckpoint], receipts: &[&str]) -> Evidence {
    let mut evidence = Evidence::default();
    for (number, checkpoint) in checkpoints.iter().enumerate() {
        evidence.add_checkpoint(&format!("given{number}"), checkpoint.to_string().as_bytes()).unwrap();
    }
    for receipt in receipts {
        evidence.add_receipts("receipt", receipt.as_bytes()).unwrap();
    }
    evidence
}

// === impl Forged ===

impl Forged {
    pub(super) fn new(size: u64) -> Self {
        Self { entries: (0..size).map(|index| entry(index).encode().unwrap()).collect() }
    }

    /// With another entry in that place, which is just as good.
    pub(super) fn rewritten(&self, index: u64) -> Self {
        self.with(index, |entry| entry.reason = Some("REWRITTEN".into()))
    }

    /// With that entry changed, and in canonical form.
    pub(super) fn with(&self, index: u64, change: impl Fn(&mut Entry)) -> Self {
        let mut entry = Entry::parse(&self.entries[index as usize]).unwrap();
        change(&mut entry);
        self.put(index, &entry.encode().unwrap())
    }

    /// With those bytes in that place.
    pub(super) fn put(&self, index: u64, bytes: &[u8]) -> Self {
        let mut changed = self.clone();
        changed.entries[index as usize] = bytes.to_vec();
        changed
    }

    fn leaves(&self, size: u64) -> Vec<LeafHash> {
        self.entries[..size as usize].iter().map(|entry| leaf_hash(entry)).collect()
    }

    pub(super) fn head(&self, size: u64) -> TreeHead {
        Frontier::new().append(&self.leaves(size)).head
    }

    /// The log's signed checkpoint of that size.
    pub(super) fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        signed(self.head(size))
    }

    /// A checkpoint those witnesses cosigned, each at a time of its own.
    pub(super) fn witnessed(&self, size: u64, witnesses: &[(u8, u64)]) -> SignedCheckpoint {
        let mut checkpoint = self.checkpoint(size);
        for (number, time) in witnesses {
            checkpoint.add(witness(*number).cosign(checkpoint.note(), *time).unwrap()).unwrap();
        }
        checkpoint
    }

    pub(super) fn receipt(&self, index: u64) -> String {
        let hash = hex::encode(leaf_hash(&self.entries[index as usize]));
        format!(r#"{{"origin":"{ORIGIN}","index":"{index}","leafHash":"{hash}","time":"x"}}"#)
    }

    /// All entries' bundles and tiles, and the checkpoint.
    pub(super) fn publish(&self) -> Shown {
        let mut shown = Shown::default();
        let size = self.entries.len() as u64;
        for (tile, bytes) in Frontier::new().append(&self.leaves(size)).tiles {
            shown.put(&tile.to_string(), &bytes);
        }
        shown.bundles(&self.entries, size);
        shown.put("checkpoint", self.checkpoint(size).to_string().as_bytes());
        shown
    }

    /// The same, with kept checkpoints.
    pub(super) fn publish_with(&self, kept: &[u64]) -> Shown {
        let mut shown = self.publish();
        for size in kept {
            shown.keep(&self.checkpoint(*size));
        }
        shown
    }
}

pub(super) fn signed(head: TreeHead) -> SignedCheckpoint {
    SignedCheckpoint::sign(Checkpoint::new(ORIGIN, head).unwrap(), &log_key()).unwrap()
}

// === impl Shown ===

impl Shown {
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) {
        self.files.insert(path.to_owned(), bytes.to_vec());
    }

    pub(super) fn keep(&mut self, checkpoint: &SignedCheckpoint) {
        let path = format!("checkpoints/{}", checkpoint.head().size);
        self.put(&path, checkpoint.to_string().as_bytes());
    }

    /// Writes these entries into bundles as if the log had `size` of them,
    /// those too many into the last.
    pub(super) fn bundles(&mut self, entries: &[Vec<u8>], size: u64) {
        let mut rest = entries;
        for bundle in (0..).map_while(|index| Bundle::in_tree(index, size)) {
            let is_last = Bundle::in_tree(bundle.index() + 1, size).is_none();
            let count = if is_last { rest.len() } else { rest.len().min(256) };
            let (now, later) = rest.split_at(count);
            rest = later;
            let mut bytes = Vec::new();
            for entry in now {
                push_entry(&mut bytes, entry).unwrap();
            }
            self.put(&bundle.to_string(), &bytes);
        }
    }

    /// A file that must be there, to be changed.
    pub(super) fn file(&mut self, path: &str) -> &mut Vec<u8> {
        self.files.get_mut(path).unwrap_or_else(|| panic!("{path} is shown"))
    }

    pub(super) fn remove(&mut self, path: &str) {
        assert!(self.files.remove(path).is_some(), "{path} is shown");
    }

    /// Takes the last byte of a file away.
    pub(super) fn cut(&mut self, path: &str) {
        assert!(self.file(path).pop().is_some(), "{path} has a byte");
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let bytes = self.files.remove(from).unwrap();
        self.put(to, &bytes);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("disk on fire")]
struct OnFire;

impl Source for Shown {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        if self.broken.contains(path) {
            return Err(SourceError { path: path.to_owned(), source: Box::new(OnFire) });
        }
        Ok(self.files.get(path).cloned())
    }

    fn kept(&self) -> Result<Vec<u64>, SourceError> {
        let names = self.files.keys().filter_map(|path| path.strip_prefix("checkpoints/"));
        // Twice and from the end: the order says nothing.
        let sizes: Vec<u64> = names.map(|name| name.parse().unwrap()).collect();
        Ok(sizes.iter().rev().chain(&sizes).copied().collect())
    }
}
