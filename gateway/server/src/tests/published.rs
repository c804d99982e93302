//! The published log over HTTPS: what is public to anybody, bundles to auditors
//! alone, and each of those an entry.

use std::sync::Arc;
use std::time::Duration;

use motlan_audit::{Draft, Entry, Kind, MemoryKeyProvider};
use motlan_audit_tree::bundle::split_entries;
use motlan_audit_tree::{Bundle, SignedCheckpoint, TrustedLog, leaf_hash};
use motlan_pipeline::{QuotaOptions, Rate};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;

use super::officer;
use super::rig::{Authority, Pair, Rig, eventually};

/// An answer taken apart.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

// === impl Answer ===

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap().to_owned()
    }
}

async fn connect(rig: &Rig, client: Option<&Pair>) -> std::io::Result<TlsStream<TcpStream>> {
    connect_from(rig, client, [127, 0, 0, 1]).await
}

/// The same from another address of this machine.
pub(super) async fn connect_from(
    rig: &Rig,
    client: Option<&Pair>,
    from: [u8; 4],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(rig.authority.pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some(client) => config
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(client.certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(client.key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let tcp = socket.connect(rig.published).await?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(ServerName::try_from("localhost").unwrap(), tcp).await
}

/// One request, its line and further heads as they are.
pub(super) async fn ask(
    rig: &Rig,
    client: Option<&Pair>,
    line: &str,
    heads: &str,
) -> std::io::Result<Answer> {
    ask_on(connect(rig, client).await?, line, heads).await
}

/// The same on a connection that is there.
pub(super) async fn ask_on(
    mut stream: TlsStream<TcpStream>,
    line: &str,
    heads: &str,
) -> std::io::Result<Answer> {
    let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{heads}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Answer { status, head, body: answer[end + 4..].to_vec() })
}

pub(super) async fn get(rig: &Rig, path: &str) -> Answer {
    ask(rig, None, &format!("GET {path}"), "").await.unwrap()
}

pub(super) async fn grow(rig: &Rig, to: u64) {
    while rig.entries() < to {
        rig.log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap();
    }
    rig.log.published(to).await;
}

fn entries(rig: &Rig) -> Vec<Entry> {
    let stored = rig.log.scan(0, usize::MAX).unwrap();
    stored.iter().map(|stored| Entry::parse(&stored.bytes).unwrap()).collect()
}

#[tokio::test]
async fn anybody_gets_what_is_public() {
    let rig = Rig::start().await;
    grow(&rig, 300).await;
    let key = get(&rig, "/log.pub").await;
    let log = TrustedLog::from(
        String::from_utf8(key.body).unwrap().trim_end().parse::<motlan_audit_tree::VerifierKey>().unwrap(),
    );
    let told = get(&rig, "/checkpoint").await;
    assert_eq!((told.status, told.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    assert_eq!(told.header("cache-control"), Some("no-cache"));
    let checkpoint = SignedCheckpoint::open(&told.body, &log).expect("signed by that key");
    assert_eq!(checkpoint.head().size, 300);
    let leaves: Vec<u8> =
        rig.log.scan(0, usize::MAX).unwrap().iter().flat_map(|stored| stored.leaf_hash).collect();
    for (path, hashes, keep) in [
        ("/tile/0/000", &leaves[..256 * 32], "public, max-age=31536000, immutable"),
        ("/tile/0/000.p/7", &leaves[..7 * 32], "public, max-age=60"),
        ("/tile/0/001.p/44", &leaves[256 * 32..], "public, max-age=60"),
    ] {
        let tile = get(&rig, path).await;
        assert_eq!((tile.status, &tile.body[..]), (200, hashes), "{path}");
        assert_eq!(tile.header("content-type"), Some("application/octet-stream"));
        assert_eq!(tile.header("cache-control"), Some(keep));
        assert_eq!(tile.header("x-content-type-options"), Some("nosniff"));
    }
    let head = ask(&rig, None, "HEAD /tile/0/000", "").await.unwrap();
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, Some("8192")));
    // With a certificate it is all the same.
    let portal = rig.authority.client("portal");
    assert_eq!(ask(&rig, Some(&portal), "GET /checkpoint", "").await.unwrap().body, told.body);
    for path in [
        "/",
        "/tile/0/002",
        "/tile/0/001.p/45",
        "/tile/0/001",
        "/tile/2/000.p/1",
        "/tile/8/000",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/000.p/257",
        "/tile/0/0000",
        "/tile/../checkpoint",
        "/%2e%2e/checkpoint",
        "/checkpoint?",
        "/checkpoint?x",
        "/witnessed",
        "/checkpoints/300",
        "/lock",
    ] {
        let answer = get(&rig, path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, Some("text/plain; charset=utf-8")),
            "{path}"
        );
    }
    assert_eq!(rig.entries(), 300, "nothing of this is an entry");
    let (_, page) = rig.get("/metrics").await;
    let counted = "motlan_log_requests_total{motlan_log_file=\"tile\",http_response_status_code=\"200\"} 4";
    assert!(page.contains(counted), "{page}");
}

/// A key that is signed in while it runs is told at once.
#[tokio::test]
async fn the_next_key_is_told_without_a_restart() {
    let keys = MemoryKeyProvider::fixed(7).with_log_keys(1, Some(2));
    let rig = Rig::on_disk(&Arc::default(), keys, |_| ()).await;
    let told = async || String::from_utf8(get(&rig, "/log.pub").await.body).unwrap();
    let before = told().await;
    assert_eq!((before.lines().count(), get(&rig, "/keys/1").await.status), (1, 404));
    rig.log.tell_of_next_key().await.unwrap();
    eventually("both sign", || rig.log.checkpoint().note().signatures().len() == 2).await;
    let after = told().await;
    assert!(after.starts_with(&before) && after.lines().count() == 2, "{after}");
    assert_eq!(get(&rig, "/keys/1").await.status, 200);
    let portal = rig.channel("portal").await;
    let mut audit = motlan_proto::audit::v1::audit_service_client::AuditServiceClient::new(portal);
    let request = motlan_proto::audit::v1::GetCheckpointRequest {};
    let checkpoint = audit.get_checkpoint(request).await.unwrap().into_inner();
    assert_eq!(checkpoint.key_rotations.len(), 1);
    assert_eq!(checkpoint.key_rotations[0].as_bytes(), get(&rig, "/keys/1").await.body);
}

#[tokio::test]
async fn nothing_but_plain_reading_is_answered() {
    let rig = Rig::start().await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = ask(&rig, None, &format!("{method} /checkpoint"), "").await.unwrap();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
    let with_body = ask(&rig, None, "GET /checkpoint", "content-length: 100000\r\n").await.unwrap();
    assert_eq!(with_body.status, 413);
    let long = format!("authorization: {}\r\n", "x".repeat(40_000));
    let answer = ask(&rig, None, "GET /checkpoint", &long).await;
    assert!(answer.is_err() || answer.unwrap().status == 431, "a head has its bounds");
    assert_eq!(get(&rig, "/checkpoint").await.status, 200, "control");
}

#[tokio::test]
async fn bundles_are_for_auditors_and_each_is_an_entry() {
    let rig = Rig::start().await;
    grow(&rig, 300).await;
    let path = "GET /tile/entries/000";
    let nobody = ask(&rig, None, path, "").await.unwrap();
    assert_eq!((nobody.status, nobody.reason().as_str()), (401, "CREDENTIAL_MISSING"));
    let (auditor, bearer) = officer::token(&rig);
    let authorised = format!("authorization: {bearer}\r\n");
    let nobody = ask(&rig, None, path, &authorised).await.unwrap();
    assert_eq!(nobody.status, 401, "a token alone does not do");
    assert_eq!(rig.entries(), 300, "who shows no certificate fills no log");

    let stolen = rig.authority.client("auditor");
    let refused = [
        ("another role", rig.authority.client("portal"), "", 403, "AUDITOR_ONLY"),
        ("unknown", rig.authority.client("nobody"), "", 401, "CALLER_UNKNOWN"),
        ("no token", rig.authority.client("auditor"), "", 403, "ACTOR_ABSENT"),
        (
            "no bearer",
            rig.authority.client("auditor"),
            "authorization: Basic eDp4\r\n",
            401,
            "TOKEN_MALFORMED",
        ),
        ("bound to another certificate", stolen, &authorised, 401, "TOKEN_BINDING"),
    ];
    for (at, (what, client, heads, status, reason)) in (300..).zip(&refused) {
        let answer = ask(&rig, Some(client), path, heads).await.unwrap();
        assert_eq!((answer.status, answer.reason().as_str()), (*status, *reason), "{what}");
        assert_eq!(answer.json()["receipt"]["index"], at, "{what}: recorded");
        assert!(answer.json()["vi"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(!String::from_utf8_lossy(&answer.body).contains("config.loaded"), "{what}: nothing leaks");
        let entry = entries(&rig).pop().unwrap();
        assert_eq!((entry.index, entry.reason.as_deref()), (at, Some(*reason)), "{what}");
    }

    let given = ask(&rig, Some(&auditor), path, &authorised).await.unwrap();
    assert_eq!((given.status, given.header("cache-control")), (200, Some("no-store")));
    let bundle = split_entries(Bundle::new(0, 256).unwrap(), &given.body).unwrap();
    let stored = rig.log.scan(0, usize::MAX).unwrap();
    assert!(bundle.iter().zip(&stored).all(|(entry, stored)| leaf_hash(entry) == stored.leaf_hash));
    let read = entries(&rig).pop().unwrap();
    assert_eq!(read.kind, Kind::LogRead);
    let search = read.search.as_ref().unwrap();
    let told: Vec<_> = search.filters.iter().map(|f| (f.name.as_ref(), f.value.as_deref())).collect();
    assert_eq!((search.count, told), (256, vec![("indices", Some("0-255"))]));
    assert_eq!(read.caller.unwrap().system.as_deref(), Some("auditor"));
    assert_eq!(read.actor.unwrap().account.as_deref(), Some("kiem@h32"));

    // A partial one, and one that is not there: both were looked for.
    rig.log.published(rig.entries()).await;
    for (path, status, count) in [
        ("/tile/entries/000.p/3", 200, 3),
        ("/tile/entries/001.p/44", 200, 44),
        ("/tile/entries/007", 404, 0),
    ] {
        let answer = ask(&rig, Some(&auditor), &format!("GET {path}"), &authorised).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
        let read = entries(&rig).pop().unwrap();
        assert_eq!((read.kind, read.search.unwrap().count), (Kind::LogRead, count), "{path}");
    }
    // A wrong path is nothing that was read.
    let before = rig.entries();
    let wrong = ask(&rig, Some(&auditor), "GET /tile/entries/0000", &authorised).await.unwrap();
    assert_eq!((wrong.status, rig.entries()), (404, before));
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_and_quotas_hold() {
    let quotas = QuotaOptions { refusals: Rate { burst: 3, per_second: 0 }, ..QuotaOptions::default() };
    let rig = Rig::with_quota(quotas, |_| ()).await;
    let foreign = Authority::new().client("auditor");
    let answer = ask(&rig, Some(&foreign), "GET /checkpoint", "").await;
    assert!(answer.is_err(), "it got an answer");
    eventually("it is counted", || rig.handle.refused(crate::Refused::Handshake) == 1).await;
    let portal = rig.authority.client("portal");
    let mut told = Vec::new();
    for _ in 0..6 {
        let answer = ask(&rig, Some(&portal), "GET /tile/entries/000", "").await.unwrap();
        told.push((answer.status, answer.reason(), answer.header("retry-after").is_some()));
    }
    assert_eq!(told[..3], vec![(403, "AUDITOR_ONLY".to_owned(), false); 3]);
    assert_eq!(told[3..], vec![(429, "QUOTA_EXCEEDED".to_owned(), true); 3]);
    let denied = entries(&rig).iter().filter(|entry| entry.kind == Kind::AccessDenied).count();
    assert_eq!(denied, 3);
}

#[tokio::test]
async fn who_says_nothing_gives_its_place_back() {
    let rig = Rig::with(|options| options.limits.handshake = Duration::from_millis(300)).await;
    for said in ["", "GET /checkpoint HTTP/1.1\r\nhost: local"] {
        let mut stream = connect(&rig, None).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut nothing = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut nothing)).await;
        assert!(read.is_ok(), "{said:?}: not cut off");
        assert!(!String::from_utf8_lossy(&nothing).contains(" 200 "));
    }
    // Between two requests as well.
    let mut stream = connect(&rig, None).await.unwrap();
    stream.write_all(b"GET /checkpoint HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "not cut off");
    assert!(String::from_utf8_lossy(&answer).contains(" 200 "), "control: it was answered");
}

#[tokio::test]
async fn it_drains_and_its_certificates_are_reloaded() {
    let mut rig = Rig::start().await;
    let next = Authority::new();
    rig.handle.reload_tls(&rig.server_pair.material(&next.pem)).expect("sound material");
    let old = rig.authority.client("auditor");
    assert!(
        ask(&rig, Some(&old), "GET /checkpoint", "").await.is_err(),
        "the old authority is still trusted"
    );
    let fresh = next.client("auditor");
    assert_eq!(ask(&rig, Some(&fresh), "GET /checkpoint", "").await.unwrap().status, 200);
    let _idle = connect(&rig, None).await.unwrap();
    rig.stop.cancel();
    let stopped = tokio::time::timeout(Duration::from_secs(9), rig.serving.join_next()).await;
    assert!(stopped.is_ok(), "an idle reader held up the drain");
    assert!(connect(&rig, None).await.is_err(), "it accepts no more");
}
