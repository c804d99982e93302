//! `[registries.*]`: how each registry is reached.

use std::sync::Arc;

use motlan_business::{BusinessConfig, BusinessPaths};
use motlan_domain::id::ProcedureCode;
use motlan_insurance::{InsuranceConfig, InsurancePaths};
use motlan_land::{LandConfig, LandPaths};
use motlan_population::{PopulationConfig, PopulationPaths};
use motlan_transport::{BreakerConfig, ConfigError, Http, HttpConfig, Secret, TokenConfig, TokenForm};

use super::reader::Section;
use super::{Registries, chain};
use crate::clock::SystemClock;

/// The registries, each as far as it could be read.
#[derive(Clone)]
pub(super) struct ReadRegistries {
    pub(super) population: Option<PopulationConfig>,
    /// Of the population registry, as written: the catalogue has to know it.
    pub(super) default_procedure: Option<String>,
    pub(super) business: Option<BusinessConfig>,
    pub(super) insurance: Option<InsuranceConfig>,
    pub(super) land: Option<LandConfig>,
}

// === impl ReadRegistries ===

impl ReadRegistries {
    /// All four, where each could be read.
    pub(super) fn whole(self) -> Option<Registries> {
        Some(Registries {
            population: self.population?,
            business: self.business?,
            insurance: self.insurance?,
            land: self.land?,
        })
    }
}

/// Reads all four, so that the mistakes of each are told.
pub(super) fn read(section: &Section<'_>) -> ReadRegistries {
    let (population, default_procedure) = population(&section.section("population"));
    ReadRegistries {
        population,
        default_procedure,
        business: business(&section.section("business")),
        insurance: insurance(&section.section("insurance")),
        land: land(&section.section("land")),
    }
}

fn population(section: &Section<'_>) -> (Option<PopulationConfig>, Option<String>) {
    let mut written = None;
    let default_procedure = section.parsed("default_procedure", |text| {
        written = Some(text.to_owned());
        ProcedureCode::parse(text).map_err(|error| format!("is no procedure code: {}", error.reason()))
    });
    (population_under(section, default_procedure), written)
}

fn population_under(
    section: &Section<'_>,
    default_procedure: Option<ProcedureCode>,
) -> Option<PopulationConfig> {
    let http = http(&section.section("http"));
    let user = section.text("user");
    let secret = section.secret("secret");
    let api_key = section.secret("api_key");
    let x_road_client = section.parsed("x_road_client", |text| {
        let parts: Vec<&str> = text.split('/').collect();
        let whole = (3..=4).contains(&parts.len()) && parts.iter().all(|part| !part.is_empty());
        if whole { Ok(text.to_owned()) } else { Err("is not instance/class/member[/subsystem]".to_owned()) }
    });
    let account = section.text("account");
    let phone = section.text("phone");
    let paths = section.section_or_none("paths");
    let known = PopulationPaths::default();
    let lookup = path(&paths, "lookup", known.lookup);
    let confirm = path(&paths, "confirm", known.confirm);
    let household = path(&paths, "household", known.household);
    let status = path(&paths, "status", known.status);
    let paths =
        PopulationPaths { lookup: lookup?, confirm: confirm?, household: household?, status: status? };
    Some(PopulationConfig {
        http: http?,
        user: user?,
        secret: secret?,
        api_key: api_key?,
        x_road_client: x_road_client?,
        account: account?,
        phone: phone?,
        default_procedure: default_procedure?,
        paths,
    })
}

fn business(section: &Section<'_>) -> Option<BusinessConfig> {
    let (http, token) = (http(&section.section("http")), token(&section.section("token")));
    let enterprise =
        path(&section.section_or_none("paths"), "enterprise", BusinessPaths::default().enterprise);
    Some(BusinessConfig { http: http?, token: token?, paths: BusinessPaths { enterprise: enterprise? } })
}

fn insurance(section: &Section<'_>) -> Option<InsuranceConfig> {
    let (http, token) = (http(&section.section("http")), token(&section.section("token")));
    let paths = section.section_or_none("paths");
    let known = InsurancePaths::default();
    let identity = path(&paths, "identity", known.identity);
    let search = path(&paths, "search", known.search);
    let history = path(&paths, "history", known.history);
    let card = path(&paths, "card", known.card);
    let paths = InsurancePaths { identity: identity?, search: search?, history: history?, card: card? };
    Some(InsuranceConfig { http: http?, token: token?, paths })
}

fn land(section: &Section<'_>) -> Option<LandConfig> {
    let (http, token) = (http(&section.section("http")), token(&section.section("token")));
    let paths = section.section_or_none("paths");
    let known = LandPaths::default();
    let certificate = path(&paths, "certificate", known.certificate);
    let parcel = path(&paths, "parcel", known.parcel);
    let by_owner = path(&paths, "by_owner", known.by_owner);
    let paths = LandPaths { certificate: certificate?, parcel: parcel?, by_owner: by_owner? };
    Some(LandConfig { http: http?, token: token?, paths })
}

fn path(section: &Section<'_>, key: &'static str, default: String) -> Option<String> {
    let absolute = |text: &str| {
        if text.starts_with('/') { Ok(text.to_owned()) } else { Err("must begin with /".to_owned()) }
    };
    if section.has(key) {
        return section.parsed(key, absolute);
    }
    section.know(key);
    Some(default)
}

fn http(section: &Section<'_>) -> Option<HttpConfig> {
    let base_url = section.url("base_url");
    let plain_http = section.flag("plain_http", false);
    let number = |key, default: u64, most| section.number(key, default, 1..=most);
    let count = |key, default: usize, most| {
        number(key, default as u64, most).map(|value| usize::try_from(value).unwrap_or(default))
    };
    // The defaults are the transport's own; the address is read apart.
    let known = HttpConfig::new(url::Url::parse("https://registry.invalid").ok()?);
    let connect_timeout_ms = number("connect_timeout_ms", known.connect_timeout_ms, 60_000);
    let deadline_ms = number("deadline_ms", known.deadline_ms, 120_000);
    let queue_wait_ms = section.number("queue_wait_ms", known.queue_wait_ms, 0..=120_000);
    section.know("quota_per_minute");
    let quota = if section.has("quota_per_minute") {
        section.number("quota_per_minute", 1, 1..=1_000_000).map(|quota| u32::try_from(quota).ok())
    } else {
        Some(None)
    };
    let max_concurrent = count("max_concurrent", known.max_concurrent, 10_000);
    let queue = section
        .number("queue", known.queue as u64, 0..=100_000)
        .and_then(|value| usize::try_from(value).ok());
    let max_body_bytes = count("max_body_bytes", known.max_body_bytes, 64 << 20);
    let trace_context = section.flag("trace_context", known.trace_context);
    let breaker_section = section.section_or_none("breaker");
    let failures = breaker_section.number("failures", u64::from(known.breaker.failures), 1..=10_000);
    let open_ms = breaker_section.number("open_ms", known.breaker.open_ms, 1..=3_600_000);
    // Each of these is judged by itself, whatever the others are.
    let base_url = base_url.filter(|base_url| {
        let plain_http = plain_http.unwrap_or(true);
        usable(section, "base_url", HttpConfig { plain_http, ..HttpConfig::new(base_url.clone()) })
    });
    let ca_pem = section
        .secret_or_none("ca_pem")
        .filter(|pem| usable(section, "ca_pem", HttpConfig { ca_pem: Some(pem.clone()), ..known.clone() }));
    let client_identity = section.secret_or_none("client_identity").filter(|pem| {
        usable(section, "client_identity", HttpConfig { client_identity: Some(pem.clone()), ..known.clone() })
    });
    let unread = |key, secret: &Option<Secret>| section.has(key) && secret.is_none();
    if unread("ca_pem", &ca_pem) || unread("client_identity", &client_identity) {
        return None;
    }
    let breaker = BreakerConfig { failures: u32::try_from(failures?).ok()?, open_ms: open_ms? };
    Some(HttpConfig {
        base_url: base_url?,
        plain_http: plain_http?,
        connect_timeout_ms: connect_timeout_ms?,
        deadline_ms: deadline_ms?,
        max_concurrent: max_concurrent?,
        queue: queue?,
        queue_wait_ms: queue_wait_ms?,
        quota_per_minute: quota?,
        max_body_bytes: max_body_bytes?,
        ca_pem,
        client_identity,
        trace_context: trace_context?,
        breaker,
    })
}

/// Whether a client can be built on a configuration that has nothing but one
/// value of its own; the mistake is told at that key.
fn usable(section: &Section<'_>, key: &'static str, config: HttpConfig) -> bool {
    let built = Http::new(config, Arc::new(SystemClock::start()));
    let Err(error) = built else { return true };
    let problem = match &error {
        ConfigError::Invalid { problem, .. } => (*problem).to_owned(),
        ConfigError::Client if key == "client_identity" => "holds no certificate and key in PEM".to_owned(),
        ConfigError::Client => "holds no certificate in PEM".to_owned(),
        other => chain(other),
    };
    section.mistake(key, problem);
    false
}

/// How the token form is named in the file.
#[derive(Clone, Copy)]
enum Form {
    Basic,
    Lgsp,
}

fn token(section: &Section<'_>) -> Option<TokenConfig> {
    let form_section = section.section("form");
    let kind = form_section.one_of("kind", &[("basic", Form::Basic), ("lgsp", Form::Lgsp)]);
    let form = kind.and_then(|kind| form(&form_section, kind));
    if kind.is_none() {
        // Which keys belong here is not known: they are not called unknown.
        form_section.accept_all();
    }
    let known = TokenConfig::new(TokenForm::Basic {
        client_id: String::new(),
        client_secret: motlan_transport::Secret::inline(""),
    });
    let path = path(section, "path", known.path);
    let skew_s = section.number("skew_s", known.skew_s, 0..=3_600);
    Some(TokenConfig { path: path?, skew_s: skew_s?, form: form? })
}

fn form(section: &Section<'_>, kind: Form) -> Option<TokenForm> {
    match kind {
        Form::Basic => {
            let (client_id, client_secret) = (section.text("client_id"), section.secret("client_secret"));
            Some(TokenForm::Basic { client_id: client_id?, client_secret: client_secret? })
        }
        Form::Lgsp => {
            let (access_key, secret_key) = (section.text("access_key"), section.secret("secret_key"));
            let app_name = section.text("app_name");
            let (partner_code, cus) = (section.text("partner_code"), section.text("partner_code_cus"));
            Some(TokenForm::Lgsp {
                access_key: access_key?,
                secret_key: secret_key?,
                app_name: app_name?,
                partner_code: partner_code?,
                partner_code_cus: cus?,
            })
        }
    }
}
