//! `[telemetry]`: where spans and numbers are sent, if anywhere.

use std::time::Duration;

use motlan_transport::{HttpConfig, Secret};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tonic::metadata::{Ascii, MetadataValue};
use url::Url;

use super::reader::Section;

/// A collector that takes OTLP over gRPC, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct TelemetrySection {
    /// `http://host:port` or `https://host:port`.
    pub endpoint: Url,
    /// The only authorities trusted, PEM; there with `https`.
    pub ca_pem: Option<Secret>,
    /// What the `authorization` header says.
    pub authorization: Option<Secret>,
    /// `service.name`.
    pub service_name: String,
    /// `service.instance.id`; without it the name of the audit log.
    pub instance_id: Option<String>,
    /// The share of calls that are recorded as spans, 0 to 1, where the caller
    /// did not decide that.
    pub sample_ratio: f64,
    /// Spans that may wait; beyond, they are dropped and counted.
    pub queue: usize,
    /// How often numbers are sent.
    pub interval: Duration,
    /// Most time for one delivery, and for the last one at shutdown.
    pub timeout: Duration,
}

// === impl TelemetrySection ===

impl TelemetrySection {
    /// The defaults towards a collector.
    pub fn new(endpoint: Url) -> Self {
        Self {
            endpoint,
            ca_pem: None,
            authorization: None,
            service_name: "motlan".to_owned(),
            instance_id: None,
            sample_ratio: 1.0,
            queue: 4_096,
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(5),
        }
    }
}

/// `None` for a mistake, `Some(None)` where nothing is to be sent.
#[expect(clippy::option_option, reason = "a wrong section is not an absent one")]
pub(super) fn read(root: &Section<'_>) -> Option<Option<TelemetrySection>> {
    let section = root.section_or_none("telemetry");
    if !root.has("telemetry") {
        return Some(None);
    }
    let endpoint = section.url("endpoint");
    // The defaults are the section's own; the address is read apart.
    let known = TelemetrySection::new(Url::parse("http://localhost").ok()?);
    let plain_http = section.flag("plain_http", false);
    let ca_pem = section.secret_or_none("ca_pem");
    let authorization = section.secret_or_none("authorization");
    let service_name = text(&section, "service_name", known.service_name);
    let instance_id = section.text_or_none("instance_id");
    let sample_ratio = section.share("sample_ratio", known.sample_ratio);
    let queue = section.number("queue", known.queue as u64, 1..=1_000_000);
    let interval = section.time_limit("interval", known.interval, Duration::from_hours(1));
    let timeout = section.time_limit("timeout", known.timeout, Duration::from_mins(1));
    let endpoint = endpoint.filter(|url| reachable(&section, url, plain_http, ca_pem.as_ref()));
    let header = authorization.as_ref().and_then(|secret| secret.read().ok());
    if header.is_some_and(|header| MetadataValue::<Ascii>::try_from(header.as_str()).is_err()) {
        section.mistake("authorization", "is no value of a header");
    }
    let wrong = ["ca_pem", "authorization", "instance_id"].map(|key| section.has(key));
    let told = [ca_pem.is_some(), authorization.is_some(), instance_id.is_some()];
    if wrong != told {
        return None;
    }
    Some(Some(TelemetrySection {
        endpoint: endpoint?,
        ca_pem,
        authorization,
        service_name: service_name?,
        instance_id,
        sample_ratio: sample_ratio?,
        queue: usize::try_from(queue?).ok()?,
        interval: interval?,
        timeout: timeout?,
    }))
}

/// Whether the collector can be spoken to as the section says.
fn reachable(section: &Section<'_>, url: &Url, plain_http: Option<bool>, ca_pem: Option<&Secret>) -> bool {
    let Some(plain_http) = plain_http else { return false };
    let mut wrong = false;
    let mut mistake = |key, problem: &str| {
        section.mistake(key, problem);
        wrong = true;
    };
    if !matches!(url.path(), "" | "/") {
        mistake("endpoint", "must have no path: OTLP over gRPC has its own");
    }
    // By the same rule as the registries: plain HTTP leaves the machine only
    // where that is said in so many words.
    let rule = HttpConfig { plain_http, ..HttpConfig::new(url.clone()) };
    if let Err(error) = rule.check() {
        mistake("endpoint", error.to_string().trim_start_matches("base_url: "));
    }
    match (url.scheme(), ca_pem.and_then(|pem| pem.read().ok())) {
        ("https", None) if !section.has("ca_pem") => {
            mistake("ca_pem", "is missing: https trusts no authority but these");
        }
        (_, Some(pem)) if !holds_certificate(pem.as_bytes()) => {
            mistake("ca_pem", "holds no certificate in PEM");
        }
        _ => {}
    }
    !wrong
}

pub(super) fn holds_certificate(pem: &[u8]) -> bool {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    found.is_ok_and(|found| !found.is_empty())
}

fn text(section: &Section<'_>, key: &'static str, default: String) -> Option<String> {
    if section.has(key) {
        return section.text(key);
    }
    section.know(key);
    Some(default)
}
