//! The log towards those who ask witnesses: what is to be cosigned, what was,
//! and how new work is stopped where that is not enough. Nothing here knows a
//! witness; asking them is another room's part.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use jiff::Timestamp;
use motlan_audit_tree::{SignedCheckpoint, TrustedLog};

use crate::error::{AuditError, Cause};
use crate::log::AuditLog;

/// Whether new work is stopped though the log could be written.
#[derive(Default)]
pub(crate) struct Hold(AtomicU8);

// === impl AuditLog ===

impl AuditLog {
    /// The newest checkpoint that witnesses vouch for, with their
    /// cosignatures, if there is one.
    pub fn witnessed(&self) -> Option<Arc<SignedCheckpoint>> {
        self.inner.published.witnessed().newest()
    }

    /// Hands in a published checkpoint with enough cosignatures. It is shown
    /// once it is durable; if that fails it is dropped, so ask
    /// [`AuditLog::witnessed`] and hand it in again. One that is not of this
    /// log's tree, or says nothing new, is dropped too.
    pub fn put_witnessed(&self, checkpoint: SignedCheckpoint) {
        self.inner.published.witnessed().hand_in(checkpoint);
    }

    /// Waits until witnesses vouch for every entry below `to`.
    pub async fn witnessed_to(&self, to: u64) {
        self.inner.published.witnessed().reaches(to).await;
    }

    /// When the first entry was made that no witness vouches for; none where
    /// they vouch for all, or for a moment while that is looked up.
    pub fn unwitnessed_since(&self) -> Option<Timestamp> {
        let witnessed = self.inner.published.witnessed();
        let behind = witnessed.size() < self.inner.sequencer.durable();
        witnessed.since().filter(|_| behind)
    }

    /// This log as others know it: whatever one of its keys signed may be of it.
    pub fn trusted(&self) -> TrustedLog {
        TrustedLog { origin: self.origin().to_string(), keys: self.log_keys().to_vec() }
    }

    /// Whether a checkpoint of this log's name is one that the log itself signed,
    /// as far as its keys tell: by the key that signs now or the one that follows
    /// it, or by a retired one while it signed.
    pub fn may_have_signed(&self, seen: &SignedCheckpoint) -> bool {
        self.inner.published.may_have_signed(seen)
    }

    /// Stops new work for that cause, or with none lets it go on again. What
    /// finishes admitted work is taken in all the same.
    pub fn hold(&self, cause: Option<Cause>) {
        self.inner.hold.set(cause);
    }
}

// === impl Hold ===

impl Hold {
    fn set(&self, cause: Option<Cause>) {
        let code = match cause {
            None => 0,
            Some(Cause::Disputed) => 2,
            // Any other cause comes from the log itself and ends with it.
            Some(_) => 1,
        };
        self.0.store(code, Ordering::Release);
    }

    pub(crate) fn cause(&self) -> Option<Cause> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Cause::Unwitnessed),
            _ => Some(Cause::Disputed),
        }
    }

    pub(crate) fn check(&self) -> Result<(), AuditError> {
        self.cause().map_or(Ok(()), |cause| Err(AuditError::unavailable(cause)))
    }
}
