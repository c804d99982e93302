//! Both servers, the client, and what is read off them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use motlan::clock::SystemClock;
use motlan_domain::Clock as _;
use motlan_proto::audit::v1::GetEntryRequest;
use motlan_proto::business::v1::GetEnterpriseResponse;
use rustls::ClientConfig;
use tempfile::TempDir;

use crate::ask::{self, Lines, Question};
use crate::check::{self, Place, Wrong};
use crate::child::Child;
use crate::cpu::{self, Cores};
use crate::drive::{self, Tally};
use crate::probe::SyncProbe;
use crate::scene::{Scene, Size};
use crate::serve::Command;
use crate::tell;

/// So many receipts are looked up in the log at the end.
const LOOKED_UP: usize = 500;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Server {
    /// The bare echo.
    Echo,
    /// The gateway.
    Gateway,
}

/// How many questions are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Connections.
    pub(crate) connections: usize,
    /// Streams on each.
    pub(crate) streams: usize,
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

/// What becomes of the log's index while the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    /// It is written afterwards.
    Paused,
    /// The clock stops when it covers everything.
    KeptUp,
}

/// How both servers are started.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// This program: the servers are processes of it.
    pub(crate) program: PathBuf,
    /// Where the gateway's files go; a temporary folder if none is named.
    pub(crate) folder: Option<PathBuf>,
    /// How much is asked about.
    pub(crate) size: Size,
}

/// Everything a measurement needs.
pub(crate) struct Bench {
    scene: Scene,
    echo: Child,
    gateway: Child,
    tls: Arc<ClientConfig>,
    pub(crate) probe: SyncProbe,
    pub(crate) cores: Cores,
    clock: SystemClock,
    lines: HashMap<Server, (Lines, Arc<[Question]>)>,
    echoed: Vec<GetEnterpriseResponse>,
    /// Answers judged so far.
    pub(crate) checked: u64,
    sample: Vec<Place>,
    /// Removed at the end.
    _folder: TempDir,
}

/// What stood on the clocks when a measurement began.
pub(crate) struct Meter {
    server: Server,
    index: Index,
    since: Duration,
    server_cpu: Duration,
    client_cpu: Duration,
    durable: u64,
}

// === impl Shape ===

impl Shape {
    /// 16 connections of 16 streams.
    pub(crate) const WIDE: Self = Self { connections: 16, streams: 16 };
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.connections, self.streams)
    }
}

// === impl Bench ===

impl Bench {
    /// Makes the world, starts both servers on one core, opens the dossiers.
    pub(crate) async fn start(setting: &Setting) -> anyhow::Result<Self> {
        let cores = Cores::of_this_machine()?;
        if cores.shared() {
            tell("there is only one core: server and client share it, and no ratio means anything");
        }
        cpu::pin(cores.client)?;
        let folder = match &setting.folder {
            Some(folder) => TempDir::with_prefix_in("motlan-load-", folder),
            None => TempDir::with_prefix("motlan-load-"),
        };
        let folder = folder.context("no temporary folder can be made")?;
        let clock = SystemClock::start();
        let scene = Scene::make(folder.path(), setting.size, clock).await?;
        let core = cores.server.to_string();
        let arguments = |words: &[&str], paths: &[PathBuf]| -> Vec<OsString> {
            let words = words.iter().map(OsString::from);
            words.chain(paths.iter().map(|path| path.clone().into_os_string())).collect()
        };
        let gateway = arguments(&["serve-gateway", "--core", &core], &[scene.config()]);
        let gateway = Child::start(&setting.program, &gateway).await.context("the gateway")?;
        scene.open_dossiers(gateway.address()).await?;
        let tls = scene.tls()?;
        let headers = ask::headers(&scene.tokens()?)?;
        let mut line = Lines::open(gateway.address(), 1, &tls, &headers).await?;
        let echoed = ask::learn(line.first()?, scene.topics()).await?;
        line.close().await;
        let answers = folder.path().join("answers");
        let bytes: Vec<u8> = echoed.iter().flat_map(prost::Message::encode_length_delimited_to_vec).collect();
        std::fs::write(&answers, bytes)?;
        let echo = arguments(&["serve-echo", "--core", &core], &[scene.tls_folder(), answers]);
        let echo = Child::start(&setting.program, &echo).await.context("the echo")?;
        let probe = SyncProbe::new(&scene.log_folder(), clock)?;
        if probe.in_memory()? {
            tell("the folder lies in memory, where a sync costs nothing: name one on a disk with --folder");
        }
        Ok(Self {
            scene,
            echo,
            gateway,
            tls,
            probe,
            cores,
            clock,
            lines: HashMap::new(),
            echoed,
            checked: 0,
            sample: Vec::new(),
            _folder: folder,
        })
    }

    /// Connects to both servers with fresh tokens, and asks the gateway every
    /// question once: what it answers now is what it must go on answering.
    pub(crate) async fn connect(&mut self, shape: Shape) -> anyhow::Result<()> {
        let headers = ask::headers(&self.scene.tokens()?)?;
        let topics = self.scene.topics();
        let mut gateway = Lines::open(self.gateway.address(), shape.connections, &self.tls, &headers).await?;
        let answers = ask::learn(gateway.first()?, topics).await?;
        self.checked += answers.len() as u64;
        let echo = Lines::open(self.echo.address(), shape.connections, &self.tls, &headers).await?;
        self.lines.insert(Server::Gateway, (gateway, ask::recorded(topics, &answers)));
        self.lines.insert(Server::Echo, (echo, ask::echoed(topics, &self.echoed)));
        Ok(())
    }

    /// Closes the connections.
    pub(crate) async fn disconnect(&mut self) {
        for (_, (lines, _)) in self.lines.drain() {
            lines.close().await;
        }
    }

    /// Both servers at full load for a moment.
    pub(crate) async fn warm_up(&mut self, shape: Shape, length: Duration) -> anyhow::Result<()> {
        for server in [Server::Echo, Server::Gateway] {
            let meter = self.begin(server, Index::KeptUp).await?;
            let tally = self.closed(server, shape, length).await?;
            self.end(meter, tally).await?;
        }
        Ok(())
    }

    /// As many questions as get answers.
    pub(crate) async fn closed(
        &self,
        server: Server,
        shape: Shape,
        length: Duration,
    ) -> anyhow::Result<Tally> {
        let (lines, questions) = self.lines.get(&server).context("not connected")?;
        drive::closed(lines.all(), shape.streams, questions, length).await
    }

    /// Questions at a fixed rate.
    pub(crate) async fn open(
        &self,
        server: Server,
        shape: Shape,
        rate: f64,
        length: Duration,
    ) -> anyhow::Result<Tally> {
        let (lines, questions) = self.lines.get(&server).context("not connected")?;
        drive::open(lines.all(), shape.streams, questions, rate, length).await
    }

    /// Reads the clocks. The index covers everything, whatever comes.
    pub(crate) async fn begin(&mut self, server: Server, index: Index) -> anyhow::Result<Meter> {
        self.gateway.ask(Command::CaughtUp).await?;
        let durable = self.gateway.ask(Command::Durable).await?;
        if index == Index::Paused {
            self.gateway.ask(Command::Pause).await?;
        }
        let server_cpu = self.server(server).cpu().await?;
        Ok(Meter {
            server,
            index,
            since: self.clock.monotonic(),
            server_cpu,
            client_cpu: cpu::used(),
            durable,
        })
    }

    /// Reads them again, and holds the receipts against the log.
    pub(crate) async fn end(&mut self, meter: Meter, mut tally: Tally) -> anyhow::Result<Figures> {
        let client_cpu = cpu::used().saturating_sub(meter.client_cpu);
        let asked = self.clock.monotonic().saturating_sub(meter.since);
        if meter.server == Server::Gateway && meter.index == Index::KeptUp {
            self.gateway.ask(Command::CaughtUp).await?;
        }
        let took = self.clock.monotonic().saturating_sub(meter.since);
        let server_cpu = self.server(meter.server).cpu().await?.saturating_sub(meter.server_cpu);
        if meter.index == Index::Paused {
            self.gateway.ask(Command::Resume).await?;
        }
        let answers = tally.answers();
        if answers == 0 {
            return Err(Wrong("no answers".to_owned()).into());
        }
        self.checked += answers as u64;
        self.sample.append(&mut tally.sample);
        let durable = self.gateway.ask(Command::Durable).await?;
        check::distinct(std::mem::take(&mut tally.indices), meter.durable, durable)?;
        Ok(Figures {
            throughput: answers as f64 / took.as_secs_f64(),
            p50_ms: tally.millis(50.0),
            p99_ms: tally.millis(99.0),
            cpu_us: server_cpu.as_secs_f64() * 1e6 / answers as f64,
            server_share: server_cpu.as_secs_f64() / took.as_secs_f64(),
            client_share: client_cpu.as_secs_f64() / asked.as_secs_f64(),
        })
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

    /// The gateway's process.
    pub(crate) fn gateway_id(&self) -> anyhow::Result<u32> {
        self.gateway.id()
    }

    /// Stops everything.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.echo.stop().await?;
        self.gateway.stop().await?;
        self.scene.stop().await
    }

    const fn server(&mut self, server: Server) -> &mut Child {
        match server {
            Server::Echo => &mut self.echo,
            Server::Gateway => &mut self.gateway,
        }
    }
}
