//! What one caller may have the log write, whatever it is told.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use motlan_audit::{Aggregate, Kind};
use motlan_pipeline::{QuotaOptions, Rate};
use motlan_proto::common::v1 as common;
use motlan_proto::dossier::v1 as dossier;
use prost::Message as _;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use super::rig::{Raw, Rig, raw, raw_request, reason};

const LIST: &str = "/motlan.catalogue.v1.CatalogueService/ListProcedures";
const OPEN: &str = "/motlan.dossier.v1.DossierService/OpenDossier";
const VIEW: &str = "/motlan.dossier.v1.DossierService/GetDossier";

/// The clock of the rig stands still, so nothing comes back to a quota.
fn quota(refusals: u32, entries: u32) -> QuotaOptions {
    let rate = |burst| Rate { burst, per_second: 1 };
    QuotaOptions { refusals: rate(refusals), entries: rate(entries), ..QuotaOptions::default() }
}

/// An opening of always the same dossier, each time as another request.
fn opening(serial: usize) -> Vec<u8> {
    use common::subject_key::Key;
    let person = common::SubjectKey { key: Some(Key::PersonalId("097090000123".into())) };
    let request = dossier::OpenDossierRequest {
        request_id: format!("r-{serial}"),
        dossier_code: "H32.216-261121-0007".into(),
        procedure_code: "1.004222".into(),
        case: String::new(),
        agency_code: "H32.216".into(),
        subjects: vec![dossier::NamedSubject { role: "applicant".into(), subject: Some(person) }],
        evidence: Some(dossier::OpeningEvidence {
            evidence: Some(dossier::opening_evidence::Evidence::Assertion(dossier::Assertion {})),
        }),
    };
    request.encode_to_vec()
}

/// A look at a dossier that nobody opened.
fn looking() -> Vec<u8> {
    dossier::GetDossierRequest { dossier_code: "H32.217-261121-0001".into() }.encode_to_vec()
}

/// Ends the server; then every aggregate in the log, by caller and reason.
async fn aggregates(rig: &mut Rig) -> BTreeMap<(String, String), u64> {
    rig.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(10), rig.serving.join_next()).await;
    ended.expect("ends in time").expect("one task").expect("no panic");
    let mut found = BTreeMap::new();
    for index in 0..rig.entries() {
        let entry = rig.log.get(index).await.expect("readable").expect("durable").entry;
        if entry.kind != Kind::RefusalsAggregated {
            continue;
        }
        let caller = entry.caller.expect("a caller");
        let name = caller.system.or(caller.certificate.map(|_| "unknown".into())).expect("named");
        let Aggregate { count, from, reason, to } = entry.aggregate.expect("an aggregate");
        assert_eq!(format!("{from:?}"), format!("{to:?}"), "the clock stands still");
        assert!(found.insert((name.to_string(), reason.to_string()), count).is_none(), "told twice");
    }
    found
}

fn row(caller: &str, reason: &str, count: u64) -> ((String, String), u64) {
    ((caller.to_owned(), reason.to_owned()), count)
}

#[tokio::test]
async fn a_flood_of_refusals_is_recorded_in_aggregate() {
    let mut rig = Rig::with_quota(quota(5, 1_000), |_| ()).await;
    let (flooding, other) = (rig.channel("stranger").await, rig.channel("verifier").await);
    let mut reasons = BTreeMap::<String, usize>::new();
    for _ in 0..50 {
        let status = raw(&flooding, LIST, &[], None).await.expect_err("a stranger");
        *reasons.entry(reason(&status).0).or_default() += 1;
        if status.code() == Code::ResourceExhausted {
            assert!(status.get_details_retry_info().and_then(|info| info.retry_delay).is_some());
        }
    }
    assert_eq!(reasons, [("CALLER_UNKNOWN".to_owned(), 5), ("QUOTA_EXCEEDED".to_owned(), 45)].into());
    assert!(raw(&other, LIST, &[], None).await.is_ok(), "another caller is not hurt");
    assert_eq!(rig.entries(), 5);
    let first = rig.log.get(0).await.expect("readable").expect("durable").entry;
    assert!(first.caller.is_some_and(|caller| caller.certificate.is_some()), "whose certificate it was");
    // The last aggregate is written when the server ends.
    assert_eq!(aggregates(&mut rig).await, [row("unknown", "QUOTA_EXCEEDED", 45)].into());
    assert_eq!(rig.entries(), 6);
}

/// The defect that was: refusals told otherwise than PERMISSION_DENIED counted
/// nowhere, and one caller could fill the log with them.
#[tokio::test]
async fn refusals_told_by_any_code_are_counted() {
    let mut rig = Rig::with_quota(quota(5, 1_000), |_| ()).await;
    let channel = rig.channel("one-stop-216").await;
    raw(&channel, OPEN, &opening(0), None).await.expect("opens");
    let before = rig.entries();
    let mut codes = BTreeMap::<String, usize>::new();
    for serial in 1..=40 {
        let status = raw(&channel, OPEN, &opening(serial), None).await.expect_err("it is there");
        *codes.entry(format!("{:?} {}", status.code(), reason(&status).0)).or_default() += 1;
    }
    let expected =
        [("AlreadyExists DOSSIER_EXISTS".to_owned(), 5), ("ResourceExhausted QUOTA_EXCEEDED".to_owned(), 35)];
    assert_eq!(codes, expected.into());
    assert_eq!(rig.entries(), before + 5);
    assert_eq!(aggregates(&mut rig).await, [row("one-stop-216", "QUOTA_EXCEEDED", 35)].into());
}

/// Many pass the edge before the first refusal is recorded; what they would
/// have been refused for is known, and told by the aggregate.
#[tokio::test]
async fn calls_that_were_let_in_together_are_counted_by_their_reason() {
    let mut rig = Rig::with_quota(quota(5, 1_000), |options| options.limits.max_calls_per_caller = 64).await;
    let channel = rig.channel("one-stop-216").await;
    // Their bodies come when all have a place.
    let (go, _) = tokio::sync::broadcast::channel::<()>(1);
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let mut held = go.subscribe();
            let body = futures::stream::once(async move {
                let _ = held.recv().await;
                Bytes::from(looking())
            });
            let mut client = tonic::client::Grpc::new(channel.clone());
            async move {
                client.ready().await.expect("ready");
                let told = client.streaming(Request::new(body), VIEW.parse().expect("a path"), Raw).await;
                let Err(status) = told else { panic!("nobody's dossier was told") };
                status
            }
        })
        .collect();
    let all_in = async {
        loop {
            match raw(&channel, LIST, &[], None).await {
                Err(status) if reason(&status).0 == "OVERLOADED" => return drop(go),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    let all_in = tokio::time::timeout(Duration::from_secs(20), all_in);
    let (told, all_in) = tokio::join!(futures::future::join_all(calls), all_in);
    all_in.expect("64 calls have their places");
    let recorded = told.iter().filter(|status| reason(status).1).count();
    assert_eq!(recorded, 5, "exactly the quota is recorded one by one");
    assert_eq!(aggregates(&mut rig).await, [row("one-stop-216", "DOSSIER_UNKNOWN", 59)].into());
}

/// Whoever waits for no time at all has caused its entries all the same.
#[tokio::test]
async fn a_client_that_does_not_wait_is_counted() {
    let mut rig = Rig::with_quota(quota(5, 1_000), |_| ()).await;
    let channel = rig.channel("one-stop-216").await;
    for call in 0..200_u64 {
        let mut request = Request::new(Bytes::from(looking()));
        request.set_timeout(Duration::from_micros(200 * (1 + call % 10)));
        let _ = raw_request(&channel, VIEW, request).await;
    }
    // Whatever was used up by then, this uses up the rest.
    for _ in 0..6 {
        raw(&channel, VIEW, &looking(), None).await.expect_err("refused");
    }
    assert_eq!(rig.entries(), 5, "of one caller");
    assert!(aggregates(&mut rig).await.values().sum::<u64>() > 0, "nothing was counted");
}

#[tokio::test]
async fn all_entries_of_one_caller_have_a_quota_too() {
    let mut rig = Rig::with_quota(quota(1_000, 20), |_| ()).await;
    let (auditor, officer) = super::officer::connected(&rig).await;
    let other = rig.channel("verifier").await;
    let search = "/motlan.audit.v1.AuditService/SearchEntries";
    let mut told = BTreeMap::<String, usize>::new();
    for _ in 0..30 {
        let outcome = match raw(&auditor, search, &[], Some(&officer)).await {
            Ok(_) => "read".to_owned(),
            Err(status) => {
                assert_eq!(status.code(), Code::ResourceExhausted);
                assert!(status.get_details_retry_info().and_then(|info| info.retry_delay).is_some());
                reason(&status).0
            }
        };
        *told.entry(outcome).or_default() += 1;
    }
    assert_eq!(told, [("QUOTA_EXCEEDED".to_owned(), 10), ("read".to_owned(), 20)].into());
    assert!(raw(&other, LIST, &[], None).await.is_ok(), "another caller is not hurt");
    assert_eq!(rig.entries(), 20);
    assert_eq!(aggregates(&mut rig).await, [row("auditor", "QUOTA_EXCEEDED", 10)].into());
}
