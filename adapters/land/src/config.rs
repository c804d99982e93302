//! How the land database is reached.

use std::path::Path;

use motlan_transport::{HttpConfig, TokenConfig};
use serde::Deserialize;

/// Section `registries.land` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LandConfig {
    /// Where it is and the bounds of using it.
    pub http: HttpConfig,
    /// Where its tokens come from.
    pub token: TokenConfig,
    /// Paths of the operations.
    #[serde(default)]
    pub paths: LandPaths,
}

/// Paths below the base URL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LandPaths {
    /// Certificate by serial.
    pub certificate: String,
    /// Parcel by commune, sheet and number.
    pub parcel: String,
    /// Certificates by owner.
    pub by_owner: String,
}

// === impl LandConfig ===

impl LandConfig {
    /// Makes relative paths of files ones below `base`.
    pub fn resolve(&mut self, base: &Path) {
        self.http.resolve(base);
        self.token.resolve(base);
    }
}

// === impl LandPaths ===

impl Default for LandPaths {
    fn default() -> Self {
        Self {
            certificate: "/vbdlis/giayChungNhan".to_owned(),
            parcel: "/vbdlis/thuaDat".to_owned(),
            by_owner: "/vbdlis/theoChu".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
