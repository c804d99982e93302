//! Opening the last segment: what is whole, what is torn, what is damaged.

use std::io;
use std::path::Path;

use super::disk::{Disk, DiskFile};
use super::{Current, Place, frame, segment};
use crate::store::StoreError;

/// How far ahead of the hole a frame may claim to be; beyond it is noise.
const WINDOW: u64 = 1 << 24;

/// Opens the last segment at start: cuts off a torn tail, refuses damage.
pub(super) fn open_last(disk: &dyn Disk, dir: &Path, first: u64) -> Result<Current, StoreError> {
    let path = segment::path(dir, first);
    let file = disk.open(&path).map_err(StoreError::Read)?;
    let bytes = contents(file.as_ref()).map_err(StoreError::Read)?;
    let Walked { end, last_batch } = walk(&bytes, first);
    judge_tail(&bytes, end)?;
    let written = written(&bytes) as u64;
    if written > end.at {
        tracing::warn!(index = end.index, "an unsynced tail was cut off the audit journal");
        // Its remains must not be taken for entries later.
        segment::fill(file.as_ref(), end.at, written).map_err(StoreError::Write)?;
    }
    // The last batch may be seen here and not be on the disk: the process died
    // before its sync, or of one that failed, after which the kernel takes the
    // pages for written. Nothing may rest on it before it is written again.
    let last = &bytes[last_batch.at as usize..end.at as usize];
    file.write_at(last, last_batch.at).map_err(StoreError::Write)?;
    file.sync().map_err(StoreError::Sync)?;
    // So may the segment's name.
    disk.sync_dir(dir).map_err(StoreError::Sync)?;
    Ok(Current { file, path, first, len: bytes.len() as u64, end, durable: end })
}

/// Opens the current segment again after a failure and verifies that all that
/// was durable is there. What was not is forgotten: the caller appends it anew.
pub(super) fn reopen(disk: &dyn Disk, dir: &Path, current: &mut Current) -> Result<(), StoreError> {
    let durable = current.durable;
    let mut old = vec![0; durable.at as usize];
    // The old descriptor shows what stood in the file, also if it was unlinked.
    let kept = current.file.read_at(&mut old, 0).is_ok_and(|read| read == old.len());
    let file = match disk.open(&current.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && kept => {
            tracing::error!("the audit journal was deleted while open; it is restored from the open file");
            restore(disk, dir, current, &old).map_err(StoreError::Write)?
        }
        opened => opened.map_err(StoreError::Read)?,
    };
    let same = current.file.is_at(&current.path, current.len).unwrap_or(false);
    let bytes = contents(file.as_ref()).map_err(StoreError::Read)?;
    let found = bytes.get(..durable.at as usize).ok_or(StoreError::Replaced)?;
    if !same && kept && found != old {
        return Err(StoreError::Replaced);
    }
    let whole = walk(found, current.first).end;
    if whole != durable {
        let index = whole.index;
        return Err(StoreError::Corrupt { index, what: "an entry that was durable is damaged" });
    }
    if (bytes.len() as u64) < current.len {
        segment::fill(file.as_ref(), bytes.len() as u64, current.len).map_err(StoreError::Write)?;
    }
    file.sync().map_err(StoreError::Sync)?;
    current.len = current.len.max(bytes.len() as u64);
    current.file = file;
    current.end = durable;
    Ok(())
}

fn restore(disk: &dyn Disk, dir: &Path, current: &Current, durable: &[u8]) -> io::Result<Box<dyn DiskFile>> {
    let temporary = dir.join("restored.tmp");
    let file = disk.create(&temporary)?;
    file.write_at(durable, 0)?;
    segment::fill(file.as_ref(), durable.len() as u64, current.len)?;
    file.sync()?;
    disk.rename(&temporary, &current.path)?;
    disk.sync_dir(dir)?;
    Ok(file)
}

fn contents(file: &dyn DiskFile) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; file.len()? as usize];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// The unbroken run of frames.
pub(super) struct Walked {
    pub(super) end: Place,
    /// Where its last batch begins: all before was durable when that was written.
    pub(super) last_batch: Place,
}

pub(super) fn walk(bytes: &[u8], first: u64) -> Walked {
    let mut end = Place { at: segment::HEADER_BYTES, index: first };
    let mut last_batch = end;
    while let Some(frame) = bytes.get(end.at as usize..).and_then(frame::read) {
        if frame.index != end.index {
            break;
        }
        if frame.back == 0 {
            last_batch = end;
        }
        end.at += (frame::HEADER + frame.entry.len()) as u64;
        end.index += 1;
    }
    Walked { end, last_batch }
}

/// Tells a torn tail from damage: a frame after the hole whose batch was
/// written when the hole's entry was already durable proves damage.
fn judge_tail(bytes: &[u8], hole: Place) -> Result<(), StoreError> {
    let mut rest = bytes.get(hole.at as usize..written(bytes)).unwrap_or_default();
    while rest.len() > frame::HEADER {
        if (hole.index..hole.index + WINDOW).contains(&frame::claimed_index(rest))
            && let Some(frame) = frame::read(rest)
            && frame.index - u64::from(frame.back) > hole.index
        {
            return Err(StoreError::Corrupt {
                index: hole.index,
                what: "an entry that was durable is damaged",
            });
        }
        rest = &rest[1..];
    }
    Ok(())
}

/// Where the zeros at the end begin. Entries end in `}`, so no frame ends in a zero.
fn written(bytes: &[u8]) -> usize {
    const ZEROS: [u8; 4096] = [0; 4096];
    let blocks = bytes.chunks(ZEROS.len()).rposition(|block| *block != ZEROS[..block.len()]);
    let Some(block) = blocks else { return 0 };
    let start = block * ZEROS.len();
    let end = bytes.len().min(start + ZEROS.len());
    bytes[start..end].iter().rposition(|byte| *byte != 0).map_or(start, |last| start + last + 1)
}
