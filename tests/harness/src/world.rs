//! Registries and gateway in this process, on free loopback ports, in a
//! temporary folder.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, anyhow};
use motlan::client::{Connection, Credentials, resolve_all, search_all};
use motlan::clock::SystemClock;
use motlan::report::Resolved;
use motlan::sandbox::pki::Credential;
use motlan::sandbox::{Member, Running, TokenSpec, WorldOptions};
use motlan_domain::{Clock, Registry};
use motlan_proto::audit::v1::{Entry, SearchEntriesRequest};
use motlan_sandbox::world::{DemoFamily, Personas};
use motlan_sandbox::{CallReport, Fault, Sandbox};
use tempfile::TempDir;

/// The most entries a search of the harness reads.
const ENTRIES: usize = 100_000;

/// A running world. Stop it with [`World::stop`] where the order matters.
pub struct World {
    running: Running,
    folder: TempDir,
    clock: Arc<dyn Clock>,
    serial: AtomicU32,
}

// === impl World ===

impl World {
    /// Starts a world on the machine's clock.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_at(Arc::new(SystemClock::start())).await
    }

    /// Starts a world on that clock: a `ManualClock` makes tokens, evidence and
    /// cached answers grow old at will.
    pub async fn start_at(clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        Self::start_with(clock, |_| ()).await
    }

    /// The same, with options of the test's own.
    pub async fn start_with(
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut WorldOptions),
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let mut options = WorldOptions::new(folder.path(), Arc::clone(&clock));
        change(&mut options);
        let running = Running::start(options).await.map_err(|failure| failure.cause)?;
        Ok(Self { running, folder, clock, serial: AtomicU32::new(1) })
    }

    /// World and gateway themselves.
    pub const fn running(&self) -> &Running {
        &self.running
    }

    /// The simulated registries.
    pub const fn registries(&self) -> &Sandbox {
        self.running.world().registries()
    }

    /// The world's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The clock it runs on.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The demo families.
    pub fn families(&self) -> &[DemoFamily] {
        self.registries().world().families()
    }

    /// The hard cases by name.
    pub fn personas(&self) -> &Personas {
        self.registries().world().personas()
    }

    /// The calling system of that id: `portal`, `one-stop`, `department`,
    /// `verifier`, `auditor`, or one named by its agency (`one-stop-h32-205`).
    pub fn member(&self, caller: &str) -> anyhow::Result<&Member> {
        let member = self.running.world().cast().member(caller);
        member.ok_or_else(|| anyhow!("there is no caller {caller}"))
    }

    /// A connection as that caller with its usual token: its officer's, or at
    /// the portal that of the first family's applicant.
    pub fn connect(&self, caller: &str) -> anyhow::Result<Connection> {
        self.running.connect(caller)
    }

    /// The same without a token: `ACTOR_ABSENT`.
    pub fn connect_as_nobody(&self, caller: &str) -> anyhow::Result<Connection> {
        self.connect(caller)?.with_token(None)
    }

    /// The same with a token of the test's making, signed by the issuer that
    /// it names.
    pub fn connect_with(&self, caller: &str, token: &TokenSpec) -> anyhow::Result<Connection> {
        let token = self.running.world().issuers().sign(token)?;
        self.connect(caller)?.with_token(Some(&token))
    }

    /// The token a caller's officer has now; change it to make it wrong.
    pub fn officer_token(&self, caller: &str) -> anyhow::Result<TokenSpec> {
        let member = self.member(caller)?;
        Ok(TokenSpec::officer(
            &member.account,
            &member.agency,
            &member.credential.thumbprint,
            self.clock.now(),
        ))
    }

    /// A citizen's token for the portal.
    pub fn citizen_token(&self, personal_id: &str) -> anyhow::Result<TokenSpec> {
        let portal = self.member("portal")?;
        Ok(TokenSpec::citizen(personal_id, &portal.credential.thumbprint, self.clock.now()))
    }

    /// A connection with a certificate of the sandbox's authority for a system
    /// that is not configured, or for a second certificate of one that is.
    pub fn connect_as_system(&self, system: &str, token: Option<&TokenSpec>) -> anyhow::Result<Connection> {
        let credential = self.running.world().authority().client(system)?;
        let token = token.map(|token| self.running.world().issuers().sign(token)).transpose()?;
        let shown = self.shown(&credential, token);
        Connection::lazy(self.running.gateway().grpc(), &shown)
    }

    /// What a holder of that certificate shows.
    pub fn shown(&self, credential: &Credential, token: Option<String>) -> Credentials {
        self.running.world().shown(credential, token)
    }

    /// A serial for a dossier code that no other dossier of this world has.
    pub fn next_serial(&self) -> u32 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// Everything a resolve tells.
    pub async fn resolve(&self, connection: &Connection, dossier: &str) -> anyhow::Result<Resolved> {
        resolve_all(connection, dossier, |_| ()).await.map_err(|failure| failure.cause)
    }

    /// Scripts a fault: see `Sandbox::fault`.
    pub fn fault(&self, registry: Registry, operation: Option<&str>, fault: Fault, times: Option<u32>) {
        self.registries().fault(registry, operation, fault, times);
    }

    /// Forgets every scripted fault.
    pub fn clear_faults(&self) {
        self.registries().clear_faults();
    }

    /// What the registries were asked so far.
    pub fn calls(&self) -> CallReport {
        self.registries().calls()
    }

    /// What the gateway tells at `/metrics`.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        let url = format!("{}/metrics", self.running.gateway().probe());
        Ok(reqwest::get(url).await?.error_for_status()?.text().await?)
    }

    /// How many questions (tokens left out) all registries got so far.
    pub fn total_calls(&self) -> u64 {
        let report = self.calls();
        Registry::ALL.into_iter().map(|registry| report.total(registry)).sum()
    }

    /// Every entry that meets the filters, newest first, as the auditor. The
    /// search is an entry too, but none that it finds itself.
    pub async fn search(&self, request: SearchEntriesRequest) -> anyhow::Result<Vec<Entry>> {
        search_all(&self.connect("auditor")?, request, ENTRIES).await.map_err(|failure| failure.cause)
    }

    /// The entries of a dossier, oldest first.
    pub async fn entries(&self, dossier: &str) -> anyhow::Result<Vec<Entry>> {
        let request = SearchEntriesRequest { dossier_code: dossier.to_owned(), ..Default::default() };
        let mut entries = self.search(request).await?;
        entries.reverse();
        Ok(entries)
    }

    /// Stops the gateway in order and starts it again on the same folder and
    /// ports; the registries go on.
    pub async fn restart(self) -> anyhow::Result<Self> {
        let Self { running, folder, clock, serial } = self;
        let running = Box::pin(running.restart_gateway()).await.map_err(|failure| failure.cause)?;
        Ok(Self { running, folder, clock, serial })
    }

    /// Stops the gateway in order, then the registries.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.running.stop().await
    }
}
