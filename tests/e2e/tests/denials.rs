//! Wrong person, wrong dossier, wrong field, wrong credential: denied with the
//! reason, recorded, and no registry asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity,
    reason = "test code"
)]

use motlan::sandbox::pki::Authority;
use motlan_e2e::*;
use motlan_harness::{Connection, Credentials, Opening, TokenSpec, World};
use motlan_proto::audit::v1::{EntryKind, SearchEntriesRequest};
use motlan_proto::common::v1::Outcome;
use tonic::Code;
use tonic_types::StatusExt as _;

/// The question of a dossier's officer about its own applicant is answered;
/// all else here differs from it in one thing.
async fn the_permitted_one(world: &World, by: &Connection, code: &str, id: &str) {
    let before = world.total_calls();
    let answer = get_person(by, dossier(code), id, &["full_name", "birth_date"]).await.expect("permitted");
    assert_eq!(answer.outcome(), Outcome::Found);
    assert!(answer.record.is_some_and(|record| record.full_name.is_some()));
    assert!(world.total_calls() > before, "the registry was asked");
}

/// Everything a registry could be told of the intents so far.
async fn intents(world: &World) -> usize {
    let intents = SearchEntriesRequest { kind: EntryKind::AccessIntent.into(), ..Default::default() };
    world.search(intents).await.unwrap().len()
}

#[tokio::test]
async fn questions_beyond_the_dossier_are_denied_recorded_and_ask_nobody() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let foreign = opened(&world, &Opening::of(RESIDENCE).family(1)).await;
    assert_ne!(own.office, foreign.office, "two communes");
    let closed = opened(&world, &Opening::of(RESIDENCE)).await;
    let asserted = opened(&world, &Opening::of(RESIDENCE).asserted()).await;
    let marriage = opened(&world, &Opening::of("1.000894")).await;
    let office = world.connect(&own.office).unwrap();
    let nobody = world.connect_as_nobody(&own.office).unwrap();
    close(&office, &closed.code).await.expect("closes");
    let (me, stranger) = (own.plan.applicant.clone(), world.families()[1].applicant.id.clone());
    let spouse = world.families()[0].spouse.id.clone();
    let partner = world.families()[0].betrothed[1].id.clone();
    let party = world.portal_for(&marriage.plan).unwrap();
    the_permitted_one(&world, &office, &own.code, &me).await;
    let citizen = world.portal_for(&own.plan).unwrap();
    get_person(&citizen, dossier(&own.code), &me, &["full_name"])
        .await
        .expect("the citizen about themselves");
    assert_eq!(intents(&world).await, 1, "one question went out, one came from the cache");
    let (other_citizen, verifier) = (
        world.connect_with("portal", &world.citizen_token(&stranger).unwrap()).unwrap(),
        world.connect("verifier").unwrap(),
    );
    let (auditor, department) = (world.connect("auditor").unwrap(), world.connect("department").unwrap());
    let portal_nobody = world.connect_as_nobody("portal").unwrap();
    let unknown = own.plan.dossier_code(9_999);
    let elsewhere = own.plan.agency.replace("H32.", "H31.") + &own.code[own.plan.agency.len()..];

    let table: Vec<(&str, &Connection, Option<&str>, &str, &[&str], &str)> = vec![
        (
            "an unrelated person",
            &office,
            Some(&own.code),
            &stranger,
            &["full_name"],
            "SUBJECT_NOT_IN_DOSSIER",
        ),
        (
            "an unrelated person, all fields",
            &office,
            Some(&own.code),
            &stranger,
            &[],
            "SUBJECT_NOT_IN_DOSSIER",
        ),
        (
            "the applicant's spouse, unnamed",
            &citizen,
            Some(&own.code),
            &spouse,
            &[],
            "SUBJECT_NOT_IN_DOSSIER",
        ),
        ("a closed dossier", &office, Some(&closed.code), &me, &[], "DOSSIER_CLOSED"),
        ("an unknown dossier", &office, Some(&unknown), &me, &[], "DOSSIER_UNKNOWN"),
        ("another province's dossier", &office, Some(&elsewhere), &me, &[], "DOSSIER_UNKNOWN"),
        ("a foreign dossier", &office, Some(&foreign.code), &stranger, &[], "DOSSIER_UNKNOWN"),
        (
            "a dossier of a commune, at a department",
            &department,
            Some(&own.code),
            &me,
            &[],
            "DOSSIER_UNKNOWN",
        ),
        (
            "an unregistered field",
            &office,
            Some(&own.code),
            &me,
            &["full_name", "hometown"],
            "FIELD_NOT_REGISTERED",
        ),
        ("a sensitive field", &office, Some(&own.code), &me, &["full_name", "religion"], "FIELD_SENSITIVE"),
        ("nobody acting", &nobody, Some(&own.code), &me, &["full_name"], "ACTOR_ABSENT"),
        ("nobody at the portal", &portal_nobody, Some(&own.code), &me, &["full_name"], "ACTOR_ABSENT"),
        (
            "a dossier on bare assertion",
            &office,
            Some(&asserted.code),
            &me,
            &["full_name"],
            "EVIDENCE_TOO_WEAK",
        ),
        ("the citizen, on bare assertion", &citizen, Some(&asserted.code), &me, &[], "EVIDENCE_TOO_WEAK"),
        (
            "a citizen about no family role",
            &party,
            Some(&marriage.code),
            &partner,
            &["full_name"],
            "CITIZEN_SCOPE",
        ),
        ("a citizen in another's dossier", &other_citizen, Some(&own.code), &me, &[], "CITIZEN_SCOPE"),
        ("the verifier, in a dossier", &verifier, Some(&own.code), &me, &[], "DOSSIER_UNKNOWN"),
        ("the auditor, in a dossier", &auditor, Some(&own.code), &me, &[], "DOSSIER_UNKNOWN"),
        ("no purpose", &office, None, &me, &["full_name"], "PURPOSE_MISSING"),
    ];
    let mut seen = 0;
    for (what, by, code, subject, names, reason) in &table {
        let before = world.total_calls();
        let told = get_person(by, code.and_then(dossier), subject, names).await;
        let entry = denied(&world, what, told, Code::PermissionDenied, reason, before).await;
        assert_eq!(entry.outcome(), Outcome::Denied, "{what}");
        assert!(!entry.caller_system.is_empty(), "{what}: the caller stands in the entry");
        seen += 1;
    }
    assert_eq!(seen, 19);

    // The entry names dossier and officer, and the stranger by pseudonym only.
    let before = world.total_calls();
    let told = get_person(&office, dossier(&own.code), &stranger, &[]).await;
    let entry = denied(&world, "again", told, Code::PermissionDenied, "SUBJECT_NOT_IN_DOSSIER", before).await;
    let officer = &world.member(&own.office).unwrap().account;
    assert_eq!((&entry.dossier_code, &entry.officer_account), (&own.code, officer));
    assert!(!String::from_utf8_lossy(&entry.canonical).contains(stranger.as_str()));
    assert_eq!(intents(&world).await, 1, "only the permitted question was about to be asked");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn other_questions_and_rights_are_denied_too() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let (me, family) = (own.plan.applicant.clone(), world.families()[0].clone());
    let office = world.connect(&own.office).unwrap();
    let verifier = world.connect("verifier").unwrap();
    let (identity, enterprise) = (registered("identity-verification"), registered("enterprise-verification"));
    let d = dossier(&own.code);
    let no = Code::PermissionDenied;
    let before = world.total_calls();
    let w = &world;

    let told = get_participation_of(&office, d.clone(), &me).await;
    denied(w, "a dataset not registered", told, no, "DATASET_NOT_REGISTERED", before).await;
    let told = get_household(&office, d.clone(), &family.spouse.id).await;
    denied(w, "the household of one not named", told, no, "SUBJECT_NOT_IN_DOSSIER", before).await;
    let told = get_certificate(&office, d.clone(), &world.personas().mortgaged).await;
    denied(w, "a certificate not named", told, no, "SUBJECT_NOT_IN_DOSSIER", before).await;
    let told = get_enterprise(&office, d.clone(), &family.enterprise).await;
    denied(w, "an enterprise not named", told, no, "SUBJECT_NOT_IN_DOSSIER", before).await;
    let told = get_participation(&office, d.clone(), &family.applicant.insurance_number).await;
    denied(w, "an insurance number not named", told, no, "SUBJECT_NOT_IN_DOSSIER", before).await;
    let told = verify(&office, d.clone(), &family.spouse.id, &family.spouse.name, None).await;
    denied(w, "verifying one not named", told, no, "SUBJECT_NOT_IN_DOSSIER", before).await;

    let told = get_person(&verifier, identity.clone(), &me, &["full_name"]).await;
    denied(w, "the verifier reads", told, no, "ROLE_NOT_ALLOWED", before).await;
    let told = get_enterprise(&verifier, enterprise.clone(), &family.enterprise).await;
    denied(w, "the verifier reads an enterprise", told, no, "ROLE_NOT_ALLOWED", before).await;
    let told = verify_enterprise(&verifier, identity.clone(), &family.enterprise, (None, None, true)).await;
    denied(w, "a purpose that does not cover it", told, no, "PURPOSE_OPERATION", before).await;
    let told = verify(&office, identity.clone(), &me, &family.applicant.name, None).await;
    denied(w, "a purpose of another agency", told, no, "PURPOSE_UNKNOWN", before).await;
    let told = verify(&verifier, registered("no-such-purpose"), &me, &family.applicant.name, None).await;
    denied(w, "an unknown purpose", told, no, "PURPOSE_UNKNOWN", before).await;
    let auditor = world.connect("auditor").unwrap();
    let told = verify(&auditor, identity.clone(), &me, &family.applicant.name, None).await;
    denied(w, "the auditor verifies", told, no, "PURPOSE_UNKNOWN", before).await;
    let told = resolve(&auditor, &own.code).await;
    denied(w, "the auditor resolves", told, no, "DOSSIER_UNKNOWN", before).await;

    for who in ["portal", "one-stop", "department", "verifier"] {
        let by = world.connect(who).unwrap();
        let told = by.audit().search_entries(SearchEntriesRequest::default()).await;
        let entry = denied(w, &format!("{who} searches the log"), told, no, "AUDITOR_ONLY", before).await;
        assert_eq!(entry.caller_system, who);
        let told = by.audit().get_entry(motlan_proto::audit::v1::GetEntryRequest { index: 0 }).await;
        denied(w, &format!("{who} reads the log"), told, no, "AUDITOR_ONLY", before).await;
    }
    // The auditor's certificate without the officer who reads: a machine.
    let machine = world.connect_as_nobody("auditor").unwrap();
    let told = machine.audit().search_entries(SearchEntriesRequest::default()).await;
    let entry = denied(w, "nobody searches the log", told, no, "ACTOR_ABSENT", before).await;
    assert_eq!((entry.caller_system.as_str(), entry.operation.as_str()), ("auditor", "read_log"));
    let told = machine.audit().get_entry(motlan_proto::audit::v1::GetEntryRequest { index: 0 }).await;
    denied(w, "nobody reads the log", told, no, "ACTOR_ABSENT", before).await;
    // The counter counts: a permitted question moves it.
    the_permitted_one(&world, &office, &own.code, &me).await;
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_foreign_dossier_answers_as_an_unknown_one() {
    let world = World::start().await.unwrap();
    let foreign = opened(&world, &Opening::of(RESIDENCE).family(1)).await;
    let closed = opened(&world, &Opening::of(RESIDENCE).family(1)).await;
    close(&world.connect(&foreign.office).unwrap(), &closed.code).await.expect("closes");
    let office = world.connect("one-stop").unwrap();
    let me = world.families()[1].applicant.id.clone();
    let unknown = foreign.plan.dossier_code(9_999);
    let mut seen = Vec::new();
    for code in [&foreign.code, &closed.code, &unknown] {
        for call in ["ask", "view", "close", "resolve"] {
            let status = match call {
                "ask" => get_person(&office, dossier(code), &me, &[]).await.expect_err(code),
                "view" => get_dossier(&office, code).await.expect_err(code),
                "close" => close(&office, code).await.expect_err(code),
                _ => resolve(&office, code).await.expect_err(code),
            };
            let mut details = status.get_error_details();
            let info = details.error_info().cloned().expect("ErrorInfo");
            assert_eq!(info.reason, "DOSSIER_UNKNOWN", "{call} {code}");
            let (receipt, mut rest): (Vec<_>, Vec<_>) =
                info.metadata.into_iter().partition(|(key, _)| key.starts_with("receipt_"));
            assert_eq!(receipt.len(), 3, "{call} {code}: a receipt");
            rest.sort();
            details.set_error_info(info.reason, info.domain, std::collections::HashMap::new());
            seen.push((call, format!("{:?} {} {details:?} {rest:?}", status.code(), status.message())));
        }
    }
    assert_eq!(seen.len(), 12);
    for (call, text) in &seen {
        let first = seen.iter().find(|(other, _)| other == call).unwrap();
        assert_eq!(text, &first.1, "{call} tells a foreign dossier from an unknown one");
    }
    // The same dossier answers to the one who handles it.
    get_dossier(&world.connect(&foreign.office).unwrap(), &foreign.code).await.expect("its own");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn credentials_that_do_not_hold_are_unauthenticated_and_recorded() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let me = own.plan.applicant.clone();
    the_permitted_one(&world, &world.connect(&own.office).unwrap(), &own.code, &me).await;
    let good = world.officer_token(&own.office).unwrap();
    let with = |change: &dyn Fn(&mut TokenSpec)| {
        let mut token = good.clone();
        change(&mut token);
        world.connect_with(&own.office, &token).unwrap()
    };
    let other = world.officer_token("department").unwrap();
    let raw = |token: &str| world.connect(&own.office).unwrap().with_token(Some(token)).unwrap();
    let signed = world.running().world().issuers().sign(&good).unwrap();
    let others = world.running().world().issuers().sign(&other).unwrap();
    let forged = format!("{}.{}", signed.rsplit_once('.').unwrap().0, others.rsplit_once('.').unwrap().1);

    let table: Vec<(&str, Connection, &str)> = vec![
        ("a token of another agency", with(&|t| t.agency = other.agency.clone()), "TOKEN_AGENCY"),
        ("an officer of another agency", with(&|t| t.sub = other.sub.clone()), "TOKEN_AGENCY"),
        ("no agency", with(&|t| t.agency = None), "TOKEN_AGENCY"),
        ("a token of another certificate", with(&|t| t.cnf = other.cnf.clone()), "TOKEN_BINDING"),
        ("another system's token", raw(&others), "TOKEN_BINDING"),
        ("expired", with(&|t| (t.iat, t.exp) = (t.iat - 1_800, t.iat - 900)), "TOKEN_EXPIRED"),
        ("not yet valid", with(&|t| (t.iat, t.exp) = (t.iat + 600, t.iat + 1_200)), "TOKEN_EXPIRED"),
        ("for another audience", with(&|t| t.aud = "another-gateway".to_owned()), "TOKEN_AUDIENCE"),
        ("too long-lived", with(&|t| t.exp = t.iat + 901), "TOKEN_LIFETIME"),
        ("an unknown officer", with(&|t| t.sub = "canbo.nobody".to_owned()), "OFFICER_UNKNOWN"),
        ("an unknown issuer", with(&|t| t.iss = "another-idp".to_owned()), "TOKEN_SIGNATURE"),
        ("signed by nobody", raw(&forged), "TOKEN_SIGNATURE"),
        ("malformed", raw("not.a.token"), "TOKEN_MALFORMED"),
        (
            "an unknown caller",
            world.connect_as_system("nobody-knows-it", Some(&good)).unwrap(),
            "CALLER_UNKNOWN",
        ),
        (
            "its second certificate",
            world.connect_as_system(&own.office, Some(&good)).unwrap(),
            "TOKEN_BINDING",
        ),
    ];
    let mut seen = 0;
    for (what, by, reason) in &table {
        let before = world.total_calls();
        let told = get_person(by, dossier(&own.code), &me, &["full_name"]).await;
        let entry = denied(&world, what, told, Code::Unauthenticated, reason, before).await;
        assert!(entry.dossier_code.is_empty(), "{what}: nothing of the request was looked at");
        seen += 1;
    }
    assert_eq!(seen, 15);
    // A kind of token this caller may not use is a denial of a right, not of a credential.
    let before = world.total_calls();
    let thumbprint = &world.member(&own.office).unwrap().credential.thumbprint;
    let citizen = TokenSpec::citizen(&me, thumbprint, world.clock().now());
    let told =
        get_person(&world.connect_with(&own.office, &citizen).unwrap(), dossier(&own.code), &me, &[]).await;
    let refusal = refused("a citizen at an office", told, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    assert_eq!(world.total_calls(), before);
    let entry = entry_of(&world, "a citizen at an office", &refusal).await;
    assert!([EntryKind::AccessDenied, EntryKind::CredentialRefused].contains(&entry.kind()));
    world.stop().await.unwrap();
}

#[tokio::test]
async fn without_a_certificate_of_the_authority_there_is_no_connection() {
    let world = World::start().await.unwrap();
    let stranger = Authority::new(world.clock().now()).unwrap().client("one-stop").unwrap();
    let shown = world.shown(&stranger, None);
    let by = Connection::lazy(world.running().gateway().grpc(), &shown).unwrap();
    let status = get_dossier(&by, "H32.202-261121-0001").await.expect_err("no handshake");
    assert!(status.get_error_details().error_info().is_none(), "no word of the gateway: {status:?}");
    // With the authority's own the same call gets a word of the gateway.
    let own = world.member("one-stop").unwrap();
    let by: Credentials = world.shown(&own.credential, None);
    let by = Connection::lazy(world.running().gateway().grpc(), &by).unwrap();
    let status = get_dossier(&by, "H32.202-261121-0001").await.expect_err("unknown");
    assert!(status.get_error_details().error_info().is_some());
    world.stop().await.unwrap();
}
