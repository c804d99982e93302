//! The sandbox's motlan.toml: the same sections as in production, relative to
//! the sandbox's folder.

use std::fmt::Write as _;
use std::time::Duration;

use motlan_domain::Registry;
use motlan_sandbox::Sandbox;

use super::ORIGIN;
use super::cast::{Acting, Cast};
use super::tokens::{AGENCY_IDP, AUDIENCE, CITIZEN_IDP, PORTAL};

/// The file's text.
pub(super) fn toml(
    [grpc, probe, log]: [u16; 3],
    registries: &Sandbox,
    deadline: Option<Duration>,
    cast: &Cast,
) -> String {
    let bounds = deadline.map(|most| format!(", deadline_ms = {}", most.as_millis())).unwrap_or_default();
    let population = registries.credentials().population.clone();
    let mut text = format!(
        r#"# Written by `motlan sandbox`. Everything it names is synthetic.
mode = "sandbox"

[server]
listen = "127.0.0.1:{grpc}"
probe = "127.0.0.1:{probe}"
log_listen = "127.0.0.1:{log}"
certificate = "tls/server.pem"
key = "tls/server.key"
client_ca = "tls/ca.pem"

[log]
filter = "warn"

[audit]
folder = "state/audit"
published = "log"
origin = "{ORIGIN}"
keys = "keys/audit.keys"
segment_mib = 8

[dossiers]
file = "state/dossiers.db"
key = "keys/register.key"

[registries.population]
user = "{user}"
secret = {{ file = "secrets/population.secret" }}
api_key = {{ file = "secrets/population.api_key" }}
x_road_client = "{client}"
account = "motlan-sandbox"
phone = "0258000000"
default_procedure = "1.004222"
http = {{ base_url = "{base}"{bounds} }}
"#,
        user = population.user,
        client = population.x_road_client,
        base = registries.endpoints().population,
    );
    let secrets = registries.credentials();
    for (registry, client) in [
        (Registry::Business, &secrets.business.id),
        (Registry::Insurance, &secrets.insurance.id),
        (Registry::Land, &secrets.land.id),
    ] {
        let base = registries.endpoints().of(registry);
        let _ = write!(
            text,
            r#"
[registries.{registry}]
http = {{ base_url = "{base}"{bounds} }}
token.form = {{ kind = "basic", client_id = "{client}", client_secret = {{ file = "secrets/{registry}.secret" }} }}
"#
        );
    }
    let _ = write!(
        text,
        r#"
[access]
directory = "officers.toml"

[[access.issuers]]
id = "{AGENCY_IDP}"
kind = "officer"
jwks_file = "keys/officers.jwks.json"
audience = "{AUDIENCE}"

[[access.issuers]]
id = "{CITIZEN_IDP}"
kind = "citizen"
jwks_file = "keys/citizens.jwks.json"
audience = "{AUDIENCE}"

[[access.evidence]]
id = "{PORTAL}"
jwks_file = "keys/receipts.jwks.json"
systems = ["portal"]
"#
    );
    for member in cast.members() {
        let tokens = match member.acting {
            Acting::Officer => r#"["officer"]"#,
            Acting::Citizen => r#"["citizen"]"#,
            Acting::Nobody => "[]",
        };
        let commune =
            member.commune.as_ref().map(|code| format!("commune = \"{code}\"\n")).unwrap_or_default();
        let _ = write!(
            text,
            "\n[[access.callers]]\nid = \"{}\"\nagency = \"{}\"\nrole = \"{}\"\n{commune}tokens = {tokens}\n",
            member.id,
            member.agency,
            member.role.as_str(),
        );
    }
    text
}
