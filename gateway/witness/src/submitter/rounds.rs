//! Cosignatures on their way to a quorum.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use motlan_audit_tree::{Signature, SignedCheckpoint};

/// Rounds that are remembered: an answer that comes late still counts.
const REMEMBERED: usize = 16;

/// Who has cosigned which of the last targets.
pub(super) struct Rounds {
    quorum: usize,
    target: Arc<SignedCheckpoint>,
    /// The last targets.
    by_size: BTreeMap<u64, Round>,
}

struct Round {
    /// With the cosignatures so far.
    checkpoint: SignedCheckpoint,
    /// By the witnesses of these numbers.
    by: BTreeSet<usize>,
}

// === impl Rounds ===

impl Rounds {
    pub(super) fn new(quorum: usize, target: Arc<SignedCheckpoint>) -> Self {
        let mut rounds = Self { quorum, target: Arc::clone(&target), by_size: BTreeMap::new() };
        rounds.begin(target);
        rounds
    }

    /// What everybody is asked for.
    pub(super) fn target(&self) -> Arc<SignedCheckpoint> {
        Arc::clone(&self.target)
    }

    /// Makes that the target, unless it is already.
    pub(super) fn begin(&mut self, target: Arc<SignedCheckpoint>) {
        let checkpoint = target.as_ref().clone();
        let size = checkpoint.head().size;
        self.target = target;
        self.by_size.entry(size).or_insert(Round { checkpoint, by: BTreeSet::new() });
        while self.by_size.len() > REMEMBERED {
            self.by_size.pop_first();
        }
    }

    /// The witness of that number has cosigned the target of that size. One
    /// that does so again changes nothing.
    pub(super) fn add(&mut self, number: usize, size: u64, cosignature: Signature) {
        let Some(round) = self.by_size.get_mut(&size) else { return };
        // A note that is full has room for no witness more.
        if !round.by.contains(&number) && round.checkpoint.add(cosignature).is_ok() {
            round.by.insert(number);
        }
    }

    /// The largest checkpoint that a quorum has cosigned, with all of its
    /// cosignatures.
    pub(super) fn settled(&self) -> Option<SignedCheckpoint> {
        let settled = self.by_size.values().rev().find(|round| round.by.len() >= self.quorum);
        settled.map(|round| round.checkpoint.clone())
    }

    /// Whether the target has its quorum.
    pub(super) fn is_settled(&self) -> bool {
        let round = self.by_size.get(&self.target.head().size);
        round.is_some_and(|round| round.by.len() >= self.quorum)
    }
}
