//! The log as somebody shows it who did something to it.

use std::collections::BTreeMap;

use motlan_audit_tree::bundle::push_entry;
use motlan_audit_tree::tile::TILE_WIDTH;
use motlan_audit_tree::verify::{Source, SourceError};
use motlan_audit_tree::{Bundle, Tile, TreeHead};

use super::genuine::{Genuine, Line, SIZE};

const WIDTH: usize = TILE_WIDTH as usize;

/// Its files. Bundles are put together when they are asked for, and only the
/// tiles that are others than before are kept here.
pub(super) struct Shown<'g> {
    genuine: &'g Genuine,
    bundles: Vec<Vec<&'g Line>>,
    /// The size that names bundles and tiles.
    named: u64,
    /// Those that are not the genuine ones; none: all are genuine.
    tiles: Option<BTreeMap<String, Vec<u8>>>,
    /// Below this bundle nothing was changed.
    same: usize,
    /// A bit of a bundle that is flipped.
    flipped: Option<(usize, usize)>,
    /// What the checkpoint states, and the note.
    pub(super) head: TreeHead,
    pub(super) checkpoint: Vec<u8>,
    /// The first index at which entries, or their lack, are another's: within
    /// the log, or its end.
    pub(super) first: u64,
    /// Whether its own files show that.
    pub(super) shows: bool,
}

// === impl Shown ===

impl<'g> Shown<'g> {
    fn new(genuine: &'g Genuine, first: u64) -> Self {
        let checkpoint = genuine.checkpoint(SIZE);
        Self {
            genuine,
            bundles: chunked(genuine.then()),
            named: SIZE,
            tiles: None,
            same: usize::MAX,
            flipped: None,
            head: checkpoint.head(),
            checkpoint: checkpoint.to_string().into_bytes(),
            first,
            shows: true,
        }
    }

    /// As it was.
    pub(super) fn untouched(genuine: &'g Genuine) -> Self {
        Self { shows: false, ..Self::new(genuine, SIZE) }
    }

    /// Other entries in the bundles; tiles and checkpoint stay.
    pub(super) fn in_files(genuine: &'g Genuine, lines: Vec<&'g Line>, first: u64) -> Self {
        Self { bundles: chunked(lines), shows: first < SIZE, ..Self::new(genuine, first) }
    }

    /// The same in one bundle, where the others stay.
    pub(super) fn in_one_file(
        genuine: &'g Genuine,
        index: u64,
        first: u64,
        change: impl FnOnce(&mut Vec<&'g Line>, usize),
    ) -> Self {
        let mut shown = Self::new(genuine, first);
        let (bundle, place) = (index as usize / WIDTH, index as usize % WIDTH);
        change(&mut shown.bundles[bundle], place);
        shown
    }

    /// A bit of an entry, its length in the bundle included.
    pub(super) fn flipped(genuine: &'g Genuine, index: u64, bit: usize) -> Self {
        let mut shown = Self::new(genuine, index);
        let (bundle, place) = (index as usize / WIDTH, index as usize % WIDTH);
        let before: usize = shown.bundles[bundle][..place].iter().map(|line| 2 + line.bytes.len()).sum();
        let bits = (2 + shown.bundles[bundle][place].bytes.len()) * 8;
        shown.flipped = Some((bundle, before * 8 + bit % bits));
        shown
    }

    /// An older checkpoint put back, which the log had signed.
    pub(super) fn put_back(genuine: &'g Genuine, size: u64) -> Self {
        let checkpoint = genuine.checkpoint(size);
        let (head, checkpoint) = (checkpoint.head(), checkpoint.to_string().into_bytes());
        Self { head, checkpoint, shows: false, ..Self::new(genuine, size) }
    }

    /// All made anew over other entries by who holds the log's key.
    pub(super) fn signed_anew(genuine: &'g Genuine, lines: Vec<&'g Line>, first: u64) -> Self {
        let same = first.min(lines.len() as u64) as usize / WIDTH;
        let leaves: Vec<_> = lines[same * WIDTH..].iter().map(|line| line.leaf).collect();
        let appended = genuine.edges[same].clone().append(&leaves);
        let tiles = appended.tiles.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)).collect();
        Self {
            named: lines.len() as u64,
            bundles: chunked(lines),
            tiles: Some(tiles),
            same,
            head: appended.head,
            checkpoint: genuine.sign(appended.head).to_string().into_bytes(),
            shows: false,
            ..Self::new(genuine, first)
        }
    }

    /// Whether it is the genuine entry that stands there.
    pub(super) fn has_genuine(&self, index: u64) -> bool {
        let (bundle, place) = (index as usize / WIDTH, index as usize % WIDTH);
        let line = self.bundles.get(bundle).and_then(|bundle| bundle.get(place));
        line.is_some_and(|line| line.leaf == self.genuine.lines[index as usize].leaf)
    }

    fn bundle(&self, wanted: Bundle) -> Option<Vec<u8>> {
        if Bundle::in_tree(wanted.index(), self.named) != Some(wanted) {
            return None;
        }
        let number = wanted.index() as usize;
        let lines = self.bundles.get(number).filter(|lines| !lines.is_empty())?;
        let is_last = Bundle::in_tree(wanted.index() + 1, self.named).is_none();
        let behind = self.bundles.get(number + 1..).filter(|_| is_last).unwrap_or_default();
        let mut bytes = Vec::new();
        for line in lines.iter().chain(behind.iter().flatten()) {
            push_entry(&mut bytes, &line.bytes).unwrap();
        }
        if let Some((_, bit)) = self.flipped.filter(|(bundle, _)| *bundle == number) {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Some(bytes)
    }

    fn tile(&self, path: &str) -> Option<Vec<u8>> {
        let Some(tiles) = &self.tiles else { return self.genuine.tiles.get(path).cloned() };
        let unchanged = path
            .parse::<Tile>()
            .is_ok_and(|tile| tile.level() == 0 && !tile.is_partial() && (tile.index() as usize) < self.same);
        if unchanged { self.genuine.tiles.get(path).cloned() } else { tiles.get(path).cloned() }
    }
}

fn chunked(lines: Vec<&Line>) -> Vec<Vec<&Line>> {
    lines.chunks(WIDTH).map(<[&Line]>::to_vec).collect()
}

impl Source for Shown<'_> {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(match path.parse::<Bundle>() {
            Ok(wanted) => self.bundle(wanted),
            Err(_) if path == "checkpoint" => Some(self.checkpoint.clone()),
            Err(_) => self.tile(path),
        })
    }

    fn kept(&self) -> Result<Vec<u64>, SourceError> {
        Ok(Vec::new())
    }
}
