//! The servers under measurement, each a process of its own that is told what
//! to do on standard input, a word a line, and answers on standard output.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use motlan::clock::SystemClock;
use motlan::config::Config;
use motlan::telemetry::log_to_stderr;
use motlan::wiring::Gateway;
use motlan_audit::AuditLog;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::cpu;
use crate::echo;

/// What a server is asked while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// CPU time used so far, nanoseconds.
    Cpu,
    /// Stop writing the index.
    Pause,
    /// Write it again.
    Resume,
    /// Wait until the index covers all that is durable now; how many that is.
    CaughtUp,
    /// How many entries are durable.
    Durable,
}

// === impl Command ===

impl Command {
    const ALL: [Self; 5] = [Self::Cpu, Self::Pause, Self::Resume, Self::CaughtUp, Self::Durable];

    /// The word on the line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::CaughtUp => "caught-up",
            Self::Durable => "durable",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.word() == word)
    }
}

/// The gateway of that configuration, as `motlan serve` runs it.
pub(crate) async fn gateway(config: &Path) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    log_to_stderr(&config.log);
    let gateway = Gateway::start(config, Arc::new(SystemClock::start()), None).await;
    let gateway = gateway.map_err(|failure| failure.cause)?;
    let told = converse(gateway.grpc(), Some(gateway.audit())).await;
    gateway.shutdown().await;
    told
}

/// The bare echo.
pub(crate) async fn echo(tls: &Path, answers: &Path) -> anyhow::Result<()> {
    let echo = echo::Echo::start(tls, answers).await?;
    converse(&echo.address().to_string(), None).await?;
    echo.stop().await
}

/// Says where the server is and answers until standard input ends.
async fn converse(address: &str, log: Option<&AuditLog>) -> anyhow::Result<()> {
    say(address)?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let command = Command::parse(&line).with_context(|| format!("what is `{line}`?"))?;
        say(&carry_out(command, log).await.to_string())?;
    }
    Ok(())
}

async fn carry_out(command: Command, log: Option<&AuditLog>) -> u64 {
    let durable = || log.map_or(0, |log| log.health().durable);
    match command {
        Command::Cpu => u64::try_from(cpu::used().as_nanos()).unwrap_or(u64::MAX),
        Command::Durable => durable(),
        Command::Pause | Command::Resume => {
            if let Some(log) = log {
                log.pause_index(command == Command::Pause);
            }
            durable()
        }
        Command::CaughtUp => {
            let to = durable();
            if let Some(log) = log {
                log.index_caught_up(to).await;
            }
            to
        }
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
