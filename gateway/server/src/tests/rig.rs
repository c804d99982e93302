//! A server with certificates made on the spot, and clients for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use jiff::Timestamp;
use motlan_access::{Access, AccessConfig, CallerConfig, CallerRole, SyntheticIds, TokenKind};
use motlan_audit::testing::Faults;
use motlan_audit::{AuditLog, AuditOptions, AuditService, MemoryKeyProvider};
use motlan_catalogue::{Catalogue, Purposes};
use motlan_domain::id::Synthetic;
use motlan_domain::{Clock, ManualClock};
use motlan_dossier::{Register, RegisterKey, RegisterOptions};
use motlan_pipeline::{Options, Parts, Pipeline, QuotaOptions};
use motlan_resolve::Resolver;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

use crate::{Limits, Server, ServerHandle, ServerOptions, Services, TlsMaterial};

const NOW: &str = "2026-11-21T03:00:00Z";
const ORIGIN: &str = "log.test/1";

const OFFICERS: &str = r#"
officers = [
    { account = "lan@h32.216", agency = "H32.216", personal_id = "097180000001", responsible = true },
    { account = "kiem@h32", agency = "H32", personal_id = "097080000006", responsible = true },
    { account = "hai@h32", agency = "H32", personal_id = "097080000007" },
    { account = "tam@h32.991", agency = "H32.991", personal_id = "097080000005", responsible = true },
]
"#;

/// A certificate authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) pem: String,
}

/// A certificate with its key.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// A running server.
pub(super) struct Rig {
    pub(super) grpc: SocketAddr,
    pub(super) probe: SocketAddr,
    pub(super) published: SocketAddr,
    pub(super) handle: ServerHandle,
    pub(super) log: AuditLog,
    pub(super) authority: Authority,
    pub(super) stop: CancellationToken,
    pub(super) serving: JoinSet<()>,
    pub(super) server_pair: Pair,
    pub(super) now: Timestamp,
    pub(super) clock: Arc<ManualClock>,
    _audit: AuditService,
    _dir: tempfile::TempDir,
}

// === impl Authority ===

impl Authority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(super) fn issue(&self, names: Vec<SanType>) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names;
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    /// A client certificate of that system.
    pub(super) fn client(&self, system: &str) -> Pair {
        let uri = format!("urn:motlan:system:{system}");
        self.issue(vec![SanType::URI(uri.as_str().try_into().unwrap())])
    }

    pub(super) fn server(&self) -> Pair {
        self.issue(vec![SanType::DnsName("localhost".try_into().unwrap())])
    }
}

impl Pair {
    pub(super) fn material(&self, client_ca: &str) -> TlsMaterial {
        TlsMaterial {
            certificate: self.certificate.clone().into_bytes(),
            key: self.key.clone().into_bytes().into(),
            client_ca: client_ca.as_bytes().to_vec(),
        }
    }
}

// === impl Rig ===

impl Rig {
    pub(super) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A server whose options are changed first.
    pub(super) async fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        Self::with_quota(QuotaOptions::default(), change).await
    }

    pub(super) async fn with_quota(quotas: QuotaOptions, change: impl FnOnce(&mut ServerOptions)) -> Self {
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let keys = Arc::new(MemoryKeyProvider::fixed(7));
        let opened = AuditLog::in_memory(ORIGIN, keys, clock.clone()).unwrap();
        Self::over(tempfile::tempdir().unwrap(), clock, opened, quotas, change).await
    }

    /// The same over a log on a disk that fails when told to, signed by these keys.
    pub(super) async fn on_disk(
        faults: &Arc<Faults>,
        keys: MemoryKeyProvider,
        change: impl FnOnce(&mut ServerOptions),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let options = AuditOptions::new(dir.path().join("audit"), ORIGIN);
        let opened = AuditLog::open_faulty(options, Arc::new(keys), clock.clone(), Arc::clone(faults)).await;
        Self::over(dir, clock, opened.unwrap(), QuotaOptions::default(), change).await
    }

    async fn over(
        dir: tempfile::TempDir,
        manual: Arc<ManualClock>,
        (log, audit): (AuditLog, AuditService),
        quotas: QuotaOptions,
        change: impl FnOnce(&mut ServerOptions),
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::clone(&manual) as _;
        let register = RegisterKey::new([1; 32]);
        let register = RegisterOptions::new(dir.path().join("dossiers.sqlite"), register, Synthetic::Allowed);
        let register = Register::open(register, Arc::clone(&clock)).unwrap();
        let catalogue = Catalogue::embedded().unwrap();
        let purposes = Purposes::embedded(&catalogue).unwrap();
        let directory = dir.path().join("officers.toml");
        std::fs::write(&directory, OFFICERS).unwrap();
        let caller = |id: &str, agency: &str, role, tokens: &[TokenKind]| CallerConfig {
            id: id.into(),
            agency: agency.into(),
            role,
            commune: None,
            tokens: tokens.to_vec(),
        };
        let config = AccessConfig {
            callers: vec![
                caller("portal", "H32", CallerRole::Portal, &[TokenKind::Citizen]),
                caller("one-stop-216", "H32.216", CallerRole::OneStop, &[TokenKind::Officer]),
                caller("verifier", "H32.991", CallerRole::Verifier, &[TokenKind::Officer]),
                caller("auditor", "H32", CallerRole::Auditor, &[TokenKind::Officer]),
            ],
            issuers: vec![super::officer::issuer(dir.path())],
            evidence: Vec::new(),
            directory,
            policy_dir: None,
            synthetic_ids: SyntheticIds::Allowed,
        };
        let access = Access::load(config, catalogue.clone(), purposes, register.clone(), Arc::clone(&clock));
        let parts = Parts {
            access: access.unwrap(),
            log: log.clone(),
            register,
            catalogue: Arc::new(catalogue),
            adapters: Vec::new(),
            clock: Arc::clone(&clock),
            tasks: TaskTracker::new(),
        };
        let options = Options {
            cache_bytes: 1 << 20,
            policies: std::collections::BTreeMap::default(),
            deadline: Duration::from_secs(5),
            quotas,
        };
        let pipeline = Arc::new(Pipeline::new(parts, options).unwrap());
        let resolver = Resolver::new(Arc::clone(&pipeline), Arc::clone(&clock));
        let authority = Authority::new();
        let server_pair = authority.server();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut options = ServerOptions {
            grpc_addr: any,
            probe_addr: any,
            log_addr: Some(any),
            tls: server_pair.material(&authority.pem),
            reflection: true,
            limits: Limits::default(),
        };
        change(&mut options);
        let services = Services { pipeline, resolver, beside: Vec::new() };
        let bound = Server::bind(options, services, clock).await.unwrap();
        let (grpc, probe, handle) = (bound.grpc_addr(), bound.probe_addr(), bound.handle());
        let published = bound.log_addr().unwrap();
        let stop = CancellationToken::new();
        let mut serving = JoinSet::new();
        serving.spawn(bound.serve(stop.clone().cancelled_owned()));
        Self {
            grpc,
            probe,
            published,
            handle,
            log,
            authority,
            stop,
            serving,
            server_pair,
            now: NOW.parse().unwrap(),
            clock: manual,
            _audit: audit,
            _dir: dir,
        }
    }

    /// A channel as that system, with a certificate of the configured authority.
    pub(super) async fn channel(&self, system: &str) -> Channel {
        self.connect(Some(&self.authority.client(system))).await.expect("connects")
    }

    /// A channel with that client certificate, or none.
    pub(super) async fn connect(&self, client: Option<&Pair>) -> Result<Channel, tonic::transport::Error> {
        let mut tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&self.authority.pem))
            .domain_name("localhost");
        if let Some(client) = client {
            tls = tls.identity(Identity::from_pem(&client.certificate, &client.key));
        }
        let endpoint = Endpoint::from_shared(format!("https://{}", self.grpc)).unwrap();
        endpoint.connect_timeout(Duration::from_secs(10)).tls_config(tls).unwrap().connect().await
    }

    /// How many entries are durable.
    pub(super) fn entries(&self) -> u64 {
        self.log.health().durable
    }

    /// What the probe listener says.
    pub(super) async fn get(&self, path: &str) -> (u16, String) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut tcp = tokio::net::TcpStream::connect(self.probe).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.unwrap();
        let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
        (code, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }
}

/// Polls until it holds, within ten seconds.
pub(super) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "never came true: {what}");
}

/// Calls any method with any bytes; all messages of the answer.
pub(super) async fn raw(
    channel: &Channel,
    path: &str,
    body: &[u8],
    token: Option<&str>,
) -> Result<Vec<Bytes>, Status> {
    let mut request = Request::new(Bytes::copy_from_slice(body));
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", token.parse().unwrap());
    }
    raw_request(channel, path, request).await
}

pub(super) async fn raw_request(
    channel: &Channel,
    path: &str,
    request: Request<Bytes>,
) -> Result<Vec<Bytes>, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone()).max_decoding_message_size(8 << 20);
    client.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let mut stream = client.server_streaming(request, path.parse().unwrap(), Raw).await?.into_inner();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await? {
        messages.push(message);
    }
    Ok(messages)
}

/// Reason of the `ErrorInfo`, and whether a receipt came with it.
pub(super) fn reason(status: &Status) -> (String, bool) {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    (info.reason, info.metadata.contains_key("receipt_index"))
}

/// Field and reason of each violation.
pub(super) fn violations(status: &Status) -> Vec<(String, String)> {
    let bad = status.get_details_bad_request().unwrap_or_else(|| panic!("no BadRequest in {status:?}"));
    bad.field_violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

/// Bytes as they are.
#[derive(Clone, Copy)]
pub(super) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
