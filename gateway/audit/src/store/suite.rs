//! What every [`AuditStore`] must do. Each implementation runs it.

use super::{AuditStore, Frames, StoreError};
use crate::journal::frame;

/// A batch of entries that say their index, `size` bytes or a little more each.
pub fn frames(first: u64, count: u32, size: usize) -> Frames {
    let mut bytes = Vec::new();
    for place in 0..count {
        let start = bytes.len();
        let index = first + u64::from(place);
        bytes.resize(start + frame::HEADER, 0);
        bytes.extend_from_slice(
            format!("{{\"index\":{index:09},\"pad\":\"{}\"}}", "x".repeat(size)).as_bytes(),
        );
        frame::finish(&mut bytes, start, index, place);
    }
    Frames { first, count, bytes }
}

/// Runs the suite; `make` gives a fresh store and whatever must outlive it.
/// Returns how many cases ran.
#[expect(clippy::missing_panics_doc, reason = "a test suite panics where a store fails it")]
pub fn run<K>(make: impl Fn() -> (Box<dyn AuditStore>, K)) -> usize {
    type Case = (&'static str, fn(&mut dyn AuditStore) -> Result<(), StoreError>);
    let cases: [Case; 6] = [
        ("appended and synced entries are read back", reads_back),
        ("unsynced entries are invisible", unsynced_is_invisible),
        ("frames out of order are refused", order_is_kept),
        ("reopen forgets what was not synced and keeps the rest", reopen_keeps_the_durable),
        ("after reopen the same frames go in again", appends_anew),
        ("large batches and many batches", grows),
    ];
    for (name, case) in cases {
        let (mut store, _keep) = make();
        let outcome = case(store.as_mut());
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
    cases.len()
}

fn check(condition: bool, index: u64) -> Result<(), StoreError> {
    if condition { Ok(()) } else { Err(StoreError::Corrupt { index, what: "not as the suite wants it" }) }
}

fn put(store: &mut dyn AuditStore, count: u32) -> Result<Frames, StoreError> {
    let batch = frames(store.next_index(), count, 100);
    store.append(&batch)?;
    store.sync()?;
    Ok(batch)
}

fn reads_back(store: &mut dyn AuditStore) -> Result<(), StoreError> {
    check(store.next_index() == 0, 0)?;
    let batch = put(store, 10)?;
    check(store.next_index() == 10, 0)?;
    let reader = store.reader();
    let entries = batch.entries()?;
    let scanned = reader.scan(0, usize::MAX)?;
    check(scanned.len() == 10, 0)?;
    for (entry, scanned) in entries.iter().zip(&scanned) {
        check(entry.bytes == scanned.bytes && entry.leaf_hash == scanned.leaf_hash, entry.index)?;
        let read = reader.read(entry.index, None)?;
        check(read.as_ref() == Some(scanned), entry.index)?;
    }
    check(reader.scan(3, 1)?.first().map(|stored| stored.index) == Some(3), 3)?;
    check(reader.read(10, None)?.is_none() && reader.scan(10, 1000)?.is_empty(), 10)
}

fn unsynced_is_invisible(store: &mut dyn AuditStore) -> Result<(), StoreError> {
    put(store, 1)?;
    let batch = frames(1, 1, 10);
    store.append(&batch)?;
    let reader = store.reader();
    check(reader.read(1, None)?.is_none() && reader.scan(1, 1000)?.is_empty(), 1)?;
    store.sync()?;
    check(reader.read(1, None)?.is_some(), 1)
}

fn order_is_kept(store: &mut dyn AuditStore) -> Result<(), StoreError> {
    put(store, 2)?;
    for first in [0, 1, 3] {
        let refused = store.append(&frames(first, 1, 10));
        check(matches!(refused, Err(StoreError::Order)), first)?;
    }
    put(store, 1).map(drop)
}

fn reopen_keeps_the_durable(store: &mut dyn AuditStore) -> Result<(), StoreError> {
    put(store, 5)?;
    store.append(&frames(5, 3, 10))?;
    check(store.next_index() == 8, 5)?;
    store.reopen()?;
    check(store.next_index() == 5, 5)?;
    check(store.reader().scan(0, usize::MAX)?.len() == 5, 0)
}

fn appends_anew(store: &mut dyn AuditStore) -> Result<(), StoreError> {
    put(store, 5)?;
    let batch = frames(5, 3, 10);
    for _ in 0..3 {
        store.append(&batch)?;
        store.reopen()?;
    }
    store.append(&batch)?;
    store.sync()?;
    let bytes = store.reader().read(7, None)?.map(|stored| stored.bytes);
    check(bytes == batch.entries()?.pop().map(|stored| stored.bytes), 7)
}

fn grows(store: &mut dyn AuditStore) -> Result<(), StoreError> {
    for count in [1, 200, 1, 50, 3] {
        put(store, count)?;
        store.tend()?;
        check(store.room() > 0, 0)?;
    }
    let reader = store.reader();
    for index in 0..store.next_index() {
        check(reader.read(index, None)?.is_some_and(|stored| stored.index == index), index)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn the_store_in_memory_behaves_as_every_store() {
        assert!(run(|| (Box::<MemoryStore>::default(), ())) >= 5);
    }

    /// Negative control: a store that shows what is not durable fails.
    #[test]
    #[should_panic(expected = "unsynced entries are invisible")]
    fn the_suite_can_fail() {
        struct Eager(MemoryStore);
        impl AuditStore for Eager {
            fn next_index(&self) -> u64 {
                self.0.next_index()
            }
            fn append(&mut self, frames: &Frames) -> Result<u64, StoreError> {
                let position = self.0.append(frames)?;
                self.0.sync().map(|()| position)
            }
            fn sync(&mut self) -> Result<(), StoreError> {
                Ok(())
            }
            fn reopen(&mut self) -> Result<(), StoreError> {
                self.0.reopen()
            }
            fn room(&mut self) -> u64 {
                self.0.room()
            }
            fn tend(&mut self) -> Result<(), StoreError> {
                Ok(())
            }
            fn reader(&self) -> std::sync::Arc<dyn crate::store::AuditReader> {
                self.0.reader()
            }
        }
        run(|| (Box::new(Eager(MemoryStore::default())), ()));
    }
}
