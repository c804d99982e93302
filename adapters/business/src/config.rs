//! How the business registry is reached.

use std::path::Path;

use motlan_transport::{HttpConfig, TokenConfig};
use serde::Deserialize;

/// Section `registries.business` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessConfig {
    /// Where it is and the bounds of using it.
    pub http: HttpConfig,
    /// Where its tokens come from.
    pub token: TokenConfig,
    /// Paths of the operations.
    #[serde(default)]
    pub paths: BusinessPaths,
}

/// Paths below the base URL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusinessPaths {
    /// Enterprise by code.
    pub enterprise: String,
}

// === impl BusinessConfig ===

impl BusinessConfig {
    /// Makes relative paths of files ones below `base`.
    pub fn resolve(&mut self, base: &Path) {
        self.http.resolve(base);
        self.token.resolve(base);
    }
}

// === impl BusinessPaths ===

impl Default for BusinessPaths {
    fn default() -> Self {
        Self { enterprise: "/apiCSDLDKDN/1.0/chiTietDoanhNghiep".to_owned() }
    }
}

#[cfg(test)]
mod tests;
