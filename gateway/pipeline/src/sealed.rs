//! The proof that something stands in the log: only this crate can make one,
//! only after the entry is durable, and `server` can build a response from
//! nothing else.

use motlan_audit::Receipt;
use motlan_audit_tree::CommitmentKey;

/// A value whose entry is durable.
#[derive(Debug)]
pub struct Sealed<T> {
    value: T,
    receipt: Receipt,
    commitment_key: Option<CommitmentKey>,
}

/// Why there is nothing sealed to release.
#[derive(Debug)]
pub enum NotReleased<R> {
    /// Refused or failed, and that is recorded.
    Refused(Sealed<R>),
    /// The log could not be written: disclose nothing, say UNAVAILABLE.
    Unrecorded(Unrecorded),
}

/// The log did not take the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecorded {
    /// It is busy: come back later.
    #[error("the audit log is at its limit")]
    Overloaded {
        /// When to come back.
        retry_after: std::time::Duration,
    },
    /// It is longer than an entry may be: nothing of what it was to tell is told.
    #[error("the entry would be longer than an entry may be")]
    TooLong,
    /// It cannot be written.
    #[error("the audit log cannot be written")]
    Unavailable,
    /// A refusal beyond the caller's quota: it was counted, and one entry will
    /// tell how many there were.
    #[error("the caller's quota of refusals is used up")]
    Counted {
        /// When to come back.
        retry_after: std::time::Duration,
    },
}

// === impl Sealed ===

impl<T> Sealed<T> {
    pub(crate) const fn new(value: T, receipt: Receipt, commitment_key: Option<CommitmentKey>) -> Self {
        Self { value, receipt, commitment_key }
    }

    /// What may now be released.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Where it stands in the log.
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The key that opens the entry's commitment to the answer; goes to the
    /// caller with the receipt.
    pub const fn commitment_key(&self) -> Option<&CommitmentKey> {
        self.commitment_key.as_ref()
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Sealed<U> {
        Sealed { value: change(self.value), receipt: self.receipt, commitment_key: self.commitment_key }
    }

    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Takes it apart.
    pub fn into_parts(self) -> (T, Receipt, Option<CommitmentKey>) {
        (self.value, self.receipt, self.commitment_key)
    }
}
