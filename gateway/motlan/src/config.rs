//! The configuration: one TOML file, read once, every mistake told at once.
//!
//! A value of [`Config`] exists only when nothing was wrong, so no later stage
//! has to doubt a port, a path or an identifier. Each crate owns the type of
//! its section; here stands how the file fills it. The documented sample is
//! `deploy/config/motlan.toml`.

mod access;
mod reader;
mod registries;
mod sections;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use motlan_access::AccessConfig;
use motlan_audit::{AuditOptions, FileKeyProvider};
use motlan_business::{BusinessAdapter, BusinessConfig};
use motlan_catalogue::{Catalogue, Purposes};
use motlan_domain::id::Synthetic;
use motlan_domain::{CachePolicy, Clock, Dataset};
use motlan_insurance::{InsuranceAdapter, InsuranceConfig};
use motlan_land::{LandAdapter, LandConfig};
use motlan_population::{PopulationAdapter, PopulationConfig};
use toml::de::DeTable;

pub use reader::Mistake;
use reader::{Section, Source};
pub use sections::{DossierSection, LogFormat, LogSection, ServerSection, read_register_key};

use crate::clock::SystemClock;

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
    /// The audit log's folder and bounds.
    pub audit: AuditOptions,
    /// The audit log's key file.
    pub audit_keys: PathBuf,
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
        let errors = |mistakes| ConfigErrors { file: file.to_owned(), mistakes };
        let text = std::fs::read_to_string(file).map_err(|error| {
            errors(vec![Mistake {
                line: 0,
                key: String::new(),
                problem: format!("cannot be read: {}", error.kind()),
            }])
        })?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::parse(&text, folder).map_err(errors)
    }

    /// Reads the text of a file that stands in `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Mistake>> {
        let source = Source::new(text, folder);
        // What is not TOML at all is told with the reader's own words; the rest
        // is read as far as it can be.
        let (table, broken) = DeTable::parse_recoverable(text);
        for error in broken {
            source.mistake_at(error.span().map(|span| span.start), String::new(), error.message());
        }
        let config = read_root(&source.root(table.get_ref()), text);
        let mistakes = source.into_mistakes();
        match config {
            Some(config) if mistakes.is_empty() => Ok(config),
            _ => Err(mistakes),
        }
    }

    /// The catalogue and the purposes this configuration names.
    pub fn catalogue(&self) -> Result<(Catalogue, Purposes), Vec<Mistake>> {
        let told = |errors: motlan_catalogue::CatalogueErrors| {
            let tell = |mistake: &motlan_catalogue::Mistake| plain("catalogue", mistake.to_string());
            errors.mistakes().iter().map(tell).collect::<Vec<_>>()
        };
        let catalogue = match &self.catalogue {
            Some(folder) => Catalogue::load(folder),
            None => Catalogue::embedded(),
        };
        let catalogue = catalogue.map_err(told)?;
        let purposes = match &self.purposes {
            Some(folder) => Purposes::load(folder, &catalogue),
            None => Purposes::embedded(&catalogue),
        };
        let purposes = purposes.map_err(told)?;
        Ok((catalogue, purposes))
    }
}

/// Names every mistake of a file and of what it names: catalogue, purposes,
/// callers, keys, officers, policies, secrets. Opens no port, writes nothing.
pub fn check(file: &Path) -> Result<Config, ConfigErrors> {
    let config = Config::read(file)?;
    let mut mistakes = Vec::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    match config.catalogue() {
        Ok((catalogue, purposes)) => {
            mistakes.extend(access::mistakes(&config, &catalogue, &purposes, &clock));
        }
        Err(found) => mistakes.extend(found),
    }
    mistakes.extend(adapter_mistakes(&config, &clock));
    if let Err(error) = FileKeyProvider::open(&config.audit_keys) {
        mistakes.push(plain("audit.keys", format!("{}: {error}", config.audit_keys.display())));
    }
    mistakes.extend(tls::mistake(&config.server).map(|problem| plain("server", problem)));
    if mistakes.is_empty() { Ok(config) } else { Err(ConfigErrors { file: file.to_owned(), mistakes }) }
}

/// Secrets that cannot be read and certificates that cannot be used.
fn adapter_mistakes(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Mistake> {
    let (registries, synthetic) = (config.registries.clone(), config.mode.synthetic());
    let outcomes = [
        (
            "registries.population",
            PopulationAdapter::new(registries.population, synthetic, clock.clone()).map(drop),
        ),
        (
            "registries.business",
            BusinessAdapter::new(registries.business, synthetic, clock.clone()).map(drop),
        ),
        (
            "registries.insurance",
            InsuranceAdapter::new(registries.insurance, synthetic, clock.clone()).map(drop),
        ),
        ("registries.land", LandAdapter::new(registries.land, synthetic, clock.clone()).map(drop)),
    ];
    let failed = outcomes.into_iter().filter_map(|(key, outcome)| Some(plain(key, chain(&outcome.err()?))));
    failed.collect()
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn plain(key: &str, problem: String) -> Mistake {
    Mistake { line: 0, key: key.to_owned(), problem }
}

/// Reads every section before giving up on any, so that all mistakes are found.
fn read_root(root: &Section<'_>, text: &str) -> Option<Config> {
    let mode = root.one_of("mode", &[("production", Mode::Production), ("sandbox", Mode::Sandbox)]);
    let server = sections::server(&root.section("server"));
    let log = sections::log(&root.section_or_none("log"));
    let audit = sections::audit(&root.section("audit"));
    let dossiers = sections::dossiers(&root.section("dossiers"));
    let catalogue_section = root.section_or_none("catalogue");
    let catalogue = catalogue_section.folder_or_none("folder");
    let purposes = catalogue_section.folder_or_none("purposes");
    let access = access::read(&root.section("access"), mode);
    let cache = sections::cache(&root.section_or_none("cache"));
    let registries_section = root.section("registries");
    let registries = registries::read(&registries_section);
    let deadline = registries_section.time_limit("deadline", Duration::from_secs(8), Duration::from_mins(2));
    let (audit, audit_keys) = audit?;
    let (cache_bytes, cache) = cache?;
    let (mode, server, log, dossiers, access) = (mode?, server?, log?, dossiers?, access?);
    let digest = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()));
    Some(Config {
        mode,
        server,
        log,
        audit,
        audit_keys,
        dossiers,
        catalogue,
        purposes,
        access,
        cache_bytes,
        cache,
        registries: registries?,
        question_deadline: deadline?,
        digest,
    })
}
