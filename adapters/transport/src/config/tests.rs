//! What an endpoint may be.

use super::HttpConfig;

fn check(text: &str) -> Result<(), String> {
    let config: HttpConfig = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    config.check().map_err(|error| error.to_string())
}

#[test]
fn a_few_lines_are_enough() {
    for text in [
        "base_url = \"https://ldap.example\"",
        "base_url = \"http://127.0.0.1:8080/x\"",
        "base_url = \"http://[::1]:8080\"",
        "base_url = \"http://localhost:8080\"",
        "base_url = \"http://source.internal\"\nplain_http = true",
        "base_url = \"https://a\"\nbreaker = { failures = 3 }\nca_pem = { file = \"ca.pem\" }",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    for (text, field) in [
        ("base_url = \"http://source.internal\"", "base_url"),
        ("base_url = \"ftp://127.0.0.1\"", "base_url"),
        ("base_url = \"https://a?b=c\"", "base_url"),
        ("base_url = \"https://user:pass@a\"", "base_url"),
        ("base_url = \"https://a\"\ndeadline_ms = 0", "deadline_ms"),
        ("base_url = \"https://a\"\nmax_concurrent = 0", "max_concurrent"),
        ("base_url = \"https://a\"\nmax_body_bytes = 99999999999", "max_body_bytes"),
        ("base_url = \"https://a\"\nbreaker = { failures = 0 }", "breaker.failures"),
        ("base_url = \"https://a\"\nbreaker = { open_ms = 0 }", "breaker.open_ms"),
        ("base_url = \"https://a\"\nquota_per_minute = 0", "quota_per_minute"),
        ("base_url = \"https://a\"\ndeadlin_ms = 5", "deadlin_ms"),
        ("deadline_ms = 5", "base_url"),
    ] {
        let problem = check(text).expect_err(text);
        assert!(problem.contains(field), "{text}: {problem}");
        assert!(!problem.contains("pass@"), "{problem}");
    }
}
