//! Counters and histograms: relaxed atomics, nothing else, so that counting
//! costs a cached lookup next to nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::instrument::{Instrument, Kind};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

/// How often something was how large. The bounds are its instrument's.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One per bound, and one for what is larger than all.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) buckets: Vec<u64>,
    pub(crate) sum: u64,
}

// === impl Counter ===

impl Counter {
    /// One more.
    pub fn one(&self) {
        self.more(1);
    }

    /// So many more.
    pub fn more(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

// === impl Histogram ===

impl Histogram {
    /// Empty, with the bounds of that instrument; without any if it is no
    /// histogram.
    pub fn of(instrument: &'static Instrument) -> Self {
        let bounds = match instrument.kind {
            Kind::Histogram { bounds, .. } => bounds,
            Kind::Counter | Kind::Gauge | Kind::UpDown => &[],
        };
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, buckets, sum: AtomicU64::new(0) }
    }

    /// Counts one of that size.
    pub fn record(&self, size: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < size);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(size, Ordering::Relaxed);
    }

    /// Counts one that took so long.
    pub fn record_time(&self, took: Duration) {
        self.record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What it holds. Buckets and sum are read one after another: while others
    /// count they may differ by what was under way.
    pub(crate) fn read(&self) -> Counted {
        let buckets = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        Counted { buckets, sum: self.sum.load(Ordering::Relaxed) }
    }
}

// === impl Counted ===

impl Counted {
    /// How many in all.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

#[cfg(test)]
mod tests;
