//! Logs that can fork, and a witness to show them to.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_audit_tree::hash::NodeHash;
use motlan_audit_tree::{
    AddCheckpoint, Checkpoint, CosigningKey, Frontier, LeafHash, Note, SignedCheckpoint, SigningKey,
    StoredTree, Tile, Tiles, TreeHead, TrustedLog, VerifierKey, leaf_hash,
};
use motlan_domain::ManualClock;
use reqwest::{Response, Url};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::folder::disk::fault::FaultDisk;
use crate::{Limits, OpenError, Witness, WitnessClient, WitnessHandle, WitnessOptions, create_folder};

/// When the clock of a test starts.
pub(crate) const START: i64 = 1_790_000_000;

/// A log that signs whatever it is told to. Its leaves are its own from
/// `shared` on; before, they are everybody's.
#[derive(Clone, Copy)]
pub(crate) struct TestLog {
    pub(crate) origin: &'static str,
    seed: u8,
    pub(crate) fork: u8,
    shared: usize,
}

impl TestLog {
    pub(crate) const ONE: Self = Self { origin: "one.example/log", seed: 1, fork: 0, shared: 0 };
    pub(crate) const TWO: Self = Self { origin: "two.example/log", seed: 2, fork: 0, shared: 0 };

    /// The same log with other leaves from `shared` on.
    pub(crate) fn forked(self, fork: u8, shared: usize) -> Self {
        Self { fork, shared, ..self }
    }

    /// The same origin, signed by another.
    pub(crate) fn forged(self) -> Self {
        Self { seed: 99, ..self }
    }

    /// The same with another origin.
    pub(crate) fn named(self, origin: &'static str) -> Self {
        Self { origin, ..self }
    }

    fn key(self) -> SigningKey {
        SigningKey::from_seed(self.origin, &[self.seed; 32]).unwrap()
    }

    pub(crate) fn trusted(self) -> TrustedLog {
        self.key().verifier_key().clone().into()
    }

    fn leaves(self, size: u64) -> Vec<LeafHash> {
        assert!(size <= 256, "the trees here are small");
        let leaf =
            |number: usize| if number < self.shared { [0, number as u8] } else { [self.fork, number as u8] };
        (0..size as usize).map(|number| leaf_hash(&leaf(number))).collect()
    }

    pub(crate) fn head(self, size: u64) -> TreeHead {
        Frontier::new().append(&self.leaves(size)).head
    }

    pub(crate) fn proof(self, old: u64, new: u64) -> Vec<NodeHash> {
        StoredTree::new(&self, 200).prove_consistency(old, new).unwrap()
    }

    pub(crate) fn signs(self, head: TreeHead) -> SignedCheckpoint {
        SignedCheckpoint::sign(Checkpoint::new(self.origin, head).unwrap(), &self.key()).unwrap()
    }

    pub(crate) fn checkpoint(self, size: u64) -> SignedCheckpoint {
        self.signs(self.head(size))
    }

    pub(crate) fn request(self, old: u64, new: u64) -> AddCheckpoint {
        self.request_with(old, self.proof(old.min(new), new), new)
    }

    pub(crate) fn request_with(self, old: u64, proof: Vec<NodeHash>, new: u64) -> AddCheckpoint {
        AddCheckpoint::new(old, proof, &self.checkpoint(new)).unwrap()
    }
}

impl Tiles for TestLog {
    type Error = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Infallible> {
        assert_eq!((tile.level(), tile.index()), (0, 0), "the trees here are small");
        Ok(self.leaves(u64::from(tile.width())).concat())
    }
}

/// Everything a witness needs, and outlives it.
pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) disk: FaultDisk,
    pub(crate) logs: Vec<TrustedLog>,
    pub(crate) limits: Limits,
}

/// A witness at work.
pub(crate) struct Running {
    pub(crate) handle: WitnessHandle,
    pub(crate) drain: CancellationToken,
    http: reqwest::Client,
    task: JoinSet<()>,
}

pub(crate) fn key() -> CosigningKey {
    CosigningKey::from_seed("witness.example/w1", &[7; 32]).unwrap()
}

pub(crate) fn public() -> VerifierKey {
    key().verifier_key().clone()
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

impl Rig {
    /// A new folder, of a witness of both logs.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        create_folder(dir.path(), &public()).unwrap();
        Self {
            dir,
            clock: Arc::new(ManualClock::at(Timestamp::from_second(START).unwrap())),
            disk: FaultDisk::default(),
            logs: vec![TestLog::ONE.trusted(), TestLog::TWO.trusted()],
            limits: Limits { connections: 128, ..Limits::default() },
        }
    }

    pub(crate) fn options(&self) -> WitnessOptions {
        WitnessOptions {
            listen: ([127, 0, 0, 1], 0).into(),
            folder: self.dir.path().to_owned(),
            logs: self.logs.clone(),
            limits: self.limits,
        }
    }

    pub(crate) fn open(&self) -> Result<Witness, OpenError> {
        Witness::open_on(self.options(), key(), self.clock.clone(), Arc::new(self.disk.clone()))
    }

    pub(crate) fn start(&self) -> Running {
        let witness = self.open().unwrap();
        let (handle, drain, mut task) = (witness.handle(), CancellationToken::new(), JoinSet::new());
        let run = witness.run(drain.clone());
        task.spawn(async move { run.await.unwrap() });
        Running { handle, drain, http: http(), task }
    }

    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.set(Timestamp::from_second(seconds).unwrap());
    }

    /// Names of what is kept in a folder of evidence, sorted.
    pub(crate) fn evidence(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}/{path}", self.handle.address()).parse().unwrap()
    }

    pub(crate) fn client(&self) -> WitnessClient {
        WitnessClient::new(self.http.clone(), &self.url(""), public(), Duration::from_secs(20))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(self.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        self.http.post(self.url("add-checkpoint")).body(body).send().await.unwrap()
    }

    /// Status and body of an answer to a request.
    pub(crate) async fn ask(&self, request: AddCheckpoint) -> (u16, String) {
        let answer = self.post(request.to_string()).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// A request that is granted: the time that the cosignature states.
    pub(crate) async fn cosigns(&self, log: TestLog, old: u64, new: u64) -> u64 {
        let (status, body) = self.ask(log.request(old, new)).await;
        assert_eq!(status, 200, "{body}");
        time_of(log, new, &body)
    }

    pub(crate) async fn stop(mut self) {
        self.drain.cancel();
        self.task.join_next().await.unwrap().unwrap();
    }
}

/// The time of the one cosignature in the body of a 200; it is verified.
pub(crate) fn time_of(log: TestLog, size: u64, body: &str) -> u64 {
    assert_eq!(body.lines().count(), 1, "{body}");
    let checkpoint = log.checkpoint(size);
    let note = Note::parse(format!("{}{body}", checkpoint.note()).as_bytes()).unwrap();
    let witness = [public()];
    let verified = note.verify(&witness).unwrap();
    verified.first().unwrap().time.unwrap()
}
