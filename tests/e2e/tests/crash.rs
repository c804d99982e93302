//! kill -9 under load: whatever a client was told stands in the log after the
//! restart, with the same index and the same leaf hash, and the log goes on.
//!
//! Short tier: 3 kills with 200 acknowledged answers each; `MOTLAN_TIER=full`:
//! 20 kills with 1,000 each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use motlan::clock::{SystemClock, in_vietnam};
use motlan_domain::Clock as _;
use motlan_e2e::{dossier, get_household, get_person, registered, resolve, verify};
use motlan_harness::{Connection, Process, Program, Refusal};
use motlan_proto::audit::v1::{EntryOrder, GetEntryRequest, SearchEntriesRequest};
use motlan_proto::common::v1::subject_key::Key;
use motlan_proto::common::v1::{Receipt, SubjectKey};
use motlan_proto::dossier::v1::opening_evidence::Evidence;
use motlan_proto::dossier::v1::{NamedSubject, OpenDossierRequest, OpeningEvidence};
use motlan_sandbox::world::{DemoFamily, World};
use tokio::task::JoinSet;
use tonic::Code;

/// Seed and size of the sandbox's world: the same people on every start.
const WORLD: (u64, usize) = (56, 1_200);

/// Connections that ask at the same time, per family.
const CALLERS_PER_FAMILY: usize = 3;

/// The questions that a checker has under way at once.
const CHECKS: usize = 16;

/// How long the log's index may lag.
const PATIENCE: Duration = Duration::from_mins(1);

/// Kills, and answers acknowledged before each.
fn tier() -> (usize, usize) {
    #[expect(clippy::disallowed_methods, reason = "tests/run tells the tier by the environment")]
    let full = std::env::var("MOTLAN_TIER").is_ok_and(|tier| tier == "full");
    if full { (20, 1_000) } else { (3, 200) }
}

/// What a client holds of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    index: u64,
    leaf_hash: Vec<u8>,
}

/// One family, its dossier, and the office that decides it.
#[derive(Clone)]
struct Case {
    family: DemoFamily,
    office: String,
    dossier: String,
}

// === impl Held ===

impl From<Receipt> for Held {
    fn from(receipt: Receipt) -> Self {
        assert_eq!(receipt.leaf_hash.len(), 32);
        Self { index: receipt.index, leaf_hash: receipt.leaf_hash }
    }
}

/// The receipt of an answer or of a refusal; none where the gateway is gone.
fn held<T>(told: Result<T, tonic::Status>, receipt: impl Fn(T) -> Option<Receipt>) -> Option<Held> {
    match told {
        Ok(answer) => Some(receipt(answer).expect("every answer has a receipt").into()),
        Err(status) => {
            let refusal = Refusal::from(status);
            let denied = refusal.code == Code::PermissionDenied;
            assert!(!denied || refusal.receipt.is_some(), "denied without a receipt: {refusal}");
            refusal.receipt.map(Held::from)
        }
    }
}

fn families() -> Vec<DemoFamily> {
    let today = in_vietnam(SystemClock::start().now()).date();
    World::generate(WORLD.0, today, WORLD.1).families().to_vec()
}

/// Opens a dossier of residence per family. It stays open across the kills.
async fn open(process: &Process, families: Vec<DemoFamily>) -> (Vec<Case>, Vec<Held>) {
    let portal = process.connect("portal").unwrap().with_token(None).unwrap();
    let day = in_vietnam(SystemClock::start().now()).strftime("%y%m%d").to_string();
    let (mut cases, mut receipts) = (Vec::new(), Vec::new());
    for (number, family) in families.into_iter().enumerate() {
        // `canbo.h32.202` is an officer of H32.202.
        let (office, agency) = office(process, &family, number);
        let subject = |role: &str, key| NamedSubject {
            role: role.into(),
            subject: Some(SubjectKey { key: Some(key) }),
        };
        let mut request = OpenDossierRequest {
            request_id: uuid::Uuid::new_v4().to_string(),
            dossier_code: format!("{agency}-{day}-{number:04}"),
            procedure_code: "1.004222".to_owned(),
            case: "own_home".to_owned(),
            agency_code: agency,
            subjects: vec![
                subject("applicant", Key::PersonalId(family.applicant.id.clone())),
                subject("certificate", Key::CertificateSerial(family.certificate.clone())),
            ],
            evidence: None,
        };
        let key = process.client("portal").join("receipt.key");
        let receipt = motlan::receipt::sign_with_file(&key, &request).unwrap();
        request.evidence = Some(OpeningEvidence { evidence: Some(Evidence::AcceptanceReceipt(receipt)) });
        let code = request.dossier_code.clone();
        let told = portal.dossiers().open_dossier(request).await;
        let told = told.unwrap_or_else(|status| panic!("{code}: {}", Refusal::from(status))).into_inner();
        receipts.push(told.receipt.unwrap().into());
        cases.push(Case { family, office, dossier: code });
    }
    (cases, receipts)
}

/// The client folder and the agency of a family's one-stop office.
fn office(process: &Process, family: &DemoFamily, number: usize) -> (String, String) {
    let text = std::fs::read_to_string(process.client("..").join("motlan.toml")).unwrap();
    let ours = format!("commune = \"{}\"", family.new_commune);
    let caller = text.split("[[access.callers]]").find(|caller| caller.contains(&ours));
    let caller = caller.unwrap_or_else(|| panic!("family {number} has no office"));
    let value = |key: &str| {
        let line = caller.lines().find(|line| line.starts_with(key)).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    (value("id"), value("agency"))
}

/// One caller asking again and again until the gateway is gone.
async fn ask_until_gone(
    by: Connection,
    verifier: Connection,
    case: Case,
    number: usize,
    acks: Arc<AtomicUsize>,
) -> Vec<Held> {
    let me = &case.family.applicant;
    let stranger = &case.family.spouse.id;
    let mut receipts = Vec::new();
    for turn in number.. {
        let purpose = dossier(&case.dossier);
        let told = match turn % 5 {
            0 => held(get_person(&by, purpose, &me.id, &["full_name", "birth_date"]).await, |a| a.receipt),
            1 => held(get_household(&by, purpose, &me.id).await, |a| a.receipt),
            // Not named in this dossier, or linked only later: an entry in either case.
            2 => held(get_person(&by, purpose, stranger, &["full_name"]).await, |a| a.receipt),
            3 => {
                let purpose = registered("identity-verification");
                let born = me.birth_date.clone();
                held(verify(&verifier, purpose, &me.id, &me.name, Some(&born)).await, |a| a.receipt)
            }
            _ => match resolve(&by, &case.dossier).await {
                Ok((components, _)) => {
                    let found = components.into_iter().map(|c| c.receipt.expect("a receipt").into());
                    let found: Vec<Held> = found.collect();
                    acks.fetch_add(found.len(), Ordering::Relaxed);
                    receipts.extend(found);
                    continue;
                }
                // A broken stream says nothing of what came before it.
                Err(status) => held::<()>(Err(status), |()| None),
            },
        };
        let Some(told) = told else { break };
        acks.fetch_add(1, Ordering::Relaxed);
        receipts.push(told);
    }
    receipts
}

/// Everybody asks until `enough` answers came; then the process is killed, at
/// a moment that nobody chose.
async fn load_and_kill(process: Process, cases: &[Case], enough: usize) -> Vec<Held> {
    let acks = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for number in 0..cases.len() * CALLERS_PER_FAMILY {
        let case = cases[number % cases.len()].clone();
        let by = process.connect(&case.office).unwrap();
        let verifier = process.connect("verifier").unwrap();
        callers.spawn(ask_until_gone(by, verifier, case, number, Arc::clone(&acks)));
    }
    let count = callers.len();
    assert!(count >= 16, "only {count} callers");
    let random = usize::from(uuid::Uuid::new_v4().as_bytes()[0]);
    let loaded = async {
        while acks.load(Ordering::Relaxed) < enough + random {
            assert!(!callers.is_empty());
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
    };
    let loaded = tokio::time::timeout(Duration::from_mins(2), loaded).await;
    let reached = acks.load(Ordering::Relaxed);
    assert!(loaded.is_ok(), "only {reached} answers came");
    process.kill().await.unwrap();
    let told: Vec<Vec<Held>> = callers.join_all().await;
    assert!(told.iter().filter(|held| !held.is_empty()).count() >= 16, "too few callers were answered");
    let told: Vec<Held> = told.into_iter().flatten().collect();
    assert!(told.len() >= enough, "{} answers", told.len());
    told
}

/// The receipts that the log does not honour: no such entry, or another one.
/// The reads themselves are answers too: their receipts come second.
async fn dishonoured(process: &Process, receipts: &[Held]) -> (Vec<Held>, Vec<Held>) {
    let auditor = process.connect("auditor").unwrap();
    let checks = futures::stream::iter(receipts.iter().cloned()).map(|receipt| {
        let mut audit = auditor.audit();
        async move {
            match audit.get_entry(GetEntryRequest { index: receipt.index }).await {
                Ok(told) => {
                    let told = told.into_inner();
                    let entry = told.entry.expect("an entry");
                    let computed = motlan_audit_tree::leaf_hash(&entry.canonical);
                    let honoured = entry.index == receipt.index
                        && entry.leaf_hash == receipt.leaf_hash
                        && computed.as_ref() == receipt.leaf_hash.as_slice();
                    let read = told.receipt.map(Held::from);
                    ((!honoured).then_some(receipt), read)
                }
                Err(status) => {
                    let refusal = Refusal::from(status);
                    assert!(
                        matches!(refusal.code, Code::NotFound | Code::OutOfRange),
                        "the log cannot be read: {refusal}"
                    );
                    (Some(receipt), refusal.receipt.map(Held::from))
                }
            }
        }
    });
    let told: Vec<(Option<Held>, Option<Held>)> = checks.buffer_unordered(CHECKS).collect().await;
    assert_eq!(told.len(), receipts.len());
    let (missing, reads): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    (missing.into_iter().flatten().collect(), reads.into_iter().flatten().collect())
}

/// Every receipt so far, by index: none may be given twice.
fn remember(known: &mut BTreeMap<u64, Vec<u8>>, receipts: &[Held]) {
    for receipt in receipts {
        let before = known.insert(receipt.index, receipt.leaf_hash.clone());
        assert!(before.is_none(), "index {} was given twice", receipt.index);
    }
}

async fn restart(program: &Program, folder: &Path) -> Process {
    let process = program.sandbox(folder).await.expect("the log opens without repair by hand");
    let ready = reqwest::get(format!("{}/readyz", process.endpoints().probe)).await.unwrap();
    assert!(ready.status().is_success(), "{}", ready.status());
    process
}

/// Every index of the log up to `last`, from the search, which catches up with
/// the log after a restart.
async fn indices(process: &Process, last: u64) -> BTreeSet<u64> {
    let auditor = process.connect("auditor").unwrap();
    let request = SearchEntriesRequest { order: EntryOrder::OldestFirst.into(), ..Default::default() };
    let looking = async {
        loop {
            let found = motlan::client::search_all(&auditor, request.clone(), 1_000_000).await;
            let found: BTreeSet<u64> = found.expect("the auditor searches").iter().map(|e| e.index).collect();
            if found.contains(&last) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the index catches up with the log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_received_stands_in_the_log_after_kill_9() {
    let (kills, enough) = tier();
    let program = Program::built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut process = restart(&program, folder.path()).await;
    let (cases, opened) = open(&process, families()).await;
    let mut known = BTreeMap::new();
    remember(&mut known, &opened);
    for kill in 1..=kills {
        let told = load_and_kill(process, &cases, enough).await;
        let last = told.iter().map(|receipt| receipt.index).max().unwrap();
        remember(&mut known, &told);
        process = restart(&program, folder.path()).await;
        let (missing, reads) = dishonoured(&process, &told).await;
        assert!(
            missing.is_empty(),
            "kill {kill}: {} of {} answers are not in the log: {missing:?}",
            missing.len(),
            told.len()
        );
        // The log goes on behind what was told, and no index comes again.
        assert!(reads.iter().all(|read| read.index > last), "kill {kill}: an index was given again");
        assert_eq!(reads.len(), told.len(), "kill {kill}: a read left no entry");
        remember(&mut known, &reads);
    }
    assert!(known.len() >= kills * enough);

    // What was told before the first kill still stands after the last.
    let (missing, reads) = dishonoured(&process, &opened).await;
    assert_eq!((missing.len(), reads.len()), (0, opened.len()));
    remember(&mut known, &reads);
    let last = *known.keys().next_back().unwrap();
    let found = indices(&process, last).await;
    assert!((0..=last).all(|index| found.contains(&index)), "the log has holes");

    // Control: receipts that nobody issued are found out by the same function.
    let beyond = Held { index: last + 1_000_000, leaf_hash: vec![7; 32] };
    let mut altered = opened[0].clone();
    altered.leaf_hash[31] ^= 1;
    let (missing, _) = dishonoured(&process, &[beyond.clone(), opened[1].clone(), altered.clone()]).await;
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing.contains(&beyond) && missing.contains(&altered), "{missing:?}");
    assert!(process.interrupt().await.unwrap().success());
}
