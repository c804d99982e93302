//! What became of identical questions.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::Options;

/// What one try came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    pub(super) answers: usize,
    pub(super) upstream_calls: u64,
    pub(super) joined: f64,
    pub(super) latency: Duration,
    pub(super) took: Duration,
}

/// One of the three claims.
#[derive(Debug, Serialize)]
struct Claim {
    what: &'static str,
    answers: usize,
    upstream_calls: u64,
    joined_a_flight: f64,
    registry_latency_ms: f64,
    took_ms: f64,
}

/// All three.
#[derive(Debug, Serialize)]
pub struct Report {
    callers: usize,
    connections: usize,
    claims: Vec<Claim>,
}

// === impl Report ===

impl Report {
    pub(super) const fn new(options: &Options) -> Self {
        Self { callers: options.callers, connections: options.connections, claims: Vec::new() }
    }

    pub(super) fn add(&mut self, what: &'static str, tried: Tried) {
        let Tried { answers, upstream_calls, joined, latency, took } = tried;
        self.claims.push(Claim {
            what,
            answers,
            upstream_calls,
            joined_a_flight: joined,
            registry_latency_ms: latency.as_secs_f64() * 1e3,
            took_ms: took.as_secs_f64() * 1e3,
        });
    }

    /// Upstream calls of each claim, in the order they were tried.
    pub fn upstream_calls(&self) -> Vec<u64> {
        self.claims.iter().map(|claim| claim.upstream_calls).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} identical questions at the same time, over {} connections; every answer checked",
            self.callers, self.connections
        )?;
        for claim in &self.claims {
            let Claim { what, answers, upstream_calls, joined_a_flight, registry_latency_ms, took_ms } =
                claim;
            writeln!(
                f,
                "PASS  {what}: {upstream_calls} upstream call(s); {answers} answers, {joined_a_flight:.0} \
                 joined a flight (registry {registry_latency_ms:.0} ms, all {took_ms:.0} ms)"
            )?;
        }
        Ok(())
    }
}
