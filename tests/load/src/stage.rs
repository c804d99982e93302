//! What every measurement stands on: a world in a folder of its own, a gateway
//! in a process of its own, and what is read off it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use motlan::clock::SystemClock;
use motlan_domain::Clock as _;
use motlan_proto::audit::v1::GetEntryRequest;
use rustls::ClientConfig;
use tempfile::TempDir;

use crate::ask::{self, Lines};
use crate::check::{self, Place, Wrong};
use crate::child::Child;
use crate::cpu::{self, Cores, Pinned};
use crate::drive::Tally;
use crate::scene::{Needs, Scene, Size};
use crate::serve::Command;
use crate::tell;

/// So many receipts are looked up in the log at the end.
const LOOKED_UP: usize = 500;

/// How a measurement is set up.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// This program: the servers are processes of it.
    pub(crate) program: PathBuf,
    /// Where the gateway's files go; a temporary folder if none is named.
    pub(crate) folder: Option<PathBuf>,
    /// How much is asked about.
    pub(crate) size: Size,
    /// What the world must have besides.
    pub(crate) needs: Needs,
}

/// A world whose gateway is not started yet.
pub(crate) struct Ground {
    pub(crate) scene: Scene,
    pub(crate) clock: SystemClock,
    /// Removed when dropped.
    folder: TempDir,
}

/// A world and its gateway.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    pub(crate) gateway: Child,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) cores: Cores,
    pub(crate) clock: SystemClock,
    /// Answers judged so far.
    pub(crate) checked: u64,
    sample: Vec<Place>,
    folder: TempDir,
    _pinned: Pinned,
}

/// What becomes of the log's index while the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    /// It is written afterwards.
    Paused,
    /// The clock stops when it covers everything.
    KeptUp,
}

/// What stood on the clocks when a measurement began.
pub(crate) struct Meter {
    index: Index,
    since: Duration,
    server_cpu: Duration,
    client_cpu: Duration,
    durable: u64,
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Answers a second.
    pub(crate) throughput: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// The server's CPU time per answer, user and system, all threads.
    pub(crate) cpu_us: f64,
    /// Parts of a core that server and client were busy.
    pub(crate) server_share: f64,
    pub(crate) client_share: f64,
}

// === impl Setting ===

impl Setting {
    /// A usual world of that size.
    pub(crate) fn new(program: PathBuf, folder: Option<PathBuf>, size: Size) -> Self {
        Self { program, folder, size, needs: Needs::default() }
    }

    /// A temporary folder where the files are to go.
    fn temporary(&self) -> anyhow::Result<TempDir> {
        let folder = match &self.folder {
            Some(folder) => TempDir::with_prefix_in("motlan-load-", folder),
            None => TempDir::with_prefix("motlan-load-"),
        };
        folder.context("no temporary folder can be made")
    }
}

// === impl Ground ===

impl Ground {
    /// Makes the world.
    pub(crate) async fn make(setting: &Setting) -> anyhow::Result<Self> {
        let (folder, clock) = (setting.temporary()?, SystemClock::start());
        let scene = Scene::make(folder.path(), setting.size, &setting.needs, clock).await?;
        Ok(Self { scene, clock, folder })
    }

    /// Starts the gateway, on that core if one is named.
    pub(crate) async fn gateway(&self, setting: &Setting, core: Option<usize>) -> anyhow::Result<Child> {
        let mut args: Vec<OsString> = vec!["serve-gateway".into()];
        if let Some(core) = core {
            args.extend(["--core".into(), core.to_string().into()]);
        }
        args.push(self.scene.config().into_os_string());
        Child::start(&setting.program, &args).await.context("the gateway")
    }
}

// === impl Stage ===

impl Stage {
    /// Makes the world, starts the gateway on one core and stays on another
    /// itself; opens the dossiers.
    pub(crate) async fn start(setting: &Setting) -> anyhow::Result<Self> {
        let cores = Cores::of_this_machine()?;
        if cores.shared() {
            tell("there is only one core: server and client share it, and no ratio means anything");
        }
        let pinned = cpu::pin(cores.client)?;
        let ground = Ground::make(setting).await?;
        let gateway = ground.gateway(setting, Some(cores.server)).await?;
        let Ground { scene, clock, folder } = ground;
        scene.open_dossiers(gateway.address()).await?;
        let tls = scene.tls()?;
        let (checked, sample) = (0, Vec::new());
        Ok(Self { scene, gateway, tls, cores, clock, checked, sample, folder, _pinned: pinned })
    }

    /// The folder of this run.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Connects that many times with fresh tokens; the officers take turns.
    pub(crate) async fn connect(&self, connections: usize) -> anyhow::Result<Lines> {
        let headers = ask::headers(&self.scene.tokens()?)?;
        Lines::open(self.gateway.address(), connections, &self.tls, &headers).await
    }

    /// Reads the clocks of the gateway, or of the server beside it. The index
    /// covers everything, whatever comes.
    pub(crate) async fn begin(&mut self, beside: Option<&mut Child>, index: Index) -> anyhow::Result<Meter> {
        self.gateway.ask(Command::CaughtUp).await?;
        let durable = self.gateway.ask(Command::Durable).await?;
        if index == Index::Paused {
            self.gateway.ask(Command::Pause).await?;
        }
        let server_cpu = beside.unwrap_or(&mut self.gateway).cpu().await?;
        let since = self.clock.monotonic();
        Ok(Meter { index, since, server_cpu, client_cpu: cpu::used(), durable })
    }

    /// Reads them again, and holds the receipts against the log.
    pub(crate) async fn end(
        &mut self,
        beside: Option<&mut Child>,
        meter: Meter,
        mut tally: Tally,
    ) -> anyhow::Result<Figures> {
        let client_cpu = cpu::used().saturating_sub(meter.client_cpu);
        let asked = self.clock.monotonic().saturating_sub(meter.since);
        if beside.is_none() && meter.index == Index::KeptUp {
            self.gateway.ask(Command::CaughtUp).await?;
        }
        let took = self.clock.monotonic().saturating_sub(meter.since);
        let server_cpu = beside.unwrap_or(&mut self.gateway).cpu().await?.saturating_sub(meter.server_cpu);
        if meter.index == Index::Paused {
            self.gateway.ask(Command::Resume).await?;
        }
        let answers = tally.answers();
        if answers == 0 {
            return Err(Wrong("no answers".to_owned()).into());
        }
        self.judge_places(meter.durable, &mut tally).await?;
        Ok(Figures {
            throughput: answers as f64 / took.as_secs_f64(),
            p50_ms: tally.millis(50.0),
            p99_ms: tally.millis(99.0),
            cpu_us: server_cpu.as_secs_f64() * 1e6 / answers as f64,
            server_share: server_cpu.as_secs_f64() / took.as_secs_f64(),
            client_share: client_cpu.as_secs_f64() / asked.as_secs_f64(),
        })
    }

    /// Holds the receipts of answers given since the log had `from` entries
    /// against it, and keeps some to be looked up.
    pub(crate) async fn judge_places(&mut self, from: u64, tally: &mut Tally) -> anyhow::Result<()> {
        self.checked += tally.answers() as u64;
        self.sample.append(&mut tally.sample);
        let durable = self.gateway.ask(Command::Durable).await?;
        Ok(check::distinct(std::mem::take(&mut tally.indices), from, durable)?)
    }

    /// Some receipts, looked up in the log as the auditor.
    pub(crate) async fn look_up_sample(&mut self) -> anyhow::Result<()> {
        let auditor = self.scene.auditor(self.gateway.address())?;
        let sample = std::mem::take(&mut self.sample);
        for place in sample.iter().step_by(sample.len().div_ceil(LOOKED_UP).max(1)) {
            let asked = GetEntryRequest { index: place.index };
            let entry = auditor.audit().get_entry(asked).await.map_err(motlan::client::Refusal::from)?;
            let hash = entry.into_inner().entry.map(|entry| entry.leaf_hash).unwrap_or_default();
            if hash != place.leaf_hash {
                return Err(Wrong(format!("entry {} is not the receipt's", place.index)).into());
            }
        }
        Ok(())
    }

    /// Stops everything.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.gateway.stop().await?;
        self.scene.stop().await
    }
}
