//! The one pass over a log: every entry, every tile, each read once.
//!
//! Held at a time are one bundle, one tile, and the right edge of the tree,
//! whatever the size of the log.

use super::deep::Deep;
use super::expected::Expected;
use super::glance::{Glance, own_index};
use super::report::{Checked, Code, Fault};
use super::stored::{self, FoundTile};
use super::{Extent, Source, SourceError, Stop};
use crate::bundle::leading_entries;
use crate::hash::{HASH_BYTES, LeafHash, leaf_hash};
use crate::merkle::{Frontier, TreeHead};
use crate::tile::{Bundle, TILE_HEIGHT, TILE_WIDTH, Tile};

/// A pass under way.
pub(super) struct Pass<'a, S: ?Sized> {
    source: &'a S,
    size: u64,
    pub(super) expected: Expected<'a>,
    pub(super) deep: Option<Deep>,
    /// Whether the bundles are read, or only the hashes of what is in them.
    entries: bool,
    checked: Checked,
    frontier: Frontier,
    /// How many leaves the frontier has.
    grown: u64,
    /// Of the higher tiles' faults the one of the smallest index, and of
    /// those the one of the lowest level.
    tile_fault: Option<(u64, u8, Fault)>,
}

// === impl Pass ===

impl<'a, S: Source + ?Sized> Pass<'a, S> {
    pub(super) fn new(
        source: &'a S,
        size: u64,
        expected: Expected<'a>,
        extent: Extent,
        deep: Option<Deep>,
    ) -> Self {
        let (entries, checked) = (extent != Extent::Hashes, Checked::of(extent));
        Self {
            source,
            size,
            expected,
            deep,
            entries,
            checked,
            frontier: Frontier::new(),
            grown: 0,
            tile_fault: None,
        }
    }

    /// Goes over all entries, and folds them to the tree whose head is the
    /// answer. A fault of the entries or the lowest tiles ends it; faults of
    /// the higher tiles are in [`Pass::tiles`] afterwards.
    pub(super) fn run(&mut self) -> Result<TreeHead, Stop> {
        if self.expected.next_size() == Some(0) {
            self.expected.tree(TreeHead::EMPTY);
        }
        let size = self.size;
        for bundle in (0..).map_while(|index| Bundle::in_tree(index, size)) {
            let leaves = if self.entries { self.bundle(bundle)? } else { self.hashes(bundle)? };
            self.grow(&leaves)?;
        }
        let finished = self.frontier.finish();
        for (tile, bytes) in finished.tiles {
            self.higher(tile, &bytes)?;
        }
        Ok(finished.head)
    }

    /// What was found right so far.
    pub(super) fn checked(&self) -> Checked {
        let Expected { right_checkpoints, right_receipts, .. } = self.expected;
        Checked { checkpoints: right_checkpoints, receipts: right_receipts, ..self.checked }
    }

    /// What the higher tiles are at fault in.
    pub(super) fn tiles(&mut self) -> Result<(), Fault> {
        self.tile_fault.take().map_or(Ok(()), |(_, _, fault)| Err(fault))
    }

    /// The hashes of a bundle's entries, which are those of its tile.
    fn bundle(&mut self, bundle: Bundle) -> Result<Vec<LeafHash>, Stop> {
        let first = bundle.index() * u64::from(TILE_WIDTH);
        let Some(found) = stored::bundle(self.source, bundle)? else {
            let detail = format!("{bundle} is not there.");
            return Err(Fault::new(Code::EntryMissing, first, detail).into());
        };
        let hashes = self.lowest(bundle, first)?;
        let (entries, rest) = leading_entries(bundle.width(), &found.bytes);
        let mut leaves = Vec::with_capacity(entries.len());
        for ((index, entry), hash) in (first..).zip(&entries).zip(hashes.chunks_exact(HASH_BYTES)) {
            let leaf = leaf_hash(entry);
            entry_is_right(index, entry, leaf == hash)?;
            self.expected.leaf(index, &leaf);
            if let Some(deep) = &mut self.deep {
                deep.check(index, entry);
            }
            leaves.push(leaf);
            self.checked.entries += 1;
        }
        let behind = first + entries.len() as u64;
        if entries.len() < usize::from(bundle.width()) {
            let detail = format!("{bundle} ends within entry {behind}.");
            return Err(Fault::new(Code::EntryMalformed, behind, detail).into());
        }
        if found.exact && !rest.is_empty() {
            let detail = format!("{bundle} goes on behind its last entry.");
            return Err(Fault::new(Code::EntryMalformed, behind, detail).into());
        }
        self.checked.tiles += 1;
        Ok(leaves)
    }

    /// The hashes of a bundle's entries as the log states them, the entries unseen.
    fn hashes(&mut self, bundle: Bundle) -> Result<Vec<LeafHash>, Stop> {
        let first = bundle.index() * u64::from(TILE_WIDTH);
        let hashes = self.lowest(bundle, first)?;
        let leaves: Vec<LeafHash> = hashes.as_chunks().0.to_vec();
        (first..).zip(&leaves).for_each(|(index, leaf)| self.expected.leaf(index, leaf));
        self.checked.tiles += 1;
        Ok(leaves)
    }

    /// The hashes that the log states for a bundle's entries.
    fn lowest(&self, bundle: Bundle, first: u64) -> Result<Vec<u8>, Stop> {
        match stored::tile(self.source, bundle.tile())? {
            FoundTile::Hashes(hashes) => Ok(hashes),
            FoundTile::Missing => Err(missing(bundle.tile(), first).into()),
            FoundTile::WrongLength => Err(wrong_length(bundle.tile(), first).into()),
        }
    }

    /// Appends leaves, stopping at every size that somebody knows a root of.
    fn grow(&mut self, leaves: &[LeafHash]) -> Result<(), SourceError> {
        let mut rest = leaves;
        while !rest.is_empty() {
            let wanted = self.expected.next_size().and_then(|next| next.checked_sub(self.grown));
            let wanted = wanted.and_then(|wanted| usize::try_from(wanted).ok());
            let (now, later) = rest.split_at_checked(wanted.unwrap_or(usize::MAX)).unwrap_or((rest, &[]));
            rest = later;
            for (tile, bytes) in self.frontier.extend(now) {
                self.higher(tile, &bytes)?;
            }
            self.grown += now.len() as u64;
            if wanted == Some(now.len()) {
                self.expected.tree(self.frontier.head());
            }
        }
        Ok(())
    }

    /// Compares a tile with the stored one; the lowest have been.
    fn higher(&mut self, tile: Tile, folded: &[u8]) -> Result<(), SourceError> {
        if tile.level() == 0 {
            return Ok(());
        }
        let below = u32::from(tile.level()) * TILE_HEIGHT;
        let first = |hash: u64| (tile.index() * u64::from(TILE_WIDTH) + hash) << below;
        let fault = match stored::tile(self.source, tile)? {
            FoundTile::Missing => missing(tile, first(0)),
            FoundTile::WrongLength => wrong_length(tile, first(0)),
            FoundTile::Hashes(stored) => {
                let pairs = stored.chunks_exact(HASH_BYTES).zip(folded.chunks_exact(HASH_BYTES));
                let Some((hash, _)) = (0..).zip(pairs).find(|(_, (stored, folded))| stored != folded) else {
                    self.checked.tiles += 1;
                    return Ok(());
                };
                let detail = format!("Hash {hash} of {tile} is not the one over the tile below it.");
                Fault::new(Code::TileWrong, first(hash), detail)
            }
        };
        let place = (fault.index.unwrap_or_default(), tile.level());
        if self.tile_fault.as_ref().is_none_or(|(index, level, _)| place < (*index, *level)) {
            self.tile_fault = Some((place.0, place.1, fault));
        }
        Ok(())
    }
}

/// Whether an entry is the one of its place. Where its hash is wrong it has
/// been changed, however it may now look; only if it is readable as the entry
/// of another place, that says more.
fn entry_is_right(index: u64, entry: &[u8], hash_is_right: bool) -> Result<(), Fault> {
    let (code, detail) = match own_index(entry) {
        Glance::Index(own) if own == index && hash_is_right => return Ok(()),
        Glance::Index(own) if own != index => {
            (Code::EntryIndex, format!("At place {index} stands the entry of place {own}."))
        }
        _ if !hash_is_right => {
            (Code::EntryChanged, format!("Entry {index} does not hash to what its tile has for it."))
        }
        Glance::NotAnObject => (Code::EntryMalformed, format!("Entry {index} is no JSON object.")),
        Glance::NoIndex | Glance::Index(_) => {
            (Code::EntryIndex, format!("Entry {index} does not say which place it has."))
        }
    };
    Err(Fault::new(code, index, detail))
}

fn missing(tile: Tile, first: u64) -> Fault {
    Fault::new(Code::TileMissing, first, format!("{tile} is not there."))
}

fn wrong_length(tile: Tile, first: u64) -> Fault {
    Fault::new(Code::TileWrong, first, format!("{tile} does not have the length of its hashes."))
}
