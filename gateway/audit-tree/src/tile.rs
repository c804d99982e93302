//! Where hashes and entries lie: tile and bundle coordinates and their paths.
//!
//! C2SP tlog-tiles: the tree is cut into tiles of height [`TILE_HEIGHT`]. The
//! tile at level `l` with index `n` holds the roots of the subtrees of
//! `256^l` leaves number `n * 256` onwards. A tile with fewer than
//! [`TILE_WIDTH`] hashes is *partial* and has its width in its path. Entries
//! lie in bundles cut like the tiles of level 0.
//!
//! ```text
//! tile/<L>/<N>[.p/<W>]        tile/entries/<N>[.p/<W>]
//! ```
//!
//! `<N>` is written in groups of three digits, all but the last behind an
//! `x`: 1234067 is `x001/x234/067`. A path has one spelling, so a file has
//! one name and a server answers one path for it.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::hash::HASH_BYTES;

/// How many levels of the tree a tile spans.
pub const TILE_HEIGHT: u32 = 8;

/// How many hashes a full tile holds, and how many entries a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The highest level a path may name (C2SP tlog-tiles). No tree of ours has
/// a tile above level 7.
const MAX_LEVEL: u8 = 63;

/// A tile of hashes: its level, its index there, and how many hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

/// A bundle of entries: its index, and how many entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bundle {
    index: u64,
    width: u16,
}

/// Not the path of a tile or bundle, or not its one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tile path")]
pub struct PathError;

// === impl Tile ===

impl Tile {
    /// The tile of those coordinates: level 0 to 63, width 1 to 256.
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let fits = level <= MAX_LEVEL && (1..=TILE_WIDTH).contains(&width);
        fits.then_some(Self { level, index, width })
    }

    /// The tile at that level and index as it stands in a tree of `size`
    /// leaves; none where that tree has no hash there.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        // Beyond level 7 the shift leaves nothing of a 64-bit size.
        let hashes = size.checked_shr(u32::from(level) * TILE_HEIGHT).unwrap_or(0);
        Self::new(level, index, width_at(index, hashes))
    }

    /// The level, 0 for leaf hashes.
    pub fn level(self) -> u8 {
        self.level
    }

    /// The index within the level.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many hashes, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether the tile holds fewer than [`TILE_WIDTH`] hashes.
    pub fn is_partial(self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The length of its bytes.
    pub fn byte_len(self) -> usize {
        usize::from(self.width) * HASH_BYTES
    }
}

/// The tile's path.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl FromStr for Tile {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let (level, place) =
            path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(PathError)?;
        let level = parse_number(level, u16::from(MAX_LEVEL)).ok_or(PathError)?;
        let (index, width) = parse_place(place).ok_or(PathError)?;
        Self::new(u8::try_from(level).map_err(|_| PathError)?, index, width).ok_or(PathError)
    }
}

// === impl Bundle ===

impl Bundle {
    /// The bundle of that index and width, 1 to 256.
    pub fn new(index: u64, width: u16) -> Option<Self> {
        (1..=TILE_WIDTH).contains(&width).then_some(Self { index, width })
    }

    /// The bundle of that index as it stands in a tree of `size` leaves;
    /// none where that tree has no entry there.
    pub fn in_tree(index: u64, size: u64) -> Option<Self> {
        Self::new(index, width_at(index, size))
    }

    /// The index.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many entries, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// The tile of level 0 with the hashes of its entries.
    pub fn tile(self) -> Tile {
        Tile { level: 0, index: self.index, width: self.width }
    }

    /// Whether the bundle holds fewer than [`TILE_WIDTH`] entries.
    pub fn is_partial(self) -> bool {
        self.width < TILE_WIDTH
    }
}

/// The bundle's path.
impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

impl FromStr for Bundle {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let place = path.strip_prefix("tile/entries/").ok_or(PathError)?;
        let (index, width) = parse_place(place).ok_or(PathError)?;
        Self::new(index, width).ok_or(PathError)
    }
}

// === paths ===

/// How many of `count` things fall to place `index`, 256 to a place.
fn width_at(index: u64, count: u64) -> u16 {
    let full = count >> TILE_HEIGHT;
    match index.cmp(&full) {
        std::cmp::Ordering::Less => TILE_WIDTH,
        std::cmp::Ordering::Equal => (count % u64::from(TILE_WIDTH)) as u16,
        std::cmp::Ordering::Greater => 0,
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    write_groups(f, index, "")?;
    if width == TILE_WIDTH { Ok(()) } else { write!(f, ".p/{width}") }
}

fn write_groups(f: &mut fmt::Formatter<'_>, index: u64, before_last: &str) -> fmt::Result {
    if index >= 1000 {
        write_groups(f, index / 1000, "x")?;
        f.write_str("/")?;
    }
    write!(f, "{before_last}{:03}", index % 1000)
}

fn parse_place(place: &str) -> Option<(u64, u16)> {
    match place.split_once(".p/") {
        Some((index, width)) => Some((parse_index(index)?, parse_number(width, TILE_WIDTH - 1)?)),
        None => Some((parse_index(place)?, TILE_WIDTH)),
    }
}

fn parse_index(text: &str) -> Option<u64> {
    let (front, last) = match text.rsplit_once('/') {
        Some((front, last)) => (Some(front), last),
        None => (None, text),
    };
    let mut index = 0_u64;
    for group in front.into_iter().flat_map(|front| front.split('/')) {
        index = push_group(index, group.strip_prefix('x')?)?;
        // A leading group of zeros would be a second spelling.
        if index == 0 {
            return None;
        }
    }
    push_group(index, last)
}

fn push_group(index: u64, group: &str) -> Option<u64> {
    let three = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    let value: u64 = three.then(|| group.parse().ok()).flatten()?;
    index.checked_mul(1000)?.checked_add(value)
}

/// A decimal without leading zeros, at most `most`.
fn parse_number(text: &str, most: u16) -> Option<u16> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| text.parse().ok()).flatten().filter(|value| *value <= most)
}
