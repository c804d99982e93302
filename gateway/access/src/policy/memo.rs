//! Verdicts already given: sharded, bounded, keyed by the facts themselves.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::RwLock;

use super::{Facts, Verdict};

const SHARDS: usize = 16;

/// Verdicts per shard. Facts have few values in practice: callers × roles ×
/// datasets × field sets; a caller that varies the fields it asks for empties
/// the shard, and costs an evaluation.
const PER_SHARD: usize = 4_096;

/// The memo of one policy set.
#[derive(Debug, Default)]
pub(super) struct Memo {
    hasher: RandomState,
    shards: [RwLock<HashMap<Facts, Arc<Verdict>>>; SHARDS],
}

// === impl Memo ===

impl Memo {
    pub(super) fn get(&self, facts: &Facts) -> Option<Arc<Verdict>> {
        self.shard(facts).read().get(facts).cloned()
    }

    pub(super) fn put(&self, facts: Facts, verdict: Arc<Verdict>) {
        let mut shard = self.shard(&facts).write();
        if shard.len() >= PER_SHARD {
            shard.clear();
        }
        shard.insert(facts, verdict);
    }

    fn shard(&self, facts: &Facts) -> &RwLock<HashMap<Facts, Arc<Verdict>>> {
        // The caller and the purpose spread well enough; hashing all the facts
        // a second time would cost as much as the lookup.
        &self.shards[self.hasher.hash_one(facts.spread()) as usize % SHARDS]
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }
}
