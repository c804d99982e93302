//! The signed headers of the direct route (registries.md "Routes").

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use motlan_transport::{Call, ConfigError};
use zeroize::Zeroizing;

use crate::PopulationConfig;

/// What signs requests; secrets are wiped when dropped.
pub(crate) struct Signer {
    user: String,
    secret: Zeroizing<String>,
    api_key: HeaderValue,
    client: HeaderValue,
}

// === impl Signer ===

impl Signer {
    pub(crate) fn new(config: &PopulationConfig) -> Result<Self, ConfigError> {
        let header = |field, text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| ConfigError::Invalid { field, problem: "cannot be sent as a header" })
        };
        if config.user.is_empty() || config.user.contains(':') {
            return Err(ConfigError::Invalid { field: "user", problem: "must not be empty or hold a colon" });
        }
        Ok(Self {
            user: config.user.clone(),
            secret: config.secret.read()?,
            api_key: header("api_key", &config.api_key.read()?)?,
            client: header("x_road_client", &config.x_road_client)?,
        })
    }

    /// Adds the headers; `now_ms` is the Unix time in milliseconds.
    pub(crate) fn sign(&self, call: &mut Call, now_ms: i64) {
        let timestamp = now_ms.to_string();
        let authorization = self.authorization(call.url.as_str(), &timestamp);
        call.header(HeaderName::from_static("timestamp"), header_value(&timestamp));
        call.header(HeaderName::from_static("x-road-client"), self.client.clone());
        call.header(HeaderName::from_static("soapaction"), HeaderValue::from_static("\"\""));
        call.secret_header(HeaderName::from_static("apikey"), self.api_key.clone());
        call.secret_header(http::header::AUTHORIZATION, header_value(&authorization));
    }

    /// `Basic base64(user:sha256hex(url+user+timestamp+secret))`
    fn authorization(&self, url: &str, timestamp: &str) -> String {
        let signed = Zeroizing::new(format!("{url}{}{timestamp}{}", self.user, self.secret.as_str()));
        let hash = hex::encode(digest(&SHA256, signed.as_bytes()));
        format!("Basic {}", STANDARD.encode(format!("{}:{hash}", self.user)))
    }
}

/// Digits and base64 are always a header; an empty one would be refused as
/// unsigned.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests;
