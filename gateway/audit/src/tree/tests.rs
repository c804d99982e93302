//! What is done between two checkpoints.

use std::io;

use jiff::Timestamp;
use motlan_audit_tree::bundle::split_entries;
use motlan_audit_tree::{LeafHash, leaf_hash};
use motlan_domain::ManualClock;

use super::files::MemoryFiles;
use super::*;
use crate::keys::MemoryKeyProvider;
use crate::store::{AuditStore, MemoryStore, suite};

const ENTRIES: u32 = 900;

/// Files of which one can be made impossible to write.
#[derive(Default)]
struct Flawed {
    files: MemoryFiles,
    flaw: Mutex<Option<&'static str>>,
}

impl LogFiles for Flawed {
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if *self.flaw.lock() == Some(path) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.files.write(path, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.files.sync()
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.files.replace(path, bytes)
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.files.read(path)
    }

    fn remove_partials(&self, full: &str) -> io::Result<()> {
        self.files.remove_partials(full)
    }
}

/// The tree of a journal of so many entries, of which the first ten are published.
fn begun(files: &Arc<Flawed>) -> (Integrator, Vec<LeafHash>) {
    let mut store = MemoryStore::default();
    store.append(&suite::frames(0, ENTRIES, 50)).unwrap();
    store.sync().unwrap();
    let reader = store.reader();
    let leaves = reader.scan(0, usize::MAX).unwrap().iter().map(|stored| stored.leaf_hash).collect();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let files = Arc::clone(files) as Arc<dyn LogFiles>;
    let keys = MemoryKeyProvider::fixed(1);
    let integrator = Integrator::open(
        (None, files, None),
        "motlan.example/tree",
        &keys,
        (reader, 10),
        (Arc::default(), clock),
    );
    (integrator.unwrap(), leaves)
}

fn head_of(leaves: &[LeafHash], size: usize) -> TreeHead {
    let mut frontier = Frontier::new();
    frontier.append(&leaves[..size]).head
}

/// That tiles and bundles are of these entries, and what is shown of them.
fn holds(files: &Flawed, integrator: &Integrator, leaves: &[LeafHash]) {
    let head = shown(integrator);
    assert_eq!(head, head_of(leaves, leaves.len()));
    assert_eq!(Frontier::load(&Stored(files), head).unwrap().head(), head);
    let mut found = Vec::new();
    for index in 0..head.size.div_ceil(u64::from(TILE_WIDTH)) {
        let bundle = Bundle::in_tree(index, head.size).unwrap();
        let bytes = files.read(&bundle.to_string()).unwrap().unwrap();
        found.extend(split_entries(bundle, &bytes).unwrap().into_iter().map(leaf_hash));
    }
    assert_eq!(found, leaves);
}

fn shown(integrator: &Integrator) -> TreeHead {
    integrator.published.borrow().head()
}

#[test]
fn what_is_written_ahead_is_shown_by_the_next_checkpoint_alone() {
    let files = Arc::<Flawed>::default();
    let (mut integrator, leaves) = begun(&files);
    let before = files.read(CHECKPOINT).unwrap();
    integrator.bring(600).unwrap();
    assert_eq!(shown(&integrator), head_of(&leaves, 10));
    assert_eq!(files.read(CHECKPOINT).unwrap(), before, "no checkpoint");
    let full = |name: &str| files.read(name).unwrap().is_some();
    assert!(full("tile/entries/000") && full("tile/entries/001") && full("tile/0/001"));
    assert!(!full("tile/entries/002"));
    // Nothing new, then the rest.
    integrator.bring(600).unwrap();
    integrator.step(ENTRIES.into()).unwrap();
    assert_ne!(files.read(CHECKPOINT).unwrap(), before);
    holds(&files, &integrator, &leaves);
}

#[test]
fn between_two_checkpoints_full_bundles_are_written_unless_it_is_paused_or_the_end() {
    for (paused, closed) in [(false, false), (true, false), (false, true)] {
        let files = Arc::<Flawed>::default();
        let (mut integrator, leaves) = begun(&files);
        let before = files.read(CHECKPOINT).unwrap();
        integrator.progress.set(600);
        *integrator.paused.lock() = paused;
        if closed {
            integrator.progress.close();
        }
        integrator.rest();
        let written = files.read("tile/entries/001").unwrap().is_some();
        assert_eq!(written, !paused && !closed, "{paused} {closed}");
        assert_eq!(files.read(CHECKPOINT).unwrap(), before, "no checkpoint");
        integrator.step(600).unwrap();
        holds(&files, &integrator, &leaves[..600]);
    }
}

#[test]
fn a_failure_midway_is_begun_anew_from_what_is_published() {
    for flaw in ["tile/entries/001", "tile/0/001"] {
        let files = Arc::<Flawed>::default();
        let (mut integrator, leaves) = begun(&files);
        integrator.bring(300).unwrap();
        *files.flaw.lock() = Some(flaw);
        assert!(integrator.attempt(|this| this.bring(600)).is_err(), "{flaw}");
        assert!(integrator.failing.load(Ordering::Acquire));
        assert!(integrator.attempt(|this| this.step(600)).is_err(), "{flaw}: still");
        assert_eq!(shown(&integrator), head_of(&leaves, 10));
        *files.flaw.lock() = None;
        integrator.attempt(|this| this.step(700)).unwrap();
        assert!(!integrator.failing.load(Ordering::Acquire));
        holds(&files, &integrator, &leaves[..700]);
    }
}
