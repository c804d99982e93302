//! Proofs and roots from written tiles.

use ct_merkle::{indices_for_consistency_proof, indices_for_inclusion_proof};

use super::verify::span;
use super::{MAX_SIZE, ReadError, Tiles, complete_root, join_from_right, read};
use crate::hash::{HASH_BYTES, NodeHash};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile};

/// A tree whose tiles are written. It answers for every size up to its own,
/// also those no checkpoint was made of.
///
/// What is read is not checked against a root: a proof from damaged tiles is
/// one that does not verify.
#[derive(Debug)]
pub struct StoredTree<'a, T> {
    tiles: &'a T,
    pub(super) size: u64,
}

/// The tiles read for one answer.
struct Reading<'a, T> {
    tree: &'a StoredTree<'a, T>,
    read: Vec<(Tile, Vec<u8>)>,
}

// === impl StoredTree ===

impl<'a, T: Tiles> StoredTree<'a, T> {
    /// The tree of `size` leaves, all of whose tiles `tiles` has.
    pub fn new(tiles: &'a T, size: u64) -> Self {
        Self { tiles, size: size.min(MAX_SIZE) }
    }

    /// The root of the first `size` leaves.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`], and whatever reading tiles can bring.
    pub fn root(&self, size: u64) -> Result<NodeHash, ReadError<T::Error>> {
        self.holds(size <= self.size)?;
        self.reading().root_over(0, size)
    }

    /// The proof that leaf `index` is in the tree of the first `size` leaves
    /// (RFC 6962 section 2.1.1), from the leaf upwards.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`], and whatever reading tiles can bring.
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Result<Vec<NodeHash>, ReadError<T::Error>> {
        self.holds(index < size && size <= self.size)?;
        self.nodes(&indices_for_inclusion_proof(size, index), size)
    }

    /// The proof that the first `old` leaves begin the tree of the first
    /// `new` (RFC 6962 section 2.1.2). Empty for `old` 0 and for `old` = `new`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`], and whatever reading tiles can bring.
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<NodeHash>, ReadError<T::Error>> {
        self.holds(old <= new && new <= self.size)?;
        if old == 0 {
            return Ok(Vec::new());
        }
        self.nodes(&indices_for_consistency_proof(old, new - old), new)
    }

    fn holds(&self, within: bool) -> Result<(), ReadError<T::Error>> {
        if within { Ok(()) } else { Err(ReadError::OutOfRange { stored: self.size }) }
    }

    fn nodes(&self, nodes: &[u64], size: u64) -> Result<Vec<NodeHash>, ReadError<T::Error>> {
        let mut reading = self.reading();
        nodes
            .iter()
            .map(|node| {
                let (first, level) = span(*node);
                reading.root_over(first, size.min(first + (1 << level)))
            })
            .collect()
    }

    /// The roots over these leaves, each from the first to before the end: nodes
    /// of the tree of `size` leaves.
    pub(super) fn roots_over(
        &self,
        nodes: &[(u64, u64)],
        size: u64,
    ) -> Result<Vec<NodeHash>, ReadError<T::Error>> {
        self.holds(size <= self.size)?;
        let mut reading = self.reading();
        nodes.iter().map(|(first, end)| reading.root_over(*first, *end)).collect()
    }

    fn reading(&self) -> Reading<'_, T> {
        Reading { tree: self, read: Vec::new() }
    }
}

// === impl Reading ===

impl<T: Tiles> Reading<'_, T> {
    /// The root over the leaves from `first` to before `end`, where `first`
    /// is a multiple of a power of two no smaller than their number.
    fn root_over(&mut self, first: u64, end: u64) -> Result<NodeHash, ReadError<T::Error>> {
        let count = end - first;
        let mut end = end;
        let complete = (0..u64::BITS).filter(|level| count >> level & 1 == 1).map(|level| {
            end -= 1 << level;
            self.complete(level, end)
        });
        join_from_right(complete)
    }

    /// The root of the complete subtree of `2^level` leaves from `first` on.
    fn complete(&mut self, level: u32, first: u64) -> Result<NodeHash, ReadError<T::Error>> {
        let out_of_range = ReadError::OutOfRange { stored: self.tree.size };
        let (tile_level, height) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let hash = first >> (tile_level * TILE_HEIGHT);
        let index = hash / u64::from(TILE_WIDTH);
        let offset = (hash % u64::from(TILE_WIDTH)) as usize * HASH_BYTES;
        let Some(tile) = Tile::in_tree(tile_level as u8, index, self.tree.size) else {
            return Err(out_of_range);
        };
        let bytes = self.tile(tile)?;
        bytes.get(offset..offset + (HASH_BYTES << height)).map(complete_root).ok_or(out_of_range)
    }

    fn tile(&mut self, tile: Tile) -> Result<&[u8], ReadError<T::Error>> {
        let known = self.read.iter().position(|(known, _)| *known == tile);
        let at = known.unwrap_or(self.read.len());
        if known.is_none() {
            self.read.push((tile, read(self.tree.tiles, tile)?));
        }
        Ok(self.read.get(at).map_or(&[], |(_, bytes)| bytes))
    }
}
