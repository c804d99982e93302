//! The asking side of a server under measurement.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::serve::Command;

/// How long a server may take to come up, to catch up, and to end.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server in a process of its own. Killed when dropped.
pub(crate) struct Child {
    process: tokio::process::Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

// === impl Child ===

impl Child {
    /// Starts the program with those arguments and waits until it says where
    /// it listens.
    pub(crate) async fn start(program: &Path, args: &[OsString]) -> anyhow::Result<Self> {
        let mut process = tokio::process::Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("a server cannot be started")?;
        let orders = process.stdin.take().context("the server has no standard input")?;
        let answers = process.stdout.take().context("the server has no standard output")?;
        let mut answers = BufReader::new(answers).lines();
        let address = line(&mut answers).await?.parse().context("the server says no address")?;
        Ok(Self { process, orders, answers, address })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        self.process.id().context("the server has ended")
    }

    /// Asks it.
    pub(crate) async fn ask(&mut self, command: Command) -> anyhow::Result<u64> {
        self.orders.write_all(format!("{}\n", command.word()).as_bytes()).await?;
        self.orders.flush().await?;
        Ok(line(&mut self.answers).await?.parse()?)
    }

    /// CPU time it has used, all threads.
    pub(crate) async fn cpu(&mut self) -> anyhow::Result<Duration> {
        Ok(Duration::from_nanos(self.ask(Command::Cpu).await?))
    }

    /// Ends it in order.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let Self { mut process, orders, .. } = self;
        drop(orders);
        let ended = timeout(PATIENCE, process.wait()).await.context("a server does not end")??;
        if !ended.success() {
            bail!("a server ended with {ended}");
        }
        Ok(())
    }
}

async fn line(answers: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<String> {
    let next = timeout(PATIENCE, answers.next_line()).await.context("a server does not answer")??;
    next.context("a server has ended")
}
