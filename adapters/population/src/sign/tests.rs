//! The signature, against a value computed apart from this code.

use motlan_domain::id::ProcedureCode;
use motlan_transport::{Call, ConfigError, HttpConfig, Media, Secret};

use super::Signer;
use crate::{PopulationConfig, PopulationPaths};

fn config(user: &str, api_key: &str) -> PopulationConfig {
    PopulationConfig {
        http: HttpConfig::new("http://127.0.0.1:1".parse().unwrap()),
        user: user.to_owned(),
        secret: Secret::inline("s3cret"),
        api_key: Secret::inline(api_key),
        x_road_client: "XROADVN/GOV/H32/MOTLAN".to_owned(),
        account: "motlan".to_owned(),
        phone: "0258".to_owned(),
        default_procedure: ProcedureCode::parse("1.004222").unwrap(),
        paths: PopulationPaths::default(),
    }
}

/// `printf 'http://127.0.0.1:1/amotlan1700000000000s3cret' | sha256sum`, then
/// `printf 'motlan:<hash>' | base64`.
#[test]
fn the_headers_of_the_page() {
    let signer = Signer::new(&config("motlan", "k3y")).unwrap();
    let mut call = Call::get("http://127.0.0.1:1/a".parse().unwrap(), Media::Xml);
    signer.sign(&mut call, 1_700_000_000_000);
    let header = |name: &str| call.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("timestamp"), "1700000000000");
    assert_eq!(header("x-road-client"), "XROADVN/GOV/H32/MOTLAN");
    assert_eq!(header("apikey"), "k3y");
    assert_eq!(header("soapaction"), "\"\"");
    assert_eq!(
        header("authorization"),
        "Basic bW90bGFuOjhmYTE0NDMxNzUyYmVhMjJjMzZhZGYwMDRiYTk3YWYyNzU1MGRhZWMwYTQxMDRmZDFjMDYzNzA0ZGYyY2I4Zjk="
    );
    for name in ["authorization", "apikey"] {
        assert!(call.headers.get(name).unwrap().is_sensitive(), "{name}");
    }
}

#[test]
fn what_cannot_be_sent_is_found_at_start() {
    for (user, key) in [("", "k"), ("a:b", "k"), ("a", "k\n"), ("a", "")] {
        assert!(matches!(
            Signer::new(&config(user, key)),
            Err(ConfigError::Invalid { .. } | ConfigError::SecretEmpty)
        ));
    }
}
