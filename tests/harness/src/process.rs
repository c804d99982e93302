//! The built program as a process: started, asked, interrupted, killed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use motlan::client::{Connection, Credentials};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a sandbox may take to come up, and a command to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at whether it is up.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The `motlan` program that was built beside the tests.
#[derive(Debug, Clone)]
pub struct Program(PathBuf);

/// `motlan sandbox --data FOLDER` as a process. Killed when dropped.
pub struct Process {
    child: Child,
    folder: PathBuf,
    endpoints: Endpoints,
}

/// What endpoints.json says.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    /// gRPC, `host:port`.
    pub grpc: String,
    /// The probes' base URL.
    pub probe: String,
    /// The base URL of the published log.
    pub log: String,
    /// The registries' base URLs, by name.
    pub registries: std::collections::BTreeMap<String, String>,
    /// The control server's base URL.
    pub sandbox_control: String,
}

// === impl Program ===

impl Program {
    /// The program of the same build as the running test. Cargo does not build
    /// it for another crate's tests, so it is brought up to date here: a test
    /// never asks yesterday's program; once per process is enough. Under another
    /// runner than cargo it has to be built beforehand.
    pub fn built() -> anyhow::Result<Self> {
        static BUILT: Mutex<Option<Program>> = Mutex::new(None);
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = &*built {
            return Ok(program.clone());
        }
        Ok(built.insert(Self::build()?).clone())
    }

    fn build() -> anyhow::Result<Self> {
        let test = std::env::current_exe().context("the test does not know where it is")?;
        // The test is target/<profile>/deps/<test>, the program target/<profile>/motlan.
        let profile = test.ancestors().nth(2).context("the test stands in no target folder")?;
        if let (Some(cargo), Some(target)) = (std::env::var_os("CARGO"), profile.parent()) {
            let mut build = std::process::Command::new(cargo);
            build
                .args(["build", "--quiet", "--package", "motlan", "--bin", "motlan", "--target-dir"])
                .arg(target);
            if profile.ends_with("release") {
                build.arg("--release");
            }
            let built =
                build.current_dir(env!("CARGO_MANIFEST_DIR")).status().context("cargo cannot be run")?;
            ensure!(built.success(), "the motlan program does not build");
        }
        let program = profile.join("motlan");
        ensure!(program.is_file(), "the motlan program is not built: run `cargo build -p motlan`");
        Ok(Self(program))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Runs a command to its end.
    pub async fn run<I, S>(&self, args: I) -> anyhow::Result<Output>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = Command::new(&self.0);
        command.args(args).stdin(Stdio::null()).kill_on_drop(true);
        timeout(PATIENCE, command.output())
            .await
            .context("the command does not end")?
            .context("cannot run motlan")
    }

    /// Starts `motlan sandbox --data FOLDER` and waits until it is up.
    pub async fn sandbox(&self, folder: &Path) -> anyhow::Result<Process> {
        let told = folder.join("endpoints.json");
        // What an earlier process, killed, left behind would look like an answer.
        match std::fs::remove_file(&told) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut command = Command::new(&self.0);
        command
            .arg("sandbox")
            .arg("--data")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().context("cannot run motlan")?;
        let up = async {
            loop {
                if let Some(status) = child.try_wait()? {
                    bail!("the sandbox ended with {status}");
                }
                // Written as a whole and last: there means ready.
                if let Ok(text) = std::fs::read_to_string(&told) {
                    return Ok(serde_json::from_str(&text)?);
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let endpoints = timeout(PATIENCE, up).await.context("the sandbox does not come up")??;
        Ok(Process { child, folder: folder.to_owned(), endpoints })
    }
}

// === impl Process ===

impl Process {
    /// Where everything is.
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// The folder of a caller.
    pub fn client(&self, caller: &str) -> PathBuf {
        self.folder.join("clients").join(caller)
    }

    /// A connection as that caller, with the token in its folder.
    pub fn connect(&self, caller: &str) -> anyhow::Result<Connection> {
        let folder = self.client(caller);
        let mut credentials = Credentials::read(&folder)?;
        for name in ["officer.jwt", "citizen.jwt"] {
            let token = folder.join(name);
            if token.exists() {
                credentials = credentials.with_token_file(&token)?;
            }
        }
        Connection::lazy(&self.endpoints.grpc, &credentials)
    }

    /// Kills it as a crash would: SIGKILL.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot kill the sandbox")
    }

    /// Asks it to stop (SIGINT) and waits for it.
    pub async fn interrupt(mut self) -> anyhow::Result<ExitStatus> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.context("the sandbox has ended")?, Signal::INT)?;
        Ok(timeout(PATIENCE, self.child.wait()).await.context("the sandbox does not stop")??)
    }
}
