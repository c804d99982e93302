//! Whether the TLS files of `[server]` can be used at all: found out before a
//! port opens.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::sections::{ServerSection, TlsFiles};

/// What is wrong first with certificate, key and authority, if anything.
pub(crate) fn mistake(server: &ServerSection) -> Option<String> {
    let files = TlsFiles {
        certificate: Some(server.certificate.clone()),
        key: Some(server.key.clone()),
        client_ca: Some(server.client_ca.clone()),
    };
    mistakes(&files).into_iter().next().map(|(key, problem)| format!("{key}: {problem}"))
}

/// All that is wrong with the files there are, each and together, by key.
pub(super) fn mistakes(files: &TlsFiles) -> Vec<(&'static str, String)> {
    let mut mistakes = Vec::new();
    let mut note = |key: &'static str, problem: String| mistakes.push((key, problem));
    let chain = files.certificate.as_deref().map(certificates);
    let chain = chain.and_then(|chain| chain.map_err(|problem| note("server.certificate", problem)).ok());
    let key = files
        .key
        .as_deref()
        .map(|path| PrivateKeyDer::from_pem_file(path).map_err(|_| "holds no private key in PEM".to_owned()));
    let key = key.and_then(|key| key.map_err(|problem| note("server.key", problem)).ok());
    if let Some(path) = &files.client_ca {
        authorities(path).unwrap_or_else(|problem| note("server.client_ca", problem));
    }
    if let (Some(chain), Some(key)) = (chain, key) {
        belong_together(chain, key).unwrap_or_else(|problem| note("server.key", problem));
    }
    mistakes
}

fn authorities(path: &Path) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        roots.add(authority).map_err(|error| format!("cannot be used: {error}"))?;
    }
    Ok(())
}

fn belong_together(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<(), String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = builder.map_err(|error| error.to_string())?.with_no_client_auth();
    builder
        .with_single_cert(chain, key)
        .map(drop)
        .map_err(|error| format!("does not go with the certificate: {error}"))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let none = || "holds no certificate in PEM".to_owned();
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|_| none())?.collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(none)
}
