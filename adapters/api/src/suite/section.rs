//! The section of the configuration of a registry behind NGSP or LGSP, as an
//! operator writes it.

use std::fmt::Debug;
use std::path::Path;

use serde::de::DeserializeOwned;

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
"#;

/// Both routes read, with `path` as one of the section's own paths; a secret
/// does not show, what is unknown is refused, and `resolve` finds files beside
/// the configuration. Every deviation.
pub fn check<T: DeserializeOwned + Debug>(path: &str, resolve: impl Fn(&mut T, &Path)) -> Vec<String> {
    let mut failures = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            failures.push(what);
        }
    };
    let read = |text: &str| toml::from_str::<T>(text);
    let lgsp = format!("{LGSP}{path} = \"/other\"\n");
    for (text, parts) in
        [(NGSP, ["path: \"/token\"", "deadline_ms: 3000"]), (&lgsp, ["path: \"/oauth/token\"", "\"/other\""])]
    {
        match read(text) {
            Ok(section) => {
                let shown = format!("{section:?}");
                for part in parts {
                    check(shown.contains(part), format!("{part} is not in {shown}"));
                }
                check(!shown.contains("hunter2"), "a secret shows".to_owned());
            }
            Err(error) => check(false, format!("does not read: {error}")),
        }
    }
    let wrong =
        [("deadline_ms", "dedline_ms"), ("basic", "digest"), ("client_id", "client"), ("[http]", "[https]")];
    for (from, to) in wrong {
        check(read(&NGSP.replacen(from, to, 1)).is_err(), format!("{to} is taken"));
    }
    let nowhere = format!("{LGSP}nowhere = \"/other\"\n");
    check(read(&nowhere).is_err(), "a path of no operation is taken".to_owned());
    match read(NGSP) {
        Ok(mut section) => {
            resolve(&mut section, "/etc/motlan".as_ref());
            let shown = format!("{section:?}");
            for file in ["/etc/motlan/ca.pem", "/etc/motlan/secret"] {
                check(shown.contains(file), format!("{file} is not in {shown}"));
            }
        }
        Err(error) => check(false, format!("does not read: {error}")),
    }
    failures
}
