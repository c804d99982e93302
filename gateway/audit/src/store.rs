//! Where entries become durable: one of the four seams.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Cause;
use crate::journal::frame;
use crate::tail::Piece;
use motlan_audit_tree::LeafHash;

#[cfg(any(test, feature = "testing"))]
pub mod suite;

/// Entries to be written together: frames as `journal/frame.rs` describes,
/// with consecutive indices from `first`.
#[derive(Debug, Default)]
pub struct Frames {
    /// Index of the first entry.
    pub first: u64,
    /// How many.
    pub count: u32,
    /// The frames, one after another.
    pub bytes: Vec<u8>,
}

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the log.
    pub index: u64,
    /// Where the store finds it again quickly; a hint, never trusted.
    pub position: u64,
    /// RFC 6962 leaf hash of `bytes`.
    pub leaf_hash: LeafHash,
    /// The entry as it was written.
    pub bytes: Vec<u8>,
}

/// A stored entry, as it is passed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its place in the log.
    pub index: u64,
    /// As [`Stored::position`].
    pub position: u64,
    /// RFC 6962 leaf hash of `bytes`.
    pub leaf_hash: &'a LeafHash,
    /// The entry as it was written.
    pub bytes: &'a [u8],
}

/// Entries for whoever follows the log, one after another.
#[derive(Debug)]
pub struct Following {
    from: u64,
    read: Vec<Stored>,
    kept: Vec<Arc<Piece>>,
}

/// A store of entries, written by one thread.
///
/// Implementers: `append` may buffer; only `sync` makes durable, and all that
/// was appended before it. After either failed, nothing is known of what was
/// appended since the last good `sync`; the user calls `reopen` before it
/// writes again, and then appends the same frames anew. What was durable is
/// never rewritten. `append` is refused unless `frames.first` is the next
/// index. Users: one writer; readers see durable entries only.
pub trait AuditStore: Send {
    /// The index the next entry gets, counting durable entries and those
    /// appended since.
    fn next_index(&self) -> u64;

    /// Writes frames at the end; the position of the first entry, the others' by the
    /// length of the frames before them.
    ///
    /// # Errors
    /// The entries' fate is unknown; see the trait.
    fn append(&mut self, frames: &Frames) -> Result<u64, StoreError>;

    /// Makes all that was appended durable.
    ///
    /// # Errors
    /// The entries' fate is unknown; see the trait.
    fn sync(&mut self) -> Result<(), StoreError>;

    /// Closes, opens again, and verifies that all that was durable is there.
    ///
    /// # Errors
    /// The store is still not to be trusted; try again later.
    fn reopen(&mut self) -> Result<(), StoreError>;

    /// Bytes that can be appended before the disk has to give more, where it
    /// refused to when last asked; otherwise no limit (`u64::MAX`). Called
    /// after each commit.
    fn room(&mut self) -> u64;

    /// Upkeep, and a look whether the store is still what was opened. Called
    /// when idle.
    ///
    /// # Errors
    /// The store is not to be trusted; `reopen` before writing again.
    fn tend(&mut self) -> Result<(), StoreError>;

    /// A reader of durable entries.
    fn reader(&self) -> Arc<dyn AuditReader>;
}

/// Reads durable entries, from any thread.
///
/// Implementers: a store that gives up its oldest entries answers
/// [`StoreError::Retired`] for them, and only for them; it gives none up that the
/// published log does not hold. Users of the log read by one reader that joins
/// both (`bundles.rs`), and never see that error.
pub trait AuditReader: Send + Sync {
    /// Entries from index `from` on, in order: at least one if there is one,
    /// and no more than about `max_bytes`.
    ///
    /// # Errors
    /// The store cannot be read, or is damaged there.
    fn scan(&self, from: u64, max_bytes: usize) -> Result<Vec<Stored>, StoreError>;

    /// As [`AuditReader::scan`], for whoever goes along behind the writer: the newest
    /// entries may come from memory, as they were written and synced.
    ///
    /// # Errors
    /// As [`AuditReader::scan`].
    fn follow(&self, from: u64, max_bytes: usize) -> Result<Following, StoreError> {
        self.scan(from, max_bytes).map(Following::read)
    }

    /// One entry, `None` where there is none yet.
    ///
    /// # Errors
    /// The store cannot be read, or is damaged there.
    fn read(&self, index: u64, position: Option<u64>) -> Result<Option<Stored>, StoreError>;
}

/// A failure of the store, by what it means for the entries.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Writing failed.
    #[error("journal cannot be written")]
    Write(#[source] io::Error),
    /// Syncing failed.
    #[error("journal cannot be synced")]
    Sync(#[source] io::Error),
    /// Reading or opening failed.
    #[error("journal cannot be read")]
    Read(#[source] io::Error),
    /// The file under the journal's name is not the one that was opened.
    #[error("journal file was deleted, replaced or cut while open")]
    Replaced,
    /// What had been durable is damaged or gone.
    #[error("journal is corrupt at entry {index} ({what})")]
    Corrupt {
        /// The first entry concerned.
        index: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The store holds nothing before `first` any more: read it in the bundles of
    /// the published log.
    #[error("journal begins at entry {first}")]
    Retired {
        /// The first entry it holds.
        first: u64,
    },
    /// A file of the published log that holds older entries cannot be read.
    #[error("bundles of the published log cannot be read")]
    Bundle(#[source] io::Error),
    /// At open: neither holds them. Put the newest published log back: it alone
    /// has what is older than the journal.
    #[error("entries {from} to {to} lie neither in the journal nor in full bundles of the published log")]
    Gap {
        /// The first that is lost.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The folder holds the log of another origin.
    #[error("journal belongs to another origin")]
    Origin,
    /// Frames out of order; a fault of the user.
    #[error("frames do not follow the last entry")]
    Order,
}

/// A store in memory, for tests and for worlds that need no durability.
#[derive(Debug, Default)]
pub struct MemoryStore {
    pending: Vec<Stored>,
    durable: Arc<MemoryReader>,
}

#[derive(Debug, Default)]
struct MemoryReader(Mutex<Vec<Stored>>);

// === impl StoreError ===

impl StoreError {
    /// The cause as the log tells it.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Write(error) | Self::Sync(error) if error.kind() == io::ErrorKind::StorageFull => {
                Cause::DiskFull
            }
            Self::Sync(_) => Cause::SyncFailed,
            Self::Replaced => Cause::StoreReplaced,
            Self::Write(_)
            | Self::Read(_)
            | Self::Corrupt { .. }
            | Self::Retired { .. }
            | Self::Bundle(_)
            | Self::Gap { .. }
            | Self::Origin
            | Self::Order => Cause::WriteFailed,
        }
    }
}

// === impl Frames ===

impl Frames {
    /// The index after the last one.
    pub fn end(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// The entries of these frames.
    ///
    /// # Errors
    /// [`StoreError::Order`] if they are not what they should be.
    pub fn entries(&self) -> Result<Vec<Stored>, StoreError> {
        let mut rest = &self.bytes[..];
        let mut out = Vec::with_capacity(self.count as usize);
        for index in self.first..self.end() {
            let frame = frame::read(rest).filter(|frame| frame.index == index).ok_or(StoreError::Order)?;
            let stored =
                Stored { index, position: 0, leaf_hash: frame.leaf_hash, bytes: frame.entry.to_vec() };
            rest = &rest[frame::length(rest)..];
            out.push(stored);
        }
        if rest.is_empty() { Ok(out) } else { Err(StoreError::Order) }
    }
}

// === impl Following ===

impl Following {
    /// Entries that were read.
    pub(crate) fn read(read: Vec<Stored>) -> Self {
        Self { from: 0, read, kept: Vec::new() }
    }

    /// Entries at hand, of these pieces and from that index on.
    pub(crate) const fn kept(kept: Vec<Arc<Piece>>, from: u64) -> Self {
        Self { from, read: Vec::new(), kept }
    }

    /// The entries, in order.
    pub fn entries(&self) -> impl Iterator<Item = Seen<'_>> {
        let kept = self.kept.iter().flat_map(|piece| piece.entries());
        self.read.iter().map(Stored::seen).chain(kept.skip_while(|seen| seen.index < self.from))
    }
}

// === impl Stored ===

impl Stored {
    /// The same, as it is passed by.
    pub fn seen(&self) -> Seen<'_> {
        let Self { index, position, leaf_hash, bytes } = self;
        Seen { index: *index, position: *position, leaf_hash, bytes }
    }
}

// === impl MemoryStore ===

impl AuditStore for MemoryStore {
    fn next_index(&self) -> u64 {
        (self.durable.0.lock().len() + self.pending.len()) as u64
    }

    fn append(&mut self, frames: &Frames) -> Result<u64, StoreError> {
        if frames.first != self.next_index() {
            return Err(StoreError::Order);
        }
        self.pending.extend(frames.entries()?);
        Ok(0)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.durable.0.lock().append(&mut self.pending);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.pending.clear();
        Ok(())
    }

    fn room(&mut self) -> u64 {
        u64::MAX
    }

    fn tend(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn reader(&self) -> Arc<dyn AuditReader> {
        Arc::clone(&self.durable) as Arc<dyn AuditReader>
    }
}

// === impl MemoryReader ===

impl AuditReader for MemoryReader {
    fn scan(&self, from: u64, max_bytes: usize) -> Result<Vec<Stored>, StoreError> {
        let entries = self.0.lock();
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(entries.len());
        let mut bytes = 0;
        let fits = |stored: &&Stored| {
            let first = bytes == 0;
            bytes += stored.bytes.len();
            first || bytes <= max_bytes
        };
        Ok(entries[from..].iter().take_while(fits).cloned().collect())
    }

    fn read(&self, index: u64, _: Option<u64>) -> Result<Option<Stored>, StoreError> {
        Ok(usize::try_from(index).ok().and_then(|index| self.0.lock().get(index).cloned()))
    }
}
