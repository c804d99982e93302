//! The national population database (*CSDL quốc gia về dân cư*), reached
//! directly: services 037 (lookup), 033 (yes/no), the household operation, and
//! the one that verifies death or declared absence.
//!
//! **In scope**: their XML and their signed headers. **Out of scope**: the
//! HTTP kit (`motlan-transport`), deciding whether two names agree.
//!
//! The decoders are pure functions of bytes: [`decode_person`],
//! [`decode_household`], [`decode_confirmation`], [`decode_status`].

mod adapter;
mod config;
mod confirmation;
mod element;
mod household;
mod person;
mod request;
#[cfg(test)]
mod samples;
mod sign;
mod status;

pub use adapter::PopulationAdapter;
pub use config::{PopulationConfig, PopulationPaths};
pub use confirmation::decode_confirmation;
pub use household::decode_household;
pub use person::decode_person;
pub use status::{LifeStatus, decode_status};
