//! The fault layer from the test's side: compiled here, preloaded into a real
//! process, told what to do while it runs.
//!
//! The layer itself is C (`faults/layer.c` says why). Test and process share
//! one small control file: the process has it mapped, the test writes to it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

/// The layer's source, so that the test needs no path to it.
const SOURCE: &str = include_str!("../faults/layer.c");

/// As in the C source.
const MAGIC: u64 = u64::from_le_bytes(*b"MOTLTFL1");
const RULES_AT: u64 = 512;
const RULE_BYTES: u64 = 256;
const RULES: u64 = 8;
const PATH_AT: u64 = 64;
const PATH_BYTES: usize = 192;

/// No space left on device.
pub const ENOSPC: i32 = 28;
/// Input/output error.
pub const EIO: i32 = 5;
/// Read-only file system.
pub const EROFS: i32 = 30;

/// A call on a file or folder below the watched folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Bytes are written.
    Write = 1,
    /// A file is synced.
    Sync = 2,
    /// A file is made.
    Create = 4,
    /// A file that is there is opened for writing.
    Open = 8,
    /// A file is cut or made longer.
    Truncate = 16,
    /// A file gets another name.
    Rename = 32,
    /// A file loses its name.
    Unlink = 64,
    /// A folder is synced.
    SyncDir = 128,
    /// A folder is made.
    MakeDir = 256,
}

/// What happens instead of the call, or around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It fails with that error number.
    Fail(i32),
    /// Half the bytes are written, and it says so.
    Half,
    /// It says that more was written than there is: who believes it panics.
    Lie,
    /// It does not come back until the rule is lifted.
    Hang,
    /// It takes so many milliseconds longer.
    Delay(u64),
    /// A sync says that it is done and does nothing.
    Pretend,
    /// The process dies before it.
    KillBefore,
    /// The process dies when half the bytes are written.
    KillMidway,
    /// The process dies after it, before the caller hears of it.
    KillAfter,
    /// A sync fails, and the process dies of it.
    KillFailed,
}

/// Which calls meet what.
#[derive(Debug, Clone)]
pub struct Rule {
    ops: u64,
    path: String,
    action: Action,
    skip: u64,
    times: u64,
}

/// The compiled layer, and the control file of one process at a time.
pub struct FaultLayer {
    library: PathBuf,
    root: PathBuf,
    control_path: PathBuf,
    control: File,
    changes: Option<Changes>,
}

/// Where the layer writes changes down.
struct Changes {
    log: PathBuf,
    keep: PathBuf,
}

// === impl Op ===

impl Op {
    /// Every call that changes something: a file system that turned read-only.
    pub const CHANGES: [Self; 7] =
        [Self::Write, Self::Create, Self::Open, Self::Truncate, Self::Rename, Self::Unlink, Self::MakeDir];
}

// === impl Action ===

impl Action {
    const fn code(self) -> (u64, u64) {
        match self {
            // Error numbers are small and positive.
            Self::Fail(errno) => (1, errno.unsigned_abs() as u64),
            Self::Half => (2, 0),
            Self::Lie => (3, 0),
            Self::Hang => (4, 0),
            Self::Delay(ms) => (5, ms),
            Self::Pretend => (6, 0),
            Self::KillBefore => (7, 0),
            Self::KillMidway => (8, 0),
            Self::KillAfter => (9, 0),
            Self::KillFailed => (10, 0),
        }
    }
}

// === impl Rule ===

impl Rule {
    /// Those calls on paths that contain `path` (every one, if it is empty)
    /// meet the action, from now on.
    pub fn on(ops: &[Op], path: &str, action: Action) -> Self {
        let ops = ops.iter().fold(0, |all, op| all | *op as u64);
        Self { ops, path: path.to_owned(), action, skip: 0, times: 0 }
    }

    /// Only the call after so many that pass.
    pub const fn after(mut self, passed: u64) -> Self {
        (self.skip, self.times) = (passed, 1);
        self
    }

    /// Only so many calls.
    pub const fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }
}

// === impl FaultLayer ===

impl FaultLayer {
    /// Compiles the layer into `folder`, for processes whose files lie below
    /// `root`. `folder` must not lie there itself.
    pub fn build(folder: &Path, root: &Path) -> anyhow::Result<Self> {
        let (folder, root) = (folder.canonicalize()?, root.canonicalize()?);
        ensure!(!folder.starts_with(&root), "the layer's own files would be under its faults");
        let (source, library) = (folder.join("layer.c"), folder.join("layer.so"));
        std::fs::write(&source, SOURCE)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-U_FORTIFY_SOURCE", "-Wall", "-Wextra", "-Werror", "-o"]);
        let compiled = compiler.arg(&library).arg(&source).args(["-ldl", "-lpthread"]).output();
        let compiled = compiled.context("the fault layer needs a C compiler, cc")?;
        ensure!(
            compiled.status.success(),
            "the fault layer does not compile: {}",
            String::from_utf8_lossy(&compiled.stderr)
        );
        let control_path = folder.join("layer.control");
        let mut made = OpenOptions::new();
        let control = made.read(true).write(true).create(true).truncate(true).open(&control_path)?;
        control.set_len(RULES_AT + RULES * RULE_BYTES)?;
        let layer = Self { library, root, control_path, control, changes: None };
        layer.put(0, MAGIC)?;
        Ok(layer)
    }

    /// From now on changes are written down to `log`; files that lose their
    /// last name stay in `keep`, which must be on the same file system.
    pub fn record(&mut self, log: &Path, keep: &Path) {
        self.changes = Some(Changes { log: log.to_owned(), keep: keep.to_owned() });
    }

    /// The folder that is watched.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What a process needs in its environment. Every rule is lifted and the
    /// clock set right before.
    pub fn environment(&self) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
        self.lift()?;
        self.put(8, 0)?;
        self.put(16, 0)?;
        let mut environment = vec![
            ("LD_PRELOAD", self.library.clone()),
            ("MOTLAN_FAULT_ROOT", self.root.clone()),
            ("MOTLAN_FAULT_CONTROL", self.control_path.clone()),
        ];
        if let Some(changes) = &self.changes {
            environment.push(("MOTLAN_FAULT_LOG", changes.log.clone()));
            environment.push(("MOTLAN_FAULT_KEEP", changes.keep.clone()));
        }
        Ok(environment)
    }

    /// Fails unless the layer is at work in that process: a test without its
    /// faults would show nothing.
    pub fn at_work_in(&self, pid: u32) -> anyhow::Result<()> {
        match self.get(8)? {
            found if found == u64::from(pid) => Ok(()),
            0 => bail!("the fault layer was not loaded"),
            other => bail!("the fault layer is at work in {other}, not in {pid}"),
        }
    }

    /// Puts these rules in force, instead of those before. The first that a
    /// call meets counts.
    pub fn arm(&self, rules: &[Rule]) -> anyhow::Result<()> {
        self.lift()?;
        ensure!(rules.len() as u64 <= RULES, "at most {RULES} rules at a time");
        for (place, rule) in (0..).zip(rules) {
            let at = RULES_AT + place * RULE_BYTES;
            let (action, argument) = rule.action.code();
            for (field, value) in (1..).zip([rule.ops, action, argument, rule.skip, rule.times, 0, 0]) {
                self.put(at + 8 * field, value)?;
            }
            let mut path = [0; PATH_BYTES];
            ensure!(rule.path.len() < PATH_BYTES, "the path of a rule is too long");
            path[..rule.path.len()].copy_from_slice(rule.path.as_bytes());
            self.control.write_all_at(&path, at + PATH_AT)?;
            // Last: from here on it counts.
            self.put(at, 1)?;
        }
        Ok(())
    }

    /// Lifts every rule; calls that hang go on.
    pub fn lift(&self) -> anyhow::Result<()> {
        (0..RULES).try_for_each(|place| self.put(RULES_AT + place * RULE_BYTES, 0))
    }

    /// How many calls the rule in that place has acted on since it was put in
    /// force.
    pub fn acted(&self, place: u64) -> anyhow::Result<u64> {
        self.get(RULES_AT + place * RULE_BYTES + 56)
    }

    /// Sets the process's wall clock off by so many seconds.
    pub fn set_clock(&self, seconds: i64) -> anyhow::Result<()> {
        self.control.write_all_at(&(seconds * 1_000_000_000).to_le_bytes(), 16)?;
        Ok(())
    }

    fn put(&self, at: u64, value: u64) -> anyhow::Result<()> {
        self.control.write_all_at(&value.to_le_bytes(), at).context("the control file cannot be written")
    }

    fn get(&self, at: u64) -> anyhow::Result<u64> {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, at).context("the control file cannot be read")?;
        Ok(u64::from_le_bytes(bytes))
    }
}
