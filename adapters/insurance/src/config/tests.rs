//! The section as an operator writes it.

use super::InsuranceConfig;

const NGSP: &str = r#"
[http]
base_url = "https://ngsp.example"
deadline_ms = 3000
ca_pem = { file = "ca.pem" }

[token.form]
kind = "basic"
client_id = "motlan"
client_secret = { file = "secret" }
"#;

const LGSP: &str = r#"
[http]
base_url = "https://lgsp.example/x"

[token]
path = "/oauth/token"
skew_s = 60

[token.form]
kind = "lgsp"
access_key = "ak"
secret_key = "hunter2"
app_name = "motlan"
partner_code = "000.00.00.H32"
partner_code_cus = "000.00.00.H32"

[paths]
card = "/other"
"#;

#[test]
fn both_routes() {
    let ngsp: InsuranceConfig = toml::from_str(NGSP).unwrap();
    assert_eq!(ngsp.token.path, "/token");
    assert_eq!(ngsp.http.deadline_ms, 3_000);
    let lgsp: InsuranceConfig = toml::from_str(LGSP).unwrap();
    assert_eq!(lgsp.paths.card, "/other");
    assert!(!format!("{lgsp:?}").contains("hunter2"));
}

#[test]
fn unknown_keys_and_kinds_are_refused() {
    for (from, to) in
        [("deadline_ms", "dedline_ms"), ("basic", "digest"), ("client_id", "client"), ("[http]", "[https]")]
    {
        assert!(NGSP.contains(from));
        assert!(toml::from_str::<InsuranceConfig>(&NGSP.replacen(from, to, 1)).is_err(), "{to}");
    }
    let paths = LGSP.replace("card =", "nowhere =");
    assert!(toml::from_str::<InsuranceConfig>(&paths).is_err());
}

#[test]
fn files_lie_beside_the_configuration() {
    let mut config: InsuranceConfig = toml::from_str(NGSP).unwrap();
    config.resolve("/etc/motlan".as_ref());
    let shown = format!("{config:?}");
    assert!(shown.contains("/etc/motlan/ca.pem") && shown.contains("/etc/motlan/secret"), "{shown}");
}
