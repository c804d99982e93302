//! The commands that stay: `serve` and `sandbox`; and `config check`.
//!
//! Each reads as a story: config or exit, build, wait for the signal, drain.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use motlan_domain::Clock;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{SandboxArgs, ServeArgs};
use crate::clock::SystemClock;
use crate::config::{self, LogFormat, LogSection};
use crate::exit::{Ended, Exit, OrExit};
use crate::sandbox::{Running, WorldOptions, guide};
use crate::telemetry::{self, log_to_stderr};
use crate::wiring::Gateway;

/// The runtime that every command runs on.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// `motlan serve`.
pub async fn serve(args: &ServeArgs) -> Ended {
    let config = config::check(&args.config).or_exit(Exit::Config)?;
    let spans = telemetry::begin(&config.log, config.telemetry.as_ref());
    raise_open_files();
    let stop = StopSignal::listen().or_exit(Exit::Internal)?;
    let gateway = Gateway::start(config, Arc::new(SystemClock::start()), spans).await?;
    let exit = tokio::select! {
        () = stop.received() => Exit::Ok,
        () = gateway.ended() => Exit::Internal,
    };
    gateway.shutdown().await;
    Ok(exit)
}

/// `motlan sandbox`.
pub async fn sandbox(args: &SandboxArgs, out: &mut dyn Write) -> Ended {
    log_to_stderr(&LogSection { filter: "warn".to_owned(), format: LogFormat::Text });
    raise_open_files();
    let stop = StopSignal::listen().or_exit(Exit::Internal)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let running = Running::start(WorldOptions::new(&args.data, clock)).await?;
    let (world, gateway) = (running.world(), running.gateway());
    let told = write!(out, "{}", guide(world, &program(), gateway));
    let ended: Ended = match told.and_then(|()| out.flush()) {
        // Who has read enough of the guide (`| head`) wants the sandbox still.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(tokio::select! {
            () = stop.received() => Exit::Ok,
            () = gateway.ended() => Exit::Internal,
            // Never completes: the tokens are renewed for as long as the world runs.
            () = world.keep_renewing() => Exit::Internal,
        }),
    };
    let stopped = running.stop().await;
    let exit = ended?;
    stopped.or_exit(Exit::Internal)?;
    Ok(exit)
}

/// The program as it was called, so that what is printed can be run as it is.
fn program() -> String {
    let called = std::env::args_os().next().and_then(|name| name.into_string().ok());
    called.unwrap_or_else(|| "motlan".to_owned())
}

/// `motlan config check`.
pub fn check(file: &Path, out: &mut dyn Write) -> Ended {
    let config = config::check(file).or_exit(Exit::Config)?;
    let callers = config.access.callers.len();
    writeln!(
        out,
        "{}: không có lỗi / no mistake ({:?} mode, {callers} callers)",
        file.display(),
        config.mode
    )?;
    Ok(Exit::Ok)
}

/// As many open files as the system allows this process: each connection is
/// one, and the usual soft limit of 1,024 is far below what the edge admits.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, ?current, "the limit of open files cannot be raised");
    }
}

/// SIGINT, SIGTERM and SIGHUP: a terminal that closes ends what it began as
/// orderly as anybody else, and leaves no folder with keys behind.
pub(crate) struct StopSignal {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

// === impl StopSignal ===

impl StopSignal {
    /// From here on the signals no longer kill the process.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be received");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Completes when one of them has come, also one that came before.
    pub(crate) async fn received(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
