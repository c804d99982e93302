//! Every range of small trees, and what breaks its proof.

use proptest::prelude::*;

use super::*;

/// Every range of every size up to here.
const LARGEST: usize = 70;

/// The proof by its definition, from all leaves.
fn outside(first: usize, leaves: &[LeafHash], from: usize, to: usize, out: &mut Vec<NodeHash>) {
    let end = first + leaves.len();
    if end <= from || to <= first {
        out.push(mth(leaves));
    } else if first < from || to < end {
        let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
        outside(first, left, from, to, out);
        outside(first + left.len(), right, from, to, out);
    }
}

fn range(from: usize, to: usize) -> LeafRange {
    LeafRange { from: from as u64, to: to as u64 }
}

fn flip(hash: &NodeHash, bit: usize) -> NodeHash {
    let mut out = *hash;
    out[bit / 8 % 32] ^= 1 << (bit % 8);
    out
}

#[test]
fn every_range_up_to_70_is_proved_as_defined() {
    let leaves = leaves(LARGEST);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, LARGEST as u64);
    let mut proved = 0;
    for size in 1..=LARGEST {
        let whole = &leaves[..size];
        let head = head(whole);
        for from in 0..size {
            for to in from + 1..=size {
                let proof = stored.prove_range(range(from, to), head.size).unwrap();
                let mut defined = Vec::new();
                outside(0, whole, from, to, &mut defined);
                assert_eq!(proof, defined, "{from} to {to} of {size}");
                assert_eq!(verify_range(head, from as u64, &whole[from..to], &proof), Ok(()));
                proved += 1;
            }
        }
    }
    assert_eq!(proved, (1..=LARGEST).map(|size| size * (size + 1) / 2).sum::<usize>());
}

/// A range of one leaf is an inclusion proof in another order.
#[test]
fn a_range_of_one_is_an_inclusion() {
    let leaves = leaves(50);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, 50);
    for index in 0..50 {
        let mut range = stored.prove_range(range(index, index + 1), 50).unwrap();
        let mut inclusion = stored.prove_inclusion(index as u64, 50).unwrap();
        range.sort_unstable();
        inclusion.sort_unstable();
        assert_eq!(range, inclusion);
    }
}

/// Each change alone is found: the control of every positive above.
#[test]
fn whatever_is_changed_is_found() {
    let leaves = leaves(23);
    let tiles = written(&leaves);
    let head = head(&leaves);
    let stored = StoredTree::new(&tiles, 23);
    let wrong = Err(ProofError::OtherRoot);
    for from in 0..23 {
        for to in from + 1..=23 {
            let proof = stored.prove_range(range(from, to), 23).unwrap();
            let shown = leaves[from..to].to_vec();
            let at = from as u64;
            for (place, leaf) in shown.iter().enumerate() {
                for bit in 0..256 {
                    let mut changed = shown.clone();
                    changed[place] = flip(leaf, bit);
                    assert_eq!(verify_range(head, at, &changed, &proof), wrong);
                }
                let mut dropped = shown.clone();
                dropped.remove(place);
                assert!(verify_range(head, at, &dropped, &proof).is_err(), "{place} of {from} to {to}");
                let mut added = shown.clone();
                added.insert(place, leaf_hash(b"slipped in"));
                assert!(verify_range(head, at, &added, &proof).is_err(), "{place} of {from} to {to}");
                let mut twice = shown.clone();
                twice.insert(place, *leaf);
                assert!(verify_range(head, at, &twice, &proof).is_err(), "{place} of {from} to {to}");
                if place > 0 {
                    let mut swapped = shown.clone();
                    swapped.swap(place, place - 1);
                    assert_eq!(verify_range(head, at, &swapped, &proof), wrong);
                }
            }
            for place in 0..proof.len() {
                let mut changed = proof.clone();
                changed[place] = flip(&changed[place], place * 11 + from + to);
                assert_eq!(verify_range(head, at, &shown, &changed), wrong);
                let mut shorter = proof.clone();
                shorter.remove(place);
                assert_eq!(verify_range(head, at, &shown, &shorter), Err(ProofError::WrongLength));
            }
            let longer = [&proof[..], &[[0; 32]]].concat();
            assert_eq!(verify_range(head, at, &shown, &longer), Err(ProofError::WrongLength));
            let root = flip(&head.root, from + to);
            assert_eq!(verify_range(TreeHead { root, ..head }, at, &shown, &proof), wrong);
            // Elsewhere, and in a tree of another size, it proves nothing.
            for other in (0..23).filter(|other| *other != at) {
                assert!(verify_range(head, other, &shown, &proof).is_err(), "{from} to {to} at {other}");
            }
            // Size and root are signed together; that a range is the end of the
            // log no proof for another size shows.
            for size in [22, 24].into_iter().filter(|_| to == 23) {
                assert!(verify_range(TreeHead { size, ..head }, at, &shown, &proof).is_err());
            }
        }
    }
}

#[test]
fn what_is_no_range_is_refused() {
    let leaves = leaves(5);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, 5);
    for (from, to, size) in [(0, 0, 5), (3, 3, 5), (4, 3, 5), (0, 6, 5), (5, 6, 5), (0, 6, 6), (0, 1, 0)] {
        let refused = stored.prove_range(LeafRange { from, to }, size);
        assert!(matches!(refused, Err(ReadError::OutOfRange { stored: 5 })), "{from} to {to} of {size}");
    }
    let head = head(&leaves);
    let out = Err(ProofError::OutOfRange);
    assert_eq!(verify_range(head, 0, &[], &[]), out);
    assert_eq!(verify_range(head, 5, &leaves[..1], &[]), out);
    assert_eq!(verify_range(head, 4, &leaves[..2], &[]), out);
    assert_eq!(verify_range(head, u64::MAX, &leaves[..1], &[]), out);
    assert_eq!(verify_range(TreeHead::EMPTY, 0, &leaves[..1], &[]), out);
    assert_eq!(verify_range(TreeHead { size: MAX_SIZE + 1, ..head }, 0, &leaves[..1], &[]), out);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn ranges_across_tiles_are_proved(
        stored in 60_000..70_000_usize, size in 1..70_000_usize, from in 0..70_000_usize, count in 1..3_000_usize,
        bit in 0..256_usize
    ) {
        let leaves = leaves(stored);
        let tiles = written(&leaves);
        let tree = StoredTree::new(&tiles, stored as u64);
        let size = 1 + size % stored;
        let from = from % size;
        let to = size.min(from + count);
        let head = head(&leaves[..size]);
        let proof = tree.prove_range(range(from, to), head.size).unwrap();
        let mut defined = Vec::new();
        outside(0, &leaves[..size], from, to, &mut defined);
        prop_assert_eq!(&proof, &defined);
        let mut shown = leaves[from..to].to_vec();
        prop_assert_eq!(verify_range(head, from as u64, &shown, &proof), Ok(()));
        let at = bit % shown.len();
        shown[at] = flip(&shown[at], bit);
        prop_assert_eq!(verify_range(head, from as u64, &shown, &proof), Err(ProofError::OtherRoot));
    }
}
