//! The journal on its own: torn tails, damage, missing segments.

use std::fs;

use super::disk::RealDisk;
use super::disk::fault::{EIO, FaultDisk, Faults};
use super::*;
use crate::store::suite;

const ORIGIN: &str = "motlan.example/journal";

fn open(dir: &Path) -> Result<JournalStore, StoreError> {
    JournalStore::open(Arc::new(RealDisk), dir, ORIGIN, 8 << 10, 0)
}

/// A batch of entries that say their index.
fn frames(first: u64, count: u32) -> Frames {
    suite::frames(first, count, 40)
}

fn write(store: &mut JournalStore, count: u32) {
    let batch = frames(store.next_index(), count);
    store.append(&batch).unwrap();
    store.sync().unwrap();
}

fn last_segment(dir: &Path) -> PathBuf {
    let firsts = segment::list(dir).unwrap();
    segment::path(dir, *firsts.last().unwrap())
}

#[test]
fn behaves_as_every_store() {
    let cases = suite::run(|| {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).unwrap();
        (Box::new(store), dir)
    });
    assert!(cases >= 5);
}

#[test]
fn a_torn_tail_is_cut_at_every_byte() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    write(&mut store, 3);
    let durable = store.current.end.at as usize;
    let batch = frames(3, 2);
    store.append(&batch).unwrap();
    drop(store);
    let path = last_segment(dir.path());
    let whole = fs::read(&path).unwrap();
    let one = frame::length(&batch.bytes);
    for kept in 0..=batch.bytes.len() {
        // The bytes from there on never reached the disk.
        let mut torn = whole.clone();
        torn[durable + kept..durable + batch.bytes.len()].fill(0);
        fs::write(&path, &torn).unwrap();
        let mut store = open(dir.path()).unwrap();
        let survivors = if kept == batch.bytes.len() { 2 } else { u64::from(kept >= one) };
        assert_eq!(store.next_index(), 3 + survivors, "kept {kept}");
        write(&mut store, 1);
        drop(store);
        assert_eq!(open(dir.path()).unwrap().next_index(), 4 + survivors, "kept {kept}, then appended");
    }
    // A file that ends there is the same.
    for kept in 0..batch.bytes.len() {
        fs::write(&path, &whole[..durable + kept]).unwrap();
        assert_eq!(open(dir.path()).unwrap().next_index(), 3 + u64::from(kept >= one), "cut {kept}");
    }
}

#[test]
fn what_may_be_unsynced_is_written_and_synced_before_anything_rests_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    write(&mut store, 3);
    let second = store.current.end.at;
    let batch = frames(3, 2);
    store.append(&batch).unwrap();
    // No sync came, or one that failed: the process dies, the file looks whole.
    drop(store);
    let bytes = fs::read(last_segment(dir.path())).unwrap();
    let walked = recover::walk(&bytes, 0);
    assert_eq!((walked.last_batch, walked.end.index), (Place { at: second, index: 3 }, 5));
    let faulty = |faults: Faults| {
        let disk = Arc::new(FaultDisk::new(Arc::new(faults)));
        JournalStore::open(disk, dir.path(), ORIGIN, 8 << 10, 0)
    };
    let (writes, syncs) = (Faults::default(), Faults::default());
    writes.fail_writes(EIO);
    syncs.fail_syncs(EIO);
    for (what, faults) in [("written", writes), ("synced", syncs)] {
        assert!(faulty(faults).is_err(), "opened though its last batch could not be {what}");
    }
    assert_eq!(faulty(Faults::default()).unwrap().next_index(), 5, "control");
}

#[test]
fn pages_of_an_unsynced_batch_may_arrive_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    write(&mut store, 3);
    let durable = store.current.end.at as usize;
    let batch = frames(3, 4);
    store.append(&batch).unwrap();
    drop(store);
    let path = last_segment(dir.path());
    let mut torn = fs::read(&path).unwrap();
    torn[durable..durable + 50].fill(0);
    fs::write(&path, torn).unwrap();
    assert_eq!(open(dir.path()).unwrap().next_index(), 3, "whole frames after the hole, of the same batch");
}

#[test]
fn damage_to_what_was_durable_refuses_to_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    for _ in 0..4 {
        write(&mut store, 2);
    }
    let start = segment::HEADER_BYTES as usize;
    drop(store);
    let path = last_segment(dir.path());
    let good = fs::read(&path).unwrap();
    let frame_len = frame::length(&good[start..]);
    // Entries 0 to 5 have a later batch after them.
    for at in (start..start + 6 * frame_len).step_by(3) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        fs::write(&path, &bad).unwrap();
        let index = ((at - start) / frame_len) as u64;
        match open(dir.path()) {
            Err(StoreError::Corrupt { index: named, .. }) => assert_eq!(named, index, "byte {at}"),
            other => panic!("byte {at}: {:?}", other.map(|store| store.next_index())),
        }
        assert_eq!(fs::read(&path).unwrap(), bad, "nothing is repaired away");
    }
    fs::write(&path, &good).unwrap();
    assert_eq!(open(dir.path()).unwrap().next_index(), 8, "control");
}

#[test]
fn a_panic_over_a_spare_is_a_failure_and_not_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    faults.panic_on_write();
    let disk: Arc<dyn Disk> = Arc::new(FaultDisk::new(Arc::clone(&faults)));
    let preparer = Preparer::start(disk, dir.path(), 8 << 10).unwrap();
    let until = |what: &str, condition: &dyn Fn() -> bool| {
        let mut looks = 0;
        while !condition() {
            looks += 1;
            assert!(looks < 10_000, "never: {what}");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    };
    until("failed", &|| preparer.has_failed());
    // Until there is one, nobody relies on it.
    faults.hang_syncs();
    preparer.request();
    assert!(preparer.has_failed() && preparer.take().is_none());
    faults.clear();
    until("a spare", &|| preparer.take().is_some());
    assert!(!preparer.has_failed());
}

#[test]
fn a_spare_is_on_the_disk_piece_by_piece() {
    let (dir, faults) = (tempfile::tempdir().unwrap(), Arc::new(Faults::default()));
    let disk = FaultDisk::new(Arc::clone(&faults));
    let path = dir.path().join("spare");
    let file = disk.create(&path).unwrap();
    let (_, before, _) = faults.counts();
    let length = (2 << 20) + 100;
    segment::fill_gently(file.as_ref(), length).unwrap();
    assert_eq!(faults.counts().1 - before, 3, "syncs");
    let content = fs::read(&path).unwrap();
    assert_eq!((content.len() as u64, content.iter().all(|byte| *byte == 0)), (length, true));
    faults.fail_syncs(EIO);
    assert!(segment::fill_gently(file.as_ref(), length).is_err());
}

#[test]
fn segments_form_a_chain() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    for _ in 0..60 {
        write(&mut store, 20);
    }
    drop(store);
    let firsts = segment::list(dir.path()).unwrap();
    assert!(firsts.len() >= 4, "{firsts:?}");
    let aside = dir.path().join("aside");
    for (position, first) in firsts.iter().enumerate().take(firsts.len() - 1) {
        let path = segment::path(dir.path(), *first);
        fs::rename(&path, &aside).unwrap();
        let told = open(dir.path()).map(|store| store.next_index());
        let told = match told {
            // What is before the first one may lie in the published log; none is there.
            Err(StoreError::Gap { from: 0, to }) => position == 0 && to + 1 == firsts[1],
            Err(StoreError::Corrupt { .. }) => position > 0,
            _ => false,
        };
        assert!(told, "segment {position} missing");
        fs::rename(&aside, &path).unwrap();
        let good = fs::read(&path).unwrap();
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(matches!(open(dir.path()), Err(StoreError::Corrupt { .. })), "segment {position} cut");
        fs::write(&path, &good).unwrap();
    }
    let path = last_segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[9] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(open(dir.path()), Err(StoreError::Corrupt { .. })), "header");
    bytes[9] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(open(dir.path()).unwrap().next_index(), 1200, "control");
    assert!(matches!(
        JournalStore::open(Arc::new(RealDisk), dir.path(), "motlan.example/other", 8 << 10, 0),
        Err(StoreError::Origin)
    ));
}

/// The next segment would bear the same name, and name itself as the one before.
#[test]
fn a_batch_longer_than_an_empty_segment_makes_that_one_longer() {
    let long = |store: &mut JournalStore| {
        let (before, len) = (store.next_index(), store.current.len);
        let batch = suite::frames(before, 4, 3 << 10);
        assert!(batch.bytes.len() as u64 > len - segment::HEADER_BYTES, "it does not fit");
        store.append(&batch).unwrap();
        store.sync().unwrap();
    };
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    long(&mut store);
    assert_eq!(segment::list(dir.path()).unwrap(), [0], "the first one");
    write(&mut store, 3);
    // A segment was begun, and the process died before anything lay in it.
    store.roll(1).unwrap();
    drop(store);
    let mut store = open(dir.path()).unwrap();
    assert_eq!((store.current.first, store.next_index()), (7, 7));
    long(&mut store);
    write(&mut store, 1);
    drop(store);
    let store = open(dir.path()).expect("no segment is missing");
    assert_eq!(store.next_index(), 12);
    let read = |from| store.reader().scan(from, usize::MAX).unwrap().len();
    assert_eq!((read(7), read(11)), (4, 1), "the longer one, and the next");
}

#[test]
fn a_reader_finds_every_entry_by_scan_and_by_index() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).unwrap();
    for count in 1..60 {
        write(&mut store, count);
    }
    let end = store.next_index();
    let reader = store.reader();
    let mut seen = Vec::new();
    while (seen.len() as u64) < end {
        let chunk = reader.scan(seen.len() as u64, 1).unwrap();
        assert!(!chunk.is_empty());
        seen.extend(chunk);
    }
    for (index, stored) in seen.iter().enumerate() {
        assert_eq!(stored.index, index as u64);
        for hint in [None, Some(stored.position), Some(77), Some(u64::MAX - 100)] {
            assert_eq!(reader.read(index as u64, hint).unwrap().as_ref(), Some(stored), "hint {hint:?}");
        }
    }
    assert_eq!(reader.read(end, None).unwrap(), None);
    assert!(reader.scan(end, 1000).unwrap().is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever lies after the synced part: it never panics, what was durable
    /// is whole or the journal refuses, and what opens opens again.
    #[test]
    fn any_tail_is_cut_or_refused(
        tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
        gap in 0usize..100,
        real in 0u32..3,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path()).unwrap();
        write(&mut store, 3);
        let at = store.current.end.at as usize;
        drop(store);
        let path = last_segment(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        let frames = frames(3, real).bytes;
        let written = [vec![0; gap], frames, tail].concat();
        bytes[at..at + written.len()].copy_from_slice(&written);
        fs::write(&path, &bytes).unwrap();
        let store = open(dir.path()).unwrap();
        let next = store.next_index();
        proptest::prop_assert!(next == 3 || (gap == 0 && next == 3 + u64::from(real)));
        drop(store);
        let reader = open(dir.path()).unwrap().reader();
        proptest::prop_assert_eq!(reader.scan(0, usize::MAX).unwrap().len() as u64, next);
    }
}
