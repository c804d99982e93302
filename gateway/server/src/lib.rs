//! The edge of the gateway: gRPC over mutual TLS 1.3.
//!
//! **In scope**: sockets, TLS, limits, deadlines, conversion between protobuf
//! and the domain, judging input, one form for every error, health, readiness,
//! reflection, `/metrics`, the published log over HTTPS (`published.rs`). **Out of scope**: every decision. Who may ask is `motlan-access`'
//! word, what is answered `motlan-pipeline`'s: a response can be built from a
//! sealed value only.
//!
//! Life of a call: `listener.rs` (place, handshake) → `edge.rs` (admission,
//! deadline, trace, probes; timed in `calls.rs`) → `services/` (who asks, is it sound, ask) →
//! `convert/` (the answer on the wire) or `status.rs` (the refusal).

mod calls;
mod calm;
mod convert;
mod cork;
mod deadline;
mod edge;
mod held;
mod invalid;
mod listener;
mod metrics;
mod options;
mod peers;
mod press;
mod probe;
mod published;
pub mod reasons;
mod refusal;
mod routes;
mod server;
mod services;
mod shares;
mod status;
mod tls;
mod trace;
mod watch;
mod workers;

pub use options::{Limits, ServerOptions};
pub use peers::Refused;
pub use server::{BindError, BoundServer, Server, ServerHandle};
pub use services::Services;
pub use status::ERROR_DOMAIN;
pub use tls::{TlsError, TlsMaterial};
pub use workers::Workers;

#[cfg(test)]
mod tests;
