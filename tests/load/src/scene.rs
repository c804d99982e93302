//! What is asked about: 100 enterprises of the sandbox's world, 64 dossiers
//! that name them, 16 officers of the office that decides those.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use motlan::client::{Connection, Refusal};
use motlan::clock::{SystemClock, in_vietnam};
use motlan::sandbox::{Member, TokenSpec, World, WorldOptions};
use motlan_proto::common::v1::SubjectKey;
use motlan_proto::common::v1::subject_key::Key;
use motlan_proto::dossier::v1::opening_evidence::Evidence;
use motlan_proto::dossier::v1::{NamedSubject, OpenDossierRequest, OpeningEvidence};
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
const CASE: &str = "from_household_business";
const AGENCY: &str = "H32.12";

/// The sandbox's world, with a configuration for a gateway in another process.
pub(crate) struct Scene {
    world: World,
    size: Size,
    topics: Vec<Topic>,
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
    pub(crate) async fn make(folder: &Path, size: Size, clock: SystemClock) -> anyhow::Result<Self> {
        let world = World::start(WorldOptions::new(folder, Arc::new(clock))).await?;
        let topics = topics(&world, size)?;
        let scene = Self { world, size, topics };
        scene.appoint_officers()?;
        scene.lengthen_segments()?;
        Ok(scene)
    }

    /// The gateway's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.world.config_file()
    }

    /// The folder of the server's certificate.
    pub(crate) fn tls_folder(&self) -> PathBuf {
        self.world.folder().join("tls")
    }

    /// The folder of the log.
    pub(crate) fn log_folder(&self) -> PathBuf {
        self.world.folder().join("state")
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

    /// Opens every dossier at a gateway, as the portal with the applicant at it.
    pub(crate) async fn open_dossiers(&self, gateway: SocketAddr) -> anyhow::Result<()> {
        let portal = self.world.cast().member("portal").context("the sandbox has no portal")?;
        let connection = Connection::lazy(&gateway.to_string(), &self.world.shown(&portal.credential, None))?;
        for number in 0..self.size.dossiers {
            let code = self.dossier(number);
            let about: Vec<&Topic> = self.topics.iter().filter(|topic| topic.dossier == code).collect();
            let (applicant, request) = self.opening(&code, &about)?;
            let token = TokenSpec::citizen(&applicant, &portal.credential.thumbprint, self.world.now());
            let connection = connection.with_token(Some(&self.world.issuers().sign(&token)?))?;
            let opened = connection.dossiers().open_dossier(request).await.map_err(Refusal::from);
            opened.with_context(|| format!("{code} does not open"))?;
        }
        Ok(())
    }

    /// Stops the registries.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.world.stop().await
    }

    fn office(&self) -> anyhow::Result<&Member> {
        self.world.cast().of_agency(AGENCY).context("the sandbox has no office that decides")
    }

    fn dossier(&self, number: usize) -> String {
        dossier(&self.world, number)
    }

    /// Whoever represents the enterprises applies, with them as subjects.
    fn opening(&self, code: &str, about: &[&Topic]) -> anyhow::Result<(String, OpenDossierRequest)> {
        let named = |role: &str, key| NamedSubject {
            role: role.to_owned(),
            subject: Some(SubjectKey { key: Some(key) }),
        };
        let mut subjects = Vec::new();
        let mut first = None;
        for topic in about {
            let owner = owner(&self.world, &topic.enterprise).context("nobody represents an enterprise")?;
            let applicant = named("applicant", Key::PersonalId(owner.clone()));
            // One person may represent several.
            if !subjects.contains(&applicant) {
                subjects.push(applicant);
            }
            subjects.push(named("enterprise", Key::EnterpriseCode(topic.enterprise.clone())));
            first.get_or_insert(owner);
        }
        let mut request = OpenDossierRequest {
            request_id: Uuid::new_v4().to_string(),
            dossier_code: code.to_owned(),
            procedure_code: PROCEDURE.to_owned(),
            case: CASE.to_owned(),
            agency_code: AGENCY.to_owned(),
            subjects,
            evidence: None,
        };
        let receipt = self.world.acceptance(&request)?;
        request.evidence = Some(OpeningEvidence { evidence: Some(Evidence::AcceptanceReceipt(receipt)) });
        Ok((first.context("a dossier about nothing")?, request))
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

    /// The sandbox's short segments are for looking at; production has longer.
    fn lengthen_segments(&self) -> anyhow::Result<()> {
        let path = self.config();
        let text = std::fs::read_to_string(&path)?;
        let longer = text.replace("segment_mib = 8\n", "");
        ensure!(longer != text, "the sandbox's configuration has changed");
        Ok(std::fs::write(&path, longer)?)
    }
}

/// The account of an officer.
fn account(number: usize) -> String {
    format!("canbo.load.{number:02}")
}

/// The code of a dossier.
fn dossier(world: &World, number: usize) -> String {
    let day = in_vietnam(world.now()).strftime("%y%m%d").to_string();
    format!("{AGENCY}-{day}-{:04}", number + 1)
}

/// Who represents an enterprise, by personal id.
fn owner(world: &World, enterprise: &str) -> Option<String> {
    let world = world.registries().world();
    let (owner, _) = world.enterprise(enterprise)?.representatives.first()?;
    Some(world.people[*owner].id.clone())
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
