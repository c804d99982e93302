//! How a registry is reached, as the operator writes it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::{BreakerConfig, Secret};

/// One registry's HTTP endpoint and the bounds of using it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Scheme, host, port and an optional path prefix, without query. `http`
    /// only towards a loopback address, unless `plain_http` is set.
    pub base_url: Url,
    /// Permits `http` beyond loopback, for a route that is protected otherwise.
    #[serde(default)]
    pub plain_http: bool,
    /// Longest time to establish a connection, in milliseconds.
    #[serde(default = "defaults::connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Longest time of one question with everything it takes, in milliseconds.
    #[serde(default = "defaults::deadline_ms")]
    pub deadline_ms: u64,
    /// Most calls under way at once.
    #[serde(default = "defaults::max_concurrent")]
    pub max_concurrent: usize,
    /// Most calls waiting for their turn; one more is told `SOURCE_BUSY`.
    #[serde(default = "defaults::queue")]
    pub queue: usize,
    /// Longest wait for a turn, in milliseconds.
    #[serde(default = "defaults::queue_wait_ms")]
    pub queue_wait_ms: u64,
    /// Most calls a minute, where the agreement with the source says so; one
    /// more is told `SOURCE_THROTTLED`.
    #[serde(default)]
    pub quota_per_minute: Option<u32>,
    /// Longest answer read, in bytes.
    #[serde(default = "defaults::max_body_bytes")]
    pub max_body_bytes: usize,
    /// The only certificate authorities trusted, PEM; without it those of the
    /// system.
    #[serde(default)]
    pub ca_pem: Option<Secret>,
    /// The gateway's certificate chain and private key, PEM, for mutual TLS.
    #[serde(default)]
    pub client_identity: Option<Secret>,
    /// Whether the registry is told the W3C trace id of the call.
    #[serde(default = "defaults::trace_context")]
    pub trace_context: bool,
    /// When to stop asking a registry that fails.
    #[serde(default)]
    pub breaker: BreakerConfig,
}

/// A configuration that cannot work. The messages name fields and files, never
/// a secret.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A field has a value that makes no sense.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field, with dots.
        field: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A secret is empty.
    #[error("secret is empty")]
    SecretEmpty,
    /// A secret's file cannot be read.
    #[error("secret file {path} cannot be read: {kind}")]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        kind: ErrorKind,
    },
    /// The HTTP client cannot be built, mostly for its certificates.
    #[error("HTTP client cannot be built")]
    Client,
}

// === impl HttpConfig ===

impl HttpConfig {
    /// The defaults towards an address.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            plain_http: false,
            connect_timeout_ms: defaults::connect_timeout_ms(),
            deadline_ms: defaults::deadline_ms(),
            max_concurrent: defaults::max_concurrent(),
            queue: defaults::queue(),
            queue_wait_ms: defaults::queue_wait_ms(),
            quota_per_minute: None,
            max_body_bytes: defaults::max_body_bytes(),
            ca_pem: None,
            client_identity: None,
            trace_context: defaults::trace_context(),
            breaker: BreakerConfig::default(),
        }
    }

    /// Makes relative paths of files ones below `base`.
    pub fn resolve(&mut self, base: &Path) {
        for secret in [&mut self.ca_pem, &mut self.client_identity].into_iter().flatten() {
            secret.resolve(base);
        }
    }

    /// The first thing that makes no sense.
    pub fn check(&self) -> Result<(), ConfigError> {
        let invalid = |field, problem| Err(ConfigError::Invalid { field, problem });
        match self.base_url.scheme() {
            "https" => {}
            "http" if self.plain_http || is_loopback(&self.base_url) => {}
            "http" => return invalid("base_url", "http beyond loopback needs plain_http = true"),
            _ => return invalid("base_url", "must be https"),
        }
        if self.base_url.host().is_none() || self.base_url.cannot_be_a_base() {
            return invalid("base_url", "names no host");
        }
        if self.base_url.query().is_some() || self.base_url.fragment().is_some() {
            return invalid("base_url", "must not have a query or fragment");
        }
        if !self.base_url.username().is_empty() || self.base_url.password().is_some() {
            return invalid("base_url", "must not hold credentials");
        }
        let bounds = [
            ("connect_timeout_ms", self.connect_timeout_ms, 60_000),
            ("deadline_ms", self.deadline_ms, 120_000),
            ("max_concurrent", self.max_concurrent as u64, 10_000),
            ("max_body_bytes", self.max_body_bytes as u64, 64 << 20),
        ];
        for (field, value, most) in bounds {
            if value == 0 || value > most {
                return invalid(field, "must be positive and not absurdly large");
            }
        }
        if self.quota_per_minute == Some(0) {
            return invalid("quota_per_minute", "must be positive, or left out");
        }
        self.breaker.check()
    }

    pub(crate) const fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

mod defaults {
    pub(super) const fn connect_timeout_ms() -> u64 {
        2_000
    }
    pub(super) const fn deadline_ms() -> u64 {
        5_000
    }
    pub(super) const fn max_concurrent() -> usize {
        32
    }
    pub(super) const fn queue() -> usize {
        256
    }
    pub(super) const fn queue_wait_ms() -> u64 {
        1_000
    }
    pub(super) const fn max_body_bytes() -> usize {
        1 << 20
    }
    pub(super) const fn trace_context() -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
