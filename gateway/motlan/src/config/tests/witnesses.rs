//! `[[audit.witness]]`, and every mistake in it.

use motlan_audit_tree::{CosigningKey, SigningKey as LogKey};

use super::*;

const KEYS: &str = "keys = \"";

fn key(seed: u8) -> String {
    let key = CosigningKey::from_seed(&format!("w{seed}.example"), &[seed; 32]).unwrap();
    key.verifier_key().to_string()
}

/// The sample with that before `[dossiers]`, which ends `[audit]`.
fn with(audit: &str) -> Site {
    Site::new().with("[dossiers]\n", &format!("{audit}\n[dossiers]\n"))
}

fn table(url: &str, seed: u8) -> String {
    format!("[[audit.witness]]\nurl = \"{url}\"\nkey = \"{}\"\n", key(seed))
}

/// Settings of `[audit]` itself stand before its witnesses.
fn settled(settings: &str, tables: &[String]) -> Site {
    let site = with(&tables.concat());
    let at = site.text.find(KEYS).unwrap();
    let text = format!("{}{settings}\n{}", &site.text[..at], &site.text[at..]);
    Site { text, ..site }
}

#[test]
fn who_witnesses_the_log_is_read() {
    let none = Site::new().check().unwrap().witnesses;
    assert_eq!((none.witnesses.len(), none.quorum, none.stop_after), (0, 0, None));

    let tables = [table("https://w1.example/a", 1), table("http://127.0.0.1:8600", 2)];
    let read = settled("", &tables).check().unwrap_or_else(|errors| panic!("{errors}")).witnesses;
    assert_eq!((read.witnesses.len(), read.quorum, read.stop_after), (2, 2, None), "all of them");
    assert_eq!(read.witnesses[0].url.as_str(), "https://w1.example/a");
    assert_eq!(read.witnesses[1].key.to_string(), key(2));

    let settings = "witness_quorum = 1\nstop_without_witness = \"30m\"";
    let read = settled(settings, &tables).check().unwrap_or_else(|errors| panic!("{errors}")).witnesses;
    assert_eq!((read.quorum, read.stop_after), (1, Some(Duration::from_mins(30))));
}

#[test]
fn every_mistake_in_a_witness_is_told() {
    let log = LogKey::from_seed("log.example", &[9; 32]).unwrap().verifier_key().to_string();
    let one = || table("https://w1.example", 1);
    let entry = |url: &str, key: &str| format!("[[audit.witness]]\nurl = \"{url}\"\nkey = \"{key}\"\n");
    let typo = key(1).replace("w1.example", "w3.example");
    let cases: [(&str, Vec<String>, &str); 12] = [
        ("", vec![table("http://w1.example", 1)], "audit.witness[0].url: must be https beyond this machine"),
        ("", vec![table("ftp://w1.example", 1)], "audit.witness[0].url: must begin with https:// or http://"),
        (
            "",
            vec![one(), entry("https://x.example", &typo)],
            "audit.witness[1].key: key id does not belong to this name and key",
        ),
        ("", vec![entry("https://x.example", "w1")], "audit.witness[0].key: not a verifier key"),
        (
            "",
            vec![entry("https://x.example", &log)],
            "audit.witness[0].key: is the key of a log; a witness's is told by `motlan keys new-witness`",
        ),
        (
            "",
            vec![one(), table("https://w2.example", 1)],
            "audit.witness[1].key: the witness w1.example stands twice",
        ),
        (
            "",
            vec!["[[audit.witness]]\nurl = \"https://x.example\"\n".to_owned()],
            "audit.witness[0].key: is missing",
        ),
        ("", vec![format!("{}kee = 1\n", one())], "audit.witness[0].kee: unknown key; nearest known: key"),
        ("witness_quorum = 2", vec![one()], "audit.witness_quorum: must be a whole number from 1 to 1"),
        ("witness_quorum = 0", vec![one()], "audit.witness_quorum: must be a whole number from 1 to 1"),
        ("witness_quorum = 1", vec![], "audit.witness_quorum: there is no [[audit.witness]] to count"),
        (
            "stop_without_witness = \"1h\"",
            vec![],
            "audit.stop_without_witness: there is no [[audit.witness]] to wait for",
        ),
    ];
    for (settings, tables, expected) in cases {
        let told = settled(settings, &tables).mistakes();
        assert!(
            told.len() == 1 && told[0].ends_with(expected) && told[0].starts_with("line "),
            "{expected}: {told:#?}"
        );
    }
    let told = settled("stop_without_witness = \"4s\"", &[one()]).mistakes();
    assert!(told.len() == 1 && told[0].ends_with("at least 5s"), "{told:#?}");
    let told = settled("stop_without_witness = \"0s\"", &[one()]).mistakes();
    assert!(told[0].ends_with("audit.stop_without_witness: must be more than 0"), "{told:#?}");
    let told = settled("", &[format!("{}ca_pem = \"no certificate\"\n", one())]).mistakes();
    assert!(
        told.len() == 1 && told[0].ends_with("audit.witness[0].ca_pem: holds no certificate in PEM"),
        "{told:#?}"
    );
}
