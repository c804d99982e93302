//! `/metrics` tells what happened, call by call.

use std::time::Duration;

use motlan_proto::dossier::v1::dossier_service_client::DossierServiceClient;
use motlan_proto::dossier::v1::{GetDossierRequest, ResolveDossierRequest};
use tonic::{Code, Request};

use super::calls::{DOSSIER, opening};
use super::rig::{Rig, eventually, raw, raw_request};

/// All samples of that name whose labels hold all of these, added up.
fn sample(page: &str, name: &str, labels: &[&str]) -> u64 {
    let told = page.lines().filter(|line| {
        let rest = line.strip_prefix(name).unwrap_or_default();
        rest.starts_with([' ', '{']) && labels.iter().all(|label| rest.contains(label))
    });
    let values = told.filter_map(|line| line.rsplit(' ').next()?.trim_end_matches(".0").parse::<u64>().ok());
    values.sum()
}

async fn calls(rig: &Rig, method: &str, code: &str) -> u64 {
    let (status, page) = rig.get("/metrics").await;
    assert_eq!(status, 200);
    let labels = [format!("rpc_method=\"{method}\""), format!("rpc_response_status_code=\"{code}\"")];
    sample(&page, "rpc_server_call_duration_seconds_count", &[&labels[0], &labels[1]])
}

const GET: &str = "motlan.dossier.v1.DossierService/GetDossier";
const RESOLVE: &str = "motlan.dossier.v1.DossierService/ResolveDossier";

#[tokio::test]
async fn calls_are_counted_by_method_and_code_and_denials_by_reason() {
    let rig = Rig::start().await;
    let channel = rig.channel("one-stop-216").await;
    let mut client = DossierServiceClient::new(channel.clone());
    client.open_dossier(opening("r-1", DOSSIER)).await.expect("opens");
    let get = |code: &str| GetDossierRequest { dossier_code: code.to_owned() };
    for _ in 0..2 {
        client.get_dossier(get(DOSSIER)).await.expect("is looked at");
    }
    for _ in 0..3 {
        client.get_dossier(get("H32.216-261121-9999")).await.expect_err("is unknown");
    }
    client.get_dossier(get("nonsense")).await.expect_err("is no code");
    raw(&channel, "/motlan.dossier.v1.DossierService/Nothing", b"", None).await.expect_err("no such method");
    raw(&channel, "/097090000123/x", b"", None).await.expect_err("no such service");

    assert_eq!(calls(&rig, GET, "OK").await, 2);
    assert_eq!(calls(&rig, GET, "PERMISSION_DENIED").await, 3);
    assert_eq!(calls(&rig, GET, "INVALID_ARGUMENT").await, 1);
    assert_eq!(calls(&rig, "_OTHER", "UNIMPLEMENTED").await, 2);
    let (_, page) = rig.get("/metrics").await;
    assert!(!page.contains("097090000123") && !page.contains("Nothing"), "a caller's own text is no label");
    let denials = |reason: &str| {
        sample(&page, "motlan_permit_denials_total", &[&format!("motlan_reason=\"{reason}\"")])
    };
    assert_eq!(denials("DOSSIER_UNKNOWN"), 3);
    assert_eq!(sample(&page, "motlan_permit_denials_total", &[]), 3, "and no other denial");
    assert_eq!(sample(&page, "motlan_rpc_active", &[]), 0);
    let entries = rig.entries();
    assert_eq!(sample(&page, "motlan_audit_entries", &[]), entries);
    assert_eq!(sample(&page, "motlan_audit_batch_size_sum", &[]), entries, "every entry came in a batch");
    assert_eq!(sample(&page, "motlan_audit_ready", &[]), 1);
}

#[tokio::test]
async fn a_stream_is_counted_when_it_ends_and_as_cancelled_when_it_is_dropped() {
    let rig = Rig::start().await;
    let mut client = DossierServiceClient::new(rig.channel("one-stop-216").await);
    client.open_dossier(opening("r-1", DOSSIER)).await.expect("opens");
    let request = || ResolveDossierRequest { dossier_code: DOSSIER.into(), ..Default::default() };
    let mut stream = client.resolve_dossier(request()).await.expect("resolves").into_inner();
    while stream.message().await.expect("told").is_some() {}
    assert_eq!(calls(&rig, RESOLVE, "OK").await, 1);
    let unknown = ResolveDossierRequest { dossier_code: "H32.216-261121-9999".into(), ..Default::default() };
    client.resolve_dossier(unknown).await.expect_err("is unknown");
    assert_eq!(calls(&rig, RESOLVE, "PERMISSION_DENIED").await, 1);

    // A watcher of health never ends by itself.
    let channel = rig.channel("one-stop-216").await;
    let watch = tokio::time::timeout(
        Duration::from_millis(100),
        raw_request(&channel, "/grpc.health.v1.Health/Watch", Request::new(bytes::Bytes::new())),
    );
    assert!(watch.await.is_err(), "the watcher goes on until it is dropped");
    let mut cancelled = 0;
    for _ in 0..400 {
        cancelled = calls(&rig, "grpc.health.v1.Health/Watch", "CANCELLED").await;
        if cancelled > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(cancelled, 1);
    let (_, page) = rig.get("/metrics").await;
    assert_eq!(sample(&page, "motlan_rpc_active", &[]), 0, "its place is given back");
}

#[tokio::test]
async fn calls_beyond_a_limit_and_connections_without_a_certificate_are_counted() {
    let rig = Rig::with(|options| options.limits.max_calls = 0).await;
    let mut client = DossierServiceClient::new(rig.channel("one-stop-216").await);
    let get = GetDossierRequest { dossier_code: DOSSIER.into() };
    let status = client.get_dossier(get).await.expect_err("no place");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(calls(&rig, GET, "RESOURCE_EXHAUSTED").await, 1);
    // TLS 1.3 tells a client of the refusal only when it reads.
    if let Ok(channel) = rig.connect(None).await {
        let _ = raw(&channel, "/grpc.health.v1.Health/Check", b"", None).await;
    }
    eventually("the refusal is noted", || rig.handle.refused(crate::Refused::Handshake) > 0).await;
    let (_, page) = rig.get("/metrics").await;
    assert!(sample(&page, "motlan_connections_refused_total", &["\"HANDSHAKE\""]) >= 1);
    assert_eq!(sample(&page, "motlan_connections_refused_total", &["\"LIMIT\""]), 0);
}
