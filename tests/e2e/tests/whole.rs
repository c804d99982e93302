//! That an answer about the log is whole: proved over the wire, by the command,
//! and against a gateway that would show something else; and the log watched.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::large_futures,
    reason = "test code: a failure is a panic"
)]

use std::process::Output;
use std::time::Duration;

use motlan_audit_tree::{Checkpoint, SignedCheckpoint, SigningKey, TreeHead, TrustedLog, VerifierKey};
use motlan_audit_tree::{leaf_hash, verify_inclusion, verify_range};
use motlan_e2e::*;
use motlan_harness::{Connection, Opened, Opening, Program, World};
use motlan_proto::audit::v1::{
    EntryKind, GetCheckpointRequest, GetInclusionProofRequest, OpenSubjectsRequest, OpenSubjectsResponse,
    SearchEntriesRequest, SearchEntriesResponse, WatchEntriesRequest, WatchEntriesResponse,
};
use motlan_proto::common::v1::{SubjectKey, subject_key};
use serde_json::Value;
use tonic::{Code, Streaming};

/// What a run of the program gave.
struct Ran {
    code: i32,
    out: String,
    told: String,
}

// === impl Ran ===

impl Ran {
    async fn of(world: &World, command: &str, key: &str, args: &[&str]) -> Self {
        let client = world.folder().join("clients").join("auditor");
        let all = [&["audit", command, "--client", client.to_str().unwrap(), "--key", key], args].concat();
        let run = Program::built().unwrap();
        let Output { status, stdout, stderr } = run.run(&all).await.unwrap();
        let out = String::from_utf8(stdout).unwrap();
        let told = format!("{out}{}", String::from_utf8(stderr).unwrap());
        Self { code: status.code().expect("it ended by itself"), out, told }
    }

    fn tells(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{}", self.told);
        for part in parts {
            assert!(self.told.contains(part), "{part:?} is not told:\n{}", self.told);
        }
        self
    }
}

/// Two people asked about, one of them twice.
async fn story(world: &World) -> (Opened, Opened) {
    let one = opened(world, &Opening::of(RESIDENCE)).await;
    let other = opened(world, &Opening::of(RESIDENCE).family(1)).await;
    let mut last = None;
    for (opened, times) in [(&one, 2), (&other, 1)] {
        let by = world.connect(&opened.office).unwrap();
        for _ in 0..times {
            let told = get_person(&by, dossier(&opened.code), &opened.plan.applicant, &[]).await;
            last = told.expect("an answer").receipt;
        }
    }
    // It waits for the checkpoint that covers the entry.
    let proved = GetInclusionProofRequest { index: last.expect("a receipt").index, size: 0 };
    world.connect("auditor").unwrap().audit().get_inclusion_proof(proved).await.expect("published");
    (one, other)
}

async fn key(world: &World) -> (String, TrustedLog, TreeHead) {
    let by = world.connect("auditor").unwrap();
    let told = by.audit().get_checkpoint(GetCheckpointRequest {}).await.unwrap().into_inner();
    let key: VerifierKey = told.verifier_key.parse().unwrap();
    let log = TrustedLog::from(key);
    let head = SignedCheckpoint::open(told.checkpoint.as_bytes(), &log).unwrap().head();
    (told.verifier_key, log, head)
}

fn person(id: &str) -> SubjectKey {
    SubjectKey { key: Some(subject_key::Key::PersonalId(id.to_owned())) }
}

fn hashes(told: &[Vec<u8>]) -> Vec<[u8; 32]> {
    told.iter().map(|hash| hash.as_slice().try_into().unwrap()).collect()
}

async fn range(by: &Connection, request: &SearchEntriesRequest) -> Told<SearchEntriesResponse> {
    by.audit().search_entries(request.clone()).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_a_proof_and_an_entry() {
    let world = World::start().await.unwrap();
    let (one, _) = story(&world).await;
    let (_, log, _) = key(&world).await;
    let by = world.connect("auditor").unwrap();
    let mut request = SearchEntriesRequest {
        subject: Some(person(&one.plan.applicant)),
        prove_range: true,
        page_size: 7,
        ..Default::default()
    };
    let (mut head, mut matching, mut pages) = (None, 0, 0);
    loop {
        let page = range(&by, &request).await.expect("a page");
        let told = page.range.expect("a proof");
        let first = request.index_from;
        assert_eq!((told.from, page.next_page_token.as_str()), (first, ""));
        if head.is_none() {
            head = Some(SignedCheckpoint::open(told.checkpoint.as_bytes(), &log).unwrap().head());
        }
        let head = head.unwrap();
        assert_eq!(told.size, head.size, "every page against one tree");
        let leaves: Vec<_> = page.entries.iter().map(|entry| leaf_hash(&entry.canonical)).collect();
        verify_range(head, first, &leaves, &hashes(&told.hashes)).expect("whole");
        let fewer = &leaves[1..];
        assert!(verify_range(head, first, fewer, &hashes(&told.hashes)).is_err(), "the control");
        let asked = page.asked.expect("whom it is about");
        assert_eq!(asked.keyed_hash.len(), 32);
        for entry in &page.entries {
            let about = String::from_utf8_lossy(&entry.canonical).contains(&asked.pseudonym);
            assert_eq!(page.matching.contains(&entry.index), about, "{}", entry.index);
        }
        matching += page.matching.len();
        let read = entry_at(&world, page.receipt.as_ref().expect("a receipt")).await;
        let read: Value = serde_json::from_slice(&read.canonical).unwrap();
        let filters = read["search"]["filters"].as_array().unwrap();
        let value = |name: &str| filters.iter().find(|f| f["name"] == name).map(|f| f["value"].clone());
        assert_eq!(value("subject"), Some(Value::from(asked.pseudonym)));
        assert_eq!(value("index_to"), Some(Value::from(told.to.to_string())));
        assert!(value("prove_range").is_some(), "{read}");
        request.index_from = told.to;
        request.index_to = told.range_end;
        request.tree_size = told.size;
        pages += 1;
        if told.to == told.range_end {
            break;
        }
    }
    assert!(pages > 2 && matching > 3, "{pages} pages, {matching} entries");

    // A token of a page, a range that is none, and one beyond the log.
    let bad = SearchEntriesRequest { page_token: "x".into(), ..request.clone() };
    refused("a token", range(&by, &bad).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    for (from, to) in [(9, 5), (0, 1 << 40), (1 << 40, 0)] {
        let bad = SearchEntriesRequest { index_from: from, index_to: to, tree_size: 0, ..request.clone() };
        refused("a range", range(&by, &bad).await, Code::InvalidArgument, "INDEX_RANGE_INVALID");
    }
    world.stop().await.unwrap();
}

async fn all<T>(mut stream: Streaming<T>) -> Vec<T> {
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.message().await.unwrap() {
        chunks.push(chunk);
    }
    chunks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_subject_of_the_log_is_opened() {
    let world = World::start().await.unwrap();
    story(&world).await;
    let (_, log, _) = key(&world).await;
    let by = world.connect("auditor").unwrap();
    let told = by.audit().open_subjects(OpenSubjectsRequest::default()).await.unwrap();
    let chunks: Vec<OpenSubjectsResponse> = all(told.into_inner()).await;
    let checkpoint = SignedCheckpoint::open(chunks[0].checkpoint.as_bytes(), &log).unwrap();
    let openings: Vec<_> = chunks.iter().flat_map(|chunk| &chunk.openings).collect();
    assert!(openings.len() > 4, "{} subjects", openings.len());
    for told in &openings {
        let created = told.created.as_ref().unwrap();
        let proof = hashes(&created.proof);
        verify_inclusion(checkpoint.head(), created.index, &leaf_hash(&created.canonical), &proof).unwrap();
        let opening = told.opening.as_slice().try_into().unwrap();
        let hash = told.keyed_hash.as_slice().try_into().unwrap();
        let commitment = motlan_audit_tree::subject_commitment(opening, hash, &told.pseudonym);
        let entry: Value = serde_json::from_slice(&created.canonical).unwrap();
        assert_eq!(entry["created"]["commitment"], hex::encode(commitment));
    }
    for chunk in &chunks {
        let read = entry_at(&world, chunk.receipt.as_ref().expect("a receipt")).await;
        assert_eq!(read.kind(), EntryKind::LogRead);
        assert!(String::from_utf8_lossy(&read.canonical).contains("open_subjects"));
    }
    // By name; one that is none, and too many.
    let some = vec![openings[1].pseudonym.clone(), format!("s_{:032}", 0)];
    let ask = |pseudonyms| OpenSubjectsRequest { pseudonyms, ..Default::default() };
    let told = all(by.audit().open_subjects(ask(some)).await.unwrap().into_inner()).await;
    assert_eq!((told.len(), told[0].openings.len()), (1, 1));
    assert_eq!(told[0].openings[0].pseudonym, openings[1].pseudonym);
    let many = vec![openings[1].pseudonym.clone(); 101];
    for (bad, reason) in [(vec!["s_x".to_owned()], "VALUE_INVALID"), (many, "TOO_MANY_VALUES")] {
        let told = by.audit().open_subjects(ask(bad)).await;
        refused("pseudonyms", told, Code::InvalidArgument, reason);
    }
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_proves_that_nothing_was_left_out() {
    let world = World::start().await.unwrap();
    let (one, other) = story(&world).await;
    let (key, log, head) = key(&world).await;
    let person = one.plan.applicant.as_str();
    let ran = Ran::of(&world, "prove", &key, &["--person", person]).await;
    ran.tells(
        0,
        &["ĐÃ CHỨNG MINH LÀ ĐẦY ĐỦ", "shown to be whole", &log.origin, "access.outcome", "--origin"],
    );
    assert!(!ran.told.contains(person), "no identifier:\n{}", ran.told);

    let json = async |args: &[&str], code: i32| -> Value {
        let ran = Ran::of(&world, "prove", &key, &[args, &["--json"]].concat()).await;
        serde_json::from_str(&ran.tells(code, &[]).out).unwrap()
    };
    let whole = json(&["--person", person, "--origin", &log.origin], 0).await;
    let found = &whole["logs"][0];
    assert_eq!(
        (&whole["shown"], &found["whole_log"], &found["origin"]),
        (&true.into(), &true.into(), &log.origin.as_str().into())
    );
    let count = |value: &Value| value["logs"][0]["matching"].as_u64().unwrap();
    assert!(count(&whole) >= 5, "{whole}");
    assert_eq!(found["entries"].as_array().unwrap().len() as u64, count(&whole));
    // Of a part, by index and by time.
    let size = head.size.to_string();
    let part = json(&["--person", person, "--from", "2", "--to", &size], 0).await;
    assert_eq!((&part["logs"][0]["from"], &part["logs"][0]["to"]), (&2.into(), &head.size.into()));
    let late = json(&["--person", person, "--from", "2200-01-01T00:00:00Z"], 0).await;
    assert_eq!(count(&late), 0, "{late}");
    let early = json(&["--person", person, "--to", "2000-01-01T00:00:00Z"], 0).await;
    assert_eq!(count(&early), 0, "{early}");
    // Nobody met, and somebody else.
    let nobody = json(&["--person", "097301000001"], 0).await;
    assert_eq!(count(&nobody), 0);
    assert!(count(&json(&["--person", &other.plan.applicant], 0).await) >= 3);

    // A log that should be there, another's key, and what cannot be asked.
    let ran = Ran::of(&world, "prove", &key, &["--person", person, "--origin", "motlan.example/other"]).await;
    ran.tells(1, &["THIẾU NHẬT KÝ", "a log is missing: motlan.example/other"]);
    let foreign = SigningKey::from_seed(&log.origin, &[9; 32]).unwrap().verifier_key().to_string();
    let ran = Ran::of(&world, "prove", &foreign, &["--person", person]).await;
    ran.tells(1, &["CHƯA CHỨNG MINH ĐƯỢC", "signed by none of the keys"]);
    Ran::of(&world, "prove", "no key", &["--person", person]).await.tells(2, &[]);
    Ran::of(&world, "prove", &key, &["--person", person, "--from", "soon"]).await.tells(2, &["chỉ số"]);
    Ran::of(&world, "prove", &key, &[]).await.tells(2, &[]);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_proves_receipts() {
    let world = World::start().await.unwrap();
    let (one, _) = story(&world).await;
    let by = world.connect(&one.office).unwrap();
    let told = get_person(&by, dossier(&one.code), &one.plan.applicant, &[]).await.unwrap();
    let receipt = told.receipt.expect("a receipt");
    let (key, ..) = key(&world).await;
    let file = world.folder().join("receipt.json");
    let write = |origin: &str, index: u64, hash: &[u8]| {
        let text = serde_json::json!({ "origin": origin, "index": index.to_string(), "leafHash": hex::encode(hash) });
        std::fs::write(&file, text.to_string()).unwrap();
    };
    let name = file.to_str().unwrap();
    let shown = async || Ran::of(&world, "prove", &key, &["--receipt", name]).await;
    let covered = async {
        loop {
            if key_size(&world).await > receipt.index {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, covered).await.expect("it is published");
    write(&receipt.origin, receipt.index, &receipt.leaf_hash);
    shown().await.tells(0, &["CÓ TRONG NHẬT KÝ", "in the log"]);
    write(&receipt.origin, receipt.index - 1, &receipt.leaf_hash);
    shown().await.tells(1, &["this entry is not in the log"]);
    write("motlan.example/other", receipt.index, &receipt.leaf_hash);
    shown().await.tells(1, &["a receipt of another log"]);
    write(&receipt.origin, 1 << 40, &receipt.leaf_hash);
    shown().await.tells(1, &["does not cover it"]);
    std::fs::write(&file, "{}").unwrap();
    shown().await.tells(2, &[]);
    world.stop().await.unwrap();
}

async fn key_size(world: &World) -> u64 {
    let by = world.connect("auditor").unwrap();
    by.audit().get_checkpoint(GetCheckpointRequest {}).await.unwrap().into_inner().size
}

async fn watch(by: &Connection, from: u64) -> Told<Streaming<WatchEntriesResponse>> {
    let request = WatchEntriesRequest { index_from: from, ..Default::default() };
    by.audit().watch_entries(request).await.map(tonic::Response::into_inner)
}

/// Watchers of everything, who see each other's records: the log grows by less
/// than an entry a second for each, and ever less.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_does_not_grow_by_being_watched() {
    let world = World::start().await.unwrap();
    story(&world).await;
    let by = world.connect("auditor").unwrap();
    let mut watching = Vec::new();
    for _ in 0..2 {
        let mut stream = watch(&by, 1).await.expect("a place");
        let first = stream.message().await.unwrap().expect("what was there before");
        assert_eq!((first.index_from, first.entries[0].index), (1, 1));
        assert_eq!(first.entries.len() as u64, first.index_to - 1, "all of them");
        let read = entry_at(&world, first.receipt.as_ref().expect("a receipt")).await;
        assert!(String::from_utf8_lossy(&read.canonical).contains("watch"));
        watching.push(tokio::spawn(async move {
            let mut told = 0;
            let mut next = first.index_to;
            while let Ok(Some(chunk)) = stream.message().await {
                assert_eq!(chunk.index_from, next, "nothing is passed over");
                next = chunk.index_to;
                told += chunk.entries.len();
            }
            (told, next)
        }));
    }
    refused("a third", watch(&by, 1).await, Code::ResourceExhausted, "OVERLOADED");
    let before = key_size(&world).await;
    let seconds = 12;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let grown = key_size(&world).await - before;
    // What was read to look at the receipts, then waits of 1, 2 and 4 seconds.
    assert!(grown <= 14, "{grown} entries in {seconds} s");
    // What others do is told within moments all the same.
    let opened = opened(&world, &Opening::of(RESIDENCE)).await;
    let mut news = watching.pop().unwrap();
    tokio::time::timeout(Duration::from_secs(1), &mut news).await.expect_err("it goes on");
    assert!(!opened.code.is_empty());
    drop(world.stop().await);
    for watcher in watching.into_iter().chain([news]) {
        let (told, next) = watcher.await.unwrap();
        assert!(told > 0 && next > before, "{told} entries up to {next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_watches_and_raises_the_alarm_over_a_fork() {
    let world = World::start().await.unwrap();
    story(&world).await;
    let (key, log, head) = key(&world).await;
    let file = world.folder().join("watch.json");
    let state = file.to_str().unwrap();
    let indices = |ran: &Ran| -> Vec<u64> {
        let index = |line: &str| serde_json::from_str::<Value>(line).unwrap()["index"].clone();
        ran.out.lines().map(|line| index(line).as_str().unwrap().parse().unwrap()).collect()
    };
    let args = ["--state", state, "--from", "1", "--limit", "3", "--json"];
    let ran = Ran::of(&world, "watch", &key, &args).await;
    assert_eq!(indices(ran.tells(0, &[])), [1, 2, 3]);
    let ran = Ran::of(&world, "watch", &key, &args).await;
    assert_eq!(indices(ran.tells(0, &[])), [4, 5, 6], "it goes on where it was");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert!(SignedCheckpoint::open(kept["checkpoint"].as_str().unwrap().as_bytes(), &log).is_ok());

    // The log had shown somebody another tree, signed by its own key.
    let keys = std::fs::read_to_string(world.folder().join("keys/audit.keys")).unwrap();
    let seed = keys.lines().find_map(|line| line.strip_prefix("log_key ")).expect("the log's key");
    let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
    let signer = SigningKey::from_seed(&log.origin, &seed).unwrap();
    let forge = |size: u64| {
        let other = Checkpoint::new(&log.origin, TreeHead { size, root: [7; 32] }).unwrap();
        let note = SignedCheckpoint::sign(other, &signer).unwrap().to_string();
        std::fs::write(&file, serde_json::json!({ "checkpoint": note, "next": 4 }).to_string()).unwrap();
    };
    forge(head.size - 1);
    Ran::of(&world, "watch", &key, &args).await.tells(1, &["ALARM", "forked"]);
    forge(1 << 40);
    Ran::of(&world, "watch", &key, &args).await.tells(1, &["ALARM", "shorter"]);
    std::fs::write(&file, "{}").unwrap();
    Ran::of(&world, "watch", &key, &args).await.tells(65, &["is no state of a watch"]);
    world.stop().await.unwrap();
}
