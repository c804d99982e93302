//! The fault layer bites, and a power cut takes what it should: shown on this
//! very program, started again as a child that writes through the same calls as
//! the gateway's journal.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code: a failure is a panic, and a child tells on its output"
)]

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use motlan_harness::faults::{Action, EIO, ENOSPC, EROFS, FaultLayer, Op, Rule};
use motlan_harness::power::{Lost, Luck, Machine};
use tempfile::TempDir;

/// What the child is to do, `work|folder`. It runs under the name of the test
/// for a layer that is not loaded.
const ROLE: &str = "MOTLAN_FAULT_CHILD";

struct Bench {
    folder: TempDir,
    layer: FaultLayer,
}

// === impl Bench ===

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["root", "layer", "outside"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let layer = FaultLayer::build(&folder.path().join("layer"), &folder.path().join("root")).unwrap();
        Self { folder, layer }
    }

    fn root(&self) -> PathBuf {
        self.layer.root().to_owned()
    }

    fn machine(&mut self) -> Machine {
        Machine::begin(&mut self.layer, &self.folder.path().join("layer")).unwrap()
    }

    fn spawn(&self, work: &str, folder: &Path, rules: &[Rule]) -> Child {
        let environment = self.layer.environment().unwrap();
        self.layer.arm(rules).unwrap();
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_layer_that_is_not_loaded_is_noticed", "--nocapture"])
            .env(ROLE, format!("{work}|{}", folder.display()))
            .envs(environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Runs the child to its end below the root: what it told, and by which
    /// signal it died.
    fn run(&self, work: &str, rules: &[Rule]) -> (Vec<String>, Option<i32>) {
        self.run_in(work, &self.root(), rules)
    }

    fn run_in(&self, work: &str, folder: &Path, rules: &[Rule]) -> (Vec<String>, Option<i32>) {
        let child = self.spawn(work, folder, rules);
        let pid = child.id();
        let output = child.wait_with_output().unwrap();
        self.layer.at_work_in(pid).unwrap();
        (told(&output), output.status.signal())
    }
}

fn told(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| line.split_once("told ")).map(|(_, told)| told.to_owned()).collect()
}

fn tell(what: &str, result: &std::io::Result<()>) {
    let outcome = match result {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.raw_os_error().map_or_else(|| format!("{:?}", error.kind()), |e| e.to_string()),
    };
    println!("told {what}={outcome}");
}

/// What a child does.
fn child(role: &str) {
    let (work, folder) = role.split_once('|').unwrap();
    let folder = Path::new(folder);
    let open = |name: &str| {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(name))
    };
    match work {
        "calls" => calls(folder),
        "clock" => {
            #[expect(clippy::disallowed_methods, reason = "it is the machine's clock that is looked at")]
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            println!("told {}", now.as_secs());
        }
        "hang" => {
            let file = open("file").unwrap();
            println!("told before");
            tell("sync", &file.sync_data());
        }
        // One page each: synced, not synced, renamed with and without a synced
        // folder, unlinked, cut.
        "power" => {
            for name in ["synced", "old", "kept", "gone", "cut"] {
                let file = open(name).unwrap();
                file.write_all_at(&[b'a'; 5000], 0).unwrap();
                file.sync_data().unwrap();
            }
            fs::rename(folder.join("old"), folder.join("renamed")).unwrap();
            File::open(folder).unwrap().sync_all().unwrap();
            let synced = open("synced").unwrap();
            synced.write_all_at(b"later", 0).unwrap();
            synced.write_all_at(b"end", 6000).unwrap();
            open("new").unwrap().write_all_at(b"new", 0).unwrap();
            fs::rename(folder.join("kept"), folder.join("renamed")).unwrap();
            fs::remove_file(folder.join("gone")).unwrap();
            open("cut").unwrap().set_len(10).unwrap();
            println!("told done");
        }
        // A sync fails and the next succeeds: only what was written again is there.
        "failed" => {
            let file = open("file").unwrap();
            File::open(folder).unwrap().sync_all().unwrap();
            file.write_all_at(&[b'a'; 8192], 0).unwrap();
            tell("first", &file.sync_data());
            file.write_all_at(b"again", 4096).unwrap();
            tell("second", &file.sync_data());
        }
        other => panic!("no such work: {other}"),
    }
}

fn calls(folder: &Path) {
    let path = folder.join("file");
    let file = match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path) {
        Ok(file) => file,
        Err(error) => return tell("create", &Err(error)),
    };
    let lied = std::panic::catch_unwind(|| file.write_all_at(&[b'x'; 1000], 0));
    match lied {
        Ok(written) => tell("write", &written),
        Err(_) => println!("told write=panic"),
    }
    println!("told length={}", file.metadata().unwrap().len());
    tell("sync", &file.sync_data());
    tell("cut", &file.set_len(100));
    tell("open", &OpenOptions::new().write(true).open(&path).map(drop));
    tell("rename", &fs::rename(&path, folder.join("other")));
    tell("sync_dir", &File::open(folder).and_then(|folder| folder.sync_all()));
    tell("unlink", &fs::remove_file(folder.join("other")));
    tell("mkdir", &fs::create_dir(folder.join("made")));
    tell("end", &std::io::stdout().flush());
}

const GOOD: [&str; 10] = [
    "write=ok",
    "length=1000",
    "sync=ok",
    "cut=ok",
    "open=ok",
    "rename=ok",
    "sync_dir=ok",
    "unlink=ok",
    "mkdir=ok",
    "end=ok",
];

#[test]
fn every_call_fails_when_told_to_and_only_then() {
    let cases: [(Op, i32, &str); 9] = [
        (Op::Write, ENOSPC, "write=28"),
        (Op::Sync, EIO, "sync=5"),
        (Op::Create, ENOSPC, "create=28"),
        (Op::Open, EROFS, "open=30"),
        (Op::Truncate, EIO, "cut=5"),
        (Op::Rename, EIO, "rename=5"),
        (Op::Unlink, EROFS, "unlink=30"),
        (Op::SyncDir, EIO, "sync_dir=5"),
        (Op::MakeDir, EROFS, "mkdir=30"),
    ];
    for (op, errno, expected) in cases {
        let bench = Bench::new();
        let (told, _) = bench.run("calls", &[Rule::on(&[op], "", Action::Fail(errno))]);
        assert!(told.iter().any(|line| line == expected), "{op:?}: {told:?}");
        assert!(bench.layer.acted(0).unwrap() > 0);
        let name = expected.split('=').next().unwrap();
        let others = told.iter().filter(|line| !line.starts_with(name) && !line.starts_with("length"));
        // A file that kept its name has it still when it is to lose the other.
        let follows = |line: &&String| op == Op::Rename && line.starts_with("unlink");
        assert!(others.filter(|line| !follows(line)).all(|line| line.ends_with("=ok")), "{op:?}: {told:?}");
    }
    // Controls: without a rule, on another path, and outside the folder.
    let fail = |path: &str| Rule::on(&[Op::Write, Op::Sync, Op::Create], path, Action::Fail(EIO));
    assert_eq!(Bench::new().run("calls", &[]).0, GOOD);
    assert_eq!(Bench::new().run("calls", &[fail("another")]).0, GOOD);
    let bench = Bench::new();
    let outside = bench.folder.path().canonicalize().unwrap().join("outside");
    assert_eq!(bench.run_in("calls", &outside, &[fail("")]).0, GOOD);
    assert_eq!(bench.layer.acted(0).unwrap(), 0);
}

#[test]
fn writes_are_cut_short_or_lied_about() {
    let bench = Bench::new();
    // Half, then the rest: `write_all` goes on.
    let (told, _) = bench.run("calls", &[Rule::on(&[Op::Write], "", Action::Half).times(1)]);
    assert_eq!(told, GOOD);
    // Half, then no space: what a full disk does.
    let bench = Bench::new();
    let full =
        [Rule::on(&[Op::Write], "", Action::Half).times(1), Rule::on(&[Op::Write], "", Action::Fail(ENOSPC))];
    // The first rule counts only while it has times left.
    let (told, _) = bench.run("calls", &full);
    assert_eq!(told[..2], ["write=28", "length=500"]);
    let bench = Bench::new();
    let (told, _) = bench.run("calls", &[Rule::on(&[Op::Write], "", Action::Lie)]);
    assert_eq!(told[0], "write=panic");
}

#[test]
fn a_process_is_ended_at_the_point_named() {
    let kill = Some(9);
    let cases = [
        (Op::Write, Action::KillBefore, 0),
        (Op::Write, Action::KillMidway, 500),
        (Op::Write, Action::KillAfter, 1000),
        (Op::Sync, Action::KillBefore, 1000),
        (Op::Sync, Action::KillAfter, 1000),
    ];
    for (op, action, length) in cases {
        let bench = Bench::new();
        let (told, signal) = bench.run("calls", &[Rule::on(&[op], "", action).after(0)]);
        assert_eq!(signal, kill, "{op:?} {action:?}");
        assert!(!told.iter().any(|line| line.starts_with("sync")), "{told:?}");
        assert_eq!(fs::metadata(bench.root().join("file")).unwrap().len(), length, "{op:?} {action:?}");
    }
    for (action, name) in [(Action::KillBefore, "file"), (Action::KillAfter, "other")] {
        let bench = Bench::new();
        assert_eq!(bench.run("calls", &[Rule::on(&[Op::Rename], "", action).after(0)]).1, kill);
        assert!(bench.root().join(name).exists());
    }
    // The second write is never made: nothing happens.
    let bench = Bench::new();
    assert_eq!(
        bench.run("calls", &[Rule::on(&[Op::Write], "", Action::KillBefore).after(1)]),
        (GOOD.map(str::to_owned).to_vec(), None)
    );
}

#[test]
fn a_sync_hangs_until_the_rule_is_lifted() {
    let bench = Bench::new();
    let mut child = bench.spawn("hang", &bench.root(), &[Rule::on(&[Op::Sync], "", Action::Hang)]);
    let mut looks = 0;
    while bench.layer.acted(0).unwrap() == 0 {
        looks += 1;
        assert!(looks < 10_000, "it never comes to the sync");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(child.try_wait().unwrap().is_none());
    bench.layer.lift().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(told(&output), ["before", "sync=ok"]);
}

#[test]
fn the_clock_is_set_back() {
    let bench = Bench::new();
    let now = || bench.run("clock", &[]).0[0].parse::<i64>().unwrap();
    let before = now();
    // `run` sets the clock right first.
    let environment = bench.layer.environment().unwrap();
    bench.layer.set_clock(-3_600).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_layer_that_is_not_loaded_is_noticed", "--nocapture"])
        .env(ROLE, format!("clock|{}", bench.root().display()))
        .envs(environment)
        .output()
        .unwrap();
    let set_back: i64 = told(&output)[0].parse().unwrap();
    assert!((before - 3_600..before - 3_500).contains(&set_back), "{before} {set_back}");
    assert!(now() >= before);
}

#[test]
fn a_layer_that_is_not_loaded_is_noticed() {
    if let Some(role) = std::env::var_os(ROLE) {
        return child(role.to_str().unwrap());
    }
    let bench = Bench::new();
    let child = Command::new("true").spawn().unwrap();
    let pid = child.id();
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(bench.layer.at_work_in(pid).is_err());
    // And one that is, in another process, is not taken for this one's.
    bench.run("clock", &[]);
    assert!(bench.layer.at_work_in(pid).is_err());
}

fn content(path: PathBuf) -> Option<Vec<u8>> {
    fs::read(path).ok()
}

#[test]
fn a_power_cut_leaves_what_was_synced() {
    let mut bench = Bench::new();
    let machine = bench.machine();
    assert_eq!(bench.run("power", &[]).0, ["done"]);
    let root = bench.root();
    assert_eq!(content(root.join("new")).unwrap(), b"new", "control: it is there before");
    let (_, lost) = machine.power_cut(Luck::None).unwrap();
    // The first rename was synced, the second was not.
    for name in ["synced", "cut", "renamed", "kept", "gone"] {
        assert!(content(root.join(name)).is_some_and(|left| left == [b'a'; 5000]), "{name}");
    }
    assert!(!root.join("new").exists() && !root.join("old").exists());
    assert!(lost.pages >= 4 && lost.names == 3, "{lost:?}");
}

#[test]
fn syncs_that_only_pretend_cover_nothing() {
    let mut bench = Bench::new();
    let machine = bench.machine();
    let pretend = Rule::on(&[Op::Sync, Op::SyncDir], "", Action::Pretend);
    assert_eq!(bench.run("power", &[pretend]).0, ["done"]);
    machine.power_cut(Luck::None).unwrap();
    assert_eq!(fs::read_dir(bench.root()).unwrap().count(), 0);
}

#[test]
fn what_a_failed_sync_lost_stays_lost() {
    let mut bench = Bench::new();
    let machine = bench.machine();
    let failing = Rule::on(&[Op::Sync], "", Action::Fail(EIO)).times(1);
    assert_eq!(bench.run("failed", &[failing]).0, ["first=5", "second=ok"]);
    let path = bench.root().join("file");
    assert_eq!(content(path.clone()).unwrap()[0], b'a', "processes see it");
    machine.power_cut(Luck::None).unwrap();
    let left = content(path).unwrap();
    assert_eq!((left[0], &left[4096..4101], left[4101]), (0, &b"again"[..], b'a'));
}

#[test]
fn luck_keeps_some_of_the_unsynced() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 1..9 {
        let mut bench = Bench::new();
        let machine = bench.machine();
        bench.run("power", &[]);
        let (_, Lost { pages, names }) = machine.power_cut(Luck::Dice(seed * 7919)).unwrap();
        seen.insert((pages, names));
        assert!(content(bench.root().join("cut")).is_some_and(|left| left.starts_with(b"aaaaaaaaaa")));
    }
    assert!(seen.len() > 2, "{seen:?}");
}

#[test]
fn a_call_that_goes_past_the_layer_is_noticed() {
    let mut bench = Bench::new();
    let machine = bench.machine();
    bench.run("power", &[]);
    // By another process, so unseen.
    fs::write(bench.root().join("synced"), [b'b'; 5000]).unwrap();
    let Err(error) = machine.power_cut(Luck::None) else { panic!("the account does not match") };
    assert!(format!("{error:#}").contains("went past the layer"), "{error:#}");
}

#[test]
fn changes_of_several_lives_add_up() {
    let mut bench = Bench::new();
    let machine = bench.machine();
    let kill = Rule::on(&[Op::Sync], "file", Action::KillBefore).after(0);
    assert_eq!(bench.run("failed", &[kill]).1, Some(9));
    machine.process_died().unwrap();
    // The second life syncs what the first had written.
    assert_eq!(bench.run("hang", &[]).0, ["before", "sync=ok"]);
    machine.power_cut(Luck::None).unwrap();
    assert!(content(bench.root().join("file")).is_some_and(|left| left == [b'a'; 8192]));
}
