//! A panic over one request is that request's failure.

use std::sync::atomic::{AtomicBool, Ordering};

use motlan_audit_tree::EntryTime;

use super::*;
use crate::index::Indexer;
use crate::keys::MemoryKeyProvider;
use crate::store::Stored;
use crate::threads::Worker;

/// Panics over the next read, when told to.
struct Panics {
    next: AtomicBool,
    bytes: Vec<u8>,
}

impl AuditReader for Panics {
    fn scan(&self, _: u64, _: usize) -> Result<Vec<Stored>, StoreError> {
        Ok(Vec::new())
    }

    fn read(&self, index: u64, _: Option<u64>) -> Result<Option<Stored>, StoreError> {
        assert!(!self.next.swap(false, Ordering::SeqCst), "injected");
        let leaf_hash = motlan_audit_tree::leaf_hash(&self.bytes);
        let stored = Stored { index, position: 0, leaf_hash, bytes: self.bytes.clone() };
        Ok((index == 0).then_some(stored))
    }
}

#[tokio::test]
async fn a_panic_over_a_request_is_told_and_the_next_is_answered() {
    let entry = Entry::new("log.test/1", 0, EntryTime::new(Timestamp::UNIX_EPOCH), Kind::ConfigLoaded);
    let reader = Arc::new(Panics { next: AtomicBool::new(true), bytes: entry.encode().unwrap() });
    let shared: Arc<dyn AuditReader> = Arc::clone(&reader) as _;
    let indexer = Indexer::open(None, Arc::clone(&shared), 0, Arc::default()).unwrap();
    let keys = MemoryKeyProvider::fixed(7);
    let subjects = Arc::new(Subjects::open(None, &keys, true).unwrap());
    let searcher = Searcher {
        database: indexer.database(),
        journal: Arc::clone(&shared),
        whole: shared,
        subjects,
        token_key: token_key(&Key::new([1; 32])),
        index: indexer.handle(),
        looked_at: 100,
    };
    let desk = SearchDesk::new(searcher, Duration::from_secs(5));
    for expected in [false, true, false, true] {
        reader.next.store(!expected, Ordering::SeqCst);
        match desk.get(0).await {
            Ok(found) => assert!(expected && found.unwrap().entry == entry),
            Err(error) => assert!(!expected && matches!(error, AuditError::SearchDied), "{error:?}"),
        }
    }
    assert!(desk.ask(SearchQuery::default()).await.unwrap().entries.is_empty());
    desk.desks().into_iter().filter_map(ReadingDesk::close).for_each(Worker::join);
    assert!(matches!(desk.get(0).await, Err(AuditError::Closed)), "closed is another thing");
}
