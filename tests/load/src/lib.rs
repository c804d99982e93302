//! What the gateway costs, measured against a bare echo of the same messages.
//!
//! **In scope**: a world to ask about, the two servers under measurement as
//! child processes, one HTTP/2 client for both, and the figures. **Out of
//! scope**: attacks and faults; those are the end-to-end tests'.
//!
//! Nothing here is taken on trust: every answer is held against what it must
//! be, and a wrong one fails the run, whatever its speed.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures of a measurement: counts far below 2^52, rates above nothing"
)]

pub mod audit;
pub mod cli;
pub mod coalesce;
pub mod compare;
pub mod footprint;
pub mod overload;
pub mod profile;
pub mod resolve;

mod ask;
mod bench;
mod check;
mod child;
mod client;
mod cpu;
mod drive;
mod echo;
mod memory;
mod pace;
mod page;
mod probe;
mod registry;
mod scene;
mod serve;
mod stage;
mod stats;
mod target;

use std::io::Write as _;

pub use check::Wrong;
pub use target::Target;

/// A line for whoever waits; that nobody reads it is no fault.
fn tell(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}
