//! Files changed by somebody without the key, and by somebody with it.

use super::forge::{ORIGIN, entry, log_key, signed};
use super::*;
use crate::note::SigningKey;
use crate::tile::Bundle;

const SIZE: u64 = 600;

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// Where each entry of a bundle begins and ends, its length included.
fn places(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut places = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + 2 + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        places.push(at..end);
        at = end;
    }
    places
}

/// A change to the files of a log.
type Change = fn(&mut Shown);

#[test]
fn every_change_of_a_file_is_found_where_it_is() {
    let cases: [(&str, Change, Said); 32] = [
        ("nothing", |_| (), OK),
        ("bit of an entry", |s| flip_entry(s, 300), fault(Code::EntryChanged, 300)),
        ("bit of a leaf hash", |s| flip(s.file("tile/0/001"), 44 * 256), fault(Code::EntryChanged, 300)),
        ("bit of a hash above", |s| flip(s.file("tile/1/000.p/2"), 256), fault(Code::TileWrong, 256)),
        (
            "both",
            |s| {
                flip(s.file("tile/1/000.p/2"), 0);
                flip_entry(s, 599);
            },
            fault(Code::EntryChanged, 599),
        ),
        (
            "two entries",
            |s| {
                flip_entry(s, 599);
                flip_entry(s, 4);
            },
            fault(Code::EntryChanged, 4),
        ),
        ("deleted", |s| edit(s, |e| drop(e.remove(5))), fault(Code::EntryIndex, 5)),
        ("last deleted", |s| edit(s, |e| drop(e.pop())), fault(Code::EntryMalformed, 599)),
        ("duplicated", |s| edit(s, |e| e.insert(6, e[5].clone())), fault(Code::EntryIndex, 6)),
        ("last duplicated", |s| edit(s, |e| e.push(e[599].clone())), fault(Code::EntryMalformed, 600)),
        ("swapped", |s| edit(s, |e| e.swap(255, 256)), fault(Code::EntryIndex, 255)),
        (
            "another, of its place",
            |s| edit(s, |e| *e = Forged::new(SIZE).rewritten(9).entries),
            fault(Code::EntryChanged, 9),
        ),
        ("no object", |s| edit(s, |e| e[9] = b"[]".to_vec()), fault(Code::EntryChanged, 9)),
        ("no index", |s| edit(s, |e| e[9] = b"{}".to_vec()), fault(Code::EntryChanged, 9)),
        ("other index", |s| edit(s, |e| e[9] = b"{\"index\":8}".to_vec()), fault(Code::EntryIndex, 9)),
        ("no bundle", |s| s.remove("tile/entries/001"), fault(Code::EntryMissing, 256)),
        ("no last bundle", |s| s.remove("tile/entries/002.p/88"), fault(Code::EntryMissing, 512)),
        (
            "no bundle, no tile",
            |s| {
                s.remove("tile/entries/001");
                s.remove("tile/0/001");
            },
            fault(Code::EntryMissing, 256),
        ),
        ("bundle cut", |s| s.cut("tile/entries/001"), fault(Code::EntryMalformed, 511)),
        ("bundle longer", |s| s.file("tile/entries/001").push(0), fault(Code::EntryMalformed, 512)),
        ("empty bundle", |s| s.file("tile/entries/001").clear(), fault(Code::EntryMalformed, 256)),
        ("no tile", |s| s.remove("tile/0/001"), fault(Code::TileMissing, 256)),
        (
            "no tile, empty bundle",
            |s| {
                s.remove("tile/0/001");
                s.file("tile/entries/001").clear();
            },
            fault(Code::TileMissing, 256),
        ),
        ("no last tile", |s| s.remove("tile/0/002.p/88"), fault(Code::TileMissing, 512)),
        ("tile cut", |s| s.cut("tile/0/001"), fault(Code::TileWrong, 256)),
        ("tile longer", |s| s.file("tile/0/001").push(0), fault(Code::TileWrong, 256)),
        ("no tile above", |s| s.remove("tile/1/000.p/2"), fault(Code::TileMissing, 0)),
        ("tile above cut", |s| s.cut("tile/1/000.p/2"), fault(Code::TileWrong, 0)),
        ("no checkpoint", |s| s.remove("checkpoint"), (Verdict::Unreadable, Some((Code::Unreadable, None)))),
        ("no note", |s| s.file("checkpoint").clear(), fault(Code::CheckpointSignature, None)),
        (
            "no checkpoint in it",
            |s| {
                let note = log_key().sign(&format!("{ORIGIN}\n600\n")).unwrap();
                s.put("checkpoint", note.to_string().as_bytes());
            },
            fault(Code::CheckpointSignature, None),
        ),
        (
            "other root",
            |s| {
                let head = TreeHead { root: [1; 32], size: SIZE };
                s.put("checkpoint", signed(head).to_string().as_bytes());
            },
            fault(Code::RootMismatch, None),
        ),
    ];
    let published = Forged::new(SIZE).publish();
    for (name, change, expected) in cases {
        let mut shown = published.clone();
        change(&mut shown);
        assert_eq!(said(&alone(&shown)), expected, "{name}");
    }
}

fn flip_entry(shown: &mut Shown, index: usize) {
    let bundle = Bundle::in_tree(index as u64 / 256, SIZE).unwrap();
    let bytes = shown.file(&bundle.to_string());
    let place = places(bytes)[index % 256].clone();
    flip(&mut bytes[place], 8 * 40);
}

/// Changes the bundles and leaves the tiles.
fn edit(shown: &mut Shown, change: impl Fn(&mut Vec<Vec<u8>>)) {
    let mut log = Forged::new(SIZE);
    change(&mut log.entries);
    shown.bundles(&log.entries, SIZE);
}

/// The same by the log's operator, tiles and checkpoint anew: what an entry
/// says of its place still tells.
#[test]
fn rebuilt_over_entries_out_of_place_is_found_alone() {
    type Edit = fn(&mut Vec<Vec<u8>>);
    let cases: [(&str, Edit, Said); 8] = [
        ("deleted", |e| drop(e.remove(5)), fault(Code::EntryIndex, 5)),
        ("duplicated", |e| e.insert(6, e[5].clone()), fault(Code::EntryIndex, 6)),
        ("swapped", |e| e.swap(255, 256), fault(Code::EntryIndex, 255)),
        ("no object", |e| e[9] = b"[]".to_vec(), fault(Code::EntryMalformed, 9)),
        ("empty", |e| e[9].clear(), fault(Code::EntryMalformed, 9)),
        ("no index", |e| e[9] = b"{}".to_vec(), fault(Code::EntryIndex, 9)),
        ("index as text", |e| e[9] = b"{\"index\":\"9\"}".to_vec(), fault(Code::EntryIndex, 9)),
        ("another, of its place", |e| e[9] = b"{\"index\":9}".to_vec(), OK),
    ];
    for (name, edit, expected) in cases {
        let mut log = Forged::new(SIZE);
        edit(&mut log.entries);
        assert_eq!(said(&alone(&log.publish())), expected, "{name}");
    }
}

/// A bit of every entry, and one of its length, each in turn.
#[test]
fn a_bit_of_any_entry_is_found_at_that_entry() {
    let mut shown = Forged::new(SIZE).publish();
    let mut found = 0;
    for index in 0..SIZE {
        let path = Bundle::in_tree(index / 256, SIZE).unwrap().to_string();
        let place = places(shown.file(&path))[(index % 256) as usize].clone();
        let bits = place.len() * 8;
        let inside = 16 + (index as usize * 7_919) % (bits - 16);
        for bit in [inside, index as usize % 16] {
            flip(&mut shown.file(&path)[place.clone()], bit);
            let report = alone(&shown);
            let told = report.fault.as_ref().map(|fault| fault.index);
            assert_eq!(told, Some(Some(index)), "bit {bit} of {index}: {report:?}");
            assert_eq!(report.checked.entries, index);
            flip(&mut shown.file(&path)[place.clone()], bit);
            found += 1;
        }
    }
    assert_eq!((found, said(&alone(&shown))), (2 * SIZE, OK));
}

#[test]
fn a_bit_of_any_tile_is_found_below_it() {
    let mut shown = Forged::new(SIZE).publish();
    for (path, first, level) in [("tile/0/000", 0, 0), ("tile/0/002.p/88", 512, 0), ("tile/1/000.p/2", 0, 8)]
    {
        for hash in 0..shown.file(path).len() / 32 {
            flip(shown.file(path), hash * 256 + hash % 256);
            let code = if level == 0 { Code::EntryChanged } else { Code::TileWrong };
            assert_eq!(
                said(&alone(&shown)),
                fault(code, first + ((hash as u64) << level)),
                "{hash} of {path}"
            );
            flip(shown.file(path), hash * 256 + hash % 256);
        }
    }
    assert_eq!(said(&alone(&shown)), OK);
}

#[test]
fn a_bit_of_the_checkpoint_is_found() {
    let mut shown = Forged::new(3).publish();
    for bit in 0..shown.file("checkpoint").len() * 8 {
        flip(shown.file("checkpoint"), bit);
        assert_eq!(said(&alone(&shown)), fault(Code::CheckpointSignature, None), "{bit}");
        flip(shown.file("checkpoint"), bit);
    }
    assert_eq!(said(&alone(&shown)), OK);
}

#[test]
fn only_the_log_s_key_under_its_name_will_do() {
    let log = Forged::new(3);
    let other_seed = SigningKey::from_seed(ORIGIN, &[8; 32]).unwrap();
    let other_name = SigningKey::from_seed("motlan.example/other", &[7; 32]).unwrap();
    let none = Evidence::default();
    let with = |key: &SigningKey| {
        let mut keys = Keys::default();
        keys.add_log(&key.verifier_key().to_string()).unwrap();
        keys
    };
    let shown = log.publish();
    let foreign = fault(Code::CheckpointSignature, None);
    assert_eq!(said(&verify(&shown, &with(&other_seed), &none, false)), foreign);
    assert_eq!(said(&verify(&shown, &with(&other_name), &none, false)), foreign);
    assert_eq!(said(&verify(&shown, &Keys::default(), &none, false)).0, Verdict::Unreadable);

    // Signed by a known key, for a log that is not its own.
    let mut shown = log.publish();
    let checkpoint = crate::Checkpoint::new("motlan.example/other", log.head(3)).unwrap();
    shown.put("checkpoint", log_key().sign(&checkpoint.to_string()).unwrap().to_string().as_bytes());
    let report = alone(&shown);
    assert_eq!(said(&report), fault(Code::CheckpointOrigin, None));
    assert_eq!((report.origin, report.size, report.root), (None, 0, None));

    // Of two keys of the log, one suffices, but none may be bad.
    let mut both = keys(&[]);
    both.add_log(&other_seed.verifier_key().to_string()).unwrap();
    assert_eq!(said(&verify(&log.publish(), &both, &none, false)), OK);
    let mut note = log.checkpoint(3).note().clone();
    note.add(other_seed.sign("other\n").unwrap().signatures()[0].clone()).unwrap();
    let mut shown = log.publish();
    shown.put("checkpoint", note.to_string().as_bytes());
    assert_eq!(said(&alone(&shown)), OK);
    assert_eq!(said(&verify(&shown, &both, &none, false)), foreign);
}

/// An error of the disk or the net is no fault of the log.
#[test]
fn what_cannot_be_read_is_no_fault() {
    let log = Forged::new(SIZE);
    let paths = ["checkpoint", "checkpoints/256", "tile/entries/001", "tile/0/002.p/88", "tile/1/000.p/2"];
    for path in paths {
        let mut shown = log.publish_with(&[256]);
        assert_eq!(said(&alone(&shown)), OK);
        shown.broken.insert(path.to_owned());
        let report = alone(&shown);
        assert_eq!((report.verdict, report.exit_code()), (Verdict::Unreadable, 2), "{path}");
        let detail = report.fault.unwrap().detail;
        assert_eq!(detail, format!("the log cannot be read: cannot read {path}: disk on fire"));
    }
    // It was found before that.
    let mut shown = log.publish();
    shown.broken.insert("tile/entries/001".to_owned());
    flip_entry(&mut shown, 7);
    assert_eq!(said(&alone(&shown)), fault(Code::EntryChanged, 7));
    assert_eq!(alone(&shown).exit_code(), 1);
    assert_eq!(entry(7).index, 7);
}
