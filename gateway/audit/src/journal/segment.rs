//! Segment files: names, headers, the chain they form.
//!
//! ```text
//! "MOTLANJ1" | origin hash [16] | first u64 | previous first u64 | previous length u64 | check [16]
//! ```
//! Little endian, 64 bytes. A segment gets its name only once its header is
//! durable, so a named segment always has one; each header names the segment
//! before it, so one that goes missing is noticed at open.

use std::io;
use std::path::{Path, PathBuf};

use motlan_audit_tree::leaf_hash;

use super::disk::{Disk, DiskFile};
use crate::store::StoreError;

/// Bytes before the first frame.
pub(super) const HEADER_BYTES: u64 = 64;

const MAGIC: &[u8; 8] = b"MOTLANJ1";

/// Zeros are written in pieces of this size.
const ZEROS: usize = 1 << 20;

/// A segment's first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) origin: [u8; 16],
    pub(super) first: u64,
    pub(super) prev_first: u64,
    pub(super) prev_len: u64,
}

/// What stands for the origin in a header.
pub(super) fn origin_hash(origin: &str) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&leaf_hash(origin.as_bytes())[..16]);
    out
}

/// The path of the segment that starts with that index.
pub(super) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.journal"))
}

/// The first indices of all segments in the folder, ascending.
pub(super) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for item in std::fs::read_dir(dir)? {
        let name = item?.file_name();
        let first = name.to_str().and_then(|name| name.strip_suffix(".journal"));
        firsts
            .extend(first.filter(|digits| digits.len() == 20).and_then(|digits| digits.parse::<u64>().ok()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Fills a file with zeros from `from` to `len`.
pub(super) fn fill(file: &dyn DiskFile, from: u64, len: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS];
    let mut at = from;
    while at < len {
        let piece = (len - at).min(ZEROS as u64) as usize;
        file.write_at(&zeros[..piece], at)?;
        at += piece as u64;
    }
    Ok(())
}

/// Fills a file with zeros, each piece on the disk before the next is written: a
/// commit waits for what the disk has at hand, and that is one piece at most.
pub(super) fn fill_gently(file: &dyn DiskFile, len: u64) -> io::Result<()> {
    for at in (0..len).step_by(ZEROS) {
        fill(file, at, len.min(at + ZEROS as u64))?;
        file.sync()?;
    }
    Ok(())
}

/// Makes a new segment on the spot.
pub(super) fn make(
    disk: &dyn Disk,
    dir: &Path,
    header: &Header,
    len: u64,
) -> io::Result<(Box<dyn DiskFile>, PathBuf)> {
    let temporary = dir.join("new.tmp");
    let file = disk.create(&temporary)?;
    fill(file.as_ref(), 0, len)?;
    install(disk, dir, header, file, &temporary)
}

/// Gives a prepared file its header and then its name.
pub(super) fn install(
    disk: &dyn Disk,
    dir: &Path,
    header: &Header,
    file: Box<dyn DiskFile>,
    from: &Path,
) -> io::Result<(Box<dyn DiskFile>, PathBuf)> {
    let path = path(dir, header.first);
    file.write_at(&header.encode(), 0)?;
    file.sync()?;
    disk.rename(from, &path)?;
    disk.sync_dir(dir)?;
    Ok((file, path))
}

/// Verifies that the segments are of this log and that none between them is
/// missing. What lay before the first one is the published log's to tell.
pub(super) fn check_chain(
    disk: &dyn Disk,
    dir: &Path,
    firsts: &[u64],
    origin: [u8; 16],
) -> Result<(), StoreError> {
    let mut before: Option<(u64, u64)> = None;
    for &first in firsts {
        let corrupt = |what| StoreError::Corrupt { index: first, what };
        let file = disk.open(&path(dir, first)).map_err(StoreError::Read)?;
        let mut bytes = [0; HEADER_BYTES as usize];
        let whole = file.read_at(&mut bytes, 0).map_err(StoreError::Read)? == bytes.len();
        let header =
            Header::decode(&bytes).filter(|_| whole).ok_or_else(|| corrupt("segment header is damaged"))?;
        if header.origin != origin {
            return Err(StoreError::Origin);
        }
        if header.first != first {
            return Err(corrupt("segment carries another index than its name"));
        }
        match before {
            Some((previous, _)) if header.prev_first != previous => {
                return Err(corrupt("a segment is missing"));
            }
            Some((_, len)) if len < header.prev_len => return Err(corrupt("the segment before is cut")),
            _ => {}
        }
        before = Some((first, file.len().map_err(StoreError::Read)?));
    }
    Ok(())
}

// === impl Header ===

impl Header {
    fn encode(&self) -> [u8; HEADER_BYTES as usize] {
        let mut out = [0; HEADER_BYTES as usize];
        out[0..8].copy_from_slice(MAGIC);
        out[8..24].copy_from_slice(&self.origin);
        out[24..32].copy_from_slice(&self.first.to_le_bytes());
        out[32..40].copy_from_slice(&self.prev_first.to_le_bytes());
        out[40..48].copy_from_slice(&self.prev_len.to_le_bytes());
        let check = leaf_hash(&out[..48]);
        out[48..].copy_from_slice(&check[..16]);
        out
    }

    fn decode(bytes: &[u8; HEADER_BYTES as usize]) -> Option<Self> {
        if bytes[0..8] != *MAGIC || bytes[48..] != leaf_hash(&bytes[..48])[..16] {
            return None;
        }
        let number =
            |at: usize| bytes[at..at + 8].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let mut origin = [0; 16];
        origin.copy_from_slice(&bytes[8..24]);
        Some(Self { origin, first: number(24), prev_first: number(32), prev_len: number(40) })
    }
}
