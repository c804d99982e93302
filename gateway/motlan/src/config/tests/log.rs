//! Where the log's keys lie, and in which registry it stands.

use super::*;

#[test]
fn keys_on_the_disk_of_the_log_are_accepted_by_name_only() {
    let site = Site::new().with("keys_on_same_disk = \"accepted\"", "keys_on_same_disk = \"refused\"");
    let mistakes = site.mistakes();
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(
        mistakes[0].contains("audit.keys: the key file lies on the file system of the log"),
        "{mistakes:#?}"
    );
    let site = Site::new();
    let inside = site.folder.path().join("var/audit");
    std::fs::create_dir_all(&inside).unwrap();
    FileKeyProvider::create(&inside.join("audit.keys")).unwrap();
    let root = site.folder.path().to_str().unwrap().to_owned();
    let site = site.with(&format!("{root}/etc/keys/audit.keys"), &format!("{root}/var/audit/audit.keys"));
    let mistakes = site.mistakes();
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    assert!(mistakes[0].contains("must not lie in the folder of the log"), "{mistakes:#?}");
}

#[test]
fn the_log_must_stand_in_the_registry_that_is_named() {
    use motlan_audit_tree::SigningKey;
    use motlan_audit_tree::origins::Registry;

    let (own, other) = ("motlan.example.vn/gw1", "motlan.example.vn/gw2");
    let registrar = SigningKey::from_seed("registry.example", &[9; 32]).unwrap();
    let check = |listed: &str, lines: &str, expected: &[&str]| {
        let key = SigningKey::from_seed(listed, &[1; 32]).unwrap();
        let registry = Registry::of_lines(1, &format!("{listed} {}\n", key.verifier_key())).unwrap();
        let site = Site::new();
        std::fs::write(site.folder.path().join("origins"), registry.sign(&registrar).unwrap().to_string())
            .unwrap();
        let lines = lines.replace("KEY", &registrar.verifier_key().to_string());
        let site = site.with("[audit]\n", &format!("[audit]\n{lines}"));
        let mistakes = site.mistakes();
        assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
        for (mistake, expected) in mistakes.iter().zip(expected) {
            assert!(mistake.contains(expected), "{mistake}");
        }
        site.check().is_ok_and(|config| config.origins.is_some())
    };
    let both = "origins = \"origins\"\norigins_key = \"KEY\"\n";
    assert!(check(own, both, &[]));
    assert!(!check(other, both, &["audit.origins: "]));
    assert!(!check(own, "origins = \"origins\"\n", &["audit.origins_key: is missing"]));
    assert!(!check(own, "origins_key = \"KEY\"\n", &["audit.origins: is missing"]));
    assert!(!check(
        own,
        "origins = \"origins\"\norigins_key = \"x\"\n",
        &["audit.origins_key: is no verifier key"]
    ));
}
