//! Every proof of small trees, and what breaks it.

use proptest::prelude::*;

use super::*;

/// Proofs of all sizes up to here; beyond a full tile.
const LARGEST: usize = 300;

fn flip(hash: &NodeHash, bit: usize) -> NodeHash {
    let mut out = *hash;
    out[bit / 8 % 32] ^= 1 << (bit % 8);
    out
}

#[test]
fn every_inclusion_up_to_300_verifies() {
    let leaves = leaves(LARGEST);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, LARGEST as u64);
    for size in 1..=LARGEST {
        let head = head(&leaves[..size]);
        assert_eq!(stored.root(head.size).unwrap(), head.root);
        for (index, leaf) in leaves[..size].iter().enumerate() {
            let proof = stored.prove_inclusion(index as u64, head.size).unwrap();
            assert_eq!(verify_inclusion(head, index as u64, leaf, &proof), Ok(()), "{index} of {size}");
            // Another leaf, another place, and another proof are refused.
            let other = index as u64 ^ 1;
            assert!(verify_inclusion(head, other, leaf, &proof).is_err(), "{other} of {size}");
            let bit = index * 7 + size;
            let wrong = Err(ProofError::OtherRoot);
            assert_eq!(verify_inclusion(head, index as u64, &flip(leaf, bit), &proof), wrong);
            let changed = TreeHead { root: flip(&head.root, bit), ..head };
            assert_eq!(verify_inclusion(changed, index as u64, leaf, &proof), wrong);
            // All of them would take long; these meet every place and shape.
            for at in (0..proof.len()).filter(|at| size < 40 || (at + index + size) % 8 == 0) {
                let mut changed = proof.clone();
                changed[at] = flip(&changed[at], bit + at);
                assert_eq!(verify_inclusion(head, index as u64, leaf, &changed), wrong);
            }
        }
    }
}

#[test]
fn every_consistency_up_to_300_verifies() {
    let leaves = leaves(LARGEST);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, LARGEST as u64);
    let heads: Vec<TreeHead> = (0..=LARGEST).map(|size| head(&leaves[..size])).collect();
    for (n, new) in heads.iter().enumerate() {
        for (m, old) in heads[..=n].iter().enumerate() {
            let proof = stored.prove_consistency(old.size, new.size).unwrap();
            assert_eq!(verify_consistency(*old, *new, &proof), Ok(()), "{m} to {n}");
            // All of them would take long; these meet every place and shape.
            if n >= 40 && (m + n) % 3 != 0 {
                continue;
            }
            let wrong = Err(ProofError::OtherRoot);
            let bit = m * 7 + n;
            let changed = TreeHead { root: flip(&old.root, bit), ..*old };
            assert_eq!(verify_consistency(changed, *new, &proof), wrong, "{m} to {n}");
            // Every tree begins with the empty one, whatever its root.
            if m > 0 {
                let changed = TreeHead { root: flip(&new.root, bit), ..*new };
                assert_eq!(verify_consistency(*old, changed, &proof), wrong, "{m} to {n}");
            }
            for at in (0..proof.len()).filter(|at| n < 40 || (at + m) % 4 == 0) {
                let mut changed = proof.clone();
                changed[at] = flip(&changed[at], bit + at);
                assert_eq!(verify_consistency(*old, *new, &changed), wrong, "{m} to {n}");
            }
        }
    }
}

/// The proofs are those of the definition, hash for hash.
#[test]
fn proofs_are_those_of_rfc_6962() {
    let leaves = leaves(600);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, 600);
    let sizes = (1..70).chain([127, 128, 129, 255, 256, 257, 384, 511, 512, 513, 600]);
    for size in sizes {
        for index in (0..size).filter(|index| size < 70 || index % 37 == 0 || index + 2 > size) {
            let whole = &leaves[..size];
            assert_eq!(
                stored.prove_inclusion(index as u64, size as u64).unwrap(),
                path(index, whole),
                "{index} of {size}"
            );
            let old = index + 1;
            assert_eq!(
                stored.prove_consistency(old as u64, size as u64).unwrap(),
                subproof(old, whole, true),
                "{old} to {size}"
            );
        }
    }
}

#[test]
fn proofs_of_the_wrong_length_are_refused() {
    let leaves = leaves(5);
    let head = head(&leaves);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, 5);
    let inclusion = stored.prove_inclusion(1, 5).unwrap();
    let consistency = stored.prove_consistency(3, 5).unwrap();
    let old = super::head(&leaves[..3]);
    let wrong = Err(ProofError::WrongLength);
    for cut in 0..inclusion.len() {
        assert_eq!(verify_inclusion(head, 1, &leaves[1], &inclusion[..cut]), wrong);
    }
    for cut in 0..consistency.len() {
        assert_eq!(verify_consistency(old, head, &consistency[..cut]), wrong);
    }
    let longer = |proof: &[NodeHash]| [proof, &[[0; 32]]].concat();
    assert_eq!(verify_inclusion(head, 1, &leaves[1], &longer(&inclusion)), wrong);
    assert_eq!(verify_consistency(old, head, &longer(&consistency)), wrong);
    assert_eq!(verify_consistency(head, head, &longer(&[])), wrong);
    assert_eq!(verify_consistency(TreeHead::EMPTY, head, &longer(&[])), wrong);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let leaves = leaves(5);
    let head = head(&leaves);
    let tiles = written(&leaves);
    let stored = StoredTree::new(&tiles, 5);
    let refused = |answer: Result<Vec<NodeHash>, ReadError<Missing>>| {
        matches!(answer, Err(ReadError::OutOfRange { stored: 5 }))
    };
    for (index, size) in [(0, 0), (5, 5), (0, 6), (u64::MAX, u64::MAX)] {
        assert!(refused(stored.prove_inclusion(index, size)), "{index} of {size}");
    }
    for (old, new) in [(4, 3), (5, 6), (0, 6), (0, u64::MAX)] {
        assert!(refused(stored.prove_consistency(old, new)), "{old} to {new}");
    }
    assert!(matches!(stored.root(6), Err(ReadError::OutOfRange { stored: 5 })));
    assert_eq!(stored.root(0).unwrap(), EMPTY_ROOT);

    let out = Err(ProofError::OutOfRange);
    assert_eq!(verify_inclusion(head, 5, &leaves[0], &[]), out);
    assert_eq!(verify_inclusion(TreeHead::EMPTY, 0, &leaves[0], &[]), out);
    let huge = TreeHead { size: MAX_SIZE + 1, ..head };
    assert_eq!(verify_inclusion(huge, 0, &leaves[0], &[]), out);
    assert_eq!(verify_consistency(head, huge, &[]), out);
    assert_eq!(verify_consistency(head, super::head(&leaves[..4]), &[]), out);
    let impossible = TreeHead { size: 0, ..head };
    assert_eq!(verify_consistency(TreeHead::EMPTY, impossible, &[]), Err(ProofError::OtherRoot));
    assert_eq!(verify_consistency(TreeHead::EMPTY, TreeHead::EMPTY, &[]), Ok(()));
}

/// Damage in a tile is not found while a proof is made, but the proof does
/// not verify; a tile that fails to come stops it.
#[test]
fn damaged_tiles_give_no_proof_that_verifies() {
    let leaves = leaves(300);
    let head = head(&leaves);
    let mut tiles = written(&leaves);
    let tile: Tile = "tile/0/000".parse().unwrap();
    tiles.0.get_mut(&tile).unwrap()[5] ^= 1;
    let proof = StoredTree::new(&tiles, 300).prove_inclusion(299, 300).unwrap();
    assert_eq!(verify_inclusion(head, 299, &leaves[299], &proof), Ok(()), "it rests on level 1");
    let proof = StoredTree::new(&tiles, 300).prove_inclusion(100, 300).unwrap();
    assert_eq!(verify_inclusion(head, 100, &leaves[100], &proof), Err(ProofError::OtherRoot));
    tiles.0.remove(&tile);
    let error = StoredTree::new(&tiles, 300).prove_inclusion(100, 300).unwrap_err();
    assert!(matches!(error, ReadError::Store { tile: named, source: Missing } if named == tile));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn proofs_across_levels_are_those_of_rfc_6962(
        stored in 65_000..70_000_usize, new in 1..70_000_usize, old in 1..70_000_usize, index in 0..70_000_usize
    ) {
        let leaves = leaves(stored);
        let tiles = written(&leaves);
        let tree = StoredTree::new(&tiles, stored as u64);
        let new = 1 + new % stored;
        let (old, index) = (1 + old % new, index % new);
        let whole = &leaves[..new];
        prop_assert_eq!(tree.prove_inclusion(index as u64, new as u64).unwrap(), path(index, whole));
        let proof = tree.prove_consistency(old as u64, new as u64).unwrap();
        prop_assert_eq!(&proof, &subproof(old, whole, true));
        prop_assert_eq!(verify_consistency(head(&leaves[..old]), head(whole), &proof), Ok(()));
    }
}
