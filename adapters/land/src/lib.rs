//! The national land database (*CSDL đất đai quốc gia*): certificates and
//! parcels, on the record shapes of VBDLIS.
//!
//! **In scope**: its JSON. **Out of scope**: the HTTP kit and the tokens
//! (`motlan-transport`). The decoders are pure functions of bytes.
//!
//! No open endpoint was found; paths, envelopes and codes are decided for the
//! sandbox, and marked so.

mod adapter;
mod certificate;
mod config;
mod owner;
mod parcel;
#[cfg(test)]
mod samples;

pub use adapter::LandAdapter;
pub use certificate::{decode_certificate, decode_certificates};
pub use config::{LandConfig, LandPaths};
pub use parcel::decode_parcel;
