//! Indexing goes on after whatever stopped it.

use std::sync::atomic::AtomicU32;

use motlan_audit_tree::{Entry, EntryTime, Kind};

use super::*;
use crate::store::Stored;

/// The handle of an index that covers what the test says.
pub(crate) fn handle(indexed: watch::Receiver<u64>) -> IndexHandle {
    IndexHandle { indexed, paused: Arc::default(), failing: Arc::default() }
}

/// One entry; fails and panics over the first attempts to read it.
struct Trouble {
    attempts: AtomicU32,
    stored: Stored,
}

impl AuditReader for Trouble {
    fn scan(&self, from: u64, _: usize) -> Result<Vec<Stored>, StoreError> {
        match self.attempts.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("injected"),
            1 => Err(StoreError::Order),
            _ => Ok(if from == 0 { vec![self.stored.clone()] } else { Vec::new() }),
        }
    }

    fn read(&self, _: u64, _: Option<u64>) -> Result<Option<Stored>, StoreError> {
        Ok(Some(self.stored.clone()))
    }
}

#[tokio::test]
async fn a_panic_over_a_chunk_is_told_and_tried_again() {
    let entry = Entry::new("log.test/1", 0, EntryTime::new(jiff::Timestamp::UNIX_EPOCH), Kind::ConfigLoaded);
    let bytes = entry.encode().unwrap();
    let leaf_hash = motlan_audit_tree::leaf_hash(&bytes);
    let stored = Stored { index: 0, position: 0, leaf_hash, bytes };
    let reader = Arc::new(Trouble { attempts: AtomicU32::new(0), stored });
    let progress = Arc::new(Progress::default());
    let mut indexer = Indexer::open(None, reader, 0, Arc::clone(&progress)).unwrap();
    let handle = indexer.handle();
    progress.set(1);
    // Each failure is seen, and waits longer than the one before.
    let mut pauses = Vec::new();
    for _ in 0..2 {
        assert_eq!(handle.indexed(), 0);
        let Attempt::Failed(pause) = indexer.attempt(1) else { panic!("it failed") };
        assert!(handle.is_failing());
        pauses.push(pause);
    }
    assert!(pauses[0] < pauses[1] && pauses[1] <= BACKOFF.1, "{pauses:?}");
    let thread = std::thread::spawn(move || run(indexer));
    handle.reaches(1).await;
    assert_eq!(handle.indexed(), 1);
    progress.close();
    thread.join().unwrap();
    assert!(!handle.is_failing());
}

/// Entries in whatever order the test wants.
struct Disorder(Vec<Stored>);

impl AuditReader for Disorder {
    fn scan(&self, _: u64, _: usize) -> Result<Vec<Stored>, StoreError> {
        Ok(self.0.clone())
    }

    fn read(&self, _: u64, _: Option<u64>) -> Result<Option<Stored>, StoreError> {
        Ok(None)
    }
}

/// Whatever it follows: an entry that is left out would be found by nobody.
#[test]
fn entries_out_of_sequence_are_refused() {
    let stored = |index| {
        let time = EntryTime::new(jiff::Timestamp::UNIX_EPOCH);
        let bytes = Entry::new("log.test/1", index, time, Kind::ConfigLoaded).encode().unwrap();
        Stored { index, position: 0, leaf_hash: motlan_audit_tree::leaf_hash(&bytes), bytes }
    };
    for (indices, taken) in
        [(&[0, 1, 2][..], Some(3)), (&[1, 2], None), (&[0, 2], None), (&[0, 1, 1], None), (&[0, 2, 1], None)]
    {
        let reader = Arc::new(Disorder(indices.iter().copied().map(stored).collect()));
        let mut indexer = Indexer::open(None, reader, 0, Arc::default()).unwrap();
        let told = indexer.advance(3);
        let known = indexer.database.state().unwrap().next;
        if let Some(next) = taken {
            assert_eq!((told.unwrap() as u64, known), (next, next));
        } else {
            assert!(matches!(told, Err(AuditError::Store(StoreError::Order))), "{indices:?}: {told:?}");
            assert_eq!((indexer.next, known), (0, 0), "{indices:?}: nothing of it is taken");
        }
    }
}
