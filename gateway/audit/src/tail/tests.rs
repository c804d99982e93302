//! What is at hand, what is not, and that it is what the store has.

use super::*;
use crate::bundles::WholeLog;
use crate::store::{AuditReader as _, AuditStore as _, Following, MemoryStore, suite};
use crate::tree::files::MemoryFiles;

/// A batch as the writer has it after its sync, and its entries.
fn batch(first: u64, count: u32, size: usize) -> (Frames, Vec<LeafHash>) {
    let frames = suite::frames(first, count, size);
    let leaves = frames.entries().unwrap().iter().map(|stored| stored.leaf_hash).collect();
    (frames, leaves)
}

fn push(tail: &Tail, first: u64, count: u32, size: usize) {
    let (frames, leaves) = batch(first, count, size);
    tail.push(&frames, &leaves, 1_000 * first);
}

fn indices(tail: &Tail, from: u64, max_bytes: usize) -> Vec<u64> {
    Following::kept(tail.from(from, max_bytes), from).entries().map(|seen| seen.index).collect()
}

#[test]
fn entries_are_those_of_the_frames_with_their_positions() {
    let tail = Tail::default();
    let mut written = Vec::new();
    for (first, count, position) in [(7, 3, 640), (10, 1, 9_000)] {
        let (frames, leaves) = batch(first, count, 50);
        let length = frames.bytes.len() as u64 / u64::from(count);
        tail.push(&frames, &leaves, position);
        for (at, entry) in (0..).zip(frames.entries().unwrap()) {
            written.push((entry, position + at * length));
        }
    }
    let following = Following::kept(tail.from(7, usize::MAX), 7);
    let seen: Vec<_> = following.entries().collect();
    assert_eq!(seen.len(), 4);
    for (seen, (written, position)) in seen.into_iter().zip(&written) {
        assert_eq!((seen.index, seen.position), (written.index, *position));
        assert_eq!((seen.leaf_hash, seen.bytes), (&written.leaf_hash, &written.bytes[..]));
    }
}

#[test]
fn it_is_one_run_from_any_of_its_entries_on() {
    let tail = Tail::default();
    assert!(indices(&tail, 0, usize::MAX).is_empty(), "nothing yet");
    // One piece, handed out as a copy, then two of which the first is whole.
    for size in [50, 20_000] {
        push(&tail, 10, 4, size);
        push(&tail, 14, 4, size);
        for from in 10..18 {
            assert_eq!(indices(&tail, from, usize::MAX), (from..18).collect::<Vec<_>>());
            assert_eq!(indices(&tail, from, 1).first(), Some(&from));
        }
        push(&tail, 18, 12, size);
        assert_eq!(indices(&tail, 12, usize::MAX), (12..30).collect::<Vec<_>>());
        for outside in [0, 9, 30, u64::MAX] {
            assert!(indices(&tail, outside, usize::MAX).is_empty(), "{outside}");
        }
        // Something between was written without it: what is older is not joined to it.
        push(&tail, 40, 2, size);
        assert!(indices(&tail, 29, usize::MAX).is_empty());
        assert_eq!(indices(&tail, 40, usize::MAX), [40, 41]);
        tail.clear();
        assert!(indices(&tail, 40, usize::MAX).is_empty());
    }
}

#[test]
fn no_more_is_handed_out_than_was_asked_for() {
    let tail = Tail::default();
    for first in 0..60 {
        push(&tail, first, 1, 60_000);
    }
    let length = batch(0, 1, 60_000).0.bytes.len();
    for (max_bytes, least, most) in [(1, 1, 4), (8 * length, 5, 8), (usize::MAX, 60, 60)] {
        let found = indices(&tail, 0, max_bytes).len();
        assert!((least..=most).contains(&found), "{found} of {max_bytes} bytes");
    }
}

#[test]
fn the_oldest_go_and_what_is_being_read_stays() {
    let tail = Tail::default();
    push(&tail, 0, 40, 10_000);
    let reading = tail.from(0, 1);
    for next in (40..4_000).step_by(20) {
        push(&tail, next, 20, 10_000);
    }
    let pieces = tail.pieces.lock();
    assert_eq!(pieces.whole.len(), PIECES);
    let weight: usize = pieces.whole.iter().map(|piece| piece.bytes.capacity()).sum();
    assert!(weight <= PIECES * PIECE, "{weight}");
    drop(pieces);
    assert!(indices(&tail, 0, usize::MAX).is_empty());
    assert_eq!(indices(&tail, 3_990, usize::MAX), (3_990..4_000).collect::<Vec<_>>());
    let read: Vec<_> = Following::kept(reading, 0).entries().map(|seen| seen.bytes.to_vec()).collect();
    let (frames, _) = batch(0, 40, 10_000);
    let written: Vec<_> = frames.entries().unwrap().into_iter().map(|stored| stored.bytes).collect();
    assert_eq!(read, written);
    // One that is longer than a piece is one of its own; its memory does not stay.
    push(&tail, 4_000, 90, 10_000);
    assert_eq!(indices(&tail, 4_000, usize::MAX).len(), 90);
    for next in (4_090..6_000).step_by(20) {
        push(&tail, next, 20, 10_000);
    }
    let pieces = tail.pieces.lock();
    assert!(pieces.whole.iter().all(|piece| piece.bytes.capacity() <= PIECE));
}

/// Reading ends a piece, and so may take the oldest away: the one that is asked for.
#[test]
fn what_goes_while_it_is_asked_for_is_not_there() {
    let tail = Tail::default();
    for next in 0..=PIECES as u64 {
        push(&tail, 4 * next, 4, WORTH / 4);
        let oldest = indices(&tail, 0, 1);
        assert_eq!(oldest.first().copied(), (next < PIECES as u64).then_some(0), "{next}");
    }
    assert_eq!(indices(&tail, 4, 1).first(), Some(&4));
}

#[test]
fn who_is_behind_it_reads_the_store() {
    let mut store = MemoryStore::default();
    let whole = WholeLog::new(store.reader(), Arc::<MemoryFiles>::default());
    let tail = whole.tail();
    for first in [0, 5, 10] {
        let (frames, leaves) = batch(first, 5, 50);
        store.append(&frames).unwrap();
        store.sync().unwrap();
        if first > 0 {
            tail.push(&frames, &leaves, 7);
        }
    }
    let follow = |from: u64| -> Vec<(u64, bool)> {
        let following = whole.follow(from, usize::MAX).unwrap();
        following.entries().map(|seen| (seen.index, seen.position > 0)).collect()
    };
    assert_eq!(follow(3), (3..15).map(|index| (index, false)).collect::<Vec<_>>());
    assert_eq!(follow(8), (8..15).map(|index| (index, true)).collect::<Vec<_>>());
    assert!(follow(15).is_empty());
    // Whoever looks for what stands in the log is not answered from here.
    assert!(whole.scan(8, usize::MAX).unwrap().iter().all(|stored| stored.position == 0));
    assert_eq!(whole.read(8, None).unwrap().unwrap().position, 0);
}

/// A disk that is slow makes batches long, and many come all the same.
#[test]
fn long_batches_are_no_more_than_others() {
    let tail = Tail::default();
    let bytes = |tail: &Tail| {
        let pieces = tail.pieces.lock();
        let whole: usize = pieces.whole.iter().map(|piece| piece.bytes.capacity()).sum();
        whole + pieces.growing.bytes.capacity()
    };
    for number in 0..50 {
        push(&tail, number * 60, 60, 50_000);
        assert!(bytes(&tail) <= 2 * MOST, "{} after {number}", bytes(&tail));
    }
    assert_eq!(indices(&tail, 49 * 60, usize::MAX).len(), 60);
    // One beyond all bounds is left to the store, and the run goes on behind it.
    push(&tail, 3_000, 500, 50_000);
    assert!(indices(&tail, 3_000, usize::MAX).is_empty());
    push(&tail, 3_500, 3, 50);
    assert_eq!(indices(&tail, 3_500, usize::MAX), [3_500, 3_501, 3_502]);
    assert!(bytes(&tail) <= 2 * PIECE, "{}", bytes(&tail));
}
