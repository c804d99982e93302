//! The behaviour suite and the hard cases, against the simulated registry.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_api::suite::{self, Case, Expected, Far, Fault, Limits, Wire};
use motlan_api::{Ask, OnBehalf, RegistryAdapter, Reply, Want};
use motlan_domain::date::vietnam_day;
use motlan_domain::id::{AgencyCode, Cmnd, DossierCode, IdRules, PersonalId, ProcedureCode, Synthetic};
use motlan_domain::name::PersonName;
use motlan_domain::record::Person;
use motlan_domain::{Clock, Completeness, Dataset, Fetched, ManualClock, Record, Registry, SubjectKey};
use motlan_sandbox::{Credentials, Sandbox, SandboxOptions};
use motlan_transport::{BreakerConfig, HttpConfig, Secret};

use super::PopulationAdapter;
use crate::{PopulationConfig, PopulationPaths};

const STATUS: &str = "XacMinhTinhTrangChetMatTich";
const REGISTRY: Registry = Registry::Population;
const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
const DEADLINE: Duration = Duration::from_millis(600);

struct Rig {
    sandbox: Sandbox,
    adapter: PopulationAdapter,
    clock: Arc<ManualClock>,
    /// The operation that faults befall and that is counted; all, if absent.
    only: Option<&'static str>,
}

// === impl Rig ===

impl Rig {
    async fn start() -> Self {
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let shared: Arc<dyn Clock> = clock.clone();
        let options = SandboxOptions::new(vietnam_day(now), shared.clone(), Credentials::generate().unwrap());
        let sandbox = Sandbox::start(options).await.unwrap();
        let adapter = PopulationAdapter::new(config(&sandbox), Synthetic::Allowed, shared).unwrap();
        Self { sandbox, adapter, clock, only: None }
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
        Wire::Xml
    }

    fn limits(&self) -> Limits {
        Limits { deadline: DEADLINE, max_concurrent: 4, max_body_bytes: 512 * 1024 }
    }

    fn script(&self, fault: &Fault, times: Option<u32>) {
        self.sandbox.fault(REGISTRY, self.only, serde_json::from_value(fault.script()).unwrap(), times);
    }

    fn clear(&self) {
        self.sandbox.clear_faults();
    }

    fn data_calls(&self) -> u64 {
        let calls = self.sandbox.calls();
        self.only.map_or_else(|| calls.total(REGISTRY), |operation| calls.count(REGISTRY, operation))
    }

    fn token_calls(&self) -> u64 {
        self.sandbox.calls().count(REGISTRY, "token")
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn cases(&self) -> Vec<Case> {
        if self.only == Some(STATUS) { status_cases(self) } else { cases(self) }
    }
}

#[tokio::test]
async fn the_behaviour_suite_holds() {
    let rig = Rig::start().await;
    let report = suite::run(&rig).await.unwrap_or_else(|failures| panic!("{failures:#?}"));
    assert!(report.checks > 150, "only {} checks", report.checks);
    rig.sandbox.stop().await;
}

/// The lookup answers; whatever goes wrong does so in the second exchange.
#[tokio::test]
async fn the_behaviour_suite_holds_where_only_the_status_fails() {
    let rig = Rig { only: Some(STATUS), ..Rig::start().await };
    let report = suite::run(&rig).await.unwrap_or_else(|failures| panic!("{failures:#?}"));
    assert!(report.checks > 100, "only {} checks", report.checks);
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
async fn the_dossier_goes_with_every_call_and_the_officer() {
    let rig = Rig::start().await;
    rig.adapter.ask(&cases(&rig)[0].ask).await.unwrap();
    let calls: Vec<_> =
        rig.sandbox.calls().calls.into_iter().filter(|call| call.registry == REGISTRY).collect();
    assert!(!calls.is_empty());
    for call in calls {
        assert_eq!(call.dossier.as_deref(), Some("H32.201-261121-0007"), "{}", call.operation);
        assert!(call.officer, "{}", call.operation);
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
    wanting(dataset, &[])
}

/// Everything that is not fetched apart, and `apart`.
fn wanting(dataset: Dataset, apart: &[&str]) -> Want {
    let own = dataset.field_set(["deceased", "missing"]).unwrap_or_default();
    let apart = dataset.field_set(apart.iter().copied()).unwrap();
    Want::Record { dataset, fields: dataset.all_fields().minus(own).union(apart), holder: None }
}

fn config(sandbox: &Sandbox) -> PopulationConfig {
    let credentials = &sandbox.credentials().population;
    PopulationConfig {
        http: http(sandbox.endpoints().of(REGISTRY)),
        user: credentials.user.clone(),
        secret: Secret::inline(credentials.secret.clone()),
        api_key: Secret::inline(credentials.api_key.clone()),
        x_road_client: credentials.x_road_client.clone(),
        account: "motlan".to_owned(),
        phone: "02583000000".to_owned(),
        default_procedure: ProcedureCode::parse("1.004222").unwrap(),
        paths: PopulationPaths::default(),
    }
}

fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

fn cases(rig: &Rig) -> Vec<Case> {
    let world = rig.sandbox.world();
    let personas = world.personas();
    let known = person(&personas.successor_id);
    let unknown = SubjectKey::Person(person(&personas.unknown_person));
    let head = SubjectKey::Person(person(&personas.split_household_head));
    let full_name = name(&world.person(&personas.successor_id).unwrap().full_name());
    let confirm = Want::Confirm { full_name };
    vec![
        Case {
            name: "person",
            ask: rig.ask(record(Dataset::Person), SubjectKey::Person(known)),
            expected: Expected::Found,
        },
        Case {
            name: "person with status",
            ask: rig.ask(wanting(Dataset::Person, &["missing"]), SubjectKey::Person(known)),
            expected: Expected::Found,
        },
        Case {
            name: "nobody",
            ask: rig.ask(record(Dataset::Person), unknown.clone()),
            expected: Expected::NotFound,
        },
        Case { name: "household", ask: rig.ask(record(Dataset::Household), head), expected: Expected::Found },
        Case {
            name: "no household",
            ask: rig.ask(record(Dataset::Household), unknown.clone()),
            expected: Expected::NotFound,
        },
        Case {
            name: "confirmation",
            ask: rig.ask(confirm.clone(), SubjectKey::Person(known)),
            expected: Expected::Confirmed(true),
        },
        Case { name: "denial", ask: rig.ask(confirm, unknown), expected: Expected::Confirmed(false) },
    ]
}

fn status_cases(rig: &Rig) -> Vec<Case> {
    let personas = rig.sandbox.world().personas();
    let case = |name, id: &str, expected| Case {
        name,
        ask: rig.ask(wanting(Dataset::Person, &["deceased"]), SubjectKey::Person(person(id))),
        expected,
    };
    vec![
        case("the dead", &personas.deceased, Expected::Found),
        case("the living", &personas.successor_id, Expected::Found),
        case("nobody", &personas.unknown_person, Expected::NotFound),
    ]
}

async fn lookup(rig: &Rig, subject: SubjectKey) -> Person {
    let fetched = rig.fetch(record(Dataset::Person), subject).await;
    assert_eq!(fetched.completeness, Completeness::Complete);
    match fetched.records.as_slice() {
        [Record::Person(person)] => (**person).clone(),
        other => panic!("{} records", other.len()),
    }
}

#[tokio::test]
async fn everybody_reads_whole_and_as_the_world_has_them() {
    let rig = Rig::start().await;
    let world = Arc::clone(rig.sandbox.world());
    let mut read = 0;
    for truth in world.people.iter().step_by(7).filter(|truth| !truth.id.is_empty()) {
        let person = lookup(&rig, SubjectKey::Person(person(&truth.id))).await;
        assert_eq!(person.full_name.unwrap().expose(), truth.full_name());
        assert_eq!(person.birth_date.unwrap().to_string().replace('-', ""), truth.birth.compact());
        assert_eq!(person.cmnd.map(|cmnd| cmnd.expose().to_owned()), truth.cmnd);
        let father = person.father.and_then(|father| father.personal_id);
        assert_eq!(
            father.map(|id| id.expose().to_owned()),
            truth.father.map(|at| world.people[at].id.clone()).filter(|id| !id.is_empty())
        );
        assert_eq!(person.permanent_residence.unwrap().commune_code, truth.permanent.commune);
        read += 1;
    }
    assert!(read > 100, "only {read} people");
}

#[tokio::test]
async fn the_hard_cases_are_found() {
    let rig = Rig::start().await;
    let personas = rig.sandbox.world().personas().clone();
    let elder = Cmnd::parse(&personas.elder_cmnd, &RULES).unwrap();
    let by_cmnd = lookup(&rig, SubjectKey::Cmnd(elder.clone())).await;
    assert!(by_cmnd.cmnd == Some(elder));
    let year_only = lookup(&rig, SubjectKey::Person(person(&personas.year_only_birth))).await;
    assert!(!year_only.birth_date.unwrap().is_full());
    let by_old_id = lookup(&rig, SubjectKey::Person(person(&personas.cancelled_id))).await;
    assert_eq!(by_old_id.personal_id.unwrap().expose(), personas.successor_id);
    assert!(by_old_id.aliases.unwrap()[0].cancelled);
}

#[tokio::test]
async fn a_household_names_its_head_and_its_members() {
    let rig = Rig::start().await;
    let personas = rig.sandbox.world().personas().clone();
    let member = SubjectKey::Person(person(&personas.split_household_member));
    let fetched = rig.fetch(record(Dataset::Household), member).await;
    assert_eq!(fetched.completeness, Completeness::Complete);
    let [Record::Household(household)] = fetched.records.as_slice() else { panic!("no household") };
    let head = household.head.as_ref().unwrap().personal_id.unwrap();
    assert_eq!(head.expose(), personas.split_household_head);
    // The address is the head's, though the member lives elsewhere.
    let address = household.address.as_ref().unwrap();
    assert_eq!(address.commune_code.as_deref(), Some(personas.split_household_communes[0].as_str()));
    let members = household.members.as_ref().unwrap();
    assert!(members.len() >= 2);
    assert!(members.iter().all(|member| member.relation_to_head.is_some()));
}

#[tokio::test]
async fn confirmation_hangs_on_the_name_but_not_on_its_marks() {
    let rig = Rig::start().await;
    let pair = rig.sandbox.world().personas().tone_pair.clone();
    for (claimed, expected) in
        [(pair.first_name.as_str(), true), (&pair.second_name, true), ("Trần Văn Khác", false)]
    {
        let want = Want::Confirm { full_name: name(claimed) };
        let reply = rig.adapter.ask(&rig.ask(want, SubjectKey::Person(person(&pair.first)))).await.unwrap();
        assert!(matches!(reply, Reply::Confirmed { exists, .. } if exists == expected));
    }
}

#[tokio::test]
async fn a_production_adapter_takes_no_synthetic_person() {
    let rig = Rig::start().await;
    let adapter =
        PopulationAdapter::new(config(&rig.sandbox), Synthetic::Refused, rig.clock.clone()).unwrap();
    let ask = &cases(&rig)[0].ask;
    let Reply::Records(fetched) = adapter.ask(ask).await.unwrap() else { panic!("no records") };
    assert!(fetched.records.is_empty());
    assert!(matches!(fetched.completeness, Completeness::Incomplete { .. }));
}

async fn status(rig: &Rig, id: &str, apart: &[&str]) -> (Person, Fetched) {
    let fetched = rig.fetch(wanting(Dataset::Person, apart), SubjectKey::Person(person(id))).await;
    let [Record::Person(person)] = fetched.records.as_slice() else { panic!("no person") };
    ((**person).clone(), fetched)
}

#[tokio::test]
async fn death_is_told_to_those_who_ask() {
    let rig = Rig::start().await;
    let personas = rig.sandbox.world().personas().clone();
    for (id, deceased) in [(&personas.deceased, true), (&personas.cancelled_id, false)] {
        for apart in ["deceased", "missing"] {
            let (person, fetched) = status(&rig, id, &[apart]).await;
            assert_eq!((person.deceased, person.missing), (Some(deceased), Some(false)));
            assert_eq!(fetched.completeness, Completeness::Complete);
            assert_eq!(fetched.source_data_time, "2026-11-20T15:00:00Z".parse().ok());
            let [first, second] = fetched.upstream_ids.as_slice() else { panic!("two exchanges") };
            assert_eq!(*second, format!("{first}-2"));
        }
    }
    assert_eq!(rig.sandbox.calls().count(REGISTRY, STATUS), 4);
}

#[tokio::test]
async fn who_does_not_ask_is_told_nothing_and_no_exchange_is_made() {
    let rig = Rig::start().await;
    let dead = rig.sandbox.world().personas().deceased.clone();
    let (person, fetched) = status(&rig, &dead, &[]).await;
    assert_eq!((person.deceased, person.missing, fetched.source_data_time), (None, None, None));
    assert_eq!((fetched.completeness, fetched.upstream_ids.len()), (Completeness::Complete, 1));
    let unknown = SubjectKey::Person(self::person(&rig.sandbox.world().personas().unknown_person));
    rig.fetch(wanting(Dataset::Person, &["deceased"]), unknown).await;
    assert_eq!(rig.sandbox.calls().count(REGISTRY, STATUS), 0);
}

/// What the answer to a plain question lacks of its own is what the adapter
/// says it fetches apart.
#[tokio::test]
async fn it_says_what_it_fetches_apart() {
    let rig = Rig::start().await;
    let apart = rig.adapter.fetched_apart(Dataset::Person);
    assert_eq!(apart.names(Dataset::Person), ["deceased", "missing"]);
    assert!(rig.adapter.fetched_apart(Dataset::Household).is_empty());
    let dead = rig.sandbox.world().personas().deceased.clone();
    let plain = status(&rig, &dead, &[]).await.0.present();
    let whole = status(&rig, &dead, &["deceased", "missing"]).await.0.present();
    assert_eq!(whole.minus(plain), apart);
}
