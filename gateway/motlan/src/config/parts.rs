//! The sections of a file, each as far as it could be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use motlan_audit::AuditOptions;
use motlan_domain::id::Synthetic;
use motlan_domain::{CachePolicy, Dataset};
use toml::de::DeTable;

use super::access::ReadAccess;
use super::places::Places;
use super::reader::{Mistake, Section, Source, position};
use super::registries::ReadRegistries;
use super::sections::TlsFiles;
use super::{
    Config, DossierSection, LogSection, Mode, OriginsSection, ServerSection, TelemetrySection,
    WitnessSection, access, key_disk, origins, registries, sections, telemetry, witnesses,
};

/// What a file says; `None` wherever a mistake was told instead.
#[expect(clippy::option_option, reason = "a wrong folder is not an absent one")]
pub(super) struct Parts {
    pub(super) mode: Option<Mode>,
    pub(super) server: Option<ServerSection>,
    /// The server's TLS files, each by itself.
    pub(super) tls: TlsFiles,
    pub(super) log: Option<LogSection>,
    /// The collector, if one is named.
    pub(super) telemetry: Option<Option<TelemetrySection>>,
    pub(super) audit: Option<AuditOptions>,
    pub(super) audit_keys: Option<PathBuf>,
    pub(super) witnesses: Option<WitnessSection>,
    /// Whether the operator answers for keys where the log is.
    pub(super) keys_on_same_disk: Option<bool>,
    /// The registry, if one is named.
    pub(super) origins: Option<Option<OriginsSection>>,
    pub(super) dossiers: Option<DossierSection>,
    /// The folder, if one is named.
    pub(super) catalogue: Option<Option<PathBuf>>,
    /// The folder, if one is named.
    pub(super) purposes: Option<Option<PathBuf>>,
    pub(super) access: ReadAccess,
    pub(super) cache: Option<(u64, BTreeMap<Dataset, CachePolicy>)>,
    pub(super) registries: ReadRegistries,
    pub(super) question_deadline: Option<Duration>,
    /// Where each key stands.
    pub(super) places: Places,
    digest: String,
}

// === impl Parts ===

impl Parts {
    /// Reads every section before giving up on any, so that all mistakes are
    /// found.
    ///
    /// # Errors
    /// A text that is no TOML: that mistake alone, since whatever follows from
    /// it would be guesswork.
    pub(super) fn parse(text: &str, folder: &Path) -> Result<(Self, Vec<Mistake>), Mistake> {
        let source = Source::new(text, folder);
        let table = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(text.len(), |span| span.start);
            let (line, column) = position(text.as_bytes(), offset);
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            Mistake { line, column, key: String::new(), problem: format!("is no TOML: {message}") }
        })?;
        let mut parts = Self::read(&source.root(table.get_ref()), text);
        parts.places = Places::of(&source, table.get_ref());
        Ok((parts, source.into_mistakes()))
    }

    fn read(root: &Section<'_>, text: &str) -> Self {
        let mode = root.one_of("mode", &[("production", Mode::Production), ("sandbox", Mode::Sandbox)]);
        let (server, tls) = sections::server(&root.section("server"));
        let log = sections::log(&root.section_or_none("log"));
        let telemetry = telemetry::read(root);
        let audit_section = root.section("audit");
        let (audit, audit_keys) = sections::audit(&audit_section);
        let dossiers = sections::dossiers(&root.section("dossiers"));
        let catalogue_section = root.section_or_none("catalogue");
        let access = access::read(&root.section("access"), mode);
        let cache = sections::cache(&root.section_or_none("cache"));
        let registries_section = root.section("registries");
        let deadline =
            registries_section.time_limit("deadline", Duration::from_secs(8), Duration::from_mins(2));
        Self {
            mode,
            server,
            tls,
            log,
            telemetry,
            audit,
            audit_keys,
            witnesses: witnesses::read(&audit_section),
            keys_on_same_disk: key_disk::read(&audit_section),
            origins: origins::read(&audit_section),
            dossiers,
            catalogue: folder(&catalogue_section, "folder"),
            purposes: folder(&catalogue_section, "purposes"),
            access,
            cache,
            registries: registries::read(&registries_section),
            question_deadline: deadline,
            places: Places::default(),
            digest: hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes())),
        }
    }

    /// The configuration, where every section could be read.
    pub(super) fn into_config(self) -> Option<Config> {
        let (cache_bytes, cache) = self.cache?;
        Some(Config {
            mode: self.mode?,
            server: self.server?,
            log: self.log?,
            telemetry: self.telemetry?,
            audit: self.audit?,
            audit_keys: self.audit_keys?,
            witnesses: self.witnesses?,
            origins: self.origins?,
            dossiers: self.dossiers?,
            catalogue: self.catalogue?,
            purposes: self.purposes?,
            access: self.access.whole()?,
            cache_bytes,
            cache,
            registries: self.registries.whole()?,
            question_deadline: self.question_deadline?,
            digest: self.digest,
        })
    }

    /// By which rule identities are judged; without a readable mode none is
    /// called a mistake.
    pub(super) fn synthetic(&self) -> Synthetic {
        self.mode.map_or(Synthetic::Allowed, Mode::synthetic)
    }
}

/// A folder that may be named: `None` for a mistake, `Some(None)` for none named.
#[expect(clippy::option_option, reason = "a wrong folder is not an absent one")]
fn folder(section: &Section<'_>, key: &'static str) -> Option<Option<PathBuf>> {
    let folder = section.folder_or_none(key);
    (folder.is_some() || !section.has(key)).then_some(folder)
}
