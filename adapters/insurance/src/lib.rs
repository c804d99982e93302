//! The national insurance database (*CSDL quốc gia về bảo hiểm*):
//! participation and health card, by insurance number, or by name and birth
//! date where only the person is known.
//!
//! **In scope**: its JSON. **Out of scope**: the HTTP kit and the tokens
//! (`motlan-transport`). The decoders are pure functions of bytes.
//!
//! The database keeps no personal id: whose number it is can only be told by
//! name and birth date, of which population is the source (decree 43/2021).
//! They come with every record, so that the gateway can check the link.

mod adapter;
mod config;
mod health_card;
mod identity;
mod participation;
#[cfg(test)]
mod samples;
mod search;

pub use adapter::InsuranceAdapter;
pub use config::{InsuranceConfig, InsurancePaths};
pub use health_card::decode_health_card;
pub use participation::decode_participation;
pub use search::{Hits, decode_search};
