//! How long a batch gathers.

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
