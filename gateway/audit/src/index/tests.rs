//! Indexing goes on after whatever stopped it.

use std::sync::atomic::AtomicU32;

use motlan_audit_tree::{Entry, EntryTime, Kind};

use super::*;
use crate::store::{StoreError, Stored};

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
