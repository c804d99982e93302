//! The HTTP client kit of the adapters.
//!
//! **In scope**: one bounded, guarded way to call a registry ([`Http`]):
//! deadline, bulkhead, breaker, quota, retry budget, body limit, OAuth2 client
//! credentials ([`Bearer`], [`Rest`]); reading JSON and XML from strangers ([`json`],
//! [`xml`]). **Out of scope**: what any registry's messages mean.
//!
//! **Invariants.** No redirect is followed, no proxy is taken from the
//! environment, no cookie is kept, nothing is decompressed. No error, log line
//! or span carries a query string, a body, a credential or a part of an
//! answer: an error of the HTTP library is classified and dropped, because its
//! text holds the address.

pub mod json;
pub mod xml;

mod bearer;
mod body;
mod breaker;
mod broken;
mod budget;
mod bulkhead;
mod call;
mod config;
#[cfg(test)]
mod far;
mod http;
mod meter;
mod quota;
mod rest;
mod secret;
mod session;

#[doc(hidden)]
pub use bearer::read_token;
pub use bearer::{Bearer, TokenConfig, TokenForm};
pub use breaker::BreakerConfig;
pub use call::{Answer, Call, Media};
pub use config::{ConfigError, HttpConfig};
pub use http::Http;
pub use rest::Rest;
#[doc(hidden)]
pub use rest::read_refusal;
pub use secret::Secret;
pub use session::Session;
