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

/// Bytes read at a time.
const PIECE: usize = 128 << 10;

/// Reads from files it opens itself, so it never stands in the writer's way.
pub(super) struct JournalReader {
    shared: Arc<Shared>,
    /// Where the last scans ended: the next one mostly goes on from one of them.
    /// One for each who follows the log, and one over.
    cursors: Mutex<[Cursor; 3]>,
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
        Self { shared, cursors: Mutex::default() }
    }

    fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// The segment that holds the index, its first index, and where the next one
    /// begins.
    fn segment_of(&self, index: u64) -> Result<(File, u64, Option<u64>), StoreError> {
        let (first, next) = {
            let segments = self.shared.segments.read();
            let after = segments.partition_point(|first| *first <= index);
            let Some(at) = after.checked_sub(1) else { return Err(self.retired(&segments)) };
            (segments[at], segments.get(after).copied())
        };
        match File::open(segment::path(&self.shared.dir, first)) {
            Ok(file) => Ok((file, first, next)),
            Err(error) => {
                // It may have been retired in between: first off the list, then away.
                let segments = self.shared.segments.read();
                Err(if segments.contains(&first) { StoreError::Read(error) } else { self.retired(&segments) })
            }
        }
    }

    fn retired(&self, segments: &[u64]) -> StoreError {
        StoreError::Retired { first: segments.first().copied().unwrap_or_else(|| self.durable()) }
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
        let (file, first, next) = self.segment_of(from)?;
        let known = |cursor: &Cursor| cursor.index == from && cursor.segment == first && cursor.at != 0;
        let cursor = self.cursors.lock().iter().copied().find(known);
        let mut at = cursor.map_or_else(|| Self::locate(&file, first, from), |cursor| Ok(cursor.at))?;
        let end = next.map_or(durable, |next| next.min(durable));
        let mut window = Window { file: &file, bytes: Vec::new(), used: 0, at };
        let mut out: Vec<Stored> = Vec::new();
        for index in from..end {
            let position = window.at;
            if !out.is_empty() && position - at >= max_bytes as u64 {
                break;
            }
            let found = window.frame(index).map_err(StoreError::Read)?;
            let found = found.ok_or_else(|| damaged(index))?;
            let (leaf_hash, bytes) = (found.leaf_hash, found.entry.to_vec());
            window.advance(frame::HEADER + bytes.len());
            out.push(Stored { index, position, leaf_hash, bytes });
        }
        at = window.at;
        let mut cursors = self.cursors.lock();
        // In the place of where it began, or of whoever is furthest behind.
        let mine = cursors.iter().position(known);
        let behind = (0..cursors.len()).min_by_key(|at| cursors[*at].index).unwrap_or(0);
        cursors[mine.unwrap_or(behind)] = Cursor { index: from + out.len() as u64, segment: first, at };
        Ok(out)
    }

    fn read(&self, index: u64, position: Option<u64>) -> Result<Option<Stored>, StoreError> {
        if index >= self.durable() {
            return Ok(None);
        }
        let (file, first, _) = self.segment_of(index)?;
        if let Some(stored) = position.and_then(|at| Self::read_at(&file, index, at).ok()) {
            return Ok(Some(stored));
        }
        let at = Self::locate(&file, first, index)?;
        Self::read_at(&file, index, at).map(Some)
    }
}

/// A piece of a segment that moves along it.
struct Window<'a> {
    file: &'a File,
    bytes: Vec<u8>,
    /// How much of `bytes` lies behind.
    used: usize,
    /// Offset in the file of what comes next.
    at: u64,
}

// === impl Window ===

impl Window<'_> {
    /// The frame that comes next, if it is whole, sound, and has that index.
    fn frame(&mut self, index: u64) -> io::Result<Option<frame::Frame<'_>>> {
        while !self.holds_one() && self.read_on()? > 0 {}
        Ok(frame::read(&self.bytes[self.used..]).filter(|frame| frame.index == index))
    }

    fn advance(&mut self, length: usize) {
        self.used += length;
        self.at += length as u64;
    }

    fn holds_one(&self) -> bool {
        let rest = &self.bytes[self.used..];
        // A length beyond any entry is not waited for.
        let length = |header| frame::length(header).min(frame::HEADER + MAX_ENTRY_BYTES);
        rest.len() >= frame::HEADER && rest.len() >= length(rest)
    }

    /// Reads a piece more; how much it was, 0 at the end of the file.
    fn read_on(&mut self) -> io::Result<usize> {
        self.bytes.drain(..self.used);
        self.used = 0;
        let have = self.bytes.len();
        self.bytes.resize(have + PIECE, 0);
        let got = loop {
            match self.file.read_at(&mut self.bytes[have..], self.at + have as u64) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.bytes.truncate(have + got);
        Ok(got)
    }
}
