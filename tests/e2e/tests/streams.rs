//! Closed pipes and signals: whoever has read enough, or presses Ctrl-C, ends a
//! command in order. No panic, no folder left behind, an exit code that says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use motlan_e2e::PATIENCE;
use motlan_harness::Program;

/// How often a condition is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Most looks: about a minute.
const LOOKS: u32 = 6_000;

/// A folder for the commands' files; `tmp` in it is where temporary ones go.
struct Place(tempfile::TempDir);

/// A running command. Killed when dropped.
struct Running(Child);

// === impl Place ===

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What temporary files are there.
    fn left(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.0.path().join("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// The program with its output as given; what it tells of errors is kept.
    fn start(&self, args: &[&str], stdout: Stdio, stderr: Option<Stdio>) -> Running {
        let told = std::fs::File::create(self.0.path().join("told")).unwrap();
        let mut command = Command::new(Program::built().unwrap().path());
        command.args(args).env("TMPDIR", self.0.path().join("tmp")).stdin(Stdio::null());
        Running(command.stdout(stdout).stderr(stderr.unwrap_or_else(|| told.into())).spawn().unwrap())
    }

    fn told(&self) -> String {
        std::fs::read_to_string(self.0.path().join("told")).unwrap()
    }
}

// === impl Running ===

impl Running {
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(status.unwrap().success(), "{name} cannot be sent");
    }

    fn ended(&mut self, what: &str) -> ExitStatus {
        for _ in 0..LOOKS {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        panic!("{what}: does not end");
    }

    /// Waits for a condition while it runs.
    fn until(&mut self, what: &str, met: impl Fn() -> bool) {
        for _ in 0..LOOKS {
            if met() {
                return;
            }
            assert!(self.0.try_wait().unwrap().is_none(), "{what}: ended before");
            std::thread::sleep(LOOK_AGAIN);
        }
        panic!("{what}: does not happen");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A pipe whose reader is gone.
fn nobody_reads() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// No panic, whatever else.
fn sound(what: &str, told: &str) {
    assert!(!told.contains("panicked") && !told.contains("RUST_BACKTRACE"), "{what}:\n{told}");
}

#[test]
fn a_reader_that_is_gone_is_no_fault_of_any_command() {
    let place = Place::new();
    // More than any buffer holds, and less.
    let (mut many, mut names) = ("kind,value\n".to_owned(), "a_name,b_name\n".to_owned());
    for row in 0..20_000 {
        writeln!(many, "personal_id,{row}").unwrap();
        writeln!(names, "Nguyễn Văn {row},NGUYỄN VĂN {row}").unwrap();
    }
    let (many, names) = (place.file("many.csv", &many), place.file("names.csv", &names));
    let few = place.file("few.csv", "kind,value\npersonal_id,056085369524\n");
    let (audit, register) = (place.0.path().join("audit.keys"), place.0.path().join("register.key"));
    let keys = ["keys", "new", "--audit", audit.to_str().unwrap(), "--register", register.to_str().unwrap()];
    let commands: &[&[&str]] = &[
        &["demo"],
        &["demo", "--json"],
        &["id", "--csv", &many],
        &["id", "--csv", &few],
        &["id", "personal_id", "056085369524"],
        &["match", "--csv", &names],
        &["match", "Hòa", "HOÀ"],
        &["--help"],
        &["--version"],
        &["audit", "search", "--help"],
        &keys,
    ];
    for args in commands {
        let what = args.join(" ");
        let mut running = place.start(args, nobody_reads(), None);
        let status = running.ended(&what);
        sound(&what, &place.told());
        assert_eq!(status.code(), Some(0), "{what}: {}", place.told());
        assert!(place.left().is_empty(), "{what} leaves {:?}", place.left());
    }
    // What was asked for beside the output has been done.
    assert!(audit.exists());
    // A fault is still one, read or not; and so is a no.
    for (args, code) in [
        (&["id", "--csv", "/no/such.csv"][..], 65),
        (&["demo", "--procedure", "9.999999"], 2),
        (&["config", "check", &few], 64),
        (&["frobnicate"], 2),
    ] {
        let what = args.join(" ");
        let status = place.start(args, nobody_reads(), None).ended(&what);
        sound(&what, &place.told());
        assert_eq!(status.code(), Some(code), "{what}: {}", place.told());
        // And where nobody hears of it either.
        let status = place.start(args, nobody_reads(), Some(nobody_reads())).ended(&what);
        assert_eq!(status.code(), Some(code), "{what}, unheard");
    }
}

#[test]
fn the_demo_shows_its_first_line_to_who_reads_no_more() {
    let place = Place::new();
    let mut running = place.start(&["demo"], Stdio::piped(), None);
    let mut line = String::new();
    // The reader is dropped behind the line, and the pipe with it.
    BufReader::with_capacity(16, running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("1.004222 "), "{line}");
    let status = running.ended("demo | head -1");
    sound("demo | head -1", &place.told());
    assert_eq!(status.code(), Some(0), "{}", place.told());
    assert!(place.left().is_empty(), "{:?}", place.left());
}

#[test]
fn an_interrupted_demo_stops_in_order_and_leaves_nothing() {
    for signal in ["INT", "TERM", "HUP"] {
        let place = Place::new();
        let mut running = place.start(&["demo"], Stdio::null(), None);
        // From the moment its folder is there.
        running.until("a folder", || !place.left().is_empty());
        running.signal(signal);
        let status = running.ended(signal);
        sound(signal, &place.told());
        assert_eq!(status.code(), Some(130), "{signal}: {}", place.told());
        assert!(place.told().contains("đã dừng theo yêu cầu / interrupted"), "{}", place.told());
        assert!(place.left().is_empty(), "{signal} leaves {:?}", place.left());
    }
}

/// Whether somebody answers at the probe of a configuration.
fn ready(config: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(config) else { return false };
    let probe =
        text.lines().find_map(|line| line.strip_prefix("probe = ")).map(|text| text.trim_matches('"'));
    probe.is_some_and(|probe| std::net::TcpStream::connect(probe).is_ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stays_up_stays_up_without_a_reader_and_answers_commands_that_have_none() {
    let place = Place::new();
    let folder = place.0.path().join("world");
    let data = folder.to_str().unwrap();
    // Nobody reads what the sandbox prints, nor what it logs.
    let mut sandbox = place.start(&["sandbox", "--data", data], nobody_reads(), Some(nobody_reads()));
    sandbox.until("the sandbox is up", || folder.join("endpoints.json").exists());
    let client = |name: &str| folder.join("clients").join(name).to_str().unwrap().to_owned();
    let auditor = client("auditor");
    let search = ["audit", "search", "--client", &auditor];
    let as_json = [&search[..], &["--json"]].concat();
    for args in [&search[..], &as_json] {
        let what = args.join(" ");
        let status = place.start(args, nobody_reads(), None).ended(&what);
        sound(&what, &place.told());
        assert_eq!(status.code(), Some(0), "{what}: {}", place.told());
    }
    sandbox.signal("INT");
    assert_eq!(sandbox.ended("the sandbox").code(), Some(0));
    assert!(!folder.join("endpoints.json").exists(), "it stopped in order");

    // The same for the gateway alone, as talkative as can be.
    let config = folder.join("motlan.toml");
    let text =
        std::fs::read_to_string(&config).unwrap().replacen("filter = \"warn\"", "filter = \"info\"", 1);
    assert!(text.contains("filter = \"info\""));
    std::fs::write(&config, text).unwrap();
    let serve = ["serve", "--config", config.to_str().unwrap()];
    let mut gateway = place.start(&serve, nobody_reads(), Some(nobody_reads()));
    gateway.until("the gateway is up", || ready(&config));
    let endpoint = std::fs::read_to_string(&config).unwrap();
    let endpoint = endpoint
        .lines()
        .find_map(|line| line.strip_prefix("listen = "))
        .unwrap()
        .trim_matches('"')
        .to_owned();
    // It answers, though its log goes nowhere.
    let program = Program::built().unwrap();
    let asked = program.run([&search[..], &["--endpoint", &endpoint]].concat());
    let asked = tokio::time::timeout(PATIENCE, asked).await.expect("an answer").unwrap();
    assert_eq!(asked.status.code(), Some(0), "{}", String::from_utf8_lossy(&asked.stderr));
    gateway.signal("TERM");
    assert_eq!(gateway.ended("the gateway").code(), Some(0));
}
