//! For tests: a pipeline over a log in memory, and a registry that answers when
//! it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use motlan_access::{Access, AccessConfig, CallerConfig, CallerRole, Identity, SyntheticIds};
use motlan_api::{Ask, FetchError, RegistryAdapter, Reply, Want};
use motlan_audit::testing::Faults;
use motlan_audit::{AuditLog, AuditOptions, AuditService, Kind, MemoryKeyProvider};
use motlan_catalogue::{Catalogue, Purposes};
use motlan_domain::dataset::{Dataset, Registry};
use motlan_domain::id::Synthetic;
use motlan_domain::{CachePolicy, Clock, ManualClock};
use motlan_dossier::{Register, RegisterKey, RegisterOptions};
use motlan_telemetry::Reading;
use rcgen::{CertificateParams, KeyPair, SanType};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::{Options, Parts, Pipeline, QuotaOptions};

const NOW: &str = "2026-11-21T03:00:00Z";
pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const OFFICERS: &str = r#"
officers = [
  { account = "lan@h32.216", agency = "H32.216", personal_id = "097180000001", responsible = true },
  { account = "mai@h32.11.01", agency = "H32.11.01", personal_id = "097180000002", responsible = true },
]
"#;

/// The longest a question to a registry may take, and a search for a tie.
pub(crate) const DEADLINE: Duration = Duration::from_millis(300);

pub(crate) struct Rig {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) log: AuditLog,
    pub(crate) audit: AuditService,
    pub(crate) register: Register,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) tasks: TaskTracker,
    _dir: TempDir,
}

type Answering = dyn Fn(&Want) -> Result<Reply, FetchError> + Send + Sync;

/// A registry that keeps each question until it is let go, and then gives the
/// answer set for its dataset.
pub(crate) struct Slow {
    registry: Registry,
    datasets: &'static [Dataset],
    asked: Semaphore,
    free: Semaphore,
    answer: Box<Answering>,
}

// === impl Rig ===

impl Rig {
    pub(crate) fn new(adapters: Vec<Arc<dyn RegistryAdapter>>) -> Self {
        Self::with(adapters, BTreeMap::default())
    }

    pub(crate) fn with(
        adapters: Vec<Arc<dyn RegistryAdapter>>,
        policies: BTreeMap<Dataset, CachePolicy>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let keys = Arc::new(MemoryKeyProvider::fixed(7));
        let opened = AuditLog::in_memory("log.test/1", keys, clock.clone()).unwrap();
        Self::over(tempfile::tempdir().unwrap(), clock, opened, adapters, policies)
    }

    /// With the log on a disk that fails when told to.
    pub(crate) async fn on_disk(faults: &Arc<Faults>) -> Self {
        let (dir, keys) = (tempfile::tempdir().unwrap(), Arc::new(MemoryKeyProvider::fixed(7)));
        let options = AuditOptions::new(dir.path().join("audit"), "log.test/1");
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let opened = AuditLog::open_faulty(options, keys, clock.clone(), Arc::clone(faults)).await.unwrap();
        Self::over(dir, clock, opened, Vec::new(), BTreeMap::default())
    }

    fn over(
        dir: TempDir,
        clock: Arc<ManualClock>,
        (log, audit): (AuditLog, AuditService),
        adapters: Vec<Arc<dyn RegistryAdapter>>,
        policies: BTreeMap<Dataset, CachePolicy>,
    ) -> Self {
        let shown: Arc<dyn Clock> = clock.clone();
        let file = dir.path().join("dossiers.sqlite");
        let options = RegisterOptions::new(file, RegisterKey::new([1; 32]), Synthetic::Allowed);
        let register = Register::open(options, Arc::clone(&shown)).unwrap();
        let catalogue = Catalogue::embedded().unwrap();
        let purposes = Purposes::embedded(&catalogue).unwrap();
        let directory = dir.path().join("officers.toml");
        std::fs::write(&directory, OFFICERS).unwrap();
        let caller = |id: &str, agency: &str| CallerConfig {
            id: id.into(),
            agency: agency.into(),
            role: CallerRole::OneStop,
            commune: None,
            tokens: Vec::new(),
        };
        let config = AccessConfig {
            callers: vec![
                caller("one-stop-216", "H32.216"),
                caller("one-stop-217", "H32.217"),
                caller("employment", "H32.11.01"),
            ],
            issuers: Vec::new(),
            evidence: Vec::new(),
            directory,
            policy_dir: None,
            synthetic_ids: SyntheticIds::Allowed,
        };
        let access = Access::load(config, catalogue.clone(), purposes, register.clone(), Arc::clone(&shown));
        let tasks = TaskTracker::new();
        let parts = Parts {
            access: access.unwrap(),
            log: log.clone(),
            register: register.clone(),
            catalogue: Arc::new(catalogue),
            adapters,
            clock: shown,
            tasks: tasks.clone(),
        };
        let quotas = QuotaOptions::default();
        let options = Options { cache_bytes: 1 << 20, policies, deadline: DEADLINE, quotas };
        let pipeline = Arc::new(Pipeline::new(parts, options).unwrap());
        Self { pipeline, log, audit, register, clock, tasks, _dir: dir }
    }

    pub(crate) fn identity(&self, system: &str) -> Identity {
        let uri = format!("urn:motlan:system:{system}");
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into().unwrap())];
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        self.pipeline.access().identify(Some(certificate.der()), None).unwrap()
    }

    /// The bytes of every entry of that kind.
    pub(crate) async fn entries(&self, kind: Kind) -> Vec<String> {
        let mut found = Vec::new();
        for index in 0..self.log.health().durable {
            let entry = self.log.get(index).await.unwrap().unwrap();
            if entry.entry.kind == kind {
                found.push(String::from_utf8(entry.bytes).unwrap());
            }
        }
        found
    }
}

// === impl Slow ===

impl Slow {
    pub(crate) fn new(
        registry: Registry,
        datasets: &'static [Dataset],
        answer: impl Fn(&Want) -> Result<Reply, FetchError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (asked, free) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { registry, datasets, asked, free, answer: Box::new(answer) })
    }

    /// Waits until the registry has been asked once more.
    pub(crate) async fn asked(&self) {
        self.asked.acquire().await.unwrap().forget();
    }

    /// Lets so many questions go.
    pub(crate) fn answer(&self, questions: usize) {
        self.free.add_permits(questions);
    }
}

impl RegistryAdapter for Slow {
    fn registry(&self) -> Registry {
        self.registry
    }

    fn datasets(&self) -> &'static [Dataset] {
        self.datasets
    }

    fn counted(&self, _: &mut Reading) {}

    fn ask<'a>(&'a self, ask: &'a Ask) -> BoxFuture<'a, Result<Reply, FetchError>> {
        async move {
            self.asked.add_permits(1);
            self.free.acquire().await.unwrap().forget();
            (self.answer)(&ask.want)
        }
        .boxed()
    }
}
