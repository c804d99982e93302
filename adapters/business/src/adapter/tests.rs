//! The behaviour suite and the hard cases, against the simulated registry.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_api::suite::{self, Case, Expected, Far, Fault, Limits, Wire};
use motlan_api::{Ask, OnBehalf, RegistryAdapter, Reply, Want};
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{
    AgencyCode, DossierCode, EnterpriseCode, IdRules, PersonalId, ProcedureCode, Synthetic,
};
use motlan_domain::record::EnterpriseStatus;
use motlan_domain::{Clock, Completeness, Dataset, Fetched, ManualClock, Record, Registry, SubjectKey};
use motlan_sandbox::{Credentials, Sandbox, SandboxOptions};
use motlan_transport::{BreakerConfig, HttpConfig, Secret, TokenConfig, TokenForm};

use super::BusinessAdapter;
use crate::{BusinessConfig, BusinessPaths};

const REGISTRY: Registry = Registry::Business;
const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
const DEADLINE: Duration = Duration::from_millis(600);

struct Rig {
    sandbox: Sandbox,
    adapter: BusinessAdapter,
    clock: Arc<ManualClock>,
}

// === impl Rig ===

impl Rig {
    async fn start() -> Self {
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let shared: Arc<dyn Clock> = clock.clone();
        let options = SandboxOptions::new(vietnam_day(now), shared.clone(), Credentials::generate().unwrap());
        let sandbox = Sandbox::start(options).await.unwrap();
        let adapter = BusinessAdapter::new(config(&sandbox), Synthetic::Allowed, shared).unwrap();
        Self { sandbox, adapter, clock }
    }

    fn ask(&self, want: Want, subject: SubjectKey) -> Ask {
        Ask {
            want,
            subject,
            on_behalf: OnBehalf {
                officer_id: person(&self.sandbox.world().officers()[0]),
                agency: AgencyCode::parse("H32.201").unwrap(),
                dossier: Some(DossierCode::parse("H32.201-261121-0007").unwrap()),
                procedure: Some(ProcedureCode::parse("1.004222").unwrap()),
            },
            request_id: next_id(),
            deadline: Duration::from_secs(10),
            trace: motlan_domain::Trace::new(7, 8, false),
        }
    }

    async fn fetch(&self, want: Want, subject: SubjectKey) -> Fetched {
        match self.adapter.ask(&self.ask(want, subject)).await.unwrap() {
            Reply::Records(fetched) => fetched,
            Reply::Confirmed { .. } => panic!("a record was asked for"),
        }
    }
}

fn next_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn person(id: &str) -> PersonalId {
    PersonalId::parse(id, &RULES).unwrap()
}

fn http(base: &str) -> HttpConfig {
    HttpConfig {
        deadline_ms: 600,
        queue_wait_ms: 150,
        max_concurrent: 4,
        queue: 64,
        max_body_bytes: 512 * 1024,
        breaker: BreakerConfig { failures: 1_000_000, open_ms: 1_000 },
        ..HttpConfig::new(base.parse().unwrap())
    }
}

impl Far for Rig {
    fn adapter(&self) -> &dyn RegistryAdapter {
        &self.adapter
    }

    fn wire(&self) -> Wire {
        Wire::Json
    }

    fn limits(&self) -> Limits {
        Limits { deadline: DEADLINE, max_concurrent: 4, max_body_bytes: 512 * 1024 }
    }

    fn script(&self, fault: &Fault, times: Option<u32>) {
        self.sandbox.fault(REGISTRY, None, serde_json::from_value(fault.script()).unwrap(), times);
    }

    fn clear(&self) {
        self.sandbox.clear_faults();
    }

    fn data_calls(&self) -> u64 {
        self.sandbox.calls().total(REGISTRY)
    }

    fn token_calls(&self) -> u64 {
        self.sandbox.calls().count(REGISTRY, "token")
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn cases(&self) -> Vec<Case> {
        cases(self)
    }
}

#[tokio::test]
async fn the_behaviour_suite_holds() {
    let rig = Rig::start().await;
    let report = suite::run(&rig).await.unwrap_or_else(|failures| panic!("{failures:#?}"));
    assert!(report.checks > 150, "only {} checks", report.checks);
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn a_far_end_that_is_gone_is_unreachable() {
    let rig = Rig::start().await;
    let case = cases(&rig).swap_remove(0);
    let Rig { sandbox, adapter, .. } = rig;
    sandbox.stop().await;
    let error = adapter.ask(&case.ask).await.unwrap_err();
    assert_eq!(error.reason(), motlan_domain::Reason::SourceUnreachable, "{error:?}");
}

#[tokio::test]
async fn the_dossier_goes_with_every_call_and_the_officer_with_none() {
    let rig = Rig::start().await;
    rig.adapter.ask(&cases(&rig)[0].ask).await.unwrap();
    let calls: Vec<_> =
        rig.sandbox.calls().calls.into_iter().filter(|call| call.registry == REGISTRY).collect();
    assert!(!calls.is_empty());
    for call in calls {
        assert_eq!(call.dossier.as_deref(), Some("H32.201-261121-0007"), "{}", call.operation);
        assert!(!call.officer, "{}", call.operation);
    }
}

#[tokio::test]
async fn what_it_does_not_offer_reaches_nobody() {
    let rig = Rig::start().await;
    let id = person(&rig.sandbox.world().officers()[0]);
    let error = rig.adapter.ask(&rig.ask(record(Dataset::Parcel), SubjectKey::Person(id))).await.unwrap_err();
    assert!(matches!(error, motlan_api::FetchError::NotOffered), "{error:?}");
    assert_eq!(rig.sandbox.calls().total(REGISTRY), 0);
}

fn record(dataset: Dataset) -> Want {
    Want::Record { dataset, fields: dataset.all_fields(), holder: None }
}

fn config(sandbox: &Sandbox) -> BusinessConfig {
    let client = &sandbox.credentials().business;
    let form = TokenForm::Basic {
        client_id: client.id.clone(),
        client_secret: Secret::inline(client.secret.clone()),
    };
    let paths = BusinessPaths::default();
    BusinessConfig { http: http(sandbox.endpoints().of(REGISTRY)), token: TokenConfig::new(form), paths }
}

fn code(text: &str) -> EnterpriseCode {
    EnterpriseCode::parse(text).unwrap()
}

fn cases(rig: &Rig) -> Vec<Case> {
    let personas = rig.sandbox.world().personas();
    let ask = |code_text: &str| rig.ask(record(Dataset::Enterprise), SubjectKey::Enterprise(code(code_text)));
    let owner = SubjectKey::Person(person(&personas.household_business_by_personal_id));
    vec![
        Case { name: "company", ask: ask(&personas.active_enterprise), expected: Expected::Found },
        Case { name: "branch", ask: ask(&personas.branch), expected: Expected::Found },
        Case { name: "none", ask: ask(&personas.unknown_enterprise), expected: Expected::NotFound },
        Case {
            name: "household business",
            ask: rig.ask(record(Dataset::Enterprise), owner),
            expected: Expected::Found,
        },
    ]
}

#[tokio::test]
async fn every_enterprise_reads_whole_and_as_the_world_has_it() {
    let rig = Rig::start().await;
    let world = Arc::clone(rig.sandbox.world());
    let mut read = 0;
    for truth in &world.enterprises {
        let subject = EnterpriseCode::parse(&truth.code)
            .map_or_else(|_| SubjectKey::Person(person(&truth.code)), SubjectKey::Enterprise);
        let fetched = rig.fetch(record(Dataset::Enterprise), subject).await;
        assert_eq!(fetched.completeness, Completeness::Complete, "{}", truth.code);
        let [Record::Enterprise(enterprise)] = fetched.records.as_slice() else { panic!("no enterprise") };
        assert_eq!(enterprise.name.as_ref(), Some(&truth.name));
        let represented: Vec<_> =
            enterprise.representatives.iter().flatten().filter_map(|r| r.personal_id).collect();
        let expected: Vec<_> =
            truth.representatives.iter().map(|(at, _)| person(&world.people[*at].id)).collect();
        assert!(represented == expected, "representatives of {}", truth.code);
        read += 1;
    }
    assert!(read >= 100, "only {read} enterprises");
}

#[tokio::test]
async fn each_legal_status_is_told() {
    let rig = Rig::start().await;
    let personas = rig.sandbox.world().personas().clone();
    for (key, expected) in [
        (&personas.active_enterprise, EnterpriseStatus::Active),
        (&personas.suspended_enterprise, EnterpriseStatus::Suspended),
        (&personas.absent_enterprise, EnterpriseStatus::NotAtAddress),
        (&personas.revoked_enterprise, EnterpriseStatus::RevokedForTax),
        (&personas.bankrupt_enterprise, EnterpriseStatus::Bankrupt),
        (&personas.dissolved_enterprise, EnterpriseStatus::Ceased),
    ] {
        let fetched = rig.fetch(record(Dataset::Enterprise), SubjectKey::Enterprise(code(key))).await;
        let [Record::Enterprise(enterprise)] = fetched.records.as_slice() else { panic!("no enterprise") };
        assert_eq!(enterprise.status, Some(expected));
    }
}
