//! The one client for both servers: bare HTTP/2 over mutual TLS.
//!
//! **Invariant**: what it costs does not depend on who is asked, and is little
//! enough that the server is at its limit first.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};
use motlan::client::Credentials;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;

/// What a client lets a server send ahead: never less than all its streams get.
const CONNECTION_WINDOW: u32 = 4 << 20;
const STREAM_WINDOW: u32 = 1 << 20;

/// One HTTP/2 connection, and what every call on it carries.
#[derive(Clone)]
pub(crate) struct Line {
    send: SendRequest<Bytes>,
    uri: Uri,
    headers: Arc<HeaderMap>,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Each message with its five bytes in front; empty for a refusal.
    pub(crate) framed: Bytes,
    /// Where `grpc-status` stands.
    pub(crate) trailers: HeaderMap,
}

/// A call that came to no answer at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The connection or the stream broke.
    #[error("the connection broke")]
    Http2(#[from] h2::Error),
    /// No gRPC server answers so.
    #[error("HTTP status {0}")]
    Status(StatusCode),
}

/// How a client shows who it is.
pub(crate) fn tls(credentials: &Credentials) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(credentials.authority.as_bytes())?)?;
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(credentials.certificate.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(credentials.key.as_bytes())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain?, key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// The headers of a unary gRPC call. The token is compressed like any other
/// header, as gRPC libraries do: both servers are spared the same.
pub(crate) fn headers(token: Option<&str>) -> anyhow::Result<Arc<HeaderMap>> {
    let mut headers = HeaderMap::new();
    headers.insert("te", HeaderValue::from_static("trailers"));
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    headers.insert("user-agent", HeaderValue::from_static("motlan-load"));
    if let Some(token) = token {
        headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {token}"))?);
    }
    Ok(Arc::new(headers))
}

/// A message as gRPC frames it: not compressed, its length, itself.
pub(crate) fn framed(message: &impl prost::Message) -> Bytes {
    let length = message.encoded_len();
    let mut framed = BytesMut::with_capacity(5 + length);
    framed.extend_from_slice(&[0]);
    framed.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(&message.encode_to_vec());
    framed.freeze()
}

// === impl Line ===

impl Line {
    /// Connects. `tasks` carries the connection; it ends when the last clone
    /// is gone.
    pub(crate) async fn open(
        address: SocketAddr,
        method: &str,
        tls: Arc<ClientConfig>,
        headers: Arc<HeaderMap>,
        tasks: &TaskTracker,
    ) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(address).await.context("the server cannot be reached")?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let stream = TlsConnector::from(tls).connect(name, tcp).await.context("no TLS with the server")?;
        let (send, connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .enable_push(false)
            .handshake(stream)
            .await?;
        // An error shows in every call on the connection.
        tasks.spawn(async move { drop(connection.await) });
        let uri = format!("https://localhost:{}{method}", address.port()).parse()?;
        Ok(Self { send, uri, headers })
    }

    /// The same connection, for another method.
    pub(crate) fn of_method(&self, method: &'static str) -> anyhow::Result<Self> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static(method));
        Ok(Self { uri: Uri::from_parts(parts)?, ..self.clone() })
    }

    /// Sends one message and reads all of the answer.
    pub(crate) async fn call(&mut self, message: Bytes) -> Result<Reply, Broken> {
        self.call_watched(message, || ()).await
    }

    /// Sends one message and reads all of the answer, telling when a part of it
    /// has come.
    pub(crate) async fn call_watched(
        &mut self,
        message: Bytes,
        mut arrived: impl FnMut(),
    ) -> Result<Reply, Broken> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = HeaderMap::clone(&self.headers);
        std::future::poll_fn(|context| self.send.poll_ready(context)).await?;
        let (answer, mut stream) = self.send.send_request(request, false)?;
        stream.send_data(message, true)?;
        let (head, mut body) = answer.await?.into_parts();
        if head.status != StatusCode::OK {
            return Err(Broken::Status(head.status));
        }
        let mut framed = Bytes::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            arrived();
            body.flow_control().release_capacity(chunk.len())?;
            framed = if framed.is_empty() { chunk } else { joined(framed, chunk) };
        }
        let trailers = body.trailers().await?.unwrap_or(head.headers);
        Ok(Reply { framed, trailers })
    }
}

/// Answers of more than one frame are rare.
fn joined(first: Bytes, second: Bytes) -> Bytes {
    let mut joined = BytesMut::with_capacity(first.len() + second.len());
    joined.extend_from_slice(&first);
    joined.extend_from_slice(&second);
    joined.freeze()
}
