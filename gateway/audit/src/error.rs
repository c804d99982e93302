//! What can go wrong with the audit log, by what the caller would do.

use std::time::Duration;

use motlan_audit_tree::EntryError;

use crate::store::StoreError;

/// A failure of the audit log. With every one of them, disclose nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The queue is full: refuse the request with RESOURCE_EXHAUSTED and this delay.
    #[error("audit queue is full")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The log cannot be written at present: answer UNAVAILABLE. Ready again
    /// by itself when the store is.
    #[error("audit log is not writable: {cause}")]
    Unavailable {
        /// What stands in the way.
        cause: Cause,
        /// When to try again.
        retry_after: Duration,
    },
    /// The draft cannot become an entry, e.g. it is too long: refuse the request.
    #[error("draft cannot become an entry")]
    Rejected(#[source] EntryError),
    /// The page token is not one of this log for this query: INVALID_ARGUMENT.
    #[error("page token is not valid for this search")]
    PageToken,
    /// The search index could not be read: answer UNAVAILABLE.
    #[error("audit index cannot be read")]
    Index(#[source] rusqlite::Error),
    /// The search index does not cover the tree yet: answer UNAVAILABLE.
    #[error("audit index does not cover the published log yet")]
    IndexBehind,
    /// Older entries lie in the published log alone, and its disk does not give
    /// them in time: answer UNAVAILABLE.
    #[error("older entries cannot be read in time from the published log")]
    OlderStalled,
    /// The search panicked over this request and goes on: answer UNAVAILABLE.
    #[error("the search of the log failed over this request")]
    SearchDied,
    /// The log has been shut down.
    #[error("audit log is closed")]
    Closed,
    /// At open: another process has the folder, or that of the published log.
    #[error("audit folder or published log is in use by another process")]
    InUse,
    /// At open: another log took the place of this one (`motlan audit recover`):
    /// configure that one.
    #[error("the log {by} was begun in the place of this one")]
    Superseded {
        /// Its origin.
        by: String,
    },
    /// At open: the store is damaged; do not start.
    #[error("audit store cannot be opened")]
    Store(#[from] StoreError),
    /// At open: the subject table cannot be opened.
    #[error("subject table cannot be opened")]
    Subjects(#[source] rusqlite::Error),
    /// At open: the log holds entries and the subject table is gone. Starting
    /// would give people a second pseudonym: put the table back.
    #[error("subject table is missing though the log holds entries")]
    SubjectsMissing,
    /// At open: the table lacks whom an entry of the log introduces: it is older
    /// than the log. Put the newer one back.
    #[error("subject table is older than the log: it lacks whom entry {index} introduces")]
    SubjectsBehind {
        /// The entry.
        index: u64,
    },
    /// The published log cannot be read, or, at open, is not what the journal
    /// says: then do not start.
    #[error("published log cannot be used")]
    Tree(#[from] crate::tree::TreeError),
    /// At open: a key is missing, or is not the one the folder was made with.
    #[error("audit keys cannot be used")]
    Keys(#[from] crate::keys::KeyError),
}

/// Why the log cannot be written. The written form stands in
/// `entry.not_released` entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No space, or only the reserve for admitted work.
    DiskFull,
    /// A write failed.
    WriteFailed,
    /// A sync failed.
    SyncFailed,
    /// The journal file was deleted, replaced or cut while open.
    StoreReplaced,
    /// The writer died and is being restarted.
    WriterDied,
    /// A commit has not come back from the disk for seconds.
    Stalled,
    /// The subject table cannot be written.
    SubjectsFailed,
    /// The system's random source failed.
    RandomFailed,
    /// Too old a part of the log is witnessed by nobody, and the operator wants
    /// no more entries then.
    Unwitnessed,
    /// Witnesses have seen another log by this name and key.
    Disputed,
}

// === impl Cause ===

impl Cause {
    /// Every cause, in the order of declaration.
    pub(crate) const ALL: [Self; 10] = [
        Self::DiskFull,
        Self::WriteFailed,
        Self::SyncFailed,
        Self::StoreReplaced,
        Self::WriterDied,
        Self::Stalled,
        Self::SubjectsFailed,
        Self::RandomFailed,
        Self::Unwitnessed,
        Self::Disputed,
    ];

    /// Whether it comes from witnesses: the log itself could be written.
    pub const fn is_of_witnesses(self) -> bool {
        matches!(self, Self::Unwitnessed | Self::Disputed)
    }

    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "DISK_FULL",
            Self::WriteFailed => "WRITE_FAILED",
            Self::SyncFailed => "SYNC_FAILED",
            Self::StoreReplaced => "STORE_REPLACED",
            Self::WriterDied => "WRITER_DIED",
            Self::Stalled => "STALLED",
            Self::SubjectsFailed => "SUBJECTS_FAILED",
            Self::RandomFailed => "RANDOM_FAILED",
            Self::Unwitnessed => "UNWITNESSED",
            Self::Disputed => "DISPUTED",
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl AuditError ===

impl AuditError {
    /// Delay advised while the store heals itself.
    pub(crate) const RETRY: Duration = Duration::from_secs(1);

    pub(crate) const fn unavailable(cause: Cause) -> Self {
        Self::Unavailable { cause, retry_after: Self::RETRY }
    }
}
