//! What the gateway tells an operator about itself: which numbers there are,
//! and which spans a call has.
//!
//! **In scope**: the table of instruments ([`instrument`]), the counters and
//! histograms behind them ([`Counter`], [`Histogram`]), a reading of them all
//! ([`Reading`]), and how a span and a [`motlan_domain::Trace`] belong together
//! ([`span`]). **Out of scope**: text formats, collectors, sockets: `server`
//! tells a reading to whoever scrapes, the binary sends the same reading to a
//! collector.
//!
//! A room counts with its own counters, found by index and never by a hash of
//! labels, and puts them into a [`Reading`] when asked: so what is scraped and
//! what is sent cannot differ.
//!
//! **Invariant**: every label has a closed set of values, known when the
//! program starts. Nothing that a caller or a registry sends becomes a label or
//! an attribute, and no identifier, name, account, dossier code or address with
//! a query ever does.

pub mod instrument;
mod number;
mod reading;
pub mod span;

pub use instrument::Instrument;
pub use number::{Counter, Histogram};
pub use reading::{Attribute, Family, Label, Point, Reading, Source, Value};
