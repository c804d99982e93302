//! Every mistake is named, all of them at once, and nothing else is called one.

mod log;
mod once;
mod witnesses;

use std::path::Path;

use motlan_audit::FileKeyProvider;

use super::*;
use crate::sandbox::pki::{Authority, SigningKey};

/// The documented sample that operators start from.
const SAMPLE: &str = include_str!("../../../../deploy/config/motlan.toml");

/// The sample with its files in a folder of the test.
struct Site {
    folder: tempfile::TempDir,
    text: String,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap().to_owned();
        let text = SAMPLE.replace("\"/etc/motlan/", &format!("\"{root}/etc/"));
        let text = text.replace("\"/var/lib/motlan/", &format!("\"{root}/var/"));
        // Keys and log of a test lie in one folder for temporary files.
        let text = text.replace("# keys_on_same_disk = \"refused\"", "keys_on_same_disk = \"accepted\"");
        let write = |name: &str, content: &str| {
            let path = folder.path().join("etc").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        let authority = Authority::new("2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
        let server = authority.server().unwrap();
        write("tls/server.pem", &server.certificate);
        write("tls/server.key", &server.key);
        write("tls/clients-ca.pem", authority.pem());
        write("keys/register.key", &"0f".repeat(32));
        for name in ["officers", "citizens", "receipts"] {
            let set = serde_json::json!({ "keys": [SigningKey::new("k1").unwrap().jwk()] });
            write(&format!("keys/{name}.jwks.json"), &set.to_string());
        }
        for name in
            ["population.secret", "population.api-key", "business.secret", "insurance.secret", "land.secret"]
        {
            write(&format!("secrets/{name}"), "s3cr3t\n");
        }
        write("officers.toml", include_str!("../../../../deploy/config/officers.toml"));
        FileKeyProvider::create(&folder.path().join("etc/keys/audit.keys")).unwrap();
        std::fs::create_dir(folder.path().join("var")).unwrap();
        Self { folder, text }
    }

    /// The sample with one text replaced by another, which must be there.
    fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.text.contains(from), "the sample no longer holds {from}");
        self.text = self.text.replacen(from, to, 1);
        self
    }

    fn check(&self) -> Result<Config, ConfigErrors> {
        let file = self.folder.path().join("motlan.toml");
        std::fs::write(&file, &self.text).unwrap();
        check(&file)
    }

    fn mistakes(&self) -> Vec<String> {
        let Err(errors) = self.check() else { return Vec::new() };
        errors.mistakes.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn the_documented_sample_has_no_mistake() {
    let config = Site::new().check().unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.mode, Mode::Production);
    assert_eq!(config.mode.synthetic(), Synthetic::Refused);
    assert_eq!(config.access.callers.len(), 5);
    assert_eq!(config.cache.len(), Dataset::ALL.len());
    assert_eq!(config.cache_bytes, 256 << 20);
}

#[test]
fn keys_that_the_sample_shows_as_defaults_are_known() {
    // Uncommented, every `# key = …` of the sample must be a known key.
    let site = Site::new();
    let mut seen = 0;
    let uncommented: String = site
        .text
        .lines()
        .map(|line| {
            let inner = line.strip_prefix("# ").unwrap_or_default();
            let key = inner.split(" = ").next().unwrap_or_default();
            let is_key = inner.contains(" = ") && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let names_files = [
                "folder",
                "published",
                "origins",
                "origins_key",
                "purposes",
                "policy_dir",
                "ca_pem",
                "client_identity",
                "paths",
                "authorization",
            ]
            .contains(&key);
            let table = inner.starts_with('[') && inner.ends_with(']');
            seen += usize::from(is_key && !names_files);
            if (is_key && !names_files) || table { format!("{inner}\n") } else { format!("{line}\n") }
        })
        .collect();
    assert!(seen > 25, "only {seen} defaults were looked at");
    let site = Site { folder: site.folder, text: uncommented };
    let mistakes = site.mistakes();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

/// What is changed in the sample, and what must be said about it.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "mode = \"production\"",
        "mode = \"prod\"",
        "mode: must be one of production, sandbox; nearest: production",
    ),
    ("mode = \"production\"", "", "mode: is missing"),
    (
        "listen = \"0.0.0.0:8443\"",
        "listne = \"0.0.0.0:8443\"",
        "server.listne: unknown key; nearest known: listen",
    ),
    ("listen = \"0.0.0.0:8443\"", "listen = \"localhost\"", "server.listen: is not an address and port"),
    ("listen = \"0.0.0.0:8443\"", "listen = 8443", "server.listen: must be a text, not integer"),
    ("listen = \"0.0.0.0:8443\"", "", "server.listen: is missing"),
    (
        "probe = \"127.0.0.1:9090\"",
        "probe = \"0.0.0.0:9090\"",
        "server.probe: 0.0.0.0 is not a loopback address",
    ),
    (
        "# log_listen = \"0.0.0.0:8444\"",
        "log_listen = \"0.0.0.0:8443\"",
        "server.log_listen: is the same as listen or probe",
    ),
    ("# log_listen = \"0.0.0.0:8444\"", "log_listen = \"8444\"", "server.log_listen: is not an address"),
    ("tls/server.pem", "tls/absent.pem", "server.certificate: cannot read"),
    ("tls/server.key", "tls/clients-ca.pem", "server.key: holds no private key in PEM"),
    ("# reflection = true", "reflection = \"yes\"", "server.reflection: must be true or false, not string"),
    (
        "# [server.limits]",
        "[server.limits]\nmax_calls = 0",
        "server.limits.max_calls: must be a whole number from 1",
    ),
    (
        "# [server.limits]",
        "[server.limits]\ncall = \"5 fortnights\"",
        "server.limits.call: is not a duration",
    ),
    ("# [server.limits]", "[server.limits]\ndrain = \"2 hours\"", "server.limits.drain: is longer than"),
    (
        "# [server.limits]",
        "[server.limits]\nentries = 0",
        "server.limits.entries: must be a whole number from 1",
    ),
    (
        "# [server.limits]",
        "[server.limits]\nrefusal = 10",
        "server.limits.refusal: unknown key; nearest known: refusals",
    ),
    ("filter = \"info\"", "filter = \"info,,=\"", "log.filter: is no filter"),
    ("format = \"json\"", "format = \"jsno\"", "log.format: must be one of text, json; nearest: json"),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"http://collector.example.vn:4317\"",
        "telemetry.endpoint: http beyond loopback needs plain_http = true",
    ),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"https://collector.example.vn:4317\"",
        "telemetry.ca_pem: is missing: https trusts no authority but these",
    ),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"https://collector.example.vn\"\nca_pem = \"no pem\"",
        "telemetry.ca_pem: holds no certificate in PEM",
    ),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"http://127.0.0.1:4317/v1/traces\"",
        "telemetry.endpoint: must have no path",
    ),
    ("# [telemetry]", "[telemetry]\nsample_ratio = 1.0", "telemetry.endpoint: is missing"),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"http://127.0.0.1:4317\"\nsample_ratio = 1.5",
        "telemetry.sample_ratio: must be a number from 0 to 1",
    ),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"http://127.0.0.1:4317\"\nsample_ratoi = 1",
        "telemetry.sample_ratoi: unknown key; nearest known: sample_ratio",
    ),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"http://127.0.0.1:4317\"\ntimeout = \"0s\"",
        "telemetry.timeout: must be more than 0",
    ),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"http://127.0.0.1:4317\"\nauthorization = \"\"",
        "telemetry.authorization: secret is empty",
    ),
    (
        "# [telemetry]",
        "[telemetry]\nendpoint = \"http://127.0.0.1:4317\"\nauthorization = \"a\\nb\"",
        "telemetry.authorization: is no value of a header",
    ),
    ("origin = \"motlan.example.vn/gw1\"", "origin = \"Motlan Gateway\"", "audit.origin: is not a log name"),
    ("var/audit\"", "nowhere/audit\"", "audit.folder: the folder"),
    ("keys/audit.keys", "keys/register.key", "audit.keys:"),
    ("keys/register.key", "officers.toml", "dossiers.key:"),
    (
        "scope = \"dossier\"",
        "scope = \"province\"",
        "cache.datasets.\"population.person\".scope: must be none or dossier",
    ),
    (
        "[cache.datasets.\"population.person\"]",
        "[cache.datasets.\"population.persno\"]",
        "cache.datasets.\"population.persno\": unknown key; nearest known: population.person",
    ),
    ("user = \"h32-motlan\"", "user = \"\"", "registries.population.user: is empty"),
    ("population.secret", "population.absent", "registries.population.secret.file: cannot read"),
    (
        "https://population.example.vn",
        "ftp://population.example.vn",
        "registries.population.http.base_url: must begin",
    ),
    (
        "https://population.example.vn",
        "http://population.example.vn",
        "registries.population.http.base_url: http beyond",
    ),
    (
        "default_procedure = \"1.004222\"",
        "default_procedure = \"1,004222\"",
        "default_procedure: is no procedure code",
    ),
    (
        "x_road_client = \"XROADVN/GOV/H32/MOTLAN\"",
        "x_road_client = \"MOTLAN\"",
        "x_road_client: is not instance/class",
    ),
    (
        "kind = \"lgsp\"",
        "kind = \"lgps\"",
        "registries.insurance.token.form.kind: must be one of basic, lgsp",
    ),
    ("app_name = \"motlan\"\n", "", "registries.insurance.token.form.app_name: is missing"),
    (
        "# synthetic_ids = \"refused\"",
        "synthetic_ids = \"allowed\"",
        "access.synthetic_ids: must be refused in production",
    ),
    ("role = \"one_stop\"", "role = \"onestop\"", "access.callers[1].role: must be one of"),
    ("agency = \"H32.202\"", "agency = \"H32.999\"", "there is no agency `H32.999`"),
    (
        "agency = \"H32.202\"",
        "agency = \"Nha Trang\"",
        "access.callers[1].agency: `Nha Trang` is no agency code: AGENCY_CODE_CHARACTERS",
    ),
    (
        "tokens = [\"citizen\"]",
        "tokens = [\"citizn\"]",
        "access.callers[0].tokens: `citizn` is no kind of token",
    ),
    ("keys/officers.jwks.json", "officers.toml", "is no JWK set"),
    ("systems = [\"portal\"]", "systems = [\"portla\"]", "there is no caller `portla`"),
    ("[registries.land]", "[registries.lnad]", "registries.lnad: unknown key; nearest known: land"),
];

#[test]
fn each_mistake_is_named() {
    for (from, to, expected) in MISTAKES {
        let told = Site::new().with(from, to).mistakes();
        assert!(
            told.iter().any(|line| line.contains(expected)),
            "{from} → {to}: {expected} is not in {told:#?}"
        );
    }
}

#[test]
fn all_mistakes_are_named_at_once_with_their_lines() {
    let site = Site::new()
        .with("mode = \"production\"", "mode = \"prod\"")
        .with("listen = \"0.0.0.0:8443\"", "listne = \"0.0.0.0:8443\"")
        .with("user = \"h32-motlan\"", "user = 7")
        .with("scope = \"dossier\"", "scope = \"agency\"")
        .with("role = \"auditor\"", "role = \"audit\"");
    let told = site.mistakes();
    for part in
        ["mode: ", "server.listne: ", "server.listen: is missing", "user: ", "scope: ", "callers[4].role: "]
    {
        assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
    }
    assert_eq!(told.len(), 6, "{told:#?}");
    let line = 1 + site.text.lines().position(|line| line.starts_with("listne")).unwrap();
    assert!(
        told.contains(&format!("line {line}: server.listne: unknown key; nearest known: listen")),
        "{told:#?}"
    );
}

/// Mistakes of what the file names, one in each thing that is looked into.
const NAMED: &[(&str, &str, &str)] = &[
    ("agency = \"H32.202\"", "agency = \"H32.999\"", "there is no agency `H32.999`"),
    ("keys/officers.jwks.json", "officers.toml", "is no JWK set"),
    ("systems = [\"portal\"]", "systems = [\"portla\"]", "there is no caller `portla`"),
    ("tls/server.key", "officers.toml", "server.key: holds no private key in PEM"),
    ("tls/clients-ca.pem\"", "officers.toml\"", "server.client_ca: holds no certificate in PEM"),
    ("keys/audit.keys", "keys/register.key", "audit.keys:"),
];

/// Mistakes of the file itself in the very sections those stand in, and in others.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("mode = \"production\"", "mode = \"prod\"", "mode: must be one of"),
    ("listen = \"0.0.0.0:8443\"", "listen = 8443", "server.listen: must be a text"),
    ("origin = \"motlan.example.vn/gw1\"", "origin = \"Motlan Gateway\"", "audit.origin: is not a log name"),
    ("# max_mib = 256", "max_mb = 64", "cache.max_mb: unknown key; nearest known: max_mib"),
    ("role = \"auditor\"", "role = \"audit\"", "access.callers[4].role: must be one of"),
    ("keys/citizens.jwks.json", "keys/absent.json", "jwks_file: cannot read"),
    ("directory = \"", "directory = \"/absent", "access.directory: cannot read"),
    ("population.secret", "population.absent", "registries.population.secret.file: cannot read"),
];

/// The sample with all of these changes.
fn changed<'a>(changes: impl IntoIterator<Item = &'a (&'a str, &'a str, &'a str)>) -> Site {
    changes.into_iter().fold(Site::new(), |site, (from, to, _)| site.with(from, to))
}

#[test]
fn mistakes_of_the_file_and_of_what_it_names_are_told_in_one_run() {
    // No single mistake of the file may hide one beyond it, nor all of them.
    let alone = WRITTEN.iter().map(std::slice::from_ref);
    for written in alone.chain([WRITTEN]) {
        let told = changed(NAMED.iter().chain(written)).mistakes();
        for (.., part) in NAMED.iter().chain(written) {
            assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
        }
        // And nothing else is called a mistake.
        assert_eq!(told.len(), NAMED.len() + written.len(), "{told:#?}");
    }
}

#[test]
fn a_section_with_a_mistake_makes_no_other_right_thing_wrong() {
    // The portal cannot be read: the signer that names it is right all the same.
    let told = Site::new().with("tokens = [\"citizen\"]", "tokens = [\"citizn\"]").mistakes();
    assert_eq!(told.len(), 1, "{told:#?}");
    // A wrong catalogue folder is not the one compiled in: no agency is judged by it.
    let told = Site::new()
        .with("agency = \"H32.202\"", "agency = \"H32.999\"")
        .with("[catalogue]", "[catalogue]\nfolder = \"absent\"")
        .mistakes();
    assert!(told.len() == 1 && told[0].contains("catalogue.folder"), "{told:#?}");
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let missing = Config::read(Path::new("/no/such/motlan.toml")).unwrap_err();
    assert!(missing.to_string().contains("cannot be read"), "{missing}");
}

#[test]
fn a_file_that_the_config_does_not_name_is_not_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.toml");
    std::fs::write(&empty, "").unwrap();
    let told = Config::read(&empty).unwrap_err().to_string();
    assert!(told.contains("access"), "{told}");
    assert!(!told.contains("cannot be read"), "{told}");
}

#[test]
fn a_secret_is_never_told() {
    let site = Site::new().with("secret = { file", "secret = \"hunter2\" # {");
    let config = site.check().unwrap_or_else(|errors| panic!("{errors}"));
    assert!(!format!("{config:?}").contains("hunter2"));
    // Control: the debug form does show what is no secret.
    assert!(format!("{config:?}").contains("motlan.example.vn"));
}

#[test]
fn telemetry_is_off_unless_a_collector_is_named() {
    assert!(Site::new().check().unwrap().telemetry.is_none());
    let named =
        "[telemetry]\nendpoint = \"http://[::1]:4317\"\nsample_ratio = 0\nauthorization = \"Bearer hunter2\"";
    let config = Site::new().with("# [telemetry]", named).check().unwrap_or_else(|errors| panic!("{errors}"));
    let telemetry = config.telemetry.expect("a collector");
    assert_eq!((telemetry.service_name.as_str(), telemetry.queue), ("motlan", 4_096));
    assert!(telemetry.sample_ratio.abs() < f64::EPSILON);
    assert!(!format!("{telemetry:?}").contains("hunter2"));
}
