//! How the population database is reached.

use std::path::Path;

use motlan_domain::id::ProcedureCode;
use motlan_transport::{HttpConfig, Secret};
use serde::Deserialize;

/// Section `registries.population` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationConfig {
    /// Where it is and the bounds of using it.
    pub http: HttpConfig,
    /// User name of the gateway, part of the signature.
    pub user: String,
    /// Secret that enters the signature.
    pub secret: Secret,
    /// `ApiKey` header.
    pub api_key: Secret,
    /// `X-Road-Client` header, `instance/class/member/subsystem`.
    pub x_road_client: String,
    /// `TaiKhoan`: the account the gateway asks under.
    pub account: String,
    /// `SoDienThoai`: a telephone number the source can call.
    pub phone: String,
    /// `MaDVC` where the purpose is no dossier, and so no procedure is known.
    pub default_procedure: ProcedureCode,
    /// Paths of the operations.
    #[serde(default)]
    pub paths: PopulationPaths,
}

/// Paths below the base URL; they differ between routes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PopulationPaths {
    /// Service 037.
    pub lookup: String,
    /// Service 033.
    pub confirm: String,
    /// Household of a person.
    pub household: String,
    /// Death or declared absence of a person.
    pub status: String,
}

// === impl PopulationConfig ===

impl PopulationConfig {
    /// Makes relative paths of files ones below `base`.
    pub fn resolve(&mut self, base: &Path) {
        self.http.resolve(base);
        self.secret.resolve(base);
        self.api_key.resolve(base);
    }
}

// === impl PopulationPaths ===

/// Paths are invented where the sources are silent, and are the sandbox's.
impl Default for PopulationPaths {
    fn default() -> Self {
        Self {
            lookup: "/dancuquocgia/TraCuuThongTinCongDan".to_owned(),
            confirm: "/dancuquocgia/XacThucThongTinCongDan".to_owned(),
            household: "/dancuquocgia/CungCapThongTinHoGiaDinh".to_owned(),
            status: "/dancuquocgia/XacMinhTinhTrangChetMatTich".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
