//! More people than an entry can name: what was asked has its outcome.

use motlan_audit_tree::Outcome as EntryOutcome;
use motlan_domain::dataset::Dataset;
use motlan_domain::id::{IdRules, PersonalId, Synthetic};
use motlan_domain::identity::IdentityClaim;
use motlan_domain::name::PersonName;
use motlan_domain::question::Claim;
use motlan_domain::record::{Certificate, Owner, OwnerKind};
use motlan_domain::{Completeness, Operation, Purpose, Question, Record, Trace};

use super::*;
use crate::answer::{FieldStates, Freshness};
use crate::operate::tests::code;
use crate::rig::Rig;

fn id(serial: u32) -> PersonalId {
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
    PersonalId::parse(&format!("097090{serial:06}"), &rules).unwrap()
}

/// A permitted question about the applicant of an open dossier.
async fn asking(rig: &Rig) -> Asking {
    rig.open().await;
    let claim = IdentityClaim { full_name: PersonName::new("Nguyễn Văn An").unwrap(), birth_date: None };
    let question = Question {
        operation: Operation::VerifyIdentity,
        subject: SubjectKey::Person(id(123)),
        fields: FieldSet::EMPTY,
        purpose: Purpose::Dossier(code()),
        max_age: None,
        claim: Some(Claim::Identity(claim)),
        trace: Trace::new(1, 1, false),
    };
    let identity = rig.identity("one-stop-216");
    Asking::of(&rig.pipeline.access().decide(&identity, question).await.unwrap())
}

/// A record of so many owners.
fn owned_by(people: u32) -> Fetched {
    let owner = |serial| Owner {
        kind: OwnerKind::Individual,
        full_name: None,
        personal_id: Some(id(serial)),
        organisation: None,
        enterprise_code: None,
        share: None,
    };
    // Each twice: the second time says nothing new.
    let owners = (1_000..1_000 + people).chain(1_000..1_000 + people).map(owner).collect();
    let certificate = Certificate { owners: Some(owners), ..Certificate::default() };
    Fetched {
        records: vec![Record::Certificate(Box::new(certificate))],
        retrieved_at: "2026-11-21T03:00:00Z".parse().unwrap(),
        source_data_time: None,
        completeness: Completeness::Complete,
        upstream_ids: vec!["exchange-1".to_owned()],
    }
}

#[tokio::test]
async fn an_answer_about_more_people_than_an_entry_names_has_its_outcome() {
    let rig = Rig::new(Vec::new());
    let asking = asking(&rig).await;
    let ledger = rig.pipeline.ledger();
    let fetched = owned_by(600);
    let people: Vec<DraftSubject> =
        (1_000..1_600).map(|serial| subject(&SubjectKey::Person(id(serial)), "owner")).collect();
    let at = fetched.retrieved_at;
    let answer = Answer {
        operation: Operation::GetCertificate,
        outcome: Outcome::Found,
        records: fetched.records.clone().into(),
        form: crate::Form::default(),
        withheld: None,
        fields: FieldStates { present: Dataset::Certificate.all_fields(), ..FieldStates::default() },
        incomplete: None,
        freshness: Freshness { retrieved_at: at, source_data_time: None, valid_until: at, cache: None },
        verdict: None,
    };
    let tie = Refusal::denied(Reason::OwnerNotInDossier);
    for (how, reason, outcome) in [
        ("answered", "SOURCE_MALFORMED", "SOURCE_UNAVAILABLE"),
        ("considered", "SOURCE_MALFORMED", "SOURCE_UNAVAILABLE"),
        ("refused", "OWNER_NOT_IN_DOSSIER", "DENIED"),
    ] {
        let intent = ledger.intent(&asking, "exchange-1").await.unwrap();
        let from = Provenance {
            state: CacheState::Miss,
            fetched_by: intent,
            fetched: Some(&fetched),
            upstream: &fetched.upstream_ids,
            owed: None,
        };
        let told = match how {
            "answered" => ledger.answered(&asking, &answer, b"{}", people.clone(), from).await.map(drop),
            "considered" => ledger.considered(&asking, &answer, people.clone(), from).await.map(drop),
            _ => ledger.refused(&asking, tie.clone(), Some(from)).await,
        };
        let Err(NotReleased::Refused(sealed)) = told else { panic!("{how}: {told:?}") };
        assert_eq!(sealed.value().reason.code(), reason, "{how}");
        let entry = rig.log.get(sealed.receipt().index).await.unwrap().unwrap().entry;
        assert_eq!(sealed.receipt().index, intent + 1, "{how}: nobody was introduced in between");
        assert_eq!((entry.kind, entry.intent), (Kind::AccessOutcome, Some(intent)), "{how}");
        assert_eq!(entry.outcome.map(EntryOutcome::as_str), Some(outcome), "{how}");
        assert_eq!(entry.reason.as_deref(), Some(reason), "{how}");
        let roles: Vec<_> = entry.subjects.iter().map(|subject| subject.role.to_string()).collect();
        assert_eq!(roles, [asking.role.to_string()], "{how}: whom was asked about, alone");
    }
    assert!(rig.log.find_subject(&people[0].identifier).await.unwrap().is_none());
    // Control: a crowd that fits is named, each once.
    let fetched = owned_by(20);
    let from = Provenance {
        state: CacheState::Hit,
        fetched_by: 0,
        fetched: Some(&fetched),
        upstream: &[],
        owed: None,
    };
    let told = ledger.refused::<()>(&asking, tie, Some(from)).await;
    let Err(NotReleased::Refused(sealed)) = told else { panic!("{told:?}") };
    let entry = rig.log.get(sealed.receipt().index).await.unwrap().unwrap().entry;
    assert_eq!(entry.subjects.len(), 21);
}

/// Nobody waits for it, and it can never be written as it is: it is not tried for ever.
#[tokio::test]
async fn an_outcome_given_up_that_is_too_long_is_told_in_short() {
    let rig = Rig::new(Vec::new());
    let asking = asking(&rig).await;
    let ledger = rig.pipeline.ledger();
    for (people, told) in [(600, 1), (2, 2)] {
        let intent = ledger.intent(&asking, "exchange-1").await.unwrap();
        let mut draft = asking.undisclosed(Kind::AccessOutcome);
        draft.intent = Some(intent);
        draft.outcome = Some(EntryOutcome::Failed);
        let more = (1..people).map(|serial| subject(&SubjectKey::Person(id(2_000 + serial)), "owner"));
        draft.subjects.extend(more);
        ledger.close(draft);
        ledger.close_left().await;
        assert_eq!(ledger.owing(), 0, "{people}: it has its place");
        let next = rig.pipeline.ledger().intent(&asking, "exchange-2").await.unwrap();
        let mut outcomes = Vec::new();
        for index in intent + 1..next {
            outcomes.push(rig.log.get(index).await.unwrap().unwrap().entry);
        }
        outcomes.retain(|entry| entry.intent == Some(intent));
        assert_eq!(outcomes.len(), 1, "{people}");
        assert_eq!(outcomes[0].subjects.len(), told, "{people}: whom was asked about is named");
    }
}
