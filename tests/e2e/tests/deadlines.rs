//! Deadlines and cancellation at every stage, and requests that come again: what
//! was begun is recorded, places come back, a fetch outlives who asked for it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::large_futures,
    reason = "test code"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioExecutor;
use motlan::clock::SystemClock;
use motlan_domain::{Clock as _, ManualClock, Registry};
use motlan_e2e::*;
use motlan_harness::{Connection, Fault, Opening, Refusal, World};
use motlan_proto::audit::v1::{EntryKind, SearchEntriesRequest};
use motlan_proto::common::v1::{CacheState, Outcome};
use motlan_proto::population::v1::{GetPersonRequest, VerifyIdentityRequest};
use prost::Message as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;
use tokio::time::timeout;
use tonic::{Code, Status};

const GET_PERSON: &str = "/motlan.population.v1.PopulationService/GetPerson";

/// Calls in progress that one caller may have, by default.
const PLACES: usize = 1_024;

fn question(code: &str, id: &str) -> GetPersonRequest {
    let names = fields(&["full_name"]);
    GetPersonRequest { purpose: dossier(code), subject: person(id), fields: names, max_age: None }
}

/// One call over a connection of its own, by a client that keeps no time itself:
/// the status is the gateway's word.
async fn told_within(world: &World, caller: &str, request: &GetPersonRequest, within: &str) -> Status {
    let member = world.member(caller).unwrap();
    let token = world.running().world().issuers().sign(&world.officer_token(caller).unwrap()).unwrap();
    let shown = world.shown(&member.credential, None);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(shown.authority.as_bytes()).unwrap()).unwrap();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(shown.certificate.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain.unwrap(), key);
    let mut config = config.unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let grpc = world.running().gateway().grpc().to_owned();
    let tcp = tokio::net::TcpStream::connect(&grpc).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(tls);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
    let (mut send, connection) = handshake.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(connection);
    let body = request.encode_to_vec();
    let mut message = vec![0];
    message.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    message.extend_from_slice(&body);
    let request = http::Request::post(format!("https://{grpc}{GET_PERSON}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", within)
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::from(message)))
        .unwrap();
    let response = send.send_request(request).await.unwrap();
    let told = Status::from_header_map(response.headers());
    let trailers = response.into_body().collect().await.unwrap().trailers().cloned();
    told.or_else(|| Status::from_header_map(&trailers?)).expect("a status")
}

async fn intents(world: &World) -> usize {
    let search = SearchEntriesRequest { kind: EntryKind::AccessIntent.into(), ..Default::default() };
    world.search(search).await.unwrap().len()
}

/// Waits until the log's index shows so many intents.
async fn until_intents(world: &World, count: usize) {
    let looking = async {
        while intents(world).await < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("the intent is recorded");
}

/// The outcomes that cite an intent, once each of so many intents has one: one,
/// and no more.
async fn until_closed(world: &World, count: usize) -> Vec<Value> {
    until_intents(world, count).await;
    let of_kind = async |kind: EntryKind| {
        let search = SearchEntriesRequest { kind: kind.into(), ..Default::default() };
        let found = world.search(search).await.unwrap().into_iter();
        found.map(|entry| serde_json::from_slice(&entry.canonical).unwrap()).collect::<Vec<Value>>()
    };
    let looking = async {
        loop {
            let intents = of_kind(EntryKind::AccessIntent).await;
            let mut outcomes = of_kind(EntryKind::AccessOutcome).await;
            outcomes.retain(|outcome| !outcome["intent"].is_null());
            let cited: BTreeSet<u64> =
                outcomes.iter().filter_map(|outcome| outcome["intent"].as_u64()).collect();
            assert_eq!(cited.len(), outcomes.len(), "two outcomes of one intent: {outcomes:?}");
            assert_eq!(intents.len(), count);
            if intents
                .iter()
                .all(|intent| intent["index"].as_u64().is_some_and(|index| cited.contains(&index)))
            {
                return outcomes;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("every intent has its outcome")
}

/// Waits until the question is answered from the cache, and no registry asked.
async fn until_kept(by: &Connection, code: &str, me: &str) {
    let asking = async {
        loop {
            match get_person(by, dossier(code), me, &["full_name"]).await {
                Ok(told) if told.freshness.unwrap().cache_state() == CacheState::Hit => return,
                Ok(_) => {}
                // Many calls taken back at once look like an attack on a machine
                // that is late: the connection goes, the client's library says so in
                // words of its own, and makes another. The gateway's word has details.
                Err(status) if status.details().is_empty() => {}
                Err(status) => panic!("not answered: {}", Refusal::from(status)),
            }
        }
    };
    timeout(PATIENCE, asking).await.expect("the answer is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_deadline_is_kept_and_the_fetch_goes_on() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let (office, me) = (world.connect(&own.office).unwrap(), own.plan.applicant.clone());
    world.fault(Registry::Population, None, Fault::Latency { ms: 2_000 }, Some(1));
    let before = world.total_calls();
    let begun = Instant::now();
    let status = told_within(&world, &own.office, &question(&own.code, &me), "400m").await;
    let took = begun.elapsed();
    // DEADLINE_EXCEEDED, not CANCELLED; and in time.
    refused("400 ms", Err::<(), _>(status), Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    assert!(took < Duration::from_millis(1_900), "it took {took:?}");
    until_intents(&world, 1).await;
    // Who asks next is served by the same fetch.
    until_kept(&office, &own.code, &me).await;
    assert_eq!(world.total_calls(), before + 1, "one question to the registry");
    let outcomes = until_closed(&world, 1).await;
    given_up(&outcomes[0], true);

    // A deadline that passed before anything could be done.
    let status = told_within(&world, &own.office, &question(&own.code, &me), "1n").await;
    refused("1 ns", Err::<(), _>(status), Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_hangs_holds_nobody_past_the_deadline() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    world.fault(Registry::Population, None, Fault::Hang, None);
    let begun = Instant::now();
    let request = question(&own.code, &own.plan.applicant);
    let status = told_within(&world, &own.office, &request, "500m").await;
    refused("a hang", Err::<(), _>(status), Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    // The fetch ends by its own time, and then there is an outcome of it.
    let outcomes = until_closed(&world, 1).await;
    given_up(&outcomes[0], false);
    world.clear_faults();
    world.stop().await.unwrap();
}

/// What the log says of a question whose asker went: whether the registry had
/// answered by then, and that nothing was disclosed.
fn given_up(outcome: &Value, answered: bool) {
    assert_eq!(
        (&outcome["outcome"], &outcome["reason"]),
        (&"FAILED".into(), &"GIVEN_UP".into()),
        "{outcome}"
    );
    assert_eq!(outcome["source"]["retrieved_at"].is_string(), answered, "{outcome}");
    assert!(outcome["upstream"].as_array().is_some_and(|ids| !ids.is_empty()), "{outcome}");
    assert!(outcome["commitment"].is_null() && outcome["fields"]["disclosed"].is_null(), "{outcome}");
}

/// More calls than a caller has places, each given up during the fetch: were one
/// place in a hundred lost, the last would be refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_gives_its_place_back_and_the_fetch_survives() {
    let world = World::start().await.unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;
    let (office, me) = (world.connect(&own.office).unwrap(), own.plan.applicant.clone());
    world.fault(Registry::Population, None, Fault::Latency { ms: 3_000 }, Some(1));
    let before = world.total_calls();
    let first =
        timeout(Duration::from_millis(500), get_person(&office, dossier(&own.code), &me, &["full_name"]));
    assert!(first.await.is_err(), "the first hangs up while the registry is asked");
    // At every moment of a call: before it is decided, while it waits, while the
    // outcome is written.
    for round in 0..12_u64 {
        let calls = (0..PLACES as u64 / 8).map(|n| {
            let patience = Duration::from_micros(100 * (1 + round) * (1 + n % 10));
            timeout(patience, get_person(&office, dossier(&own.code), &me, &["full_name"]))
        });
        futures::future::join_all(calls).await;
    }
    until_kept(&office, &own.code, &me).await;
    assert_eq!(world.total_calls(), before + 1, "one question to the registry");
    // All places are there at once.
    let calls = (0..PLACES / 8).map(|_| get_person(&office, dossier(&own.code), &me, &["full_name"]));
    let mut receipts = Vec::new();
    for told in futures::future::join_all(calls).await {
        let told = told.unwrap_or_else(|status| panic!("{}", Refusal::from(status)));
        assert_eq!(told.outcome(), Outcome::Found);
        receipts.extend(told.receipt);
    }
    assert_eq!(receipts.len(), PLACES / 8);
    entry_at(&world, receipts.last().unwrap()).await;
    let outcomes = until_closed(&world, 1).await;
    given_up(&outcomes[0], true);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_that_was_given_up_has_been_made() {
    let world = World::start().await.unwrap();
    let who = world.families()[0].applicant.id.clone();
    let verifier = world.connect("verifier").unwrap();
    // Always live: what an earlier guess fetched would answer a later one.
    let guess = || {
        let request = VerifyIdentityRequest {
            purpose: registered("identity-verification"),
            subject: person(&who),
            full_name: "Trần Văn Không".to_owned(),
            birth_date: Some("1970-01-02".to_owned()),
            max_age: Some(pbjson_types::Duration::default()),
        };
        let mut client = verifier.population();
        async move { client.verify_identity(request).await }
    };
    world.fault(Registry::Population, None, Fault::Latency { ms: 2_000 }, None);
    for _ in 0..5 {
        assert!(timeout(Duration::from_millis(500), guess()).await.is_err(), "it was answered");
    }
    refused("the sixth", guess().await, Code::PermissionDenied, "GUESS_LIMIT");
    let outcomes = until_closed(&world, 5).await;
    for outcome in &outcomes {
        given_up(outcome, true);
    }
    world.clear_faults();
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_id_is_known_for_seven_days_across_a_restart() {
    let clock = Arc::new(ManualClock::at(SystemClock::start().now()));
    let world = World::start_at(Arc::clone(&clock) as Arc<_>).await.unwrap();
    let opening = Opening::of(RESIDENCE);
    let plan = world.plan(&opening).unwrap();
    let request = world.request(&opening, &plan).unwrap();
    let first = open(&world.portal_for(&plan).unwrap(), &request).await.expect("opens");
    let world = world.restart().await.unwrap();
    let portal = world.portal_for(&plan).unwrap();
    assert_eq!(open(&portal, &request).await.expect("after a restart"), first);
    let mut other = request.clone();
    other.case = "rented".to_owned();
    let told = open(&portal, &other).await;
    refused("another body after a restart", told, Code::AlreadyExists, "REQUEST_ID_REUSED");

    clock.advance(Duration::from_hours(7 * 24 - 1));
    let portal = world.portal_for(&plan).unwrap();
    assert_eq!(open(&portal, &request).await.expect("within seven days"), first);
    clock.advance(Duration::from_hours(2));
    // The id is free: another dossier may be opened under it.
    let mut anew = world.request(&opening, &plan).unwrap();
    anew.request_id.clone_from(&request.request_id);
    let told = open(&world.portal_for(&plan).unwrap(), &anew).await.expect("after seven days");
    assert_eq!(told.dossier.unwrap().code, anew.dossier_code);
    world.stop().await.unwrap();
}
