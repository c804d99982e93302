//! The behaviour suite and the hard cases, against the simulated registry.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_api::suite::{self, Case, Expected, Far, Fault, Limits, Wire};
use motlan_api::{Ask, FetchError, Holder, OnBehalf, RegistryAdapter, Reply, Want};
use motlan_domain::date::{PartialDate, vietnam_day};
use motlan_domain::id::{
    AgencyCode, DossierCode, IdRules, InsuranceNumber, PersonalId, ProcedureCode, Synthetic,
};
use motlan_domain::name::{PersonName, unaccented};
use motlan_domain::record::CardStatus;
use motlan_domain::{Clock, Completeness, Dataset, Fetched, ManualClock, Record, Registry, SubjectKey};
use motlan_sandbox::world::{Insured, World};
use motlan_sandbox::{Credentials, Sandbox, SandboxOptions};
use motlan_transport::{BreakerConfig, HttpConfig, Secret, TokenConfig, TokenForm};

use super::InsuranceAdapter;
use crate::{InsuranceConfig, InsurancePaths};

const REGISTRY: Registry = Registry::Insurance;
const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
const DEADLINE: Duration = Duration::from_millis(600);

struct Rig {
    sandbox: Sandbox,
    adapter: InsuranceAdapter,
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
        let adapter = InsuranceAdapter::new(config(&sandbox), Synthetic::Allowed, shared).unwrap();
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

fn config(sandbox: &Sandbox) -> InsuranceConfig {
    let client = &sandbox.credentials().insurance;
    let form = TokenForm::Basic {
        client_id: client.id.clone(),
        client_secret: Secret::inline(client.secret.clone()),
    };
    let paths = InsurancePaths::default();
    InsuranceConfig { http: http(sandbox.endpoints().of(REGISTRY)), token: TokenConfig::new(form), paths }
}

fn number(text: &str) -> InsuranceNumber {
    InsuranceNumber::parse(text).unwrap()
}

/// The first insured person whom name and birth date tell apart from all.
fn singular(world: &World) -> &Insured {
    let key = |insured: &Insured| {
        let person = &world.people[insured.person];
        (unaccented(&person.full_name()), person.birth.compact())
    };
    let alone = |insured: &&Insured| {
        world.insured.iter().filter(|other| key(other).0 == key(insured).0).count() == 1
            && insured.card.is_some()
    };
    world.insured.iter().find(alone).unwrap()
}

fn holder(world: &World, insured: &Insured) -> Holder {
    let person = &world.people[insured.person];
    Holder {
        full_name: PersonName::new(&person.full_name()).unwrap(),
        birth_date: PartialDate::parse_compact(&person.birth.compact()).unwrap(),
    }
}

fn cases(rig: &Rig) -> Vec<Case> {
    let world = rig.sandbox.world();
    let personas = world.personas();
    let one = singular(world);
    let known = SubjectKey::Insurance(number(&one.number));
    let unknown = SubjectKey::Insurance(number(&personas.unknown_insurance));
    let own = SubjectKey::Person(person(&world.people[one.person].id));
    let by_holder =
        |dataset| Want::Record { dataset, fields: dataset.all_fields(), holder: Some(holder(world, one)) };
    let nobody = Holder { full_name: PersonName::new("Nguyễn Không Có").unwrap(), ..holder(world, one) };
    let by_nobody = Want::Record {
        dataset: Dataset::Participation,
        fields: Dataset::Participation.all_fields(),
        holder: Some(nobody),
    };
    let case = |name, want, subject: &SubjectKey, expected| Case {
        name,
        ask: rig.ask(want, subject.clone()),
        expected,
    };
    vec![
        case("participation", record(Dataset::Participation), &known, Expected::Found),
        case("card", record(Dataset::HealthCard), &known, Expected::Found),
        case("participation by person", by_holder(Dataset::Participation), &own, Expected::Found),
        case("card by person", by_holder(Dataset::HealthCard), &own, Expected::Found),
        case("no number", record(Dataset::Participation), &unknown, Expected::NotFound),
        case("no number, no card", record(Dataset::HealthCard), &unknown, Expected::NotFound),
        case("nobody of that name", by_nobody, &own, Expected::NotFound),
    ]
}

#[tokio::test]
async fn every_number_reads_whole_with_its_holder() {
    let rig = Rig::start().await;
    let world = Arc::clone(rig.sandbox.world());
    let mut read = 0;
    for truth in world.insured.iter().step_by(9) {
        let person = &world.people[truth.person];
        let subject = SubjectKey::Insurance(number(&truth.number));
        let fetched = rig.fetch(record(Dataset::Participation), subject.clone()).await;
        assert_eq!(fetched.completeness, Completeness::Complete);
        assert_eq!(fetched.upstream_ids.len(), if read == 0 { 3 } else { 2 }, "token, base record, history");
        let [Record::Participation(record_of)] = fetched.records.as_slice() else {
            panic!("no participation")
        };
        assert_eq!(record_of.full_name.as_ref().unwrap().expose(), person.full_name());
        assert_eq!(record_of.birth_date.unwrap().is_full(), person.birth.month_day.is_some());
        assert_eq!(record_of.contributions.as_ref().unwrap().len(), truth.contributions.len());
        let cards = rig.fetch(record(Dataset::HealthCard), subject).await;
        assert_eq!(cards.completeness, Completeness::Complete);
        assert_eq!(cards.records.len(), usize::from(truth.card.is_some()));
        if let [Record::HealthCard(card)] = cards.records.as_slice() {
            assert_eq!(card.full_name.as_ref().unwrap().expose(), person.full_name());
            assert_eq!(card.card_number.as_ref().unwrap().expose(), truth.card.as_ref().unwrap().code);
        }
        read += 1;
    }
    assert!(read > 50, "only {read} numbers");
}

#[tokio::test]
async fn the_states_of_a_card_are_told() {
    let rig = Rig::start().await;
    let personas = rig.sandbox.world().personas().clone();
    let card = async |text: &str| {
        let fetched = rig.fetch(record(Dataset::HealthCard), SubjectKey::Insurance(number(text))).await;
        assert_eq!(fetched.completeness, Completeness::Complete);
        match fetched.records.as_slice() {
            [Record::HealthCard(card)] => Some((**card).clone()),
            _ => None,
        }
    };
    assert_eq!(card(&personas.expired_card).await.unwrap().status, Some(CardStatus::Expired));
    let short = card(&personas.ten_digit_card).await.unwrap();
    assert_eq!(short.card_number.unwrap().expose().len(), 10);
    assert!(card(&personas.no_card).await.is_none());
}

#[tokio::test]
async fn a_person_without_a_holder_cannot_be_asked_about() {
    let rig = Rig::start().await;
    let id = SubjectKey::Person(person(&rig.sandbox.world().officers()[0]));
    let error = rig.adapter.ask(&rig.ask(record(Dataset::HealthCard), id)).await.unwrap_err();
    assert!(matches!(error, FetchError::NotOffered));
}
