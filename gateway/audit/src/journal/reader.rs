//! Reading durable entries back from the segments.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use motlan_audit_tree::MAX_ENTRY_BYTES;
use parking_lot::Mutex;

use super::{Shared, frame, segment};
use crate::store::{AuditReader, StoreError, Stored};

/// Reads from files it opens itself, so it never stands in the writer's way.
pub(super) struct JournalReader {
    shared: Arc<Shared>,
    /// Where the last scan ended: the next one mostly goes on from there.
    cursor: Mutex<Cursor>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    index: u64,
    /// First index of the segment; the offset in it, 0 = unknown.
    segment: u64,
    at: u64,
}

// === impl JournalReader ===

impl JournalReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, cursor: Mutex::default() }
    }

    fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// The segment that holds the index, and where the next one begins.
    fn segment_of(&self, index: u64) -> (u64, Option<u64>) {
        let segments = self.shared.segments.read();
        let after = segments.partition_point(|first| *first <= index);
        (after.checked_sub(1).map_or(0, |at| segments[at]), segments.get(after).copied())
    }

    fn open(&self, first: u64) -> Result<File, StoreError> {
        File::open(segment::path(&self.shared.dir, first)).map_err(StoreError::Read)
    }

    /// Steps over headers to the entry of that index.
    fn locate(file: &File, first: u64, index: u64) -> Result<u64, StoreError> {
        let mut at = segment::HEADER_BYTES;
        let mut header = [0; frame::HEADER];
        for expected in first..index {
            file.read_exact_at(&mut header, at).map_err(|error| ended(error, expected))?;
            if frame::claimed_index(&header) != expected {
                return Err(damaged(expected));
            }
            at += frame::length(&header) as u64;
        }
        Ok(at)
    }

    fn read_at(file: &File, index: u64, at: u64) -> Result<Stored, StoreError> {
        let mut bytes = vec![0; frame::HEADER];
        file.read_exact_at(&mut bytes, at).map_err(|error| ended(error, index))?;
        let length = frame::length(&bytes);
        if frame::claimed_index(&bytes) != index || length > frame::HEADER + MAX_ENTRY_BYTES {
            return Err(damaged(index));
        }
        bytes.resize(length, 0);
        file.read_exact_at(&mut bytes[frame::HEADER..], at + frame::HEADER as u64)
            .map_err(|error| ended(error, index))?;
        let frame = frame::read(&bytes).ok_or_else(|| damaged(index))?;
        Ok(Stored { index, position: at, leaf_hash: frame.leaf_hash, bytes: frame.entry.to_vec() })
    }
}

fn damaged(index: u64) -> StoreError {
    StoreError::Corrupt { index, what: "an entry that was durable is damaged" }
}

fn ended(error: io::Error, index: u64) -> StoreError {
    if error.kind() == io::ErrorKind::UnexpectedEof { damaged(index) } else { StoreError::Read(error) }
}

impl AuditReader for JournalReader {
    fn scan(&self, from: u64, max_bytes: usize) -> Result<Vec<Stored>, StoreError> {
        let durable = self.durable();
        if from >= durable {
            return Ok(Vec::new());
        }
        let (first, next) = self.segment_of(from);
        let file = self.open(first)?;
        let cursor = *self.cursor.lock();
        let known = cursor.index == from && cursor.segment == first && cursor.at != 0;
        let mut at = if known { cursor.at } else { Self::locate(&file, first, from)? };
        let end = next.map_or(durable, |next| next.min(durable));
        let mut chunk = vec![0; max_bytes.clamp(frame::HEADER + MAX_ENTRY_BYTES, 64 << 20)];
        let got = read_up_to(&file, &mut chunk, at).map_err(StoreError::Read)?;
        let mut rest = &chunk[..got];
        let mut out: Vec<Stored> = Vec::new();
        for index in from..end {
            let Some(found) = frame::read(rest) else {
                let whole = rest.len() >= frame::HEADER && frame::length(rest) <= rest.len();
                if whole || out.is_empty() {
                    return Err(damaged(index));
                }
                break;
            };
            if found.index != index {
                return Err(damaged(index));
            }
            out.push(Stored { index, position: at, leaf_hash: found.leaf_hash, bytes: found.entry.to_vec() });
            let length = frame::length(rest);
            at += length as u64;
            rest = &rest[length..];
        }
        *self.cursor.lock() = Cursor { index: from + out.len() as u64, segment: first, at };
        Ok(out)
    }

    fn read(&self, index: u64, position: Option<u64>) -> Result<Option<Stored>, StoreError> {
        if index >= self.durable() {
            return Ok(None);
        }
        let (first, _) = self.segment_of(index);
        let file = self.open(first)?;
        if let Some(stored) = position.and_then(|at| Self::read_at(&file, index, at).ok()) {
            return Ok(Some(stored));
        }
        let at = Self::locate(&file, first, index)?;
        Self::read_at(&file, index, at).map(Some)
    }
}

fn read_up_to(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    let mut got = 0;
    while got < out.len() {
        match file.read_at(&mut out[got..], at + got as u64) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}
