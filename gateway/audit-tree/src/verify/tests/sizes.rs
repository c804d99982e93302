//! Logs of every awkward size, and files that stand in for others.

use super::forge::{Forged, evidence, keys};
use super::*;

#[test]
fn honest_logs_of_any_size_are_right() {
    for size in [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 600] {
        let log = Forged::new(size);
        let kept: Vec<u64> = (0..=size).filter(|kept| kept % 97 == 0 || size - kept < 3).collect();
        let report = verify(&log.publish_with(&kept), &keys(&[]), &Evidence::default(), true);
        assert_eq!(said(&report), OK, "{size}");
        let (tiles, higher) = (size.div_ceil(256), u64::from(size >= 256));
        let checked = Checked {
            entries: size,
            tiles: tiles + higher,
            checkpoints: 1 + kept.len() as u64,
            receipts: 0,
            deep: true,
            hashes_only: false,
        };
        assert_eq!(report.checked, checked, "{size}");
        assert_eq!(report.unwitnessed.since, (size > 0).then(|| forge::at(0)), "{size}");
    }
}

#[test]
fn a_log_of_three_levels_of_tiles() {
    let size = 65_537;
    let log = Forged::new(size);
    let shown = log.publish_with(&[1, 65_535, 65_536, 65_537]);
    let receipts = [0, 255, 256, 65_535, 65_536].map(|index| log.receipt(index));
    let receipts = evidence(&[], &receipts.each_ref().map(String::as_str));
    let report = verify(&shown, &keys(&[]), &receipts, false);
    assert_eq!(said(&report), OK);
    let checked = Checked {
        entries: size,
        tiles: 257 + 1 + 1,
        checkpoints: 5,
        receipts: 5,
        deep: false,
        hashes_only: false,
    };
    assert_eq!(report.checked, checked);

    let flip = |shown: &Shown, changes: &[(&str, usize)]| {
        let mut shown = shown.clone();
        for (path, at) in changes {
            shown.file(path)[*at] ^= 1;
        }
        said(&alone(&shown))
    };
    assert_eq!(flip(&shown, &[("tile/1/000", 3 * 32)]), fault(Code::TileWrong, 3 * 256));
    assert_eq!(flip(&shown, &[("tile/2/000.p/1", 0)]), fault(Code::TileWrong, 0));
    // The smallest index, though its tile comes later.
    assert_eq!(flip(&shown, &[("tile/1/000", 3 * 32), ("tile/2/000.p/1", 0)]), fault(Code::TileWrong, 0));
    assert_eq!(flip(&shown, &[("tile/entries/256.p/1", 40)]), fault(Code::EntryChanged, 65_536));
}

#[test]
fn a_wider_file_stands_in_for_a_narrower_one() {
    let log = Forged::new(600);
    let wide = Forged::new(700).publish();
    for (narrow, wider) in
        [("tile/entries/002.p/88", "tile/entries/002.p/188"), ("tile/0/002.p/88", "tile/0/002.p/188")]
    {
        for name in [wider, &wider[..wider.len() - 6]] {
            let mut shown = log.publish();
            shown.remove(narrow);
            shown.put(name, &wide.files[wider]);
            assert_eq!(said(&alone(&shown)), OK, "{name}");
            // What is behind its beginning is not read.
            shown.cut(name);
            assert_eq!(said(&alone(&shown)), OK, "{name} cut");
            // Its own name counts before any other.
            shown.put(narrow, b"x");
            assert_ne!(said(&alone(&shown)), OK, "{narrow}");
        }
        let mut shown = log.publish();
        shown.rename(narrow, &narrow.replace(".p/88", ".p/87"));
        assert_ne!(said(&alone(&shown)), OK, "{narrow} as one too narrow");
    }
    // The full one comes before others.
    let mut shown = log.publish();
    shown.rename("tile/1/000.p/2", "tile/1/000");
    shown.put("tile/1/000.p/9", b"x");
    assert_eq!(said(&alone(&shown)), OK);
    // A narrower one beside it is not looked at.
    shown.put("tile/0/002.p/3", b"x");
    assert_eq!(said(&alone(&shown)), OK);
    // Too short for what is asked.
    shown.file("tile/1/000").truncate(63);
    assert_eq!(said(&alone(&shown)), fault(Code::TileWrong, 0));
}
