//! The retry budget: repeats may add a tenth to the load, never multiply it.

use parking_lot::Mutex;

/// What one first attempt earns, in hundredths of a retry.
const EARNED: u32 = 10;
/// What one retry costs.
const COST: u32 = 100;
/// Most that can be saved up, and the start: ten retries.
const MOST: u32 = 10 * COST;

/// Earned by first attempts, spent by retries.
pub(crate) struct RetryBudget(Mutex<u32>);

// === impl RetryBudget ===

impl RetryBudget {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(MOST))
    }

    /// A first attempt is made.
    pub(crate) fn earn(&self) {
        let mut saved = self.0.lock();
        *saved = MOST.min(*saved + EARNED);
    }

    /// Pays for one retry, if it can be paid for.
    pub(crate) fn spend(&self) -> bool {
        let mut saved = self.0.lock();
        let Some(left) = saved.checked_sub(COST) else { return false };
        *saved = left;
        true
    }
}

#[cfg(test)]
mod tests;
