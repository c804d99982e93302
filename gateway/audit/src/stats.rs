//! What the log counts of itself.

use motlan_telemetry::instrument::{
    AUDIT_BATCH, AUDIT_ENTRIES, AUDIT_FAILURES, AUDIT_INDEX_LAG, AUDIT_INDEXING, AUDIT_PUBLISH_LAG,
    AUDIT_PUBLISHING, AUDIT_QUEUE, AUDIT_READY, AUDIT_SEGMENTS, AUDIT_SEGMENTS_AGE, AUDIT_SYNC, key,
};
use motlan_telemetry::{Counter, Histogram, Reading, Source};

use crate::error::Cause;
use crate::log::AuditLog;

/// Counted by the writer, told by the log's handle.
pub(crate) struct Stats {
    /// Entries of one commit.
    pub(crate) batch: Histogram,
    /// How long one sync took.
    pub(crate) sync: Histogram,
    failures: [Counter; Cause::ALL.len()],
}

// === impl Stats ===

impl Stats {
    /// A commit failed.
    pub(crate) fn failed(&self, cause: Cause) {
        self.failures[cause as usize].one();
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            batch: Histogram::of(&AUDIT_BATCH),
            sync: Histogram::of(&AUDIT_SYNC),
            failures: Default::default(),
        }
    }
}

impl Source for AuditLog {
    fn read(&self, reading: &mut Reading) {
        let (health, stats) = (self.health(), &self.inner.stats);
        reading.level(&AUDIT_READY, Vec::new(), f64::from(u8::from(health.ready)));
        reading.level(&AUDIT_QUEUE, Vec::new(), f64::from(health.queue_depth));
        reading.level(&AUDIT_ENTRIES, Vec::new(), level(health.durable));
        reading.level(&AUDIT_INDEX_LAG, Vec::new(), level(health.durable.saturating_sub(health.indexed)));
        reading.level(&AUDIT_INDEXING, Vec::new(), f64::from(u8::from(health.indexing)));
        let lag = health.durable.saturating_sub(health.published);
        reading.level(&AUDIT_PUBLISH_LAG, Vec::new(), level(lag));
        reading.level(&AUDIT_PUBLISHING, Vec::new(), f64::from(u8::from(health.publishing)));
        let (segments, waited) = self.inner.waiting.told();
        reading.level(&AUDIT_SEGMENTS, Vec::new(), level(segments as u64));
        reading.level(&AUDIT_SEGMENTS_AGE, Vec::new(), waited.as_secs_f64());
        reading.spread(&AUDIT_BATCH, &stats.batch, Vec::new);
        reading.spread(&AUDIT_SYNC, &stats.sync, Vec::new);
        for (cause, count) in Cause::ALL.into_iter().zip(&stats.failures) {
            reading.count(&AUDIT_FAILURES, vec![(key::CAUSE, cause.as_str().into())], count.get());
        }
    }
}

/// Exact below 2^53 entries.
#[expect(clippy::cast_precision_loss, reason = "no log grows that long")]
const fn level(entries: u64) -> f64 {
    entries as f64
}
