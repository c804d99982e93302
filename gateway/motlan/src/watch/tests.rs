//! What ends a watch, and with which exit code: 1 for an alarm alone, and for every
//! one of them.

mod gateway;
mod keys;
mod tokens;

use std::collections::VecDeque;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use clap::Parser as _;
use motlan_audit_tree::entry::{EntryTime, Kind};
use motlan_audit_tree::hash::node_hash;
use motlan_audit_tree::{Checkpoint, Rotation, SignedCheckpoint, SigningKey};
use motlan_domain::Reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetail, ErrorInfo, StatusExt as _};

use gateway::Said;

use super::*;
use crate::cli::{AuditCommand, Cli, Command};

const ORIGIN: &str = "log.test/1";

/// Short enough for a test, and long enough for several tries.
const PACE: Pace = Pace { again: Duration::from_millis(20), patience: Duration::from_millis(300) };

/// A watcher's folder.
struct Watcher(tempfile::TempDir);

/// How a watch ended.
struct Ran {
    ended: Ended,
    out: String,
}

/// A reader that went away.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(Error::from(ErrorKind::BrokenPipe))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Err(Error::from(ErrorKind::BrokenPipe))
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

fn entry(index: u64) -> Vec<u8> {
    let time = EntryTime::new("2026-11-21T00:00:00Z".parse().unwrap());
    Entry::new(ORIGIN, index, time, Kind::LogRead).encode().unwrap()
}

fn leaf(index: u64) -> [u8; 32] {
    leaf_hash(&entry(index))
}

/// The log of one entry, or of two, signed by that key.
fn head(size: u64, by: u8) -> String {
    let root = if size == 1 { leaf(0) } else { node_hash(&leaf(0), &leaf(1)) };
    note(size, root, by)
}

fn note(size: u64, root: [u8; 32], by: u8) -> String {
    let checkpoint = Checkpoint::new(ORIGIN, TreeHead { size, root }).unwrap();
    SignedCheckpoint::sign(checkpoint, &key(by)).unwrap().to_string()
}

fn statement(old: u8, new: u8) -> String {
    Rotation::sign(&key(old), &key(new)).unwrap().to_string()
}

fn token_over() -> Status {
    let info = ErrorInfo::new(Reason::TokenExpired.code(), "motlan", std::collections::HashMap::new());
    Status::with_error_details_vec(Code::Unauthenticated, "over", vec![ErrorDetail::from(info)])
}

/// A gateway that had one entry and has two now, and proves both.
fn honest() -> Said {
    let chunk = wire::WatchEntriesResponse {
        entries: vec![wire::Entry { canonical: entry(1), ..Default::default() }],
        index_from: 1,
        index_to: 2,
        receipt: None,
    };
    Said {
        checkpoints: [head(1, 1), head(2, 1)].into(),
        consistency: [Ok(vec![leaf(1).to_vec()])].into(),
        inclusion: [Ok(vec![leaf(0).to_vec()])].into(),
        stream: [Ok(vec![Ok(chunk)])].into(),
        ..Said::default()
    }
}

// === impl Watcher ===

impl Watcher {
    /// Puts the second token in the first one's place once that is so.
    async fn renews(&self, due: impl Fn() -> bool) {
        while !due() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::write(self.path("officer.jwt"), "second").unwrap();
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        gateway::credentials(folder.path());
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn args(&self, endpoint: &str, more: &[&str]) -> WatchArgs {
        let (client, state) = (self.0.path().display().to_string(), self.path("state").display().to_string());
        let known = key(1).verifier_key().to_string();
        let args =
            ["motlan", "audit", "watch", "--client", &client, "--endpoint", endpoint, "--state", &state];
        let args = [&args[..], &["--key", &known, "--limit", "1"], more].concat();
        match Cli::try_parse_from(args).unwrap().command {
            Command::Audit(AuditCommand::Watch(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    async fn watches(&self, endpoint: &str, more: &[&str]) -> Ran {
        let mut out = Vec::new();
        let ended = watch(&self.args(endpoint, more), PACE, &mut out).await;
        Ran { ended, out: String::from_utf8(out).unwrap() }
    }

    /// The evidence that was kept.
    fn kept(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("state.alarm")).unwrap();
        let alarm: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        alarm["alarm"]["notes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|note| note.as_str().unwrap().to_owned())
            .collect()
    }
}

// === impl Ran ===

impl Ran {
    fn is_alarm(&self, why: &str) {
        assert!(matches!(self.ended, Ok(Exit::No)), "{why}: {:?}", self.ended);
        assert!(self.out.contains("ALARM") && self.out.contains(why), "{why}: {}", self.out);
    }

    fn is_none(&self, why: &str) {
        let failure = self.ended.as_ref().unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{failure}");
        assert!(failure.to_string().contains(why), "{why}: {failure}");
        assert!(!self.out.contains("ALARM"));
    }
}

#[tokio::test]
async fn an_honest_gateway_raises_none() {
    let watcher = Watcher::new();
    let (_, endpoint) = gateway::serve(honest()).await;
    let ran = watcher.watches(&endpoint, &[]).await;
    assert!(matches!(ran.ended, Ok(Exit::Ok)), "{:?}", ran.ended);
    assert_eq!(ran.out.lines().count(), 1);
    assert!(!watcher.path("state.alarm").exists());
}

#[tokio::test]
async fn a_signed_head_that_is_refused_its_proof_is_an_alarm() {
    for (code, tries) in [
        (Code::NotFound, 1..=1),
        (Code::PermissionDenied, 1..=1),
        (Code::Unimplemented, 1..=1),
        (Code::Unavailable, 3..=30),
        (Code::ResourceExhausted, 3..=30),
        (Code::Internal, 3..=30),
    ] {
        let watcher = Watcher::new();
        let forked = note(2, [9; 32], 1);
        let refused = VecDeque::from([Err(Status::new(code, "no proof"))]);
        let said =
            Said { checkpoints: [head(1, 1), forked.clone()].into(), consistency: refused, ..honest() };
        let (said, endpoint) = gateway::serve(said).await;
        let ran = watcher.watches(&endpoint, &[]).await;
        ran.is_alarm("the proof that the log still holds what it held was withheld");
        assert!(tries.contains(&said.lock().asked[1]), "{code:?}: {}", said.lock().asked[1]);
        assert!(ran.out.contains(&head(1, 1)) && ran.out.contains(&forked) && ran.out.contains("no proof"));
        assert_eq!(watcher.kept(), [head(1, 1), forked.clone()], "both are kept");
        let state = std::fs::read_to_string(watcher.path("state")).unwrap();
        assert!(
            !state.contains("null")
                && SignedCheckpoint::open(
                    serde_json::from_str::<serde_json::Value>(&state).unwrap()["checkpoint"]
                        .as_str()
                        .unwrap()
                        .as_bytes(),
                    &key(1).verifier_key().clone().into()
                )
                .unwrap()
                .head()
                .size
                    == 1,
            "it holds on to the last"
        );
        // And from the state alone, at the next start.
        let said = Said { checkpoints: [forked].into(), ..Said::default() };
        let refused = VecDeque::from([Err(Status::new(code, "no proof"))]);
        let (_, endpoint) = gateway::serve(Said { consistency: refused, ..said }).await;
        watcher.watches(&endpoint, &[]).await.is_alarm("withheld");
    }
}

#[tokio::test]
async fn an_entry_that_is_refused_its_proof_is_an_alarm() {
    for code in [Code::NotFound, Code::Unavailable] {
        let watcher = Watcher::new();
        let refused = VecDeque::from([Err(Status::new(code, "no proof"))]);
        let (_, endpoint) = gateway::serve(Said { inclusion: refused, ..honest() }).await;
        watcher.watches(&endpoint, &[]).await.is_alarm("the proof that it is in the log was withheld");
        assert_eq!(watcher.kept(), [head(2, 1)]);
    }
}

#[tokio::test]
async fn a_proof_that_comes_late_is_one() {
    let watcher = Watcher::new();
    let (late, over) = (Status::unavailable("later"), token_over());
    let consistency = [Err(late.clone()), Err(over), Ok(vec![leaf(1).to_vec()])].into();
    let inclusion = [Err(late), Ok(vec![leaf(0).to_vec()])].into();
    let (_, endpoint) = gateway::serve(Said { consistency, inclusion, ..honest() }).await;
    let ran = watcher.watches(&endpoint, &[]).await;
    assert!(matches!(ran.ended, Ok(Exit::Ok)), "{:?}", ran.ended);
}

#[tokio::test]
async fn who_is_refused_before_anything_was_signed_learned_nothing() {
    let watcher = Watcher::new();
    let stream = [Err(Status::permission_denied("auditors only"))].into();
    let (_, endpoint) = gateway::serve(Said { stream, ..honest() }).await;
    watcher.watches(&endpoint, &[]).await.is_none("no alarm");
    watcher.watches("http://127.0.0.1:1", &[]).await.is_none("no alarm");
}

#[tokio::test]
async fn two_keys_after_one_and_a_retired_key_are_alarms() {
    let branch = vec![statement(1, 2), statement(1, 9)];
    for by in [1, 2, 9] {
        let watcher = Watcher::new();
        let said = Said { checkpoints: [head(1, by)].into(), rotations: branch.clone(), ..honest() };
        let (_, endpoint) = gateway::serve(said).await;
        let ran = watcher.watches(&endpoint, &[]).await;
        ran.is_alarm("two different keys to follow it");
        assert!(branch.iter().all(|statement| ran.out.contains(statement)), "{}", ran.out);
        assert_eq!(watcher.kept(), branch);
    }
    let watcher = Watcher::new();
    let said =
        Said { checkpoints: [head(1, 2), head(2, 1)].into(), rotations: vec![statement(1, 2)], ..honest() };
    let (_, endpoint) = gateway::serve(said).await;
    watcher.watches(&endpoint, &[]).await.is_alarm("a key alone that another one had followed");
    // The other way round it is the change of a key.
    let watcher = Watcher::new();
    let said =
        Said { checkpoints: [head(1, 1), head(2, 2)].into(), rotations: vec![statement(1, 2)], ..honest() };
    let (_, endpoint) = gateway::serve(said).await;
    let ran = watcher.watches(&endpoint, &[]).await;
    assert!(matches!(ran.ended, Ok(Exit::Ok)), "{:?} {}", ran.ended, ran.out);
    let watcher = Watcher::new();
    let (_, endpoint) = gateway::serve(Said { checkpoints: [head(1, 7)].into(), ..honest() }).await;
    watcher.watches(&endpoint, &[]).await.is_alarm("nor by one that follows them");
}

#[tokio::test]
async fn statements_lie_in_the_published_log_too_which_has_to_be_one() {
    let watcher = Watcher::new();
    let log = watcher.path("log");
    let place = log.display().to_string();
    let (_, endpoint) =
        gateway::serve(Said { checkpoints: [head(1, 2), head(2, 2)].into(), ..honest() }).await;
    watcher.watches(&endpoint, &["--log", &place]).await.is_none("there is no published log");
    std::fs::create_dir_all(log.join("keys")).unwrap();
    watcher.watches(&endpoint, &["--log", &place]).await.is_none("there is no published log");
    watcher.watches(&endpoint, &["--log", "http://127.0.0.1:1"]).await.is_none("http://127.0.0.1:1");
    let other = SigningKey::from_seed("log.test/2", &[1; 32]).unwrap();
    let checkpoint = Checkpoint::new("log.test/2", TreeHead { size: 1, root: [1; 32] }).unwrap();
    let other = SignedCheckpoint::sign(checkpoint, &other).unwrap().to_string();
    std::fs::write(log.join("checkpoint"), other).unwrap();
    watcher.watches(&endpoint, &["--log", &place]).await.is_none("the log of none of the keys given");
    std::fs::write(log.join("checkpoint"), head(1, 2)).unwrap();
    std::fs::write(log.join("keys/1"), statement(1, 2)).unwrap();
    let ran = watcher.watches(&endpoint, &["--log", &place]).await;
    assert!(matches!(ran.ended, Ok(Exit::Ok)), "{:?} {}", ran.ended, ran.out);
    // A log that says nothing of it does not unsay what the gateway tells.
    std::fs::remove_file(log.join("keys/1")).unwrap();
    let said =
        Said { rotations: vec![statement(1, 2)], checkpoints: [head(1, 2), head(2, 2)].into(), ..honest() };
    let (_, endpoint) = gateway::serve(said).await;
    let ran = Watcher::new().watches(&endpoint, &["--log", &place]).await;
    assert!(matches!(ran.ended, Ok(Exit::Ok)), "{:?} {}", ran.ended, ran.out);
}

#[tokio::test]
async fn a_published_log_that_went_away_is_waited_for() {
    let watcher = Watcher::new();
    let log = watcher.path("log");
    std::fs::create_dir_all(log.join("keys")).unwrap();
    std::fs::write(log.join("checkpoint"), head(1, 1)).unwrap();
    let (said, endpoint) =
        gateway::serve(Said { checkpoints: [head(1, 1), head(2, 2)].into(), ..honest() }).await;
    let place = log.display().to_string();
    let args = watcher.args(&endpoint, &["--log", &place]);
    let later = async {
        // It has been read at the beginning.
        while said.lock().asked[0] < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::remove_file(log.join("checkpoint")).unwrap();
        while said.lock().asked[0] < 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::write(log.join("keys/1"), statement(1, 2)).unwrap();
        std::fs::write(log.join("checkpoint"), head(2, 2)).unwrap();
    };
    let mut out = Vec::new();
    let (ended, ()) = tokio::join!(watch(&args, PACE, &mut out), later);
    assert!(matches!(ended, Ok(Exit::Ok)), "{ended:?} {}", String::from_utf8_lossy(&out));
}

#[tokio::test]
async fn statements_that_do_not_reach_back_tell_nothing() {
    let watcher = Watcher::new();
    let rotations = (10..74).map(|old| statement(old, old + 1)).collect();
    let (_, endpoint) =
        gateway::serve(Said { checkpoints: [head(1, 74)].into(), rotations, ..honest() }).await;
    watcher.watches(&endpoint, &[]).await.is_none("give --log, or a newer --key");
}

#[tokio::test]
async fn a_closed_output_takes_no_alarm_back() {
    let watcher = Watcher::new();
    let said = Said { checkpoints: [head(2, 1), head(1, 1)].into(), ..honest() };
    let (_, endpoint) = gateway::serve(said).await;
    let ended = watch(&watcher.args(&endpoint, &["--json"]), PACE, &mut Closed).await;
    assert!(matches!(ended, Ok(Exit::No)), "{ended:?}");
    assert_eq!(watcher.kept(), [head(2, 1), head(1, 1)]);
}

#[tokio::test]
async fn a_token_that_is_over_is_read_again_for_a_while() {
    let watcher = Watcher::new();
    let (said, endpoint) = gateway::serve(Said { stream: [Err(token_over())].into(), ..honest() }).await;
    watcher.watches(&endpoint, &[]).await.is_none("TOKEN_EXPIRED");
    let asked = said.lock().asked[2];
    assert!((2..=30).contains(&asked), "not without a pause: {asked}");

    let watcher = Watcher::new();
    let stream = [Err(token_over()), Err(token_over())].into_iter().chain(honest().stream).collect();
    let (said, endpoint) = gateway::serve(Said { stream, ..honest() }).await;
    let args = watcher.args(&endpoint, &[]);
    let renewed = watcher.renews(|| said.lock().asked[2] > 0);
    let mut out = Vec::new();
    let (ended, ()) = tokio::join!(watch(&args, PACE, &mut out), renewed);
    assert!(matches!(ended, Ok(Exit::Ok)), "{ended:?}");
    let tokens = said.lock().tokens.clone();
    assert_eq!(
        (tokens.first().unwrap(), tokens.last().unwrap()),
        (&"Bearer first".into(), &"Bearer second".into())
    );
}
