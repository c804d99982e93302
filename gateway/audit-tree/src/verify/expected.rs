//! What checkpoints and receipts say the tree should be, compared with it
//! while it grows.

use super::evidence::Receipt;
use super::report::{Code, Fault};
use super::vouched::Vouched;
use crate::hash::LeafHash;
use crate::merkle::TreeHead;

/// Checkpoints and receipts within the log, each compared once.
pub(super) struct Expected<'a> {
    /// Sorted by size.
    checkpoints: &'a [Vouched],
    /// Sorted by index.
    receipts: &'a [&'a Receipt],
    /// Where checkpoints agreed.
    pub(super) agreed: Agreed,
    /// The first checkpoint that did not.
    pub(super) fork: Option<Fault>,
    /// The first receipt that did not.
    pub(super) mismatch: Option<Fault>,
    /// How many checkpoints agreed.
    pub(super) right_checkpoints: u64,
    /// How many receipts agreed.
    pub(super) right_receipts: u64,
}

/// The largest sizes at which a checkpoint agreed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Agreed {
    /// Any.
    pub(super) any: Option<u64>,
    /// One from outside.
    outside: Option<u64>,
}

// === impl Agreed ===

impl Agreed {
    /// The fault of a checkpoint with another root than the log, or another
    /// checkpoint, has at that size. Up to where the histories are one can
    /// only be known from checkpoints as independent as this one.
    pub(super) fn fork(self, checkpoint: &Vouched) -> Fault {
        let (place, size) = (&checkpoint.place, checkpoint.head.size);
        let detail = format!("{place}: the log signed another tree of {size} entries than is shown.");
        Fault::new(Code::Fork, if checkpoint.outside { self.outside } else { self.any }, detail)
    }
}

// === impl Expected ===

impl<'a> Expected<'a> {
    /// Of sorted checkpoints and receipts.
    pub(super) fn new(checkpoints: &'a [Vouched], receipts: &'a [&'a Receipt]) -> Self {
        Self {
            checkpoints,
            receipts,
            agreed: Agreed::default(),
            fork: None,
            mismatch: None,
            right_checkpoints: 0,
            right_receipts: 0,
        }
    }

    /// The size of the next tree that is to be compared.
    pub(super) fn next_size(&self) -> Option<u64> {
        self.checkpoints.first().map(|checkpoint| checkpoint.head.size)
    }

    /// Compares the checkpoints of this size, which is the next one.
    pub(super) fn tree(&mut self, head: TreeHead) {
        let mut agreed = self.agreed;
        while let [next, rest @ ..] = self.checkpoints
            && next.head.size == head.size
        {
            self.checkpoints = rest;
            if next.head.root == head.root {
                self.right_checkpoints += 1;
                agreed.any = Some(head.size);
                if next.outside {
                    agreed.outside = agreed.any;
                }
            } else if self.fork.is_none() {
                // Those before agreed: from there on the log is another one.
                self.fork = Some(self.agreed.fork(next));
            }
        }
        self.agreed = agreed;
    }

    /// Compares the receipts of this entry; all entries come in order.
    pub(super) fn leaf(&mut self, index: u64, leaf: &LeafHash) {
        while let [next, rest @ ..] = self.receipts
            && next.index == index
        {
            self.receipts = rest;
            if next.leaf_hash == *leaf {
                self.right_receipts += 1;
            } else if self.mismatch.is_none() {
                let detail =
                    format!("{}: entry {index} is another one than the receipt was given for.", next.name);
                self.mismatch = Some(Fault::new(Code::ReceiptMismatch, index, detail));
            }
        }
    }
}
