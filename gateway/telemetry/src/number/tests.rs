//! Counting, also from several threads at once.

use super::*;
use crate::instrument::{AUDIT_BATCH, AUDIT_SYNC};

#[test]
fn a_size_falls_into_the_bucket_whose_bound_holds_it() {
    let histogram = Histogram::of(&AUDIT_BATCH);
    for size in [1, 2, 3, 4, 16_384, 16_385, u64::MAX / 2] {
        histogram.record(size);
    }
    let read = histogram.read();
    assert_eq!(read.buckets[..3], [1, 1, 2], "1 | 2 | 3 and 4");
    assert_eq!(read.buckets[12..], [1, 2], "16,384 | larger than all");
    assert_eq!(read.count(), 7);
    assert_eq!(read.sum, 1 + 2 + 3 + 4 + 16_384 + 16_385 + u64::MAX / 2);
}

#[test]
fn times_are_counted_in_nanoseconds() {
    let histogram = Histogram::of(&AUDIT_SYNC);
    histogram.record_time(Duration::from_micros(50));
    histogram.record_time(Duration::from_micros(51));
    let read = histogram.read();
    assert_eq!((&read.buckets[..2], read.sum), (&[1, 1][..], 101_000));
}

#[test]
fn no_count_is_lost_between_threads() {
    let (counter, histogram) = (Counter::default(), Histogram::of(&AUDIT_BATCH));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for size in 0..10_000 {
                    counter.one();
                    histogram.record(size);
                }
            });
        }
    });
    assert_eq!((counter.get(), histogram.read().count()), (40_000, 40_000));
}
