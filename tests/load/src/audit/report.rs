//! The log's figures beside what is to be reached.

use std::fmt;

use serde::Serialize;

use super::Options;
use super::append::Appends;
use super::offline::Offline;
use super::paced::Paced;
use super::search::Searches;
use crate::stats::Spread;
use crate::target::Target;

/// The whole measurement.
#[derive(Debug, Serialize)]
pub struct Report {
    rounds: usize,
    appends: Vec<Appends>,
    publication: Paced,
    searches: Searches,
    verification: Offline,
    targets: Vec<Target>,
}

const MIB: f64 = 1024.0 * 1024.0;

// === impl Report ===

impl Report {
    pub(super) fn of(
        options: &Options,
        appends: Vec<Appends>,
        publication: Paced,
        searches: Searches,
        verification: Offline,
    ) -> Self {
        let mut targets = Vec::new();
        for one in &appends {
            let what = |how: &str| format!("appends by a bare file's, {} waiters, {how}", one.waiters);
            let bar = if one.waiters < 256 { 0.6 } else { 0.5 };
            targets.push(Target::at_least(what("log alone"), bar, one.paused_ratio.median));
        }
        let slowest = searches.filters.iter().map(|one| one.max_ms).fold(f64::NAN, f64::max);
        targets.extend([
            Target::at_most("publication lag, ms, worst".to_owned(), 1_000.0, publication.lag_max_ms),
            Target::at_most("integration, CPU µs an entry".to_owned(), 3.0, publication.integrate_us),
            Target::at_most(
                format!("indexing, CPU µs an entry, last tenth of {}", searches.entries),
                25.0,
                searches.index_us,
            ),
            Target::at_most(format!("search in {} entries, ms, worst", searches.entries), 50.0, slowest),
            Target::at_least("verified a second, hashes".to_owned(), 500_000.0, verification.hashes.median),
            Target::at_least("verified a second, deep".to_owned(), 100_000.0, verification.deep.median),
            Target::at_most("bytes on the disk by the entries' own".to_owned(), 1.4, verification.disk.ratio),
        ]);
        Self { rounds: options.rounds, appends, publication, searches, verification, targets }
    }

    /// What was to be reached, and whether it was.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Entries of the log that was searched and verified.
    pub const fn verified(&self) -> u64 {
        self.verification.entries
    }

    /// The longest that an entry waited for its checkpoint, in milliseconds.
    pub const fn worst_lag_ms(&self) -> f64 {
        self.publication.lag_max_ms
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let k = |spread: &Spread| {
            format!("{:.1}k/s ({:.1}–{:.1})", spread.median / 1e3, spread.min / 1e3, spread.max / 1e3)
        };
        writeln!(f, "durable appends of 950 bytes, median of {} rounds (least–most)", self.rounds)?;
        for one in &self.appends {
            writeln!(
                f,
                "  {:>3} waiters: bare file {}, log alone {}, index and publication on {} (× {:.2})",
                one.waiters,
                k(&one.raw),
                k(&one.paused),
                k(&one.whole),
                one.whole_ratio.median
            )?;
        }
        let Paced { offered_per_second, durable_per_second, lag_p50_ms, lag_p99_ms, .. } = &self.publication;
        let Paced { lag_max_ms, checkpoints, integrate_us, index_us, .. } = &self.publication;
        writeln!(f, "{offered_per_second:.0} entries/s offered, {durable_per_second:.0} durable")?;
        writeln!(
            f,
            "  published after p50 {lag_p50_ms:.0}, p99 {lag_p99_ms:.0}, worst {lag_max_ms:.0} ms, in {checkpoints} \
             checkpoints; CPU an entry: integration {integrate_us:.2} µs, index {index_us:.2} µs"
        )?;
        writeln!(
            f,
            "{} entries searched, first page of 50 within a fifth of the time; indexing took {:.2} µs an entry",
            self.searches.entries, self.searches.index_us
        )?;
        for one in &self.searches.filters {
            let (p50, max) = (one.p50_ms, one.max_ms);
            writeln!(f, "  {:<11} p50 {p50:.2}, worst {max:.2} ms ({:.0} found)", one.filter, one.found)?;
        }
        let Offline { entries, hashes, deep, disk } = &self.verification;
        writeln!(
            f,
            "{entries} entries verified offline on one core: hashes {}, deep {}",
            k(hashes),
            k(deep)
        )?;
        let mib = |bytes: u64| bytes as f64 / MIB;
        writeln!(
            f,
            "  on the disk, MiB: entries {:.1}; journal {:.1}, bundles {:.1}, tiles {:.1}, index {:.1}, subjects {:.1}\n",
            mib(disk.own),
            mib(disk.journal),
            mib(disk.bundles),
            mib(disk.tiles),
            mib(disk.index),
            mib(disk.subjects)
        )?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))
    }
}
