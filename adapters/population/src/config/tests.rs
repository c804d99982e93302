//! The section as an operator writes it.

use super::PopulationConfig;

const SECTION: &str = r#"
user = "h32"
secret = { file = "secret" }
api_key = "hunter2"
x_road_client = "XROADVN/GOV/H32/MOTLAN"
account = "motlan"
phone = "02583000000"
default_procedure = "1.004222"

[http]
base_url = "https://dancu.example"

[paths]
lookup = "/037"
status = "/chet-mat-tich"
"#;

#[test]
fn the_section_reads() {
    let mut config: PopulationConfig = toml::from_str(SECTION).unwrap();
    assert_eq!((config.paths.lookup.as_str(), config.default_procedure.as_str()), ("/037", "1.004222"));
    assert_eq!(config.paths.status, "/chet-mat-tich");
    // What is left out is the default.
    assert!(config.paths.household.ends_with("/CungCapThongTinHoGiaDinh"));
    config.resolve("/etc/motlan".as_ref());
    let shown = format!("{config:?}");
    assert!(shown.contains("/etc/motlan/secret") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn what_is_unknown_or_ill_formed_is_refused() {
    for (from, to) in
        [("phone", "fone"), ("1.004222", "1004222"), ("lookup", "look"), ("user = \"h32\"\n", "")]
    {
        assert!(SECTION.contains(from));
        assert!(toml::from_str::<PopulationConfig>(&SECTION.replacen(from, to, 1)).is_err(), "{to}");
    }
}
