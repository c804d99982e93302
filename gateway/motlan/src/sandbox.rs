//! The sandbox's world: simulated registries, an authority, callers with
//! certificates and tokens, officers, and a configuration that a gateway runs
//! on. `motlan sandbox`, `motlan demo` and the end-to-end tests all live in it.
//!
//! Everything in it is synthetic and made anew at each start, but for the
//! audit log and the register, which stay in the folder.
//!
//! **Invariant**: `endpoints.json` is written last, so who sees it finds
//! everything else ready.

mod cast;
mod family;
mod files;
mod guide;
pub mod pki;
mod running;
mod settings;
#[cfg(test)]
mod tests;
mod tokens;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use motlan_audit::FileKeyProvider;
use motlan_catalogue::{Catalogue, Procedure};
use motlan_domain::{Clock, Registry, SubjectKey};
use motlan_proto::dossier::v1::OpenDossierRequest;
use motlan_sandbox::{Credentials as RegistryCredentials, Sandbox, SandboxOptions};
use rand_bytes::random;
use serde_json::json;

pub use cast::{Cast, CastError, Member};
pub use family::{DEATH_REGISTRATION, Plan, PlanError, plan};
pub use guide::guide;
pub use running::Running;
pub use tokens::{TokenIssuers, TokenSpec};

use crate::client::Credentials;
use crate::clock::in_vietnam;
use crate::config::{Config, ConfigErrors};
use crate::receipt;
use crate::telemetry::SpanQueue;
use files::Files;
use pki::{Authority, Credential};

/// The name of the sandbox's log.
pub const ORIGIN: &str = "motlan.sandbox/gw1";

/// How a world is made.
pub struct WorldOptions {
    /// Where its files go; made if it is not there.
    pub folder: PathBuf,
    /// How many synthetic people at least.
    pub people: usize,
    /// The clock of registries, tokens and gateway.
    pub clock: Arc<dyn Clock>,
    /// Longest question to a registry, where it is another than the default.
    pub registry_deadline: Option<Duration>,
    /// Further tables of its motlan.toml.
    pub settings: String,
    /// The spans recorded in this process, for a gateway whose settings name a
    /// collector.
    pub spans: Option<Arc<SpanQueue>>,
}

/// A running world: registries up, files written; the gateway is started from
/// [`World::config`].
pub struct World {
    files: Files,
    registries: Sandbox,
    authority: Authority,
    cast: Cast,
    issuers: TokenIssuers,
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
    registry_deadline: Option<Duration>,
    starts: u32,
}

// === impl WorldOptions ===

impl WorldOptions {
    /// The usual size: 1,200 people.
    pub fn new(folder: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: folder.into(),
            people: 1_200,
            clock,
            registry_deadline: None,
            settings: String::new(),
            spans: None,
        }
    }
}

// === impl World ===

impl World {
    /// Starts the registries and writes every file but endpoints.json.
    pub async fn start(options: WorldOptions) -> anyhow::Result<Self> {
        let clock = options.clock;
        let files = Files::make(options.folder)?;
        files.withdraw("endpoints.json")?;
        let catalogue = Catalogue::embedded().context("the catalogue compiled in cannot be used")?;
        let today = in_vietnam(clock.now()).date();
        let mut registries = SandboxOptions::new(today, Arc::clone(&clock), RegistryCredentials::generate()?);
        registries.people = options.people;
        let registries = Sandbox::start(registries).await?;
        let authority = Authority::new(clock.now())?;
        let cast = Cast::of(&catalogue, &authority, registries.world())?;
        let issuers = TokenIssuers::new()?;
        let starts = files.count("state/starts")?;
        let registry_deadline = options.registry_deadline;
        let world =
            Self { files, registries, authority, cast, issuers, catalogue, clock, registry_deadline, starts };
        world.write(&options.settings)?;
        Ok(world)
    }

    /// The configuration as written to motlan.toml and read back from there.
    pub fn config(&self) -> Result<Config, ConfigErrors> {
        Config::read(&self.config_file())
    }

    /// Where the configuration stands.
    pub fn config_file(&self) -> PathBuf {
        self.files.path("motlan.toml")
    }

    /// The world's folder.
    pub fn folder(&self) -> &Path {
        self.files.root()
    }

    /// Tells where everything is; nothing is written after it.
    pub fn publish(&self, grpc: &str, probe: &str, log: Option<&str>) -> anyhow::Result<()> {
        let registries = self.registries.endpoints();
        let endpoints = json!({
            "grpc": grpc,
            "probe": probe,
            "log": log,
            "registries": {
                "population": registries.population,
                "business": registries.business,
                "insurance": registries.insurance,
                "land": registries.land,
            },
            "sandbox_control": registries.control,
        });
        self.files.write("endpoints.json", &format!("{endpoints:#}\n"))
    }

    /// How often a world was started in this folder, this time included.
    pub const fn starts(&self) -> u32 {
        self.starts
    }

    /// The simulated registries: ground truth, faults, call counts.
    pub const fn registries(&self) -> &Sandbox {
        &self.registries
    }

    /// The calling systems.
    pub const fn cast(&self) -> &Cast {
        &self.cast
    }

    /// The authority, for further certificates.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The issuers of tokens and receipts.
    pub const fn issuers(&self) -> &TokenIssuers {
        &self.issuers
    }

    /// The catalogue the gateway uses too.
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The time in this world.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What a caller shows, with its usual token if somebody acts through it.
    pub fn credentials(&self, member: &Member) -> anyhow::Result<Credentials> {
        let token = self.usual_token(member).map(|spec| self.issuers.sign(&spec)).transpose()?;
        Ok(self.shown(&member.credential, token))
    }

    /// What a holder of that certificate shows.
    pub fn shown(&self, credential: &Credential, token: Option<String>) -> Credentials {
        Credentials {
            certificate: credential.certificate.clone(),
            key: credential.key.clone(),
            authority: self.authority.pem().to_owned(),
            token,
        }
    }

    /// The token a caller acts with by default: its officer's, or at the portal
    /// that of the first demo family's applicant.
    pub fn usual_token(&self, member: &Member) -> Option<TokenSpec> {
        match member.acting {
            cast::Acting::Officer => Some(TokenSpec::officer(
                &member.account,
                &member.agency,
                &member.credential.thumbprint,
                self.now(),
            )),
            cast::Acting::Citizen => {
                let applicant = &self.registries.world().families().first()?.applicant.id;
                Some(TokenSpec::citizen(applicant, &member.credential.thumbprint, self.now()))
            }
            cast::Acting::Nobody => None,
        }
    }

    /// The portal's receipt of acceptance for that opening.
    pub fn acceptance(&self, request: &OpenDossierRequest) -> anyhow::Result<String> {
        receipt::sign(self.issuers.receipts(), tokens::PORTAL, request, self.now())
    }

    /// Whom a family names for that procedure and case, and who decides it.
    pub fn plan(&self, procedure: &Procedure, case: Option<&str>, family: usize) -> Result<Plan, PlanError> {
        let families = self.registries.world().families();
        let family = families.get(family).ok_or(PlanError::Family { known: families.len() })?;
        plan(
            &self.catalogue,
            procedure,
            case,
            family,
            &self.registries.world().personas().deceased,
            self.now(),
        )
    }

    /// Writes every caller's token anew. Each lives 15 minutes at most.
    pub fn renew_tokens(&self) -> anyhow::Result<()> {
        for member in self.cast.members() {
            if let Some(spec) = self.usual_token(member) {
                let path = format!("clients/{}/{}", member.id, member.acting.token_file());
                self.files.write(&path, &self.issuers.sign(&spec)?)?;
            }
        }
        Ok(())
    }

    /// Renews the tokens until dropped. A failure is logged and tried again:
    /// the old tokens live three periods.
    pub async fn keep_renewing(&self) {
        loop {
            tokio::time::sleep(tokens::RENEWAL).await;
            if let Err(error) = self.renew_tokens() {
                tracing::error!(error = format!("{error:#}"), "tokens could not be renewed");
            }
        }
    }

    /// Withdraws endpoints.json and stops the registries.
    pub async fn stop(self) -> anyhow::Result<()> {
        let withdrawn = self.files.withdraw("endpoints.json");
        self.registries.stop().await;
        withdrawn
    }

    fn write(&self, settings: &str) -> anyhow::Result<()> {
        let files = &self.files;
        let server = self.authority.server()?;
        files.write("tls/server.pem", &server.certificate)?;
        files.write("tls/server.key", &server.key)?;
        files.write("tls/ca.pem", self.authority.pem())?;
        FileKeyProvider::open_or_create(files.path("keys/audit.keys"))
            .context("the audit keys cannot be made")?;
        files.write_once("keys/register.key", || Ok(hex::encode(random::<32>()?)))?;
        files.write("keys/officers.jwks.json", &self.issuers.officers_jwks())?;
        files.write("keys/citizens.jwks.json", &self.issuers.citizens_jwks())?;
        files.write("keys/receipts.jwks.json", &self.issuers.receipts_jwks())?;
        files.write("officers.toml", &self.cast.directory())?;
        let secrets = self.registries.credentials();
        files.write("secrets/population.secret", &secrets.population.secret)?;
        files.write("secrets/population.api_key", &secrets.population.api_key)?;
        for (registry, client) in [
            (Registry::Business, &secrets.business),
            (Registry::Insurance, &secrets.insurance),
            (Registry::Land, &secrets.land),
        ] {
            files.write(&format!("secrets/{registry}.secret"), &client.secret)?;
        }
        for member in self.cast.members() {
            let folder = format!("clients/{}", member.id);
            files.write(&format!("{folder}/cert.pem"), &member.credential.certificate)?;
            files.write(&format!("{folder}/key.pem"), &member.credential.key)?;
            files.write(&format!("{folder}/ca.pem"), self.authority.pem())?;
        }
        let receipt_key = format!("iss: {0}\nkid: {0}\n{1}", tokens::PORTAL, self.issuers.receipts().pem());
        files.write("clients/portal/receipt.key", &receipt_key)?;
        self.renew_tokens()?;
        let ports = free_ports()?;
        let text = settings::toml(ports, &self.registries, self.registry_deadline, &self.cast);
        files.write("motlan.toml", &(text + settings))
    }
}

/// Loopback ports (gRPC, probes, published log) that are free now, and that no outgoing connection will
/// take meanwhile: they lie below the range those come from (32768 on Linux).
fn free_ports() -> anyhow::Result<[u16; 3]> {
    let mut held = Vec::new();
    for _ in 0..1_000 {
        let port = 20_000 + u16::from_be_bytes(random::<2>()?) % 12_000;
        held.extend(TcpListener::bind(("127.0.0.1", port)).map(|listener| (listener, port)));
        if let [(_, first), (_, second), (_, third)] = held.as_slice() {
            return Ok([*first, *second, *third]);
        }
    }
    bail!("no loopback port is free")
}

mod rand_bytes {
    //! Random bytes from the system.

    /// `N` of them.
    pub(super) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
        let mut bytes = [0; N];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes from the system"))?;
        Ok(bytes)
    }
}

/// The subject of the domain for an identifier of the sandbox's world.
pub(crate) fn person(id: &str, now: Timestamp) -> Option<SubjectKey> {
    let rules = crate::clock::id_rules(now, motlan_domain::id::Synthetic::Allowed);
    motlan_domain::id::PersonalId::parse(id, &rules).ok().map(SubjectKey::Person)
}
