//! Threads that tell the log when they have nothing more at hand.
//!
//! A batch is worth a commit when everybody who is at work has added what it
//! has. On a thread that serves connections that is when it goes to rest: all
//! that was read has been taken in. Then the answers of one connection become
//! ready together too, and leave together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::sequencer::Sequencer;

/// What one thread says of itself; clones speak for other threads.
///
/// **Invariant**: `resumes` and `rests` are called in turns, beginning with
/// `resumes`.
#[derive(Clone)]
pub struct Feeder(Arc<Sequencer>);

/// How many of them are at work, and whether the writer waits until none is.
#[derive(Default)]
pub(crate) struct Feeders {
    busy: AtomicUsize,
    awaited: AtomicBool,
}

// === impl Feeder ===

impl Feeder {
    pub(crate) const fn new(sequencer: Arc<Sequencer>) -> Self {
        Self(sequencer)
    }

    /// The thread has work at hand.
    pub fn resumes(&self) {
        self.0.feeders.busy.fetch_add(1, Ordering::SeqCst);
    }

    /// The thread has none, and waits for more.
    pub fn rests(&self) {
        let feeders = &self.0.feeders;
        if feeders.busy.fetch_sub(1, Ordering::SeqCst) == 1 && feeders.awaited.load(Ordering::SeqCst) {
            self.0.nudge();
        }
    }
}

impl std::fmt::Debug for Feeder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Feeder")
    }
}

// === impl Feeders ===

impl Feeders {
    /// Whether none is at work; also where there are none.
    pub(crate) fn rest(&self) -> bool {
        self.busy.load(Ordering::SeqCst) == 0
    }

    /// Whether the writer wants to be nudged when all rest.
    pub(crate) fn await_rest(&self, awaited: bool) {
        self.awaited.store(awaited, Ordering::SeqCst);
    }
}
