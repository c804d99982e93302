//! The log towards outsiders: the newest checkpoint, and proofs against it.

use std::sync::Arc;
use std::time::Duration;

use motlan_audit_tree::{NodeHash, SignedCheckpoint, TreeHead, VerifierKey};

use crate::error::AuditError;
use crate::log::AuditLog;

/// How long a proof waits for its checkpoint.
const PUBLISH_WAIT: Duration = Duration::from_secs(2);

impl AuditLog {
    /// The newest published checkpoint.
    pub fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        self.inner.published.newest()
    }

    /// The key that signs checkpoints, for those who verify.
    pub fn verifier_key(&self) -> &VerifierKey {
        self.inner.published.key()
    }

    /// Waits until a checkpoint covers every entry below `to`.
    pub async fn published(&self, to: u64) {
        self.inner.published.reaches(to).await;
    }

    /// The newest checkpoint; where entries below `to` are durable, after a
    /// moment in which one that covers them may come.
    pub async fn checkpoint_covering(&self, to: u64) -> Arc<SignedCheckpoint> {
        if to <= self.inner.sequencer.durable() {
            // What lags is no error: the newest there is says what it covers.
            let _ = tokio::time::timeout(PUBLISH_WAIT, self.published(to)).await;
        }
        self.checkpoint()
    }

    /// The proof that the entry is in the tree of `size` leaves.
    ///
    /// # Errors
    /// [`AuditError::Tree`]: beyond what is published, or the files cannot be read.
    pub async fn prove_inclusion(&self, index: u64, size: u64) -> Result<Vec<NodeHash>, AuditError> {
        let published = self.inner.published.clone();
        self.inner.proofs.work(move || Ok(published.prove_inclusion(index, size)?)).await
    }

    /// The proof that the tree of `new` leaves grew from the one of `old`.
    ///
    /// # Errors
    /// As [`AuditLog::prove_inclusion`].
    pub async fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<NodeHash>, AuditError> {
        let published = self.inner.published.clone();
        self.inner.proofs.work(move || Ok(published.prove_consistency(old, new)?)).await
    }

    /// The tree as it was at a size.
    ///
    /// # Errors
    /// As [`AuditLog::prove_inclusion`].
    pub async fn tree_head(&self, size: u64) -> Result<TreeHead, AuditError> {
        let published = self.inner.published.clone();
        self.inner.proofs.work(move || Ok(TreeHead { size, root: published.root(size)? })).await
    }
}
