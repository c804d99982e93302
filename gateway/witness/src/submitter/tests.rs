//! A log and its witnesses: honest ones, dead ones, silent ones and liars.

mod quorum;
mod start;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use jiff::Timestamp;
use motlan_audit_tree::{CosigningKey, VerifierKey};
use motlan_domain::ManualClock;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use crate::tests::rig::{START, TestLog, http};
use crate::{Limits, OpenError, Witness, WitnessOptions, create_folder};

/// A log of a size that tests set, and what it was handed.
#[derive(Clone)]
struct Own {
    log: TestLog,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    size: AtomicU64,
    kept: Mutex<Vec<SignedCheckpoint>>,
    age: Mutex<Duration>,
    stop: Mutex<Option<Stop>>,
    /// How often a proof panics still.
    panics: AtomicU64,
    /// Whether what witnesses show is signed by a key that was retired before.
    retired: AtomicBool,
}

impl Own {
    fn new(log: TestLog, size: u64) -> Self {
        let own = Self { log, state: Arc::default() };
        own.grow(size);
        own
    }

    fn grow(&self, size: u64) {
        self.state.size.store(size, Ordering::SeqCst);
    }

    fn kept(&self) -> u64 {
        self.witnessed().map_or(0, |kept| kept.head().size)
    }

    fn stopped(&self) -> Option<Stop> {
        *self.state.stop.lock()
    }
}

impl WitnessedLog for Own {
    type Error = Infallible;

    fn trusted(&self) -> TrustedLog {
        self.log.trusted()
    }

    fn may_have_signed(&self, _: &SignedCheckpoint) -> bool {
        !self.state.retired.load(Ordering::SeqCst)
    }

    fn newest(&self) -> Arc<SignedCheckpoint> {
        Arc::new(self.log.checkpoint(self.state.size.load(Ordering::SeqCst)))
    }

    async fn head(&self, size: u64) -> Result<TreeHead, Infallible> {
        Ok(self.log.head(size))
    }

    async fn prove(&self, old: u64, new: u64) -> Result<Vec<NodeHash>, Infallible> {
        let left = self.state.panics.load(Ordering::SeqCst);
        self.state.panics.store(left.saturating_sub(1), Ordering::SeqCst);
        assert_eq!(left, 0, "a proof that panics");
        Ok(self.log.proof(old, new))
    }

    fn witnessed(&self) -> Option<Arc<SignedCheckpoint>> {
        self.state.kept.lock().last().cloned().map(Arc::new)
    }

    fn keep(&self, checkpoint: SignedCheckpoint) {
        self.state.kept.lock().push(checkpoint);
    }

    fn unwitnessed(&self) -> Duration {
        *self.state.age.lock()
    }

    fn stop(&self, why: Option<Stop>) {
        *self.state.stop.lock() = why;
    }
}

/// A witness at work, with a folder that outlives it.
struct Office {
    seed: u8,
    dir: TempDir,
    address: Option<SocketAddr>,
    task: JoinSet<()>,
}

impl Office {
    fn new(seed: u8) -> Self {
        let office = Self { seed, dir: tempfile::tempdir().unwrap(), address: None, task: JoinSet::new() };
        create_folder(office.dir.path(), &office.public()).unwrap();
        office
    }

    fn started(seed: u8) -> Self {
        let mut office = Self::new(seed);
        office.start();
        office
    }

    fn key(&self) -> CosigningKey {
        CosigningKey::from_seed(&format!("witness.example/w{}", self.seed), &[self.seed; 32]).unwrap()
    }

    fn public(&self) -> VerifierKey {
        self.key().verifier_key().clone()
    }

    /// At its address of before, if it had one.
    fn start(&mut self) {
        let open = || {
            let options = WitnessOptions {
                listen: self.address.unwrap_or(([127, 0, 0, 1], 0).into()),
                folder: self.dir.path().to_owned(),
                logs: vec![TestLog::ONE.trusted()],
                limits: Limits::default(),
            };
            let clock = Arc::new(ManualClock::at(Timestamp::from_second(START).unwrap()));
            Witness::open(options, self.key(), clock)
        };
        // A look at the folder that was under way when it was killed holds it
        // until it ends, on a thread of its own.
        let mut opened = open();
        for _ in 0..1_000_000 {
            if !matches!(opened, Err(OpenError::InUse)) {
                break;
            }
            std::thread::yield_now();
            opened = open();
        }
        let witness = opened.unwrap();
        self.address = Some(witness.handle().address());
        self.task.spawn(async move { witness.run(CancellationToken::new()).await.unwrap() });
    }

    /// As a crash ends it.
    async fn kill(&mut self) {
        self.task.shutdown().await;
    }

    fn client(&self) -> WitnessClient {
        let url = format!("http://{}/", self.address.unwrap()).parse().unwrap();
        WitnessClient::new(http(), &url, self.public(), Duration::from_secs(20))
    }

    /// Has it cosign that, whoever asks.
    async fn sees(&self, log: TestLog, size: u64) {
        let prove = |old| std::future::ready(Ok::<_, Infallible>(log.proof(old, size)));
        self.client().submit(&log.checkpoint(size), 0, prove).await.unwrap();
    }
}

/// What answers every submission so, and shows nothing.
struct Liar {
    office: Office,
    task: JoinSet<()>,
}

impl Liar {
    async fn new(seed: u8, status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut office = Office::new(seed);
        office.address = Some(listener.local_addr().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        let router = Router::new()
            .route("/add-checkpoint", post(move || async move { (status, body) }))
            .route("/{hash}/checkpoint", get(|| async { StatusCode::NOT_FOUND }));
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { office, task }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort_all();
    }
}

/// Takes connections and says nothing.
async fn silent(seed: u8) -> (Office, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut office = Office::new(seed);
    office.address = Some(listener.local_addr().unwrap());
    (office, listener)
}

const FAST: Pace = Pace {
    tick: Duration::from_millis(5),
    round: 10,
    backoff: (Duration::from_millis(5), Duration::from_millis(20)),
    start: Duration::from_millis(500),
};

fn submitter(own: &Own, clients: &[WitnessClient], quorum: usize) -> Submitter<Own> {
    let options = SubmitterOptions {
        witnesses: clients.to_vec(),
        quorum,
        stop_after: Some(Duration::from_mins(30)),
        pace: FAST,
    };
    Submitter::new(options, own.clone())
}

/// A submitter at work, until dropped.
struct Running {
    handle: SubmitterHandle,
    stop: CancellationToken,
    task: JoinSet<()>,
}

impl Running {
    fn of(submitter: Submitter<Own>) -> Self {
        let (handle, stop, mut task) = (submitter.handle(), CancellationToken::new(), JoinSet::new());
        task.spawn(submitter.run(stop.clone()));
        Self { handle, stop, task }
    }

    fn count(&self, number: usize, asked: Asked) -> u64 {
        let standing = &self.handle.witnesses()[number];
        standing.asked.iter().find(|(known, _)| *known == asked).unwrap().1
    }

    /// Told to stop, it ends by itself.
    async fn stop(mut self) {
        self.stop.cancel();
        self.task.join_next().await.unwrap().unwrap();
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let polled = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), polled).await.is_ok(), "never: {what}");
}
