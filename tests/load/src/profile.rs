//! `motlan-load profile`: where the CPU of one cached lookup goes, by stage.
//!
//! `perf` samples the gateway's stacks while it is at its limit at 16 × 16.
//! A sample counts for the innermost function on its stack that belongs to a
//! stage; what the compiler inlined counts for the function it went into. So the
//! kernel's work, allocations, copies and cryptography count for the stage that
//! caused them, and beside each stage stands how much of it was of each kind. The
//! samples' shares are laid over the CPU per answer measured without `perf`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::process::Command;

use crate::bench::{Bench, Server, Shape};
use crate::scene::Size;
use crate::stage::{Index, Setting};

/// How to profile.
#[derive(Debug, Clone)]
pub struct Options {
    /// This program: the servers are processes of it.
    pub program: PathBuf,
    /// How long is sampled.
    pub length: Duration,
    /// Where the temporary files go.
    pub folder: Option<PathBuf>,
    /// With the index written meanwhile.
    pub index: bool,
}

/// The CPU of one cached lookup.
#[derive(Debug, Serialize)]
pub struct Profile {
    cpu_us: f64,
    samples: usize,
    stages: Vec<Stage>,
    kinds: Vec<Share>,
    functions: Vec<Share>,
}

/// A part of it.
#[derive(Debug, Serialize)]
struct Share {
    name: String,
    us: f64,
    percent: f64,
}

/// A stage, and the kinds of work it was, microseconds.
#[derive(Debug, Serialize)]
struct Stage {
    #[serde(flatten)]
    share: Share,
    kinds: BTreeMap<Kind, f64>,
}

/// What the innermost function of a sample does, whoever called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Kernel,
    Memory,
    Copying,
    Cryptography,
    Own,
}

/// One frame of a stack.
#[derive(Debug, Clone, Copy)]
struct Frame<'a> {
    kernel: bool,
    function: &'a str,
}

/// Samples a second; no divisor of the timer's own rate.
const RATE: &str = "997";

/// So many functions are listed.
const FUNCTIONS: usize = 30;

/// By which thread.
const THREADS: &[(&str, &str)] = &[
    ("motlan-journal", "journal: write and sync"),
    ("motlan-index", "index"),
    ("motlan-integra", "integration"),
    ("motlan-retire", "journal: full segments go"),
    ("motlan-segment", "journal: next segment"),
    ("motlan-search", "search"),
    ("motlan-subjects", "audit: subjects"),
    ("dossier-reg", "dossier register"),
];

/// By function, the first that fits. Innermost frames are looked at first.
const STAGES: &[(&str, &str)] = &[
    ("motlan_audit::seal", "audit: seal identifiers and commitment key"),
    ("motlan_audit::subjects", "audit: subjects"),
    ("motlan_audit_tree::entry", "audit: encode the entry"),
    ("motlan_audit_tree::commitment", "audit: commitment"),
    ("motlan_audit_tree::hash", "audit: leaf hash"),
    ("motlan_audit::sequencer", "audit: sequence"),
    ("motlan_audit::waiters", "audit: wait and wake"),
    ("motlan_audit", "audit: assemble"),
    ("motlan_access", "access: caller, token, decision"),
    ("motlan_dossier", "dossier register"),
    ("moka", "cache"),
    ("motlan_pipeline::cache", "cache"),
    ("motlan_pipeline::fetch", "cache"),
    ("motlan_pipeline::ledger", "pipeline: draft of the entry"),
    ("motlan_pipeline", "pipeline: bind, minimise, release"),
    ("serde_json_canonicalizer", "pipeline: canonical answer"),
    ("motlan_server::convert", "server: message from and to the domain"),
    ("motlan_server", "server: edge and services"),
    ("motlan_proto", "gRPC: routing and messages"),
    ("prost", "gRPC: routing and messages"),
    ("tonic", "gRPC: routing and messages"),
    ("axum", "gRPC: routing and messages"),
    ("tower", "gRPC: routing and messages"),
    ("rustls", "TLS and sockets"),
    ("h2::", "HTTP/2"),
    ("hyper", "HTTP/2"),
    ("tokio", "runtime"),
    ("mio", "runtime"),
];

const OTHER: &str = "other";

/// Samples the gateway.
///
/// # Errors
/// [`Wrong`](crate::Wrong) for a wrong answer; any other error: it could not
/// be profiled, mostly because `perf` (Debian: linux-perf) is not there.
pub async fn run(options: &Options) -> anyhow::Result<Profile> {
    let version = Command::new("perf").arg("--version").stdout(Stdio::null()).status().await;
    version.context("`perf` is needed (Debian: linux-perf)")?;
    let setting = Setting::new(options.program.clone(), options.folder.clone(), Size::FULL);
    let mut bench = Bench::start(&setting).await?;
    bench.connect(Shape::WIDE).await?;
    bench.warm_up(Shape::WIDE, Duration::from_millis(500)).await?;
    let index = if options.index { Index::KeptUp } else { Index::Paused };
    let mut plain = Vec::new();
    for _ in 0..3 {
        let meter = bench.begin(Server::Gateway, index).await?;
        let tally = bench.closed(Server::Gateway, Shape::WIDE, options.length / 3).await?;
        plain.push(bench.end(Server::Gateway, meter, tally).await?.cpu_us);
    }
    plain.sort_by(f64::total_cmp);
    let data = tempfile::NamedTempFile::new()?;
    let pid = bench.stage.gateway.id()?.to_string();
    // Sampled only between the readings of the clocks: while they are read, the
    // index is written.
    let meter = bench.begin(Server::Gateway, index).await?;
    let mut perf = Command::new("perf")
        .args(["record", "--quiet", "-F", RATE, "--call-graph", "dwarf,8192", "-p", &pid, "-o"])
        .arg(data.path())
        .kill_on_drop(true)
        .spawn()?;
    let tally = bench.closed(Server::Gateway, Shape::WIDE, options.length).await?;
    let id = perf.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    kill_process(id.context("`perf` has ended")?, Signal::INT)?;
    perf.wait().await?;
    bench.end(Server::Gateway, meter, tally).await?;
    bench.disconnect().await;
    bench.stop().await?;
    let script = script(data.path()).await?;
    Profile::of(&script, plain[1])
}

async fn script(data: &Path) -> anyhow::Result<String> {
    let output = Command::new("perf")
        .args(["script", "--no-inline", "-F", "comm,ip,sym", "-i"])
        .arg(data)
        .stderr(Stdio::null())
        .output()
        .await?;
    ensure!(output.status.success(), "`perf script` ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

// === impl Profile ===

impl Profile {
    /// From what `perf script` wrote: a line with the thread's name, then the
    /// stack, innermost first, then an empty line.
    fn of(script: &str, cpu_us: f64) -> anyhow::Result<Self> {
        let mut stages: BTreeMap<&str, BTreeMap<Kind, usize>> = BTreeMap::new();
        let mut functions: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let mut samples = 0;
        for sample in script.split("\n\n") {
            let mut lines = sample.lines().filter(|line| !line.trim().is_empty());
            let Some(thread) = lines.next() else { continue };
            let stack: Vec<Frame<'_>> = lines.map(Frame::read).collect();
            let Some(innermost) = stack.first() else { continue };
            samples += 1;
            let kind = innermost.kind();
            *stages.entry(stage(thread.trim(), &stack)).or_default().entry(kind).or_default() += 1;
            *kinds.entry(kind.name()).or_default() += 1;
            *functions.entry(innermost.function).or_default() += 1;
        }
        ensure!(samples > 0, "`perf` took no sample");
        let us = |count: usize| count as f64 / samples as f64 * cpu_us;
        let share = |name: &str, count: usize| Share {
            name: name.to_owned(),
            us: us(count),
            percent: count as f64 / samples as f64 * 100.0,
        };
        let ranked = |counted: &BTreeMap<&str, usize>| {
            let mut ranked: Vec<Share> = counted.iter().map(|(name, count)| share(name, *count)).collect();
            ranked.sort_by(|one, other| other.us.total_cmp(&one.us));
            ranked
        };
        let stage = |(name, kinds): (&&str, &BTreeMap<Kind, usize>)| Stage {
            share: share(name, kinds.values().sum()),
            kinds: kinds.iter().map(|(kind, count)| (*kind, us(*count))).collect(),
        };
        let mut stages: Vec<Stage> = stages.iter().map(stage).collect();
        stages.sort_by(|one, other| other.share.us.total_cmp(&one.share.us));
        let (kinds, mut functions) = (ranked(&kinds), ranked(&functions));
        functions.truncate(FUNCTIONS);
        Ok(Self { cpu_us, samples, stages, kinds, functions })
    }
}

fn stage(thread: &str, stack: &[Frame<'_>]) -> &'static str {
    if let Some((_, stage)) = THREADS.iter().find(|(name, _)| thread.starts_with(name)) {
        return stage;
    }
    let of =
        |frame: &Frame<'_>| STAGES.iter().find(|(part, _)| !frame.kernel && frame.function.contains(part));
    stack.iter().find_map(of).map_or(OTHER, |(_, stage)| stage)
}

// === impl Frame ===

impl<'a> Frame<'a> {
    /// `    55d0c0ffee name+0x12`: the kernel lies in the upper half.
    fn read(line: &'a str) -> Self {
        let (address, name) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let kernel = u64::from_str_radix(address, 16).is_ok_and(|address| address >> 63 == 1);
        let function = name.trim().rsplit_once("+0x").map_or(name.trim(), |(name, _)| name);
        Self { kernel, function }
    }

    fn kind(self) -> Kind {
        let is = |parts: &[&str]| parts.iter().any(|part| self.function.contains(part));
        if self.kernel {
            Kind::Kernel
        } else if is(&["mi_", "malloc", "calloc", "realloc", "__rust_alloc", "__rust_dealloc"]) {
            Kind::Memory
        } else if is(&["memcpy", "memmove", "memset", "memcmp", "bcmp"]) {
            Kind::Copying
        } else if is(&["aws_lc_"]) {
            Kind::Cryptography
        } else {
            Kind::Own
        }
    }
}

// === impl Kind ===

impl Kind {
    const ALL: [Self; 5] = [Self::Kernel, Self::Memory, Self::Copying, Self::Cryptography, Self::Own];

    const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Memory => "allocation",
            Self::Copying => "copying",
            Self::Cryptography => "crypto",
            Self::Own => "own code",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu_us, samples, stages, kinds, functions } = self;
        writeln!(f, "one cached lookup: {cpu_us:.1} µs of CPU ({samples} samples)\n")?;
        write!(f, "  {:>8}  {:>7} ", "by stage", "")?;
        for kind in Kind::ALL {
            write!(f, " {:>10}", kind.name())?;
        }
        writeln!(f)?;
        for Stage { share: Share { name, us, percent }, kinds } in stages {
            write!(f, "  {us:>5.2} µs  {percent:>5.1} % ")?;
            for kind in Kind::ALL {
                write!(f, " {:>10.2}", kinds.get(&kind).copied().unwrap_or_default())?;
            }
            writeln!(f, "  {name}")?;
        }
        for (title, part) in [("by kind", kinds), ("by function", functions)] {
            writeln!(f, "\n{title}")?;
            for Share { name, us, percent } in part {
                writeln!(f, "  {us:>6.2} µs  {percent:>5.1} %  {name}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_counts_for_the_innermost_stage() {
        let script = "motlan-edge-0 \n\t 7f01 mi_free+0x10\n\t 7f02 motlan_audit::seal::Sealer::seal+0x1\n\
                      \t 7f03 motlan_pipeline::Pipeline::ask+0x2\n\nmotlan-edge-0 \n\t 7f04 writev+0x1\n\
                      \t 7f05 rustls::vecbuf::write+0x2\n\nmotlan-journal \n\t ffffffff821e8703 vfs_fsync+0x3\n\t 7f06 fdatasync+0x1\n\n\
                      motlan-edge-0 \n\t 7f07 [unknown]\n\n";
        let profile = Profile::of(script, 40.0).unwrap();
        assert_eq!(profile.samples, 4);
        let names: Vec<&str> = profile.stages.iter().map(|stage| stage.share.name.as_str()).collect();
        for name in [
            "audit: seal identifiers and commitment key",
            "TLS and sockets",
            "journal: write and sync",
            OTHER,
        ] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(profile.stages.iter().all(|stage| (stage.share.us - 10.0).abs() < 1e-9));
        assert_eq!(profile.functions.len(), 4);
        let kinds: Vec<&str> = profile.kinds.iter().map(|kind| kind.name.as_str()).collect();
        assert!(["kernel", "allocation", "own code"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
        assert!(Profile::of("", 40.0).is_err());
    }
}
