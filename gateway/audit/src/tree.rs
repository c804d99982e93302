//! The log as others see it: what became durable enters the Merkle tree, and a
//! signed checkpoint says so (C2SP tlog-tiles, tlog-checkpoint).
//!
//! The `motlan-integrate` thread reads durable entries, writes their bundles
//! and tiles, and publishes a checkpoint, then rests for [`PAUSE`]; where entries
//! come fast it writes what became full meanwhile.
//! **Invariant**: a checkpoint is shown to nobody before it and every tile it
//! rests on are durable. So the gateway can crash at any point and never sign
//! two histories: what it signs next grows from what it showed.
//!
//! At the start the journal is held against the last checkpoint
//! ([`Integrator::open`]): a log that is shorter than what was published, or
//! another one, does not serve.

mod error;
pub(crate) mod files;
mod hold;
mod published;
mod retired;
mod signers;
mod tidy;
mod witnessed;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use motlan_audit_tree::bundle::push_entry;
use motlan_audit_tree::tile::TILE_WIDTH;
use motlan_audit_tree::{Bundle, Checkpoint, Frontier, ReadError, SignedCheckpoint, TreeHead};
use motlan_domain::Clock;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::keys::KeyProvider;
use crate::store::{AuditReader, StoreError};
use crate::writer::Progress;
pub use error::TreeError;
pub use files::TileError;
use files::{LogFiles, Stored};
pub(crate) use hold::covered;
pub use hold::verifier_key_file;
pub(crate) use published::Published;
pub(crate) use retired::Retired;
use signers::Signers;
pub(crate) use signers::Telling;
pub(crate) use signers::published as published_rotations;
use witnessed::Keeper;
pub(crate) use witnessed::Witnessed;

/// Where the newest checkpoint lies among the files.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// After each checkpoint: what becomes durable meanwhile shares the next.
const PAUSE: Duration = Duration::from_millis(400);

/// How often the thread looks meanwhile whether there is a bundle to write.
const MEANWHILE: Duration = Duration::from_millis(20);

/// How long the thread sleeps when nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// How often a thread that was paused looks whether it still is.
const PAUSED: Duration = Duration::from_millis(2);

/// Entries that one checkpoint adds at most: a longer way is made in pieces, each
/// for good, and no list of files grows with it.
const STEP: u64 = 65_536;

/// Bytes of entries read at a time.
const CHUNK: usize = 256 << 10;

/// Between two attempts after a failure: first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// The thread's state.
pub(crate) struct Integrator {
    reader: Arc<dyn AuditReader>,
    progress: Arc<Progress>,
    clock: Arc<dyn Clock>,
    files: Arc<dyn LogFiles>,
    /// Of a log in memory none.
    folder: Option<PathBuf>,
    signers: Signers,
    frontier: Frontier,
    /// The entries of the bundle that is not full.
    bundle: Vec<u8>,
    published: watch::Sender<Arc<SignedCheckpoint>>,
    /// What a checkpoint covers that this process made durable.
    lasting: Arc<AtomicU64>,
    paused: Arc<Mutex<bool>>,
    /// Of which trees the checkpoint in the folder may be: the one found there
    /// last, and the one that was to take its place.
    lies: (TreeHead, TreeHead),
    /// Held to the end of the thread, also of one that is left behind.
    _lock: Option<File>,
    failing: Arc<AtomicBool>,
    witnessed: Keeper,
    /// Whether edge, bundle and files may not be of the same entries: after a failure
    /// nothing is built on them, but on what is published. They may be ahead of that.
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
        (progress, clock): (Arc<Progress>, Arc<dyn Clock>),
    ) -> Result<Self, TreeError> {
        let signers = Signers::open(origin, &keys.log_keys()?, files.as_ref())?;
        let newest = hold::newest(folder, files.as_ref(), &signers)?;
        hold::against(reader.as_ref(), durable, files.as_ref(), newest.head())?;
        let published = watch::Sender::new(Arc::new(newest));
        let handle = Published::of(&signers, &files, &published);
        let head = handle.newest().head();
        let log = signers.trusted_log();
        let witnessed = Keeper::open(&files, &log, head, |size| handle.root(size), reader.as_ref())?;
        let mut integrator = Self {
            reader,
            progress,
            clock,
            files,
            folder: folder.map(Path::to_owned),
            signers,
            frontier: Frontier::new(),
            bundle: Vec::new(),
            published,
            lasting: Arc::default(),
            paused: Arc::default(),
            lies: (head, head),
            _lock: lock,
            failing: Arc::default(),
            witnessed,
            astray: false,
            backoff: BACKOFF.0,
        };
        integrator.go_back()?;
        integrator.tidy();
        // Mostly all there is: the end of the log before a crash. Files that
        // cannot be written stop publication alone, here as later.
        match integrator.settle().and_then(|()| integrator.step(durable)) {
            Err(error @ TreeError::Files(_)) => integrator.failed(&error),
            stepped => stepped?,
        }
        Ok(integrator)
    }

    pub(crate) fn handle(&self) -> Published {
        Published {
            paused: Arc::clone(&self.paused),
            failing: Arc::clone(&self.failing),
            witnessed: self.witnessed.shared(),
            ..Published::of(&self.signers, &self.files, &self.published)
        }
    }

    /// How many entries a checkpoint covers that outlives a power cut: the one
    /// found at the start may not.
    pub(crate) fn lasting(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lasting)
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
        self.bring(durable)?;
        let before = self.published.borrow().head();
        // Until it is published.
        self.astray = true;
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

    /// Brings them into the tree and writes what became full; shows nothing.
    fn bring(&mut self, durable: u64) -> Result<(), TreeError> {
        self.is_ours()?;
        if self.astray {
            self.go_back()?;
        }
        let durable = durable.min(self.published.borrow().head().size.saturating_add(STEP));
        // Until all of it is there.
        self.astray = true;
        while self.frontier.size() < durable {
            let following = self.reader.follow(self.frontier.size(), CHUNK)?;
            let mut leaves = Vec::new();
            for seen in following.entries().take_while(|seen| seen.index < durable) {
                if seen.index != self.frontier.size() + leaves.len() as u64 {
                    return Err(StoreError::Order.into());
                }
                leaves.push(*seen.leaf_hash);
                push_entry(&mut self.bundle, seen.bytes)?;
                let next = seen.index + 1;
                if next % u64::from(TILE_WIDTH) == 0 {
                    self.write_bundle(next)?;
                    self.bundle.clear();
                }
            }
            if leaves.is_empty() {
                let held = self.frontier.size();
                return Err(TreeError::Shorter { held, published: durable });
            }
            for (tile, bytes) in self.frontier.extend(&leaves) {
                self.files.write(&tile.to_string(), &bytes)?;
            }
        }
        self.astray = false;
        Ok(())
    }

    /// Signs the next key in, once what is published tells of it.
    fn settle(&mut self) -> Result<(), TreeError> {
        if !self.is_due() {
            return Ok(());
        }
        let newest = self.published.borrow().as_ref().clone();
        let signed = self.signers.settle(self.folder.as_deref(), self.files.as_ref(), newest)?;
        self.published.send_replace(Arc::new(signed));
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.signers.are_due(self.published.borrow().head().size)
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
        let name = self.signers.verifier_key().name();
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
        let checkpoint = Checkpoint::new(self.signers.verifier_key().name(), head)?;
        let signed = self.signers.sign(checkpoint)?;
        self.signers.keep_last(self.files.as_ref())?;
        self.lies.1 = head;
        // Durable before it is shown.
        self.files.replace(CHECKPOINT, signed.to_string().as_bytes())?;
        self.lasting.store(head.size, Ordering::Release);
        self.published.send_replace(Arc::new(signed));
        Ok(())
    }

    /// Integrates; after a failure of whatever kind, a panic among them, waits a
    /// little longer each time, and begins from what is published.
    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> Result<(), TreeError>) -> Result<(), Duration> {
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
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

    /// Between two checkpoints: where entries come fast, the work for the next one
    /// is done little by little, not all at once at the cost of those who wait.
    fn rest(&mut self) {
        let began = self.clock.monotonic();
        for _ in 0..PAUSE.as_millis() / MEANWHILE.as_millis() {
            self.progress.rest(MEANWHILE);
            let (durable, closed) = self.progress.wait(0, Duration::ZERO);
            if closed || self.clock.monotonic().saturating_sub(began) >= PAUSE {
                return;
            }
            if durable.saturating_sub(self.frontier.size()) < u64::from(TILE_WIDTH) {
                continue;
            }
            let paused = Arc::clone(&self.paused);
            let paused = paused.lock();
            if !*paused && let Err(pause) = self.attempt(|this| this.bring(durable)) {
                drop(paused);
                return self.progress.rest(pause);
            }
        }
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
        integrator.keep_witnessed(durable);
        if head.size >= durable && !integrator.is_due() {
            if closed {
                return;
            }
            continue;
        }
        let paused = Arc::clone(&integrator.paused);
        // Held while a step is made, so that a pause takes effect at once.
        let paused = paused.lock();
        if *paused {
            drop(paused);
            if closed {
                return;
            }
            integrator.progress.rest(PAUSED);
            continue;
        }
        let attempted = integrator.attempt(|this| this.step(durable).and_then(|()| this.settle()));
        drop(paused);
        match attempted {
            Err(_) if closed => return,
            Err(pause) => integrator.progress.rest(pause),
            // There is more: nothing to wait for.
            Ok(()) if integrator.published.borrow().head().size < durable => {}
            // In company: a checkpoint costs the same for one entry as for thousands.
            Ok(()) => integrator.rest(),
        }
    }
}

fn damaged(error: ReadError<TileError>) -> TreeError {
    TreeError::Tiles(Box::new(error))
}

#[cfg(test)]
mod tests;
