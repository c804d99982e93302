//! What others know of the published log: its newest checkpoint, and proofs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use motlan_audit_tree::{KeyChain, NodeHash, ReadError, SignedCheckpoint, StoredTree, VerifierKey};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::files::{LogFiles, Stored};
use super::retired::Retired;
use super::signers::{KnownKeys, Signers};
use super::{Telling, TileError, TreeError, Witnessed, damaged};

/// What others know of the published log.
#[derive(Clone)]
pub(crate) struct Published {
    pub(super) newest: watch::Receiver<Arc<SignedCheckpoint>>,
    pub(super) key: VerifierKey,
    /// Every key the log had.
    pub(super) keys: KnownKeys,
    /// How far those speak for it that are retired.
    pub(super) retired: Arc<Retired>,
    /// The rotation of the key that begins with this start, if one does.
    pub(super) telling: Option<Arc<Telling>>,
    pub(crate) files: Arc<dyn LogFiles>,
    pub(super) paused: Arc<Mutex<bool>>,
    pub(super) failing: Arc<AtomicBool>,
    pub(super) witnessed: Arc<Witnessed>,
}

// === impl Published ===

impl Published {
    /// Of these keys and files; nothing failing, nothing witnessed.
    pub(super) fn of(
        signers: &Signers,
        files: &Arc<dyn LogFiles>,
        published: &watch::Sender<Arc<SignedCheckpoint>>,
    ) -> Self {
        Self {
            newest: published.subscribe(),
            key: signers.verifier_key().clone(),
            keys: signers.known_keys(),
            retired: signers.retired(),
            telling: signers.telling(),
            files: Arc::clone(files),
            paused: Arc::default(),
            failing: Arc::default(),
            witnessed: Arc::default(),
        }
    }

    /// The newest checkpoint.
    pub(crate) fn newest(&self) -> Arc<SignedCheckpoint> {
        Arc::clone(&self.newest.borrow())
    }

    /// The key that signs them.
    pub(crate) const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Every key the log had until now, the newest last.
    pub(crate) fn keys(&self) -> Arc<[VerifierKey]> {
        Arc::clone(&self.keys.lock().keys)
    }

    /// Every statement published until now that one key follows another.
    pub(crate) fn chain(&self) -> Arc<KeyChain> {
        Arc::clone(&self.keys.lock().chain)
    }

    /// Whether one of the log's keys signed that checkpoint which signed trees of
    /// its size. The one that signs now, and the one that follows it, may have
    /// signed any; one that was retired none larger than the last that it signed
    /// ([`Retired`]). What it signs beyond is not the log's, whoever has that key.
    pub(crate) fn may_have_signed(&self, seen: &SignedCheckpoint) -> bool {
        let keys = self.keys();
        let current = keys.iter().rposition(|key| *key == self.key).unwrap_or(0);
        let in_force = keys.get(current..).unwrap_or_default();
        seen.note().verify(in_force).is_ok() || self.retired.speak_for(seen)
    }

    pub(crate) const fn files(&self) -> &Arc<dyn LogFiles> {
        &self.files
    }

    /// The rotation that an entry has to tell of.
    pub(crate) fn telling(&self) -> Option<Arc<Telling>> {
        self.telling.clone()
    }

    /// Waits until a checkpoint covers every entry below `to`, or the log is
    /// closed.
    pub(crate) async fn reaches(&self, to: u64) {
        // An error means closed: nothing more will come.
        let _ = self.newest.clone().wait_for(|newest| newest.head().size >= to).await;
    }

    /// Whether the last attempt to publish failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    /// Pauses or resumes integration; a step under way is waited for.
    pub(crate) fn pause(&self, paused: bool) {
        *self.paused.lock() = paused;
    }

    /// That the entry is in the tree of `size` leaves. Reads files.
    pub(crate) fn prove_inclusion(&self, index: u64, size: u64) -> Result<Vec<NodeHash>, TreeError> {
        self.prove(size, |tree| tree.prove_inclusion(index, size))
    }

    /// That the tree of `new` leaves grew from the one of `old`. Reads files.
    pub(crate) fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<NodeHash>, TreeError> {
        self.prove(new, |tree| tree.prove_consistency(old, new))
    }

    /// The root of the tree as it was at `size`. Reads files.
    pub(crate) fn root(&self, size: u64) -> Result<NodeHash, TreeError> {
        self.prove(size, |tree| tree.root(size))
    }

    pub(crate) fn prove<T>(
        &self,
        size: u64,
        prove: impl FnOnce(StoredTree<'_, Stored<'_>>) -> Result<T, ReadError<TileError>>,
    ) -> Result<T, TreeError> {
        let published = self.newest().head().size;
        if size > published {
            return Err(TreeError::OutOfRange { published });
        }
        prove(StoredTree::new(&Stored(self.files.as_ref()), published)).map_err(|error| match error {
            ReadError::OutOfRange { .. } => TreeError::OutOfRange { published },
            other => damaged(other),
        })
    }
}
