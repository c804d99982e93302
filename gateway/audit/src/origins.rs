//! What the registry of origins is held against, and where it is shown.

use std::sync::Arc;

use motlan_audit_tree::VerifierKey;

use crate::error::AuditError;
use crate::log::AuditLog;
use crate::tree::TreeError;

/// Where the registry lies among the published files.
pub(crate) const ORIGINS: &str = "origins";

// === impl AuditLog ===

impl AuditLog {
    /// Every key this log had when it was opened, the newest last; one that is not
    /// signed in yet is none.
    pub fn log_keys(&self) -> &[VerifierKey] {
        self.inner.published.keys()
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
