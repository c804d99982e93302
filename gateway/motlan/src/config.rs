//! The configuration: one TOML file, read once, every mistake told at once.
//!
//! A value of [`Config`] exists only when nothing was wrong, so no later stage
//! has to doubt a port, a path or an identifier. Each crate owns the type of
//! its section; here stands how the file fills it. The documented sample is
//! `deploy/config/motlan.toml`.

mod access;
mod check;
mod key_disk;
mod origins;
mod parts;
mod places;
mod reader;
mod registries;
mod sections;
mod telemetry;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod witnesses;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use motlan_access::AccessConfig;
use motlan_audit::AuditOptions;
use motlan_business::BusinessConfig;
use motlan_catalogue::{Catalogue, CatalogueErrors, Purposes};
use motlan_domain::id::Synthetic;
use motlan_domain::{CachePolicy, Dataset};
use motlan_insurance::InsuranceConfig;
use motlan_land::LandConfig;
use motlan_population::PopulationConfig;

pub use check::check;
pub use origins::OriginsSection;
use parts::Parts;
pub use reader::Mistake;
pub use sections::{DossierSection, LogFormat, LogSection, ServerSection, origin, read_register_key};
pub use telemetry::TelemetrySection;
pub use witnesses::{WitnessAt, WitnessSection};

/// Whether real people are spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real registries, real people; synthetic identities are refused.
    Production,
    /// Simulated registries, synthetic people.
    Sandbox,
}

/// Everything a gateway is built from.
#[derive(Debug, Clone)]
pub struct Config {
    /// Production or sandbox.
    pub mode: Mode,
    /// Where and how the gateway listens.
    pub server: ServerSection,
    /// What it writes about itself.
    pub log: LogSection,
    /// Where spans and numbers are sent, if anywhere.
    pub telemetry: Option<TelemetrySection>,
    /// The audit log's folder and bounds.
    pub audit: AuditOptions,
    /// The audit log's key file.
    pub audit_keys: PathBuf,
    /// Who witnesses the audit log.
    pub witnesses: WitnessSection,
    /// The registry in which the log has to stand, if one is named.
    pub origins: Option<OriginsSection>,
    /// The register of dossiers.
    pub dossiers: DossierSection,
    /// The catalogue's folder; without it the one compiled in.
    pub catalogue: Option<PathBuf>,
    /// The folder of registered purposes; without it those compiled in.
    pub purposes: Option<PathBuf>,
    /// Who may call.
    pub access: AccessConfig,
    /// Bytes that cached answers may take.
    pub cache_bytes: u64,
    /// What each dataset's answers may do in the cache.
    pub cache: BTreeMap<Dataset, CachePolicy>,
    /// The registries.
    pub registries: Registries,
    /// Most time for one question to a registry, queueing included.
    pub question_deadline: Duration,
    /// SHA-256 of the file as read, lower-case hex, for the audit log.
    pub digest: String,
}

/// How the registries are reached.
#[derive(Debug, Clone)]
pub struct Registries {
    /// CSDL quốc gia về dân cư.
    pub population: PopulationConfig,
    /// CSDL quốc gia về đăng ký doanh nghiệp.
    pub business: BusinessConfig,
    /// CSDL quốc gia về bảo hiểm.
    pub insurance: InsuranceConfig,
    /// CSDL đất đai quốc gia.
    pub land: LandConfig,
}

/// A configuration that cannot be used: every mistake.
#[derive(Debug)]
pub struct ConfigErrors {
    /// The file.
    pub file: PathBuf,
    /// The mistakes, by line.
    pub mistakes: Vec<Mistake>,
}

// === impl Mode ===

impl Mode {
    /// Whether identities of the sandbox may be spoken of.
    pub const fn synthetic(self) -> Synthetic {
        match self {
            Self::Production => Synthetic::Refused,
            Self::Sandbox => Synthetic::Allowed,
        }
    }
}

// === impl ConfigErrors ===

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.mistakes.len();
        write!(f, "{}: {count} mistake{}", self.file.display(), if count == 1 { "" } else { "s" })?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for ConfigErrors {}

// === impl Config ===

impl Config {
    /// Reads a file. Relative paths in it start at its own folder.
    pub fn read(file: &Path) -> Result<Self, ConfigErrors> {
        let (text, folder) = read_text(file)?;
        Self::parse(&text, folder).map_err(|mistakes| ConfigErrors { file: file.to_owned(), mistakes })
    }

    /// Reads the text of a file that stands in `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Mistake>> {
        let (parts, mistakes) = Parts::parse(text, folder).map_err(|mistake| vec![mistake])?;
        match parts.into_config() {
            Some(config) if mistakes.is_empty() => Ok(config),
            _ => Err(mistakes),
        }
    }

    /// What is told where the audit keys lie on the log's disk and nobody has to
    /// answer for that, in Vietnamese and English.
    pub fn keys_warning(&self) -> Option<String> {
        key_disk::warning(self.mode, &self.audit, &self.audit_keys)
    }

    /// The catalogue and the purposes this configuration names.
    pub fn catalogue(&self) -> Result<(Catalogue, Purposes), Vec<Mistake>> {
        let told = |errors: CatalogueErrors| -> Vec<Mistake> {
            let mistake =
                |problem: String| Mistake { key: "catalogue".to_owned(), problem, ..Mistake::default() };
            errors.mistakes().iter().map(|error| mistake(error.to_string())).collect()
        };
        let catalogue = catalogue(self.catalogue.as_deref()).map_err(told)?;
        let purposes = purposes(self.purposes.as_deref(), &catalogue).map_err(told)?;
        Ok((catalogue, purposes))
    }
}

/// The catalogue in a folder, or the one compiled in.
fn catalogue(folder: Option<&Path>) -> Result<Catalogue, CatalogueErrors> {
    folder.map_or_else(Catalogue::embedded, Catalogue::load)
}

/// The purposes in a folder, or those compiled in.
fn purposes(folder: Option<&Path>, catalogue: &Catalogue) -> Result<Purposes, CatalogueErrors> {
    match folder {
        Some(folder) => Purposes::load(folder, catalogue),
        None => Purposes::embedded(catalogue),
    }
}

/// A file's text, and the folder at which relative paths in it start.
fn read_text(file: &Path) -> Result<(String, &Path), ConfigErrors> {
    let wrong = |mistake| ConfigErrors { file: file.to_owned(), mistakes: vec![mistake] };
    let bytes = std::fs::read(file).map_err(|error| {
        wrong(Mistake { problem: format!("cannot be read: {}", error.kind()), ..Mistake::default() })
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let (line, column) = reader::position(error.as_bytes(), error.utf8_error().valid_up_to());
        wrong(Mistake { line, column, key: String::new(), problem: "is no UTF-8 text".to_owned() })
    })?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok((text, folder.unwrap_or(Path::new("."))))
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
