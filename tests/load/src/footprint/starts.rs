//! Starts of the gateway as `motlan serve` starts it: when it is ready, and what
//! it takes then.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use motlan_domain::Clock as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::time::timeout;

use super::Options;
use crate::memory;
use crate::page;
use crate::scene::Size;
use crate::stage::{Ground, Setting};
use crate::tell;

/// How long a start, or an end, may take at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it is asked whether it is ready.
const BEAT: Duration = Duration::from_millis(1);

/// After a start, until memory is looked at: what starting took has been given
/// back by then, and nobody has asked anything.
const SETTLED: Duration = Duration::from_secs(1);

/// One start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// From the start of the process to the first `ready`, milliseconds.
    pub(super) ready_ms: f64,
    /// Resident memory afterwards, bytes.
    pub(super) idle: f64,
}

/// All starts.
pub(super) struct Started {
    /// In an empty folder: log, register and subject table are made.
    pub(super) fresh: Vec<Start>,
    /// On the state that the one before left.
    pub(super) again: Vec<Start>,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<Started> {
    let setting = Setting::new(options.program.clone(), options.folder.clone(), Size::SMOKE);
    let ground = Ground::make(&setting).await?;
    let mut started = Started { fresh: Vec::new(), again: Vec::new() };
    for number in 1..=options.starts {
        ground.scene.clear()?;
        started.fresh.push(start(options, &ground).await?);
        let again = start(options, &ground).await?;
        tell(&format!("start {number} of {}: ready after {:.0} ms", options.starts, again.ready_ms));
        started.again.push(again);
    }
    ground.scene.stop().await?;
    Ok(started)
}

async fn start(options: &Options, ground: &Ground) -> anyhow::Result<Start> {
    let (config, probe) = (ground.scene.config(), ground.scene.probe()?);
    let began = ground.clock.monotonic();
    let mut process = command(options, &config).spawn().context("the gateway cannot be started")?;
    let ready = async {
        while !ready(probe).await {
            if let Some(ended) = process.try_wait()? {
                bail!("the gateway ended with {ended}");
            }
            tokio::time::sleep(BEAT).await;
        }
        Ok(ground.clock.monotonic().saturating_sub(began))
    };
    let took = timeout(PATIENCE, ready).await.context("the gateway does not get ready")??;
    tokio::time::sleep(SETTLED).await;
    let id = process.id().context("the gateway has ended")?;
    let idle = memory::resident(id)?;
    let pid = Pid::from_raw(i32::try_from(id)?).context("no process id")?;
    kill_process(pid, Signal::TERM)?;
    let ended = timeout(PATIENCE, process.wait()).await.context("the gateway does not end")??;
    ensure!(ended.success(), "the gateway ended with {ended}");
    Ok(Start { ready_ms: took.as_secs_f64() * 1e3, idle })
}

/// `motlan serve`, or the same from this program.
fn command(options: &Options, config: &Path) -> Command {
    let (program, word) = match &options.binary {
        Some(binary) => (binary, "serve"),
        None => (&options.program, "serve-plain"),
    };
    let mut command = Command::new(program);
    command.arg(word).arg("--config").arg(config).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Whether it takes work. While nobody listens yet, it does not.
async fn ready(probe: SocketAddr) -> bool {
    matches!(page::get(probe, "/readyz").await, Ok((200, _)))
}
