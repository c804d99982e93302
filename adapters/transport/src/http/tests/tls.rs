//! Mutual TLS, and a server that nobody vouches for.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::Secret;

struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Authority { pem: certificate.pem(), der: certificate.der().clone(), params, key }
}

impl Authority {
    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        (certificate, key)
    }

    fn identity(&self) -> Secret {
        let (certificate, key) = self.issue("motlan");
        Secret::inline(format!("{}{}", certificate.pem(), key.serialize_pem()))
    }
}

async fn server(authority: &Authority, tasks: &mut JoinSet<()>) -> String {
    let (certificate, key) = authority.issue("localhost");
    let mut roots = RootCertStore::empty();
    roots.add(authority.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    base
}

#[tokio::test]
async fn both_sides_have_to_be_vouched_for() {
    let (ours, foreign) = (authority(), authority());
    let mut tasks = JoinSet::new();
    let base = server(&ours, &mut tasks).await;
    let pem = |authority: &Authority| Some(Secret::inline(authority.pem.clone()));
    let cases = [
        ("both", pem(&ours), Some(ours.identity()), true),
        ("server not vouched for", pem(&foreign), Some(ours.identity()), false),
        ("client not vouched for", pem(&ours), Some(foreign.identity()), false),
        ("client without a certificate", pem(&ours), None, false),
    ];
    for (name, ca_pem, client_identity, expected) in cases {
        let config = HttpConfig { ca_pem, client_identity, ..HttpConfig::new(base.parse().unwrap()) };
        let http = open(config);
        let reply = send(&http, get(&http)).await;
        assert_eq!(reply.is_ok(), expected, "{name}");
        if let Err(error) = reply {
            assert_eq!(error.reason(), Reason::SourceUnreachable, "{name}");
        }
    }
}
