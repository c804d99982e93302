//! Paths as other implementations write them, and no others.

use proptest::prelude::*;

use super::*;

fn check(tile: Option<Tile>, path: &str) {
    let tile = tile.unwrap();
    assert_eq!(tile.to_string(), path);
    assert_eq!(path.parse(), Ok(tile));
}

/// From the tests of transparency-dev/tessera, api/layout/paths_test.go
/// (Apache-2.0), and the example of C2SP tlog-tiles.
#[test]
fn tiles_have_their_published_paths() {
    let cases = [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 255, "tile/0/000.p/255"),
        (1, 0, 256, "tile/1/000"),
        (15, 455_667, 256, "tile/15/x455/667"),
        (15, 123_456_789, 41, "tile/15/x123/x456/789.p/41"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (0, 1_234_067, 89, "tile/0/x001/x234/067.p/89"),
        (63, 999_999_999_999_999_999, 255, "tile/63/x999/x999/x999/x999/x999/999.p/255"),
        (0, u64::MAX, 1, "tile/0/x018/x446/x744/x073/x709/x551/615.p/1"),
    ];
    for (level, index, width, path) in cases {
        check(Tile::new(level, index, width), path);
    }
}

/// From the same tests.
#[test]
fn bundles_have_their_published_paths() {
    let cases = [
        (0, 256, "tile/entries/000"),
        (251 / 256, 255, "tile/entries/000.p/255"),
        (256 / 256, 512, "tile/entries/001"),
        (3 / 256, 257, "tile/entries/000"),
        (256 / 256, 257, "tile/entries/001.p/1"),
        (123_456_789, 123_456_790 * 256, "tile/entries/x123/x456/789"),
    ];
    for (index, size, path) in cases {
        let bundle = Bundle::in_tree(index, size).unwrap();
        assert_eq!(bundle.to_string(), path);
        assert_eq!(path.parse(), Ok(bundle));
    }
    assert_eq!(Bundle::in_tree(1, 256), None);
    assert_eq!(Bundle::new(0, 0), None);
    assert_eq!(Bundle::new(0, 257), None);
}

/// Partly from the same tests; the rest are second spellings.
#[test]
fn other_paths_are_refused() {
    let refused = [
        "",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/x001/x234",
        "tile/0/x001/x234/",
        "tile/0/x001/x234/067.p",
        "tile/0/x001/x234/067.p/",
        "tile/1/x001/.p/abc",
        "tile/64/x001/002",
        "tile/-1/x001/002",
        "tile/abc/x001/002",
        "tile/8/001/002",
        "tile/8/x001/0002",
        "tile/8/x001/-002",
        "tile/8/x001/+02",
        "tile/8/x001/002.p/256",
        "tile/8/x001/002.p/0",
        "tile/8/x001/002.p/007",
        "tile/8/x001/002.p/7.p/7",
        "tile/8/x001/002.p/7/",
        "tile/63/x999/x999/x999/x999/x999/x999/999.p/255",
        "tile/00/000",
        "tile/01/000",
        "tile/+1/000",
        "tile/0/x000/001",
        "tile/0//001",
        "tile/0/X001/001",
        "tile/0/٠٠٠",
        "/tile/0/000",
        "tile/0/000 ",
        "tile/entries/000",
    ];
    for path in refused {
        assert_eq!(path.parse::<Tile>(), Err(PathError), "{path:?}");
    }
    for path in ["tile/0/000", "tile/entries/", "tile/entries/x000/001", "tile/entries/000.p/256"] {
        assert_eq!(path.parse::<Bundle>(), Err(PathError), "{path:?}");
    }
}

/// The example of C2SP tlog-tiles: 70,000 leaves are 273 full tiles and one
/// of 112 at level 0, one full and one of 17 at level 1, one of 1 at level 2.
#[test]
fn a_tree_of_70_000_leaves_has_the_tiles_of_the_specification() {
    let width = |level, index| Tile::in_tree(level, index, 70_000).map(Tile::width);
    assert_eq!(
        [width(0, 0), width(0, 272), width(0, 273), width(0, 274)],
        [Some(256), Some(256), Some(112), None]
    );
    assert_eq!([width(1, 0), width(1, 1), width(1, 2)], [Some(256), Some(17), None]);
    assert_eq!([width(2, 0), width(2, 1), width(3, 0)], [Some(1), None, None]);
    assert_eq!(Tile::in_tree(1, 0, 256).map(Tile::width), Some(1));
    assert_eq!(Tile::in_tree(0, 0, 256).map(Tile::is_partial), Some(false));
    assert_eq!(Tile::in_tree(63, 0, u64::MAX), None);
    assert_eq!(Tile::in_tree(0, 0, 0), None);
}

proptest! {
    #[test]
    fn every_tile_reads_back(level in 0..=63_u8, shift in 0..64, index: u64, width in 1..=256_u16) {
        let tile = Tile::new(level, index >> shift, width).unwrap();
        prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        let bundle = Bundle::new(index >> shift, width).unwrap();
        prop_assert_eq!(bundle.to_string().parse(), Ok(bundle));
    }

    #[test]
    fn what_is_read_is_written_the_same(path in "tile/([0-9]{1,2}|entries)/(x?[0-9]{2,4}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path.clone());
        }
        if let Ok(bundle) = path.parse::<Bundle>() {
            prop_assert_eq!(bundle.to_string(), path);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(path: String) {
        let _ = path.parse::<Tile>();
        let _ = format!("tile/{path}").parse::<Tile>();
        let _ = format!("tile/entries/{path}").parse::<Bundle>();
    }
}
