//! The subjects in recent use, in bounded memory.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Hash, Known};

/// Subjects per generation; two generations are kept. About 700 bytes each.
const GENERATION: usize = 32_768;

/// Two generations: what is used moves to the young one; when that is full it
/// becomes the old one and the former old one is dropped.
#[derive(Default)]
pub(super) struct Cache(Mutex<[HashMap<Hash, Arc<Known>>; 2]>);

// === impl Cache ===

impl Cache {
    pub(super) fn get(&self, hash: &Hash) -> Option<Arc<Known>> {
        let mut generations = self.0.lock();
        if let Some(known) = generations[0].get(hash) {
            return Some(Arc::clone(known));
        }
        let known = generations[1].remove(hash)?;
        Self::insert(&mut generations, *hash, Arc::clone(&known));
        Some(known)
    }

    pub(super) fn put(&self, hash: Hash, known: Arc<Known>) {
        Self::insert(&mut self.0.lock(), hash, known);
    }

    pub(super) fn remove(&self, hash: &Hash) {
        for generation in self.0.lock().iter_mut() {
            generation.remove(hash);
        }
    }

    pub(super) fn clear(&self) {
        *self.0.lock() = Default::default();
    }

    fn insert(generations: &mut [HashMap<Hash, Arc<Known>>; 2], hash: Hash, known: Arc<Known>) {
        if generations[0].len() >= GENERATION {
            generations.swap(0, 1);
            generations[0].clear();
        }
        generations[0].insert(hash, known);
    }
}
