//! The `motlan-load` program: measurements, and the servers that it measures.

use std::process::ExitCode;

use clap::Parser as _;
use motlan_load::cli::{self, Cli};

// The gateway's own: both servers are measured with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Log, register and keys are their owner's alone, as the gateway has it.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    cli::run(Cli::parse())
}
