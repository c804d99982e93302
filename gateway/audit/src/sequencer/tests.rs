//! How long a batch gathers.

use std::time::Instant;

use jiff::Timestamp;

use super::*;

struct RealClock(Instant);

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

fn until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never came");
        std::thread::yield_now();
    }
}

#[test]
fn what_a_thread_has_at_hand_is_waited_for() {
    let clock = Arc::new(RealClock(Instant::now()));
    let start = (0, EntryTime::new(Timestamp::UNIX_EPOCH));
    let sequencer = Arc::new(Sequencer::new("test".into(), clock, start, 100, 0));
    sequencer.state.lock().flow.pressed = true;
    let feeder = crate::feeders::Feeder::new(Arc::clone(&sequencer));
    feeder.resumes();
    let gathering = {
        let sequencer = Arc::clone(&sequencer);
        std::thread::spawn(move || sequencer.gather(Duration::from_secs(2)))
    };
    until(|| sequencer.state.lock().wake_at == ENOUGH);
    let entry = Entry::new("test".to_owned(), 0, EntryTime::new(Timestamp::UNIX_EPOCH), Kind::AccessOutcome);
    drop(sequencer.push(&Template::of(&entry).unwrap(), true).unwrap());
    // Twice as long as a batch gathers that nothing is added to.
    let begun = Instant::now();
    until(|| begun.elapsed() >= Duration::from_secs(1));
    assert!(!gathering.is_finished(), "one has still work at hand");
    feeder.rests();
    until(|| gathering.is_finished());
    assert!(begun.elapsed() < Duration::from_secs(4), "rest ends it");
    gathering.join().unwrap();
}
