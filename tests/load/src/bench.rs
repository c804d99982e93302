//! Both servers, the client, and what is read off them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use motlan_proto::business::v1::GetEnterpriseResponse;

use crate::ask::{self, Lines, Question};
use crate::child::Child;
use crate::drive::{self, Tally};
use crate::probe::SyncProbe;
use crate::stage::{Figures, Index, Meter, Setting, Stage};
use crate::tell;

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

/// Everything that the comparison needs.
pub(crate) struct Bench {
    pub(crate) stage: Stage,
    echo: Child,
    pub(crate) probe: SyncProbe,
    lines: HashMap<Server, (Lines, Arc<[Question]>)>,
    echoed: Vec<GetEnterpriseResponse>,
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
        let stage = Stage::start(setting).await?;
        let mut line = stage.connect(1).await?;
        let echoed = ask::learn(line.first()?, stage.scene.topics()).await?;
        line.close().await;
        let answers = stage.folder().join("answers");
        let bytes: Vec<u8> = echoed.iter().flat_map(prost::Message::encode_length_delimited_to_vec).collect();
        std::fs::write(&answers, bytes)?;
        let core = stage.cores.server.to_string();
        let args: [OsString; 5] = [
            "serve-echo".into(),
            "--core".into(),
            core.into(),
            stage.scene.tls_folder().into_os_string(),
            answers.into_os_string(),
        ];
        let echo = Child::start(&setting.program, &args).await.context("the echo")?;
        let probe = SyncProbe::new(&stage.scene.log_folder(), stage.clock)?;
        if probe.in_memory()? {
            tell("the folder lies in memory, where a sync costs nothing: name one on a disk with --folder");
        }
        Ok(Self { stage, echo, probe, lines: HashMap::new(), echoed })
    }

    /// Connects to both servers with fresh tokens, and asks the gateway every
    /// question once: what it answers now is what it must go on answering.
    pub(crate) async fn connect(&mut self, shape: Shape) -> anyhow::Result<()> {
        let headers = ask::headers(&self.stage.scene.tokens()?)?;
        let stage = &mut self.stage;
        let topics = stage.scene.topics();
        let mut gateway =
            Lines::open(stage.gateway.address(), shape.connections, &stage.tls, &headers).await?;
        let answers = ask::learn(gateway.first()?, topics).await?;
        stage.checked += answers.len() as u64;
        let echo = Lines::open(self.echo.address(), shape.connections, &stage.tls, &headers).await?;
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
            self.end(server, meter, tally).await?;
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

    /// Reads the clocks.
    pub(crate) async fn begin(&mut self, server: Server, index: Index) -> anyhow::Result<Meter> {
        let beside = (server == Server::Echo).then_some(&mut self.echo);
        self.stage.begin(beside, index).await
    }

    /// Reads them again.
    pub(crate) async fn end(
        &mut self,
        server: Server,
        meter: Meter,
        tally: Tally,
    ) -> anyhow::Result<Figures> {
        let beside = (server == Server::Echo).then_some(&mut self.echo);
        self.stage.end(beside, meter, tally).await
    }

    /// Stops everything.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.echo.stop().await?;
        self.stage.stop().await
    }
}
