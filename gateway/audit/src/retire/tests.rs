//! When a segment goes, and when it stays.

use std::{fs, io};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::*;
use crate::bundles::tests::{Split, begins};
use crate::index::tests::handle;
use crate::testing::{EIO, FaultDisk, Faults};
use crate::tree::files::{MemoryFiles, RealFiles};

const ENTRIES: u32 = 1_600;

/// What a retirement looks at, in the test's hand.
struct Gates {
    lasting: Arc<AtomicU64>,
    indexed: watch::Sender<u64>,
    progress: Arc<Progress>,
    waiting: Arc<Waiting>,
}

/// A published disk that does not answer; it keeps what is told of segments that
/// wait while it is asked.
struct Asked {
    files: Arc<dyn LogFiles>,
    waiting: Arc<Waiting>,
    told: Mutex<Vec<usize>>,
}

impl LogFiles for Asked {
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.files.write(path, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.files.sync()
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.files.replace(path, bytes)
    }

    fn read(&self, _: &str) -> io::Result<Option<Vec<u8>>> {
        self.told.lock().push(self.waiting.told().0);
        Err(io::ErrorKind::TimedOut.into())
    }

    fn remove_partials(&self, full: &str) -> io::Result<()> {
        self.files.remove_partials(full)
    }
}

// === impl Gates ===

impl Gates {
    fn of(split: &Split, lasting: u64, indexed: u64) -> (Self, Retirement) {
        let gates = Self {
            lasting: Arc::new(AtomicU64::new(lasting)),
            indexed: watch::Sender::new(indexed),
            progress: Arc::default(),
            waiting: Arc::new(Waiting::new(Arc::new(motlan_domain::ManualClock::at(
                jiff::Timestamp::UNIX_EPOCH,
            )))),
        };
        let retirement = Retirement::new(
            split.store.retirer(),
            Arc::clone(&split.files),
            Arc::clone(&gates.lasting),
            handle(gates.indexed.subscribe()),
            Arc::clone(&gates.progress),
            Arc::clone(&gates.waiting),
        );
        (gates, retirement)
    }
}

fn all(split: &Split) -> bool {
    let reader = split.reader();
    split.entries.iter().all(|written| {
        let found = reader.read(written.index, None).unwrap().unwrap();
        (found.leaf_hash, &found.bytes) == (written.leaf_hash, &written.bytes)
    })
}

#[test]
fn a_segment_stays_until_checkpoint_and_index_cover_it() {
    let split = Split::of(ENTRIES, Arc::<MemoryFiles>::default());
    let (gates, mut retirement) = Gates::of(&split, 0, 0);
    let first = split.store.retirer().oldest(u64::MAX).unwrap().end;
    let bundles = first.next_multiple_of(256);
    for (lasting, indexed) in [
        (0, 0),
        (1_600, 0),
        (0, 1_600),
        (1_600, first - 1),
        // In a bundle that is not full yet: that one is written anew.
        (bundles - 1, 1_600),
    ] {
        gates.lasting.store(lasting, Ordering::Release);
        gates.indexed.send_replace(indexed);
        assert_eq!(retirement.step().unwrap(), None, "published {lasting}, indexed {indexed}");
        assert_eq!(begins(split.dir.path()), 0);
    }
    gates.lasting.store(bundles, Ordering::Release);
    gates.indexed.send_replace(first);
    assert_eq!(retirement.step().unwrap(), Some(first));
    assert_eq!(begins(split.dir.path()), first, "one at a time");
    assert_eq!(retirement.step().unwrap(), None);
    gates.lasting.store(1_600, Ordering::Release);
    gates.indexed.send_replace(1_600);
    while retirement.step().unwrap().is_some() {}
    let left: Vec<_> = fs::read_dir(split.dir.path()).unwrap().map(|file| file.unwrap().path()).collect();
    let left = left.iter().filter(|path| path.extension().is_some_and(|e| e == "journal")).count();
    assert!(left >= 2, "the current one and the one before");
    assert!(begins(split.dir.path()) > 1_000 && begins(split.dir.path()) <= 1_536);
    assert!(all(&split));
}

/// A bundle is the only copy afterwards: it is read before.
#[test]
fn a_segment_stays_while_its_bundles_are_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let split = Split::of(ENTRIES, Arc::new(RealFiles::new(folder.path())));
    let (_gates, mut retirement) = Gates::of(&split, 1_600, 1_600);
    let bundle = folder.path().join("tile/entries/000");
    let tile = folder.path().join("tile/0/000");
    let good = (fs::read(&bundle).unwrap(), fs::read(&tile).unwrap());
    let mut stays = |what: &str| {
        let told = retirement.step();
        assert!(matches!(told, Err(StoreError::Corrupt { .. })), "{what}: {told:?}");
        assert_eq!(begins(split.dir.path()), 0, "{what}");
    };
    fs::remove_file(&bundle).unwrap();
    stays("the bundle is gone");
    let mut changed = good.0.clone();
    changed[20] ^= 1;
    fs::write(&bundle, &changed).unwrap();
    stays("the bundle is changed");
    // Bundle and tile alike: only the journal tells.
    let mut hashes = good.1.clone();
    let length = good.0.len() / 256;
    hashes[..32].copy_from_slice(&motlan_audit_tree::leaf_hash(&changed[2..length]));
    fs::write(&tile, hashes).unwrap();
    stays("bundle and tile are changed");
    fs::write(&bundle, &good.0).unwrap();
    stays("the tile is changed");
    fs::write(&tile, &good.1).unwrap();
    assert!(retirement.step().unwrap().is_some(), "control");
    // Each time anew: what the last segment left in memory is not believed.
    let next = begins(split.dir.path());
    assert_ne!(next % 256, 0, "a bundle lies across the border");
    let across = folder.path().join(format!("tile/entries/{:03}", next / 256));
    fs::rename(&across, folder.path().join("aside")).unwrap();
    assert!(retirement.step().is_err());
    assert_eq!(begins(split.dir.path()), next);
    fs::rename(folder.path().join("aside"), &across).unwrap();
    assert!(retirement.step().unwrap().is_some() && all(&split));
}

#[test]
fn a_removal_that_fails_is_tried_again() {
    let faults = Arc::new(Faults::default());
    let disk = Arc::new(FaultDisk::new(Arc::clone(&faults)));
    let split = Split::on(disk, ENTRIES, Arc::<MemoryFiles>::default());
    let (_gates, mut retirement) = Gates::of(&split, 1_600, 1_600);
    faults.fail_removes(EIO, false);
    let (first, second) = (retirement.attempt(), retirement.attempt());
    assert!(BACKOFF.0 == first && first < second, "{first:?} {second:?}");
    assert!(begins(split.dir.path()) == 0 && all(&split), "it is there, and listed");
    faults.clear();
    assert!(retirement.attempt() < BACKOFF.0);
    let begun = begins(split.dir.path());
    assert!(begun > 0);
    // Gone, and its name may come back: the next one goes after that is settled.
    faults.fail_removes(EIO, true);
    assert!(retirement.attempt() >= BACKOFF.0);
    let unsettled = begins(split.dir.path());
    assert!(unsettled > begun);
    assert!(retirement.attempt() >= BACKOFF.0);
    assert_eq!(begins(split.dir.path()), unsettled, "no second one before the folder is synced");
    faults.clear();
    assert!(retirement.attempt() < BACKOFF.0);
    assert!(begins(split.dir.path()) > unsettled && all(&split));
}

#[test]
fn nothing_goes_once_the_log_is_closed() {
    let split = Split::of(ENTRIES, Arc::<MemoryFiles>::default());
    let (gates, mut retirement) = Gates::of(&split, 1_600, 1_600);
    gates.progress.close();
    assert_eq!(retirement.step().unwrap(), None);
    assert_eq!(begins(split.dir.path()), 0);
    run(retirement);
    assert_eq!(begins(split.dir.path()), 0, "and the thread ends");
}

/// While the disk hangs nothing else tells of it.
#[test]
fn segments_are_told_to_wait_before_the_published_disk_is_asked() {
    let split = Split::of(ENTRIES, Arc::<MemoryFiles>::default());
    let (gates, mut retirement) = Gates::of(&split, 1_600, 1_600);
    let (files, waiting) = (Arc::clone(&split.files), Arc::clone(&gates.waiting));
    let asked = Arc::new(Asked { files, waiting, told: Mutex::default() });
    retirement.files = Arc::clone(&asked) as Arc<dyn LogFiles>;
    assert_eq!(gates.waiting.told().0, 0);
    retirement.turn();
    let told = asked.told.lock().clone();
    assert!(!told.is_empty() && told.iter().all(|told| *told > 0), "{told:?}");
}
