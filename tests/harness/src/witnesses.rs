//! `motlan witness run` as a process of its own: another office.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::Program;

/// How long a witness may take to be there.
const PATIENCE: Duration = Duration::from_mins(1);

/// A witness's folder, and where it listens once it ran.
pub struct Office {
    folder: PathBuf,
    key: PathBuf,
    log_key: String,
    told: Option<(SocketAddr, String)>,
}

/// A running witness. Killed when dropped.
pub struct Witnessing {
    child: Child,
}

// === impl Program ===

impl Program {
    /// Makes a witness's key and folder below `folder`, for the log of that key.
    pub async fn office(&self, folder: &Path, name: &str, log_key: &str) -> anyhow::Result<Office> {
        let office = Office {
            folder: folder.join(name),
            key: folder.join(format!("{name}.key")),
            log_key: log_key.to_owned(),
            told: None,
        };
        let (key, state) = (office.key.as_os_str(), office.folder.as_os_str());
        let named = format!("witness.example/{name}");
        let made =
            self.run(["keys".as_ref(), "new-witness".as_ref(), key, "--name".as_ref(), named.as_ref()]);
        ensure!(made.await?.status.success(), "no key for the witness");
        let new = ["witness".as_ref(), "new".as_ref(), "--folder".as_ref(), state, "--key".as_ref(), key];
        ensure!(self.run(new).await?.status.success(), "no folder for the witness");
        Ok(office)
    }

    /// Runs the witness, at the address it had before, and waits until it says
    /// where it listens.
    pub async fn witness(&self, office: &mut Office) -> anyhow::Result<Witnessing> {
        let listen = office.told.as_ref().map_or(([127, 0, 0, 1], 0).into(), |(address, _)| *address);
        let mut command = Command::new(self.path());
        command.args(["witness", "run", "--folder"]).arg(&office.folder).arg("--key").arg(&office.key);
        command.args(["--log-key", &office.log_key, "--listen", &listen.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().context("cannot run motlan")?;
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        timeout(PATIENCE, out.read_line(&mut line)).await.context("the witness does not come up")??;
        let (url, key) = line.trim_end().split_once(' ').with_context(|| format!("it says {line:?}"))?;
        let address = url.strip_prefix("http://").and_then(|url| url.strip_suffix('/'));
        let address = address.with_context(|| format!("it says {line:?}"))?.parse()?;
        office.told = Some((address, key.to_owned()));
        Ok(Witnessing { child })
    }
}

// === impl Office ===

impl Office {
    /// Its public key, once it ran.
    pub fn public(&self) -> anyhow::Result<&str> {
        Ok(&self.told.as_ref().context("the witness has not run")?.1)
    }

    /// The lines by which a configuration names it, once it ran.
    pub fn settings(&self) -> anyhow::Result<String> {
        let (address, key) = self.told.as_ref().context("the witness has not run")?;
        Ok(format!("\n[[audit.witness]]\nurl = \"http://{address}/\"\nkey = \"{key}\"\n"))
    }
}

// === impl Witnessing ===

impl Witnessing {
    /// Kills it as a crash would: SIGKILL.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot kill the witness")
    }
}
