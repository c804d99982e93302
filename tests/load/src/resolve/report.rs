//! What a resolve of eight components costs, and how soon it begins.

use std::fmt;
use std::time::Duration;

use motlan_domain::Registry;
use serde::Serialize;

use super::{FASTEST, Options};
use crate::stage::{Figures, Index};
use crate::stats::Spread;
use crate::target::Target;

/// Server CPU of a lookup and of a resolve, microseconds.
#[derive(Debug, Clone, Copy)]
struct Cost {
    lookup: f64,
    resolve: f64,
}

/// One round.
#[derive(Debug, Default)]
pub(super) struct Round {
    paused: Option<Cost>,
    kept_up: Option<Cost>,
}

/// One resolve with nothing cached.
#[derive(Debug, Clone, Copy)]
pub(super) struct First {
    pub(super) fastest: Registry,
    pub(super) begun: Duration,
    pub(super) ended: Duration,
}

/// A cost over all rounds.
#[derive(Debug, Serialize)]
struct Row {
    index: &'static str,
    lookup_cpu_us: Spread,
    resolve_cpu_us: Spread,
    ratio: Spread,
}

/// The first component where that registry is the fastest.
#[derive(Debug, Serialize)]
struct FirstRow {
    fastest: &'static str,
    latency_ms: f64,
    first_ms: Spread,
    all_ms: Spread,
}

/// The whole measurement.
#[derive(Debug, Serialize)]
pub struct Report {
    rounds: usize,
    components: usize,
    answers_checked: u64,
    cached: Vec<Row>,
    first_component: Vec<FirstRow>,
    targets: Vec<Target>,
}

// === impl Round ===

impl Round {
    pub(super) fn add(&mut self, index: Index, lookup: Figures, resolve: Figures) {
        let cost = Some(Cost { lookup: lookup.cpu_us, resolve: resolve.cpu_us });
        match index {
            Index::Paused => self.paused = cost,
            Index::KeptUp => self.kept_up = cost,
        }
    }

    /// It in a line, for whoever waits.
    pub(super) fn line(&self) -> String {
        let cost = self.paused.unwrap_or(Cost { lookup: f64::NAN, resolve: f64::NAN });
        format!("lookup {:.1} µs, resolve {:.1} µs", cost.lookup, cost.resolve)
    }
}

// === impl Row ===

impl Row {
    fn of(index: &'static str, costs: &[Cost]) -> Self {
        let spread = |part: fn(&Cost) -> f64| Spread::of(costs.iter().map(part));
        Self {
            index,
            lookup_cpu_us: spread(|cost| cost.lookup),
            resolve_cpu_us: spread(|cost| cost.resolve),
            ratio: spread(|cost| cost.resolve / cost.lookup),
        }
    }
}

// === impl Report ===

impl Report {
    pub(super) fn of(options: &Options, rounds: &[Round], firsts: &[First], answers_checked: u64) -> Self {
        let costs = |part: fn(&Round) -> Option<Cost>| rounds.iter().filter_map(part).collect::<Vec<_>>();
        let cached = vec![
            Row::of("paused", &costs(|round| round.paused)),
            Row::of("kept up", &costs(|round| round.kept_up)),
        ];
        let row = |registry: Registry| {
            let own = firsts.iter().filter(move |first| first.fastest == registry);
            let millis = |part: fn(&First) -> Duration| {
                Spread::of(own.clone().map(|first| part(first).as_secs_f64() * 1e3))
            };
            FirstRow {
                fastest: registry.as_str(),
                latency_ms: FASTEST.as_secs_f64() * 1e3,
                first_ms: millis(|first| first.begun),
                all_ms: millis(|first| first.ended),
            }
        };
        let first_component: Vec<FirstRow> = super::DECISIVE.into_iter().map(row).collect();
        let mut targets: Vec<Target> = cached
            .iter()
            .map(|row| {
                let what = format!("CPU of eight cached components by one lookup's, index {}", row.index);
                Target::at_most(what, 8.0, row.ratio.median)
            })
            .collect();
        targets.extend(first_component.iter().map(|row| {
            let what = format!("first component by the fastest registry's latency, {}", row.fastest);
            Target::at_most(what, 1.2, row.first_ms.median / row.latency_ms)
        }));
        Self {
            rounds: options.rounds,
            components: super::KEYS.len(),
            answers_checked,
            cached,
            first_component,
            targets,
        }
    }

    /// What was to be reached, and whether it was.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, components, answers_checked, .. } = self;
        writeln!(
            f,
            "{components} components; {rounds} rounds; {answers_checked} answers checked, none wrong"
        )?;
        for Row { index, lookup_cpu_us, resolve_cpu_us, ratio } in &self.cached {
            let Spread { median, min, max } = ratio;
            writeln!(
                f,
                "  all cached, index {index:<8} lookup {:>6.1} µs, resolve {:>6.1} µs, × {median:.2} ({min:.2}–{max:.2})",
                lookup_cpu_us.median, resolve_cpu_us.median
            )?;
        }
        for FirstRow { fastest, latency_ms, first_ms, all_ms } in &self.first_component {
            let Spread { median, min, max } = first_ms;
            writeln!(
                f,
                "  none cached, {fastest:<10} {latency_ms:.0} ms: first component {median:.1} ms \
                 ({min:.1}–{max:.1}), all {:.1} ms",
                all_ms.median
            )?;
        }
        writeln!(f)?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))
    }
}
