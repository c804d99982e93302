//! How far a log's retired keys speak for it.
//!
//! While two keys sign, each speaks for any tree. What the old one signed last,
//! beside the new one, is what the new key finds when it signs alone for the first
//! time: that checkpoint is kept beside the statement, as `keys/<n>.last`, before
//! any other takes its place. It bears the signatures of both keys; and it stays, so
//! that the bound does not grow with the log, however often the log is opened.
//! Whoever has the old key elsewhere is bound by it. Whoever has that key and may
//! write in the published folder is not: a later checkpoint with the old key's
//! signature added, put there under that name, passes for the last one.
//!
//! **Where it is not known**, as of a log whose key was retired by an earlier
//! build, the retired key speaks for nothing: what it signed is a claim then.

use std::io;

use motlan_audit_tree::{KeyChain, Rotation, SignedCheckpoint, TreeHead, TrustedLog, VerifierKey, rotation};

use super::files::LogFiles;

/// The retired keys of a log, and the size up to which each speaks for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Retired(Vec<(VerifierKey, u64)>);

/// A checkpoint that is to be kept: where, and its bytes.
pub(super) type Unkept = (String, Vec<u8>);

// === impl Retired ===

impl Retired {
    /// Of a log of these statements that `current` signs. `newest` is the newest
    /// checkpoint there is: the last that the key before `current` signed, where
    /// that is not kept yet.
    pub(crate) fn of(
        chain: &KeyChain,
        current: &VerifierKey,
        files: &dyn LogFiles,
        newest: Option<&[u8]>,
    ) -> io::Result<(Self, Option<Unkept>)> {
        // A key may have come back: its last time counts.
        let before = chain.keys().into_iter().rposition(|key| key == current).unwrap_or(0);
        let (mut sizes, mut unkept) = (Vec::new(), None);
        for (number, rotation) in (1..).zip(chain.rotations().iter().take(before)) {
            let mut size = files.read(&last(number))?.and_then(|bytes| signed_by_both(rotation, &bytes));
            if size.is_none() && rotation.new_key() == current {
                size = newest.and_then(|bytes| signed_by_both(rotation, bytes));
                unkept = size.and(newest).map(|bytes| (last(number), bytes.to_vec()));
            }
            if size.is_none() {
                let key = rotation.old().to_string();
                tracing::warn!(key, "what this retired log key signed last is not known: it proves nothing");
            }
            sizes.push((rotation.old().clone(), size.map_or(0, |head| head.size)));
        }
        Ok((Self(sizes), unkept))
    }

    /// Whether one of them signed that checkpoint, of a tree for which it speaks.
    pub(crate) fn speak_for(&self, seen: &SignedCheckpoint) -> bool {
        let size = seen.head().size;
        let signed = |key: &VerifierKey| seen.note().verify(std::slice::from_ref(key)).is_ok();
        self.0.iter().any(|(key, to)| size <= *to && signed(key))
    }
}

/// Where the last checkpoint lies that the old key of the `number`th statement signed.
pub(crate) fn last(number: u32) -> String {
    format!("{}.last", rotation::path(number))
}

/// The tree of a checkpoint that both keys of the statement signed.
fn signed_by_both(rotation: &Rotation, bytes: &[u8]) -> Option<TreeHead> {
    let by = |key: &VerifierKey| SignedCheckpoint::open(bytes, &TrustedLog::from(key.clone())).ok();
    by(rotation.old())?;
    by(rotation.new_key()).map(|signed| signed.head())
}
