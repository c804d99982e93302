//! The Merkle tree of RFC 6962 over SHA-256, kept as tiles.
//!
//! [`Frontier`] grows the tree: it takes leaf hashes and says which tiles to
//! write. [`StoredTree`] makes proofs from written tiles. [`verify_inclusion`],
//! [`verify_consistency`] and [`verify_range`] check them with nothing but hashes.
//!
//! Which nodes make up a proof, and whether a consistency proof holds, is
//! computed by `ct-merkle`. What that crate cannot do is here: it grows a tree
//! only in memory, knows no tiles, and verifies inclusion from a leaf's bytes
//! alone, which a holder of a leaf hash does not have.

mod frontier;
mod range;
mod stored;
mod verify;

#[cfg(test)]
mod tests;

use crate::hash::{EMPTY_ROOT, HASH_BYTES, NodeHash, node_hash};
use crate::tile::Tile;

pub use frontier::{Appended, Frontier};
pub use range::{LeafRange, verify_range};
pub use stored::StoredTree;
pub use verify::{ProofError, verify_consistency, verify_inclusion};

/// The largest tree: other implementations keep sizes as signed 64-bit
/// numbers, so a larger one could not be told to them.
pub const MAX_SIZE: u64 = i64::MAX as u64;

/// A tree's size and root: what a checkpoint states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: NodeHash,
}

/// Where written tiles are read from.
///
/// For the implementer: the answer is the tile's first `tile.width()` hashes,
/// `tile.byte_len()` bytes and no more. A partial tile may be cut from a
/// wider one of the same level and index; the caller asks for none but tiles
/// of the size it was told.
pub trait Tiles {
    /// Why a tile cannot be read.
    type Error: std::error::Error + 'static;

    /// The bytes of a tile.
    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Self::Error>;
}

/// Why stored tiles gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E: std::error::Error + 'static> {
    /// The question is beyond the stored tree; the asker is wrong.
    #[error("no such leaf or size in a tree of {stored} leaves")]
    OutOfRange {
        /// The size of the stored tree.
        stored: u64,
    },
    /// The store failed; asking again may help.
    #[error("cannot read {tile}")]
    Store {
        /// Which tile.
        tile: Tile,
        /// What the store says.
        source: E,
    },
    /// The store answered with another number of bytes: it is damaged.
    #[error("{tile} has {length} bytes")]
    WrongLength {
        /// Which tile.
        tile: Tile,
        /// How many bytes came.
        length: usize,
    },
    /// The tiles do not hash to the root they should: the store is damaged,
    /// or is not this log's.
    #[error("the tiles of {size} leaves do not hash to the expected root")]
    OtherRoot {
        /// The size of the tree that was asked for.
        size: u64,
    },
}

// === impl TreeHead ===

impl TreeHead {
    /// The tree without leaves.
    pub const EMPTY: Self = Self { size: 0, root: EMPTY_ROOT };
}

// === reading ===

/// Reads a tile and holds it to its length.
fn read<T: Tiles>(tiles: &T, tile: Tile) -> Result<Vec<u8>, ReadError<T::Error>> {
    let bytes = tiles.tile(tile).map_err(|source| ReadError::Store { tile, source })?;
    if bytes.len() == tile.byte_len() {
        Ok(bytes)
    } else {
        Err(ReadError::WrongLength { tile, length: bytes.len() })
    }
}

/// The root over a power of two of hashes that stand one after the other.
fn complete_root(hashes: &[u8]) -> NodeHash {
    if let Ok(one) = hashes.try_into() {
        return one;
    }
    debug_assert!((hashes.len() / HASH_BYTES).is_power_of_two(), "a complete subtree");
    let (left, right) = hashes.split_at(hashes.len() / 2);
    node_hash(&complete_root(left), &complete_root(right))
}

/// Joins roots of ever larger complete subtrees, given from the right, to the
/// root over all of them; without any, the empty tree's.
fn join_from_right<E>(subtrees: impl IntoIterator<Item = Result<NodeHash, E>>) -> Result<NodeHash, E> {
    let mut root = None;
    for left in subtrees {
        let left = left?;
        root = Some(root.map_or(left, |right| node_hash(&left, &right)));
    }
    Ok(root.unwrap_or(EMPTY_ROOT))
}
