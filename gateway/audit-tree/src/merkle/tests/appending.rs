//! Growing a tree: the same tiles and roots however it is done.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::tile::{TILE_WIDTH, Tile};

/// What the tree's tiles are by the definition in C2SP tlog-tiles: subtree
/// roots, 256 to a tile, each the tree hash of its own range of leaves.
fn defined_tiles(leaves: &[LeafHash]) -> HashMap<Tile, Vec<u8>> {
    let mut tiles = HashMap::new();
    let mut hashes = leaves.to_vec();
    for level in 0.. {
        for (index, chunk) in hashes.chunks(usize::from(TILE_WIDTH)).enumerate() {
            let tile = Tile::new(level, index as u64, chunk.len() as u16).unwrap();
            tiles.insert(tile, chunk.concat());
        }
        hashes = hashes.chunks_exact(usize::from(TILE_WIDTH)).map(mth).collect();
        if hashes.is_empty() {
            break;
        }
    }
    tiles
}

#[test]
fn leaf_by_leaf_every_root_is_that_of_the_definition() {
    let leaves = leaves(600);
    let mut frontier = Frontier::new();
    let mut written = Written::default();
    assert_eq!(frontier.head(), TreeHead::EMPTY);
    for size in 1..=leaves.len() {
        let grown = written.keep(frontier.append(&leaves[size - 1..size]));
        assert_eq!(grown, head(&leaves[..size]));
        assert_eq!(frontier.head(), grown);
    }
    for (tile, bytes) in defined_tiles(&leaves) {
        assert_eq!(written.0.get(&tile), Some(&bytes), "{tile}");
    }
}

/// The size of the example in C2SP tlog-tiles; it reaches level 2.
#[test]
fn a_tree_of_70_000_leaves_has_the_tiles_of_the_definition() {
    let leaves = leaves(70_000);
    let written = written(&leaves);
    assert_eq!(written.0, defined_tiles(&leaves));
    let at = |level| written.0.keys().filter(|tile| tile.level() == level).count();
    assert_eq!([at(0), at(1), at(2), at(3)], [274, 2, 1, 0]);
}

#[test]
fn nothing_appended_is_nothing_to_write() {
    let mut frontier = Frontier::new();
    assert_eq!(frontier.append(&[]), Appended { tiles: Vec::new(), head: TreeHead::EMPTY });
    let grown = frontier.append(&leaves(3)).head;
    assert_eq!(frontier.append(&[]), Appended { tiles: Vec::new(), head: grown });
}

/// What an append did not touch is not written again: 256 leaves on 256 leave
/// no partial tile at level 0, and one more leaf leaves level 1 alone.
#[test]
fn unchanged_tiles_are_not_written_again() {
    let leaves = leaves(513);
    let mut frontier = Frontier::new();
    let names = |appended: Appended| -> Vec<String> {
        appended.tiles.iter().map(|(tile, _)| tile.to_string()).collect()
    };
    assert_eq!(names(frontier.append(&leaves[..256])), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(names(frontier.append(&leaves[256..512])), ["tile/0/001", "tile/1/000.p/2"]);
    assert_eq!(names(frontier.append(&leaves[512..])), ["tile/0/002.p/1"]);
}

/// A store that does not have, or does not have whole, or has otherwise what
/// it should, is found at the start.
#[test]
fn a_damaged_store_is_not_loaded() {
    let leaves = leaves(70_000);
    let whole = written(&leaves);
    let head = head(&leaves);
    let edge = ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"];
    for path in edge {
        let tile: Tile = path.parse().unwrap();
        let damaged = |damage: &dyn Fn(&mut Vec<u8>)| {
            let mut tiles = whole.clone();
            damage(tiles.0.get_mut(&tile).unwrap());
            Frontier::load(&tiles, head).unwrap_err()
        };
        for at in [0, tile.byte_len() / 2, tile.byte_len() - 1] {
            let error = damaged(&|bytes| bytes[at] ^= 0x10);
            assert!(matches!(error, ReadError::OtherRoot { size: 70_000 }), "{tile} at {at}: {error:?}");
        }
        let error = damaged(&|bytes| bytes.truncate(tile.byte_len() - 32));
        assert!(matches!(error, ReadError::WrongLength { tile: named, .. } if named == tile));
        let error = damaged(&|bytes| bytes.push(0));
        assert!(matches!(error, ReadError::WrongLength { tile: named, .. } if named == tile));

        let mut without = whole.clone();
        without.0.remove(&tile);
        let error = Frontier::load(&without, head).unwrap_err();
        assert!(matches!(error, ReadError::Store { tile: named, source: Missing } if named == tile));
    }
    let other = TreeHead { root: [7; 32], ..head };
    assert!(matches!(Frontier::load(&whole, other), Err(ReadError::OtherRoot { .. })));
    let beyond = TreeHead { size: MAX_SIZE + 1, ..head };
    assert!(matches!(Frontier::load(&whole, beyond), Err(ReadError::OutOfRange { .. })));
    // The control: undamaged it loads, at the size of the edge and none else.
    assert_eq!(Frontier::load(&whole, head).unwrap().head(), head);
}

/// What is done with the tree after a part of the leaves has come.
#[derive(Debug, Clone, Copy)]
enum Then {
    GoOn,
    Finish,
    StartAnew,
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![Just(Then::GoOn), Just(Then::Finish), Just(Then::StartAnew)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the leaves are split, wherever a change ends, and wherever the
    /// process starts anew from the tiles it wrote, the tiles and roots are
    /// the same, no tile is written twice, and none is partial in between.
    #[test]
    fn any_split_gives_the_same_tree(
        batches in vec((prop_oneof![0..4_usize, 0..300_usize, 250..260_usize, 0..3000_usize], then()), 1..12)
    ) {
        let all = leaves(batches.iter().map(|(count, _)| count).sum());
        let mut frontier = Frontier::new();
        let mut written = Written::default();
        let mut ends = vec![0];
        let mut at = 0;
        for (count, then) in batches {
            let tiles = frontier.extend(&all[at..at + count]);
            prop_assert!(tiles.iter().all(|(tile, _)| !tile.is_partial()));
            at += count;
            written.keep(Appended { tiles, head: frontier.head() });
            if matches!(then, Then::GoOn) {
                continue;
            }
            let grown = written.keep(frontier.finish());
            prop_assert_eq!(grown.size, at as u64);
            ends.push(grown.size);
            if matches!(then, Then::StartAnew) {
                frontier = Frontier::load(&written, grown).unwrap();
                prop_assert_eq!(frontier.head(), grown);
            }
        }
        let grown = written.keep(frontier.finish());
        ends.push(grown.size);
        prop_assert_eq!(grown, head(&all));
        for (tile, bytes) in defined_tiles(&all) {
            prop_assert_eq!(written.0.get(&tile), Some(&bytes), "{}", tile);
        }
        // A partial tile belongs to a size at which a change ended.
        for tile in written.0.keys().filter(|tile| tile.is_partial()) {
            let belongs = |size: &u64| Tile::in_tree(tile.level(), tile.index(), *size) == Some(*tile);
            prop_assert!(ends.iter().any(belongs), "{}", tile);
        }
    }
}
