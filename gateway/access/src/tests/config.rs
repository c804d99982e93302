//! Mistakes in the configuration: all told at once, none of them with a
//! person's identifier.

use super::world::World;
use crate::{AccessConfig, CallerRole, TokenKind};

#[test]
fn every_mistake_is_told_at_once() {
    let result = World::in_folder(
        |dir| {
            std::fs::write(dir.join("empty.jwks"), r#"{"keys": []}"#).unwrap();
            std::fs::write(dir.join("text.jwks"), "text").unwrap();
            let rsa = r#"{"keys": [{"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"}]}"#;
            std::fs::write(dir.join("rsa.jwks"), rsa).unwrap();
            let officers = r#"
                officers = [
                    { account = "a b", agency = "H32.216", personal_id = "097080000001" },
                    { account = "c", agency = "216", personal_id = "09708000000X" },
                    { account = "d", agency = "H32.216", personal_id = "097080000001", responsible = true },
                    { account = "d", agency = "H32.216", personal_id = "097080000001", responsible = true },
                    { account = "e", agency = "H32.998", personal_id = "097080000001" },
                    { account = "f", agency = "H32.216", personal_id = "097080000001", chief = true },
                ]"#;
            std::fs::write(dir.join("officers.toml"), officers).unwrap();
        },
        |config| {
            let dir = config.directory.parent().unwrap().to_owned();
            let file = |name: &str| dir.join(name);
            config.callers[1].id = "portal".to_owned();
            config.callers[2].id = "One Stop".to_owned();
            config.callers[3].agency = "217".to_owned();
            config.callers[4].agency = "H32.999".to_owned();
            config.callers[5].tokens = vec![TokenKind::Citizen];
            config.callers[1].commune = Some("22367".to_owned());
            config.issuers[0].jwks_file = file("empty.jwks");
            config.issuers[1].jwks_file = file("text.jwks");
            config.issuers[1].agencies = Some(vec![]);
            config.issuers[2].jwks_file = file("rsa.jwks");
            config.issuers[2].audience = String::new();
            config.evidence[0].jwks_file = file("missing.jwks");
            config.evidence[0].systems.push("nobody".to_owned());
            config.policy_dir = Some(file("no-policies"));
        },
    );
    let Err(errors) = result else { panic!("accepted") };
    let text = errors.to_string();
    let expected = [
        "callers[1].id: the caller `portal` stands twice",
        "callers[2].id: must be 1 to 64",
        "callers[3].agency: `217` is no agency code: AGENCY_CODE_",
        "callers[4].agency: there is no agency `H32.999`; nearest known: H32.991",
        "callers[5].tokens: a verifier or auditor may not present citizen tokens",
        "callers[1].commune: there is no commune `22367`; nearest known: 22366",
        "issuers[0].jwks_file: ",
        "text.jwks is no JWK set",
        "issuers[1].agencies: means nothing for citizen tokens",
        "key `k` is neither Ed25519 nor P-256",
        "issuers[2].audience: is empty",
        "missing.jwks cannot be read",
        "evidence[0].systems: there is no caller `nobody`",
        "officers.toml: officers[0]: `account`",
        "officers[1]: `216` is no agency code",
        "officers[1]: `personal_id` is not accepted: PERSONAL_ID_DIGITS",
        "officers[3]: the account stands twice",
        "officers[3]: the agency has two responsible officers",
        "officers[4]: there is no agency `H32.998`",
        "officers[5]: unknown field `chief`",
        "no-policies: cannot be read",
    ];
    for told in expected {
        assert!(text.contains(told), "{told} is not told:\n{text}");
    }
    assert_eq!(errors.errors().len(), expected.len(), "{text}");
    assert!(!text.contains("09708"), "no identifier: {text}");
}

#[test]
fn unknown_keys_and_values_are_refused() {
    let good = r#"
        callers = [{ id = "portal", agency = "H32", role = "portal" }]
        directory = "officers.toml"
    "#;
    let config: AccessConfig = toml::from_str(good).unwrap();
    assert_eq!(config.callers[0].role, CallerRole::Portal);
    assert_eq!(config.synthetic_ids, crate::SyntheticIds::Refused, "production is the default");
    for (from, to) in [
        ("directory", "direktory"),
        ("role = \"portal\"", "role = \"admin\""),
        ("role = \"portal\"", "role = \"portal\", extra = 1"),
        ("role = \"portal\"", "role = \"portal\", tokens = [\"robot\"]"),
    ] {
        let spoilt = good.replacen(from, to, 1);
        assert!(toml::from_str::<AccessConfig>(&spoilt).is_err(), "{to}");
    }
}

#[test]
fn production_refuses_officers_of_the_sandbox() {
    let result = World::with(|config| config.synthetic_ids = crate::SyntheticIds::Refused);
    let Err(errors) = result else { panic!("accepted") };
    assert_eq!(errors.errors().len(), 6, "each of them");
    assert!(errors.to_string().contains("PERSONAL_ID_SYNTHETIC"), "{errors}");
}

#[test]
fn a_reload_takes_callers_and_officers_away() {
    let world = World::new();
    let identity = world.identity("one-stop-216", super::world::By::Officer);
    assert!(world.access.may_read_catalogue(&identity).is_ok());
    let token = world.token("one-stop-216", super::world::By::Officer);
    std::fs::write(world.dir.path().join("officers.toml"), "officers = []").unwrap();
    let before = world.access.digests();
    let after = world.access.reload().unwrap();
    assert_ne!(before.directory, after.directory);
    let leaf = world.certificate("one-stop-216");
    let denial = world.access.identify(Some(leaf), token.as_deref()).unwrap_err();
    assert_eq!(
        denial.reason(),
        motlan_domain::Reason::OfficerUnknown,
        "no remembered token outlives a reload"
    );
}
