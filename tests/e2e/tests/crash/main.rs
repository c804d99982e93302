//! A gateway that dies under load: whatever a client was told stands in the log
//! after the restart, with the same index and the same leaf hash, dossiers that
//! were opened are open, people keep their pseudonym, and the log goes on.
//!
//! `random`: SIGKILL at a moment nobody chose. `points`: at every labelled point
//! of append and sync. `power`: the machine goes too, and with it every byte
//! that no completed sync covers. `guesses`: what was counted against an oracle.
//!
//! Short tier: some kills with some hundred acknowledged answers each;
//! `MOTLAN_TIER=full`: 20 kills with 1,000 each, and every point many times.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

mod guesses;
mod points;
mod power;
mod random;
mod story;

/// Callers that ask at the same time, where no other number is named.
fn callers() -> usize {
    tier(24, 64)
}

/// One number or the other, as `tests/run` says.
fn tier(short: usize, full: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "tests/run tells the tier by the environment")]
    let is_full = std::env::var("MOTLAN_TIER").is_ok_and(|tier| tier == "full");
    if is_full { full } else { short }
}
