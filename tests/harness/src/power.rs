//! What a power cut leaves of the files: only what a completed sync covers.
//!
//! The fault layer writes every change down; here the changes are played again
//! on two images of each file, the one that processes see and the one on the
//! disk. A write changes the first and makes its pages dirty; a sync that
//! completes carries dirty pages over to the second; a sync that fails loses
//! them, as Linux does: they count as clean and are never written unless they
//! are written to again. A new, a lost and another name of a file counts once
//! its folder was synced. A cut puts the second image in place of the files.

mod changes;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::faults::FaultLayer;
use changes::{Change, Kind};

/// Linux writes back whole pages.
const PAGE: usize = 4096;

/// Files that processes change through mapped memory; SQLite makes them anew.
const MAPPED: &str = "-shm";

/// The files below a layer's folder, and what became of them since.
pub struct Machine {
    root: PathBuf,
    log: PathBuf,
    keep: PathBuf,
    /// What lay there at the beginning: all of it on the disk.
    base: BTreeMap<u64, Vec<u8>>,
}

/// What of the unsynced reaches the disk all the same.
#[derive(Debug, Clone, Copy)]
pub enum Luck {
    /// Nothing.
    None,
    /// Some pages and names, by a throw of dice with that seed.
    Dice(u64),
}

/// What a cut took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Pages that differ from what processes saw.
    pub pages: usize,
    /// Names made, changed or taken away in vain.
    pub names: usize,
}

/// One file, as processes see it and as the disk has it.
#[derive(Default)]
struct Image {
    seen: Vec<u8>,
    disk: Vec<u8>,
    /// Dirty pages: the places of the first and the last write to each.
    dirty: BTreeMap<usize, (u64, u64)>,
    /// The shortest it was cut to since the last completed sync.
    cut: Option<usize>,
    /// What the last write covered: a kill may have kept it from the file.
    last: (usize, usize),
}

// === impl Machine ===

impl Machine {
    /// Has the layer write changes down from here on. `folder` takes the log,
    /// beside the layer's own files.
    pub fn begin(layer: &mut FaultLayer, folder: &Path) -> anyhow::Result<Self> {
        let machine = Self {
            root: layer.root().to_owned(),
            log: folder.join("changes.log"),
            keep: folder.join("kept"),
            base: BTreeMap::new(),
        };
        layer.record(&machine.log, &machine.keep);
        machine.begin_anew()
    }

    fn begin_anew(mut self) -> anyhow::Result<Self> {
        for stale in [fs::remove_dir_all(&self.keep), fs::remove_file(&self.log)] {
            match stale {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        fs::create_dir(&self.keep)?;
        self.base = BTreeMap::new();
        for (ino, path) in files(&self.root)? {
            self.base.insert(ino, fs::read(path)?);
        }
        Ok(self)
    }

    /// The process died and the machine goes on: the files stay as they are,
    /// and what was not synced still is not.
    pub fn process_died(&self) -> anyhow::Result<()> {
        let (_, whole) = changes::read(&self.log)?;
        let log = fs::OpenOptions::new().write(true).open(&self.log)?;
        log.set_len(whole).context("the log of changes cannot be mended")
    }

    /// The power went with the process: rolls the files back to what the disk
    /// has. From here on a new account is kept.
    ///
    /// # Errors
    /// Also when the changes written down do not explain the files: then calls
    /// went past the layer, and a cut would be a guess.
    pub fn power_cut(self, luck: Luck) -> anyhow::Result<(Self, Lost)> {
        let (changes, _) = changes::read(&self.log)?;
        let mut dice = Dice(match luck {
            Luck::None => None,
            Luck::Dice(seed) => Some(seed | 1),
        });
        let mut images = self.replay(&changes)?;
        let mut lost = Lost::default();
        let here: BTreeMap<u64, PathBuf> = files(&self.root)?.into_iter().chain(files(&self.keep)?).collect();
        for (ino, image) in &mut images {
            let path = here.get(ino).with_context(|| format!("the file of inode {ino} went unseen"))?;
            if path.to_string_lossy().ends_with(MAPPED) {
                continue;
            }
            image.must_explain(path)?;
            lost.pages += image.settle(&mut dice);
            fs::write(path, &image.disk)?;
        }
        lost.names = undo_names(&changes, &self.keep, &mut dice)?;
        Ok((self.begin_anew()?, lost))
    }

    fn replay(&self, changes: &[Change]) -> anyhow::Result<BTreeMap<u64, Image>> {
        let base = self.base.iter().map(|(ino, bytes)| {
            (*ino, Image { seen: bytes.clone(), disk: bytes.clone(), ..Image::default() })
        });
        let mut images: BTreeMap<u64, Image> = base.collect();
        for change in changes {
            if let Kind::Create = change.kind {
                images.insert(change.ino, Image::default());
                continue;
            }
            let image = images.get_mut(&change.ino);
            let image = || image.with_context(|| format!("inode {} was made unseen", change.ino));
            match &change.kind {
                Kind::Write(bytes) => image()?.write(change.at as usize, bytes, change.place),
                Kind::Truncate => image()?.truncate(change.at as usize, change.place),
                Kind::Synced => image()?.synced(change.at),
                Kind::SyncFailed => image()?.sync_failed(change.at),
                _ => {}
            }
        }
        Ok(images)
    }
}

/// Every file below a folder, by inode.
fn files(folder: &Path) -> anyhow::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder)? {
        let item = item?;
        let data = item.metadata()?;
        if data.is_dir() {
            found.extend(files(&item.path())?);
        } else {
            found.push((data.ino(), item.path()));
        }
    }
    Ok(found)
}

/// Takes back, last first, every change of a name that no sync of its folder
/// covers; how many.
fn undo_names(changes: &[Change], keep: &Path, dice: &mut Dice) -> anyhow::Result<usize> {
    let mut open: Vec<&Change> = Vec::new();
    for change in changes {
        match &change.kind {
            Kind::Create | Kind::Rename { .. } | Kind::Unlink { .. } | Kind::MakeDir => open.push(change),
            Kind::DirSynced => {
                open.retain(|named| named.place >= change.at || named.path.parent() != Some(&change.path));
            }
            _ => {}
        }
    }
    // A file system that keeps a journal writes names in their order.
    open.drain(..dice.below(open.len() + 1));
    for change in open.iter().rev() {
        let restore = |kept: &Option<String>, path: &Path| match kept {
            Some(name) => fs::hard_link(keep.join(name), path),
            None => Ok(()),
        };
        match &change.kind {
            Kind::Create => fs::remove_file(&change.path)?,
            Kind::MakeDir => fs::remove_dir_all(&change.path)?,
            Kind::Unlink { kept } => restore(kept, &change.path)?,
            Kind::Rename { to, kept } => {
                fs::rename(to, &change.path)?;
                restore(kept, to)?;
            }
            _ => bail!("no name was changed"),
        }
    }
    Ok(open.len())
}

// === impl Image ===

impl Image {
    fn write(&mut self, at: usize, bytes: &[u8], place: u64) {
        let end = at + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[at..end].copy_from_slice(bytes);
        self.last = (at, end);
        self.touch(at, end, place);
    }

    fn touch(&mut self, from: usize, to: usize, place: u64) {
        for page in from / PAGE..to.div_ceil(PAGE) {
            self.dirty.entry(page).or_insert((place, place)).1 = place;
        }
    }

    fn truncate(&mut self, len: usize, place: u64) {
        if len < self.seen.len() {
            self.cut = Some(self.cut.map_or(len, |cut| cut.min(len)));
            self.dirty.split_off(&len.div_ceil(PAGE));
            self.touch(len, len.next_multiple_of(PAGE), place);
        }
        self.last = (len.min(self.seen.len()), len.max(self.seen.len()));
        self.seen.resize(len, 0);
    }

    fn synced(&mut self, covered: u64) {
        if let Some(cut) = self.cut.take() {
            self.disk.truncate(cut);
        }
        self.disk.resize(self.seen.len(), 0);
        let pages: Vec<_> = self.dirty.iter().map(|(page, places)| (*page, *places)).collect();
        for (page, (first, last)) in pages {
            if first < covered {
                self.carry_over(page);
                self.leave(page, last, covered);
            }
        }
    }

    fn sync_failed(&mut self, covered: u64) {
        let pages: Vec<_> = self.dirty.iter().map(|(page, places)| (*page, *places)).collect();
        for (page, (first, last)) in pages {
            if first < covered {
                self.leave(page, last, covered);
            }
        }
    }

    /// The page is clean now, unless it was written to since.
    fn leave(&mut self, page: usize, last: u64, covered: u64) {
        if last < covered {
            self.dirty.remove(&page);
        } else {
            self.dirty.insert(page, (last, last));
        }
    }

    fn carry_over(&mut self, page: usize) {
        let range = page * PAGE..((page + 1) * PAGE).min(self.seen.len());
        if self.disk.len() < range.end {
            self.disk.resize(range.end, 0);
        }
        if !range.is_empty() {
            self.disk[range.clone()].copy_from_slice(&self.seen[range]);
        }
    }

    /// Whether the file is what the changes make of it.
    fn must_explain(&self, path: &Path) -> anyhow::Result<()> {
        let file = fs::read(path)?;
        if file == self.seen {
            return Ok(());
        }
        let longer = file.len().max(self.seen.len());
        let differs = |at: &usize| file.get(*at) != self.seen.get(*at);
        // The last change may have been written down and then not made.
        let unexplained = (0..longer).filter(|at| !(self.last.0..self.last.1).contains(at)).find(differs);
        ensure!(
            unexplained.is_none(),
            "the changes written down do not explain byte {unexplained:?} of {}: a call went past the layer",
            path.display()
        );
        Ok(())
    }

    /// The power is gone: some dirty pages may make it. How many do not.
    fn settle(&mut self, dice: &mut Dice) -> usize {
        for page in self.dirty.keys().copied().collect::<Vec<_>>() {
            if dice.below(2) == 1 {
                self.carry_over(page);
            }
        }
        let pages = self.seen.len().max(self.disk.len()).div_ceil(PAGE);
        (0..pages).filter(|number| page(&self.seen, *number) != page(&self.disk, *number)).count()
    }
}

fn page(bytes: &[u8], number: usize) -> Option<&[u8]> {
    bytes.get(number * PAGE..((number + 1) * PAGE).min(bytes.len()))
}

/// Throws, or 0 always.
struct Dice(Option<u64>);

// === impl Dice ===

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        let Some(state) = &mut self.0 else { return 0 };
        // xorshift64: no more is asked of it than to differ by seed.
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 11) as usize % sides
    }
}
