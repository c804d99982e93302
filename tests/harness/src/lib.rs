//! What end-to-end tests stand on: a world in this process, or the built
//! program as a process of its own, whose files can be made to fail.
//!
//! **In scope**: starting and stopping, callers with their tokens, opening
//! dossiers, faults and call counts of the registries, faults of the disk and of
//! the power (`faults`, `power`), entries as the auditor reads them. **Out of
//! scope**: assertions; those are the tests'.
//!
//! Everything a test sees of the gateway comes over gRPC and mutual TLS; only
//! the registries (the far end) are looked at from inside.

pub mod faults;
mod opening;
pub mod power;
mod process;
mod served;
mod witnesses;
mod world;

pub use opening::{Opened, Opening};
pub use process::{Endpoints, Process, Program};
pub use served::{Readiness, Served, Site};
pub use witnesses::{Office, Witnessing};
pub use world::World;

// What tests name of the rooms below.
pub use motlan::client::{Connection, Credentials, Refusal, to_proto};
pub use motlan::report::Resolved;
pub use motlan::sandbox::{Plan, TokenSpec};
pub use motlan_sandbox::world::DemoFamily;
pub use motlan_sandbox::{CallReport, Fault};
