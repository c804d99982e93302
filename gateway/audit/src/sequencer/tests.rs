//! How long a batch gathers.

use std::sync::mpsc;

use jiff::Timestamp;
use motlan_domain::ManualClock;
use tokio::time::timeout;

use super::*;
use crate::feeders::Feeder;

#[tokio::test]
async fn what_a_thread_has_at_hand_is_waited_for() {
    // A clock that stands: the longest that a batch gathers is never over.
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let start = (0, EntryTime::new(Timestamp::UNIX_EPOCH));
    let sequencer = Arc::new(Sequencer::new("test".into(), clock, start, 100, 0));
    sequencer.state.lock().flow.pressed = true;
    let feeder = Feeder::new(Arc::clone(&sequencer));
    feeder.resumes();
    let entry = Entry::new("test".to_owned(), 0, EntryTime::new(Timestamp::UNIX_EPOCH), Kind::AccessOutcome);
    drop(sequencer.push(&Template::of(&entry).unwrap(), true).unwrap());
    let writer = Arc::clone(&sequencer);
    let mut gathering = tokio::task::spawn_blocking(move || writer.gather(Duration::from_secs(1)));
    // A batch that nothing is added to is complete after a quarter of that.
    let early = timeout(Duration::from_secs(1), &mut gathering).await;
    assert!(early.is_err(), "one has still work at hand");
    feeder.rests();
    timeout(Duration::from_secs(30), gathering).await.expect("rest ends it").unwrap();
}

/// Whoever waited for the last commit, and came meanwhile, is everybody there is: a
/// batch that holds as many has nobody to gather for. It does not end before.
#[test]
fn a_batch_gathers_until_everybody_is_back() {
    const LONG: Duration = Duration::from_secs(3);
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let start = (0, EntryTime::new(Timestamp::UNIX_EPOCH));
    let sequencer = Arc::new(Sequencer::new("test".into(), clock, start, 100, 0));
    let entry = Entry::new("test".to_owned(), 0, EntryTime::new(Timestamp::UNIX_EPOCH), Kind::AccessOutcome);
    let template = Template::of(&entry).unwrap();
    let push = |count: u32| (0..count).for_each(|_| drop(sequencer.push(&template, true).unwrap()));
    let take = || match sequencer.take(Duration::ZERO, Spare::default()) {
        Taken::Batch(batch) => batch,
        Taken::Idle | Taken::Closed => panic!("nothing to write"),
    };
    push(3);
    let last = take();
    // Two more come while the disk is at it.
    push(2);
    sequencer.committed(last.frames.end(), last.frames.count, u64::MAX);
    assert_eq!(take().frames.count, 2);
    sequencer.state.lock().flow.pressed = true;
    let gather = || {
        let writer = Arc::clone(&sequencer);
        let (done, gathered) = mpsc::channel();
        std::thread::spawn(move || {
            // A batch that nothing is added to would be complete after all of that.
            writer.gather(LONG * QUIET);
            done.send(()).unwrap();
        });
        gathered
    };
    let waits = || {
        while sequencer.state.lock().wake_at == 0 {
            std::thread::yield_now();
        }
    };
    push(4);
    let gathering = gather();
    waits();
    assert!(gathering.recv_timeout(Duration::from_millis(100)).is_err(), "one is missing");
    push(1);
    gathering.recv_timeout(LONG).expect("everybody is there");
    // As many are there already: no wait at all.
    gather().recv_timeout(LONG).expect("they are there");
    assert_eq!(take().frames.count, 5);
}
