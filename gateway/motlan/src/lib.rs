//! The `motlan` program: command line, configuration, wiring, shutdown order,
//! and the sandbox's world.
//!
//! **In scope**: constructing everything and running it. **Out of scope**:
//! every decision; those are the rooms' below.

pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod demo;
pub mod exit;
pub mod origins;
pub mod prove;
pub mod receipt;
pub mod recover;
pub mod reindex;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod telemetry;
pub mod term;
pub mod verify;
pub mod watch;
pub mod wiring;
pub mod witness;
mod witnesses;
