//! How an entry lies in the journal.
//!
//! ```text
//! len u32 | back u32 | index u64 | check [16] | entry bytes [len]     (little endian)
//! ```
//! `back` is the entry's place in its commit batch, so `index - back` entries
//! were durable before the batch was written. That tells a torn tail (nothing
//! after the hole was written later than the hole's own batch) from damage to
//! what had been acknowledged. `check` is the first half of the leaf hash,
//! xor-ed with the first 16 bytes of the frame: one hash serves frame and log.

use motlan_audit_tree::hash::leaf_hash_behind;
use motlan_audit_tree::{LeafHash, MAX_ENTRY_BYTES, leaf_hash};

/// Bytes before the entry.
pub(crate) const HEADER: usize = 32;

/// A frame read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) index: u64,
    pub(crate) back: u32,
    pub(crate) leaf_hash: LeafHash,
    pub(crate) entry: &'a [u8],
}

/// Completes the frame whose header space starts at `start` of `out` and whose
/// entry runs to the end of `out`.
pub(crate) fn finish(out: &mut [u8], start: usize, index: u64, back: u32) -> LeafHash {
    // The last byte of the header is written below.
    let leaf_hash = leaf_hash_behind(&mut out[start + HEADER - 1..]);
    let (header, entry) = out[start..].split_at_mut(HEADER);
    let len = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    header[0..4].copy_from_slice(&len.to_le_bytes());
    header[4..8].copy_from_slice(&back.to_le_bytes());
    header[8..16].copy_from_slice(&index.to_le_bytes());
    for at in 0..16 {
        header[16 + at] = header[at] ^ leaf_hash[at];
    }
    leaf_hash
}

/// The frame at the start of `bytes`, if there is a whole and sound one.
pub(crate) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let len = number(&header[0..4]) as usize;
    if len == 0 || len > MAX_ENTRY_BYTES {
        return None;
    }
    let entry = rest.get(..len)?;
    let leaf_hash = leaf_hash(entry);
    let sound = (0..16).all(|at| header[16 + at] == header[at] ^ leaf_hash[at]);
    let back = number(&header[4..8]) as u32;
    let index = number(&header[8..16]);
    (sound && u64::from(back) <= index).then_some(Frame { index, back, leaf_hash, entry })
}

/// The length of the frame whose header starts `bytes`, without judging it.
pub(crate) fn length(header: &[u8]) -> usize {
    HEADER + number(&header[0..4]) as usize
}

/// The index the header claims.
pub(crate) fn claimed_index(header: &[u8]) -> u64 {
    number(&header[8..16])
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(index: u64, back: u32, entry: &[u8]) -> Vec<u8> {
        let mut out = vec![0; HEADER];
        out.extend_from_slice(entry);
        finish(&mut out, 0, index, back);
        out
    }

    #[test]
    fn a_frame_reads_back() {
        let bytes = framed(9, 2, b"entry");
        let frame = read(&bytes).unwrap();
        assert_eq!((frame.index, frame.back, frame.entry), (9, 2, &b"entry"[..]));
        assert_eq!(frame.leaf_hash, leaf_hash(b"entry"));
        assert_eq!(length(&bytes), bytes.len());
        assert_eq!(claimed_index(&bytes), 9);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let good = framed(9, 2, b"entry");
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&bad), None, "bit {bit}");
        }
        for cut in 0..good.len() {
            assert_eq!(read(&good[..cut]), None, "cut {cut}");
        }
    }
}
