//! The end of the log in memory: what became durable last, for those who follow
//! it.
//!
//! The writer has the bytes and the leaf hash of every entry at hand when its
//! sync is done: whoever comes soon takes them from here, and neither reads nor
//! hashes them again. Whoever comes later reads the store.
//!
//! **Invariant**: nothing is here that a completed sync does not cover. The tail
//! is one run of indices without a gap; after a failed commit it is empty, and what
//! is written again then is read from the store.

use std::collections::VecDeque;
use std::sync::Arc;

use motlan_audit_tree::LeafHash;
use parking_lot::Mutex;

use crate::journal::frame;
use crate::store::{Frames, Seen};

/// Bytes of a piece, unless one batch is longer; and how many there are at most. At
/// 40,000 entries a second more than becomes durable between two checkpoints. Their
/// memory is used again and again: fresh pages would cost more than the entries.
const PIECE: usize = 256 << 10;
const PIECES: usize = 80;

/// Bytes of all pieces but the one in the making, which is no longer than that
/// either: where a slow disk makes batches long, there are fewer of them.
const MOST: usize = PIECE * PIECES;

/// A piece in the making is handed out from here on; of a smaller one, a copy is.
const WORTH: usize = PIECE / 2;

/// The newest entries.
#[derive(Default)]
pub(crate) struct Tail {
    pieces: Mutex<Pieces>,
}

#[derive(Default)]
struct Pieces {
    /// The oldest first. They are never changed again.
    whole: VecDeque<Arc<Piece>>,
    /// Their bytes.
    held: usize,
    /// What comes is added to it.
    growing: Piece,
}

/// Entries in a row, as the frames that were written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Piece {
    first: u64,
    bytes: Vec<u8>,
    entries: Vec<Place>,
}

/// An entry of a piece.
#[derive(Debug, Clone)]
struct Place {
    leaf_hash: LeafHash,
    /// The store's.
    position: u64,
    /// Where its bytes begin and end in those of the piece.
    from: usize,
    to: usize,
}

// === impl Tail ===

impl Tail {
    /// Takes a batch that a sync has covered, with the hashes of its entries and the
    /// store's position of the first.
    pub(crate) fn push(&self, frames: &Frames, leaves: &[LeafHash], position: u64) {
        let mut pieces = self.pieces.lock();
        if pieces.growing.end() != frames.first {
            pieces.clear(frames.first);
        }
        if frames.bytes.len() > MOST {
            pieces.clear(frames.end());
            return;
        }
        if pieces.growing.bytes.len() + frames.bytes.len() > PIECE {
            pieces.begin_next();
        }
        pieces.growing.push(frames, leaves, position);
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.pieces.lock().clear(0);
    }

    /// The pieces from the one that holds entry `from` on, of about `max_bytes`; none
    /// where it is not here.
    pub(crate) fn from(&self, from: u64, max_bytes: usize) -> Vec<Arc<Piece>> {
        let mut pieces = self.pieces.lock();
        if pieces.growing.bytes.len() >= WORTH {
            pieces.begin_next();
        }
        // Now: the oldest may just have gone.
        let oldest = pieces.whole.front().map_or(pieces.growing.first, |piece| piece.first);
        if !(oldest..pieces.growing.end()).contains(&from) {
            return Vec::new();
        }
        let (mut found, mut bytes) = (Vec::new(), 0);
        let first = pieces.whole.partition_point(|piece| piece.end() <= from);
        for piece in pieces.whole.range(first..) {
            bytes += piece.bytes.len();
            if bytes > max_bytes && !found.is_empty() {
                return found;
            }
            found.push(Arc::clone(piece));
        }
        if !pieces.growing.entries.is_empty() {
            found.push(Arc::new(pieces.growing.clone()));
        }
        found
    }
}

// === impl Pieces ===

impl Pieces {
    fn clear(&mut self, next: u64) {
        self.whole.clear();
        self.held = 0;
        if self.growing.bytes.capacity() > PIECE {
            self.growing = Piece::default();
        }
        self.growing.begin_at(next);
    }

    /// Begins a piece, with the memory of the oldest if there are enough.
    fn begin_next(&mut self) {
        if self.growing.entries.is_empty() {
            return;
        }
        let mut next = Piece::default();
        self.held += self.growing.bytes.len();
        while self.whole.len() >= PIECES || self.held > MOST {
            let Some(oldest) = self.whole.pop_front() else { break };
            self.held -= oldest.bytes.len();
            // Unless somebody is reading it.
            let oldest = Arc::into_inner(oldest);
            next = oldest.filter(|oldest| oldest.bytes.capacity() <= PIECE).unwrap_or_default();
        }
        next.begin_at(self.growing.end());
        next.bytes.reserve_exact(PIECE);
        self.whole.push_back(Arc::new(std::mem::replace(&mut self.growing, next)));
    }
}

// === impl Piece ===

impl Piece {
    fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn begin_at(&mut self, first: u64) {
        self.first = first;
        self.bytes.clear();
        self.entries.clear();
    }

    fn push(&mut self, frames: &Frames, leaves: &[LeafHash], position: u64) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&frames.bytes);
        let mut at = 0;
        for leaf_hash in leaves {
            let length = frame::length(&frames.bytes[at..]);
            self.entries.push(Place {
                leaf_hash: *leaf_hash,
                position: position + at as u64,
                from: start + at + frame::HEADER,
                to: start + at + length,
            });
            at += length;
        }
    }

    /// Its entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Seen<'_>> {
        (self.first..).zip(&self.entries).filter_map(|(index, place)| {
            let Place { leaf_hash, position, from, to } = place;
            let bytes = self.bytes.get(*from..*to)?;
            Some(Seen { index, position: *position, leaf_hash, bytes })
        })
    }
}

#[cfg(test)]
mod tests;
