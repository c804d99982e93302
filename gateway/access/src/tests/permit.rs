//! What a permit carries, how it ends, and what it rests on.

use motlan_domain::{
    CacheScope, Dataset, Evidence, FieldSet, Operation, Outcome, Purpose, Reason, SubjectKey,
};

use super::data::{Dossiers, For};
use super::world::{self, By, World, applicant, head, land, person, purpose, question, stranger};
use crate::{Actor, GUESS_LIMIT};

use Operation::{GetCertificate, GetPerson, VerifyIdentity};

#[tokio::test]
async fn a_changed_policy_changes_the_decision_and_a_bad_one_changes_nothing() {
    let world = World::in_folder(
        |dir| world::policies(&dir.join("policies")),
        |config| config.policy_dir = Some(config.directory.with_file_name("policies")),
    )
    .unwrap();
    let dossiers = Dossiers::open(&world, 1).await;
    let identity = world.identity("one-stop-216", By::Officer);
    let ask = || question(GetPerson, applicant(), &["full_name"], dossiers.purpose(For::Own));
    let before = world.access.digests();
    for _ in 0..2 {
        let permit = world.access.decide(&identity, ask()).await.unwrap();
        assert_eq!(**permit.basis().policy_digest(), *before.policies);
    }

    let file = world.dir.path().join("policies/one_stop.cedar");
    let shipped = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, shipped.replace("context.handles", "context.handels")).unwrap();
    let errors = world.access.reload().unwrap_err().to_string();
    assert!(errors.contains("handels"), "{errors}");
    assert_eq!(world.access.digests(), before, "the old set stays");
    assert!(world.access.decide(&identity, ask()).await.is_ok());

    let narrowed = shipped.replace("context.handles", "context.opened");
    std::fs::write(&file, narrowed).unwrap();
    let after = world.access.reload().unwrap();
    assert_ne!(after.policies, before.policies);
    let denial = world.access.decide(&identity, ask()).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::PolicyDenied, "default deny, and no memo of the old set");
    assert_eq!(**denial.basis().unwrap().policy_digest(), *after.policies);
}

#[tokio::test]
async fn a_permit_carries_what_follows_it() {
    let world = World::new();
    let dossiers = Dossiers::open(&world, 1).await;
    let own = dossiers.purpose(For::Own);
    let person_fields = world.registered("applicant", Dataset::Person);

    let identity = world.identity("one-stop-216", By::Officer);
    let all = question(GetPerson, applicant(), &[], own.clone());
    let permit = world.access.decide(&identity, all).await.unwrap();
    assert_eq!(permit.fields(), person_fields);
    assert_eq!((permit.role(), permit.evidence()), (Some("applicant"), Some(Evidence::AcceptanceReceipt)));
    assert!(permit.known_person(id(&head()).as_ref().unwrap()) && !permit.knows(&stranger()));
    assert!(!permit.requires_link() && !permit.legal_basis().is_empty());
    assert_eq!(permit.policies(), ["one_stop.data"]);
    let Actor::Officer(officer) = permit.actor() else { panic!("an officer") };
    assert_eq!(permit.on_behalf().officer_id, *officer.personal_id());
    assert_eq!(
        permit.on_behalf().procedure.as_ref().map(motlan_domain::id::ProcedureCode::as_str),
        Some("1.004222")
    );
    let scopes = [CacheScope::None, CacheScope::Dossier, CacheScope::Agency, CacheScope::Province];
    let keys = scopes.map(|scope| permit.scope_key(scope));
    let expected = [None, Some("d:H32.216-261121-0002"), Some("a:H32.216"), Some("p")];
    assert_eq!(keys, expected.map(|key| key.map(str::to_owned)));

    let identity = world.identity("portal", By::Applicant);
    let narrow = question(GetPerson, applicant(), &["full_name"], own.clone());
    let permit = world.access.decide(&identity, narrow).await.unwrap();
    let asked = Dataset::Person.field_set(["full_name"]).unwrap();
    assert_eq!((permit.fields(), permit.registered_fields()), (asked, person_fields));
    assert_eq!(
        permit.on_behalf().officer_id,
        *id(&person("097180000001")).as_ref().unwrap(),
        "the responsible officer"
    );
    assert_eq!(permit.on_behalf().agency.as_str(), "H32.216", "of the dossier's agency");

    let identity = world.identity("one-stop-216", By::Officer);
    let tied = question(GetCertificate, land(), &[], own);
    assert!(world.access.decide(&identity, tied).await.unwrap().requires_link());

    let identity = world.identity("verifier", By::Absent);
    let verify = question(VerifyIdentity, stranger(), &[], dossiers.purpose(For::Identity));
    let permit = world.access.decide(&identity, verify).await.unwrap();
    assert_eq!(permit.scope_key(CacheScope::Dossier).as_deref(), Some("r:identity-verification:H32.991"));
    assert!(permit.dossier().is_none() && !permit.values() && !permit.knows(&stranger()));
    assert_ne!(permit.fields(), FieldSet::EMPTY);
}

#[tokio::test]
async fn who_is_linked_counts_for_a_tie_only_where_that_tells_of_no_link() {
    let world = World::new();
    let dossiers = Dossiers::open(&world, 1).await;
    let (strong, weak) = (dossiers.purpose(For::Own), dossiers.purpose(For::Asserted));
    // Direct: verifying is all that needs no values. For a component: whoever acts.
    let rows = [
        (By::Officer, &strong, None, true),
        (By::Absent, &strong, None, false),
        (By::Officer, &weak, None, false),
        (By::Officer, &strong, Some("applicant"), true),
        (By::Absent, &strong, Some("applicant"), true),
        (By::Officer, &weak, Some("applicant"), false),
        (By::Absent, &weak, Some("applicant"), false),
    ];
    let (head, applicant_id) = (id(&head()).unwrap(), id(&applicant()).unwrap());
    for (by, purpose, role, counts) in rows {
        let what = format!("{by:?} {purpose:?} {role:?}");
        let identity = world.identity("one-stop-216", by);
        let permit = if let Some(role) = role {
            let asked = question(GetPerson, applicant(), &["full_name"], purpose.clone());
            world.access.decide_component(&identity, asked, role).await.unwrap()
        } else {
            let asked = question(VerifyIdentity, applicant(), &["full_name"], purpose.clone());
            let permit = world.access.decide(&identity, asked).await.unwrap();
            world.access.settle(&permit, None, None).await.unwrap();
            permit
        };
        assert_eq!(permit.known_person(&head), counts, "{what}");
        assert!(permit.known_person(&applicant_id), "{what}: whoever was named always counts");
        assert!(permit.knows(&SubjectKey::Person(head)), "{what}: control, the head stands there");
    }
}

fn id(key: &SubjectKey) -> Option<motlan_domain::id::PersonalId> {
    match key {
        SubjectKey::Person(id) => Some(*id),
        _ => None,
    }
}

#[tokio::test]
async fn the_sixth_wrong_guess_of_a_day_is_refused() {
    let world = World::new();
    let identity = world.identity("verifier", By::Officer);
    let ask = |subject: SubjectKey| question(VerifyIdentity, subject, &[], purpose("identity-verification"));
    let verify = async |subject: SubjectKey, outcome: Option<Outcome>| {
        let permit = world.access.decide(&identity, ask(subject)).await.map_err(|denial| denial.reason())?;
        world.access.settle(&permit, outcome, None).await
    };
    for outcome in [Some(Outcome::Match), None, Some(Outcome::SourceUnavailable)] {
        for _ in 0..2 * GUESS_LIMIT {
            verify(stranger(), outcome).await.unwrap();
        }
    }
    let wrong =
        [Outcome::Mismatch, Outcome::NotFound, Outcome::Mismatch, Outcome::NotFound, Outcome::Incomplete];
    for outcome in wrong {
        verify(stranger(), Some(outcome)).await.unwrap();
    }
    assert_eq!(verify(stranger(), Some(Outcome::Match)).await, Err(Reason::GuessLimit));
    verify(applicant(), Some(Outcome::Match)).await.unwrap();
    // 03:00 UTC is 10:00 in Viet Nam: the day ends 14 hours later.
    world.advance(14 * 3600 - 1);
    let identity = world.identity("verifier", By::Officer);
    let late = world.access.decide(&identity, ask(stranger())).await;
    assert_eq!(late.unwrap_err().reason(), Reason::GuessLimit);
    world.advance(1);
    assert!(world.access.decide(&identity, ask(stranger())).await.is_ok(), "a new day in Viet Nam");
}

#[tokio::test]
async fn an_old_id_is_no_second_set_of_guesses() {
    let world = World::new();
    let identity = world.identity("verifier", By::Officer);
    let rules =
        motlan_domain::id::IdRules { synthetic: motlan_domain::id::Synthetic::Allowed, present_year: 2026 };
    let cmnd = || SubjectKey::Cmnd(motlan_domain::id::Cmnd::parse("225123456", &rules).unwrap());
    let holder = id(&stranger());
    let verify = async |subject: SubjectKey, outcome: Outcome| {
        let ask = question(VerifyIdentity, subject, &[], purpose("identity-verification"));
        let permit = world.access.decide(&identity, ask).await.map_err(|denial| denial.reason())?;
        world.access.settle(&permit, Some(outcome), holder).await
    };
    for _ in 0..2 * GUESS_LIMIT {
        verify(cmnd(), Outcome::Match).await.unwrap();
    }
    for _ in 0..3 {
        verify(cmnd(), Outcome::Mismatch).await.unwrap();
    }
    for _ in 3..GUESS_LIMIT {
        verify(stranger(), Outcome::Mismatch).await.unwrap();
    }
    assert_eq!(verify(stranger(), Outcome::Match).await, Err(Reason::GuessLimit), "one person, one limit");
    assert_eq!(verify(cmnd(), Outcome::Match).await, Err(Reason::GuessLimit), "not even a match is told");
    // Durable: as many are counted for the person as were wrong.
    let digest = world.register.subject_digest(&stranger());
    let (agency, day) = (world::agency_code("H32.991"), jiff::civil::date(2026, 11, 21));
    assert_eq!(world.register.guesses(&agency, digest, day).await.unwrap(), GUESS_LIMIT);
}

#[tokio::test]
async fn concurrent_guesses_do_not_exceed_the_limit() {
    let world = World::new();
    let identity = world.identity("verifier", By::Officer);
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (access, identity) = (world.access.clone(), identity.clone());
        let ask = question(VerifyIdentity, stranger(), &[], purpose("identity-verification"));
        guesses.spawn(async move { access.decide(&identity, ask).await.is_ok() });
    }
    let mut permitted = 0;
    while let Some(result) = guesses.join_next().await {
        permitted += u32::from(result.unwrap());
    }
    assert_eq!(permitted, GUESS_LIMIT);
}

#[tokio::test]
async fn a_registered_purpose_ends() {
    let world = World::new();
    let ask = || question(VerifyIdentity, stranger(), &[], purpose("identity-verification"));
    world.clock.set("2027-12-31T16:59:59Z".parse().unwrap());
    let identity = world.identity("verifier", By::Absent);
    assert!(world.access.decide(&identity, ask()).await.is_ok(), "its last second in Viet Nam");
    world.advance(1);
    let denial = world.access.decide(&identity, ask()).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::PurposeExpired);
}

#[tokio::test]
async fn a_lost_register_is_no_yes() {
    let world = World::new();
    let dossiers = Dossiers::open(&world, 1).await;
    let identity = world.identity("one-stop-216", By::Officer);
    world.register.close().await;
    let unknown = question(GetPerson, applicant(), &[], dossiers.purpose(For::Unknown));
    let denial = world.access.decide(&identity, unknown).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::StoreUnavailable);
    let verify = question(VerifyIdentity, applicant(), &[], dossiers.purpose(For::Own));
    let denial = world.access.decide(&identity, verify).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::StoreUnavailable, "an attempt that cannot be counted is not made");
}

/// "Not in the dossier" against a verdict would tell who is family.
#[tokio::test]
async fn a_claim_names_a_linked_person_only_for_an_officer_on_evidence() {
    let world = World::new();
    let (strong, asserted) = (Evidence::AcceptanceReceipt, Evidence::Asserted);
    let cases = [(strong, By::Officer, true), (strong, By::Absent, false), (asserted, By::Officer, false)];
    for (serial, (evidence, by, linked)) in (1..).zip(cases) {
        let code = world.dossier(serial, "H32.216", evidence).await;
        let identity = world.identity("one-stop-216", by);
        let ask = question(VerifyIdentity, applicant(), &[], Purpose::Dossier(code));
        let permit = world.access.decide(&identity, ask).await.unwrap();
        assert!(permit.may_claim(&id(&applicant()).unwrap()), "{evidence:?}: named at opening");
        assert_eq!(permit.may_claim(&id(&head()).unwrap()), linked, "{evidence:?}");
        assert!(!permit.may_claim(&id(&stranger()).unwrap()), "{evidence:?}");
    }
}
