//! Time and memory, held against what they may be.

use std::fmt;

use serde::Serialize;

use super::Options;
use super::cached::Cached;
use super::starts::{Start, Started};
use crate::stats::Spread;
use crate::target::Target;

/// Starts of one kind.
#[derive(Debug, Serialize)]
struct Starts {
    ready_ms: Spread,
    idle_mib: Spread,
}

/// The memory of cached enterprises.
#[derive(Debug, Serialize)]
struct Enterprises {
    cached: f64,
    asked_between: usize,
    before_mib: f64,
    after_mib: f64,
    /// Resident memory more for each.
    bytes_each: f64,
    /// What the cache counts each as.
    weight_each: f64,
    lookups_per_second: f64,
}

/// The whole measurement.
#[derive(Debug, Serialize)]
pub struct Report {
    starts: usize,
    program: &'static str,
    fresh: Starts,
    again: Starts,
    enterprises: Enterprises,
    targets: Vec<Target>,
}

const MIB: f64 = 1024.0 * 1024.0;

// === impl Starts ===

impl Starts {
    fn of(starts: &[Start]) -> Self {
        Self {
            ready_ms: Spread::of(starts.iter().map(|start| start.ready_ms)),
            idle_mib: Spread::of(starts.iter().map(|start| start.idle / MIB)),
        }
    }
}

// === impl Report ===

impl Report {
    pub(super) fn of(options: &Options, started: Started, cached: Cached) -> Self {
        let (fresh, again) = (Starts::of(&started.fresh), Starts::of(&started.again));
        let bytes_each = (cached.after - cached.before) / cached.asked as f64;
        let enterprises = Enterprises {
            cached: cached.entries,
            asked_between: cached.asked,
            before_mib: cached.before / MIB,
            after_mib: cached.after / MIB,
            bytes_each,
            weight_each: cached.weight / cached.entries,
            lookups_per_second: cached.asked as f64 / cached.seconds,
        };
        let targets = vec![
            Target::at_most(
                "idle memory, MiB".to_owned(),
                64.0,
                again.idle_mib.median.max(fresh.idle_mib.median),
            ),
            Target::at_most("ready after, ms, empty folder".to_owned(), 500.0, fresh.ready_ms.median),
            Target::at_most("ready after, ms, on its own state".to_owned(), 500.0, again.ready_ms.median),
            Target::at_most("bytes per cached enterprise".to_owned(), 2_000.0, bytes_each),
        ];
        let program = if options.binary.is_some() { "motlan serve" } else { "the same, in this program" };
        Self { starts: options.starts, program, fresh, again, enterprises, targets }
    }

    /// What was to be reached, and whether it was.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} starts each way ({})", self.starts, self.program)?;
        for (how, starts) in [("empty folder", &self.fresh), ("its own state", &self.again)] {
            let Starts { ready_ms, idle_mib } = starts;
            writeln!(
                f,
                "  {how:<14} ready after {:.0} ms ({:.0}–{:.0}), idle {:.1} MiB ({:.1}–{:.1})",
                ready_ms.median, ready_ms.min, ready_ms.max, idle_mib.median, idle_mib.min, idle_mib.max
            )?;
        }
        let Enterprises { cached, asked_between, before_mib, after_mib, .. } = &self.enterprises;
        let Enterprises { bytes_each, weight_each, lookups_per_second, .. } = &self.enterprises;
        writeln!(
            f,
            "{cached:.0} enterprises cached; {asked_between} of them took it from {before_mib:.1} to \
             {after_mib:.1} MiB ({lookups_per_second:.0} live lookups a second)"
        )?;
        writeln!(f, "  {bytes_each:.0} bytes each; the cache counts each as {weight_each:.0}\n")?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))
    }
}
