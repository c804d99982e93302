//! The command line.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{Wrong, compare, cpu, profile, serve};

/// Measures the gateway.
#[derive(Debug, Parser)]
#[command(name = "motlan-load", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Cached, permitted, audited lookups against a bare echo of the same messages
    Compare(CompareArgs),
    /// Where the CPU of one cached lookup goes, by stage; needs `perf`
    Profile(ProfileArgs),
    /// Runs a gateway to be measured (for this program's own use)
    #[command(hide = true)]
    ServeGateway {
        /// The core it stays on
        #[arg(long)]
        core: Option<usize>,
        /// Its configuration
        config: PathBuf,
    },
    /// Runs an echo to be measured (for this program's own use)
    #[command(hide = true)]
    ServeEcho {
        /// The core it stays on
        #[arg(long)]
        core: Option<usize>,
        /// The folder of its certificate
        tls: PathBuf,
        /// What it answers
        answers: PathBuf,
    },
}

#[derive(Debug, Args)]
struct CompareArgs {
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    /// How often everything is measured
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Small numbers of everything: tells whether the answers are right, not how fast they are
    #[arg(long)]
    smoke: bool,
    /// Saturation at 16 × 16 alone, for work on the gateway
    #[arg(long, conflicts_with = "smoke")]
    brief: bool,
    /// Where the temporary files go; a disk, not memory
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ProfileArgs {
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    /// Seconds that are sampled
    #[arg(long, default_value_t = 9.0)]
    seconds: f64,
    /// With the index written meanwhile
    #[arg(long)]
    index: bool,
    /// Where the temporary files go; a disk, not memory
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Exit codes: 0 measured, whatever the figures; 1 an answer was wrong; 2 it
/// could not be measured (and 2 from clap: the command line makes no sense).
const WRONG: u8 = 1;
const FAILED: u8 = 2;

/// Runs the command to its exit code.
pub fn run(cli: Cli) -> ExitCode {
    match carry_out(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a standard error there is nobody left to tell.
            drop(writeln!(std::io::stderr(), "motlan-load: {error:#}"));
            ExitCode::from(if error.is::<Wrong>() { WRONG } else { FAILED })
        }
    }
}

fn carry_out(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Compare(args) => {
            let report = single_threaded()?.block_on(compare::run(&args.options()?))?;
            show(&report, args.json)
        }
        Command::Profile(args) => {
            let profile = single_threaded()?.block_on(profile::run(&args.options()?))?;
            show(&profile, args.json)
        }
        Command::ServeGateway { core, config } => {
            pin(core)?;
            motlan::run::runtime()?.block_on(serve::gateway(&config))
        }
        // The gateway's connections live on one single-threaded runtime per
        // core; the echo's on the same kind.
        Command::ServeEcho { core, tls, answers } => {
            pin(core)?;
            single_threaded()?.block_on(serve::echo(&tls, &answers))
        }
    }
}

fn pin(core: Option<usize>) -> anyhow::Result<()> {
    core.map_or(Ok(()), cpu::pin)
}

/// The runtime of the client and of the echo: one thread.
fn single_threaded() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn show<T: Serialize + std::fmt::Display>(report: &T, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(out.flush()?)
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("the program does not know where it is")
}

fn length(seconds: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(seconds).context("--seconds is no time")
}

// === impl ProfileArgs ===

impl ProfileArgs {
    fn options(&self) -> anyhow::Result<profile::Options> {
        Ok(profile::Options {
            program: program()?,
            length: length(self.seconds)?,
            folder: self.folder.clone(),
            index: self.index,
        })
    }
}

// === impl CompareArgs ===

impl CompareArgs {
    fn options(&self) -> anyhow::Result<compare::Options> {
        let length = length(self.seconds)?;
        Ok(compare::Options {
            program: program()?,
            rounds: if self.smoke { 1 } else { usize::from(self.rounds) },
            length: if self.smoke { Duration::from_millis(300) } else { length },
            folder: self.folder.clone(),
            smoke: self.smoke,
            brief: self.brief,
        })
    }
}
