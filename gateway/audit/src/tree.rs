//! The log as others see it: what became durable enters the Merkle tree, and a
//! signed checkpoint says so (C2SP tlog-tiles, tlog-checkpoint).
//!
//! The `motlan-integrate` thread reads durable entries, writes their bundles
//! and tiles, and publishes a checkpoint, then rests for [`PAUSE`].
//! **Invariant**: a checkpoint is shown to nobody before it and every tile it
//! rests on are durable. So the gateway can crash at any point and never sign
//! two histories: what it signs next grows from what it showed.
//!
//! At the start the journal is held against the last checkpoint
//! ([`Integrator::open`]): a log that is shorter than what was published, or
//! another one, does not serve.

pub(crate) mod files;
mod hold;
mod published;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use motlan_audit_tree::bundle::{BundleError, push_entry};
use motlan_audit_tree::tile::{TILE_WIDTH, Tile};
use motlan_audit_tree::{
    Bundle, Checkpoint, CheckpointError, Frontier, ReadError, SignedCheckpoint, SigningKey, TreeHead,
};
use tokio::sync::watch;

use crate::keys::{KeyError, KeyProvider};
use crate::store::{AuditReader, StoreError};
use crate::writer::Progress;
pub use files::TileError;
use files::{LogFiles, Stored};
pub use hold::verifier_key_file;
pub(crate) use published::Published;

/// Where the newest checkpoint lies among the files.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// After each checkpoint: what becomes durable meanwhile shares the next.
const PAUSE: Duration = Duration::from_millis(400);

/// How long the thread sleeps when nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Entries that one checkpoint adds at most: a longer way is made in pieces, each
/// for good, and no list of files grows with it.
const STEP: u64 = 65_536;

/// Bytes of entries read at a time.
const CHUNK: usize = 256 << 10;

/// Between two attempts after a failure: first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// Why the tree cannot be grown, or the log not be held against it.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A file cannot be read or written; asking again may help.
    #[error("a file of the published log cannot be used")]
    Files(#[from] std::io::Error),
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Journal(#[from] StoreError),
    /// At open: entries that a published checkpoint covers are gone. The folder
    /// was restored from an older copy, or cut: do not serve.
    #[error("the journal holds {held} entries and {published} are published")]
    Shorter {
        /// Durable entries.
        held: u64,
        /// What the last checkpoint covers.
        published: u64,
    },
    /// At open: the journal holds another entry than the tree: do not serve.
    #[error("the journal holds another entry {index} than the one that was published")]
    Other {
        /// The first one found.
        index: u64,
    },
    /// The published log was begun and its checkpoint is gone.
    #[error("the checkpoint of the published log is missing")]
    Missing,
    /// Somebody else put another checkpoint in the place of the one this process
    /// published last: not overwritten, for it may be another's history.
    #[error("the published checkpoint is not the one this process put there")]
    Overwritten,
    /// At open: the checkpoint is not one that this log's key signed.
    #[error("the checkpoint is not of this log and key")]
    Foreign(#[from] CheckpointError),
    /// The tiles are not of the tree that the checkpoint states.
    #[error("the tiles are damaged")]
    Tiles(#[source] Box<ReadError<TileError>>),
    /// The log key cannot be had or used.
    #[error("the log key cannot be used")]
    Key(#[from] KeyError),
    /// An entry is too long for a bundle; the journal takes none.
    #[error("an entry does not fit a bundle")]
    Bundle(#[from] BundleError),
    /// There is no such entry or tree among those published.
    #[error("beyond the {published} entries published")]
    OutOfRange {
        /// What the newest checkpoint covers.
        published: u64,
    },
}

/// The thread's state.
pub(crate) struct Integrator {
    reader: Arc<dyn AuditReader>,
    progress: Arc<Progress>,
    files: Arc<dyn LogFiles>,
    key: SigningKey,
    frontier: Frontier,
    /// The entries of the bundle that is not full.
    bundle: Vec<u8>,
    published: watch::Sender<Arc<SignedCheckpoint>>,
    /// Of which trees the checkpoint in the folder may be: the one found there
    /// last, and the one that was to take its place.
    lies: (TreeHead, TreeHead),
    /// Held to the end of the thread, also of one that is left behind.
    _lock: Option<File>,
    failing: Arc<AtomicBool>,
    /// Whether edge and bundle are another's than what is published: after a
    /// failure nothing may be built on them.
    astray: bool,
    backoff: Duration,
}

// === impl Integrator ===

impl Integrator {
    /// Opens the published log among these files (of a folder; none: in memory),
    /// beginning it if it is new, and holds the journal of `durable` entries against it.
    pub(crate) fn open(
        (folder, files, lock): (Option<&Path>, Arc<dyn LogFiles>, Option<File>),
        origin: &str,
        keys: &dyn KeyProvider,
        (reader, durable): (Arc<dyn AuditReader>, u64),
        progress: Arc<Progress>,
    ) -> Result<Self, TreeError> {
        let key = SigningKey::from_seed(origin, &*keys.log_key()?).map_err(|_| KeyError::Malformed)?;
        let newest = hold::newest(folder, files.as_ref(), &key)?;
        hold::against(reader.as_ref(), durable, files.as_ref(), newest.head())?;
        let head = newest.head();
        let mut integrator = Self {
            reader,
            progress,
            files,
            key,
            frontier: Frontier::new(),
            bundle: Vec::new(),
            published: watch::Sender::new(Arc::new(newest)),
            lies: (head, head),
            _lock: lock,
            failing: Arc::default(),
            astray: false,
            backoff: BACKOFF.0,
        };
        integrator.go_back()?;
        integrator.tidy();
        // Mostly all there is: the end of the log before a crash. Files that
        // cannot be written stop publication alone, here as later.
        match integrator.step(durable) {
            Err(error @ TreeError::Files(_)) => integrator.failed(&error),
            stepped => stepped?,
        }
        Ok(integrator)
    }

    pub(crate) fn handle(&self) -> Published {
        Published {
            newest: self.published.subscribe(),
            key: self.key.verifier_key().clone(),
            files: Arc::clone(&self.files),
            failing: Arc::clone(&self.failing),
        }
    }

    /// To what is published: the edge of its tree, and the bundle at it.
    fn go_back(&mut self) -> Result<(), TreeError> {
        let head = self.published.borrow().head();
        self.frontier = Frontier::load(&Stored(self.files.as_ref()), head).map_err(damaged)?;
        self.bundle.clear();
        let mut next = head.size - head.size % u64::from(TILE_WIDTH);
        while next < head.size {
            let entries = self.reader.scan(next, CHUNK)?;
            let within = entries.iter().take_while(|stored| stored.index < head.size);
            let before = next;
            for stored in within {
                push_entry(&mut self.bundle, &stored.bytes)?;
                next = stored.index + 1;
            }
            if next == before {
                return Err(TreeError::Shorter { held: next, published: head.size });
            }
        }
        Ok(())
    }

    /// Brings the next entries below `durable` into the tree and publishes them:
    /// not more than [`STEP`], so that a long way is made for good piece by piece.
    fn step(&mut self, durable: u64) -> Result<(), TreeError> {
        self.is_ours()?;
        if self.astray {
            self.go_back()?;
            self.astray = false;
        }
        let before = self.published.borrow().head();
        let durable = durable.min(before.size.saturating_add(STEP));
        // Until it is published.
        self.astray = true;
        while self.frontier.head().size < durable {
            let mut entries = self.reader.scan(self.frontier.head().size, CHUNK)?;
            entries.retain(|stored| stored.index < durable);
            if entries.is_empty() {
                let held = self.frontier.head().size;
                return Err(TreeError::Shorter { held, published: durable });
            }
            let leaves: Vec<_> = entries.iter().map(|stored| stored.leaf_hash).collect();
            for stored in &entries {
                push_entry(&mut self.bundle, &stored.bytes)?;
                let next = stored.index + 1;
                if next % u64::from(TILE_WIDTH) == 0 {
                    self.write_bundle(next)?;
                    self.bundle.clear();
                }
            }
            for (tile, bytes) in self.frontier.extend(&leaves) {
                self.files.write(&tile.to_string(), &bytes)?;
            }
        }
        let grown = self.frontier.finish();
        if grown.head == before {
            self.astray = false;
            return Ok(());
        }
        self.write_bundle(grown.head.size)?;
        for (tile, bytes) in grown.tiles {
            self.files.write(&tile.to_string(), &bytes)?;
        }
        self.files.sync()?;
        self.publish(grown.head)?;
        self.astray = false;
        self.forget(before, grown.head);
        Ok(())
    }

    /// Writes the entries at hand as the bundle that ends at `size`.
    fn write_bundle(&self, size: u64) -> Result<(), TreeError> {
        let last = size.checked_sub(1).filter(|_| !self.bundle.is_empty());
        let bundle = last.and_then(|last| Bundle::in_tree(last / u64::from(TILE_WIDTH), size));
        Ok(bundle.map_or(Ok(()), |bundle| self.files.write(&bundle.to_string(), &self.bundle))?)
    }

    /// That the folder holds the checkpoint this process put there last. A look
    /// before anything is written, and one before the checkpoint is.
    fn is_ours(&mut self) -> Result<(), TreeError> {
        let bytes = self.files.read(CHECKPOINT)?.ok_or(TreeError::Missing)?;
        let name = self.key.verifier_key().name();
        for head in [self.lies.1, self.lies.0] {
            // Others may have added their signatures behind the text.
            if bytes.starts_with(Checkpoint::new(name, head)?.to_string().as_bytes()) {
                self.lies.0 = head;
                return Ok(());
            }
        }
        Err(TreeError::Overwritten)
    }

    fn publish(&mut self, head: TreeHead) -> Result<(), TreeError> {
        self.is_ours()?;
        let checkpoint = Checkpoint::new(self.key.verifier_key().name(), head)?;
        let signed = SignedCheckpoint::sign(checkpoint, &self.key).map_err(|_| KeyError::Malformed)?;
        self.lies.1 = head;
        // Durable before it is shown.
        self.files.replace(CHECKPOINT, signed.to_string().as_bytes())?;
        self.published.send_replace(Arc::new(signed));
        Ok(())
    }

    /// Partial files stay until the full one of their place is published: whoever
    /// reads by an older checkpoint finds either.
    fn forget(&self, before: TreeHead, now: TreeHead) {
        let mut hashes = (before.size, now.size);
        for level in 0..8 {
            let place = hashes.0 / u64::from(TILE_WIDTH);
            hashes = (place, hashes.1 / u64::from(TILE_WIDTH));
            // Full now, and begun before.
            if place < hashes.1 && Tile::in_tree(level, place, before.size).is_some() {
                self.remove_partials(level, place);
            }
        }
    }

    /// What a crash left of the places that became full last.
    fn tidy(&self) {
        let mut hashes = self.published.borrow().head().size;
        for level in 0..8 {
            hashes /= u64::from(TILE_WIDTH);
            if let Some(place) = hashes.checked_sub(1) {
                self.remove_partials(level, place);
            }
        }
    }

    /// A file too many harms nobody: that it cannot be removed is only told.
    fn remove_partials(&self, level: u8, place: u64) {
        let tile = Tile::new(level, place, TILE_WIDTH).map(|tile| tile.to_string());
        let bundle = Bundle::new(place, TILE_WIDTH).filter(|_| level == 0).map(|bundle| bundle.to_string());
        for full in tile.into_iter().chain(bundle) {
            if let Err(error) = self.files.remove_partials(&full) {
                tracing::warn!(error = &error as &dyn std::error::Error, full, "partial files stay");
            }
        }
    }

    /// Integrates; after a failure of whatever kind, a panic among them, waits a
    /// little longer each time, and begins from what is published.
    fn attempt(&mut self, durable: u64) -> Result<(), Duration> {
        match catch_unwind(AssertUnwindSafe(|| self.step(durable))) {
            Ok(Ok(())) => {
                self.failing.store(false, Ordering::Release);
                self.backoff = BACKOFF.0;
                return Ok(());
            }
            Ok(Err(error)) => self.failed(&error),
            Err(_) => {
                tracing::error!("the integration of the audit log panicked");
                self.failing.store(true, Ordering::Release);
            }
        }
        let pause = self.backoff;
        self.backoff = (pause * 2).min(BACKOFF.1);
        Err(pause)
    }

    fn failed(&self, error: &TreeError) {
        tracing::error!(error = error as &dyn std::error::Error, "the log cannot be published");
        self.failing.store(true, Ordering::Release);
    }
}

/// The body of the `motlan-integrate` thread: until the log is closed and all is
/// published. A failure is logged and tried again: the tree lags, nothing is lost.
pub(crate) fn run(mut integrator: Integrator) {
    loop {
        let head = integrator.published.borrow().head();
        let (durable, closed) = integrator.progress.wait(head.size, TICK);
        if head.size >= durable {
            if closed {
                return;
            }
            continue;
        }
        match integrator.attempt(durable) {
            Err(_) if closed => return,
            Err(pause) => integrator.progress.rest(pause),
            // There is more: nothing to wait for.
            Ok(()) if integrator.published.borrow().head().size < durable => {}
            // In company: a checkpoint costs the same for one entry as for thousands.
            Ok(()) => integrator.progress.rest(PAUSE),
        }
    }
}

fn damaged(error: ReadError<TileError>) -> TreeError {
    TreeError::Tiles(Box::new(error))
}
