//! Mutual TLS 1.3, and nothing less: who has no certificate of the configured
//! authority gets no further than the handshake.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use thiserror::Error;
use zeroize::Zeroizing;

/// Certificate, key and client authority, each in PEM.
pub struct TlsMaterial {
    /// The server's certificate chain, leaf first.
    pub certificate: Vec<u8>,
    /// The private key of the leaf.
    pub key: Zeroizing<Vec<u8>>,
    /// The authorities that client certificates must chain to.
    pub client_ca: Vec<u8>,
}

/// What is wrong with the TLS files: the operator mends it.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the {what} cannot be read")]
    Unreadable {
        /// Which of the three.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file holds no PEM of its kind.
    #[error("the {0} holds no usable PEM block")]
    NoPem(&'static str),
    /// The certificate and the key do not fit, or an authority is unusable.
    #[error("the certificate, key and client authority do not make a TLS server")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

// === impl TlsMaterial ===

impl TlsMaterial {
    /// Reads the three files.
    ///
    /// # Errors
    /// [`TlsError::Unreadable`] with which one.
    pub fn read(certificate: &Path, key: &Path, client_ca: &Path) -> Result<Self, TlsError> {
        let read = |what, path| std::fs::read(path).map_err(|source| TlsError::Unreadable { what, source });
        Ok(Self {
            certificate: read("server certificate", certificate)?,
            key: Zeroizing::new(read("server key", key)?),
            client_ca: read("client authority", client_ca)?,
        })
    }

    /// The TLS configuration: TLS 1.3, client certificate required, ALPN `h2`,
    /// no resumption (every connection shows its certificate anew).
    ///
    /// # Errors
    /// [`TlsError::NoPem`] or [`TlsError::Unusable`].
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        self.config(false, b"h2")
    }

    /// The same for what anybody may fetch: whoever has no client certificate gets
    /// in; one of another authority is refused still. ALPN `http/1.1`.
    ///
    /// # Errors
    /// As [`TlsMaterial::server_config`].
    pub fn public_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        self.config(true, b"http/1.1")
    }

    fn config(&self, anybody: bool, protocol: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = certificates(&self.certificate, "server certificate")?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| TlsError::NoPem("server key"))?;
        let mut roots = rustls::RootCertStore::empty();
        for authority in certificates(&self.client_ca, "client authority")? {
            roots.add(authority).map_err(unusable)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let clients = if anybody { clients.allow_unauthenticated() } else { clients };
        let clients = clients.build().map_err(unusable)?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(unusable)?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        config.alpn_protocols = vec![protocol.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

impl std::fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsMaterial(…)")
    }
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::NoPem(what)),
    }
}

fn unusable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TlsError {
    TlsError::Unusable(error.into())
}
