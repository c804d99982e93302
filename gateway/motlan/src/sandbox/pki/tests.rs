//! What the certificates say, read back by an independent parser.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::*;

use super::*;

fn now() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

fn with_certificate<T>(pem: &str, read: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
    assert!(rest.is_empty());
    read(&certificate)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().unwrap().unwrap();
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => format!("dns:{name}"),
        GeneralName::URI(uri) => format!("uri:{uri}"),
        GeneralName::IPAddress(bytes) => format!("ip:{}", bytes.len()),
        other => panic!("unexpected name {other:?}"),
    };
    extension.value.general_names.iter().map(text).collect()
}

#[test]
fn a_client_certificate_names_its_system_and_nothing_else() {
    let authority = Authority::new(now()).unwrap();
    let client = authority.client("one-stop").unwrap();
    with_certificate(&client.certificate, |certificate| {
        assert_eq!(names(certificate), ["uri:urn:motlan:system:one-stop"]);
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.client_auth && !usage.server_auth);
        assert!(!certificate.is_ca());
    });
}

#[test]
fn the_server_certificate_is_for_loopback_alone() {
    let authority = Authority::new(now()).unwrap();
    let server = authority.server().unwrap();
    with_certificate(&server.certificate, |certificate| {
        assert_eq!(names(certificate), ["dns:localhost", "ip:4", "ip:16"]);
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && !usage.client_auth);
    });
}

#[test]
fn leaves_verify_under_their_own_authority_only() {
    let (authority, stranger) = (Authority::new(now()).unwrap(), Authority::new(now()).unwrap());
    let client = authority.client("portal").unwrap();
    with_certificate(&client.certificate, |leaf| {
        with_certificate(authority.pem(), |ca| {
            assert!(ca.is_ca());
            assert_eq!(leaf.issuer(), ca.subject());
        });
    });
    assert_ne!(authority.pem(), stranger.pem());
    // The chain itself is judged by rustls's verifier.
    let verify = |ca: &str| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
            .build()
            .unwrap();
        let leaf = CertificateDer::from_pem_slice(client.certificate.as_bytes()).unwrap();
        let at = rustls::pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            now().as_second().unsigned_abs(),
        ));
        verifier.verify_client_cert(&leaf, &[], at).is_ok()
    };
    assert!(verify(authority.pem()));
    assert!(!verify(stranger.pem()));
}

#[test]
fn a_signature_verifies_under_the_published_key_only() {
    let (key, other) = (SigningKey::new("idp-1").unwrap(), SigningKey::new("idp-1").unwrap());
    let jws = key.sign("JWT", &serde_json::json!({"sub": "x", "exp": 4_000_000_000_u64})).unwrap();
    let check = |jwk: serde_json::Value| {
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwk).unwrap();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
        rules.validate_aud = false;
        let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        jsonwebtoken::decode::<serde_json::Value>(&jws, &key, &rules).is_ok()
    };
    assert!(check(key.jwk()));
    assert!(!check(other.jwk()));
    assert_eq!(jsonwebtoken::decode_header(&jws).unwrap().kid.as_deref(), Some("idp-1"));
}

#[test]
fn a_key_survives_its_pem() {
    let key = SigningKey::new("portal-1").unwrap();
    assert_eq!(SigningKey::from_pem("portal-1", &key.pem()).unwrap().jwk(), key.jwk());
    // PKCS#8 v1 and no more, which every library reads: version, algorithm, 32 bytes.
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(key.pem().as_bytes()).unwrap();
    assert_eq!(der.secret_pkcs8_der().len(), 48);
    assert_eq!(der.secret_pkcs8_der()[..5], [0x30, 46, 0x02, 1, 0]);
}
