//! A steady stream of entries: how far publication lags behind, and what the
//! threads behind the answers cost.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use motlan_audit::Receipt;
use motlan_domain::Clock as _;
use serde::Serialize;

use super::Options;
use super::entries::{Maker, Says};
use super::opened::Opened;
use super::threads;
use crate::Wrong;
use crate::pace::Beat;
use crate::stats::percentile;
use crate::tell;

/// Between two looks, and two handfuls of entries.
const BEAT: Duration = Duration::from_millis(1);

/// What was seen of a log under that rate.
#[derive(Debug, Serialize)]
pub(super) struct Paced {
    /// Offered, and what became durable in that time.
    pub(super) offered_per_second: f64,
    pub(super) durable_per_second: f64,
    /// From durable to covered by a checkpoint, over all entries.
    pub(super) lag_p50_ms: f64,
    pub(super) lag_p99_ms: f64,
    pub(super) lag_max_ms: f64,
    pub(super) checkpoints: u64,
    /// CPU time of `motlan-integrate` and `motlan-index` per entry.
    pub(super) integrate_us: f64,
    pub(super) index_us: f64,
}

/// When entries became durable, and how late they were published.
#[derive(Default)]
struct Lags {
    /// So many were durable when it was looked at.
    durable: Vec<(u64, Duration)>,
    published: u64,
    checkpoints: u64,
    micros: Vec<u64>,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<Paced> {
    let opened = Opened::new(options).await?;
    let maker = Maker::new(&opened.log).await?;
    opened.settles().await;
    let (log, clock) = (&opened.log, &opened.clock);
    let before = log.health().durable;
    let cpu = (threads::used("motlan-integrate")?, threads::used("motlan-index")?);
    let mut lags = Lags { published: before, ..Lags::default() };
    let beat = Beat::every(BEAT)?;
    let begun = clock.monotonic();
    let mut under_way = FuturesUnordered::new();
    let mut receipts: Vec<Receipt> = Vec::new();
    let mut offered = 0_u64;
    loop {
        beat.next().await?;
        let now = clock.monotonic();
        let passed = now.saturating_sub(begun);
        if passed >= options.rate_length && lags.published >= before + offered {
            break;
        }
        // By the clock: beats that were missed are made up for.
        let due = (passed.min(options.rate_length).as_secs_f64() * options.rate as f64) as u64;
        while offered < due {
            under_way.push(log.begin(maker.draft(Says::of(1_000 + offered))));
            offered += 1;
        }
        while let Some(Some(receipt)) = futures::FutureExt::now_or_never(under_way.next()) {
            receipts.push(receipt?);
        }
        let health = log.health();
        lags.look(now, health.durable, health.published);
    }
    let seconds = options.rate_length.as_secs_f64();
    while let Some(receipt) = under_way.next().await {
        receipts.push(receipt?);
    }
    opened.settles().await;
    if receipts.len() as u64 != offered || log.health().durable != before + offered {
        return Err(Wrong("entries were offered and are not in the log".to_owned()).into());
    }
    opened.holds(&receipts).await?;
    let each = |now: Duration, then: Duration| now.saturating_sub(then).as_secs_f64() * 1e6 / offered as f64;
    let integrate_us = each(threads::used("motlan-integrate")?, cpu.0);
    let index_us = each(threads::used("motlan-index")?, cpu.1);
    let in_time = lags.durable.iter().rfind(|(_, at)| at.saturating_sub(begun) <= options.rate_length);
    let durable = in_time.map_or(0, |(durable, _)| durable - before);
    let mut millis = |percent| percentile(&mut lags.micros, percent) as f64 / 1e3;
    let paced = Paced {
        offered_per_second: offered as f64 / seconds,
        durable_per_second: durable as f64 / seconds,
        lag_p50_ms: millis(50.0),
        lag_p99_ms: millis(99.0),
        lag_max_ms: millis(100.0),
        checkpoints: lags.checkpoints,
        integrate_us,
        index_us,
    };
    tell(&format!("publication: lag p99 {:.0} ms, max {:.0} ms", paced.lag_p99_ms, paced.lag_max_ms));
    drop(opened.close().await);
    Ok(paced)
}

// === impl Lags ===

impl Lags {
    /// So many are durable now, and so many are published.
    fn look(&mut self, now: Duration, durable: u64, published: u64) {
        let last = self.durable.last().map_or(0, |(durable, _)| *durable);
        if durable > last {
            self.durable.push((durable, now));
        }
        if published <= self.published {
            return;
        }
        self.checkpoints += 1;
        let mut from = self.published;
        for (to, at) in &self.durable {
            let to = (*to).min(published);
            if to > from {
                let lag = u64::try_from(now.saturating_sub(*at).as_micros()).unwrap_or(u64::MAX);
                self.micros.extend(std::iter::repeat_n(lag, usize::try_from(to - from).unwrap_or(0)));
                from = to;
            }
        }
        self.published = published;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_has_the_lag_of_its_own() {
        let at = Duration::from_millis;
        let mut lags = Lags { published: 10, ..Lags::default() };
        lags.look(at(1), 12, 10);
        lags.look(at(5), 15, 10);
        lags.look(at(9), 15, 13);
        assert_eq!(lags.micros, [8_000, 8_000, 4_000]);
        lags.look(at(11), 15, 15);
        assert_eq!(lags.micros, [8_000, 8_000, 4_000, 6_000, 6_000]);
        assert_eq!(lags.checkpoints, 2);
    }
}
