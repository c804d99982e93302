//! Tiles and bundles as the log's folder has them.

use serde::Deserialize;

use super::{Source, SourceError};
use crate::bundle::leading_entries;
use crate::entry::EntryTime;
use crate::tile::{Bundle, TILE_WIDTH, Tile};

/// A file as it was found: under its own name, or under that of a wider one,
/// which begins with the same bytes.
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) exact: bool,
}

/// A tile as it was found.
pub(super) enum FoundTile {
    Missing,
    /// Not as many bytes as its name says, or fewer than were asked for.
    WrongLength,
    /// As many hashes as were asked for.
    Hashes(Vec<u8>),
}

/// Reads a bundle.
pub(super) fn bundle(source: &(impl Source + ?Sized), bundle: Bundle) -> Result<Option<Found>, SourceError> {
    find(source, bundle.width(), |width| Bundle::new(bundle.index(), width))
}

/// Reads a tile.
pub(super) fn tile(source: &(impl Source + ?Sized), tile: Tile) -> Result<FoundTile, SourceError> {
    let found = find(source, tile.width(), |width| Tile::new(tile.level(), tile.index(), width))?;
    let Some(Found { mut bytes, exact }) = found else { return Ok(FoundTile::Missing) };
    let length = tile.byte_len();
    if bytes.len() < length || (exact && bytes.len() > length) {
        return Ok(FoundTile::WrongLength);
    }
    bytes.truncate(length);
    Ok(FoundTile::Hashes(bytes))
}

/// The time that entry states, where it can be read.
pub(super) fn time(source: &(impl Source + ?Sized), index: u64, size: u64) -> Option<EntryTime> {
    #[derive(Deserialize)]
    struct Timed {
        time: EntryTime,
    }

    let place = Bundle::in_tree(index / u64::from(TILE_WIDTH), size)?;
    let found = bundle(source, place).ok()??;
    let (entries, _) = leading_entries(place.width(), &found.bytes);
    let entry = entries.get((index % u64::from(TILE_WIDTH)) as usize)?;
    serde_json::from_slice(entry).ok().map(|Timed { time }| time)
}

/// The file of that width, else the full one, else the narrowest that is
/// wider.
fn find<P: ToString>(
    source: &(impl Source + ?Sized),
    width: u16,
    place: impl Fn(u16) -> Option<P>,
) -> Result<Option<Found>, SourceError> {
    let full = (width < TILE_WIDTH).then_some(TILE_WIDTH);
    for candidate in [width].into_iter().chain(full).chain(width + 1..TILE_WIDTH) {
        if let Some(place) = place(candidate)
            && let Some(bytes) = source.get(&place.to_string())?
        {
            return Ok(Some(Found { bytes, exact: candidate == width }));
        }
    }
    Ok(None)
}
