//! The thread outlives whatever goes wrong in it.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use motlan_audit_tree::EntryTime;
use motlan_domain::Clock;

use super::*;
use crate::identifier::IdentifierKind;
use crate::keys::{KeyProvider, MemoryKeyProvider};
use crate::seal::Sealer;

/// Panics that often.
#[derive(Default)]
struct Panics(AtomicU32);

impl Clock for Panics {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "injected");
        Duration::ZERO
    }
}

#[tokio::test]
async fn a_panic_while_looking_after_the_table_ends_nothing() {
    let keys = MemoryKeyProvider::fixed(7);
    let clock = Arc::new(Panics::default());
    let subjects = Arc::new(Subjects::open(None, &keys, true).unwrap());
    let standing = Arc::new(Standing::new(Arc::clone(&clock) as _));
    let start = (0, EntryTime::new(Timestamp::UNIX_EPOCH));
    let quiet = Arc::new(motlan_domain::ManualClock::at(Timestamp::UNIX_EPOCH));
    let sequencer = Arc::new(Sequencer::new("log.test/1".into(), quiet, start, 16, 0));
    let record = Sealer::new(&keys.record_key().unwrap()).unwrap();
    let assembler = Arc::new(Assembler { origin: "log.test/1".into(), record });
    let (desk, worker) = Desk::new(subjects, assembler, sequencer, Arc::clone(&standing));
    clock.0.store(1, Ordering::SeqCst);
    let thread = std::thread::spawn(move || worker.run());
    let until = async |what: &str, condition: &dyn Fn() -> bool| {
        let polled = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(10), polled).await.is_ok(), "never: {what}");
    };
    until("the panic", &|| clock.0.load(Ordering::SeqCst) == 0).await;
    until("good again", &|| standing.cause().is_none()).await;
    let (reply, answer) = oneshot::channel();
    let nobody = Identifier::new(IdentifierKind::PersonalId, "097090000001");
    desk.hand_in(Job::Find(nobody, reply)).unwrap();
    assert!(matches!(answer.await, Ok(Ok(None))), "the thread is there");
    desk.close();
    thread.join().unwrap();
}
