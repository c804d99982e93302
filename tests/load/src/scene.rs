//! What is asked about: 100 enterprises of the sandbox's world, 64 dossiers
//! that name them, 16 officers of the office that decides those.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, TryStreamExt as _};
use motlan::client::{Connection, Refusal};
use motlan::clock::{SystemClock, in_vietnam};
use motlan::sandbox::{Member, TokenSpec, World, WorldOptions};
use motlan_proto::common::v1::SubjectKey;
use motlan_proto::common::v1::subject_key::Key;
use motlan_proto::dossier::v1::opening_evidence::Evidence;
use motlan_proto::dossier::v1::{NamedSubject, OpenDossierRequest, OpeningEvidence};
use motlan_sandbox::Sandbox;
use rustls::ClientConfig;
use uuid::Uuid;

use crate::ask::Topic;
use crate::client;

/// How many of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Enterprises.
    pub(crate) enterprises: usize,
    /// Dossiers.
    pub(crate) dossiers: usize,
    /// Officers.
    pub(crate) officers: usize,
}

/// The procedure of the dossiers (registration of a single-member limited
/// company, converted from a household business), and the office that decides it.
const PROCEDURE: &str = "2.001583";
const AGENCY: &str = "H32.12";

/// The catalogue as it is deployed, and where a changed copy of it goes.
const CATALOGUE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/catalogue");
const OWN_CATALOGUE: &str = "catalogue";

/// Dossiers that are being opened at the same time.
const OPENED_AT_ONCE: usize = 32;

/// What a world must have beside the usual.
#[derive(Debug, Clone, Default)]
pub(crate) struct Needs {
    /// Further tables of the gateway's configuration.
    pub(crate) settings: String,
    /// Longest question to a registry, where it is another than the default.
    pub(crate) registry_deadline: Option<Duration>,
    /// The rules of a procedure in place of the catalogue's.
    pub(crate) rules: Option<(&'static str, &'static str)>,
}

/// A dossier to be opened.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// Its code.
    pub(crate) code: String,
    /// The case of the procedure.
    pub(crate) case: &'static str,
    /// Who applies, by personal id.
    pub(crate) applicant: String,
    /// Whom and what it names, by role.
    pub(crate) subjects: Vec<(&'static str, Key)>,
}

/// The sandbox's world, with a configuration for a gateway in another process.
pub(crate) struct Scene {
    world: World,
    size: Size,
    topics: Vec<Topic>,
}

// === impl Opening ===

impl Opening {
    /// The case of the topics' dossiers.
    pub(crate) const USUAL: &str = "from_household_business";
}

// === impl Size ===

impl Size {
    /// As the measurement is defined.
    pub(crate) const FULL: Self = Self { enterprises: 100, dossiers: 64, officers: 16 };
    /// Enough to see that the answers are right.
    pub(crate) const SMOKE: Self = Self { enterprises: 10, dossiers: 6, officers: 2 };
}

// === impl Scene ===

impl Scene {
    /// Makes the world in a folder and writes what a gateway needs.
    pub(crate) async fn make(
        folder: &Path,
        size: Size,
        needs: &Needs,
        clock: SystemClock,
    ) -> anyhow::Result<Self> {
        let mut options = WorldOptions::new(folder, Arc::new(clock));
        options.settings.clone_from(&needs.settings);
        if let Some((procedure, rules)) = needs.rules {
            let catalogue = folder.join(OWN_CATALOGUE);
            copy(Path::new(CATALOGUE), &catalogue).context("the catalogue cannot be copied")?;
            std::fs::write(catalogue.join(format!("rules/{procedure}.toml")), rules)?;
            write!(options.settings, "\n[catalogue]\nfolder = \"{OWN_CATALOGUE}\"\n")?;
        }
        options.registry_deadline = needs.registry_deadline;
        let world = World::start(options).await?;
        let topics = topics(&world, size)?;
        let scene = Self { world, size, topics };
        scene.appoint_officers()?;
        // The sandbox's short segments are for looking at; production has longer.
        scene.change_config("segment_mib = 8\n", "")?;
        Ok(scene)
    }

    /// Lets a gateway that is started from now on ask another business registry,
    /// `http://host:port`.
    pub(crate) fn use_business(&self, url: &str) -> anyhow::Result<()> {
        self.change_config(&self.registries().endpoints().business, url)
    }

    /// The simulated registries: ground truth, faults, call counts.
    pub(crate) const fn registries(&self) -> &Sandbox {
        self.world.registries()
    }

    /// The gateway's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.world.config_file()
    }

    /// Where the gateway tells whether it is ready, and its numbers.
    pub(crate) fn probe(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.world.config()?.server.probe)
    }

    /// The folder of the server's certificate.
    pub(crate) fn tls_folder(&self) -> PathBuf {
        self.world.folder().join("tls")
    }

    /// The folder of the log.
    pub(crate) fn log_folder(&self) -> PathBuf {
        self.world.folder().join("state")
    }

    /// Takes away all that a gateway left: the next one begins anew.
    pub(crate) fn clear(&self) -> anyhow::Result<()> {
        let published = self.world.config()?.audit.log_dir;
        let key = motlan_audit::verifier_key_file(&published);
        for folder in [self.log_folder(), published] {
            if folder.exists() {
                std::fs::remove_dir_all(&folder)?;
            }
        }
        if key.exists() {
            std::fs::remove_file(&key)?;
        }
        Ok(std::fs::create_dir(self.log_folder())?)
    }

    /// What is asked about.
    pub(crate) fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// How the office shows who it is.
    pub(crate) fn tls(&self) -> anyhow::Result<Arc<ClientConfig>> {
        client::tls(&self.world.shown(&self.office()?.credential, None))
    }

    /// A token for each officer, good from now on.
    pub(crate) fn tokens(&self) -> anyhow::Result<Vec<String>> {
        let (office, issuers) = (self.office()?, self.world.issuers());
        let thumbprint = &office.credential.thumbprint;
        let token = |number| {
            let spec = TokenSpec::officer(&account(number), AGENCY, thumbprint, self.world.now());
            issuers.sign(&spec)
        };
        (0..self.size.officers).map(token).collect()
    }

    /// A connection of the sandbox's auditor.
    pub(crate) fn auditor(&self, gateway: SocketAddr) -> anyhow::Result<Connection> {
        let auditor = self.world.cast().member("auditor").context("the sandbox has no auditor")?;
        Connection::lazy(&gateway.to_string(), &self.world.credentials(auditor)?)
    }

    /// Opens the dossiers of all topics at a gateway.
    pub(crate) async fn open_dossiers(&self, gateway: SocketAddr) -> anyhow::Result<()> {
        let opening = |number| {
            let code = self.dossier(number);
            let about = self.topics.iter().filter(|topic| topic.dossier == code);
            self.opening(code.clone(), about.map(|topic| topic.enterprise.as_str()))
        };
        let openings: Result<Vec<_>, _> = (0..self.size.dossiers).map(opening).collect();
        self.open(gateway, openings?).await
    }

    /// Opens dossiers, as the portal with the applicant at it.
    pub(crate) async fn open(&self, gateway: SocketAddr, openings: Vec<Opening>) -> anyhow::Result<()> {
        let portal = self.world.cast().member("portal").context("the sandbox has no portal")?;
        let connection = Connection::lazy(&gateway.to_string(), &self.world.shown(&portal.credential, None))?;
        let open = |opening: Opening| {
            let (connection, thumbprint) = (&connection, &portal.credential.thumbprint);
            async move {
                let token = TokenSpec::citizen(&opening.applicant, thumbprint, self.world.now());
                let connection = connection.with_token(Some(&self.world.issuers().sign(&token)?))?;
                let code = opening.code.clone();
                let request = self.request(opening)?;
                let opened = connection.dossiers().open_dossier(request).await.map_err(Refusal::from);
                opened.map(drop).with_context(|| format!("{code} does not open"))
            }
        };
        futures::stream::iter(openings).map(open).buffer_unordered(OPENED_AT_ONCE).try_collect().await
    }

    /// A dossier about those enterprises, by code: whoever represents them
    /// applies.
    pub(crate) fn opening<'a>(
        &self,
        code: String,
        enterprises: impl Iterator<Item = &'a str>,
    ) -> anyhow::Result<Opening> {
        let (mut subjects, mut first) = (Vec::new(), None);
        for enterprise in enterprises {
            let owner = self.owner(enterprise).context("nobody represents an enterprise")?;
            let applicant = ("applicant", Key::PersonalId(owner.clone()));
            // One person may represent several.
            if !subjects.contains(&applicant) {
                subjects.push(applicant);
            }
            subjects.push(("enterprise", Key::EnterpriseCode(enterprise.to_owned())));
            first.get_or_insert(owner);
        }
        Ok(Opening {
            code,
            case: Opening::USUAL,
            applicant: first.context("a dossier about nothing")?,
            subjects,
        })
    }

    /// Stops the registries.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.world.stop().await
    }

    fn office(&self) -> anyhow::Result<&Member> {
        self.world.cast().of_agency(AGENCY).context("the sandbox has no office that decides")
    }

    /// The code of a dossier.
    pub(crate) fn dossier(&self, number: usize) -> String {
        dossier(&self.world, number)
    }

    /// Who represents an enterprise, by personal id.
    pub(crate) fn owner(&self, enterprise: &str) -> Option<String> {
        let world = self.registries().world();
        let (owner, _) = world.enterprise(enterprise)?.representatives.first()?;
        Some(world.people[*owner].id.clone())
    }

    fn request(&self, opening: Opening) -> anyhow::Result<OpenDossierRequest> {
        let named = |(role, key): (&str, Key)| NamedSubject {
            role: role.to_owned(),
            subject: Some(SubjectKey { key: Some(key) }),
        };
        let mut request = OpenDossierRequest {
            request_id: Uuid::new_v4().to_string(),
            dossier_code: opening.code,
            procedure_code: PROCEDURE.to_owned(),
            case: opening.case.to_owned(),
            agency_code: AGENCY.to_owned(),
            subjects: opening.subjects.into_iter().map(named).collect(),
            evidence: None,
        };
        let receipt = self.world.acceptance(&request)?;
        request.evidence = Some(OpeningEvidence { evidence: Some(Evidence::AcceptanceReceipt(receipt)) });
        Ok(request)
    }

    /// The sandbox has one officer in every office; here one office has many.
    fn appoint_officers(&self) -> anyhow::Result<()> {
        let path = self.world.folder().join("officers.toml");
        let mut directory = std::fs::read_to_string(&path)?;
        let people = self.world.registries().world().officers();
        for (number, person) in (0..self.size.officers).zip(people.iter().cycle()) {
            let account = account(number);
            write!(
                directory,
                "\n[[officers]]\naccount = \"{account}\"\nagency = \"{AGENCY}\"\npersonal_id = \"{person}\"\n"
            )?;
        }
        Ok(std::fs::write(&path, directory)?)
    }

    fn change_config(&self, from: &str, to: &str) -> anyhow::Result<()> {
        let path = self.config();
        let text = std::fs::read_to_string(&path)?;
        let changed = text.replace(from, to);
        ensure!(changed != text, "the sandbox's configuration has changed");
        Ok(std::fs::write(&path, changed)?)
    }
}

/// The account of an officer.
fn account(number: usize) -> String {
    format!("canbo.load.{number:02}")
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The code of a dossier.
fn dossier(world: &World, number: usize) -> String {
    let day = in_vietnam(world.now()).strftime("%y%m%d").to_string();
    format!("{AGENCY}-{day}-{:04}", number + 1)
}

/// Enterprises with a code of ten digits, dealt out over the dossiers.
fn topics(world: &World, size: Size) -> anyhow::Result<Vec<Topic>> {
    let enterprises = world.registries().world().enterprises.iter();
    let fit = enterprises.filter(|enterprise| enterprise.code.len() == 10);
    let topic = |(number, enterprise): (usize, &motlan_sandbox::world::Enterprise)| Topic {
        dossier: dossier(world, number % size.dossiers),
        enterprise: enterprise.code.clone(),
        name: enterprise.name.clone(),
    };
    let topics: Vec<Topic> = fit.take(size.enterprises).enumerate().map(topic).collect();
    ensure!(topics.len() == size.enterprises, "the world has only {} enterprises", topics.len());
    Ok(topics)
}
