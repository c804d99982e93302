//! The national population database (*CSDL quốc gia về dân cư*), reached
//! directly: services 037 (lookup), 033 (yes/no) and the household operation.
//!
//! **In scope**: their XML and their signed headers. **Out of scope**: the
//! HTTP kit (`motlan-transport`), deciding whether two names agree.
//!
//! The decoders are pure functions of bytes: [`decode_person`],
//! [`decode_household`], [`decode_confirmation`].

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

pub use adapter::PopulationAdapter;
pub use config::{PopulationConfig, PopulationPaths};
pub use confirmation::decode_confirmation;
pub use household::decode_household;
pub use person::decode_person;
