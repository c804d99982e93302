//! Registries in their one form, and what is none.

use super::*;
use crate::note::CosigningKey;

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

fn vkey(name: &str) -> String {
    key(name, 1).verifier_key().to_string()
}

fn line(name: &str) -> String {
    format!("{name} {}", vkey(name))
}

fn registrar() -> SigningKey {
    key("registry.example", 9)
}

/// Three logs, one of which goes on from another; sorted, `gw1-2` comes before
/// `gw2`, and behind `gw1`.
fn lines() -> [String; 3] {
    [line("m.example/gw1"), format!("{} after m.example/gw1", line("m.example/gw1-2")), line("m.example/gw2")]
}

#[test]
fn a_registry_is_signed_and_read_back() {
    let [one, two, three] = lines();
    let registry = Registry::of_lines(3, &format!("# ours\n\n{three}\n {two} \n{one}\n")).unwrap();
    assert_eq!(registry.to_string(), format!("motlan origin registry v1\n3\n{one}\n{two}\n{three}\n"));
    let signed = registry.sign(&registrar()).unwrap().to_string();
    let opened = Registry::open(signed.as_bytes(), registrar().verifier_key()).unwrap();
    assert_eq!((&opened, opened.serial(), opened.origins().len()), (&registry, 3, 3));
    let listed = opened.find("m.example/gw1-2").unwrap();
    assert_eq!((listed.key().to_string(), listed.after()), (vkey("m.example/gw1-2"), Some("m.example/gw1")));
    assert!(opened.find("m.example/gw3").is_none());
    let missing =
        |shown: &[&str]| opened.missing(shown).iter().map(|l| l.origin().to_owned()).collect::<Vec<_>>();
    assert_eq!(missing(&["m.example/gw2", "m.example/gw1"]), ["m.example/gw1-2"]);
    assert_eq!(missing(&["m.example/other"]).len(), 3);
    assert!(missing(&["m.example/gw1", "m.example/gw1-2", "m.example/gw2"]).is_empty());
}

#[test]
fn another_signer_or_text_is_refused() {
    let [one, two, three] = lines();
    let good = format!("motlan origin registry v1\n3\n{one}\n{two}\n{three}\n");
    let open = |text: &str, by: &SigningKey| {
        let note = by.sign(text).unwrap().to_string();
        Registry::open(note.as_bytes(), registrar().verifier_key())
    };
    assert!(open(&good, &registrar()).is_ok(), "control");
    let unsigned = RegistryError::Note(NoteError::NotSigned);
    assert_eq!(open(&good, &key("registry.example", 8)), Err(unsigned.clone()));
    assert_eq!(open(&good, &key("other.example", 9)), Err(unsigned));
    let changed = registrar().sign(&good).unwrap().to_string().replacen("\n3\n", "\n4\n", 1);
    let changed = Registry::open(changed.as_bytes(), registrar().verifier_key());
    assert!(matches!(changed, Err(RegistryError::Note(NoteError::BadSignature { .. }))));

    let witness = CosigningKey::from_seed("m.example/gw1", &[1; 32]).unwrap().verifier_key().to_string();
    let line = |line| RegistryError::Line { line };
    for (name, text, error) in [
        ("another header", good.replacen("v1", "v2", 1), RegistryError::Header),
        ("no serial", good.replacen("3\n", "x\n", 1), RegistryError::Header),
        ("another spelling of it", good.replacen("3\n", "03\n", 1), RegistryError::Header),
        ("no logs", "motlan origin registry v1\n3\n".to_owned(), RegistryError::Empty),
        ("an empty line", good.replacen("3\n", "3\n\n", 1), line(3)),
        ("a comment", format!("{good}# ours\n"), line(6)),
        ("two spaces", good.replacen("gw1 m", "gw1  m", 1), line(3)),
        ("a space behind", good.replacen(&three, &format!("{three} "), 1), line(5)),
        ("no key", good.replacen(&three, "m.example/gw2", 1), line(5)),
        (
            "another log's key",
            good.replacen(&three, &format!("m.example/gw2 {}", vkey("m.example/gw3")), 1),
            line(5),
        ),
        ("a witness's key", good.replacen(&vkey("m.example/gw1"), &witness, 1), line(3)),
        (
            "not sorted",
            format!("motlan origin registry v1\n3\n{three}\n{one}\n"),
            RegistryError::Order { line: 4 },
        ),
        ("twice", format!("motlan origin registry v1\n3\n{one}\n{one}\n"), RegistryError::Order { line: 4 }),
        ("after nobody", good.replacen(&format!("{one}\n"), "", 1), RegistryError::After { line: 3 }),
        (
            "after itself",
            good.replacen("after m.example/gw1", "after m.example/gw1-2", 1),
            RegistryError::After { line: 4 },
        ),
        (
            "after nothing",
            good.replacen("after m.example/gw1", "after ", 1),
            RegistryError::After { line: 4 },
        ),
    ] {
        assert_ne!(text, good, "{name} changed nothing");
        assert_eq!(open(&text, &registrar()), Err(error), "{name}");
    }
}

#[test]
fn lines_to_be_signed_are_held_to_the_same() {
    let [one, two, _] = lines();
    let of = |text: &str| Registry::of_lines(1, text);
    assert_eq!(of("# nothing\n"), Err(RegistryError::Empty));
    assert_eq!(of(&format!("\n{one}\nx\n")), Err(RegistryError::Line { line: 3 }));
    assert_eq!(of(&two), Err(RegistryError::After { line: 1 }));
    assert_eq!(of(&format!("{one}\n{two}\n{one}\n")), Err(RegistryError::Order { line: 3 }));
}
