//! Why the log cannot be published, or not be served.

use motlan_audit_tree::bundle::BundleError;
use motlan_audit_tree::{CheckpointError, ReadError, RotationError};

use super::TileError;
use crate::keys::KeyError;
use crate::store::StoreError;

/// Why the tree cannot be grown, or the log not be held against it.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A file cannot be read or written; asking again may help.
    #[error("a file of the published log cannot be used")]
    Files(#[from] std::io::Error),
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Journal(#[from] StoreError),
    /// At open: entries that a published checkpoint covers are gone. The folder
    /// was restored from an older copy, or cut: do not serve.
    #[error("the journal holds {held} entries and {published} are published")]
    Shorter {
        /// Durable entries.
        held: u64,
        /// What the last checkpoint covers.
        published: u64,
    },
    /// At open: the journal holds another entry than the tree: do not serve.
    #[error("the journal holds another entry {index} than the one that was published")]
    Other {
        /// The first one found.
        index: u64,
    },
    /// The published log was begun and its checkpoint is gone.
    #[error("the checkpoint of the published log is missing")]
    Missing,
    /// At open: witnesses have cosigned entries that are not published. The
    /// folders were put back to an older copy: do not serve.
    #[error(
        "witnesses have cosigned {witnessed} entries and {published} are published: the log was rolled back. Put the \
         newer folders back, or see `motlan audit recover`"
    )]
    Unshown {
        /// What the witnessed checkpoint covers.
        witnessed: u64,
        /// What the last checkpoint covers.
        published: u64,
    },
    /// A checkpoint of this log's key is of another tree than this one. At
    /// open: do not serve.
    #[error(
        "the checkpoint of {size} entries that witnesses cosigned is of another tree: see `motlan audit recover`"
    )]
    Forked {
        /// The size at which they differ.
        size: u64,
    },
    /// Somebody else put another checkpoint in the place of the one this process
    /// published last: not overwritten, for it may be another's history.
    #[error("the published checkpoint is not the one this process put there")]
    Overwritten,
    /// At open: the checkpoint is not one that this log's key signed.
    #[error("the checkpoint is not of this log and key")]
    Foreign(#[from] CheckpointError),
    /// At open: a published statement that one key follows another does not hold:
    /// do not serve.
    #[error("a statement that one log key follows another does not hold")]
    Statement(#[from] RotationError),
    /// The tiles are not of the tree that the checkpoint states.
    #[error("the tiles are damaged")]
    Tiles(#[source] Box<ReadError<TileError>>),
    /// The log key cannot be had or used.
    #[error("the log key cannot be used")]
    Key(#[from] KeyError),
    /// An entry is too long for a bundle; the journal takes none.
    #[error("an entry does not fit a bundle")]
    Bundle(#[from] BundleError),
    /// There is no such entry or tree among those published.
    #[error("beyond the {published} entries published")]
    OutOfRange {
        /// What the newest checkpoint covers.
        published: u64,
    },
}
