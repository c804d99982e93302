//! Which entries hold a word: lists of indices, in blocks.
//!
//! A transaction writes one block per word that its entries hold, not one row
//! per entry and word: under load they share it, and the file grows by bytes.
//! The blocks of a word lie one after another and never overlap.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, Transaction, params};

use super::signed;

/// Bytes after which a block ends, so that a reader who needs one place of it
/// does not read many.
const BLOCK: usize = 1_000;

pub(super) const SCHEMA: &str = "
    CREATE TABLE postings (
        role INTEGER NOT NULL, word INTEGER NOT NULL, first INTEGER NOT NULL, later BLOB NOT NULL,
        PRIMARY KEY (role, word, first)) WITHOUT ROWID;";

/// What a word is in an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    Subject = 0,
    Kind = 1,
    Outcome = 2,
    Agency = 3,
    Officer = 4,
    Procedure = 5,
    Dossier = 6,
}

/// The places of one transaction.
#[derive(Default)]
pub(super) struct Batch {
    growing: HashMap<(Role, i64), Block>,
    full: Vec<((Role, i64), Block)>,
}

/// The first index as it is, each later one as its distance from the one before.
struct Block {
    first: u64,
    last: u64,
    later: Vec<u8>,
}

// === impl Batch ===

impl Batch {
    /// An entry holds a word; entries come in the order of the log.
    pub(super) fn add(&mut self, role: Role, word: i64, index: u64) {
        let new = || Block { first: index, last: index, later: Vec::new() };
        let block = match self.growing.entry((role, word)) {
            Entry::Vacant(place) => {
                place.insert(new());
                return;
            }
            Entry::Occupied(place) => place.into_mut(),
        };
        if index <= block.last {
            // A person twice in one entry is there once.
        } else if block.later.len() >= BLOCK {
            self.full.push(((role, word), std::mem::replace(block, new())));
        } else {
            write_number(&mut block.later, index - block.last);
            block.last = index;
        }
    }

    /// Writes all, and is empty again.
    pub(super) fn write(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut blocks = std::mem::take(&mut self.full);
        blocks.extend(self.growing.drain());
        // In the order of the table: neighbours share a page.
        blocks.sort_unstable_by_key(|(key, block)| (*key, block.first));
        let mut insert = transaction.prepare_cached("INSERT INTO postings VALUES (?1, ?2, ?3, ?4)")?;
        for ((role, word), block) in blocks {
            insert.execute(params![role as i64, word, signed(block.first), block.later])?;
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.growing.clear();
        self.full.clear();
    }
}

/// Tells the indices from `low` to below `high` of the entries that hold a word,
/// in order, until `each` has enough.
pub(crate) fn walk(
    connection: &Connection,
    (role, word): (Role, i64),
    (low, high): (u64, u64),
    newest_first: bool,
    mut each: impl FnMut(u64) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    // The block in which `low` may lie begins before it.
    let order = if newest_first { "DESC" } else { "ASC" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT first, later FROM postings WHERE role = ?1 AND word = ?2 AND first < ?4 AND first >= coalesce(
            (SELECT max(first) FROM postings WHERE role = ?1 AND word = ?2 AND first <= ?3), 0)
         ORDER BY first {order}"
    ))?;
    let mut rows = statement.query(params![role as i64, word, signed(low), signed(high)])?;
    let mut indices = Vec::new();
    while let Some(row) = rows.next()? {
        let first = u64::try_from(row.get::<_, i64>(0)?).map_err(|_| rusqlite::Error::InvalidQuery)?;
        indices.clear();
        read_block(first, row.get_ref(1)?.as_blob()?, &mut indices)?;
        if newest_first {
            indices.reverse();
        }
        for index in indices.iter().copied().filter(|index| (low..high).contains(index)) {
            if !each(index)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn read_block(first: u64, mut later: &[u8], indices: &mut Vec<u64>) -> rusqlite::Result<()> {
    indices.push(first);
    let mut last = first;
    while !later.is_empty() {
        let (step, rest) = read_number(later).ok_or(rusqlite::Error::InvalidQuery)?;
        last = last.checked_add(step).ok_or(rusqlite::Error::InvalidQuery)?;
        indices.push(last);
        later = rest;
    }
    Ok(())
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits and a mark")]
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 128")]
    out.push(number as u8);
}

fn read_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests;
