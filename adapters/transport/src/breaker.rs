//! The breaker: a registry that fails again and again is spared for a while.
//!
//! Closed → (N failures in a row) → open → (after a pause) → one question at a
//! time as probe → closed on success, open again on failure. Time is the
//! [`Clock`]'s monotonic one.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use parking_lot::Mutex;
use serde::Deserialize;

use crate::ConfigError;

/// When to stop asking, and for how long.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open before a probe is let through, in milliseconds.
    pub open_ms: u64,
}

/// One registry's breaker.
pub(crate) struct Breaker {
    host: String,
    config: BreakerConfig,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Duration },
    Probing,
}

/// Leave to make one call. Dropping it without a verdict (the caller hung up)
/// counts neither way, and lets the next probe through.
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
    judged: bool,
}

// === impl BreakerConfig ===

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 8, open_ms: 5_000 }
    }
}

impl BreakerConfig {
    pub(crate) const fn check(&self) -> Result<(), ConfigError> {
        if self.failures == 0 {
            return Err(ConfigError::Invalid { field: "breaker.failures", problem: "must be positive" });
        }
        if self.open_ms == 0 || self.open_ms > 600_000 {
            return Err(ConfigError::Invalid { field: "breaker.open_ms", problem: "must be 1 to 600000" });
        }
        Ok(())
    }

    const fn open(&self) -> Duration {
        Duration::from_millis(self.open_ms)
    }
}

// === impl Breaker ===

impl Breaker {
    pub(crate) fn new(host: &str, config: BreakerConfig, clock: Arc<dyn Clock>) -> Self {
        Self { host: host.to_owned(), config, clock, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// When to ask again, if a call made now would be refused: so that nobody
    /// queues for nothing.
    pub(crate) fn refuses(&self) -> Option<Duration> {
        let now = self.clock.monotonic();
        match *self.state.lock() {
            State::Open { until } if now < until => Some(until.saturating_sub(now)),
            _ => None,
        }
    }

    /// Leave to call, or when to ask again. One question probes with all the
    /// calls it takes: `probing` says that an earlier one of them is the probe.
    /// Refusing the others would fail the question, and with it the probe.
    pub(crate) fn enter(&self, probing: bool) -> Result<Pass<'_>, Duration> {
        let now = self.clock.monotonic();
        let mut state = self.state.lock();
        let probe = match *state {
            State::Closed { .. } => false,
            State::Open { until } if now < until => return Err(until.saturating_sub(now)),
            State::Open { .. } => {
                *state = State::Probing;
                true
            }
            State::Probing if probing => true,
            // Another question is finding out: soon known.
            State::Probing => return Err(Duration::from_secs(1)),
        };
        Ok(Pass { breaker: self, probe, judged: false })
    }
}

// === impl Pass ===

impl Pass<'_> {
    /// Whether the registry is judged by this call.
    pub(crate) const fn is_probe(&self) -> bool {
        self.probe
    }

    /// The registry answered.
    pub(crate) fn succeeded(mut self) {
        self.judged = true;
        let mut state = self.breaker.state.lock();
        match *state {
            State::Closed { .. } => *state = State::Closed { failures: 0 },
            State::Probing if self.probe => {
                *state = State::Closed { failures: 0 };
                tracing::info!(host = self.breaker.host, "registry answers again");
            }
            // A call that began before it opened says nothing new.
            State::Open { .. } | State::Probing => {}
        }
    }

    /// The registry failed.
    pub(crate) fn failed(mut self) {
        self.judged = true;
        let config = self.breaker.config;
        let until = self.breaker.clock.monotonic() + config.open();
        let mut state = self.breaker.state.lock();
        match *state {
            State::Closed { failures } if failures + 1 < config.failures => {
                *state = State::Closed { failures: failures + 1 };
            }
            State::Closed { .. } => {
                *state = State::Open { until };
                tracing::warn!(host = self.breaker.host, "registry suspended after failures in a row");
            }
            State::Probing if self.probe => *state = State::Open { until },
            State::Open { .. } | State::Probing => {}
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.probe || self.judged {
            return;
        }
        let now = self.breaker.clock.monotonic();
        let mut state = self.breaker.state.lock();
        // Another call of the same question may have judged already.
        if matches!(*state, State::Probing) {
            *state = State::Open { until: now };
        }
    }
}

#[cfg(test)]
mod tests;
