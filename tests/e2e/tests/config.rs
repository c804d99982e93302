//! The configuration from outside: what is right is accepted, every mistake is
//! named, and nothing listens before the configuration stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::net::{TcpListener, TcpStream};
use std::path::Path;

use motlan_harness::Program;

/// What operators start from.
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config");

/// A folder that a sandbox wrote, with the sandbox stopped again.
struct Site {
    folder: tempfile::TempDir,
    program: Program,
    text: String,
}

// === impl Site ===

impl Site {
    async fn written() -> Self {
        let program = Program::built().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let process = program.sandbox(folder.path()).await.unwrap();
        assert!(process.interrupt().await.unwrap().success());
        let text = std::fs::read_to_string(folder.path().join("motlan.toml")).unwrap();
        Self { folder, program, text }
    }

    /// The configuration with texts replaced, each of which must be there.
    fn with(&self, changes: &[(&str, &str)]) -> String {
        let mut text = self.text.clone();
        for (from, to) in changes {
            assert!(text.contains(from), "the written configuration no longer holds {from}");
            text = text.replacen(from, to, 1);
        }
        text
    }

    /// Exit code and standard error of a command on that text.
    async fn run(&self, command: &[&str], text: &str) -> (i32, String) {
        let file = self.folder.path().join("tried.toml");
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap().to_owned();
        let args: Vec<&str> = command.iter().copied().chain([file.as_str()]).collect();
        let output = self.program.run(&args).await.unwrap();
        let told = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
        (output.status.code().expect("it ended by itself"), told)
    }

    async fn check(&self, text: &str) -> (i32, String) {
        self.run(&["config", "check"], text).await
    }
}

/// Changes made together, and what must be said about each.
const TOGETHER: &[(&str, &str, &str)] = &[
    (
        "listen = \"127.0.0.1:",
        "listne = \"x\"\nlisten = \"127.0.0.1:9",
        "server.listen: is not an address and port",
    ),
    (
        "certificate = \"tls/server.pem\"",
        "certificate = \"tls/absent.pem\"",
        "server.certificate: cannot read",
    ),
    (
        "[log]",
        "[server.limits]\nmax_calls = 0\ncall = \"5 fortnights\"\nhandshake = \"0s\"\n\n[log]",
        "server.limits.max_calls: must be",
    ),
    ("filter = \"warn\"", "filter = \"warn,,=\"", "log.filter: is no filter"),
    ("segment_mib = 8", "segment_mib = 0\nqueue = 0", "audit.segment_mib: must be"),
    (
        "[dossiers]",
        "[cache.datasets.\"population.person\"]\nscope = \"province\"\n[cache.datasets.\"land.parcel\"]\nscope = \"agency\"\n\n[dossiers]",
        "cache.datasets.\"population.person\".scope: must be",
    ),
    (
        "key = \"keys/register.key\"",
        "keys = \"keys/register.key\"",
        "dossiers.keys: unknown key; nearest known: key",
    ),
    (
        "default_procedure = \"1.004222\"",
        "default_procedure = \"1,004222\"",
        "default_procedure: is no procedure code: PROCEDURE_CODE_FORM; nearest known: 1.004222",
    ),
    ("secrets/population.secret", "secrets/absent.secret", "registries.population.secret.file: cannot read"),
    ("kind = \"officer\"", "kind = \"oficer\"", "access.issuers[0].kind: must be one of"),
    ("role = \"one_stop\"", "role = \"onestop\"", ".role: must be one of"),
];

/// What else those changes make wrong.
const ALSO: &[&str] = &[
    "server.listne: unknown key; nearest known: listen",
    "server.limits.call: is not a duration",
    "server.limits.handshake: must be more than 0",
    "audit.queue: must be",
    "cache.datasets.\"land.parcel\".scope: must be",
    "dossiers.key: is missing",
];

/// Mistakes that stand in what the configuration names, each alone.
const NAMED: &[(&str, &str, &str)] = &[
    ("mode = \"sandbox\"", "mode = \"production\"", "097"),
    (
        "[access]",
        "[access]\nsynthetic_ids = \"alowed\"",
        "access.synthetic_ids: must be one of refused, allowed; nearest: allowed",
    ),
    ("agency = \"H32.10\"", "agency = \"H32.999\"", "there is no agency `H32.999`"),
    ("keys/officers.jwks.json", "motlan.toml", "is no JWK set"),
    ("tls/server.key", "tls/ca.pem", "holds no private key"),
];

#[tokio::test]
async fn what_a_sandbox_wrote_is_right_and_every_mistake_is_named_at_once() {
    let site = Site::written().await;
    let (code, told) = site.check(&site.text).await;
    assert_eq!(code, 0, "{told}");

    let changes: Vec<(&str, &str)> = TOGETHER.iter().map(|(from, to, _)| (*from, *to)).collect();
    let bad = site.with(&changes);
    let (code, told) = site.check(&bad).await;
    assert_eq!(code, 64, "{told}");
    let expected: Vec<&str> = TOGETHER.iter().map(|row| row.2).chain(ALSO.iter().copied()).collect();
    for part in &expected {
        assert!(told.contains(part), "{part} is not told:\n{told}");
    }
    // And nothing else is called a mistake.
    assert_eq!(told.lines().count(), 1 + expected.len(), "{told}");
    assert!(told.contains(&format!("{} mistakes", expected.len())), "{told}");

    for (from, to, part) in NAMED {
        let (code, told) = site.check(&site.with(&[(from, to)])).await;
        assert_eq!(code, 64, "{from} -> {to}: {told}");
        assert!(
            told.contains(part) || *part == "097" && told.contains("officer"),
            "{part} is not told:\n{told}"
        );
        // No personal id in clear, not even a synthetic one.
        let digits = told.split(|c: char| !c.is_ascii_digit());
        assert!(digits.clone().all(|run| run.len() != 12), "{told}");
    }
    // What is no TOML is told alone, whatever else is wrong.
    let (code, told) = site.check(&format!("{bad}\nno toml at all [\n")).await;
    assert_eq!((code, told.lines().count()), (64, 2), "{told}");
    let line = bad.lines().count() + 1 + usize::from(bad.ends_with('\n'));
    assert!(told.contains("1 mistake\n") && told.contains(&format!("line {line}, column ")), "{told}");
    assert_eq!(site.run(&["config", "check", "--no-such"], "").await.0, 2);
}

#[tokio::test]
async fn one_run_names_mistakes_of_the_file_and_of_what_it_names() {
    let site = Site::written().await;
    let changes = [
        // The file itself: a mistyped key, a wrong name, a wrong value.
        (
            "[dossiers]",
            "[cache]\nmax_mb = 64\n\n[dossiers]",
            "cache.max_mb: unknown key; nearest known: max_mib",
        ),
        ("kind = \"officer\"", "kind = \"oficer\"", "access.issuers[0].kind: must be one of"),
        ("segment_mib = 8", "segment_mib = 0", "audit.segment_mib: must be"),
        // What it names: an agency, a private key, the audit keys.
        (
            "agency = \"H32.10\"",
            "agency = \"H32.999\"",
            "access.callers[0].agency: there is no agency `H32.999`; nearest known: ",
        ),
        ("commune = \"", "commune = \"9", ".commune: there is no commune `9"),
        (
            "default_procedure = \"1.004222\"",
            "default_procedure = \"1.004223\"",
            "there is no procedure `1.004223` in the catalogue; nearest known: 1.004222",
        ),
        ("id = \"verifier\"", "id = \"auditor\"", ".id: the caller `auditor` stands twice"),
        ("tls/server.key", "tls/ca.pem", "server.key: holds no private key"),
        ("keys/audit.keys", "keys/register.key", "audit.keys: "),
    ];
    let texts: Vec<(&str, &str)> = changes.iter().map(|(from, to, _)| (*from, *to)).collect();
    let (code, told) = site.check(&site.with(&texts)).await;
    assert_eq!(code, 64, "{told}");
    for (_, _, part) in changes {
        assert!(told.contains(part), "{part} is not told:\n{told}");
    }
    assert!(told.contains(&format!("{} mistakes", changes.len())), "{told}");
    assert!(told.lines().skip(1).all(|line| line.starts_with("  line ")), "each with its line: {told}");
    // `serve` tells the same, all at once.
    let (code, served) = site.run(&["serve", "--config"], &site.with(&texts)).await;
    assert_eq!((code, served), (64, told));
}

#[tokio::test]
async fn a_gateway_with_a_mistake_exits_64_before_it_listens() {
    let site = Site::written().await;
    // Somebody else holds the port: who tried to listen would fail with 69.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let listen = site.text.lines().find(|line| line.starts_with("listen = ")).unwrap();
    let ours = format!("listen = \"{port}\"");
    let serve = &["serve", "--config"];

    // Control: the configuration is right, the port is taken.
    let (code, told) = site.run(serve, &site.with(&[(listen, &ours)])).await;
    assert_eq!(code, 69, "{told}");

    let mistakes: Vec<(&str, &str)> = TOGETHER[3..].iter().map(|row| (row.0, row.1)).collect();
    let mut all = vec![(listen, ours.as_str())];
    all.extend(&mistakes);
    let named: Vec<Vec<(&str, &str)>> =
        NAMED.iter().map(|row| vec![(listen, ours.as_str()), (row.0, row.1)]).collect();
    let mut tried = 0;
    for changes in std::iter::once(all).chain(named) {
        let (code, told) = site.run(serve, &site.with(&changes)).await;
        assert_eq!(code, 64, "{changes:?}: {told}");
        tried += 1;
    }
    assert_eq!(tried, 1 + NAMED.len());

    // With the port free, nobody answers there while it runs.
    drop(taken);
    let bad = site.with(&[(listen, &ours), ("filter = \"warn\"", "filtre = \"warn\"")]);
    let run = site.run(serve, &bad);
    tokio::pin!(run);
    let mut looks = 0;
    let (code, told) = loop {
        assert!(TcpStream::connect(&port).is_err(), "something listens on {port}");
        looks += 1;
        if let Ok(ended) = tokio::time::timeout(std::time::Duration::from_micros(200), &mut run).await {
            break ended;
        }
    };
    assert!(code == 64 && looks > 0, "{code} {told}");
    assert!(told.contains("log.filtre: unknown key; nearest known: filter"), "{told}");
}

#[tokio::test]
async fn the_samples_are_accepted() {
    let site = Site::written().await;
    let root = site.folder.path();
    std::fs::create_dir(root.join("var")).unwrap();
    let copy = |from: &str, to: &str| {
        std::fs::create_dir_all(root.join(to).parent().unwrap()).unwrap();
        std::fs::copy(root.join(from), root.join(to)).unwrap();
    };
    copy("tls/ca.pem", "tls/clients-ca.pem");
    copy("secrets/population.api_key", "secrets/population.api-key");
    let mut accepted = 0;
    for entry in std::fs::read_dir(SAMPLES).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // The directory of officers is named by the others.
        if path.extension().is_none_or(|extension| extension != "toml") || name == "officers.toml" {
            continue;
        }
        let officers = Path::new(SAMPLES).join("officers.toml");
        std::fs::copy(officers, root.join("officers.toml")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("\"/etc/motlan/", &format!("\"{}/", root.display()));
        let text = text.replace("\"/var/lib/motlan/", &format!("\"{}/var/", root.display()));
        // Here all lies in one folder for temporary files.
        let text = text.replace("# keys_on_same_disk = \"refused\"", "keys_on_same_disk = \"accepted\"");
        let (code, told) = site.check(&text).await;
        assert_eq!(code, 0, "{name}: {told}");
        assert!(told.contains("production") || told.contains("Production"), "{name}: {told}");
        accepted += 1;
    }
    assert!(accepted >= 1, "no sample in {SAMPLES}");
}

/// What an operator runs while the gateway is down, by its configuration alone.
#[tokio::test]
async fn the_search_index_is_made_anew_by_the_configuration() {
    let site = Site::written().await;
    let index = site.folder.path().join("state/audit/index.db");
    std::fs::remove_file(&index).unwrap();
    let reindex = ["audit", "reindex", "--config"];
    let (code, told) = site.run(&reindex, &site.text).await;
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("search index made anew of ") && !told.contains(" of 0 entries"), "{told}");
    assert!(index.is_file());
    let (code, told) = site.run(&reindex, &site.with(&[("folder = \"state/audit\"", "folder = 7")])).await;
    assert_eq!(code, 64, "{told}");
    assert!(told.contains("audit.folder"), "{told}");
}
