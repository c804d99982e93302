//! The dossiers in use, in memory: bounded, approximately least recently used.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use motlan_domain::id::DossierCode;
use parking_lot::RwLock;

use crate::dossier::Dossier;

const SHARDS: usize = 16;

/// Two generations per shard: what is found in the older one moves up, and a
/// full younger one becomes the older one. Holds at most `capacity` dossiers,
/// and of those that fell on one shard at least the last half used.
#[derive(Debug)]
pub(crate) struct Cache {
    shards: Box<[RwLock<Shard>]>,
    spread: RandomState,
    half: usize,
}

#[derive(Debug, Default)]
struct Shard {
    young: HashMap<DossierCode, Arc<Dossier>>,
    old: HashMap<DossierCode, Arc<Dossier>>,
}

// === impl Cache ===

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, spread: RandomState::new(), half: (capacity / SHARDS / 2).max(1) }
    }

    pub(crate) fn get(&self, code: &DossierCode) -> Option<Arc<Dossier>> {
        let shard = self.shard(code);
        {
            let shard = shard.read();
            if let Some(found) = shard.young.get(code) {
                return Some(Arc::clone(found));
            }
            shard.old.get(code)?;
        }
        // Moved up under the write lock alone, so that a newer value put in
        // meanwhile by the store's thread is never overwritten.
        let mut shard = shard.write();
        if let Some(found) = shard.young.get(code) {
            return Some(Arc::clone(found));
        }
        let found = shard.old.remove(code)?;
        shard.put(Arc::clone(&found), self.half);
        Some(found)
    }

    /// Called by the store's thread alone, after the commit.
    pub(crate) fn put(&self, dossier: Arc<Dossier>) {
        let mut shard = self.shard(&dossier.code).write();
        shard.old.remove(&dossier.code);
        shard.put(dossier, self.half);
    }

    /// Forgets everything: after a commit of unknown fate.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *shard.write() = Shard::default();
        }
    }

    fn shard(&self, code: &DossierCode) -> &RwLock<Shard> {
        &self.shards[self.spread.hash_one(code) as usize % SHARDS]
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().young.len() + shard.read().old.len()).sum()
    }
}

// === impl Shard ===

impl Shard {
    fn put(&mut self, dossier: Arc<Dossier>, half: usize) {
        if self.young.len() >= half && !self.young.contains_key(&dossier.code) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(dossier.code.clone(), dossier);
    }
}
