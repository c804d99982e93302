//! `motlan sandbox` as a process: what it writes and prints works, it stops
//! when asked and leaves nothing behind, and a second start finds its log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use motlan::sandbox::{World, WorldOptions};
use motlan_domain::{Clock as _, ManualClock};
use motlan_harness::{Endpoints, Process, Program};
use motlan_proto::audit::v1::GetEntryRequest;
use tokio::time::timeout;

/// How long a sandbox may take to stop.
const STOPPING: Duration = Duration::from_secs(10);

/// The callers that must be there, and the file of who acts.
const CALLERS: &[(&str, &str)] = &[
    ("portal", "citizen.jwt"),
    ("one-stop", "officer.jwt"),
    ("department", "officer.jwt"),
    ("verifier", "officer.jwt"),
    ("auditor", "officer.jwt"),
];

/// A sandbox whose output is kept. Killed when dropped.
struct Printing {
    child: tokio::process::Child,
    printed: PathBuf,
}

// === impl Printing ===

impl Printing {
    fn start(folder: &Path, printed: PathBuf) -> Self {
        let _ = std::fs::remove_file(folder.join("endpoints.json"));
        let program = Program::built().unwrap();
        let child = tokio::process::Command::new(program.path())
            .args(["sandbox", "--data"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(File::create(&printed).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, printed }
    }

    /// What it printed, once that is all.
    async fn guide(&mut self) -> String {
        let reading = async {
            loop {
                assert!(self.child.try_wait().unwrap().is_none(), "the sandbox ended");
                let text = std::fs::read_to_string(&self.printed).unwrap();
                if text.contains("Ctrl-C") {
                    return text;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_mins(1), reading).await.expect("the sandbox prints what to try next")
    }

    /// Sends a signal by name and gives the exit code.
    async fn stop(mut self, signal: &str) -> i32 {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let ended = timeout(STOPPING, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("still there 10 s after {signal}")).unwrap().code().unwrap()
    }
}

fn endpoints(folder: &Path) -> Endpoints {
    serde_json::from_slice(&std::fs::read(folder.join("endpoints.json")).unwrap()).unwrap()
}

/// Every address as `host:port`.
fn addresses(of: &Endpoints) -> Vec<String> {
    let urls = of.registries.values().chain([&of.probe, &of.sandbox_control, &of.log]);
    let plain = |url: &String| url.split_once("://").expect("a URL").1.trim_end_matches('/').to_owned();
    urls.map(plain).chain([of.grpc.clone()]).collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let inner = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    inner.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Runs the printed commands as they stand, in a shell that stops at the first
/// that fails. Gives how many there were and what they told.
fn run_printed(guide: &str) -> (usize, String) {
    let next = guide.split("try next:").nth(1).expect("what to try next");
    let lines: Vec<&str> = next.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let output = Command::new("sh").args(["-e", "-u", "-c", &lines.join("\n")]).stdin(Stdio::null()).output();
    let output = output.unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    (lines.len() - 1, told)
}

/// The printed commands that hold `part`, changed, under the printed variables;
/// exit code, what it told, what it complained of.
fn run_changed(guide: &str, part: &str, changes: &[(&str, &str)]) -> (i32, String, String) {
    let next = guide.split("try next:").nth(1).expect("what to try next");
    let lines = next.lines().filter(|line| line.starts_with("  C=") || line.contains(part));
    let mut script = lines.collect::<Vec<_>>().join("\n");
    for (from, to) in changes {
        assert!(script.contains(from), "{from} is not in {script}");
        script = script.replace(from, to);
    }
    let output = Command::new("sh").args(["-u", "-c", &script]).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What the printed commands say where less is shown or claimed.
fn commands_say_why(guide: &str, dossier: &str) {
    let asserted = format!("{}-9001", &dossier[..dossier.len() - 5]);
    let to_asserted = (dossier, asserted.as_str());
    let without = (" --receipt-key $C/portal/receipt.key", "");
    let (code, told, err) = run_changed(guide, " open ", &[to_asserted, without]);
    assert!(code == 0 && told.contains("ASSERTED"), "{told}{err}");
    let (code, told, err) = run_changed(guide, "resolve --client $C/one-stop", &[to_asserted]);
    assert!(code == 0 && told.contains("(không cung cấp: EVIDENCE_TOO_WEAK)"), "{told}{err}");
    // The width of the table breaks sentences into lines.
    let sentences = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for language in ["chỉ bằng khai báo của hệ thống gọi", "gets yes/no answers only"] {
        assert!(sentences.contains(language), "{told}");
    }
    let json = (" --dossier", " --json --dossier");
    let (code, told, err) = run_changed(guide, "resolve --client $C/one-stop", &[to_asserted, json]);
    let lines: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = &lines.last().unwrap()["summary"];
    assert!(code == 0 && summary["withheld"][0]["reason"] == "EVIDENCE_TOO_WEAK", "{told}{err}");
    let mut fields =
        lines.iter().flat_map(|line| line["component"]["prefilled"].as_array().into_iter().flatten());
    assert!(fields.all(|field| field["withheldReason"] == "EVIDENCE_TOO_WEAK"), "{told}");
    // The printed commands closed theirs.
    let another = format!("{}-9002", &dossier[..dossier.len() - 5]);
    let to_another = (dossier, another.as_str());
    let (code, told, err) = run_changed(guide, " open ", &[to_another]);
    assert!(code == 0, "{told}{err}");
    let (code, told, _) = run_changed(guide, "/portal --dossier", &[to_another]);
    assert!(code == 0 && told.contains("(không cung cấp: ACTOR_ABSENT)"), "{told}");

    let born = guide.split("--birth-date ").nth(1).unwrap().split_whitespace().next().unwrap();
    let claimed = |date: &str| run_changed(guide, " verify --client ", &[(born, date)]);
    assert_eq!(claimed(born).0, 0, "control");
    for (date, reason) in [("2999-01-01", "BIRTH_DATE_FUTURE"), ("1849", "BIRTH_DATE_TOO_EARLY")] {
        let (code, _, err) = claimed(date);
        assert!(code == 1 && err.contains(reason) && err.contains("sinh không được"), "{date}: {code} {err}");
    }
    let (code, told, _) = claimed(&born[..4]);
    assert!(code == 1 && told.contains("(BIRTH_DATE NOT_CHECKED CLAIM_LESS_PRECISE)"), "{code} {told}");
}

async fn probe(of: &Endpoints, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{path}", of.probe)).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_and_printed_works_start_after_start() {
    let folder = tempfile::tempdir().unwrap();
    let printed = tempfile::tempdir().unwrap();
    let mut dossiers = Vec::new();
    for (start, signal) in ["TERM", "INT", "HUP"].into_iter().enumerate() {
        let mut sandbox = Printing::start(folder.path(), printed.path().join(start.to_string()));
        let guide = sandbox.guide().await;
        assert!(!guide.contains('\u{1b}'));
        let endpoints = endpoints(folder.path());
        let registries: Vec<&str> = endpoints.registries.keys().map(String::as_str).collect();
        assert_eq!(registries, ["business", "insurance", "land", "population"]);
        for told in [&endpoints.grpc, &endpoints.probe, &endpoints.sandbox_control] {
            assert!(guide.contains(told.as_str()), "{told} is not printed");
        }

        for (caller, token) in CALLERS {
            for name in ["cert.pem", "key.pem", "ca.pem", token] {
                let text = std::fs::read_to_string(folder.path().join("clients").join(caller).join(name));
                assert!(text.is_ok_and(|text| text.len() > 100), "{caller}/{name}");
            }
        }
        let written = files(folder.path());
        assert!(written.len() > 60, "only {} files", written.len());
        for path in &written {
            let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            let inside = path.strip_prefix(folder.path()).unwrap();
            let published = inside == Path::new("log.pub") || inside == Path::new("log/checkpoint");
            let public =
                published || (inside.starts_with("log/tile") && !inside.starts_with("log/tile/entries"));
            assert_eq!(mode, if public { 0o644 } else { 0o600 }, "{}", path.display());
        }

        assert_eq!(probe(&endpoints, "/healthz").await.0, 200);
        let (code, ready) = probe(&endpoints, "/readyz").await;
        assert!(code == 200 && ready.contains("\"ready\":true"), "{code} {ready}");
        assert_eq!(probe(&endpoints, "/no-such").await.0, 404);

        let (commands, told) = run_printed(&guide);
        assert!(commands >= 8, "only {commands} commands are printed");
        for part in [
            "ACCEPTANCE_RECEIPT",
            "RECORD_REUSED",
            "FORM_PREFILLED",
            "MATCH HIGH",
            "CLOSED DECIDED",
            "dossier.opened",
        ] {
            assert!(told.contains(part), "{part} is not told:\n{told}");
        }
        let dossier = guide.split("--dossier ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        assert!(!dossiers.contains(&dossier), "{dossier} is printed again");
        if start == 0 {
            commands_say_why(&guide, &dossier);
        }
        dossiers.push(dossier);

        let addresses = addresses(&endpoints);
        assert_eq!(addresses.len(), 8);
        assert!(addresses.iter().all(|address| TcpStream::connect(address).is_ok()));
        assert_eq!(sandbox.stop(signal).await, 0, "{signal}");
        for address in &addresses {
            assert!(TcpStream::connect(address).is_err(), "{address} still listens after {signal}");
        }
        assert!(!folder.path().join("endpoints.json").exists());
    }
    assert_eq!(dossiers.len(), 3);
}

/// The entry of an index as stored, and the index of the read itself.
async fn entry(process: &Process, index: u64) -> (Vec<u8>, u64) {
    let mut audit = process.connect("auditor").unwrap().audit();
    let told = audit.get_entry(GetEntryRequest { index }).await.unwrap().into_inner();
    (told.entry.unwrap().canonical, told.receipt.unwrap().index)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_goes_on_with_the_log_and_none_disturbs_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::built().unwrap();
    let mut last = 0;
    let mut stored = BTreeMap::new();
    for start in 0..2 {
        let process = program.sandbox(folder.path()).await.unwrap();
        for (index, bytes) in &stored {
            assert_eq!(entry(&process, *index).await.0, *bytes, "entry {index} after start {start}");
        }
        let so_far = last;
        for index in 0..=so_far {
            let (bytes, read) = entry(&process, index).await;
            assert!(read > last, "index {read} was given again");
            stored.insert(index, bytes);
            last = read;
        }

        // A start in a folder that is in use says so, and changes nothing.
        let before = std::fs::read(folder.path().join("clients/auditor/cert.pem")).unwrap();
        let data = folder.path().to_str().unwrap();
        let second = program.run(["sandbox", "--data", data]).await.unwrap();
        let told = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(69), "{told}");
        assert!(told.contains("đang được dùng") && told.contains("another sandbox"), "{told}");
        assert_eq!(std::fs::read(folder.path().join("clients/auditor/cert.pem")).unwrap(), before);
        let (_, read) = entry(&process, 0).await;
        assert!(read > last);
        last = read;
        assert!(process.interrupt().await.unwrap().success());
    }
    assert!(stored.len() > 5, "only {} entries were compared", stored.len());
}

#[tokio::test]
async fn tokens_are_renewed_before_they_end() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-21T03:00:00Z".parse().unwrap()));
    let world = World::start(WorldOptions::new(folder.path(), Arc::clone(&clock) as _)).await.unwrap();
    let read = || -> Vec<String> {
        let path = |(caller, token): &(&str, &str)| folder.path().join("clients").join(caller).join(token);
        CALLERS.iter().map(|row| std::fs::read_to_string(path(row)).unwrap()).collect()
    };
    let before = read();
    // What runs every five minutes, ten minutes later.
    clock.advance(Duration::from_mins(10));
    assert_eq!(read(), before, "control: nothing renews them by itself while the renewal is not run");
    world.renew_tokens().unwrap();
    let after = read();
    assert_eq!(after.len(), CALLERS.len());
    for (old, new) in before.iter().zip(&after) {
        assert_ne!(old, new);
        assert!(expiry(old) > clock.now().as_second() && expiry(old) < expiry(new));
        // A token lives 15 minutes at most, and was renewed before the old one ended.
        let left = expiry(new) - clock.now().as_second();
        assert!((600..=900).contains(&left), "{left} s left");
    }
    world.stop().await.unwrap();
}

/// `exp` of a compact JWS, unverified.
fn expiry(token: &str) -> i64 {
    use base64::Engine as _;
    let claims = token.trim().split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<serde_json::Value>(&claims).unwrap()["exp"].as_i64().unwrap()
}
