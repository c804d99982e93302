//! Durable appends, many waiting at a time, beside a bare file on the same disk.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use motlan::clock::SystemClock;
use motlan_audit::{AuditLog, Receipt};
use motlan_domain::Clock as _;
use serde::Serialize;

use super::Options;
use super::entries::{BYTES, Maker, Says};
use super::opened::Opened;
use super::raw::RawFile;
use crate::stats::Spread;
use crate::tell;

/// How many wait at a time.
const WAITERS: [usize; 2] = [64, 256];

/// Bytes that the journal puts before an entry.
const FRAME: usize = 32;

/// Before each measurement, not counted.
const WARM_UP: Duration = Duration::from_millis(100);

/// Who appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    Raw,
    /// The log, nothing else of it at work.
    Paused,
    /// The log, with its index and its publication.
    Whole,
}

/// Appends a second with so many waiters.
#[derive(Debug, Serialize)]
pub(super) struct Appends {
    pub(super) waiters: usize,
    pub(super) raw: Spread,
    pub(super) paused: Spread,
    pub(super) whole: Spread,
    /// By the raw file, round by round.
    pub(super) paused_ratio: Spread,
    pub(super) whole_ratio: Spread,
}

/// What is measured.
struct Bench {
    opened: Opened,
    maker: Maker,
    raw: RawFile,
    next: AtomicU64,
    receipts: Vec<Receipt>,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<Vec<Appends>> {
    let opened = Opened::new(options).await?;
    let maker = Maker::new(&opened.log).await?;
    let raw = RawFile::new(opened.folder())?;
    let mut bench = Bench { opened, maker, raw, next: AtomicU64::new(1_000), receipts: Vec::new() };
    let mut measured = Vec::new();
    for waiters in WAITERS {
        let mut rounds = Vec::new();
        for number in 0..options.rounds {
            rounds.push(bench.round(waiters, number, options.length).await?);
        }
        let appends = Appends::of(waiters, &rounds);
        tell(&format!(
            "append, {waiters} waiters: raw {:.0}/s, log {:.0}/s, with index and publication {:.0}/s",
            appends.raw.median, appends.paused.median, appends.whole.median
        ));
        measured.push(appends);
    }
    bench.opened.holds(&bench.receipts).await?;
    bench.raw.close()?;
    drop(bench.opened.close().await);
    Ok(measured)
}

// === impl Bench ===

impl Bench {
    /// Appends a second by each, in turns that change from round to round.
    async fn round(&mut self, waiters: usize, number: usize, length: Duration) -> anyhow::Result<[f64; 3]> {
        let mut order = [Ran::Raw, Ran::Paused, Ran::Whole];
        order.rotate_left(number % 3);
        let mut rates = [f64::NAN; 3];
        for ran in order {
            self.rate(ran, waiters, WARM_UP.min(length)).await?;
            let rate = self.rate(ran, waiters, length).await?;
            *rates.get_mut(ran as usize).context("three of them")? = rate;
        }
        Ok(rates)
    }

    async fn rate(&mut self, ran: Ran, waiters: usize, length: Duration) -> anyhow::Result<f64> {
        let log = self.opened.log.clone();
        log.pause_index(ran == Ran::Paused);
        log.pause_publication(ran == Ran::Paused);
        let (maker, raw, next, clock) = (&self.maker, &self.raw, &self.next, self.opened.clock);
        let (receipts, seconds) = match ran {
            Ran::Raw => {
                let append = || raw.append(vec![7; FRAME + BYTES]);
                let (done, seconds) = closed(append, waiters, length, (&log, clock))?;
                return Ok(done.len() as f64 / seconds);
            }
            Ran::Paused | Ran::Whole => {
                let append = || {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let appending = log.begin(maker.draft(Says::of(number)));
                    async move { Ok(appending.await?) }
                };
                closed(append, waiters, length, (&log, clock))?
            }
        };
        log.pause_index(false);
        log.pause_publication(false);
        // Nobody's debt is paid in another's time.
        self.opened.settles().await;
        let rate = receipts.len() as f64 / seconds;
        self.receipts.extend(receipts);
        Ok(rate)
    }
}

/// So many at a time, each beginning anew when it is done, for that long: spread
/// over a thread for each core, as the connections of the gateway are. Nothing
/// else runs on the calling thread meanwhile.
fn closed<T: Send, F: Future<Output = anyhow::Result<T>>>(
    begin: impl Fn() -> F + Sync,
    waiters: usize,
    length: Duration,
    (log, clock): (&AuditLog, SystemClock),
) -> anyhow::Result<(Vec<T>, f64)> {
    let threads = std::thread::available_parallelism()?.get().min(waiters);
    let begun = clock.monotonic();
    let (begin, until) = (&begin, begun + length);
    let done = std::thread::scope(|scope| {
        let share = |thread| waiters / threads + usize::from(thread < waiters % threads);
        let started: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || on_one_thread(begin, share(thread), until, (log, clock))))
            .collect();
        let ended = started.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread of the waiters died")))
        });
        ended.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let seconds = clock.monotonic().saturating_sub(begun).as_secs_f64();
    Ok((done.into_iter().flatten().collect(), seconds))
}

/// As the threads that serve connections do, it tells the log when it rests.
fn on_one_thread<T, F: Future<Output = anyhow::Result<T>>>(
    begin: &(impl Fn() -> F + Sync),
    waiters: usize,
    until: Duration,
    (log, clock): (&AuditLog, SystemClock),
) -> anyhow::Result<Vec<T>> {
    let feeder = log.feeder();
    let (resumes, rests) = (feeder.clone(), feeder.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .on_thread_unpark(move || resumes.resumes())
        .on_thread_park(move || rests.rests())
        .build()?;
    feeder.resumes();
    let done = runtime.block_on(async {
        let mut under_way: FuturesUnordered<F> = (0..waiters).map(|_| begin()).collect();
        let mut done = Vec::new();
        while let Some(one) = under_way.next().await {
            done.push(one?);
            if clock.monotonic() < until {
                under_way.push(begin());
            }
        }
        Ok(done)
    });
    feeder.rests();
    done
}

// === impl Appends ===

impl Appends {
    fn of(waiters: usize, rounds: &[[f64; 3]]) -> Self {
        let each = |of: fn(&[f64; 3]) -> f64| Spread::of(rounds.iter().map(of));
        Self {
            waiters,
            raw: each(|[raw, ..]| *raw),
            paused: each(|[_, paused, _]| *paused),
            whole: each(|[.., whole]| *whole),
            paused_ratio: each(|[raw, paused, _]| paused / raw),
            whole_ratio: each(|[raw, _, whole]| whole / raw),
        }
    }
}
