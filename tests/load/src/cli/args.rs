//! What each measurement is told, and what that comes to.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::{audit, coalesce, compare, footprint, overload, profile, resolve};

/// Identical lookups at the same time.
const CALLERS: u16 = 10_000;

/// The connections that they come over.
const CONNECTIONS: u16 = 100;

/// Starts of each kind.
const STARTS: u16 = 7;

/// Distinct enterprises that are cached.
const ENTERPRISES: u32 = 100_000;

/// What is offered, by the gateway's own peak.
const FACTOR: f64 = 1.5;

/// What every measurement is told.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// One JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
    /// Where the temporary files go; a disk, not memory
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// How often everything is measured
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) rounds: u16,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3.0)]
    pub(super) seconds: f64,
    /// Small numbers of everything: tells whether the answers are right, not how fast they are
    #[arg(long)]
    pub(super) smoke: bool,
    /// Saturation at 16 × 16 alone, for work on the gateway
    #[arg(long, conflicts_with = "smoke")]
    pub(super) brief: bool,
}

#[derive(Debug, Args)]
pub(super) struct CoalesceArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Identical lookups at the same time
    #[arg(long, default_value_t = CALLERS, value_parser = clap::value_parser!(u16).range(2..=16_000))]
    pub(super) callers: u16,
    /// Connections they come over
    #[arg(long, default_value_t = CONNECTIONS, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(super) connections: u16,
    /// Seconds that the registry takes at first; more if not everybody came meanwhile
    #[arg(long, default_value_t = 4.0)]
    pub(super) seconds: f64,
}

#[derive(Debug, Args)]
pub(super) struct ResolveArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// How often everything is measured
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) rounds: u16,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 1.0)]
    pub(super) seconds: f64,
}

#[derive(Debug, Args)]
pub(super) struct FootprintArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Starts on an empty folder, and as many on the state that the one before left
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) starts: u16,
    /// Distinct enterprises that are cached
    #[arg(long, default_value_t = ENTERPRISES, value_parser = clap::value_parser!(u32).range(100..=250_000))]
    pub(super) enterprises: u32,
    /// The `motlan` program for the starts, in place of the same code in this program
    #[arg(long, value_name = "FILE")]
    pub(super) binary: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct OverloadArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Seconds for which too much is offered
    #[arg(long, default_value_t = 60.0)]
    pub(super) seconds: f64,
    /// How much is offered, by the gateway's own peak
    #[arg(long, default_value_t = FACTOR)]
    pub(super) factor: f64,
    /// Small numbers of everything, and low limits: tells whether the answers are right
    #[arg(long)]
    pub(super) smoke: bool,
}

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// How often everything is measured that is measured in turns
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) rounds: u16,
    /// Seconds of each append measurement
    #[arg(long, default_value_t = 2.0)]
    pub(super) seconds: f64,
    /// Entries of the log that is searched and verified
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    pub(super) entries: u32,
    /// Entries a second that are offered while publication is watched
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub(super) rate: u32,
    /// Seconds for which they are
    #[arg(long, default_value_t = 10.0)]
    pub(super) rate_seconds: f64,
}

#[derive(Debug, Args)]
pub(super) struct AllArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// How often `compare` and `resolve` measure everything
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) rounds: u16,
    /// Seconds of each measurement of `compare`
    #[arg(long, default_value_t = 3.0)]
    pub(super) seconds: f64,
    /// Seconds for which too much is offered
    #[arg(long, default_value_t = 60.0)]
    pub(super) overload_seconds: f64,
    /// Entries of the audit log that is searched and verified
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    pub(super) entries: u32,
}

#[derive(Debug, Args)]
pub(super) struct ProfileArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Seconds that are sampled
    #[arg(long, default_value_t = 9.0)]
    pub(super) seconds: f64,
    /// With the index written meanwhile
    #[arg(long)]
    pub(super) index: bool,
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("the program does not know where it is")
}

fn length(seconds: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(seconds).context("--seconds is no time")
}

// === impl ProfileArgs ===

impl ProfileArgs {
    pub(super) fn options(&self) -> anyhow::Result<profile::Options> {
        Ok(profile::Options {
            program: program()?,
            length: length(self.seconds)?,
            folder: self.common.folder.clone(),
            index: self.index,
        })
    }
}

// === impl CompareArgs ===

impl CompareArgs {
    pub(super) fn options(&self) -> anyhow::Result<compare::Options> {
        let length = length(self.seconds)?;
        Ok(compare::Options {
            program: program()?,
            rounds: if self.smoke { 1 } else { usize::from(self.rounds) },
            length: if self.smoke { Duration::from_millis(300) } else { length },
            folder: self.common.folder.clone(),
            smoke: self.smoke,
            brief: self.brief,
        })
    }
}

// === impl CoalesceArgs ===

impl CoalesceArgs {
    pub(super) fn options(&self) -> anyhow::Result<coalesce::Options> {
        Ok(coalesce::Options {
            program: program()?,
            folder: self.common.folder.clone(),
            callers: usize::from(self.callers),
            connections: usize::from(self.connections),
            latency: length(self.seconds)?,
        })
    }
}

// === impl ResolveArgs ===

impl ResolveArgs {
    pub(super) fn options(&self) -> anyhow::Result<resolve::Options> {
        Ok(resolve::Options {
            program: program()?,
            folder: self.common.folder.clone(),
            rounds: usize::from(self.rounds),
            length: length(self.seconds)?,
            smoke: false,
        })
    }
}

// === impl FootprintArgs ===

impl FootprintArgs {
    pub(super) fn options(&self) -> anyhow::Result<footprint::Options> {
        Ok(footprint::Options {
            program: program()?,
            binary: self.binary.clone(),
            folder: self.common.folder.clone(),
            starts: usize::from(self.starts),
            enterprises: usize::try_from(self.enterprises)?,
        })
    }
}

// === impl OverloadArgs ===

impl OverloadArgs {
    pub(super) fn options(&self) -> anyhow::Result<overload::Options> {
        anyhow::ensure!(self.factor > 0.0 && self.factor < 100.0, "--factor is no factor");
        Ok(overload::Options {
            program: program()?,
            folder: self.common.folder.clone(),
            length: length(self.seconds)?,
            factor: self.factor,
            smoke: self.smoke,
        })
    }
}

// === impl AuditArgs ===

impl AuditArgs {
    pub(super) fn options(&self) -> anyhow::Result<audit::Options> {
        Ok(audit::Options {
            folder: self.common.folder.clone(),
            rounds: usize::from(self.rounds),
            length: length(self.seconds)?,
            entries: u64::from(self.entries),
            rate: u64::from(self.rate),
            rate_length: length(self.rate_seconds)?,
        })
    }
}

// === impl AllArgs ===

impl AllArgs {
    pub(super) fn compare(&self) -> CompareArgs {
        let (common, rounds) = (self.common.clone(), self.rounds);
        CompareArgs { common, rounds, seconds: self.seconds, smoke: false, brief: false }
    }

    pub(super) fn coalesce(&self) -> CoalesceArgs {
        CoalesceArgs { common: self.common.clone(), callers: CALLERS, connections: CONNECTIONS, seconds: 4.0 }
    }

    pub(super) fn resolve(&self) -> ResolveArgs {
        ResolveArgs { common: self.common.clone(), rounds: self.rounds, seconds: 1.0 }
    }

    pub(super) fn footprint(&self) -> FootprintArgs {
        let common = self.common.clone();
        FootprintArgs { common, starts: STARTS, enterprises: ENTERPRISES, binary: None }
    }

    pub(super) fn overload(&self) -> OverloadArgs {
        let common = self.common.clone();
        OverloadArgs { common, seconds: self.overload_seconds, factor: FACTOR, smoke: false }
    }

    /// Shorter than by itself.
    pub(super) fn audit(&self) -> AuditArgs {
        let (common, entries) = (self.common.clone(), self.entries);
        AuditArgs { common, rounds: 5, seconds: 0.5, entries, rate: 10_000, rate_seconds: 4.0 }
    }
}
