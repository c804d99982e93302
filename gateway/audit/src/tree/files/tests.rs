//! Both kinds of files keep what they say.

use super::*;

fn suite(files: &dyn LogFiles) {
    assert_eq!(files.read("a/b/000").unwrap(), None);
    files.write("a/b/000.p/1", b"one").unwrap();
    files.write("a/b/000.p/2", b"two").unwrap();
    files.write("a/b/000.p/2", b"2").unwrap();
    files.write("a/b/0001", b"other").unwrap();
    assert_eq!(files.read("a/b/000.p/2").unwrap().unwrap(), b"2");
    files.sync().unwrap();
    files.replace("head", b"first").unwrap();
    files.replace("head", b"second").unwrap();
    assert_eq!(files.read("head").unwrap().unwrap(), b"second");
    files.remove_partials("a/b/000").unwrap();
    files.remove_partials("a/b/000").unwrap();
    assert_eq!(files.read("a/b/000.p/1").unwrap(), None);
    assert_eq!(files.read("a/b/0001").unwrap().unwrap(), b"other");
}

#[test]
fn in_memory() {
    suite(&MemoryFiles::default());
}

#[test]
fn in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    suite(&RealFiles::new(folder.path()));
    assert!(!folder.path().join("head.new").exists());
}

#[test]
fn a_partial_tile_is_cut_from_the_full_one() {
    let files = MemoryFiles::default();
    let full: Vec<u8> = (0..256_u32 * 32).map(|at| (at % 251) as u8).collect();
    let tile = |width| Tile::new(0, 5, width).unwrap();
    files.write(&tile(256).to_string(), &full).unwrap();
    assert_eq!(Stored(&files).tile(tile(256)).unwrap(), full);
    assert_eq!(Stored(&files).tile(tile(3)).unwrap(), full[..96]);
    assert!(matches!(Stored(&files).tile(Tile::new(0, 6, 3).unwrap()), Err(TileError::Missing)));
}
