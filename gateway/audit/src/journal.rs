//! The append journal: pre-written segment files of checksummed frames.
//!
//! `NNNNNNNNNNNNNNNNNNNN.journal` holds the entries from that index on. A
//! segment is written full of zeros in advance, so that a commit's `fdatasync`
//! has no metadata to write; the next one is made ready by a thread of its own
//! and is at the same time the disk space that admitted work can count on.
//!
//! A full segment goes once the published log has all that is in it
//! (`journal/retire.rs`), the oldest first, so that what is left is a chain. From
//! then on the journal begins later, and answers `Retired` for what is before.

pub(crate) mod disk;
pub(crate) mod frame;
mod prepare;
mod reader;
mod recover;
mod retire;
mod segment;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::bundles::in_full_bundles;
use crate::store::{AuditReader, AuditStore, Frames, StoreError};
use disk::{Disk, DiskFile};
use prepare::Preparer;
use reader::JournalReader;
pub(crate) use retire::Retirer;
use segment::Header;

/// A fresh log starts with a segment no longer than this, to be ready soon.
const FIRST_SEGMENT: u64 = 4 << 20;

/// One full segment is looked after every so many commits, and whenever idle.
const LOOK_EVERY: u64 = 64;

/// What the reader shares with the store.
pub(crate) struct Shared {
    dir: PathBuf,
    /// First indices of the segments, ascending. A segment leaves the list before
    /// its file goes: what is listed, under the lock, is there.
    segments: RwLock<Vec<u64>>,
    /// The number of durable entries.
    durable: AtomicU64,
}

/// The journal in a folder.
pub(crate) struct JournalStore {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    origin: [u8; 16],
    segment_bytes: u64,
    current: Current,
    preparer: Preparer,
    commits: u64,
    /// Which of the full segments was looked after last.
    looked: usize,
}

/// The segment being written.
struct Current {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    first: u64,
    /// Length of the file.
    len: u64,
    /// Where the next frame goes, and the index it carries.
    end: Place,
    /// What the last good sync covers.
    durable: Place,
}

/// A byte offset in the segment and the index of the entry there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    at: u64,
    index: u64,
}

// === impl JournalStore ===

impl JournalStore {
    /// The first entry of the journal in that folder, if there is one.
    pub(crate) fn begins(dir: &Path) -> Result<Option<u64>, StoreError> {
        Ok(segment::list(dir).map_err(StoreError::Read)?.first().copied())
    }

    /// Opens the journal, making it if the folder has none. A torn tail, which
    /// no completed sync covers, is cut off. Of the entries before the first
    /// segment all must lie in full bundles of the published log, which has
    /// `published` entries.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        origin: &str,
        segment_bytes: u64,
        published: u64,
    ) -> Result<Self, StoreError> {
        let origin = segment::origin_hash(origin);
        let segment_bytes = segment_bytes.max(segment::HEADER_BYTES * 2);
        let mut segments = segment::list(dir).map_err(StoreError::Read)?;
        let current = if segments.is_empty() {
            segments.push(0);
            let header = Header { origin, first: 0, prev_first: 0, prev_len: 0 };
            let (file, path) = segment::make(disk.as_ref(), dir, &header, segment_bytes.min(FIRST_SEGMENT))
                .map_err(StoreError::Write)?;
            let start = Place { at: segment::HEADER_BYTES, index: 0 };
            Current {
                file,
                path,
                first: 0,
                len: segment_bytes.min(FIRST_SEGMENT),
                end: start,
                durable: start,
            }
        } else {
            let from = in_full_bundles(published);
            if segments[0] > from {
                return Err(StoreError::Gap { from, to: segments[0] - 1 });
            }
            segment::check_chain(disk.as_ref(), dir, &segments, origin)?;
            recover::open_last(disk.as_ref(), dir, segments[segments.len() - 1])?
        };
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            segments: RwLock::new(segments),
            durable: AtomicU64::new(current.durable.index),
        });
        let preparer = Preparer::start(Arc::clone(&disk), dir, segment_bytes).map_err(StoreError::Read)?;
        Ok(Self { disk, shared, origin, segment_bytes, current, preparer, commits: 0, looked: 0 })
    }

    /// Whoever takes away full segments that are no longer needed.
    pub(crate) fn retirer(&self) -> Retirer {
        Retirer::new(Arc::clone(&self.disk), Arc::clone(&self.shared))
    }

    /// Makes an empty segment long enough: a next one would bear its name, and
    /// name itself as the one before.
    fn extend(&mut self, needed: u64) -> Result<(), StoreError> {
        let len = self.current.end.at + needed;
        let file = self.current.file.as_ref();
        segment::fill(file, self.current.len, len).map_err(StoreError::Write)?;
        self.current.len = len;
        Ok(())
    }

    /// Makes the next segment the current one.
    fn roll(&mut self, needed: u64) -> Result<(), StoreError> {
        if self.current.end != self.current.durable {
            self.sync()?;
        }
        let header = Header {
            origin: self.origin,
            first: self.current.end.index,
            prev_first: self.current.first,
            prev_len: self.current.end.at,
        };
        let needed = needed + segment::HEADER_BYTES;
        let (disk, dir) = (self.disk.as_ref(), self.shared.dir.as_path());
        let made = if let Some(spare) = self.preparer.take().filter(|spare| spare.len >= needed) {
            segment::install(disk, dir, &header, spare.file, &spare.path).map(|made| (made, spare.len))
        } else {
            let len = self.segment_bytes.max(needed);
            segment::make(disk, dir, &header, len).map(|made| (made, len))
        };
        let ((file, path), len) = made.map_err(StoreError::Write)?;
        let start = Place { at: segment::HEADER_BYTES, index: header.first };
        let next = Current { file, path, first: header.first, len, end: start, durable: start };
        let full = std::mem::replace(&mut self.current, next);
        self.shared.segments.write().push(header.first);
        // Gives the unused rest back to the disk; nothing depends on it.
        if let Err(error) = full.file.set_len(full.end.at) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a full journal segment was not cut to size"
            );
        }
        self.preparer.request();
        Ok(())
    }

    /// Whether the file under the segment's name is still the one held open.
    fn unmoved(&self) -> Result<(), StoreError> {
        match self.current.file.is_at(&self.current.path, self.current.len) {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Replaced),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Replaced),
            Err(error) => Err(StoreError::Read(error)),
        }
    }

    /// Whether the next of the full segments still lies under its name: one at
    /// a time, so that it costs next to nothing.
    fn next_full_one_is_there(&mut self) -> Result<(), StoreError> {
        let segments = self.shared.segments.read();
        let Some(full) = segments.len().checked_sub(1).filter(|full| *full > 0) else { return Ok(()) };
        self.looked = (self.looked + 1) % full;
        match std::fs::metadata(segment::path(&self.shared.dir, segments[self.looked])) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Replaced),
            Err(error) => Err(StoreError::Read(error)),
        }
    }
}

impl AuditStore for JournalStore {
    fn next_index(&self) -> u64 {
        self.current.end.index
    }

    fn append(&mut self, frames: &Frames) -> Result<u64, StoreError> {
        if frames.first != self.current.end.index {
            return Err(StoreError::Order);
        }
        let bytes = frames.bytes.len() as u64;
        if self.current.end.at + bytes > self.current.len {
            if self.current.end.index == self.current.first {
                self.extend(bytes)?;
            } else {
                self.roll(bytes)?;
            }
        }
        let at = self.current.end.at;
        self.current.file.write_at(&frames.bytes, at).map_err(StoreError::Write)?;
        self.current.end = Place { at: at + bytes, index: frames.end() };
        Ok(at)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.current.file.sync().map_err(StoreError::Sync)?;
        // After the sync: whoever is acknowledged now must find the entry
        // under the journal's name, not in a file somebody has unlinked.
        self.unmoved()?;
        self.commits += 1;
        if self.commits.is_multiple_of(LOOK_EVERY) {
            self.next_full_one_is_there()?;
        }
        self.current.durable = self.current.end;
        self.shared.durable.store(self.current.durable.index, Ordering::Release);
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        recover::reopen(self.disk.as_ref(), &self.shared.dir, &mut self.current)?;
        // Under the lock: none of them is retired meanwhile.
        let segments = self.shared.segments.read();
        segment::check_chain(self.disk.as_ref(), &self.shared.dir, &segments, self.origin)
    }

    fn room(&mut self) -> u64 {
        if self.preparer.has_failed() { self.current.len - self.current.end.at } else { u64::MAX }
    }

    fn tend(&mut self) -> Result<(), StoreError> {
        if self.preparer.has_failed() {
            self.preparer.request();
        }
        self.next_full_one_is_there()?;
        self.unmoved()
    }

    fn reader(&self) -> Arc<dyn AuditReader> {
        Arc::new(JournalReader::new(Arc::clone(&self.shared)))
    }
}
