//! How the insurance database is reached.

use std::path::Path;

use motlan_transport::{HttpConfig, TokenConfig};
use serde::Deserialize;

/// Section `registries.insurance` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsuranceConfig {
    /// Where it is and the bounds of using it.
    pub http: HttpConfig,
    /// Where its tokens come from.
    pub token: TokenConfig,
    /// Paths of the operations.
    #[serde(default)]
    pub paths: InsurancePaths,
}

/// Paths below the base URL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InsurancePaths {
    /// Identity by insurance number.
    pub identity: String,
    /// Insurance number by name and birth date.
    pub search: String,
    /// Contribution history by insurance number.
    pub history: String,
    /// Health card by insurance number.
    pub card: String,
}

// === impl InsuranceConfig ===

impl InsuranceConfig {
    /// Makes relative paths of files ones below `base`.
    pub fn resolve(&mut self, base: &Path) {
        self.http.resolve(base);
        self.token.resolve(base);
    }
}

// === impl InsurancePaths ===

/// The last two are invented: no public schema goes beyond household lookup.
impl Default for InsurancePaths {
    fn default() -> Self {
        Self {
            identity: "/apiBHXH/getTraCuuTtHgdByMaSoBhxh".to_owned(),
            search: "/apiBHXH/getMaSoBhxhTheoTieuChi".to_owned(),
            history: "/apiBHXH/quaTrinhDong".to_owned(),
            card: "/apiBHXH/theBHYT".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
