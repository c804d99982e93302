//! One run tells all of it: with line, key and nearest known one, nothing
//! twice, and what is no TOML alone.

use super::*;

/// The line of the text on which a part stands.
fn line_of(site: &Site, part: &str) -> usize {
    let line = site.text.lines().position(|line| line.contains(part));
    1 + line.unwrap_or_else(|| panic!("{part} is not in the file"))
}

/// Text of the sample, what it becomes, and what must be said after the line
/// of what it became.
type Change = (&'static str, &'static str, &'static str);

/// The sample with all of those changes must tell exactly those mistakes.
fn told_exactly(site: Site, changes: &[Change]) {
    let site = changes.iter().fold(site, |site, (from, to, _)| site.with(from, to));
    let told = site.mistakes();
    for (_, to, expected) in changes.iter().filter(|change| !change.2.is_empty()) {
        let place = to.lines().last().unwrap();
        let expected = format!("line {}: {expected}", line_of(&site, place));
        assert!(told.iter().any(|line| line.starts_with(&expected)), "{expected} is not in {told:#?}");
    }
    assert_eq!(told.len(), changes.iter().filter(|change| !change.2.is_empty()).count(), "{told:#?}");
}

#[test]
fn what_the_catalogue_does_not_know_is_told_with_the_nearest() {
    told_exactly(
        Site::new(),
        &[
            (
                "commune = \"22366\"",
                "commune = \"22367\"",
                "access.callers[1].commune: there is no commune `22367`; nearest known: 22366",
            ),
            (
                "agency = \"H32.13.01\"",
                "agency = \"H32.13.07\"",
                "access.callers[2].agency: there is no agency `H32.13.07`; nearest known: H32.13.01",
            ),
            (
                "default_procedure = \"1.004222\"",
                "default_procedure = \"1.004223\"",
                "registries.population.default_procedure: there is no procedure `1.004223` in the catalogue; nearest known: 1.004222",
            ),
            (
                "# agencies = [\"H32.202\"]",
                "agencies = [\"H32.203\", \"H32.992\"]",
                "access.issuers[0].agencies: there is no agency `H32.992`; nearest known: H32.991",
            ),
            (
                "systems = [\"portal\"]",
                "systems = [\"portal\", \"portla\"]",
                "access.evidence[0].systems: there is no caller `portla`; nearest known: portal",
            ),
        ],
    );
}

#[test]
fn a_code_that_is_none_is_told_with_the_nearest_too() {
    told_exactly(
        Site::new(),
        &[
            (
                "agency = \"H32.10\"",
                "agency = \"H32.1O\"",
                "access.callers[0].agency: `H32.1O` is no agency code: AGENCY_CODE_FORM; nearest known: H32.10",
            ),
            (
                "default_procedure = \"1.004222\"",
                "default_procedure = \"1,004222\"",
                "registries.population.default_procedure: is no procedure code: PROCEDURE_CODE_FORM; nearest known: 1.004222",
            ),
        ],
    );
}

#[test]
fn what_names_nobody_twice_is_told_once() {
    let again = "[[access.callers]]\nid = \"portal\" # again\nagency = \"H32.10\"\nrole = \"portal\"\n\n";
    let site = Site::new();
    let text = site.text.replacen(
        "[[access.callers]]\nid = \"inspectorate\"",
        &format!("{again}[[access.callers]]\nid = \"inspectorate\""),
        1,
    );
    let site = Site { text, folder: site.folder };
    let line = line_of(&site, "# again");
    assert_eq!(
        site.mistakes(),
        [format!("line {line}: access.callers[4].id: the caller `portal` stands twice")]
    );
    // The same where another part of either cannot be read.
    told_exactly(
        Site::new(),
        &[
            (
                "id = \"land-office\"",
                "id = \"portal\" # twice",
                "access.callers[2].id: the caller `portal` stands twice",
            ),
            (
                "tokens = [\"citizen\"]",
                "tokens = [\"citizn\"]",
                "access.callers[0].tokens: `citizn` is no kind of token",
            ),
            (
                "id = \"https://portal.example.vn\"",
                "id = \"https://id.example.vn\" # twice",
                "access.issuers[1].id: the issuer `https://id.example.vn` stands twice",
            ),
            ("keys/citizens.jwks.json", "keys/absent.json", "access.issuers[1].jwks_file: cannot read"),
        ],
    );
}

#[test]
fn an_unreadable_part_of_access_hides_none_of_the_rest() {
    told_exactly(
        Site::new(),
        &[
            (
                "id = \"one-stop-nha-trang\"",
                "id = \"One Stop\"",
                "access.callers[1].id: must be 1 to 64 of a-z",
            ),
            (
                "agency = \"H32.202\"",
                "agency = \"Nha Trang\"",
                "access.callers[1].agency: `Nha Trang` is no agency code",
            ),
            ("commune = \"22366\"", "commune = \"22367\"", "access.callers[1].commune: there is no commune"),
            ("role = \"department\"", "role = \"departmant\"", "access.callers[2].role: must be one of"),
            ("id = \"notary-1\"", "id = 7", "access.callers[3].id: must be a text"),
            (
                "role = \"verifier\"\ntokens = [\"officer\"]",
                "role = \"verifier\"\ntokens = [\"citizen\"] # no",
                "access.callers[3].tokens: a verifier or auditor may not present citizen tokens",
            ),
            (
                "role = \"auditor\"\ntokens = [\"officer\"]",
                "role = \"auditor\"\ntokens = [] # none",
                "access.callers[4].tokens: an auditor needs `officer`",
            ),
            ("directory = \"", "directory = \"/absent", "access.directory: cannot read"),
            ("keys/officers.jwks.json", "tls/../officers.toml", "access.issuers[0].jwks_file: "),
            // Not told: it may be the name that could not be read.
            ("systems = [\"portal\"]", "systems = [\"notary-7\"]", ""),
        ],
    );
}

#[test]
fn a_table_that_is_none_shifts_no_other() {
    let site = Site::new();
    let (head, callers) = site.text.split_once("[[access.callers]]").unwrap();
    let tables = format!("[[access.callers]]{callers}");
    let inline = tables.split("[[access.callers]]").skip(1).map(|table| {
        let keys: Vec<&str> = table.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        format!("  {{ {} }},\n", keys.join(", "))
    });
    let inline: String = std::iter::once("  7,\n".to_owned()).chain(inline).collect();
    let head = head.replacen("[access]\n", &format!("[access]\ncallers = [\n{inline}]\n"), 1);
    let site = Site { text: head, folder: site.folder }.with("\"H32.202\", role", "\"H32.999\", role");
    let told = site.mistakes();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("access.callers[0]: must be a table, not integer"), "{told:#?}");
    assert!(told[1].contains("access.callers[2].agency: there is no agency `H32.999`"), "{told:#?}");
}

#[test]
fn officers_are_told_each_by_itself() {
    let site = Site::new();
    let officers = "[[officers]]\naccount = \"a@x\"\nagency = \"H32.202\"\npersonal_id = \"056085369524\"\nchief = true\n\n\
                    [[officers]]\naccount = \"b@x\"\nagency = \"H32.992\"\npersonal_id = \"056085369524\"\n";
    std::fs::write(site.folder.path().join("etc/officers.toml"), officers).unwrap();
    let told = site.mistakes();
    assert_eq!(told.len(), 2, "{told:#?}");
    let line = line_of(&site, "directory = ");
    for part in [
        "officers[0]: unknown field `chief`",
        "officers[1]: there is no agency `H32.992`; nearest known: H32.991",
    ] {
        let mistake = told.iter().find(|line| line.contains(part));
        let mistake = mistake.unwrap_or_else(|| panic!("{part} is not in {told:#?}"));
        assert!(mistake.starts_with(&format!("line {line}: access.directory: ")), "{mistake}");
    }
    assert!(!told.concat().contains("056085369524"), "no identifier");
    std::fs::write(site.folder.path().join("etc/officers.toml"), "officers = []\n[[officers]]\n").unwrap();
    let told = site.mistakes();
    assert!(told.len() == 1 && told[0].contains("officers.toml: line 2: "), "{told:#?}");
}

#[test]
fn a_broken_catalogue_hides_nothing_but_what_only_it_could_tell() {
    let site = Site::new();
    let broken = site.folder.path().join("catalogue");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("catalogue.toml"), "version = 7\n").unwrap();
    let purposes = site.folder.path().join("purposes");
    std::fs::create_dir(&purposes).unwrap();
    // An agency that the catalogue meant may have, and an operation that none has.
    let purpose = include_str!("../../../../../deploy/purposes/identity-verification.toml");
    let purpose = purpose.replacen("\"H32.15.01\"", "\"H99.7\"", 1).replacen(
        "\"verify_identity\"",
        "\"verify_idenity\"",
        1,
    );
    assert!(purpose.contains("H99.7") && purpose.contains("verify_idenity"));
    std::fs::write(purposes.join("identity-verification.toml"), purpose).unwrap();
    let folders =
        format!("[catalogue]\nfolder = \"{}\"\npurposes = \"{}\"", broken.display(), purposes.display());
    let told = site
        .with("[catalogue]", &folders)
        .with("id = \"land-office\"", "id = \"Land Office\"")
        .with("agency = \"H32.202\"", "agency = \"H32.999\"")
        .with("default_procedure = \"1.004222\"", "default_procedure = \"1.004223\"")
        .with("keys/audit.keys", "keys/register.key")
        .mistakes();
    let parts = [
        "catalogue.folder: catalogue.toml: ",
        "catalogue.purposes: identity-verification.toml: ",
        "verify_idenity",
        "access.callers[2].id: must be",
        "audit.keys: ",
    ];
    for part in parts {
        assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
    }
    // Whether those are there, only the catalogue could tell.
    for part in ["H32.999", "1.004223", "H99.7"] {
        assert!(!told.concat().contains(part), "{part} is judged: {told:#?}");
    }
    assert!(told.iter().all(|line| line.starts_with("line ")), "{told:#?}");
}

#[test]
fn certificates_towards_registries_are_judged_whatever_else_is_wrong_there() {
    told_exactly(
        Site::new(),
        &[
            ("user = \"h32-motlan\"", "user = 7", "registries.population.user: must be a text"),
            (
                "with key:\n# ca_pem = {",
                "with key:\nca_pem = \"none\" # {",
                "registries.population.http.ca_pem: holds no certificate",
            ),
            (
                "# client_identity = {",
                "client_identity = \"none at all\" # {",
                "registries.population.http.client_identity: holds no certificate and key",
            ),
            ("# deadline_ms = 5000", "deadline_ms = 0", "registries.population.http.deadline_ms: must be"),
            (
                "base_url = \"https://population.example.vn\"",
                "base_url = \"http://population.example.vn\"",
                "registries.population.http.base_url: http beyond loopback",
            ),
        ],
    );
}

/// What is no TOML, on which line of the change, at which character.
const NO_TOML: &[(&str, &str, usize, usize)] = &[
    ("[log]", "[log", 0, 5),
    ("mode = \"production\"", "mode = \"production", 0, 19),
    ("mode = \"production\"", "mode = ", 0, 8),
    ("mode = \"production\"", "mode", 0, 5),
    ("mode = \"production\"", "tên = 1", 0, 2),
    ("[log]", "[log]\nfilter = \"info\"", 2, 1),
    ("[dossiers]", "[audit] # again", 0, 2),
    ("tokens = [\"citizen\"]", "tokens = [\"citizen\"\n", 3, 1),
];

#[test]
fn what_is_no_toml_is_told_alone_with_line_and_column() {
    for (from, to, below, column) in NO_TOML {
        let site = Site::new()
            // Mistakes that would be told otherwise.
            .with("origin = \"motlan.example.vn/gw1\"", "origin = \"Motlan Gateway\"")
            .with("agency = \"H32.13.01\"", "agency = \"H32.999\"")
            .with(from, to);
        let told = site.mistakes();
        assert_eq!(told.len(), 1, "{to:?}: {told:#?}");
        let line = line_of(&site, to.lines().next().unwrap()) + below;
        let place = format!("line {line}, column {column}: is no TOML: ");
        assert!(told[0].starts_with(&place), "{to:?}: {place} is not {told:#?}");
    }
    // Control: without them the others are told.
    let told =
        Site::new().with("origin = \"motlan.example.vn/gw1\"", "origin = \"Motlan Gateway\"").mistakes();
    assert!(told.len() == 1 && told[0].contains("audit.origin"), "{told:#?}");
}

#[test]
fn what_is_no_text_is_told_with_line_and_column() {
    let site = Site::new();
    let file = site.folder.path().join("motlan.toml");
    let mut bytes = site.text.clone().into_bytes();
    let at = site.text.find("mode = \"production\"").unwrap() + "mode = \"".len();
    bytes[at] = 0xFF;
    std::fs::write(&file, bytes).unwrap();
    let errors = check(&file).unwrap_err();
    let line = line_of(&site, "mode = \"production\"");
    assert_eq!(errors.mistakes.len(), 1);
    assert_eq!(errors.mistakes[0].to_string(), format!("line {line}, column 9: is no UTF-8 text"));
    // A byte order mark and CRLF are text all the same.
    let text = format!("\u{FEFF}{}", site.text.replace('\n', "\r\n"));
    std::fs::write(&file, text).unwrap();
    check(&file).unwrap_or_else(|errors| panic!("{errors}"));
}
