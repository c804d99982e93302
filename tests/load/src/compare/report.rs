//! What was measured, held against what is to be reached.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::Options;
use crate::bench::{Bench, Server, Shape};
use crate::stage::{Figures, Index};
use crate::stats::Spread;
use crate::target::Target;

/// What is measured, three times a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ran {
    /// The bare echo.
    Echo,
    /// The gateway, its index written when the clock has stopped.
    Paused,
    /// The gateway, the clock running until the index covers everything.
    KeptUp,
}

/// The measurements of one round at one shape.
pub(super) struct Round {
    shape: Shape,
    /// At saturation.
    pub(super) full: BTreeMap<Ran, Figures>,
    /// At a part of it.
    pub(super) easy: BTreeMap<Ran, Figures>,
}

/// A measurement over all rounds.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    throughput: Option<Spread>,
    p50_ms: Spread,
    p99_ms: Spread,
    cpu_us: Spread,
    server_share: Spread,
    client_share: Spread,
}

/// The gateway by the echo, round by round.
#[derive(Debug, Serialize)]
struct Ratio {
    throughput: Spread,
    cpu: Spread,
    /// Milliseconds by which the gateway's p99 lies above the echo's, each at
    /// 70 % of its own saturation.
    p99_above_ms: Spread,
}

/// Everything at one shape.
#[derive(Debug, Serialize)]
struct Load {
    #[serde(serialize_with = "text")]
    shape: Shape,
    saturation: BTreeMap<Ran, Row>,
    at_70_percent: BTreeMap<Ran, Row>,
    ratios: BTreeMap<Ran, Ratio>,
}

/// The whole comparison.
#[derive(Debug, Serialize)]
pub struct Report {
    cores: usize,
    rounds: usize,
    seconds: f64,
    answers_checked: u64,
    fdatasync: Sync,
    loads: Vec<Load>,
    targets: Vec<Target>,
    remarks: Vec<String>,
}

/// Syncs of 4 KiB in the log's folder between the measurements.
#[derive(Debug, Serialize)]
struct Sync {
    p50_ms: f64,
    p99_ms: f64,
    count: usize,
}

/// A client this busy may be what is measured.
const CLIENT_FULL: f64 = 0.9;

/// What p99 may lie above the echo's, beside the sync's own p99.
const P99_ROOM_MS: f64 = 3.0;

fn text<S: Serializer>(shape: &Shape, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(shape)
}

// === impl Ran ===

impl Ran {
    /// All three.
    pub(super) const ALL: [Self; 3] = [Self::Echo, Self::Paused, Self::KeptUp];

    /// Which server, and what becomes of the index.
    pub(super) const fn of(self) -> (Server, Index) {
        match self {
            Self::Echo => (Server::Echo, Index::KeptUp),
            Self::Paused => (Server::Gateway, Index::Paused),
            Self::KeptUp => (Server::Gateway, Index::KeptUp),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Paused => "gateway, index paused",
            Self::KeptUp => "gateway, index kept up",
        }
    }
}

// === impl Round ===

impl Round {
    pub(super) const fn new(shape: Shape) -> Self {
        Self { shape, full: BTreeMap::new(), easy: BTreeMap::new() }
    }

    /// It in a line, for whoever waits.
    pub(super) fn line(&self) -> String {
        let parts = self.full.iter().map(|(ran, figures)| {
            let Figures { throughput, cpu_us, .. } = figures;
            format!("{} {throughput:.0}/s {cpu_us:.1} µs", ran.name())
        });
        parts.collect::<Vec<_>>().join("; ")
    }
}

// === impl Row ===

impl Row {
    fn of<'a>(figures: impl Iterator<Item = &'a Figures> + Clone, saturated: bool) -> Self {
        let spread = |part: fn(&Figures) -> f64| Spread::of(figures.clone().map(part));
        Self {
            throughput: saturated.then(|| spread(|figures| figures.throughput)),
            p50_ms: spread(|figures| figures.p50_ms),
            p99_ms: spread(|figures| figures.p99_ms),
            cpu_us: spread(|figures| figures.cpu_us),
            server_share: spread(|figures| figures.server_share),
            client_share: spread(|figures| figures.client_share),
        }
    }
}

// === impl Load ===

impl Load {
    fn of(rounds: &[&Round], shape: Shape) -> Self {
        let rows = |part: fn(&Round) -> &BTreeMap<Ran, Figures>, saturated| {
            let row = |ran: Ran| {
                let figures = rounds.iter().filter_map(move |round| part(round).get(&ran));
                (ran, Row::of(figures, saturated))
            };
            Ran::ALL.map(row).into()
        };
        let ratio = |ran: Ran| {
            let over = |part: fn(&Figures) -> f64| {
                Spread::of(rounds.iter().map(|round| part(&round.full[&ran]) / part(&round.full[&Ran::Echo])))
            };
            let p99 = |round: &Round, ran| round.easy.get(&ran).map_or(f64::NAN, |figures| figures.p99_ms);
            let above = rounds.iter().map(|round| p99(round, ran) - p99(round, Ran::Echo));
            let ratio = Ratio {
                throughput: over(|figures| figures.throughput),
                cpu: over(|figures| figures.cpu_us),
                p99_above_ms: Spread::of(above),
            };
            (ran, ratio)
        };
        Self {
            shape,
            saturation: rows(|round| &round.full, true),
            at_70_percent: rows(|round| &round.easy, false),
            ratios: [Ran::Paused, Ran::KeptUp].map(ratio).into(),
        }
    }

    /// The figures to reach are those of 16 × 16.
    fn targets(&self, sync_p99_ms: f64) -> Vec<Target> {
        let mut targets = Vec::new();
        for (ran, throughput, cpu) in [(Ran::Paused, 0.5, 2.2), (Ran::KeptUp, 0.3, 3.2)] {
            let Some(ratio) = self.ratios.get(&ran) else { continue };
            let what = |what: &str| format!("{}, {}: {what}", self.shape, ran.name());
            targets.push(Target::at_least(
                what("throughput by the echo's"),
                throughput,
                ratio.throughput.median,
            ));
            targets.push(Target::at_most(what("CPU by the echo's"), cpu, ratio.cpu.median));
            let room = sync_p99_ms + P99_ROOM_MS;
            if ratio.p99_above_ms.median.is_nan() {
                continue;
            }
            targets.push(Target::at_most(
                what("p99 at 70 % above the echo's, ms (bar: fdatasync p99 + 3)"),
                room,
                ratio.p99_above_ms.median,
            ));
        }
        targets
    }
}

// === impl Report ===

impl Report {
    pub(super) fn of(rounds: Vec<Round>, bench: &mut Bench, options: &Options) -> Self {
        let (cores, checked, probe) = (bench.stage.cores, bench.stage.checked, &mut bench.probe);
        let fdatasync = Sync { p50_ms: probe.millis(50.0), p99_ms: probe.millis(99.0), count: probe.count() };
        let mut loads: Vec<Load> = Vec::new();
        for round in &rounds {
            if loads.iter().all(|load| load.shape != round.shape) {
                let same: Vec<&Round> = rounds.iter().filter(|other| other.shape == round.shape).collect();
                loads.push(Load::of(&same, round.shape));
            }
        }
        let mut remarks = Vec::new();
        if cores.shared() {
            remarks.push("one core for server and client: the ratios mean nothing".to_owned());
        }
        for load in &loads {
            for (ran, row) in &load.saturation {
                if row.client_share.median > CLIENT_FULL {
                    let share = row.client_share.median * 100.0;
                    let (shape, name) = (load.shape, ran.name());
                    remarks.push(format!(
                        "{shape}, {name}: the client's core was {share:.0} % busy and may be what was measured"
                    ));
                }
            }
        }
        let targets = loads.first().map(|load| load.targets(fdatasync.p99_ms)).unwrap_or_default();
        Self {
            cores: if cores.shared() { 1 } else { 2 },
            rounds: options.rounds,
            seconds: options.length.as_secs_f64(),
            answers_checked: checked,
            fdatasync,
            loads,
            targets,
            remarks,
        }
    }

    /// How many answers were judged.
    pub const fn answers_checked(&self) -> u64 {
        self.answers_checked
    }

    /// What was to be reached, and whether it was.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, seconds, answers_checked, fdatasync, .. } = self;
        writeln!(
            f,
            "{rounds} rounds of {seconds} s, in turns; {answers_checked} answers checked, none wrong"
        )?;
        let Sync { p50_ms, p99_ms, count } = fdatasync;
        writeln!(f, "fdatasync of 4 KiB in between: p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms ({count})")?;
        for load in &self.loads {
            writeln!(f, "\n{} (median, least to most)", load.shape)?;
            for (ran, row) in &load.saturation {
                let Row { throughput, p50_ms, p99_ms, cpu_us, server_share, client_share } = row;
                let throughput = throughput.map_or(f64::NAN, |throughput| throughput.median);
                writeln!(
                    f,
                    "  {:<22} {throughput:>7.0}/s  p50 {:>6.2} ms  p99 {:>6.2} ms  CPU {:>5.1} µs  \
                     (server core {:.0} %, client core {:.0} %)",
                    ran.name(),
                    p50_ms.median,
                    p99_ms.median,
                    cpu_us.median,
                    server_share.median * 100.0,
                    client_share.median * 100.0,
                )?;
                if let Some(easy) = load.at_70_percent.get(ran).filter(|easy| !easy.p99_ms.median.is_nan()) {
                    writeln!(
                        f,
                        "  {:<22} {:>9}  p50 {:>6.2} ms  p99 {:>6.2} ms  CPU {:>5.1} µs",
                        "", "at 70 %", easy.p50_ms.median, easy.p99_ms.median, easy.cpu_us.median
                    )?;
                }
            }
            for (ran, ratio) in &load.ratios {
                let spread =
                    |spread: &Spread| format!("{:.2} ({:.2}–{:.2})", spread.median, spread.min, spread.max);
                writeln!(
                    f,
                    "  {:<22} throughput × {}, CPU × {}, p99 at 70 % + {} ms",
                    ran.name(),
                    spread(&ratio.throughput),
                    spread(&ratio.cpu),
                    spread(&ratio.p99_above_ms)
                )?;
            }
        }
        writeln!(f)?;
        self.remarks.iter().try_for_each(|remark| writeln!(f, "note: {remark}"))?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))
    }
}
