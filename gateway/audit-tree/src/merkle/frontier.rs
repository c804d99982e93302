//! The growing edge of the tree.

use std::convert::Infallible;
use std::mem;

use super::{MAX_SIZE, ReadError, Tiles, TreeHead, complete_root, join_from_right, read};
use crate::hash::{HASH_BYTES, LeafHash, NodeHash, node_hash};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile};

/// Levels of tiles a tree of 64-bit size can have.
const TILE_LEVELS: usize = 8;

const TILE_BYTES: usize = TILE_WIDTH as usize * HASH_BYTES;

/// The right edge of a tree: all it takes to append leaves.
///
/// Every inner node is hashed once, when its last leaf comes: one hash per
/// leaf on average, and the root costs at most one more per bit of the size.
/// Nothing is allocated per leaf but room in tile buffers. Holds at most
/// 66 KB.
#[derive(Debug, Clone)]
pub struct Frontier {
    size: u64,
    /// The size whose partial tiles were last given out.
    finished: u64,
    /// Where bit `l` of `size` is set: the root of the complete subtree of
    /// `2^l` leaves at the right edge. Elsewhere meaningless.
    roots: [NodeHash; 64],
    /// The bytes of the partial tile of each level, empty where there is none.
    edge: [Vec<u8>; TILE_LEVELS],
}

/// What appending changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The tiles to write, each once: those that became full, and the partial
    /// ones of the new size that differ from the old size's. All must be
    /// durable before a checkpoint of the new size is shown to anybody.
    pub tiles: Vec<(Tile, Vec<u8>)>,
    /// The tree after it.
    pub head: TreeHead,
}

// === impl Frontier ===

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl Frontier {
    /// The edge of the tree without leaves.
    pub fn new() -> Self {
        Self { size: 0, finished: 0, roots: [[0; HASH_BYTES]; 64], edge: Default::default() }
    }

    /// The edge of the tree of `head`, from its tiles: one partial tile a
    /// level, at most eight. The root is computed from them and compared.
    ///
    /// # Errors
    /// [`ReadError::OtherRoot`] where the tiles are not of that tree, and
    /// whatever reading them can bring.
    pub fn load<T: Tiles>(tiles: &T, head: TreeHead) -> Result<Self, ReadError<T::Error>> {
        if head.size > MAX_SIZE {
            return Err(ReadError::OutOfRange { stored: MAX_SIZE });
        }
        let mut frontier = Self { size: head.size, finished: head.size, ..Self::new() };
        let levels = frontier.edge.iter_mut().zip(frontier.roots.chunks_exact_mut(TILE_HEIGHT as usize));
        for (level, (edge, roots)) in (0..).zip(levels) {
            let Some(tile) = edge_tile(level, head.size) else { continue };
            let bytes = read(tiles, tile)?;
            let mut rest = bytes.as_slice();
            // From the left stand ever smaller complete subtrees, one for
            // each bit of the width.
            for (bit, root) in roots.iter_mut().enumerate().rev() {
                if tile.width() >> bit & 1 == 1
                    && let Some((subtree, after)) = rest.split_at_checked(HASH_BYTES << bit)
                {
                    *root = complete_root(subtree);
                    rest = after;
                }
            }
            extend(edge, &bytes);
        }
        if frontier.head() == head { Ok(frontier) } else { Err(ReadError::OtherRoot { size: head.size }) }
    }

    /// The number of its leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree as it stands.
    pub fn head(&self) -> TreeHead {
        let complete = (0_u32..).zip(&self.roots).filter(|(level, _)| self.size >> level & 1 == 1);
        let Ok(root) = join_from_right(complete.map(|(_, root)| Ok::<_, Infallible>(*root)));
        TreeHead { size: self.size, root }
    }

    /// Appends leaves and says which tiles that makes or changes. Where they
    /// cannot be written, either the same ones are written later, or this
    /// value is dropped and [`Frontier::load`]ed anew: it is ahead of the
    /// store.
    ///
    /// The size cannot run over: a tree is loaded at 2^63 − 1 at most, and
    /// nobody counts as many again.
    pub fn append(&mut self, leaves: &[LeafHash]) -> Appended {
        let mut tiles = self.extend(leaves);
        let Appended { tiles: partial, head } = self.finish();
        tiles.extend(partial);
        Appended { tiles, head }
    }

    /// Appends leaves of a change that comes in several parts, and gives the
    /// tiles that became full. [`Frontier::finish`] gives the rest.
    pub fn extend(&mut self, leaves: &[LeafHash]) -> Vec<(Tile, Vec<u8>)> {
        let mut full = Vec::with_capacity(leaves.len() / usize::from(TILE_WIDTH) + TILE_LEVELS);
        for leaf in leaves {
            self.push(*leaf, &mut full);
        }
        full
    }

    /// Ends a change: the partial tiles that differ from those given out
    /// last, and the tree as it stands.
    pub fn finish(&mut self) -> Appended {
        let before = mem::replace(&mut self.finished, self.size);
        let edges = (0..).zip(&self.edge).filter_map(|(level, edge)| {
            let tile = edge_tile(level, self.size).filter(|tile| Some(*tile) != edge_tile(level, before))?;
            Some((tile, edge.clone()))
        });
        Appended { tiles: edges.collect(), head: self.head() }
    }

    fn push(&mut self, leaf: LeafHash, full: &mut Vec<(Tile, Vec<u8>)>) {
        let mut hash = leaf;
        let mut edges = (0..).zip(&mut self.edge);
        for (level, root) in (0_u32..).zip(&mut self.roots) {
            if level % TILE_HEIGHT == 0
                && let Some((tile_level, edge)) = edges.next()
            {
                extend(edge, &hash);
                if edge.len() == TILE_BYTES {
                    let index = self.size >> level >> TILE_HEIGHT;
                    let tile = Tile::new(tile_level, index, TILE_WIDTH);
                    full.extend(tile.map(|tile| (tile, mem::take(edge))));
                }
            }
            if self.size >> level & 1 == 0 {
                *root = hash;
                break;
            }
            hash = node_hash(root, &hash);
        }
        self.size += 1;
    }
}

/// The partial tile of that level in a tree of `size` leaves, if it has one.
fn edge_tile(level: u8, size: u64) -> Option<Tile> {
    let index = size >> (u32::from(level) * TILE_HEIGHT) >> TILE_HEIGHT;
    Tile::in_tree(level, index, size)
}

fn extend(edge: &mut Vec<u8>, hashes: &[u8]) {
    if edge.capacity() == 0 {
        // All at once: a tile in the making mostly becomes full.
        edge.reserve_exact(TILE_BYTES);
    }
    edge.extend_from_slice(hashes);
}
