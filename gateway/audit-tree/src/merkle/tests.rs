//! The tree against RFC 6962 written down word for word, and against what
//! others published.

mod appending;
mod huge;
mod known;
mod proofs;
mod ranges;

use std::collections::HashMap;

use super::*;
use crate::hash::{LeafHash, leaf_hash};

/// MTH of RFC 6962 section 2.1, over leaf hashes.
fn mth(leaves: &[LeafHash]) -> NodeHash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// PATH of section 2.1.1.
fn path(index: usize, leaves: &[LeafHash]) -> Vec<NodeHash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len() as u64) as usize;
    let (left, right) = leaves.split_at(k);
    let (mut below, sibling) =
        if index < k { (path(index, left), mth(right)) } else { (path(index - k, right), mth(left)) };
    below.push(sibling);
    below
}

/// PROOF of section 2.1.2, which is SUBPROOF with `whole` true.
fn subproof(old: usize, leaves: &[LeafHash], whole: bool) -> Vec<NodeHash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = split(leaves.len() as u64) as usize;
    let (left, right) = leaves.split_at(k);
    let (mut below, sibling) = if old <= k {
        (subproof(old, left, whole), mth(right))
    } else {
        (subproof(old - k, right, false), mth(left))
    };
    below.push(sibling);
    below
}

/// The largest power of two smaller than `size`.
fn split(size: u64) -> u64 {
    size.next_power_of_two() / 2
}

fn leaves(count: usize) -> Vec<LeafHash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

fn head(leaves: &[LeafHash]) -> TreeHead {
    TreeHead { size: leaves.len() as u64, root: mth(leaves) }
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("no such tile")]
struct Missing;

/// Tiles under exactly the names they were written under.
#[derive(Default, Clone)]
struct Written(HashMap<Tile, Vec<u8>>);

impl Tiles for Written {
    type Error = Missing;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Missing> {
        self.0.get(&tile).cloned().ok_or(Missing)
    }
}

impl Written {
    fn keep(&mut self, appended: Appended) -> TreeHead {
        for (tile, bytes) in appended.tiles {
            assert_eq!(bytes.len(), tile.byte_len());
            assert!(self.0.insert(tile, bytes).is_none(), "{tile} is written once");
        }
        appended.head
    }
}

/// The tiles of those leaves, appended at once.
fn written(leaves: &[LeafHash]) -> Written {
    let mut written = Written::default();
    assert_eq!(written.keep(Frontier::new().append(leaves)), head(leaves));
    written
}
