//! Where secrets are read from, and that they are not shown.

use serde::Deserialize;

use super::Secret;
use crate::ConfigError;

#[derive(Debug, Deserialize)]
struct Section {
    secret: Secret,
}

fn parse(text: &str) -> Result<Section, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn in_the_file_itself_or_in_another() {
    let inline = parse("secret = \"hunter2\"").unwrap();
    assert_eq!(inline.secret.read().unwrap().as_str(), "hunter2");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s"), "hunter2\r\n").unwrap();
    let mut elsewhere = parse("secret = { file = \"s\" }").unwrap().secret;
    elsewhere.resolve(folder.path());
    assert_eq!(elsewhere.read().unwrap().as_str(), "hunter2");
}

#[test]
fn nothing_of_it_is_shown() {
    let section = parse("secret = \"hunter2\"").unwrap();
    let shown = format!("{section:?}");
    assert!(shown.contains("Secret") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn an_empty_one_and_a_missing_file_are_errors() {
    assert!(matches!(Secret::inline("").read(), Err(ConfigError::SecretEmpty)));
    let missing = Secret::file("/nonexistent/secret").read();
    assert!(matches!(missing, Err(ConfigError::SecretFile { .. })));
    assert!(parse("secret = { file = \"a\", also = 1 }").is_err());
    assert!(parse("secret = 5").is_err());
}
