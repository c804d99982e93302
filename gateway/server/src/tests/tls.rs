//! Who has no certificate of the configured authority gets no further than the
//! handshake.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

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

/// A handshake with those versions; what was negotiated, or that it failed.
async fn handshake(
    rig: &Rig,
    client: &Pair,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Option<Vec<u8>>, std::io::Error> {
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
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), tcp).await?;
    Ok(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let rig = Rig::start().await;
    let client = rig.authority.client("verifier");
    let modern = handshake(&rig, &client, &[&rustls::version::TLS13]).await.expect("TLS 1.3 is spoken");
    assert_eq!(modern.as_deref(), Some(b"h2".as_slice()));
    assert!(handshake(&rig, &client, &[&rustls::version::TLS12]).await.is_err());
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

#[tokio::test]
async fn an_address_has_a_bounded_number_of_connections() {
    let rig = Rig::with(|options| options.limits.max_connections_per_address = 2).await;
    let first = TcpStream::connect(rig.grpc).await.unwrap();
    let second = TcpStream::connect(rig.grpc).await.unwrap();
    let mut third = TcpStream::connect(rig.grpc).await.unwrap();
    let mut nothing = [0; 1];
    let read = tokio::time::timeout(Duration::from_secs(10), third.read(&mut nothing)).await;
    assert_eq!(read.expect("closed at once").unwrap_or(0), 0);
    eventually("it is counted", || rig.handle.refused(Refused::Limit) == 1).await;
    // Places come back.
    drop((first, second));
    let client = rig.authority.client("verifier");
    let mut connected = false;
    for _ in 0..100 {
        if let Ok(channel) = rig.connect(Some(&client)).await {
            connected = raw(&channel, HEALTH, &[], None).await.is_ok();
            break;
        }
    }
    assert!(connected, "no place came back");
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
