//! The behaviour suite and the hard cases, against the simulated registry.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_api::suite::{self, Case, Expected, Far, Fault, Limits, Wire};
use motlan_api::{Ask, OnBehalf, RegistryAdapter, Reply, Want};
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{
    AgencyCode, CertificateSerial, DossierCode, EnterpriseCode, IdRules, ParcelKey, PersonalId,
    ProcedureCode, Synthetic,
};
use motlan_domain::record::{CertificateStatus, EncumbranceKind, OwnerKind};
use motlan_domain::{Clock, Completeness, Dataset, Fetched, ManualClock, Record, Registry, SubjectKey};
use motlan_sandbox::{Credentials, Sandbox, SandboxOptions};
use motlan_transport::{BreakerConfig, HttpConfig, Secret, TokenConfig, TokenForm};

use super::LandAdapter;
use crate::{LandConfig, LandPaths};

const REGISTRY: Registry = Registry::Land;
const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
const DEADLINE: Duration = Duration::from_millis(600);

struct Rig {
    sandbox: Sandbox,
    adapter: LandAdapter,
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
        let adapter = LandAdapter::new(config(&sandbox), Synthetic::Allowed, shared).unwrap();
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
    let error = rig.adapter.ask(&rig.ask(record(Dataset::Person), SubjectKey::Person(id))).await.unwrap_err();
    assert!(matches!(error, motlan_api::FetchError::NotOffered), "{error:?}");
    assert_eq!(rig.sandbox.calls().total(REGISTRY), 0);
}

fn record(dataset: Dataset) -> Want {
    Want::Record { dataset, fields: dataset.all_fields(), holder: None }
}

fn config(sandbox: &Sandbox) -> LandConfig {
    let client = &sandbox.credentials().land;
    let form = TokenForm::Basic {
        client_id: client.id.clone(),
        client_secret: Secret::inline(client.secret.clone()),
    };
    let paths = LandPaths::default();
    LandConfig { http: http(sandbox.endpoints().of(REGISTRY)), token: TokenConfig::new(form), paths }
}

fn serial(text: &str) -> CertificateSerial {
    CertificateSerial::parse(text).unwrap()
}

fn cases(rig: &Rig) -> Vec<Case> {
    let world = rig.sandbox.world();
    let personas = world.personas();
    let first = &world.parcels[world.certificate(&personas.mortgaged).unwrap().parcels[0]];
    let key = ParcelKey::new(&first.commune, first.sheet, first.number).unwrap();
    let nowhere = ParcelKey::new("22366", 999_999, 999_999).unwrap();
    let couple = world.certificate(&personas.owned_by_spouses).unwrap();
    let owner = person(&world.people[world.owners_of(couple)[0]].id);
    let enterprise = EnterpriseCode::parse(&personas.land_owning_enterprise).unwrap();
    let landless = person(&personas.unknown_person);
    let case = |name, want, subject, expected| Case { name, ask: rig.ask(want, subject), expected };
    let of = |text: &str| SubjectKey::Certificate(serial(text));
    vec![
        case("certificate", record(Dataset::Certificate), of(&personas.mortgaged), Expected::Found),
        case(
            "no certificate",
            record(Dataset::Certificate),
            of(&personas.unknown_certificate),
            Expected::NotFound,
        ),
        case("parcel", record(Dataset::Parcel), SubjectKey::Parcel(key), Expected::Found),
        case("no parcel", record(Dataset::Parcel), SubjectKey::Parcel(nowhere), Expected::NotFound),
        case("owned by a person", Want::OwnedBy, SubjectKey::Person(owner), Expected::Found),
        case("owned by an enterprise", Want::OwnedBy, SubjectKey::Enterprise(enterprise), Expected::Found),
        case("owned by nobody", Want::OwnedBy, SubjectKey::Person(landless), Expected::NotFound),
    ]
}

#[tokio::test]
async fn every_certificate_and_parcel_reads_whole() {
    let rig = Rig::start().await;
    let world = Arc::clone(rig.sandbox.world());
    let mut read = 0;
    for truth in world.certificates.iter().step_by(3) {
        let fetched =
            rig.fetch(record(Dataset::Certificate), SubjectKey::Certificate(serial(&truth.serial))).await;
        assert_eq!(fetched.completeness, Completeness::Complete, "{}", truth.serial);
        let [Record::Certificate(certificate)] = fetched.records.as_slice() else { panic!("no certificate") };
        let owners: BTreeSet<_> =
            certificate.owners.iter().flatten().filter_map(|owner| owner.personal_id).collect();
        let expected: BTreeSet<_> =
            world.owners_of(truth).into_iter().map(|at| person(&world.people[at].id)).collect();
        assert!(owners == expected, "owners of {}", truth.serial);
        assert_eq!(certificate.parcels.as_ref().unwrap().len(), truth.parcels.len());
        assert_eq!(certificate.encumbrances.as_ref().unwrap().len(), truth.changes.len());
        for parcel in &certificate.parcels.clone().unwrap() {
            let fetched = rig.fetch(record(Dataset::Parcel), SubjectKey::Parcel(parcel.key.clone())).await;
            assert_eq!(fetched.completeness, Completeness::Complete);
        }
        read += 1;
    }
    assert!(read > 20, "only {read} certificates");
}

#[tokio::test]
async fn states_and_burdens_are_told() {
    let rig = Rig::start().await;
    let personas = rig.sandbox.world().personas().clone();
    let certificate = async |text: &str| {
        let fetched = rig.fetch(record(Dataset::Certificate), SubjectKey::Certificate(serial(text))).await;
        let [Record::Certificate(certificate)] = fetched.records.as_slice() else { panic!("no certificate") };
        (**certificate).clone()
    };
    let burdens = [
        (&personas.mortgaged, EncumbranceKind::Mortgage),
        (&personas.disputed, EncumbranceKind::Dispute),
        (&personas.transfer_blocked, EncumbranceKind::TransferBlock),
    ];
    for (text, kind) in burdens {
        let all = certificate(text).await.encumbrances.unwrap();
        assert!(all.iter().any(|burden| burden.kind == kind && burden.in_force), "{kind:?}");
    }
    assert_eq!(certificate(&personas.revoked_certificate).await.status, Some(CertificateStatus::Revoked));
    assert_eq!(certificate(&personas.replaced_certificate).await.status, Some(CertificateStatus::Superseded));
    let kinds = [
        (&personas.owned_by_spouses, OwnerKind::Couple, 2),
        (&personas.owned_by_siblings, OwnerKind::Individual, 3),
        (&personas.owned_by_organisation, OwnerKind::Organisation, 1),
    ];
    for (text, kind, rows) in kinds {
        let owners = certificate(text).await.owners.unwrap();
        assert_eq!(owners.len(), rows, "{kind:?}");
        assert!(owners.iter().all(|owner| owner.kind == kind), "{kind:?}");
    }
    assert!(
        certificate(&personas.owned_by_siblings)
            .await
            .owners
            .unwrap()
            .iter()
            .all(|owner| owner.share.is_some())
    );
}
