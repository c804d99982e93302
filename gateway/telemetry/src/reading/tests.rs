//! Points of one instrument from several rooms stand together, in its units.

use std::time::Duration;

use super::*;
use crate::instrument::{AUDIT_BATCH, AUDIT_SYNC, DENIALS, PROCESS_UPTIME, RPC_DURATION};

struct Room(Histogram);

impl Source for Room {
    fn read(&self, reading: &mut Reading) {
        reading.level(&PROCESS_UPTIME, Vec::new(), 1.5);
        reading.spread(&AUDIT_SYNC, &self.0, || vec![("motlan.registry", "land".into())]);
    }
}

#[test]
fn a_reading_holds_what_every_room_counted_in_the_order_of_the_table() {
    let rooms = [Room(Histogram::of(&AUDIT_SYNC)), Room(Histogram::of(&AUDIT_SYNC))];
    for room in &rooms {
        room.0.record_time(Duration::from_millis(2));
    }
    let families = Reading::of(rooms.iter().map(|room| room as &dyn Source)).families();
    let names: Vec<&str> = families.iter().map(|family| family.instrument.name).collect();
    assert_eq!(names, [AUDIT_SYNC.name, PROCESS_UPTIME.name]);
    assert_eq!(families[0].points.len(), 2);
    let Value::Spread { bounds, buckets, sum } = &families[0].points[0].value else { panic!("a histogram") };
    assert!((sum - 0.002).abs() < f64::EPSILON);
    assert_eq!((bounds[5].to_string(), buckets[5]), ("0.0025".to_owned(), 1));
    assert_eq!(buckets.len(), bounds.len() + 1);
}

#[test]
fn what_never_happened_is_not_told_where_labels_are_many() {
    let mut reading = Reading::default();
    reading.count_if_any(&DENIALS, Vec::new(), 0);
    reading.spread(&AUDIT_BATCH, &Histogram::of(&AUDIT_BATCH), Vec::new);
    // No histogram's instrument: nothing to tell, and nothing breaks.
    let none = Histogram::of(&DENIALS);
    none.record(3);
    reading.spread(&DENIALS, &none, Vec::new);
    assert!(reading.families().is_empty());
}

#[test]
fn bounds_are_told_without_rounding() {
    let calls = Histogram::of(&RPC_DURATION);
    calls.record(1);
    let mut reading = Reading::default();
    reading.spread(&RPC_DURATION, &calls, Vec::new);
    let families = reading.families();
    let Value::Spread { bounds, .. } = &families[0].points[0].value else { panic!("a histogram") };
    let told: Vec<String> = bounds.iter().map(f64::to_string).collect();
    assert_eq!(told[..6], ["0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025"]);
    assert_eq!(told[16], "10");
}
