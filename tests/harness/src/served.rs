//! `motlan serve` as a process of its own, on the registries, callers and keys
//! of a world: it can be killed and started again while they go on.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use motlan::client::Connection;
use motlan::sandbox::TokenSpec;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::faults::FaultLayer;
use crate::{Program, World};

/// How long a gateway may take to be ready, and to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// How old, in seconds, the tokens are that callers of a served gateway show;
/// they live 900.
const TOKEN_AGE: i64 = 360;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The most of its technical log that a failure to start is told with.
const SAID: usize = 4_000;

/// Where a gateway of a world keeps its state, and its configuration.
#[derive(Debug, Clone)]
pub struct Site {
    state: PathBuf,
    config: PathBuf,
    said: PathBuf,
    grpc: String,
    probe: String,
}

/// A running `motlan serve`. Killed when dropped.
pub struct Served {
    child: Child,
    site: Site,
}

/// What `/readyz` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Readiness {
    /// Whether it takes work.
    pub ready: bool,
    /// What stands in the way.
    pub reasons: Vec<String>,
}

// === impl World ===

impl World {
    /// A site for one more gateway: the world's own configuration, but for the
    /// ports, the state's folder `name`, and the changes given, as pairs of a
    /// line's beginning and the line that takes its place.
    pub fn site(&self, name: &str, changes: &[(&str, &str)]) -> anyhow::Result<Site> {
        let folder = self.folder().canonicalize()?;
        let state = folder.join(name);
        std::fs::create_dir(&state)?;
        let [grpc, probe] = free_ports()?.map(|port| format!("127.0.0.1:{port}"));
        let mut text = std::fs::read_to_string(self.running().world().config_file())?;
        let own = [
            ("listen = ", format!("listen = \"{grpc}\"")),
            ("probe = ", format!("probe = \"{probe}\"")),
            // The world's own gateway has the other.
            ("log_listen = ", "log_listen = \"127.0.0.1:0\"".to_owned()),
            ("folder = ", format!("folder = \"{name}/audit\"")),
            ("published = ", format!("published = \"{name}/log\"")),
            ("file = \"state/dossiers.db\"", format!("file = \"{name}/dossiers.db\"")),
        ];
        let changes = changes.iter().map(|(line, new)| (*line, (*new).to_owned()));
        for (line, new) in own.into_iter().chain(changes) {
            text = with_line(&text, line, &new)?;
        }
        let config = folder.join(format!("{name}.toml"));
        std::fs::write(&config, text)?;
        Ok(Site { state, config, said: folder.join(format!("{name}.log")), grpc, probe })
    }

    /// A connection to that gateway as that caller, with its usual token.
    pub fn connect_to(&self, site: &Site, caller: &str) -> anyhow::Result<Connection> {
        let member = self.member(caller)?;
        self.connect_by(site, caller, self.running().world().usual_token(member))
    }

    /// The same as the portal with a citizen at it.
    pub fn citizen_at(&self, site: &Site, personal_id: &str) -> anyhow::Result<Connection> {
        self.connect_by(site, "portal", Some(self.citizen_token(personal_id)?))
    }

    fn connect_by(&self, site: &Site, caller: &str, token: Option<TokenSpec>) -> anyhow::Result<Connection> {
        // Issued a while ago, so that the gateway's clock may be set back.
        let aged = token.map(|mut token| {
            token.iat -= TOKEN_AGE;
            token.exp -= TOKEN_AGE;
            self.running().world().issuers().sign(&token)
        });
        let shown = self.shown(&self.member(caller)?.credential, aged.transpose()?);
        Connection::lazy(&site.grpc, &shown)
    }
}

/// The text with the one line that begins so replaced.
fn with_line(text: &str, begins: &str, new: &str) -> anyhow::Result<String> {
    let hits = text.lines().filter(|line| line.starts_with(begins)).count();
    ensure!(hits == 1, "{hits} lines of the configuration begin with {begins:?}");
    let lines = text.lines().map(|line| if line.starts_with(begins) { new } else { line });
    Ok(lines.flat_map(|line| [line, "\n"]).collect())
}

/// Two loopback ports that are free now, below the range that outgoing
/// connections take theirs from.
fn free_ports() -> anyhow::Result<[u16; 2]> {
    let mut held = Vec::new();
    for _ in 0..1_000 {
        let random = uuid::Uuid::new_v4();
        let port = 20_000 + u16::from_be_bytes([random.as_bytes()[0], random.as_bytes()[1]]) % 12_000;
        held.extend(TcpListener::bind(("127.0.0.1", port)).map(|listener| (listener, port)));
        if let [(_, first), (_, second)] = held.as_slice() {
            return Ok([*first, *second]);
        }
    }
    bail!("no loopback port is free")
}

// === impl Site ===

impl Site {
    /// The folder of its state: `audit/` and `dossiers.db`.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The folder of its audit log.
    pub fn audit(&self) -> PathBuf {
        self.state.join("audit")
    }

    /// Where it serves callers, `host:port`.
    pub fn grpc(&self) -> &str {
        &self.grpc
    }

    /// Where its probes are served.
    pub fn probe(&self) -> &str {
        &self.probe
    }

    /// Changes the configuration for the next start.
    pub fn reconfigure(&self, change: impl FnOnce(String) -> String) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(&self.config)?;
        Ok(std::fs::write(&self.config, change(text))?)
    }

    /// All it ever said on standard error.
    pub fn said(&self) -> String {
        let bytes = std::fs::read(&self.said).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

// === impl Program ===

impl Program {
    /// Starts `motlan serve` at that site, behind that fault layer if one is
    /// given, and waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead, with the last of what it said; when the layer is
    /// not at work in it.
    pub async fn serve(&self, site: &Site, layer: Option<&FaultLayer>) -> anyhow::Result<Served> {
        let mut said = std::fs::OpenOptions::new().create(true).append(true).open(&site.said)?;
        writeln!(said, "--- started ---")?;
        let mut command = Command::new(self.path());
        command.arg("serve").arg("--config").arg(&site.config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).kill_on_drop(true);
        if let Some(layer) = layer {
            command.envs(layer.environment()?);
        }
        let child = command.spawn().context("cannot run motlan")?;
        let mut served = Served { child, site: site.clone() };
        let up = timeout(PATIENCE, served.comes_up()).await;
        up.unwrap_or_else(|_| Err(anyhow!("the gateway is not ready in time"))).with_context(|| {
            let said = site.said();
            let from = said.ceil_char_boundary(said.len().saturating_sub(SAID));
            said[from..].to_owned()
        })?;
        if let Some(layer) = layer {
            layer.at_work_in(served.child.id().context("the gateway has ended")?)?;
        }
        Ok(served)
    }
}

// === impl Served ===

impl Served {
    /// Where it keeps its state.
    pub const fn site(&self) -> &Site {
        &self.site
    }

    async fn comes_up(&mut self) -> anyhow::Result<()> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the gateway ended with {status}");
            }
            // Nobody listens there yet, or it is ready.
            if self.readiness().await.is_ok_and(|readiness| readiness.ready) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What `/readyz` says; its status and its body must agree.
    pub async fn readiness(&self) -> anyhow::Result<Readiness> {
        let answer = reqwest::get(format!("http://{}/readyz", self.site.probe)).await?;
        let status = answer.status().as_u16();
        let readiness: Readiness = answer.json().await?;
        ensure!(status == if readiness.ready { 200 } else { 503 }, "{status} and {readiness:?}");
        ensure!(readiness.ready == readiness.reasons.is_empty(), "{readiness:?}");
        Ok(readiness)
    }

    /// Polls `/readyz` until it is as wanted.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Readiness) -> bool) -> anyhow::Result<Readiness> {
        let mut last = None;
        let looking = async {
            loop {
                let readiness = self.readiness().await?;
                if wanted(&readiness) {
                    return Ok(readiness);
                }
                last = Some(readiness);
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let found = timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| Err(anyhow!("never {what}; last {last:?}")))
    }

    /// Kills it as a crash would: SIGKILL.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot kill the gateway")
    }

    /// Waits for it to be killed by itself: the fault layer does so.
    pub async fn dies(mut self) -> anyhow::Result<ExitStatus> {
        Ok(timeout(PATIENCE, self.child.wait()).await.context("the gateway does not die")??)
    }

    /// Asks it to stop (SIGINT) and waits for it.
    pub async fn interrupt(mut self) -> anyhow::Result<ExitStatus> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.context("the gateway has ended")?, Signal::INT)?;
        Ok(timeout(PATIENCE, self.child.wait()).await.context("the gateway does not stop")??)
    }
}
