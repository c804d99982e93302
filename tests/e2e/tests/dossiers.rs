//! Opening, looking at and closing dossiers: evidence, roles, repeated and
//! racing requests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::items_after_statements,
    reason = "test code"
)]

use std::sync::Arc;
use std::time::Duration;

use motlan::clock::SystemClock;
use motlan_domain::{Clock as _, ManualClock};
use motlan_e2e::*;
use motlan_harness::{Opening, Plan, Refusal, World};
use motlan_proto::audit::v1::EntryKind;
use motlan_proto::dossier::v1::opening_evidence::Evidence as Shown;
use motlan_proto::dossier::v1::{Assertion, DossierState, Evidence, OpenDossierRequest, OpeningEvidence};
use tonic::Code;

const RESIDENCE_AT: &str = "one-stop";

fn show(request: &mut OpenDossierRequest, receipt: &str) {
    request.evidence = Some(OpeningEvidence { evidence: Some(Shown::AcceptanceReceipt(receipt.to_owned())) });
}

/// The portal's receipt over the request as it is.
fn sign(world: &World, request: &mut OpenDossierRequest) {
    let receipt = world.running().world().acceptance(request).unwrap();
    show(request, &receipt);
}

fn receipt_of(request: &OpenDossierRequest) -> String {
    match request.evidence.as_ref().and_then(|evidence| evidence.evidence.clone()) {
        Some(Shown::AcceptanceReceipt(receipt)) => receipt,
        _ => panic!("the request shows no receipt"),
    }
}

fn anew(request: &OpenDossierRequest, world: &World, plan: &Plan) -> OpenDossierRequest {
    let mut other = request.clone();
    other.request_id = uuid::Uuid::new_v4().to_string();
    other.dossier_code = plan.dossier_code(world.next_serial());
    other
}

async fn opened_entries(world: &World, dossier: &str, index: u64) -> usize {
    let entries = entries_of(world, dossier, index).await;
    entries.iter().filter(|entry| entry.kind() == EntryKind::DossierOpened).count()
}

#[tokio::test]
async fn evidence_is_weighed_recorded_and_told() {
    let world = World::start().await.unwrap();
    for (opening, strength, name) in [
        (Opening::of(RESIDENCE), Evidence::AcceptanceReceipt, "ACCEPTANCE_RECEIPT"),
        (Opening::of(RESIDENCE).asserted(), Evidence::Asserted, "ASSERTED"),
    ] {
        let dossier = opened(&world, &opening).await;
        let told = dossier.answer.dossier.as_ref().unwrap();
        assert_eq!((told.evidence(), told.state()), (strength, DossierState::Open));
        let entry = entry_at(&world, dossier.answer.receipt.as_ref().unwrap()).await;
        assert_eq!(entry.kind(), EntryKind::DossierOpened);
        let body: serde_json::Value = serde_json::from_slice(&entry.canonical).unwrap();
        assert_eq!(body["evidence"], name, "{body}");
        assert_eq!(entry.subjects.len(), dossier.plan.subjects.len());
        assert_eq!((entry.dossier_code.as_str(), entry.procedure_code.as_str()), (&*dossier.code, RESIDENCE));
        // Whoever looks is told roles and kinds, no identifier.
        let office = world.connect(RESIDENCE_AT).unwrap();
        let view = get_dossier(&office, &dossier.code).await.expect("its office looks").dossier.unwrap();
        assert_eq!(view.evidence(), strength);
        assert_eq!(view.subjects.len(), dossier.plan.subjects.len());
        assert!(view.subjects.iter().any(|subject| subject.role == "applicant"));
        assert_eq!(view.catalogue_digest, world.running().world().catalogue().digest());
    }
    // An office takes a dossier under a code of its own, on its own word.
    let plan = world.plan(&Opening::of(RESIDENCE)).unwrap();
    let request = world.request(&Opening::of(RESIDENCE).asserted(), &plan).unwrap();
    let office = world.connect(RESIDENCE_AT).unwrap();
    let told = open(&office, &request).await.expect("an office opens").dossier.unwrap();
    assert_eq!(told.evidence(), Evidence::Asserted);
    world.stop().await.unwrap();
}

#[tokio::test]
async fn evidence_that_does_not_hold_opens_nothing() {
    let clock = Arc::new(ManualClock::at(SystemClock::start().now()));
    let world = World::start_at(Arc::clone(&clock) as Arc<_>).await.unwrap();
    let opening = Opening::of(RESIDENCE);
    let plan = world.plan(&opening).unwrap();
    let good = world.request(&opening, &plan).unwrap();
    let other_family = world.plan(&opening.clone().family(1)).unwrap();
    let portal = world.portal_for(&plan).unwrap();
    let signed = |request: &OpenDossierRequest| world.running().world().acceptance(request).unwrap();

    type Change<'a> = Box<dyn Fn(&mut OpenDossierRequest) + 'a>;
    let table: Vec<(&str, Change<'_>)> = vec![
        ("another dossier code", Box::new(|r| r.dossier_code = plan.dossier_code(world.next_serial()))),
        ("another case", Box::new(|r| r.case = "rented".to_owned())),
        (
            "one subject more",
            Box::new(|r| {
                let mut more = r.subjects[0].clone();
                more.role = "household_head".to_owned();
                more.subject = other_family.request("H32.202-261121-0001").subjects[0].subject.clone();
                r.subjects.push(more);
            }),
        ),
        ("one subject less", Box::new(|r| r.subjects.truncate(1))),
        (
            "another certificate",
            Box::new(|r| {
                let others = other_family.request("H32.202-261121-0001").subjects;
                let certificate = others.into_iter().find(|subject| subject.role == "certificate");
                r.subjects[1].subject = certificate.unwrap().subject;
            }),
        ),
        ("no receipt at all", Box::new(|r| show(r, "not.a.receipt"))),
        (
            "a citizen's token",
            Box::new(|r| {
                let token = world.citizen_token(&plan.applicant).unwrap();
                show(r, &world.running().world().issuers().sign(&token).unwrap());
            }),
        ),
        (
            "an altered receipt",
            Box::new(|r| {
                let (mine, other) = (receipt_of(r), signed(&anew(r, &world, &plan)));
                show(
                    r,
                    &format!("{}.{}", mine.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1),
                );
            }),
        ),
    ];
    let mut seen = 0;
    for (what, change) in &table {
        let mut request = anew(&good, &world, &plan);
        sign(&world, &mut request);
        change(&mut request);
        let before = world.total_calls();
        let told = open(&portal, &request).await;
        denied(&world, what, told, Code::PermissionDenied, "EVIDENCE_INVALID", before).await;
        let told = get_dossier(&portal, &request.dossier_code).await;
        refused(what, told, Code::PermissionDenied, "DOSSIER_UNKNOWN");
        seen += 1;
    }
    assert_eq!(seen, 8);
    drop(table);
    // The portal's receipt is no evidence in another's hand.
    let mut request = anew(&good, &world, &plan);
    sign(&world, &mut request);
    let told = open(&world.connect(RESIDENCE_AT).unwrap(), &request).await;
    refused("an office shows the portal's receipt", told, Code::PermissionDenied, "EVIDENCE_INVALID");

    // It holds now, is answered again after it expired, and opens nothing then.
    let first = open(&portal, &request).await.expect("at the portal it holds");
    let mut late = anew(&good, &world, &plan);
    sign(&world, &mut late);
    clock.advance(Duration::from_secs(700));
    let portal = world.portal_for(&plan).unwrap();
    let before = world.total_calls();
    let told = open(&portal, &late).await;
    denied(&world, "expired", told, Code::PermissionDenied, "EVIDENCE_EXPIRED", before).await;
    let again = open(&portal, &request).await.expect("the repetition is answered");
    assert_eq!(again.receipt.unwrap().index, first.receipt.unwrap().index);
    world.stop().await.unwrap();
}

#[tokio::test]
async fn repeated_and_racing_openings() {
    let world = World::start().await.unwrap();
    let opening = Opening::of(RESIDENCE);
    let plan = world.plan(&opening).unwrap();
    let portal = world.portal_for(&plan).unwrap();
    let request = world.request(&opening, &plan).unwrap();
    let first = open(&portal, &request).await.expect("opens");
    let again = open(&portal, &request).await.expect("is answered again");
    assert_eq!(first, again, "the same answer, the same receipt");
    let index = first.receipt.as_ref().unwrap().index;
    let mut changed = request.clone();
    changed.case = "rented".to_owned();
    let told = open(&portal, &changed).await;
    let refusal = refused("another body", told, Code::AlreadyExists, "REQUEST_ID_REUSED");
    entry_of(&world, "another body", &refusal).await;
    let mut other = request.clone();
    other.request_id = uuid::Uuid::new_v4().to_string();
    let told = open(&portal, &other).await;
    refused("the code is taken", told, Code::AlreadyExists, "DOSSIER_EXISTS");
    assert_eq!(opened_entries(&world, &request.dossier_code, index).await, 1);

    // Twelve openings of one code under ids of their own: one wins.
    let rivals: Vec<OpenDossierRequest> = {
        let mut one = anew(&request, &world, &plan);
        sign(&world, &mut one);
        let rival = |_| OpenDossierRequest { request_id: uuid::Uuid::new_v4().to_string(), ..one.clone() };
        (0..12).map(rival).collect()
    };
    let told = futures::future::join_all(rivals.iter().map(|rival| open(&portal, rival))).await;
    let (won, lost): (Vec<_>, Vec<_>) = told.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 11));
    for told in lost {
        refused("a rival", told, Code::AlreadyExists, "DOSSIER_EXISTS");
    }
    let index = won[0].as_ref().unwrap().receipt.as_ref().unwrap().index;
    assert_eq!(opened_entries(&world, &rivals[0].dossier_code, index).await, 1);

    // Twelve copies of one request: one answer for all.
    let mut same = anew(&request, &world, &plan);
    sign(&world, &mut same);
    let told = futures::future::join_all((0..12).map(|_| open(&portal, &same))).await;
    let mut receipts: Vec<u64> =
        told.into_iter().map(|told| told.expect("every copy is answered").receipt.unwrap().index).collect();
    receipts.dedup();
    assert_eq!(receipts.len(), 1, "one receipt: {receipts:?}");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn roles_agencies_and_closing() {
    let world = World::start().await.unwrap();
    let opening = Opening::of(RESIDENCE);
    let plan = world.plan(&opening).unwrap();
    let portal = world.portal_for(&plan).unwrap();
    let good = world.request(&opening, &plan).unwrap();
    let change = |change: &dyn Fn(&mut OpenDossierRequest)| {
        let mut request = anew(&good, &world, &plan);
        change(&mut request);
        sign(&world, &mut request);
        request
    };
    let invalid = [
        (
            "a role of another procedure",
            change(&|r| r.subjects[1].role = "deceased".to_owned()),
            "ROLE_UNKNOWN",
        ),
        (
            "a role of another kind",
            change(&|r| r.subjects[1].role = "household_head".to_owned()),
            "ROLE_UNKNOWN",
        ),
        ("no applicant", change(&|r| r.subjects[0].role = "household_head".to_owned()), "APPLICANT_MISSING"),
        ("nobody", change(&|r| r.subjects.clear()), "APPLICANT_MISSING"),
        ("an unknown case", change(&|r| r.case = "no_such_case".to_owned()), "CASE_UNKNOWN"),
        ("an unknown agency", change(&|r| r.agency_code = "H32.999".to_owned()), "AGENCY_UNKNOWN"),
        ("an unknown procedure", change(&|r| r.procedure_code = "9.999999".to_owned()), "PROCEDURE_UNKNOWN"),
    ];
    for (what, request, reason) in &invalid {
        let told = open(&portal, request).await;
        let refusal = refused(what, told, Code::InvalidArgument, reason);
        assert!(!refusal.violations.is_empty(), "{what}: the field is named");
    }
    let land = world.member("department").unwrap().agency.clone();
    let stranger = world
        .connect_with("portal", &world.citizen_token(&world.families()[1].applicant.id).unwrap())
        .unwrap();
    let other_office = world.connect("one-stop-h32-205").or_else(|_| world.connect("department")).unwrap();
    let no = [
        (
            "an agency that does not decide it",
            &portal,
            change(&|r| r.agency_code.clone_from(&land)),
            "AGENCY_NOT_ALLOWED",
        ),
        ("a citizen for somebody else", &stranger, change(&|_| ()), "CITIZEN_SCOPE"),
        ("an office for another", &other_office, change(&|_| ()), "AGENCY_NOT_ALLOWED"),
    ];
    for (what, by, request, reason) in &no {
        let mut request = request.clone();
        if *what == "an office for another" {
            request.evidence = Some(OpeningEvidence { evidence: Some(Shown::Assertion(Assertion {})) });
        }
        let before = world.total_calls();
        denied(&world, what, open(by, &request).await, Code::PermissionDenied, reason, before).await;
    }

    let dossier = opened(&world, &opening).await;
    let office = world.connect(RESIDENCE_AT).unwrap();
    let id = uuid::Uuid::new_v4().to_string();
    let first = close_as(&office, &dossier.code, &id, "DECIDED").await.expect("closes");
    let again = close_as(&office, &dossier.code, &id, "DECIDED").await.expect("is answered again");
    assert_eq!(first, again);
    assert_eq!(first.dossier.as_ref().unwrap().state(), DossierState::Closed);
    assert_eq!(first.dossier.as_ref().unwrap().close_reason.as_deref(), Some("DECIDED"));
    let entry = entry_at(&world, first.receipt.as_ref().unwrap()).await;
    assert_eq!((entry.kind(), entry.reason.as_str()), (EntryKind::DossierClosed, "DECIDED"));
    let told = close_as(&office, &dossier.code, &id, "WITHDRAWN").await;
    refused("another body", told, Code::AlreadyExists, "REQUEST_ID_REUSED");
    let told = close(&office, &dossier.code).await;
    let refusal = refused("closed already", told, Code::PermissionDenied, "DOSSIER_CLOSED");
    entry_of(&world, "closed already", &refusal).await;
    let told = resolve(&office, &dossier.code).await.map_err(|status| Refusal::from(status).reason);
    assert_eq!(told.err().as_deref(), Some("DOSSIER_CLOSED"));
    let view = get_dossier(&office, &dossier.code).await.expect("a closed dossier can be looked at");
    assert_eq!(view.dossier.unwrap().state(), DossierState::Closed);
    world.stop().await.unwrap();
}
