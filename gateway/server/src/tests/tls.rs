//! Who has no certificate of the configured authority gets no further than the
//! handshake.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::rig::{Authority, Pair, Rig, eventually, raw};
use crate::Refused;

const HEALTH: &str = "/grpc.health.v1.Health/Check";

#[tokio::test]
async fn without_a_certificate_of_the_authority_no_call_is_made() {
    let rig = Rig::start().await;
    let good = rig.channel("verifier").await;
    assert!(raw(&good, HEALTH, &[], None).await.is_ok(), "the control client must get through");
    let before = rig.entries();
    let foreign = Authority::new().client("verifier");
    for (what, client) in [("no certificate", None), ("another authority", Some(&foreign))] {
        let refused = rig.handle.refused(Refused::Handshake);
        // In TLS 1.3 a client may learn of the refusal only when it first reads.
        if let Ok(channel) = rig.connect(client).await {
            assert!(raw(&channel, HEALTH, &[], None).await.is_err(), "{what}: got through");
        }
        eventually(what, || rig.handle.refused(Refused::Handshake) > refused).await;
    }
    assert_eq!(rig.entries(), before, "failed handshakes go to the technical log, not to the audit log");
}

/// A connection with those versions of TLS, and nothing said in it.
async fn secure(
    rig: &Rig,
    client: &Pair,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<TlsStream<TcpStream>, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(rig.authority.pem.as_bytes()).unwrap()).unwrap();
    let mut config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(client.certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(client.key.as_bytes()).unwrap(),
            )
            .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tcp = TcpStream::connect(rig.grpc).await?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(ServerName::try_from("localhost").unwrap(), tcp).await
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let rig = Rig::start().await;
    let client = rig.authority.client("verifier");
    let modern = secure(&rig, &client, &[&rustls::version::TLS13]).await.expect("TLS 1.3 is spoken");
    assert_eq!(modern.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    assert!(secure(&rig, &client, &[&rustls::version::TLS12]).await.is_err());
    eventually("the refusal is counted", || rig.handle.refused(Refused::Handshake) == 1).await;
}

#[tokio::test]
async fn a_half_open_connection_is_cut_off() {
    let rig = Rig::with(|options| options.limits.handshake = Duration::from_millis(50)).await;
    let mut silent = TcpStream::connect(rig.grpc).await.unwrap();
    let mut nothing = [0; 1];
    let read = tokio::time::timeout(Duration::from_secs(10), silent.read(&mut nothing)).await;
    assert_eq!(read.expect("cut off in time").unwrap_or(0), 0);
    eventually("it is counted", || rig.handle.refused(Refused::Timeout) == 1).await;
}

/// Whether the other end closes the connection, in time.
async fn closed(mut tcp: TcpStream) -> bool {
    let mut nothing = [0; 1];
    let read = tokio::time::timeout(Duration::from_secs(10), tcp.read(&mut nothing)).await;
    read.is_ok_and(|read| read.unwrap_or(0) == 0)
}

#[tokio::test]
async fn who_shows_no_certificate_keeps_nobody_of_its_address_out() {
    let rig = Rig::with(|options| options.limits.max_connections_per_address = 2).await;
    let first = TcpStream::connect(rig.grpc).await.unwrap();
    let _second = TcpStream::connect(rig.grpc).await.unwrap();
    let client = rig.authority.client("verifier");
    let honest = rig.connect(Some(&client)).await.unwrap();
    assert!(raw(&honest, HEALTH, &[], None).await.is_ok());
    assert!(closed(first).await, "the oldest in handshake gives way");
    eventually("it is counted", || rig.handle.refused(Refused::Yielded) == 1).await;
    assert!(raw(&honest, HEALTH, &[], None).await.is_ok(), "the honest stay");
}

#[tokio::test]
async fn an_address_has_a_bounded_number_of_connections() {
    let rig = Rig::with(|options| options.limits.max_connections_per_address = 2).await;
    let client = rig.authority.client("verifier");
    let (first, second) =
        (rig.connect(Some(&client)).await.unwrap(), rig.connect(Some(&client)).await.unwrap());
    for known in [&first, &second] {
        assert!(raw(known, HEALTH, &[], None).await.is_ok());
    }
    assert!(closed(TcpStream::connect(rig.grpc).await.unwrap()).await, "closed at once");
    eventually("it is counted", || rig.handle.refused(Refused::Limit) == 1).await;
    // Places come back.
    drop((first, second));
    let mut connected = false;
    for _ in 0..100 {
        if let Ok(channel) = rig.connect(Some(&client)).await {
            connected = raw(&channel, HEALTH, &[], None).await.is_ok();
            if connected {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(connected, "no place came back");
}

#[tokio::test]
async fn a_caller_has_a_bounded_number_of_connections_whatever_its_certificates() {
    let rig = Rig::with(|options| options.limits.max_connections_per_caller = 2).await;
    let certificate = || rig.authority.client("verifier");
    let mut held = Vec::new();
    for _ in 0..2 {
        let channel = rig.connect(Some(&certificate())).await.unwrap();
        assert!(raw(&channel, HEALTH, &[], None).await.is_ok());
        held.push(channel);
    }
    if let Ok(channel) = rig.connect(Some(&certificate())).await {
        assert!(raw(&channel, HEALTH, &[], None).await.is_err(), "a third got through");
    }
    eventually("it is counted", || rig.handle.refused(Refused::Caller) >= 1).await;
    let other = rig.channel("portal").await;
    assert!(raw(&other, HEALTH, &[], None).await.is_ok(), "another caller is not hurt");
    assert!(raw(&held[0], HEALTH, &[], None).await.is_ok(), "nor the first connections");
}

#[tokio::test]
async fn a_client_that_says_nothing_after_the_handshake_is_cut_off() {
    let rig = Rig::with(|options| options.limits.handshake = Duration::from_millis(500)).await;
    let client = rig.authority.client("verifier");
    let mut silent = secure(&rig, &client, &[&rustls::version::TLS13]).await.expect("TLS is spoken");
    // The server's own SETTINGS, then nothing more.
    let mut settings = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), silent.read_to_end(&mut settings)).await;
    assert!(read.is_ok(), "not cut off");
    eventually("it is counted", || rig.handle.refused(Refused::Stalled) == 1).await;
}

#[tokio::test]
async fn certificates_are_reloaded_for_new_connections() {
    let rig = Rig::start().await;
    let old = rig.authority.client("verifier");
    assert!(raw(&rig.connect(Some(&old)).await.unwrap(), HEALTH, &[], None).await.is_ok());
    let next = Authority::new();
    rig.handle.reload_tls(&rig.server_pair.material(&next.pem)).expect("sound material");
    let fresh = next.client("verifier");
    assert!(raw(&rig.connect(Some(&fresh)).await.unwrap(), HEALTH, &[], None).await.is_ok());
    if let Ok(channel) = rig.connect(Some(&old)).await {
        assert!(raw(&channel, HEALTH, &[], None).await.is_err(), "the old authority is still trusted");
    }
    assert!(rig.handle.reload_tls(&rig.server_pair.material("no pem")).is_err());
    assert!(
        raw(&rig.connect(Some(&fresh)).await.unwrap(), HEALTH, &[], None).await.is_ok(),
        "a bad reload changed it"
    );
}
