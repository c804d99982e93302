//! Readiness, overload, deadlines and the end.

use std::time::Duration;

use bytes::Bytes;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::rig::{Raw, Rig, raw, reason};
use crate::{BindError, Limits};

const LIST: &str = "/motlan.catalogue.v1.CatalogueService/ListProcedures";

/// How a call ends whose request never comes.
async fn never_asked(channel: &Channel) -> Status {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.expect("ready");
    let endless = Request::new(futures::stream::pending::<Bytes>());
    let call = client.streaming(endless, LIST.parse().expect("a path"), Raw);
    let told = tokio::time::timeout(Duration::from_secs(20), call).await.expect("ends in time");
    let Err(status) = told else { panic!("answered, though no request was ever sent") };
    status
}

#[tokio::test]
async fn the_probes_answer_and_the_server_ends_in_order() {
    let mut rig = Rig::start().await;
    assert_eq!(rig.get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(rig.get("/readyz").await, (200, r#"{"ready":true,"reasons":[]}"#.to_owned()));
    assert_eq!(rig.get("/motlan").await.0, 404);
    let channel = rig.channel("verifier").await;
    assert!(raw(&channel, LIST, &[], None).await.is_ok());
    rig.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(10), rig.serving.join_next()).await;
    ended.expect("ends in time").expect("one task").expect("no panic");
    assert!(raw(&channel, LIST, &[], None).await.is_err());
    assert!(tokio::net::TcpStream::connect(rig.grpc).await.is_err(), "still listening");
    assert!(tokio::net::TcpStream::connect(rig.probe).await.is_err(), "still listening");
}

#[tokio::test]
async fn work_beyond_the_limit_is_shed_with_a_delay() {
    for limits in [
        Limits { max_calls: 0, ..Limits::default() },
        Limits { max_calls_per_caller: 0, ..Limits::default() },
    ] {
        let rig = Rig::with(|options| options.limits = limits).await;
        let channel = rig.channel("verifier").await;
        let status = raw(&channel, LIST, &[], None).await.expect_err("no place");
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(reason(&status).0, "OVERLOADED");
        assert!(status.get_details_retry_info().and_then(|info| info.retry_delay).is_some());
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_off_at_the_deadline() {
    let rig = Rig::with(|options| options.limits.call = Duration::from_secs(1)).await;
    let channel = rig.channel("verifier").await;
    let status = never_asked(&channel).await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&status).0, "DEADLINE_EXCEEDED");
    assert!(raw(&channel, LIST, &[], None).await.is_ok(), "the next call is not hurt");
}

/// The defect that was: a connection that had aged cut its calls off after the
/// drain, though a call may take longer.
#[tokio::test]
async fn a_connection_that_has_aged_lets_its_calls_end() {
    let rig = Rig::with(|options| {
        options.limits.connection_age = Duration::from_millis(100);
        options.limits.drain = Duration::from_millis(100);
        options.limits.call = Duration::from_secs(2);
    })
    .await;
    let channel = rig.channel("verifier").await;
    let status = never_asked(&channel).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    assert_eq!(reason(&status).0, "DEADLINE_EXCEEDED");
}

/// The defect that was: whoever watched the health of the gateway held every
/// connection, and with it the end of the server, up for the whole drain.
#[tokio::test]
async fn who_watches_is_told_that_the_connection_goes() {
    let mut rig = Rig::with(|options| options.limits.drain = Duration::from_mins(10)).await;
    let channel = rig.channel("verifier").await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let request = tonic_health::pb::HealthCheckRequest { service: String::new() };
    let mut states = health.watch(request).await.expect("may watch").into_inner();
    states.message().await.expect("a state").expect("the first");
    rig.stop.cancel();
    let last = async {
        loop {
            if let Err(status) = states.message().await {
                return status;
            }
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(20), last).await.expect("ends in time");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    let ended = tokio::time::timeout(Duration::from_secs(20), rig.serving.join_next()).await;
    ended.expect("ends in time").expect("one task").expect("no panic");
}

#[test]
fn the_probe_listener_stays_on_this_machine() {
    let outside = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    assert!(BindError::ProbeNotLoopback(outside).to_string().contains("0.0.0.0"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bound = runtime.block_on(async {
        let mut join = tokio::task::JoinSet::new();
        join.spawn(Rig::with(move |options| options.probe_addr = outside));
        join.join_next().await.expect("one task").map(drop)
    });
    assert!(bound.is_err_and(|error| error.is_panic()), "bound to every address");
}
