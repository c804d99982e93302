//! Opening a witness, running it, and stopping it.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use motlan_audit_tree::note::Algorithm;
use motlan_audit_tree::{Checkpoint, CosigningKey, TreeHead, TrustedLog, VerifierKey};
use motlan_domain::Clock;
use tokio_util::sync::CancellationToken;

use crate::accept;
use crate::folder::Folder;
use crate::folder::disk::{Disk, RealDisk};
use crate::http::{Desk, router};
use crate::log::{Counts, Log};
use crate::options::{Limits, WitnessOptions};

/// A witness that has its folder and its port, and does not answer yet.
///
/// Dropped without [`Witness::run`] it gives both back.
pub struct Witness {
    listener: TcpListener,
    desk: Desk,
    threads: Vec<JoinHandle<()>>,
    limits: Limits,
    handle: WitnessHandle,
}

/// What is to be known of a running witness.
#[derive(Debug, Clone)]
pub struct WitnessHandle {
    address: SocketAddr,
    counts: Arc<Counts>,
}

/// Why there is no witness. Each is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The options name no log, one twice, or with keys no log can have.
    #[error("{what}: {origin:?}")]
    Log {
        /// What is wrong with it.
        what: &'static str,
        /// The log's origin; empty where there is no log.
        origin: String,
    },
    /// The folder is not there, or is no witness's: a wrong path, or a disk
    /// that is not mounted. A new witness's folder must be made first.
    #[error("not the folder of a witness")]
    NoFolder,
    /// A witness's folder is there already.
    #[error("the folder is a witness's already")]
    Exists,
    /// The folder is another witness's.
    #[error("the folder belongs to the witness {owner}")]
    OtherKey {
        /// Whose it is.
        owner: Box<VerifierKey>,
    },
    /// Another process runs on the folder.
    #[error("another process uses the folder")]
    InUse,
    /// What was cosigned is missing, unreadable, or signed by none of the
    /// keys the log has in the options. Starting from nothing would break
    /// every promise made so far: find out, or make a new witness.
    #[error("the state of {what:?} is missing or damaged, or its log's key is no longer listed")]
    Damaged {
        /// The log's origin, or the file.
        what: String,
    },
    /// The folder cannot be read or written, or a thread not started.
    #[error("folder cannot be used")]
    Folder(#[from] io::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// Why a witness stopped that was not told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The port cannot be served.
    #[error("the port cannot be served")]
    Listen(#[from] io::Error),
}

// === impl Witness ===

impl Witness {
    /// Takes the folder and the port. Reads and writes files, so not for an
    /// async thread that others wait for.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        options: WitnessOptions,
        key: CosigningKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Self::open_on(options, key, clock, Arc::new(RealDisk))
    }

    pub(crate) fn open_on(
        options: WitnessOptions,
        key: CosigningKey,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, OpenError> {
        check(&options.logs)?;
        let key = Arc::new(key);
        let mut folder = Folder::open(&options.folder, key.verifier_key(), disk)?;
        let mut states = Vec::new();
        for log in options.logs {
            let state = folder.load(&log)?;
            states.push((log, state));
        }
        let (folder, counts) = (Arc::new(folder), Arc::new(Counts::default()));
        let (mut doors, mut threads) = (HashMap::new(), Vec::new());
        for (number, known) in states.into_iter().enumerate() {
            let origin = known.0.origin.clone();
            let (key, clock) = (Arc::clone(&key), Arc::clone(&clock));
            let log = Log::new(known, key, clock, Arc::clone(&folder), Arc::clone(&counts))?;
            let (door, thread) = log.run(number, options.limits.connections)?;
            doors.insert(origin, door);
            threads.push(thread);
        }
        let cannot = |source| OpenError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let desk = Desk::new(doors, Arc::clone(&counts), options.limits.body);
        let handle = WitnessHandle { address, counts };
        Ok(Self { listener, desk, threads, limits: options.limits, handle })
    }

    /// What is to be known of it while it runs.
    pub fn handle(&self) -> WitnessHandle {
        self.handle.clone()
    }

    /// Serves until told to drain; then requests under way have their time,
    /// and the logs' threads finish what they have taken. Dropping the future
    /// instead cuts connections off and leaves every state whole.
    ///
    /// # Errors
    /// [`RunError`] where it cannot serve at all.
    pub async fn run(self, drain: CancellationToken) -> Result<(), RunError> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        tracing::info!(address = %self.handle.address, logs = self.threads.len(), "the witness is at work");
        accept::serve(listener, router(self.desk), self.limits, drain).await;
        // Nobody holds a door any more, so the threads end by themselves.
        let threads = self.threads;
        let joined = move || threads.into_iter().all(|thread| thread.join().is_ok());
        if !tokio::task::spawn_blocking(joined).await.unwrap_or(false) {
            tracing::error!("a log's thread did not end well");
        }
        Ok(())
    }
}

// === impl WitnessHandle ===

impl WitnessHandle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Split views on record, also from before the last start: someone must
    /// look at each.
    pub fn alarms(&self) -> u64 {
        read(&self.counts.alarms)
    }

    /// Checkpoints on record that a log signed and nobody has shown to have
    /// grown from the one cosigned. Worth a look; no proof of anything.
    pub fn suspects(&self) -> u64 {
        read(&self.counts.suspects)
    }

    /// Requests since the start that failed for a fault of this witness: its
    /// disk, its clock.
    pub fn failures(&self) -> u64 {
        read(&self.counts.failures)
    }
}

pub(crate) fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// What would make a witness useless, or another than meant.
fn check(logs: &[TrustedLog]) -> Result<(), OpenError> {
    let wrong = |what, origin: &str| Err(OpenError::Log { what, origin: origin.to_owned() });
    if logs.is_empty() {
        return wrong("no log to witness", "");
    }
    let mut origins = HashSet::new();
    for log in logs {
        if Checkpoint::new(&log.origin, TreeHead::EMPTY).is_err() {
            return wrong("not a log's origin", &log.origin);
        }
        if !origins.insert(&log.origin) {
            return wrong("log is listed twice", &log.origin);
        }
        // A witness's key signs what others have made: no log's word.
        if log.keys.is_empty() || log.keys.iter().any(|key| key.algorithm() != Algorithm::Ed25519) {
            return wrong("log without a key that logs sign with", &log.origin);
        }
    }
    Ok(())
}
