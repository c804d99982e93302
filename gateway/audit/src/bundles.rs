//! The log in one piece: its end from the store, and what the store no longer
//! holds from the bundles of the published log.
//!
//! Only full bundles are read, and each entry is held against its hash in the
//! tile of level 0: a bundle that is missing, cut or changed is told as damage,
//! never as the end of the log, and never passed off as an entry. Whoever changed
//! both files alike is found by `motlan audit verify`, as everywhere in the log.

use std::ops::Range;
use std::sync::Arc;

use motlan_audit_tree::bundle::split_entries;
use motlan_audit_tree::hash::HASH_BYTES;
use motlan_audit_tree::tile::TILE_WIDTH;
use motlan_audit_tree::{Bundle, leaf_hash};
use parking_lot::Mutex;

use crate::store::{AuditReader, Following, StoreError, Stored};
use crate::tail::Tail;
use crate::tree::files::LogFiles;

/// Entries of a full bundle.
const WIDTH: u64 = TILE_WIDTH as u64;

/// Reads entries from full bundles.
pub(crate) struct Bundles {
    files: Arc<dyn LogFiles>,
    /// The last one read: the next entry mostly lies in it too.
    last: Mutex<Option<Arc<Opened>>>,
}

/// A full bundle and the tile of its hashes.
struct Opened {
    index: u64,
    bytes: Vec<u8>,
    /// Where its entries lie in `bytes`.
    places: Vec<Range<usize>>,
    hashes: Vec<u8>,
}

/// A reader of all there ever was: of the store, then of the bundles. Whoever
/// follows the log is given its end from memory.
pub(crate) struct WholeLog {
    store: Arc<dyn AuditReader>,
    bundles: Bundles,
    tail: Arc<Tail>,
}

/// How many of `size` entries lie in full bundles.
pub(crate) const fn in_full_bundles(size: u64) -> u64 {
    size / WIDTH * WIDTH
}

// === impl Bundles ===

impl Bundles {
    pub(crate) fn new(files: Arc<dyn LogFiles>) -> Self {
        Self { files, last: Mutex::default() }
    }

    /// Entries from `from` to below `to`, at least one if that is one, and no more
    /// than about `max_bytes`. One bundle at a time is in memory.
    pub(crate) fn scan(&self, from: u64, to: u64, max_bytes: usize) -> Result<Vec<Stored>, StoreError> {
        let (mut out, mut bytes) = (Vec::new(), 0);
        for index in from..to {
            if !out.is_empty() && bytes >= max_bytes {
                break;
            }
            let stored = self.read(index)?;
            bytes += stored.bytes.len();
            out.push(stored);
        }
        Ok(out)
    }

    /// One entry.
    pub(crate) fn read(&self, index: u64) -> Result<Stored, StoreError> {
        self.opened(index)?.entry((index % WIDTH) as usize)
    }

    /// Whether these are the bundle's and the tile's entry, byte by byte: what was
    /// hashed where it was read from need not be hashed again here. Where they are
    /// not, [`Bundles::read`] tells what is wrong.
    pub(crate) fn holds(&self, stored: &Stored) -> Result<bool, StoreError> {
        let (opened, at) = (self.opened(stored.index)?, (stored.index % WIDTH) as usize);
        Ok(opened.bytes(at) == stored.bytes && opened.hash(at) == Some(&stored.leaf_hash[..]))
    }

    fn opened(&self, index: u64) -> Result<Arc<Opened>, StoreError> {
        let place = index / WIDTH;
        let known = self.last.lock().clone().filter(|opened| opened.index == place);
        known.map_or_else(|| self.open(place), Ok)
    }

    fn open(&self, index: u64) -> Result<Arc<Opened>, StoreError> {
        let damaged = |what| StoreError::Corrupt { index: index * WIDTH, what };
        let bundle = Bundle::new(index, TILE_WIDTH).ok_or_else(|| damaged("no bundle can hold it"))?;
        let read = |path: String| self.files.read(&path).map_err(StoreError::Bundle);
        let bytes =
            read(bundle.to_string())?.ok_or_else(|| damaged("its bundle of the published log is missing"))?;
        let mut at = 0;
        let entries = split_entries(bundle, &bytes)
            .map_err(|_| damaged("its bundle of the published log is cut or changed"))?;
        let places = entries.into_iter().map(|entry| {
            let start = at + 2;
            at = start + entry.len();
            start..at
        });
        let places = places.collect();
        let tile = bundle.tile();
        let hashes = read(tile.to_string())?
            .filter(|hashes| hashes.len() == tile.byte_len())
            .ok_or_else(|| damaged("the tile of its bundle is missing or cut"))?;
        let opened = Arc::new(Opened { index, bytes, places, hashes });
        *self.last.lock() = Some(Arc::clone(&opened));
        Ok(opened)
    }
}

// === impl Opened ===

impl Opened {
    fn entry(&self, at: usize) -> Result<Stored, StoreError> {
        let index = self.index * WIDTH + at as u64;
        let bytes = self.bytes(at);
        let leaf_hash = leaf_hash(bytes);
        if self.hash(at) != Some(&leaf_hash[..]) {
            return Err(StoreError::Corrupt { index, what: "its bundle and its tile are not of one entry" });
        }
        Ok(Stored { index, position: 0, leaf_hash, bytes: bytes.to_vec() })
    }

    /// What lies in the bundle there; of none, nothing.
    fn bytes(&self, at: usize) -> &[u8] {
        self.places.get(at).and_then(|place| self.bytes.get(place.clone())).unwrap_or_default()
    }

    /// Its hash in the tile.
    fn hash(&self, at: usize) -> Option<&[u8]> {
        self.hashes.chunks_exact(HASH_BYTES).nth(at)
    }
}

// === impl WholeLog ===

impl WholeLog {
    pub(crate) fn new(store: Arc<dyn AuditReader>, files: Arc<dyn LogFiles>) -> Self {
        Self { store, bundles: Bundles::new(files), tail: Arc::default() }
    }

    /// What the writer fills with what is durable.
    pub(crate) fn tail(&self) -> Arc<Tail> {
        Arc::clone(&self.tail)
    }

    /// That the first and the last of the entries below `begins`, where the journal
    /// begins, can be read. All are read by `motlan audit verify`; this tells a
    /// folder that was emptied, at the start.
    pub(crate) fn reaches_back(&self, begins: u64) -> Result<(), StoreError> {
        let Some(last) = begins.checked_sub(1) else { return Ok(()) };
        [0, last].into_iter().try_for_each(|index| self.bundles.read(index).map(drop))
    }
}

/// The store is asked first, each time: what it holds may have gone meanwhile, and
/// then it says so.
impl AuditReader for WholeLog {
    fn scan(&self, from: u64, max_bytes: usize) -> Result<Vec<Stored>, StoreError> {
        match self.store.scan(from, max_bytes) {
            Err(StoreError::Retired { first }) => self.bundles.scan(from, first, max_bytes),
            scanned => scanned,
        }
    }

    fn follow(&self, from: u64, max_bytes: usize) -> Result<Following, StoreError> {
        let kept = self.tail.from(from, max_bytes);
        if kept.is_empty() {
            self.scan(from, max_bytes).map(Following::read)
        } else {
            Ok(Following::kept(kept, from))
        }
    }

    fn read(&self, index: u64, position: Option<u64>) -> Result<Option<Stored>, StoreError> {
        match self.store.read(index, position) {
            Err(StoreError::Retired { .. }) => self.bundles.read(index).map(Some),
            read => read,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
