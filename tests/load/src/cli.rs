//! The command line.

mod all;
mod args;

use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use args::{
    AllArgs, AuditArgs, CoalesceArgs, CompareArgs, FootprintArgs, OverloadArgs, ProfileArgs, ResolveArgs,
};
use clap::{Parser, Subcommand};
use motlan::cli::ServeArgs;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::cpu::{self, Pinned};
use crate::{Wrong, audit, coalesce, compare, footprint, overload, profile, resolve, serve};

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
    /// Identical lookups at the same time: how many upstream calls they make
    Coalesce(CoalesceArgs),
    /// A dossier of eight components: what a cached resolve costs, and how soon a live one begins
    Resolve(ResolveArgs),
    /// Start-up, idle memory, and the memory of 100,000 cached enterprises
    Footprint(FootprintArgs),
    /// More load than the gateway can take, on schedule
    Overload(OverloadArgs),
    /// The audit log by itself: appends beside a bare file, publication, search, verification, disk
    Audit(AuditArgs),
    /// All of these, one after the other
    All(AllArgs),
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
    /// `motlan serve` (for this program's own use)
    #[command(hide = true)]
    ServePlain(ServeArgs),
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
            let options = args.options()?;
            measure(args.common.json, |runtime| runtime.block_on(compare::run(&options)))
        }
        Command::Coalesce(args) => {
            let options = args.options()?;
            measure(args.common.json, |runtime| runtime.block_on(coalesce::run(&options)))
        }
        Command::Resolve(args) => {
            let options = args.options()?;
            measure(args.common.json, |runtime| runtime.block_on(resolve::run(&options)))
        }
        Command::Footprint(args) => {
            let options = args.options()?;
            measure(args.common.json, |runtime| runtime.block_on(footprint::run(&options)))
        }
        Command::Overload(args) => {
            let options = args.options()?;
            measure(args.common.json, |runtime| runtime.block_on(overload::run(&options)))
        }
        Command::Audit(args) => {
            let options = args.options()?;
            measure(args.common.json, |runtime| runtime.block_on(audit::run(&options)))
        }
        Command::Profile(args) => {
            let options = args.options()?;
            measure(args.common.json, |runtime| runtime.block_on(profile::run(&options)))
        }
        Command::All(args) => all::run(&args),
        Command::ServeGateway { core, config } => {
            let _pinned = pin(core)?;
            motlan::run::runtime()?.block_on(serve::gateway(&config))
        }
        // The gateway's connections live on one single-threaded runtime per
        // core; the echo's on the same kind.
        Command::ServeEcho { core, tls, answers } => {
            let _pinned = pin(core)?;
            single_threaded()?.block_on(serve::echo(&tls, &answers))
        }
        Command::ServePlain(args) => {
            let ended = motlan::run::runtime()?.block_on(motlan::run::serve(&args));
            ended.map(drop).map_err(|failure| failure.cause)
        }
    }
}

fn pin(core: Option<usize>) -> anyhow::Result<Option<Pinned>> {
    core.map(cpu::pin).transpose()
}

/// Measures on a runtime of its own, and shows what came of it.
fn measure<T: Serialize + Display>(
    json: bool,
    run: impl FnOnce(&Runtime) -> anyhow::Result<T>,
) -> anyhow::Result<()> {
    show(&run(&single_threaded()?)?, json)
}

/// The runtime of the client and of the echo: one thread.
fn single_threaded() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn show<T: Serialize + Display>(report: &T, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(out.flush()?)
}
