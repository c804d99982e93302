//! How the program tells others about itself: the log on standard error, and,
//! where a collector is configured, spans and numbers over OTLP.
//!
//! Life of a span: a room makes it with `tracing` → `spans.rs` (sampled,
//! finished, into a bounded queue) → `exporter.rs` (in batches, within a time
//! limit) → the collector. Life of a number: a room counts → a
//! [`motlan_telemetry::Reading`] → `otlp.rs` → the collector; `/metrics` tells
//! the same kind of reading.
//!
//! **Invariant**: nothing here can hold up, fail or change a call. A full queue
//! drops, a collector that is slow, gone or hostile costs its time limit in a
//! task of its own.
//!
//! Written over `opentelemetry-proto` and not `opentelemetry-otlp`: that one
//! reads its settings from the environment as well, takes no numbers that were
//! not counted with its own instruments, and does not tell how many spans it
//! dropped.

mod exporter;
mod log;
mod otlp;
mod process;
mod spans;

pub use exporter::{Exporter, ExporterError, Exporting};
pub use log::{begin, log_to_stderr};
pub use process::Process;
pub use spans::{SpanQueue, recorder};
