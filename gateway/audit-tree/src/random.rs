//! Random bytes for nonces and keys, from the system's generator a block at a
//! time: asking it costs as much for twelve bytes as for a thousand.
//!
//! A block belongs to its thread. Bytes given out are wiped from it, so that
//! what was a nonce or a key is nowhere but where it was taken to. A process
//! that forks would give the same bytes twice; the gateway does not.

use std::cell::RefCell;

use aws_lc_rs::{error::Unspecified, rand};
use zeroize::{Zeroize, Zeroizing};

const BLOCK: usize = 1024;

struct Block {
    bytes: Zeroizing<[u8; BLOCK]>,
    /// Where those begin that were not given out.
    next: usize,
}

thread_local! {
    static AT_HAND: RefCell<Block> = RefCell::new(Block { bytes: Zeroizing::new([0; BLOCK]), next: BLOCK });
}

/// Fills `out` with random bytes.
///
/// # Errors
/// When the system's random source fails.
pub fn fill(out: &mut [u8]) -> Result<(), Unspecified> {
    if out.len() > BLOCK {
        return rand::fill(out);
    }
    AT_HAND.with_borrow_mut(|block| block.take(out))
}

// === impl Block ===

impl Block {
    fn take(&mut self, out: &mut [u8]) -> Result<(), Unspecified> {
        if BLOCK - self.next < out.len() {
            // Until the source has given all of it, there is nothing at hand.
            self.next = BLOCK;
            rand::fill(self.bytes.as_mut())?;
            self.next = 0;
        }
        let taken = self.bytes.get_mut(self.next..self.next + out.len()).ok_or(Unspecified)?;
        out.copy_from_slice(taken);
        taken.zeroize();
        self.next += out.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Across blocks and threads nothing comes twice, and what was given out is
    /// wiped.
    #[test]
    fn nothing_is_given_out_twice() {
        let draw = || {
            let draw_one = |_| {
                let mut out = [0; 12];
                fill(&mut out).unwrap();
                out
            };
            let drawn: Vec<[u8; 12]> = (0..500).map(draw_one).collect();
            AT_HAND.with_borrow(|block| assert!(block.bytes[..block.next].iter().all(|byte| *byte == 0)));
            drawn
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let drawn = threads.into_iter().flat_map(|thread| thread.join().unwrap());
        let drawn: Vec<[u8; 12]> = drawn.collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 2_000);
        assert!(!drawn.contains(&[0; 12]));
    }

    #[test]
    fn every_length_is_filled() {
        for length in [0, 1, 12, 32, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK] {
            let mut out = vec![0; length];
            fill(&mut out).unwrap();
            // By chance all zero: less often than once in 2^96.
            assert!(length < 12 || out.iter().any(|byte| *byte != 0), "{length}");
            assert!(length < 12 || out[length - 12..] != [0; 12], "{length}");
        }
    }
}
