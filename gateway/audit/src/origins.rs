//! What the registry of origins is held against, and where it is shown.

use std::sync::Arc;

use motlan_audit_tree::{KeyChain, VerifierKey};

use crate::error::AuditError;
use crate::log::AuditLog;
use crate::tree::TreeError;

/// Where the registry lies among the published files.
pub(crate) const ORIGINS: &str = "origins";

// === impl AuditLog ===

impl AuditLog {
    /// Every key this log had until now, the newest last; one that is not signed in
    /// yet is none.
    pub fn log_keys(&self) -> Arc<[VerifierKey]> {
        self.inner.published.keys()
    }

    /// The statements by which the keys of this log follow one another, as they are
    /// published, the first one first.
    pub fn key_chain(&self) -> Arc<KeyChain> {
        self.inner.published.chain()
    }

    /// Puts the signed registry beside the published log, so that whoever has the
    /// one has the other.
    ///
    /// # Errors
    /// [`AuditError::Tree`] where it cannot be written.
    pub async fn publish_origins(&self, registry: Vec<u8>) -> Result<(), AuditError> {
        let files = Arc::clone(self.inner.published.files());
        let written = tokio::task::spawn_blocking(move || files.replace(ORIGINS, &registry)).await;
        let written = written.map_err(|_| AuditError::Closed)?;
        Ok(written.map_err(TreeError::from)?)
    }
}
