//! `[server]`, `[log]`, `[audit]`, `[dossiers]` and `[cache]`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use motlan_audit::AuditOptions;
use motlan_domain::{CachePolicy, CacheScope, Dataset};
use motlan_pipeline::{QuotaOptions, Rate};
use motlan_server::Limits;

use super::reader::Section;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// `[server]`: where the gateway listens, and its limits at the edge.
#[derive(Debug, Clone)]
pub struct ServerSection {
    /// gRPC over mutual TLS.
    pub listen: SocketAddr,
    /// Health and readiness, plain HTTP; loopback only.
    pub probe: SocketAddr,
    /// The published log over HTTPS, if it is to be served.
    pub log_listen: Option<SocketAddr>,
    /// The server's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The authorities whose client certificates are accepted, PEM.
    pub client_ca: PathBuf,
    /// Whether reflection is offered to configured callers.
    pub reflection: bool,
    /// Bounds on connections, messages and time.
    pub limits: Limits,
    /// How many entries one caller may cause.
    pub quotas: QuotaOptions,
}

/// `[log]`: the technical log, on standard error. No personal data ever.
#[derive(Debug, Clone)]
pub struct LogSection {
    /// What is written, e.g. `info` or `info,motlan_audit=debug`.
    pub filter: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// `[dossiers]`: the register.
#[derive(Debug, Clone)]
pub struct DossierSection {
    /// The SQLite file.
    pub file: PathBuf,
    /// The file that holds its key: 64 hexadecimal digits.
    pub key: PathBuf,
    /// Dossiers kept in memory.
    pub cached: usize,
}

/// The server's TLS files, each there where it could be opened.
pub(super) struct TlsFiles {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) client_ca: Option<PathBuf>,
}

pub(super) fn server(section: &Section<'_>) -> (Option<ServerSection>, TlsFiles) {
    let tls = TlsFiles {
        certificate: section.file("certificate"),
        key: section.file("key"),
        client_ca: section.file("client_ca"),
    };
    (server_over(section, &tls), tls)
}

fn server_over(section: &Section<'_>, tls: &TlsFiles) -> Option<ServerSection> {
    let listen = section.address("listen");
    let probe = section.address("probe");
    if let Some(probe) = probe.filter(|probe| !probe.ip().is_loopback()) {
        section.mistake("probe", format!("{} is not a loopback address", probe.ip()));
    }
    if listen.is_some() && listen == probe && listen.is_some_and(|address| address.port() != 0) {
        section.mistake("probe", "is the same as listen");
    }
    let log_listen = section.has("log_listen").then(|| section.address("log_listen"));
    section.know("log_listen");
    let taken = |log: SocketAddr| log.port() != 0 && [listen, probe].contains(&Some(log));
    if log_listen.flatten().is_some_and(taken) {
        section.mistake("log_listen", "is the same as listen or probe");
    }
    let reflection = section.flag("reflection", true);
    let bounds = section.section_or_none("limits");
    let (limits, quotas) = (limits(&bounds), quotas(&bounds));
    Some(ServerSection {
        listen: listen?,
        probe: probe?,
        log_listen: log_listen.map_or(Some(None), |log| log.map(Some))?,
        certificate: tls.certificate.clone()?,
        key: tls.key.clone()?,
        client_ca: tls.client_ca.clone()?,
        reflection: reflection?,
        limits: limits?,
        quotas: quotas?,
    })
}

fn quotas(section: &Section<'_>) -> Option<QuotaOptions> {
    let known = QuotaOptions::default();
    let number = |key, default: u32| {
        section.number(key, u64::from(default), 1..=1_000_000_000).and_then(|value| u32::try_from(value).ok())
    };
    let refusals = number("refusals", known.refusals.burst);
    let refusals_again = number("refusals_per_second", known.refusals.per_second);
    let entries = number("entries", known.entries.burst);
    let entries_again = number("entries_per_second", known.entries.per_second);
    let aggregate_every = section.time_limit("aggregate_every", known.aggregate_every, 10 * MINUTE);
    Some(QuotaOptions {
        refusals: Rate { burst: refusals?, per_second: refusals_again? },
        entries: Rate { burst: entries?, per_second: entries_again? },
        aggregate_every: aggregate_every?,
    })
}

fn limits(section: &Section<'_>) -> Option<Limits> {
    let known = Limits::default();
    let count = |key, default: usize, most: u64| section.number(key, default as u64, 1..=most).map(size);
    let small = |key, default: u32, most: u64| {
        section.number(key, u64::from(default), 1..=most).and_then(|value| u32::try_from(value).ok())
    };
    let max_connections = count("max_connections", known.max_connections, 1_000_000);
    let connections_each = count("max_connections_per_caller", known.max_connections_per_caller, 1_000_000);
    let per_address = count("max_connections_per_address", known.max_connections_per_address, 1_000_000);
    let handshakes = count("max_handshakes", known.max_handshakes, 1_000_000);
    let max_calls = count("max_calls", known.max_calls, 1_000_000);
    let per_caller = count("max_calls_per_caller", known.max_calls_per_caller, 1_000_000);
    let max_streams = small("max_streams", known.max_streams, 65_536);
    let max_request = count("max_request_bytes", known.max_request_bytes, 16 << 20);
    let max_response = count("max_response_bytes", known.max_response_bytes, 64 << 20);
    let max_header = small("max_header_bytes", known.max_header_bytes, 1 << 20);
    let handshake = section.time_limit("handshake", known.handshake, MINUTE);
    let call = section.time_limit("call", known.call, 10 * MINUTE);
    let patience = section.time_limit("patience", known.patience, 10 * MINUTE);
    let connection_age = section.time_limit("connection_age", known.connection_age, DAY);
    let drain = section.duration("drain", known.drain, 10 * MINUTE);
    Some(Limits {
        max_connections: max_connections?,
        max_connections_per_caller: connections_each?,
        max_connections_per_address: per_address?,
        max_handshakes: handshakes?,
        max_calls: max_calls?,
        max_calls_per_caller: per_caller?,
        max_streams: max_streams?,
        max_request_bytes: max_request?,
        max_response_bytes: max_response?,
        max_header_bytes: max_header?,
        handshake: handshake?,
        call: call?,
        patience: patience?,
        connection_age: connection_age?,
        drain: drain?,
    })
}

pub(super) fn log(section: &Section<'_>) -> Option<LogSection> {
    let filter = section.parsed_or_none("filter", |text| {
        let valid = text.parse::<tracing_subscriber::filter::EnvFilter>();
        valid.map(|_| text.to_owned()).map_err(|_| "is no filter such as \"info\"".to_owned())
    });
    let wrong = section.has("filter") && filter.is_none();
    let format =
        section.one_of_or("format", &[("text", LogFormat::Text), ("json", LogFormat::Json)], LogFormat::Text);
    if wrong {
        return None;
    }
    Some(LogSection { filter: filter.unwrap_or_else(|| "info".to_owned()), format: format? })
}

pub(super) fn audit(section: &Section<'_>) -> (Option<AuditOptions>, Option<PathBuf>) {
    let keys = section.file("keys");
    (audit_options(section), keys)
}

fn audit_options(section: &Section<'_>) -> Option<AuditOptions> {
    let folder = section.new_path("folder");
    let origin = section.parsed("origin", origin);
    let segment = section.number("segment_mib", 12, 1..=4_096);
    let spacing =
        section.duration("commit_spacing", Duration::from_micros(1_500), Duration::from_millis(100));
    let queue = section.number("queue", 16_384, 16..=1_000_000);
    let reserve = section.number("reserve_mib", 4, 1..=1_024);
    let published = if section.has("published") {
        Some(section.new_path("published")?)
    } else {
        section.know("published");
        None
    };
    let mut options = AuditOptions::new(folder?, origin?);
    if let Some(published) = published {
        options.log_dir = published;
    }
    options.segment_bytes = segment? << 20;
    options.commit_spacing = spacing?;
    options.queue = size(queue?);
    options.reserve_bytes = reserve? << 20;
    Some(options)
}

/// The name of a C2SP log: schema-less, no blanks, no plus sign.
pub fn origin(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-/".contains(&byte);
    let fits = !text.is_empty() && text.len() <= 128 && text.bytes().all(plain);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("is not a log name such as \"motlan.example.vn/gw1\"".to_owned())
    }
}

pub(super) fn dossiers(section: &Section<'_>) -> Option<DossierSection> {
    let file = section.new_path("file");
    let key = section.file("key");
    let cached = section.number("cached", 65_536, 1..=10_000_000);
    if let Some(Err(problem)) = key.as_deref().map(read_register_key) {
        section.mistake("key", problem);
    }
    Some(DossierSection { file: file?, key: key?, cached: size(cached?) })
}

/// The register's key from its file. The problem never tells the content.
pub fn read_register_key(path: &std::path::Path) -> Result<[u8; 32], String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {}", path.display(), error.kind()))?;
    let mut key = [0; 32];
    let decoded = hex::decode_to_slice(text.trim(), &mut key);
    decoded.map_err(|_| format!("{} does not hold 64 hexadecimal digits", path.display()))?;
    Ok(key)
}

pub(super) fn cache(section: &Section<'_>) -> Option<(u64, BTreeMap<Dataset, CachePolicy>)> {
    let bytes = section.number("max_mib", 256, 1..=65_536);
    let datasets = section.section_or_none("datasets");
    let policies: Vec<_> = Dataset::ALL.into_iter().map(|dataset| policy(&datasets, dataset)).collect();
    let policies: Option<BTreeMap<_, _>> = policies.into_iter().collect();
    Some((bytes? << 20, policies?))
}

fn policy(datasets: &Section<'_>, dataset: Dataset) -> Option<(Dataset, CachePolicy)> {
    let section = datasets.section_or_none(dataset.as_str());
    let default = CachePolicy::default_for(dataset);
    let scopes = [
        ("none", CacheScope::None),
        ("dossier", CacheScope::Dossier),
        ("agency", CacheScope::Agency),
        ("province", CacheScope::Province),
    ];
    let scope = section.one_of_or("scope", &scopes, default.scope);
    if scope.is_some_and(|scope| scope > CacheScope::Dossier) && names_the_asker(dataset) {
        section.mistake(
            "scope",
            "must be none or dossier: the route tells the source dossier and officer, and nobody's access is booked to \
             somebody else",
        );
    }
    let max_age = section.duration("max_age", default.max_age, DAY);
    let revalidate = section.duration("stale_while_revalidate", default.stale_while_revalidate, DAY);
    let on_error = section.duration("stale_if_error", default.stale_if_error, DAY);
    let not_found = section.duration("not_found", default.not_found, 10 * MINUTE);
    let policy = CachePolicy {
        max_age: max_age?,
        stale_while_revalidate: revalidate?,
        stale_if_error: on_error?,
        not_found: not_found?,
        scope: scope?,
    };
    Some((dataset, policy))
}

/// Whether the dataset's route transmits the dossier or the officer.
const fn names_the_asker(dataset: Dataset) -> bool {
    !matches!(dataset, Dataset::Enterprise)
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
