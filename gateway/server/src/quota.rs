//! What one caller may cost the others: calls in progress, and refusals that
//! the log records one by one. Beyond that quota its calls are refused without
//! a decision and counted; the count is recorded as one entry per interval, so
//! that nobody fills the log with refusals.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use motlan_audit::{Aggregate, Caller as EntryCaller, Draft, EntryTime, Kind};
use motlan_domain::{Clock, Reason};
use motlan_pipeline::Pipeline;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::peers::PeerCertificate;

/// How many refusals of one certificate the log records one by one. While the
/// quota is used up, that caller is told QUOTA_EXCEEDED.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefusalQuota {
    /// How many before it is used up.
    pub(crate) burst: u32,
    /// How many come back a second.
    pub(crate) per_second: u32,
    /// How often aggregates are recorded.
    pub(crate) aggregate_every: Duration,
}

/// Every certificate that is or was lately connected, and its share.
pub(crate) struct Quotas {
    quota: RefusalQuota,
    calls_each: usize,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<Arc<[u8]>, Arc<Share>>>,
}

/// The share of one certificate, whatever the number of its connections.
pub(crate) struct Share {
    certificate: PeerCertificate,
    /// Calls in progress.
    pub(crate) calls: Arc<Semaphore>,
    refusals: Mutex<Refusals>,
}

/// A token bucket over recorded refusals, and what was refused beyond it.
struct Refusals {
    tokens: f64,
    filled: Duration,
    unrecorded: u64,
    since: Option<Timestamp>,
}

/// Refusals beyond a quota, to be recorded as one entry.
struct Beyond {
    certificate: PeerCertificate,
    count: u64,
    from: Timestamp,
}

// === impl RefusalQuota ===

impl Default for RefusalQuota {
    fn default() -> Self {
        Self { burst: 1000, per_second: 50, aggregate_every: Duration::from_secs(10) }
    }
}

// === impl Quotas ===

impl Quotas {
    /// `calls_each`: calls in progress of one certificate.
    pub(crate) fn new(quota: RefusalQuota, calls_each: usize, clock: Arc<dyn Clock>) -> Self {
        Self { quota, calls_each, clock, known: Mutex::default() }
    }

    /// The certificate's share.
    pub(crate) fn of(&self, certificate: &PeerCertificate) -> Arc<Share> {
        let mut known = self.known.lock();
        let share = known.entry(Arc::clone(&certificate.0)).or_insert_with(|| {
            let refusals = Refusals {
                tokens: f64::from(self.quota.burst),
                filled: self.clock.monotonic(),
                unrecorded: 0,
                since: None,
            };
            Arc::new(Share {
                certificate: certificate.clone(),
                calls: Arc::new(Semaphore::new(self.calls_each)),
                refusals: Mutex::new(refusals),
            })
        });
        Arc::clone(share)
    }

    /// Whether a call may go on to be decided; if not, it has been counted and
    /// this is when to come back.
    pub(crate) fn admits(&self, share: &Share) -> Result<(), Duration> {
        let mut refusals = share.refusals.lock();
        refusals.fill(&self.quota, self.clock.monotonic());
        if refusals.tokens >= 1.0 {
            return Ok(());
        }
        refusals.unrecorded += 1;
        refusals.since.get_or_insert_with(|| self.clock.now());
        let rate = f64::from(self.quota.per_second.max(1));
        Err(Duration::from_secs_f64((1.0 - refusals.tokens) / rate).max(Duration::from_millis(10)))
    }

    /// A call was refused, and that was recorded.
    pub(crate) fn refused(&self, share: &Share) {
        let mut refusals = share.refusals.lock();
        refusals.fill(&self.quota, self.clock.monotonic());
        // Calls decided at the same time may go below nothing: they are paid
        // back before the next is admitted.
        refusals.tokens -= 1.0;
    }

    /// Records aggregates until stopped, and once more then.
    ///
    /// Cancellation: by `stopped` only. Failure: an aggregate that cannot be
    /// written is counted again in the next interval.
    pub(crate) async fn record(self: Arc<Self>, pipeline: Arc<Pipeline>, stopped: CancellationToken) {
        loop {
            let last = tokio::select! {
                () = stopped.cancelled() => true,
                () = tokio::time::sleep(self.quota.aggregate_every) => false,
            };
            for beyond in self.collect() {
                if pipeline.ledger().write(beyond.draft(self.clock.now(), &pipeline)).await.is_err() {
                    self.put_back(&beyond);
                }
            }
            if last {
                return;
            }
        }
    }

    /// Takes what was refused beyond the quotas, and forgets certificates that
    /// have gone and owe nothing.
    fn collect(&self) -> Vec<Beyond> {
        let mut found = Vec::new();
        self.known.lock().retain(|_, share| {
            let mut refusals = share.refusals.lock();
            refusals.fill(&self.quota, self.clock.monotonic());
            if let Some(from) = refusals.since.take() {
                let count = std::mem::take(&mut refusals.unrecorded);
                found.push(Beyond { certificate: share.certificate.clone(), count, from });
            }
            let owes = refusals.tokens < f64::from(self.quota.burst);
            drop(refusals);
            owes || Arc::strong_count(share) > 1
        });
        found
    }

    fn put_back(&self, beyond: &Beyond) {
        let share = self.of(&beyond.certificate);
        let mut refusals = share.refusals.lock();
        refusals.unrecorded += beyond.count;
        refusals.since = Some(refusals.since.map_or(beyond.from, |since| since.min(beyond.from)));
    }
}

// === impl Refusals ===

impl Refusals {
    fn fill(&mut self, quota: &RefusalQuota, now: Duration) {
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.filled = now;
        let more = passed * f64::from(quota.per_second);
        self.tokens = (self.tokens + more).min(f64::from(quota.burst));
    }
}

// === impl Beyond ===

impl Beyond {
    fn draft(&self, to: Timestamp, pipeline: &Pipeline) -> Draft {
        let mut draft = Draft::new(Kind::RefusalsAggregated);
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &self.certificate.0));
        let caller = pipeline.access().caller(&self.certificate.0).ok();
        draft.caller = Some(EntryCaller {
            agency: caller.as_ref().map(|caller| caller.agency().as_str().to_owned().into()),
            certificate: Some(thumbprint.into()),
            system: caller.as_ref().map(|caller| caller.id().to_owned().into()),
        });
        draft.aggregate = Some(Aggregate {
            count: self.count,
            from: EntryTime::new(self.from),
            reason: Reason::QuotaExceeded.code().into(),
            to: EntryTime::new(to),
        });
        draft
    }
}
