//! Proofs that a range of leaves is whole: that these leaves, and no others,
//! stand from one index to another in the tree of a root.
//!
//! Cut out of the tree, a range leaves the largest subtrees that hold none of
//! its leaves: at most two a level. Their hashes from left to right are the
//! proof; with the leaves they make the root, and nothing else does. It is no
//! longer than two inclusion proofs, whatever the length of the range.

use super::{MAX_SIZE, ProofError, ReadError, StoredTree, Tiles, TreeHead};
use crate::hash::{LeafHash, NodeHash, node_hash};

/// A range of leaves: the first, and the one behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafRange {
    /// Index of the first leaf.
    pub from: u64,
    /// Index behind the last leaf.
    pub to: u64,
}

/// What folds a range back into a root.
struct Fold<'a> {
    range: LeafRange,
    leaves: std::slice::Iter<'a, LeafHash>,
    outside: std::slice::Iter<'a, NodeHash>,
}

// === impl LeafRange ===

impl LeafRange {
    /// Whether a tree of that size has this range, with a leaf in it: of none
    /// there is nothing to prove.
    const fn is_in(self, size: u64) -> bool {
        self.from < self.to && self.to <= size && size <= MAX_SIZE
    }

    const fn misses(self, first: u64, end: u64) -> bool {
        end <= self.from || self.to <= first
    }

    /// The largest subtrees outside the range, from left to right, as their
    /// first leaf and the one behind their last.
    fn outside(self, first: u64, end: u64, found: &mut Vec<(u64, u64)>) {
        if self.misses(first, end) {
            found.push((first, end));
        } else if first < self.from || self.to < end {
            let middle = split(first, end);
            self.outside(first, middle, found);
            self.outside(middle, end, found);
        }
    }
}

// === proving ===

impl<T: Tiles> StoredTree<'_, T> {
    /// The proof that the leaves of a range are those of the tree of the
    /// first `size` leaves, all of them.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`], and whatever reading tiles can bring.
    pub fn prove_range(&self, range: LeafRange, size: u64) -> Result<Vec<NodeHash>, ReadError<T::Error>> {
        if !range.is_in(size) {
            return Err(ReadError::OutOfRange { stored: self.size });
        }
        let mut outside = Vec::new();
        range.outside(0, size, &mut outside);
        self.roots_over(&outside, size)
    }
}

// === verification ===

/// Whether `leaves` are the leaves from `from` on in the tree of `head`: each
/// in its place, none left out, none put in.
///
/// # Errors
/// [`ProofError`] where that is not shown.
pub fn verify_range(
    head: TreeHead,
    from: u64,
    leaves: &[LeafHash],
    proof: &[NodeHash],
) -> Result<(), ProofError> {
    let to = from.checked_add(leaves.len() as u64).ok_or(ProofError::OutOfRange)?;
    let range = LeafRange { from, to };
    if !range.is_in(head.size) {
        return Err(ProofError::OutOfRange);
    }
    let mut fold = Fold { range, leaves: leaves.iter(), outside: proof.iter() };
    let root = fold.root(0, head.size).ok_or(ProofError::WrongLength)?;
    if fold.outside.len() > 0 {
        return Err(ProofError::WrongLength);
    }
    if root == head.root { Ok(()) } else { Err(ProofError::OtherRoot) }
}

// === impl Fold ===

impl Fold<'_> {
    /// The root over the leaves from `first` to before `end`; none where the
    /// proof has too few hashes. As deep as the tree is high, 63 at most.
    fn root(&mut self, first: u64, end: u64) -> Option<NodeHash> {
        if self.range.misses(first, end) {
            return self.outside.next().copied();
        }
        if end - first == 1 {
            return self.leaves.next().copied();
        }
        let middle = split(first, end);
        let left = self.root(first, middle)?;
        Some(node_hash(&left, &self.root(middle, end)?))
    }
}

/// Where RFC 6962 splits the leaves from `first` to before `end`, of which there
/// are at least two: behind the largest power of two smaller than their number.
const fn split(first: u64, end: u64) -> u64 {
    first + (1 << (end - first - 1).ilog2())
}
