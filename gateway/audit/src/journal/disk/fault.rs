//! A disk that fails when told to, below the journal and above the real one.
//!
//! Faults hold until [`Faults::clear`]. A disk that holds back unsynced writes
//! keeps them in memory until their file is synced; [`Faults::kill`] then does
//! what a power cut does.

mod point;
mod published;

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, DiskFile, RealDisk};
pub use point::Point;

/// The switchboard of a disk that fails when told to.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    write: Option<i32>,
    short_write: Option<(usize, i32)>,
    sync: Option<i32>,
    create: Option<i32>,
    /// Of removing a file, of syncing a folder; whether one went since the last sync.
    remove: (Option<i32>, Option<i32>, bool),
    /// Of the published log alone: what reading and what writing it ends in, and
    /// how often either did.
    published: (Option<i32>, Option<i32>, u64),
    /// What putting a checkpoint there ends in, when it is there.
    shown: Option<i32>,
    /// Whether using the published log hangs.
    published_hangs: bool,
    panic_on_write: bool,
    swallow_syncs: bool,
    hang: bool,
    hold_back: bool,
    dead: bool,
    abort_at: Option<(Point, u32)>,
    /// How often a write, a sync and an open was asked for.
    counts: (u64, u64, u64),
}

/// No space left on device.
pub const ENOSPC: i32 = 28;
/// Input/output error.
pub const EIO: i32 = 5;
/// Read-only file system.
pub const EROFS: i32 = 30;

/// The disk that [`Faults`] governs.
pub(crate) struct FaultDisk {
    faults: Arc<Faults>,
}

struct FaultFile {
    file: Box<dyn DiskFile>,
    faults: Arc<Faults>,
    held: Held,
}

/// Writes that no sync has covered yet.
#[derive(Default)]
struct Held(Mutex<Vec<(u64, Vec<u8>)>>);

// === impl Faults ===

impl Faults {
    /// Writes fail with that error number.
    pub fn fail_writes(&self, errno: i32) {
        self.state.lock().write = Some(errno);
    }

    /// Writes stop after so many bytes with that error number.
    pub fn short_writes(&self, bytes: usize, errno: i32) {
        self.state.lock().short_write = Some((bytes, errno));
    }

    /// Syncs fail with that error number, and what they were to cover is lost.
    pub fn fail_syncs(&self, errno: i32) {
        self.state.lock().sync = Some(errno);
    }

    /// No file can be made.
    pub fn fail_creates(&self, errno: i32) {
        self.state.lock().create = Some(errno);
    }

    /// No file can be removed, or none for good: no folder can be synced.
    pub fn fail_removes(&self, errno: i32, for_good: bool) {
        let (file, folder) = if for_good { (None, Some(errno)) } else { (Some(errno), None) };
        self.state.lock().remove = (file, folder, false);
    }

    /// Writing the published log, and reading it if so, fails with that error
    /// number; the journal goes on.
    pub fn fail_published(&self, errno: i32, reads: bool) {
        let mut state = self.state.lock();
        state.published = (reads.then_some(errno), Some(errno), 0);
    }

    /// How often using the published log failed since.
    pub fn published_failures(&self) -> u64 {
        self.state.lock().published.2
    }

    /// The next write panics.
    pub fn panic_on_write(&self) {
        self.state.lock().panic_on_write = true;
    }

    /// The process aborts when the point is passed for the `nth` time from now.
    pub fn abort_at(&self, point: Point, nth: u32) {
        self.state.lock().abort_at = Some((point, nth));
    }

    /// Syncs hang until [`Faults::clear`], at most some 20 seconds.
    pub fn hang_syncs(&self) {
        self.state.lock().hang = true;
    }

    /// From now on writes reach the real disk only when synced.
    pub fn hold_back_unsynced(&self) {
        self.state.lock().hold_back = true;
    }

    /// Syncs claim success and do nothing: for negative controls.
    pub fn swallow_syncs(&self) {
        self.state.lock().swallow_syncs = true;
    }

    /// The machine dies: what was held back is lost, every later call fails.
    pub fn kill(&self) {
        self.state.lock().dead = true;
    }

    /// Ends every fault but death.
    pub fn clear(&self) {
        let mut state = self.state.lock();
        *state =
            State { hold_back: state.hold_back, dead: state.dead, counts: state.counts, ..State::default() };
    }

    /// How many writes, syncs and opens were asked for.
    pub fn counts(&self) -> (u64, u64, u64) {
        self.state.lock().counts
    }

    pub(crate) fn pass(&self, point: Point) {
        let mut state = self.state.lock();
        if let Some((at, nth)) = &mut state.abort_at
            && *at == point
        {
            *nth = nth.saturating_sub(1);
            if *nth == 0 {
                std::process::abort();
            }
        }
    }

    pub(crate) fn alive(&self) -> io::Result<()> {
        if self.state.lock().dead { Err(io::Error::from_raw_os_error(EIO)) } else { Ok(()) }
    }

    /// For files of the published log: whether they can be read.
    pub(crate) fn may_read(&self) -> io::Result<()> {
        self.alive()?;
        let published = self.state.lock().published.0;
        self.count_published(published)
    }

    /// For files of the published log: whether they can be written.
    pub(crate) fn may_write(&self) -> io::Result<()> {
        self.alive()?;
        let (write, create, published) = {
            let state = self.state.lock();
            (state.write, state.create, state.published.1)
        };
        raise(write.or(create))?;
        self.count_published(published)
    }

    fn count_published(&self, errno: Option<i32>) -> io::Result<()> {
        self.hang(|state| state.published_hangs);
        self.state.lock().published.2 += u64::from(errno.is_some());
        raise(errno)
    }

    /// Bounded, so that a test that fails meanwhile still ends.
    fn hang(&self, hangs: impl Fn(&State) -> bool) {
        let mut patience = 20_000;
        while hangs(&self.state.lock()) && patience > 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
            patience -= 1;
        }
    }

    /// For files of the published log: whether they can be synced, and whether a
    /// sync is to do nothing.
    pub(crate) fn may_sync(&self) -> io::Result<bool> {
        self.alive()?;
        let (sync, swallow) = {
            let state = self.state.lock();
            (state.sync, state.swallow_syncs)
        };
        raise(sync).map(|()| swallow)
    }

    pub(crate) fn holds_back(&self) -> bool {
        self.state.lock().hold_back
    }
}

fn raise(errno: Option<i32>) -> io::Result<()> {
    errno.map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
}

// === impl FaultDisk ===

impl FaultDisk {
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        Self { faults }
    }

    fn wrap(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FaultFile { file, faults: Arc::clone(&self.faults), held: Held::default() })
    }
}

impl Disk for FaultDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.faults.alive()?;
        raise(self.faults.state.lock().create)?;
        Ok(self.wrap(RealDisk.create(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.faults.state.lock().counts.2 += 1;
        self.faults.alive()?;
        Ok(self.wrap(RealDisk.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.faults.alive()?;
        self.faults.pass(Point::BeforeRename);
        RealDisk.rename(from, to)?;
        self.faults.pass(Point::AfterRename);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.faults.alive()?;
        raise(self.faults.state.lock().remove.0)?;
        self.faults.pass(Point::BeforeRemove);
        RealDisk.remove(path)?;
        self.faults.state.lock().remove.2 = true;
        self.faults.pass(Point::AfterRemove);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.faults.alive()?;
        raise(self.faults.state.lock().remove.1)?;
        RealDisk.sync_dir(dir)?;
        if std::mem::take(&mut self.faults.state.lock().remove.2) {
            self.faults.pass(Point::AfterRemoveSync);
        }
        Ok(())
    }
}

// === impl FaultFile ===

impl FaultFile {
    fn put(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        if self.faults.state.lock().hold_back {
            self.held.0.lock().push((at, bytes.to_vec()));
            Ok(())
        } else {
            self.file.write_at(bytes, at)
        }
    }
}

impl DiskFile for FaultFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.faults.alive()?;
        let (write, short, panics) = {
            let mut state = self.faults.state.lock();
            state.counts.0 += 1;
            (state.write, state.short_write, std::mem::take(&mut state.panic_on_write))
        };
        // The fault this exists for: a writer that dies.
        assert!(!panics, "injected");
        raise(write)?;
        self.faults.pass(Point::BeforeWrite);
        if let Some((limit, errno)) = short {
            self.put(&bytes[..bytes.len().min(limit)], at)?;
            return Err(io::Error::from_raw_os_error(errno));
        }
        let (front, back) = bytes.split_at(bytes.len() / 2);
        self.put(front, at)?;
        self.faults.pass(Point::MidWrite);
        self.put(back, at + front.len() as u64)?;
        self.faults.pass(Point::AfterWrite);
        Ok(())
    }

    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        self.file.read_at(out, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.faults.alive()?;
        let (sync, swallow) = {
            let mut state = self.faults.state.lock();
            state.counts.1 += 1;
            (state.sync, state.swallow_syncs)
        };
        self.faults.hang(|state| state.hang);
        self.faults.pass(Point::BeforeSync);
        if sync.is_some() {
            // As after a failed fsync of a real kernel: the pages are gone.
            self.held.0.lock().clear();
        }
        raise(sync)?;
        if swallow {
            return Ok(());
        }
        for (at, bytes) in self.held.0.lock().drain(..) {
            self.file.write_at(&bytes, at)?;
        }
        self.file.sync()?;
        self.faults.pass(Point::AfterSync);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        let held = self.held.0.lock().iter().map(|(at, bytes)| at + bytes.len() as u64).max();
        Ok(self.file.len()?.max(held.unwrap_or(0)))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.faults.alive()?;
        self.file.set_len(len)
    }

    fn is_at(&self, path: &Path, len: u64) -> io::Result<bool> {
        self.file.is_at(path, len)
    }
}
