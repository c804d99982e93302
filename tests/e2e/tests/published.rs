//! The published log over HTTPS, of a sandbox as it is started: anybody verifies
//! what is public, an auditor all of it, and who is neither learns nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use std::path::Path;
use std::time::Duration;

use motlan_audit_tree::bundle::split_entries;
use motlan_audit_tree::{Bundle, Frontier, SignedCheckpoint, TrustedLog, VerifierKey, leaf_hash};
use motlan_harness::{Process, Program};
use motlan_proto::audit::v1::{EntryKind, GetCheckpointRequest, SearchEntriesRequest};

fn client(folder: &Path, identity: bool) -> reqwest::Client {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let authority = reqwest::Certificate::from_pem(&read("ca.pem")).unwrap();
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([authority]);
    let builder = if identity {
        let pem = [read("cert.pem"), read("key.pem")].concat();
        builder.identity(reqwest::Identity::from_pem(&pem).unwrap())
    } else {
        builder
    };
    builder.build().unwrap()
}

async fn get(client: &reqwest::Client, sandbox: &Process, path: &str) -> (u16, Vec<u8>) {
    let answer = client.get(format!("{}/{path}", sandbox.endpoints().log)).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

async fn checkpoint(client: &reqwest::Client, sandbox: &Process) -> SignedCheckpoint {
    let key = String::from_utf8(get(client, sandbox, "log.pub").await.1).unwrap();
    let log = TrustedLog::from(key.trim_end().parse::<VerifierKey>().unwrap());
    SignedCheckpoint::open(&get(client, sandbox, "checkpoint").await.1, &log).unwrap()
}

/// `motlan audit verify` of the log as it is served: exit code, and what it said.
async fn verified(program: &Program, sandbox: &Process, folder: &Path, args: &[&str]) -> (i32, String) {
    let key = folder.join("log.pub").display().to_string();
    let mut all = vec!["audit", "verify", "--log", &sandbox.endpoints().log, "--key", &key];
    all.extend(args);
    let output = program.run(all).await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_verified_over_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::built().unwrap();
    let sandbox = program.sandbox(folder.path()).await.unwrap();
    let auditor = sandbox.client("auditor");
    let (ca, auditor_dir) = (auditor.join("ca.pem").display().to_string(), auditor.display().to_string());
    let (anybody, known) = (client(&auditor, false), client(&auditor, true));
    let portal = client(&sandbox.client("portal"), true);

    // Anybody: the checkpoint is signed, and its tree is that of the tiles.
    let head = checkpoint(&anybody, &sandbox).await.head();
    assert!((1..256).contains(&head.size), "{head:?}");
    let path = format!("tile/0/000.p/{}", head.size);
    let (status, tile) = get(&anybody, &sandbox, &path).await;
    assert_eq!(status, 200);
    let leaves: Vec<[u8; 32]> = tile.as_chunks().0.to_vec();
    assert_eq!(Frontier::new().append(&leaves).head, head);

    // Bundles: to nobody but an officer of the auditor.
    let bundle = format!("tile/entries/000.p/{}", head.size);
    let origin = std::fs::read_to_string(folder.path().join("log/checkpoint")).unwrap();
    let origin = origin.lines().next().unwrap().to_owned();
    for (who, client, expected) in
        [("nobody", &anybody, 401), ("portal", &portal, 403), ("no token", &known, 403)]
    {
        let (status, body) = get(client, &sandbox, &bundle).await;
        let text = String::from_utf8(body).unwrap();
        assert_eq!(status, expected, "{who}: {text}");
        assert!(text.contains("\"reason\"") && !text.contains("config.loaded"), "{who}: {text}");
        let refused: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(refused["receipt"]["origin"] == origin, who != "nobody", "{who}: {text}");
    }
    let token = std::fs::read_to_string(auditor.join("officer.jwt")).unwrap();
    let url = format!("{}/{bundle}", sandbox.endpoints().log);
    let given = known.get(&url).bearer_auth(token.trim()).send().await.unwrap();
    assert_eq!(given.status().as_u16(), 200);
    let bytes = given.bytes().await.unwrap();
    let entries = split_entries(bundle.parse::<Bundle>().unwrap(), &bytes).unwrap();
    assert!(entries.iter().zip(&leaves).all(|(entry, leaf)| leaf_hash(entry) == *leaf));

    // The reading stands in the log.
    let search = SearchEntriesRequest { kind: EntryKind::LogRead.into(), ..Default::default() };
    let grpc = sandbox.connect("auditor").unwrap();
    let found = grpc.audit().search_entries(search).await.unwrap().into_inner();
    let last = String::from_utf8(found.entries[0].canonical.clone()).unwrap();
    let indices = format!("0-{}", head.size - 1);
    assert!(last.contains(&indices) && last.contains("\"account\""), "{last}");

    // The command: anybody sees what is public, and is told what is not.
    let (code, told) = verified(&program, &sandbox, folder.path(), &["--ca", &ca, "--hashes-only"]).await;
    assert!(code == 0 && told.contains("no entry was read"), "{code} {told}");
    let (code, told) = verified(&program, &sandbox, folder.path(), &["--ca", &ca]).await;
    assert!(
        code == 2 && told.contains("CREDENTIAL_MISSING") && told.contains("--hashes-only"),
        "{code} {told}"
    );
    let (code, told) = verified(&program, &sandbox, folder.path(), &[]).await;
    assert_eq!(code, 2, "without the authority nothing is believed: {told}");
    let (code, told) =
        verified(&program, &sandbox, folder.path(), &["--client", &auditor_dir, "--deep"]).await;
    assert!(code == 0 && told.contains("content too"), "{code} {told}");
    assert!(sandbox.interrupt().await.unwrap().success());
}

/// A thousand requests at once of people nobody knows: callers are served as ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_readers_starves_no_caller() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Program::built().unwrap().sandbox(folder.path()).await.unwrap();
    let grpc = sandbox.connect("auditor").unwrap();
    grpc.audit().get_checkpoint(GetCheckpointRequest {}).await.unwrap();
    let anybody = client(&sandbox.client("auditor"), false);
    let head = checkpoint(&anybody, &sandbox).await.head();
    let base = sandbox.endpoints().log.clone();
    let paths =
        ["checkpoint".to_owned(), format!("tile/0/000.p/{}", head.size), "tile/entries/000".to_owned()];
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let (anybody, url) = (anybody.clone(), format!("{base}/{}", paths[number % paths.len()]));
        flood.spawn(async move { anybody.get(url).send().await.map(|answer| answer.status().as_u16()) });
    }
    for _ in 0..50 {
        let mut audit = grpc.audit();
        let asked = audit.get_checkpoint(GetCheckpointRequest {});
        tokio::time::timeout(Duration::from_secs(5), asked)
            .await
            .expect("in time")
            .expect("served meanwhile");
    }
    let mut statuses = std::collections::BTreeMap::<_, u32>::new();
    while let Some(answered) = flood.join_next().await {
        // Beyond the share of an address (32 connections) one is closed at once.
        *statuses.entry(answered.unwrap().ok()).or_default() += 1;
    }
    let known = [None, Some(200), Some(401), Some(503)];
    assert!(statuses.keys().all(|status| known.contains(status)), "{statuses:?}");
    assert!(statuses.get(&Some(200)).is_some_and(|count| *count > 20), "control: {statuses:?}");
    // None of it is an entry.
    let search = SearchEntriesRequest { page_size: 200, ..Default::default() };
    let found = grpc.audit().search_entries(search).await.unwrap().into_inner().entries;
    let own = found.iter().filter(|entry| entry.kind() == EntryKind::ConfigLoaded).count();
    assert!(own >= 5 && own == found.len(), "{own} of {}", found.len());
    assert!(sandbox.interrupt().await.unwrap().success());
}
