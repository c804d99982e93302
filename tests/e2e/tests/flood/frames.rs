//! HTTP/2 by hand (RFC 9113), for what no client library would send.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use motlan_harness::{Credentials, Process};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const CONTINUATION: u8 = 9;

pub const END_HEADERS: u8 = 4;
pub const END_STREAM: u8 = 1;

/// No window: whatever is answered cannot be sent.
pub const NO_WINDOW: [u8; 6] = [0, 4, 0, 0, 0, 0];

pub type Tls = TlsStream<TcpStream>;

/// A caller as it attacks: its certificate, and the address it comes from.
#[derive(Clone)]
pub struct Attacker {
    to: SocketAddr,
    tls: TlsConnector,
    token: Option<String>,
}

// === impl Attacker ===

impl Attacker {
    pub fn of(process: &Process, caller: &str) -> Self {
        let folder = process.client(caller);
        let shown = Credentials::read(&folder).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(shown.authority.as_bytes()).unwrap()).unwrap();
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(shown.certificate.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.unwrap(), key);
        let mut config = config.unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let token = std::fs::read_to_string(folder.join("officer.jwt")).ok();
        Self {
            to: process.endpoints().grpc.parse().unwrap(),
            tls: TlsConnector::from(Arc::new(config)),
            token: token.map(|token| token.trim().to_owned()),
        }
    }

    /// A bare connection from that address of this machine.
    pub async fn tcp(&self, from: u8) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((IpAddr::from([127, 0, 0, from]), 0)))?;
        socket.connect(self.to).await
    }

    /// With TLS, and nothing said in it.
    pub async fn secure(&self, from: u8) -> std::io::Result<Tls> {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        self.tls.connect(name, self.tcp(from).await?).await
    }

    /// With the preface, and those settings.
    pub async fn speaking(&self, from: u8, settings: &[u8]) -> std::io::Result<Tls> {
        let mut tls = self.secure(from).await?;
        tls.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
        tls.write_all(&frame(SETTINGS, 0, 0, settings)).await?;
        tls.flush().await?;
        Ok(tls)
    }

    /// The headers of a call, in HPACK without compression (RFC 7541).
    pub fn headers(&self, path: &str) -> Vec<u8> {
        // :method POST, :scheme https.
        let mut block = vec![0x83, 0x87];
        text(&mut block, &[0x04], path);
        text(&mut block, &[0x01], "localhost");
        text(&mut block, &[0x0f, 0x10], "application/grpc");
        block.push(0x00);
        text(&mut block, &[], "te");
        text(&mut block, &[], "trailers");
        if let Some(token) = &self.token {
            text(&mut block, &[0x0f, 0x08], &format!("Bearer {token}"));
        }
        block
    }
}

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A gRPC message with its length in front; `claimed` may be a lie.
pub fn message(body: &[u8], claimed: usize) -> Vec<u8> {
    let mut message = vec![0];
    message.extend_from_slice(&u32::try_from(claimed).unwrap().to_be_bytes());
    message.extend_from_slice(body);
    message
}

/// Reads until the other end closes.
pub async fn closed(tls: &mut Tls) {
    let mut buffer = vec![0; 64 * 1024];
    while tls.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

fn text(block: &mut Vec<u8>, name: &[u8], value: &str) {
    block.extend_from_slice(name);
    // An integer of seven bits, and more where it does not fit.
    let mut length = value.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push((length % 128) as u8 | 128);
            length /= 128;
        }
        block.push(length as u8);
    }
    block.extend_from_slice(value.as_bytes());
}
