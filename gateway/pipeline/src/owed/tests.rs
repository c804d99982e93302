//! Every intent has one outcome, whoever goes, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use motlan_access::{Identity, OpenRequest};
use motlan_api::Want;
use motlan_audit::Entry;
use motlan_catalogue::RoleId;
use motlan_domain::dataset::{Dataset, Registry};
use motlan_domain::date::PartialDate;
use motlan_domain::id::{
    AgencyCode, DossierCode, IdRules, InsuranceNumber, PersonalId, ProcedureCode, RequestId, Synthetic,
};
use motlan_domain::name::PersonName;
use motlan_domain::record::{Participation, Person};
use motlan_domain::{
    CachePolicy, CacheScope, Completeness, Fetched, Operation, Purpose, Question, Record, SubjectKey, Trace,
};
use motlan_dossier::RequestKey;

use super::*;
use crate::answer::{Answer, Refusal};
use crate::rig::{Rig, Slow, TRACE};
use crate::sealed::{NotReleased, Sealed};

const SYSTEM: &str = "employment";
const INSURED: &str = "9700000001";
const PERSON: &[Dataset] = &[Dataset::Person];
const INSURANCE: &[Dataset] = &[Dataset::Participation];

type Told = Result<Sealed<(Answer, ())>, NotReleased<Refusal>>;

/// A dossier of one worker and an insurance number, before two slow registries.
struct Office {
    rig: Rig,
    identity: Identity,
    population: Arc<Slow>,
    insurance: Arc<Slow>,
}

// === impl Office ===

impl Office {
    async fn new() -> Self {
        Self::with(|_| Ok(reply(person())), BTreeMap::default()).await
    }

    async fn with(
        population: impl Fn(&Want) -> Result<Reply, FetchError> + Send + Sync + 'static,
        policies: BTreeMap<Dataset, CachePolicy>,
    ) -> Self {
        let population = Slow::new(Registry::Population, PERSON, population);
        let insurance = Slow::new(Registry::Insurance, INSURANCE, |_| Ok(reply(participation())));
        let rig = Rig::with(vec![population.clone(), insurance.clone()], policies);
        let request = OpenRequest {
            code: code(),
            procedure: ProcedureCode::parse("1.014748").unwrap(),
            case: None,
            agency: AgencyCode::parse("H32.11.01").unwrap(),
            subjects: vec![
                (RoleId::APPLICANT.to_owned(), worker()),
                ("insurance".to_owned(), SubjectKey::Insurance(InsuranceNumber::parse(INSURED).unwrap())),
            ],
            receipt: None,
        };
        let identity = rig.identity(SYSTEM);
        let key = RequestKey {
            system: SYSTEM.into(),
            request_id: RequestId::parse("o1").unwrap(),
            body_sha256: [1; 32],
        };
        rig.pipeline.open_dossier(&identity, request, key, TRACE).await.unwrap();
        Self { rig, identity, population, insurance }
    }

    /// Asks about the worker, as a component does.
    fn person(&self) -> impl Future<Output = Told> + Send + use<> {
        self.ask(Operation::GetPerson, worker(), RoleId::APPLICANT)
    }

    fn participation(&self) -> impl Future<Output = Told> + Send + use<> {
        let subject = SubjectKey::Insurance(InsuranceNumber::parse(INSURED).unwrap());
        self.ask(Operation::GetParticipation, subject, "insurance")
    }

    fn ask(
        &self,
        operation: Operation,
        subject: SubjectKey,
        role: &'static str,
    ) -> impl Future<Output = Told> + Send + use<> {
        let (pipeline, identity) = (Arc::clone(&self.rig.pipeline), self.identity.clone());
        let question = Question {
            operation,
            subject,
            fields: operation.dataset().field_set([]).unwrap(),
            purpose: Purpose::Dossier(code()),
            max_age: None,
            claim: None,
            trace: Trace::new(7, 8, false),
        };
        async move { pipeline.ask_for_component(&identity, question, role, |_| ()).await }
    }

    /// Waits until no flight is under way.
    async fn landed(&self) {
        self.rig.tasks.close();
        self.rig.tasks.wait().await;
        self.rig.tasks.reopen();
    }

    /// The entries of the log, with all that is under way.
    async fn entries(&self) -> Vec<Entry> {
        // One more, so that all before it are durable.
        self.rig.log.append(Draft::new(Kind::LogRead)).await.unwrap();
        let mut found = Vec::new();
        for index in 0..self.rig.log.health().durable {
            found.push(self.rig.log.get(index).await.unwrap().unwrap().entry);
        }
        found
    }

    /// The outcome of each intent in order: each has one and no more.
    async fn outcomes(&self) -> Vec<Entry> {
        let entries = self.entries().await;
        let outcome = |intent: &Entry| {
            let citing: Vec<_> = entries.iter().filter(|entry| entry.intent == Some(intent.index)).collect();
            assert_eq!(citing.len(), 1, "{intent:?}: {citing:?}");
            citing[0].clone()
        };
        entries.iter().filter(|entry| entry.kind == Kind::AccessIntent).map(outcome).collect()
    }
}

fn code() -> DossierCode {
    DossierCode::parse("H32.11.01-261121-0007").unwrap()
}

fn id() -> PersonalId {
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
    PersonalId::parse("097090000123", &rules).unwrap()
}

fn worker() -> SubjectKey {
    SubjectKey::Person(id())
}

/// Who the worker is, as both registries hold it.
fn known() -> (Option<PersonName>, Option<PartialDate>) {
    (PersonName::new("Nguyễn Văn An").ok(), PartialDate::parse_iso("1990-05-17").ok())
}

fn person() -> Record {
    let (full_name, birth_date) = known();
    Record::Person(Box::new(Person { personal_id: Some(id()), full_name, birth_date, ..Person::default() }))
}

/// As the insurance database keeps it: without a personal id.
fn participation() -> Record {
    let (full_name, birth_date) = known();
    let insurance_number = Some(InsuranceNumber::parse(INSURED).unwrap());
    let held = Participation { insurance_number, full_name, birth_date, ..Participation::default() };
    Record::Participation(Box::new(held))
}

fn reply(record: Record) -> Reply {
    Reply::Records(Fetched {
        records: vec![record],
        retrieved_at: "2026-11-21T03:00:00Z".parse().unwrap(),
        source_data_time: Some("2026-11-20T03:00:00Z".parse().unwrap()),
        completeness: Completeness::Complete,
        upstream_ids: vec!["exchange-1".to_owned()],
    })
}

fn failure() -> FetchError {
    let upstream_ids = vec!["exchange-2".to_owned()];
    FetchError::Unavailable { reason: Reason::SourceTimeout, retry_after: None, upstream_ids }
}

fn found(told: Told) -> Sealed<(Answer, ())> {
    told.unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// Given up; the registry had answered, or not.
fn assert_given_up(outcome: &Entry, upstream: &[&str], answered: bool) {
    assert_eq!(outcome.kind, Kind::AccessOutcome);
    assert_eq!((outcome.outcome, outcome.reason.as_deref()), (Some(EntryOutcome::Failed), Some("GIVEN_UP")));
    assert_eq!(outcome.upstream, upstream, "{outcome:?}");
    let source = outcome.source.as_ref().unwrap();
    assert_eq!((source.from, source.fetched_by), (SourceFrom::Registry, None));
    assert_eq!(source.retrieved_at.is_some(), answered, "{outcome:?}");
    assert!(outcome.fields.as_ref().unwrap().disclosed.is_empty() && outcome.commitment.is_none());
    assert_eq!(outcome.subjects.len(), 1);
    assert_eq!(outcome.dossier(), Some(code().as_str()));
}

#[tokio::test]
async fn who_goes_before_the_registry_answers_leaves_an_outcome() {
    let office = Office::new().await;
    let mut asker = Box::pin(office.person());
    assert!(futures::poll!(&mut asker).is_pending());
    tokio::select! {
        _ = &mut asker => panic!("nobody answered"),
        () = office.population.asked() => {}
    }
    drop(asker);
    let open = office.entries().await;
    assert!(open.iter().all(|entry| entry.kind != Kind::AccessOutcome), "the registry has not answered yet");
    office.population.answer(1);
    office.landed().await;
    let outcomes = office.outcomes().await;
    assert_eq!(outcomes.len(), 1);
    assert_given_up(&outcomes[0], &["exchange-1"], true);
    // The answer was kept: who asks next is served, and cites the same intent.
    found(office.person().await);
    let last = office.entries().await.into_iter().rfind(|entry| entry.kind == Kind::AccessOutcome).unwrap();
    assert_eq!((last.intent, last.source.unwrap().fetched_by), (None, outcomes[0].intent));
    assert_eq!(office.outcomes().await.len(), 1);
}

#[tokio::test]
async fn who_goes_after_the_answer_landed_leaves_an_outcome() {
    for (fails, upstream) in [(false, "exchange-1"), (true, "exchange-2")] {
        let answer = move |_: &Want| if fails { Err(failure()) } else { Ok(reply(person())) };
        let office = Office::with(answer, BTreeMap::default()).await;
        let mut asker = Box::pin(office.person());
        tokio::select! {
            _ = &mut asker => panic!("nobody answered"),
            () = office.population.asked() => {}
        }
        office.population.answer(1);
        office.landed().await;
        let open = office.entries().await;
        assert!(
            open.iter().all(|entry| entry.kind != Kind::AccessOutcome),
            "the asker has not come to it yet"
        );
        drop(asker);
        let outcomes = office.outcomes().await;
        assert_eq!(outcomes.len(), 1);
        assert_given_up(&outcomes[0], &[upstream], !fails);
    }
}

#[tokio::test]
async fn who_goes_while_the_outcome_is_written_leaves_that_one() {
    let office = Office::new().await;
    office.population.answer(1);
    let mut asker = Box::pin(office.person());
    // Polled until its outcome is begun, and no further than it then is.
    while futures::poll!(&mut asker).is_pending() && !office.entries().await.iter().any(is_outcome) {}
    drop(asker);
    office.landed().await;
    assert_eq!(office.outcomes().await.len(), 1);
}

fn is_outcome(entry: &Entry) -> bool {
    entry.kind == Kind::AccessOutcome
}

#[tokio::test]
async fn who_joined_a_flight_does_not_settle_what_is_owed_for_it() {
    let office = Office::new().await;
    let (mut leader, mut follower) = (Box::pin(office.person()), Box::pin(office.person()));
    tokio::select! {
        _ = &mut leader => panic!("nobody answered"),
        () = office.population.asked() => {}
    }
    // The one who leads, and the one who has joined.
    while office.rig.pipeline.sources.cache.waiting() < 2 {
        assert!(futures::poll!(&mut follower).is_pending());
        tokio::task::yield_now().await;
    }
    drop(leader);
    office.population.answer(1);
    found(follower.await);
    office.landed().await;
    let outcomes = office.outcomes().await;
    assert_eq!(outcomes.len(), 1);
    assert_given_up(&outcomes[0], &["exchange-1"], true);
    let entries = office.entries().await;
    let others: Vec<_> = entries.iter().filter(|entry| is_outcome(entry) && entry.intent.is_none()).collect();
    assert_eq!(others.len(), 1);
    let source = others[0].source.as_ref().unwrap();
    assert_eq!((source.from, source.fetched_by), (SourceFrom::Coalesced, outcomes[0].intent));
    assert_eq!(others[0].outcome, Some(EntryOutcome::Found));
}

#[tokio::test]
async fn a_search_for_a_tie_that_is_cut_off_leaves_its_outcome() {
    let office = Office::new().await;
    office.insurance.answer(1);
    // Population says nothing until the search has been given up.
    let told = office.participation().await;
    let Err(NotReleased::Refused(sealed)) = told else { panic!("{told:?}") };
    assert_eq!(sealed.value().reason, Reason::SourceTimeout);
    office.population.asked().await;
    office.population.answer(1);
    office.landed().await;
    let outcomes = office.outcomes().await;
    assert_eq!(outcomes.len(), 2, "the question, and the lookup for its tie");
    assert_eq!(outcomes[0].reason.as_deref(), Some("SOURCE_TIMEOUT"));
    assert_eq!(outcomes[1].operation.as_deref(), Some("find_tie"));
    assert_given_up(&outcomes[1], &["exchange-1"], true);
    // Control: with what was fetched in the end the tie is found.
    found(office.participation().await);
}

#[tokio::test]
async fn a_flight_that_renews_what_is_kept_has_its_outcome() {
    let day = Duration::from_hours(24);
    let mut policy = CachePolicy::default_for(Dataset::Person);
    policy.scope = CacheScope::Dossier;
    (policy.stale_while_revalidate, policy.stale_if_error) = (day, day);
    let fails = Arc::new(std::sync::atomic::AtomicBool::new(false));
    for failing in [false, true] {
        let down = Arc::clone(&fails);
        let answer = move |_: &Want| {
            let down = down.load(std::sync::atomic::Ordering::SeqCst);
            if down { Err(failure()) } else { Ok(reply(person())) }
        };
        let office = Office::with(answer, BTreeMap::from([(Dataset::Person, policy)])).await;
        office.population.answer(1);
        found(office.person().await);
        fails.store(failing, std::sync::atomic::Ordering::SeqCst);
        office.rig.clock.advance(policy.max_age + Duration::from_secs(1));
        found(office.person().await);
        office.population.answer(1);
        office.landed().await;
        let outcomes = office.outcomes().await;
        assert_eq!(outcomes.len(), 2);
        let expected = if failing {
            (Some(EntryOutcome::SourceUnavailable), Some("SOURCE_TIMEOUT"))
        } else {
            (Some(EntryOutcome::Found), None)
        };
        assert_eq!((outcomes[1].outcome, outcomes[1].reason.as_deref()), expected);
        fails.store(false, std::sync::atomic::Ordering::SeqCst);
    }
}

#[tokio::test]
async fn without_an_intent_nothing_is_owed_and_without_a_log_it_is_not_forgotten() {
    let mut office = Office::new().await;
    let mut asker = Box::pin(office.person());
    tokio::select! {
        _ = &mut asker => panic!("nobody answered"),
        () = office.population.asked() => {}
    }
    let audit = std::mem::replace(&mut office.rig.audit, Rig::new(Vec::new()).audit);
    audit.shutdown().await;
    office.population.answer(1);
    assert!(matches!(asker.await, Err(NotReleased::Unrecorded(_))), "nothing is told");
    office.landed().await;
    assert_eq!(office.rig.pipeline.ledger().owing(), 1, "it is tried again while the process lives");
    // A question that could not even be intended owes nothing.
    assert!(matches!(office.participation().await, Err(NotReleased::Unrecorded(_))));
    office.landed().await;
    assert_eq!(office.rig.pipeline.ledger().owing(), 1);
}
