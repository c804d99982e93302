//! Whether the TLS files of `[server]` can be used at all: found out before a
//! port opens.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::sections::ServerSection;

/// What is wrong with certificate, key and authority together, if anything.
pub(crate) fn mistake(server: &ServerSection) -> Option<String> {
    usable(server).err()
}

fn usable(server: &ServerSection) -> Result<(), String> {
    let chain = certificates(&server.certificate, "certificate")?;
    let key = PrivateKeyDer::from_pem_file(&server.key)
        .map_err(|_| "key: holds no private key in PEM".to_owned())?;
    let mut roots = RootCertStore::empty();
    for authority in certificates(&server.client_ca, "client_ca")? {
        roots.add(authority).map_err(|error| format!("client_ca: {error}"))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = builder.map_err(|error| error.to_string())?.with_no_client_auth();
    builder.with_single_cert(chain, key).map(drop).map_err(|error| format!("certificate and key: {error}"))
}

fn certificates(path: &Path, key: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let none = || format!("{key}: holds no certificate in PEM");
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|_| none())?.collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(none)
}
