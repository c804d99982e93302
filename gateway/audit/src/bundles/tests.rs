//! One reader over journal and bundles: across the border, over damage, and while
//! segments go.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use motlan_audit_tree::bundle::push_entry;
use motlan_audit_tree::hash::HASH_BYTES;
use tempfile::TempDir;

use super::*;
use crate::journal::disk::RealDisk;
use crate::journal::{JournalStore, Retirer};
use crate::store::{AuditStore as _, suite};
use crate::tree::files::{MemoryFiles, RealFiles};

/// A journal of many small segments whose entries are all published.
pub(crate) struct Split {
    pub(crate) dir: TempDir,
    pub(crate) store: JournalStore,
    pub(crate) files: Arc<dyn LogFiles>,
    pub(crate) entries: Vec<Stored>,
}

// === impl Split ===

impl Split {
    pub(crate) fn of(count: u32, files: Arc<dyn LogFiles>) -> Self {
        Self::on(Arc::new(RealDisk), count, files)
    }

    pub(crate) fn on(
        disk: Arc<dyn crate::journal::disk::Disk>,
        count: u32,
        files: Arc<dyn LogFiles>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut store = JournalStore::open(disk, dir.path(), "motlan.example/split", 16 << 10, 0).unwrap();
        let mut entries = Vec::new();
        while (entries.len() as u32) < count {
            let batch = suite::frames(store.next_index(), 10, 80);
            entries.extend(batch.entries().unwrap());
            store.append(&batch).unwrap();
            store.sync().unwrap();
        }
        publish(files.as_ref(), &entries);
        Self { dir, store, files, entries }
    }

    pub(crate) fn reader(&self) -> WholeLog {
        WholeLog::new(self.store.reader(), Arc::clone(&self.files))
    }

    /// Removes segments until the journal begins at `least` or later; where it does.
    pub(crate) fn begin_at(&self, least: u64) -> u64 {
        let mut retirer = self.store.retirer();
        while begins(self.dir.path()) < least {
            go(&mut retirer);
        }
        begins(self.dir.path())
    }
}

pub(crate) fn begins(dir: &Path) -> u64 {
    JournalStore::begins(dir).unwrap().unwrap()
}

fn go(retirer: &mut Retirer) {
    let oldest = retirer.oldest(u64::MAX).expect("enough segments");
    retirer.remove(oldest.start).unwrap();
}

/// Writes the full bundles, and the tiles of their hashes.
fn publish(files: &dyn LogFiles, entries: &[Stored]) {
    for (place, part) in entries.chunks_exact(WIDTH as usize).enumerate() {
        let bundle = Bundle::new(place as u64, TILE_WIDTH).unwrap();
        let (mut bytes, mut hashes) = (Vec::new(), Vec::new());
        for stored in part {
            push_entry(&mut bytes, &stored.bytes).unwrap();
            hashes.extend_from_slice(&stored.leaf_hash);
        }
        files.write(&bundle.to_string(), &bytes).unwrap();
        files.write(&bundle.tile().to_string(), &hashes).unwrap();
    }
}

fn same(found: &Stored, written: &Stored) -> bool {
    (found.index, &found.leaf_hash, &found.bytes) == (written.index, &written.leaf_hash, &written.bytes)
}

#[test]
fn every_entry_is_found_on_either_side_of_the_border() {
    let split = Split::of(1_600, Arc::<MemoryFiles>::default());
    let whole = split.reader();
    for least in [0, 1, 300, 800, 1_300] {
        let border = split.begin_at(least);
        assert!(border >= least && border <= 1_536, "{border}");
        assert!(
            matches!(split.store.reader().read(border.saturating_sub(1), None),
            Err(StoreError::Retired { first }) if first == border)
                || border == 0
        );
        for (index, written) in split.entries.iter().enumerate() {
            let index = index as u64;
            for hint in [None, Some(0), Some(77), Some(u64::MAX - 100)] {
                let found = whole.read(index, hint).unwrap().unwrap();
                assert!(same(&found, written), "{index} at border {border}, hint {hint:?}");
            }
            let one = whole.scan(index, 1).unwrap();
            assert!(one.len() == 1 && same(&one[0], written), "{index} at border {border}");
        }
        // In long steps from everywhere around it, and beyond it.
        let end = (border + 60).min(1_600);
        for from in border.saturating_sub(300)..end {
            let mut next = from;
            while next < end {
                let found = whole.scan(next, 10_000).unwrap();
                for stored in &found {
                    assert!(same(stored, &split.entries[next as usize]), "{next} from {from}");
                    next += 1;
                }
                assert!(!found.is_empty());
            }
        }
        assert_eq!(whole.read(1_600, None).unwrap(), None);
        assert!(whole.scan(1_600, 1_000).unwrap().is_empty());
    }
}

#[test]
fn a_scan_of_bundles_ends_by_bytes_and_before_the_journal() {
    let split = Split::of(1_600, Arc::<MemoryFiles>::default());
    let border = split.begin_at(600);
    let whole = split.reader();
    assert_eq!(whole.scan(0, usize::MAX).unwrap().len() as u64, border, "all the journal lacks");
    let length = split.entries[0].bytes.len();
    assert_eq!(whole.scan(0, 3 * length).unwrap().len(), 3);
    assert_eq!(whole.scan(250, 20 * length).unwrap().len(), 20, "from one bundle into the next");
}

/// What is wrong with the files is told, at the entry, and never as the end.
#[test]
fn what_is_wrong_with_a_bundle_is_told_as_damage() {
    let folder = tempfile::tempdir().unwrap();
    let split = Split::of(1_600, Arc::new(RealFiles::new(folder.path())));
    assert!(split.begin_at(800) > 768);
    let (bundle, tile) = (folder.path().join("tile/entries/001"), folder.path().join("tile/0/001"));
    let (entries, hashes) = (fs::read(&bundle).unwrap(), fs::read(&tile).unwrap());
    let check = |what: &str, index: u64, damaged: Option<u64>| {
        let whole = split.reader();
        let told = [whole.read(index, None).map(drop), whole.scan(index, 1).map(drop)];
        for told in told {
            match (told, damaged) {
                (Ok(()), None) => {}
                (Err(StoreError::Corrupt { index: named, .. }), Some(at)) => assert_eq!(named, at, "{what}"),
                (told, _) => panic!("{what}, entry {index}: {told:?}"),
            }
        }
        assert!(whole.read(255, None).is_ok() && whole.read(512, None).is_ok(), "{what}: its neighbours");
    };
    check("control", 300, None);
    let each = |path: &Path, bytes: Vec<u8>, what: &str, damaged: Option<u64>| {
        let good = fs::read(path).unwrap();
        fs::write(path, bytes).unwrap();
        check(what, 300, damaged);
        fs::write(path, good).unwrap();
        check("control", 300, None);
    };
    // Entry 300 is number 44 of its bundle; each is as long as the others.
    let long = entries.len() / 256;
    for at in [44 * long + 2, 45 * long - 1] {
        let mut changed = entries.clone();
        changed[at] ^= 1;
        each(&bundle, changed, "a bit of it", Some(300));
    }
    let mut other = entries.clone();
    other[43 * long + 5] ^= 1;
    each(&bundle, other, "a bit of the one before", None);
    let mut length = entries.clone();
    length[44 * long] ^= 1;
    each(&bundle, length, "a length", Some(256));
    each(&bundle, entries[..entries.len() - 1].to_vec(), "cut", Some(256));
    each(&bundle, [&entries[..], b"}"].concat(), "longer", Some(256));
    each(&bundle, Vec::new(), "empty", Some(256));
    let mut swapped = entries.clone();
    swapped[44 * long..46 * long].rotate_left(long);
    each(&bundle, swapped, "two entries changed places", Some(300));
    let mut changed = hashes.clone();
    changed[44 * HASH_BYTES] ^= 1;
    each(&tile, changed, "a bit of its hash", Some(300));
    each(&tile, hashes[..hashes.len() - 1].to_vec(), "a cut tile", Some(256));
    for (path, good) in [(&bundle, &entries), (&tile, &hashes)] {
        fs::remove_file(path).unwrap();
        check("gone", 300, Some(256));
        fs::write(path, good).unwrap();
    }
    fs::remove_file(&bundle).unwrap();
    fs::create_dir(&bundle).unwrap();
    let told = split.reader().read(300, None);
    assert!(matches!(told, Err(StoreError::Bundle(_))), "a disk that cannot be read is no damage: {told:?}");
}

/// Whoever reads while segments go sees every entry, each time.
#[test]
fn readers_lose_nothing_while_segments_go() {
    let split = Split::of(4_000, Arc::<MemoryFiles>::default());
    let whole = split.reader();
    let (done, started) = (AtomicBool::new(false), std::sync::Barrier::new(4));
    let passes: u32 = std::thread::scope(|scope| {
        let readers = [1, 5_000, 100_000].map(|most| {
            let (whole, entries, done, started) = (&whole, &split.entries, &done, &started);
            scope.spawn(move || {
                started.wait();
                let mut passes = 0;
                loop {
                    let last = done.load(Ordering::Acquire);
                    let mut next = 0;
                    while next < entries.len() {
                        let found = whole.scan(next as u64, most).unwrap();
                        assert!(!found.is_empty());
                        for stored in found {
                            assert!(same(&stored, &entries[next]), "{next}");
                            next += 1;
                        }
                        let at = next.saturating_sub(200);
                        assert!(same(&whole.read(at as u64, Some(64)).unwrap().unwrap(), &entries[at]));
                    }
                    passes += 1;
                    if last {
                        return passes;
                    }
                }
            })
        });
        started.wait();
        let mut retirer = split.store.retirer();
        while retirer.oldest(3_840).is_some() {
            go(&mut retirer);
        }
        done.store(true, Ordering::Release);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    assert!(passes >= 3 && begins(split.dir.path()) > 3_000, "{passes} passes");
}

#[test]
fn a_journal_opens_where_it_begins_if_the_published_log_has_what_is_before() {
    let mut split = Split::of(1_600, Arc::<MemoryFiles>::default());
    let border = split.begin_at(600);
    split.store.append(&suite::frames(1_600, 10, 80)).unwrap();
    split.store.sync().unwrap();
    let Split { dir, store, .. } = split;
    drop(store);
    let open = |published| {
        JournalStore::open(Arc::new(RealDisk), dir.path(), "motlan.example/split", 16 << 10, published)
    };
    let full = border.next_multiple_of(WIDTH);
    for (published, lost) in [(0, 0), (255, 0), (256, 256), (full - 1, full - WIDTH)] {
        let told = open(published).map(|store| store.next_index());
        assert!(
            matches!(told, Err(StoreError::Gap { from, to }) if (from, to) == (lost, border - 1)),
            "{published}: {told:?}"
        );
    }
    for published in [full, full + 1, u64::MAX] {
        assert_eq!(open(published).unwrap().next_index(), 1_610, "{published}");
    }
    // One in the middle is a hole, whatever is published.
    let second = open(full).unwrap().retirer().oldest(u64::MAX).unwrap().end;
    fs::remove_file(dir.path().join(format!("{second:020}.journal"))).unwrap();
    let told = open(u64::MAX).map(|store| store.next_index());
    assert!(matches!(told, Err(StoreError::Corrupt { .. })), "{told:?}");
}
