//! Trees too large to build, up to the largest size there is.
//!
//! All leaves are alike, so the root of any range depends on its length alone
//! and costs a few hashes.

use proptest::prelude::*;

use super::*;

const LEAF: LeafHash = [0x5a; 32];

/// MTH of RFC 6962 over that many like leaves.
fn mth_of(count: u64) -> NodeHash {
    if count == 1 {
        return LEAF;
    }
    let k = split(count);
    if count == 2 * k {
        let half = mth_of(k);
        return node_hash(&half, &half);
    }
    node_hash(&mth_of(k), &mth_of(count - k))
}

fn path_of(index: u64, count: u64) -> Vec<NodeHash> {
    if count == 1 {
        return Vec::new();
    }
    let k = split(count);
    let (mut below, sibling) = if index < k {
        (path_of(index, k), mth_of(count - k))
    } else {
        (path_of(index - k, count - k), mth_of(k))
    };
    below.push(sibling);
    below
}

fn subproof_of(old: u64, count: u64, whole: bool) -> Vec<NodeHash> {
    if old == count {
        return if whole { Vec::new() } else { vec![mth_of(count)] };
    }
    let k = split(count);
    let (mut below, sibling) = if old <= k {
        (subproof_of(old, k, whole), mth_of(count - k))
    } else {
        (subproof_of(old - k, count - k, false), mth_of(k))
    };
    below.push(sibling);
    below
}

/// Every tile of such a tree.
struct Alike;

impl Tiles for Alike {
    type Error = Missing;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Missing> {
        let hash = mth_of(1 << (8 * u32::from(tile.level())));
        Ok(hash.repeat(usize::from(tile.width())))
    }
}

fn check(size: u64, old: u64, index: u64) {
    let head = TreeHead { size, root: mth_of(size) };
    let tree = StoredTree::new(&Alike, size);
    let proof = tree.prove_inclusion(index, size).unwrap();
    assert_eq!(proof, path_of(index, size), "{index} of {size}");
    assert_eq!(verify_inclusion(head, index, &LEAF, &proof), Ok(()), "{index} of {size}");
    assert_eq!(verify_inclusion(head, index, &[1; 32], &proof), Err(ProofError::OtherRoot));

    let old = TreeHead { size: old, root: mth_of(old) };
    let proof = tree.prove_consistency(old.size, size).unwrap();
    assert_eq!(proof, subproof_of(old.size, size, true), "{} to {size}", old.size);
    assert!(proof.len() <= 63 || size > 1 << 62, "the limit of C2SP tlog-witness");
    assert_eq!(verify_consistency(old, head, &proof), Ok(()), "{} to {size}", old.size);
    let other = TreeHead { root: [1; 32], ..old };
    assert_eq!(verify_consistency(other, head, &proof), Err(ProofError::OtherRoot));

    // And such a tree goes on, with the tiles of the larger size.
    let mut frontier = Frontier::load(&Alike, head).unwrap();
    assert_eq!(frontier.head(), head);
    if size < MAX_SIZE {
        let appended = frontier.append(&[LEAF]);
        assert_eq!(appended.head, TreeHead { size: size + 1, root: mth_of(size + 1) });
        for (tile, bytes) in appended.tiles {
            assert_eq!(Alike.tile(tile).unwrap(), bytes, "{tile}");
        }
    }
}

#[test]
fn the_largest_tree_has_proofs() {
    for size in [MAX_SIZE, MAX_SIZE - 1, 1 << 62, (1 << 62) + 1, (1 << 56) - 1, 1 << 56] {
        for index in [0, 1, size / 2, size - 2, size - 1] {
            check(size, index + 1, index);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_huge_tree_has_proofs(size in 1..=MAX_SIZE, small in 0..63_u32, old: u64, index: u64) {
        let size = (size >> small).max(1);
        check(size, 1 + old % size, index % size);
    }
}
