//! How long a batch gathers, and the room of a full disk, counted to the byte
//! that is on its way to it.

use std::time::Instant;

use jiff::Timestamp;
use motlan_domain::ManualClock;

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

#[test]
fn a_batch_in_flight_has_spent_its_room_already() {
    let start = EntryTime::new(Timestamp::UNIX_EPOCH);
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let sequencer = Sequencer::new("log.test/1".into(), clock, (0, start), 1024, 1000);
    let template = Template::of(&Entry::new("log.test/1", 0, start, Kind::ConfigLoaded)).unwrap();
    let most = frame::HEADER + template.max_len();
    // Finishing work has room for ten entries and no more.
    let room = 10 * most as u64;
    sequencer.set_room(room);
    assert!(sequencer.push(&template, false).is_err(), "there is none for new work");
    let mut written = 0;
    let mut batches = Vec::new();
    while sequencer.push(&template, true).is_ok() {
        assert!(written < 100, "the room never ends");
        written += 1;
        if written % 4 == 0 {
            // The writer is at the disk with these: it has not said what is left.
            let Taken::Batch(batch) = sequencer.take(Duration::ZERO, Vec::new()) else { panic!("a batch") };
            batches.push(batch);
        }
    }
    let Taken::Batch(last) = sequencer.take(Duration::ZERO, Vec::new()) else { panic!("a batch") };
    batches.push(last);
    let bytes: usize = batches.iter().map(|batch| batch.frames.bytes.len()).sum();
    assert!(written >= 10, "{written}");
    assert!(bytes as u64 <= room, "{bytes} bytes in a room of {room}");
    // The store says what is left: that alone counts from then on.
    sequencer.committed(written, room);
    assert!(sequencer.push(&template, true).is_ok());
}
