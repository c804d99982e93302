//! Full segments go, the oldest first.
//!
//! Each is off the disk for good before the next one goes: after a crash at any
//! point what is left is a chain. Whether the entries are safe elsewhere is the
//! caller's to know; this is how a segment goes, and which may.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::disk::Disk;
use super::reader::JournalReader;
use super::{Shared, segment};
use crate::store::AuditReader;

/// Full segments that stay, whatever is published: the one before the current
/// one, so that the current header always has its predecessor to be held against
/// at the start, and the newest entries are read from the journal then.
const KEPT: usize = 1;

/// Removes segments, from a thread that nobody waits for.
pub(crate) struct Retirer {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    /// The last removal may not outlive a power cut yet.
    unsynced: bool,
}

// === impl Retirer ===

impl Retirer {
    pub(super) fn new(disk: Arc<dyn Disk>, shared: Arc<Shared>) -> Self {
        Self { disk, shared, unsynced: false }
    }

    /// The entries of the oldest segment, if all lie below that index and enough
    /// full segments stay.
    pub(crate) fn oldest(&self, below: u64) -> Option<Range<u64>> {
        let segments = self.shared.segments.read();
        let full = segments.len().saturating_sub(1);
        let (first, next) = (*segments.first()?, *segments.get(1)?);
        (full > KEPT && next <= below).then_some(first..next)
    }

    /// Full segments that could go, but for those that stay whatever is published;
    /// and where the oldest begins.
    pub(crate) fn waiting(&self) -> (u64, usize) {
        let segments = self.shared.segments.read();
        let first = segments.first().copied().unwrap_or_default();
        (first, segments.len().saturating_sub(1 + KEPT))
    }

    /// A reader of the journal alone, that displaces nobody's place in it.
    pub(crate) fn reader(&self) -> Arc<dyn AuditReader> {
        Arc::new(JournalReader::new(Arc::clone(&self.shared)))
    }

    /// Removes the oldest segment, which begins there. After an error it is there
    /// still, or will be made to go before another one does.
    pub(crate) fn remove(&mut self, first: u64) -> io::Result<()> {
        self.settle()?;
        {
            let mut segments = self.shared.segments.write();
            if segments.first() != Some(&first) || segments.len() <= 1 + KEPT {
                return Err(io::Error::other("not the oldest of the full segments"));
            }
            segments.remove(0);
        }
        match self.disk.remove(&segment::path(&self.shared.dir, first)) {
            // Gone is as good as removed: what was in it is safe.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.shared.segments.write().insert(0, first);
                Err(error)
            }
            _ => {
                self.unsynced = true;
                self.settle()
            }
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.disk.sync_dir(&self.shared.dir)?;
            self.unsynced = false;
        }
        Ok(())
    }
}
