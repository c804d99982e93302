//! The registry of origins: which logs there are, and what is refused.

use std::path::Path;

use motlan_proto::audit::v1::{Entry, EntryKind, SearchEntriesRequest};
use serde_json::{Value, json};

use super::{Office, public};

/// Two gateways' logs, and the list that says that there are two.
pub(super) async fn all_there_are(office: &Office, old: &Path, new: &Path) {
    let at = |name: &str| office.world.folder().join(name).to_str().unwrap().to_owned();
    let told =
        office.must(&["keys", "new-registry", &at("registry.key"), "--name", "registry.example"], 0).await;
    let registrar = told.split_whitespace().last().unwrap().to_owned();
    let (one, other) = (&public(old)[0], &public(new)[0]);
    let name = |key: &str| key.split('+').next().unwrap().to_owned();
    let lines = format!("{0} {one}\n{1} {other} after {0}\n", name(one), name(other));
    std::fs::write(at("lines"), lines).unwrap();
    let sign = ["audit", "origins", "sign", "--key", &at("registry.key"), "--serial", "1", &at("lines")];
    std::fs::write(at("origins"), office.must(&sign, 0).await).unwrap();
    let told = office.must(&["audit", "origins", "verify", "--key", &registrar, &at("origins")], 0).await;
    assert!(told.contains("serial 1") && told.contains(&name(other)), "{told}");

    let verify = async |logs: &[&Path], code: i32| -> Value {
        let mut args = vec!["audit", "verify", "--json", "--origins-key", &registrar, "--origins"];
        let file = at("origins");
        args.push(&file);
        args.extend(logs.iter().flat_map(|log| ["--log", log.to_str().unwrap()]));
        serde_json::from_str(&office.must(&args, code).await).unwrap()
    };
    let said = verify(&[old, new], 0).await;
    assert_eq!((&said["verdict"], &said["missing"]), (&json!("ok"), &json!([])));
    assert_eq!(said["logs"].as_array().unwrap().len(), 2);
    let said = verify(&[new], 1).await;
    assert_eq!((&said["verdict"], &said["missing"]), (&json!("fault"), &json!([name(one)])));
    // A registry that cannot be read tells nothing; one that the key did not sign is a fault.
    let signed = std::fs::read_to_string(at("origins")).unwrap();
    let with = async |text: Option<String>, (verdict, code, exit): (&str, &str, i32)| {
        let file = at("doubtful");
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let args = ["audit", "verify", "--origins-key", &registrar, "--origins", &file];
        let log = new.to_str().unwrap();
        let args = [&args[..], &["--log", log]].concat();
        office.must(&args, exit).await;
        let told = office.must(&[&args[..], &["--json"]].concat(), exit).await;
        let said: Value = serde_json::from_str(&told).unwrap();
        assert_eq!((&said["verdict"], &said["fault"]["code"]), (&json!(verdict), &json!(code)), "{told}");
        assert_eq!((&said["serial"], &said["logs"]), (&Value::Null, &json!([])), "as where it is taken");
    };
    with(Some("no note".to_owned()), ("unreadable", "UNREADABLE", 2)).await;
    with(Some(signed.replacen("\n1\n", "\n2\n", 1)), ("fault", "REGISTRY_SIGNATURE", 1)).await;
    with(None, ("unreadable", "UNREADABLE", 2)).await;
    // Shown twice, it is still one.
    assert_eq!(verify(&[new, new], 1).await["missing"], json!([name(one)]));

    // A gateway serves as a log of the registry, or not at all.
    let config = std::fs::read_to_string(office.config()).unwrap();
    let with = |file: &str| {
        config.replacen(
            "[audit]\n",
            &format!("[audit]\norigins = {file:?}\norigins_key = {registrar:?}\n"),
            1,
        )
    };
    std::fs::write(office.config(), with(&at("origins"))).unwrap();
    let served = office.start().await;
    let mut client = office.world.connect_to(&office.site, "auditor").unwrap().audit();
    let search =
        SearchEntriesRequest { kind: EntryKind::ConfigLoaded.into(), page_size: 200, ..Default::default() };
    let found = client.search_entries(search).await.unwrap().into_inner().entries;
    let what = |entry: &Entry| -> String {
        let entry: Value = serde_json::from_slice(&entry.canonical).unwrap();
        entry["loaded"]["what"].as_str().unwrap().to_owned()
    };
    let loaded: Vec<String> = found.iter().map(what).collect();
    served.interrupt().await.unwrap();
    assert!(loaded.iter().any(|what| what == "origins"), "{loaded:?}");
    let shown = std::fs::read(new.join("origins")).unwrap();
    assert_eq!(shown, std::fs::read(at("origins")).unwrap(), "whoever has the log has the list");
    std::fs::write(at("lines"), format!("{} {one}\n", name(one))).unwrap();
    std::fs::write(at("without"), office.must(&sign, 0).await).unwrap();
    std::fs::write(office.config(), with(&at("without"))).unwrap();
    let refused = office.program.serve(&office.site, None).await.map(drop).unwrap_err();
    assert!(format!("{refused:#}").contains("does not stand in the registry"), "{refused:#}");
}
