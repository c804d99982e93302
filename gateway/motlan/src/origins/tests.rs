//! A registry from its key to the gateway that must stand in it.

use std::os::unix::fs::PermissionsExt as _;

use motlan_audit_tree::SigningKey;

use super::*;

const NAME: &str = "registry.example";

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> (Self, VerifierKey) {
        let desk = Self(tempfile::tempdir().unwrap());
        let args = NewRegistryArgs { file: desk.at("registry.key"), name: NAME.to_owned() };
        let mut out = Vec::new();
        assert_eq!(new_key(&args, &mut out).unwrap(), Exit::Ok);
        assert_eq!(new_key(&args, &mut Vec::new()).unwrap_err().exit, Exit::Usage, "never overwritten");
        let mode = std::fs::metadata(&args.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let told = String::from_utf8(out).unwrap();
        let public = told.split_whitespace().last().unwrap().parse().unwrap();
        let seed = std::fs::read_to_string(&args.file).unwrap();
        assert!(!told.contains(seed.split_whitespace().last().unwrap()), "the key is told, not its secret");
        (desk, public)
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn signed(&self, serial: u64, lines: &str) -> Result<String, Failure> {
        std::fs::write(self.at("lines"), lines).unwrap();
        let args = SignOriginsArgs { key: self.at("registry.key"), serial, lines: self.at("lines") };
        let mut out = Vec::new();
        sign(&args, &mut out).map(|_| String::from_utf8(out).unwrap())
    }
}

fn vkey(origin: &str, seed: u8) -> VerifierKey {
    SigningKey::from_seed(origin, &[seed; 32]).unwrap().verifier_key().clone()
}

fn line(origin: &str) -> String {
    format!("{origin} {}\n", vkey(origin, 1))
}

/// As evidence a registry is at fault, or says nothing: never merely wrong input.
#[test]
fn a_registry_that_is_not_the_keys_is_a_fault() {
    let (desk, public) = Desk::new();
    let note = desk.signed(1, &line("m.example/gw1")).unwrap();
    let file = desk.at("origins");
    let judged = |text: Option<&str>, key: &VerifierKey| {
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        open_as_evidence(&file, key).map(|opened| opened.registry.serial()).map_err(|failure| failure.exit)
    };
    assert_eq!(judged(Some(&note), &public), Ok(1));
    assert_eq!(judged(Some(&note.replace("\n1\n", "\n2\n")), &public), Err(Exit::No), "changed");
    assert_eq!(judged(Some(&note), &vkey(NAME, 9)), Err(Exit::No), "another's");
    assert_eq!(judged(Some("nothing"), &public), Err(Exit::Usage), "no note");
    assert_eq!(judged(None, &public), Err(Exit::Usage), "no file");
}

#[test]
fn a_gateway_must_stand_in_the_registry_with_its_key() {
    let (desk, public) = Desk::new();
    let note = desk.signed(7, &(line("m.example/gw2") + "# ours\n" + &line("m.example/gw1"))).unwrap();
    let section = OriginsSection { file: desk.at("origins"), key: public.clone() };
    std::fs::write(&section.file, &note).unwrap();

    let mut out = Vec::new();
    let args = VerifyOriginsArgs { key: public.to_string(), file: section.file.clone() };
    assert_eq!(verify(&args, &mut out).unwrap(), Exit::Ok);
    let told = String::from_utf8(out).unwrap();
    assert!(told.contains("serial 7") && told.contains("m.example/gw1") && told.contains("gw2"), "{told}");

    let origins = of_gateway(&section, "m.example/gw1").unwrap();
    assert_eq!((origins.bytes.as_slice(), origins.registry.serial()), (note.as_bytes(), 7));
    let own = |seeds: &[u8]| {
        let keys: Vec<_> = seeds.iter().map(|seed| vkey("m.example/gw1", *seed)).collect();
        hold_against(&origins, "m.example/gw1", &keys)
    };
    own(&[1]).unwrap();
    // After rotations any key it had will do: its statements lead on.
    own(&[3, 1, 2]).unwrap();
    for failure in [own(&[2]).unwrap_err(), own(&[]).unwrap_err()] {
        assert_eq!(failure.exit, Exit::Config);
        assert!(failure.to_string().contains("another key"), "{failure}");
    }
    let refused = of_gateway(&section, "m.example/gw3").map(drop).unwrap_err();
    assert_eq!(refused.exit, Exit::Config);
    assert!(refused.to_string().contains("không có nhật ký m.example/gw3"), "{refused}");
    let stranger = OriginsSection { key: vkey(NAME, 1), ..section.clone() };
    assert_eq!(of_gateway(&stranger, "m.example/gw1").map(drop).unwrap_err().exit, Exit::Config);
    std::fs::write(&section.file, note.replacen("\n7\n", "\n8\n", 1)).unwrap();
    assert_eq!(of_gateway(&section, "m.example/gw1").map(drop).unwrap_err().exit, Exit::Config);
}

#[test]
fn what_cannot_be_signed_is_told() {
    let (desk, _) = Desk::new();
    let failure = desk.signed(1, "x\n").unwrap_err();
    assert_eq!(failure.exit, Exit::Data);
    assert!(failure.to_string().contains("line 1"), "{failure}");
    std::fs::write(desk.at("registry.key"), "x\n").unwrap();
    assert_eq!(desk.signed(1, &line("m.example/gw1")).unwrap_err().exit, Exit::Data);
    std::fs::set_permissions(desk.at("registry.key"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let failure = desk.signed(1, &line("m.example/gw1")).unwrap_err();
    assert!(failure.to_string().contains("0600"), "{failure}");
    let named = NewRegistryArgs { file: desk.at("other.key"), name: "a b".to_owned() };
    assert_eq!(new_key(&named, &mut Vec::new()).unwrap_err().exit, Exit::Usage);
    assert!(!desk.at("other.key").exists());
}
