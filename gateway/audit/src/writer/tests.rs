//! The end of the writer: nobody is left waiting.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Wake, Waker};

use jiff::Timestamp;
use motlan_audit_tree::{Entry, EntryTime, Kind, Template};
use motlan_domain::ManualClock;

use super::*;
use crate::store::MemoryStore;

#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn at_the_end_those_behind_a_waiter_nobody_polls_are_woken() {
    let start = EntryTime::new(Timestamp::UNIX_EPOCH);
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let sequencer = Arc::new(Sequencer::new("log.test/1".into(), clock, (0, start), 16, 0));
    let template = Template::of(&Entry::new("log.test/1", 0, start, Kind::ConfigLoaded)).unwrap();
    // Of one thread: the first is held and never polled again.
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let (mut pushed, woken) = (sequencer.push(&template, false).unwrap(), Arc::new(Woken::default()));
            let waker = Waker::from(Arc::clone(&woken));
            assert!(Pin::new(&mut pushed.wait).poll(&mut Context::from_waker(&waker)).is_pending());
            (pushed, woken)
        })
        .collect();
    sequencer.close();
    let progress = Arc::new(Progress::default());
    let store = Box::new(MemoryStore::default());
    let told = (Arc::clone(&progress), Arc::default());
    Writer::new(store, sequencer, told, Arc::default(), Duration::ZERO).run();
    assert_eq!(progress.wait(0, Duration::ZERO), (3, true), "all were written");
    let woken: Vec<u32> = waiting.iter().map(|(_, woken)| woken.0.load(Ordering::SeqCst)).collect();
    assert_eq!(woken, [1, 1, 1]);
}
