//! Every fault of the simulated registries at every dataset, through the public
//! API: what the caller is told, what the log says, that it takes no longer than
//! it may, that nobody else is touched, and that the question works again once
//! the fault is gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::large_futures,
    reason = "test code"
)]

mod questions;
mod rows;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use motlan::clock::SystemClock;
use motlan_domain::{Clock as _, ManualClock, Operation, Registry};
use motlan_e2e::*;
use motlan_harness::{Connection, Fault, Refusal, World};
use motlan_proto::audit::v1::{Entry, EntryKind, GetEntryRequest, SearchEntriesRequest};
use motlan_proto::common::v1::Receipt;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tonic::Code;

use questions::{Heard, Question};
use table::{QUESTIONS, Row, Want, every_kind, table};

/// Longest question to a registry.
const DEADLINE: Duration = Duration::from_secs(1);
/// How long the caller waits: longer than the registry may take, and the search
/// for the tie after it.
const CALLER: Duration = Duration::from_secs(4);

/// A world with an auditor at hand.
struct Bench {
    world: World,
    clock: Arc<ManualClock>,
    auditor: Connection,
    questions: Vec<Question>,
}

// === impl Bench ===

impl Bench {
    async fn set_up() -> Self {
        let clock = Arc::new(ManualClock::at(SystemClock::start().now()));
        let world = World::start_with(Arc::clone(&clock) as Arc<_>, |options| {
            options.registry_deadline = Some(DEADLINE);
        });
        let world = world.await.expect("a world");
        let auditor = world.connect("auditor").expect("the auditor connects");
        let questions = questions::all(&world).await;
        Self { world, clock, auditor, questions }
    }

    /// The entry of a receipt, whose leaf hash must be the receipt's.
    async fn entry(&self, receipt: &Receipt) -> (Entry, serde_json::Value) {
        let (entry, body) = self.entry_number(receipt.index).await;
        assert_eq!(entry.leaf_hash, receipt.leaf_hash, "entry {} is not the receipt's", receipt.index);
        (entry, body)
    }

    async fn entry_number(&self, index: u64) -> (Entry, serde_json::Value) {
        let told = self.auditor.audit().get_entry(GetEntryRequest { index }).await;
        let entry = told.expect("the auditor reads").into_inner().entry.expect("an entry");
        let body = serde_json::from_slice(&entry.canonical).expect("canonical JSON");
        (entry, body)
    }

    /// How often each registry was asked since the calls were cleared, tokens
    /// included.
    fn asked(&self) -> BTreeMap<Registry, u64> {
        let counts = self.world.calls().counts;
        counts.into_iter().map(|(registry, calls)| (registry, calls.values().sum())).collect()
    }

    /// Asks where nothing is wrong: answered, and recorded as answered.
    async fn healthy(&self, asked: &Question, when: &str) {
        let told = (asked.ask)(CALLER).await;
        let heard = told.unwrap_or_else(|status| panic!("{} {when}: {}", asked.name, Refusal::from(status)));
        assert_eq!(heard.outcome, asked.healthy, "{} {when}", asked.name);
        let (entry, _) = self.entry(&heard.receipt).await;
        assert_eq!(entry.outcome(), asked.healthy, "{} {when}", asked.name);
    }

    /// One cell of the table: the fault is at that operation of the registry.
    async fn cell(&self, row: &Row, asked: &Question, far: &str, want: Want) {
        let what = format!("{} under {:?} at {far}", asked.name, row.name);
        self.world.registries().clear_calls();
        self.world.fault(asked.registry, Some(far), row.fault.clone(), row.times);
        let begun = Instant::now();
        let told = (asked.ask)(CALLER).await;
        let took = begun.elapsed();
        self.world.clear_faults();
        assert!(took < CALLER, "{what}: took {took:?}, and the caller waits {CALLER:?}");
        if want == Want::Refused("SOURCE_TIMEOUT", None) {
            assert!(took >= DEADLINE, "{what}: given up after {took:?}");
        }
        let receipt = Self::told(&what, row, asked, want, told);
        self.recorded(&what, asked, want, &receipt).await;
        self.nobody_else(&what, row, asked, far, want);
    }

    /// What the caller is told is what the table says. The receipt.
    fn told(what: &str, row: &Row, asked: &Question, want: Want, told: Told<Heard>) -> Receipt {
        match (want, told) {
            (Want::Answer, Ok(heard)) => {
                assert_eq!(heard.outcome, asked.healthy, "{what}");
                heard.receipt
            }
            (Want::Partly(cause), Ok(heard)) => {
                assert_eq!((heard.outcome, heard.incomplete), (want.entry(asked.healthy).0, cause), "{what}");
                heard.receipt
            }
            (Want::Refused(reason, cause), Err(status)) => {
                let refusal = refused::<()>(what, Err(status), Code::Unavailable, reason);
                let fact = |key: &str| {
                    refusal.facts.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
                };
                assert_eq!(fact("cause"), cause, "{what}");
                assert_eq!(fact("registry"), Some(asked.registry.as_str()), "{what}");
                assert_eq!(fact("origin"), Some("registry"), "{what}");
                // A refusal of the gateway itself is for an operator to mend.
                let by_itself = reason != "SOURCE_REFUSED";
                assert_eq!(refusal.retry_after.is_some(), by_itself, "{what}");
                if let Some(seconds) = row.retry_after_s {
                    assert_eq!(refusal.retry_after, Some(Duration::from_secs(seconds)), "{what}");
                }
                refusal.receipt.unwrap_or_else(|| panic!("{what}: refused without a receipt"))
            }
            (_, Ok(heard)) => panic!("{what}: {:?} {:?}, not {want:?}", heard.outcome, heard.incomplete),
            (_, Err(status)) => panic!("{what}: {}, not {want:?}", Refusal::from(status)),
        }
    }

    /// The outcome stands in the log as it was told, after the intent it answers.
    async fn recorded(&self, what: &str, asked: &Question, want: Want, receipt: &Receipt) {
        let (entry, body) = self.entry(receipt).await;
        assert_eq!(entry.kind(), EntryKind::AccessOutcome, "{what}");
        assert_eq!((entry.outcome(), entry.reason.as_str()), want.entry(asked.healthy), "{what}");
        assert_eq!(entry.operation, asked.rpc.as_str(), "{what}");
        assert_eq!(entry.dataset, asked.rpc.dataset().as_str(), "{what}");
        if matches!(want, Want::Refused(..)) {
            assert!(entry.disclosed_fields.is_empty() && body.get("commitment").is_none(), "{what}: {body}");
        }
        let intent = body["intent"].as_u64().unwrap_or_else(|| panic!("{what}: no intent: {body}"));
        assert!(intent < entry.index, "{what}: intent before outcome");
        let (intent, of_intent) = self.entry_number(intent).await;
        assert_eq!(
            (intent.kind(), &intent.operation, &intent.dataset, &intent.dossier_code),
            (EntryKind::AccessIntent, &entry.operation, &entry.dataset, &entry.dossier_code),
            "{what}"
        );
        // Under these ids the registry finds the exchange.
        let first = |body: &serde_json::Value| body["upstream"][0].as_str().map(str::to_owned);
        assert!(first(&body).is_some() && first(&body) == first(&of_intent), "{what}: {body}");
    }

    /// The registry at fault met the fault and was asked at most twice; no other
    /// was asked that the question does not need.
    fn nobody_else(&self, what: &str, row: &Row, asked: &Question, far: &str, want: Want) {
        let report = self.world.calls();
        let played = report.calls.iter().filter(|call| call.fault == Some(row.fault.kind())).count();
        assert!(played > 0, "{what}: the fault was never met");
        let exchanges = report.count(asked.registry, far);
        assert!((1..=2).contains(&exchanges), "{what}: asked {exchanges} times");
        let refused = matches!(want, Want::Refused(..));
        for (registry, calls) in self.asked() {
            let needed = registry == asked.registry
                || asked.before.contains(&registry)
                || (asked.ties.contains(&registry) && !refused);
            assert!(needed || calls == 0, "{what}: {registry} was asked {calls} times");
        }
    }

    /// While one registry is at fault, the others answer as ever.
    async fn others_answer(&self, row: &Row, at_fault: Registry) -> usize {
        self.world.fault(at_fault, None, row.fault.clone(), None);
        let mut asked = BTreeSet::new();
        for question in &self.questions {
            let touched = question.ties.contains(&at_fault) || question.before.contains(&at_fault);
            if question.registry != at_fault && !touched && asked.insert(question.registry) {
                self.healthy(question, &format!("while {at_fault} is {:?}", row.name)).await;
            }
        }
        self.world.clear_faults();
        asked.len()
    }

    /// The whole log: no gap, and an outcome for every intent.
    async fn log_is_whole(&self) {
        let office = self.world.connect("one-stop").expect("connects");
        let told = get_dossier(&office, "H32.201-200101-0001").await;
        let refusal = refused("the last entry", told, Code::PermissionDenied, "DOSSIER_UNKNOWN");
        let last = refusal.receipt.expect("recorded").index;
        let entries = found(&self.world, SearchEntriesRequest::default(), last).await;
        let by_index: BTreeMap<u64, &Entry> = entries.iter().map(|entry| (entry.index, entry)).collect();
        assert!((0..=last).all(|index| by_index.contains_key(&index)), "a gap in the log");
        let mut answered = BTreeMap::new();
        for entry in &entries {
            let body: serde_json::Value = serde_json::from_slice(&entry.canonical).expect("canonical JSON");
            if let Some(intent) = body["intent"].as_u64() {
                *answered.entry(intent).or_insert(0) += 1;
            }
        }
        let intents: Vec<u64> = entries
            .iter()
            .filter(|entry| entry.kind() == EntryKind::AccessIntent)
            .map(|entry| entry.index)
            .collect();
        println!("{} entries, {} intents", entries.len(), intents.len());
        for intent in &intents {
            assert_eq!(answered.get(intent), Some(&1), "intent {intent} has no outcome of its own");
        }
        assert!(intents.len() > QUESTIONS, "the log was read");
    }
}

#[tokio::test]
async fn every_fault_at_every_dataset() {
    let bench = Bench::set_up().await;
    // A redirect that is followed arrives here.
    let elsewhere = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let table = table(&format!("http://{}/", elsewhere.local_addr().unwrap()));

    // No fault without a row, no dataset and no data method without a column.
    let rows: BTreeSet<&str> = table.iter().map(|row| row.fault.kind()).collect();
    let kinds = every_kind();
    assert!(kinds.len() >= 17, "{kinds:?}");
    assert_eq!(rows, kinds.iter().map(String::as_str).collect(), "a fault without a row");
    assert_eq!(questions::forgotten(&bench.questions), [], "a dataset without a column");
    let rpcs: BTreeSet<Operation> = bench.questions.iter().map(|asked| asked.rpc).collect();
    assert_eq!(rpcs, Operation::ALL.into_iter().collect(), "a data method without a column");
    assert_eq!(bench.questions.len(), QUESTIONS);
    assert_eq!(
        bench.questions.iter().map(|asked| asked.registry).collect::<BTreeSet<_>>(),
        Registry::ALL.into_iter().collect()
    );

    for asked in &bench.questions {
        bench.healthy(asked, "before anything is wrong").await;
    }
    let (mut cells, mut bystanders) = (0, 0);
    for row in &table {
        for (asked, want) in bench.questions.iter().zip(row.wants) {
            bench.cell(row, asked, asked.far, want).await;
            bench.healthy(asked, &format!("after {:?}", row.name)).await;
            cells += 1;
        }
        for registry in Registry::ALL {
            bystanders += bench.others_answer(row, registry).await;
        }
        // The same at the token endpoints, whose tokens serve no more.
        let behind_tokens = Registry::ALL.into_iter().filter(|one| *one != Registry::Population);
        let first = |registry| bench.questions.iter().find(move |asked| asked.registry == registry);
        let asked: Vec<&Question> = behind_tokens.filter_map(first).collect();
        for asked in &asked {
            bench.world.registries().expire_tokens();
            bench.cell(row, asked, "token", row.token).await;
            cells += 1;
        }
        for asked in &asked {
            bench.healthy(asked, &format!("after {:?} at the token endpoint", row.name)).await;
        }
    }
    assert_eq!(cells, table.len() * (QUESTIONS + 3));
    assert!(bystanders >= table.len() * 9, "{bystanders} questions to others");
    println!("{cells} cells, {bystanders} questions to others meanwhile");
    let followed = tokio::time::timeout(Duration::from_millis(50), elsewhere.accept()).await;
    assert!(followed.is_err(), "a redirect was followed");
    bench.log_is_whole().await;
    bench.world.stop().await.unwrap();
}

#[tokio::test]
async fn a_registry_that_keeps_failing_is_spared_and_asked_again() {
    /// Failures in a row that open the breaker, and how long it stays open.
    const FAILURES: usize = 8;
    const OPEN: Duration = Duration::from_secs(5);
    let bench = Bench::set_up().await;
    for registry in Registry::ALL {
        let asked = bench.questions.iter().find(|asked| asked.registry == registry).expect("a question");
        let what = asked.name;
        bench.healthy(asked, "before").await;
        bench.world.fault(registry, None, Fault::Status { code: 500 }, None);
        let mut failures = 0;
        let refusal = loop {
            let refusal = Refusal::from((asked.ask)(CALLER).await.err().expect("no answer"));
            if refusal.reason != "SOURCE_ERROR" {
                break refusal;
            }
            failures += 1;
            assert!(failures <= FAILURES, "{what}: not spared after {failures} failures");
        };
        assert!(failures * 2 >= FAILURES, "{what}: spared after {failures} failures");
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::Unavailable, "SOURCE_SUSPENDED"),
            "{what}"
        );
        assert!(refusal.retry_after.is_some_and(|wait| wait <= OPEN && !wait.is_zero()), "{what}: {refusal}");
        let (entry, _) = bench.entry(refusal.receipt.as_ref().expect("recorded")).await;
        assert_eq!(entry.reason, "SOURCE_SUSPENDED", "{what}");

        // Spared means not asked; the others know nothing of it.
        bench.world.registries().clear_calls();
        let told = (asked.ask)(CALLER).await;
        refused(what, told, Code::Unavailable, "SOURCE_SUSPENDED");
        assert_eq!(bench.asked().get(&registry), None, "{what}: asked while it is spared");
        for other in &bench.questions {
            if other.registry != registry && other.before.is_empty() && !other.ties.contains(&registry) {
                bench.healthy(other, &format!("while {registry} is spared")).await;
            }
        }

        // One probe after the pause; it fails, so the pause begins anew.
        bench.clock.advance(OPEN);
        refused(what, (asked.ask)(CALLER).await, Code::Unavailable, "SOURCE_ERROR");
        refused(what, (asked.ask)(CALLER).await, Code::Unavailable, "SOURCE_SUSPENDED");
        // The registry is well again, but nobody looks before the pause is over.
        bench.world.clear_faults();
        refused(what, (asked.ask)(CALLER).await, Code::Unavailable, "SOURCE_SUSPENDED");
        bench.clock.advance(OPEN);
        bench.healthy(asked, "once it is well").await;
        bench.healthy(asked, "and from then on").await;
    }
    bench.world.stop().await.unwrap();
}
