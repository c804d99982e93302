//! What became of too much.

use std::fmt;

use serde::Serialize;

use super::Options;
use crate::check::Wrong;
use crate::stats::Spread;
use crate::target::Target;

/// The gateway at its limit.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Saturated {
    pub(super) throughput: f64,
    pub(super) p99_ms: f64,
    pub(super) cpu_us: f64,
}

/// The gateway beyond it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Flooded {
    pub(super) offered: usize,
    /// Questions a second.
    pub(super) rate: f64,
    pub(super) answered: usize,
    /// Answers a second while questions were sent.
    pub(super) goodput: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) refused: usize,
    pub(super) refused_p99_ms: f64,
    /// How much later than due questions were sent.
    pub(super) sent_late_p99_ms: f64,
    pub(super) server_share: f64,
    pub(super) client_share: f64,
}

/// The whole measurement.
#[derive(Debug, Serialize)]
pub struct Report {
    seconds: f64,
    factor: f64,
    peak: Spread,
    peaks: Vec<Saturated>,
    flooded: Flooded,
    after: Saturated,
    /// Answers from the gateway about the same, refusals left out.
    answers_checked: u64,
    targets: Vec<Target>,
    remarks: Vec<String>,
}

/// A client that is this much too late does not offer what it says.
const LATE_MS: f64 = 50.0;

/// A client this busy may be what is measured.
const CLIENT_FULL: f64 = 0.95;

// === impl Report ===

impl Report {
    pub(super) fn of(
        options: &Options,
        peaks: &[Saturated],
        flooded: Flooded,
        after: Saturated,
        answers_checked: u64,
    ) -> anyhow::Result<Self> {
        let peak = Spread::of(peaks.iter().map(|saturated| saturated.throughput));
        // Admitting everything is no answer to too much.
        if flooded.refused == 0 {
            return Err(
                Wrong(format!("{:.1} times its peak, and nothing was refused", options.factor)).into()
            );
        }
        let mut remarks = Vec::new();
        if flooded.sent_late_p99_ms > LATE_MS {
            let late = flooded.sent_late_p99_ms;
            remarks.push(format!("the client did not keep its schedule: p99 {late:.0} ms late"));
        }
        if flooded.client_share > CLIENT_FULL {
            let share = flooded.client_share * 100.0;
            remarks.push(format!("the client's core was {share:.0} % busy and may be what was measured"));
        }
        let what = format!("goodput by the peak, at {:.1} times the peak", options.factor);
        let targets = vec![Target::at_least(what, 0.8, flooded.goodput / peak.median)];
        Ok(Self {
            seconds: options.length.as_secs_f64(),
            factor: options.factor,
            peak,
            peaks: peaks.to_vec(),
            flooded,
            after,
            answers_checked,
            targets,
            remarks,
        })
    }

    /// Questions that were refused, as promised.
    pub const fn refused(&self) -> usize {
        self.flooded.refused
    }

    /// Questions that were answered, rightly.
    pub const fn answered(&self) -> usize {
        self.flooded.answered
    }

    /// What was to be reached, and whether it was.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, factor, peak, flooded, after, answers_checked, .. } = self;
        let Spread { median, min, max } = peak;
        writeln!(f, "peak {median:.0}/s ({min:.0}–{max:.0}); {factor:.1} times that for {seconds} s")?;
        let Flooded { offered, rate, answered, goodput, p50_ms, p99_ms, refused, .. } = flooded;
        writeln!(f, "  offered   {offered:>9}, {rate:.0}/s")?;
        writeln!(
            f,
            "  answered  {answered:>9}, {goodput:.0}/s while it lasted, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms"
        )?;
        let Flooded { refused_p99_ms, sent_late_p99_ms, server_share, client_share, .. } = flooded;
        writeln!(
            f,
            "  refused   {refused:>9}, each RESOURCE_EXHAUSTED with a delay, p99 {refused_p99_ms:.1} ms"
        )?;
        writeln!(
            f,
            "  sent late p99 {sent_late_p99_ms:.1} ms; server core {:.0} %, client core {:.0} %",
            server_share * 100.0,
            client_share * 100.0
        )?;
        writeln!(
            f,
            "  afterwards {:.0}/s; {answers_checked} answers checked, none wrong\n",
            after.throughput
        )?;
        self.remarks.iter().try_for_each(|remark| writeln!(f, "note: {remark}"))?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))
    }
}
