//! The memory of a process.

use anyhow::Context as _;

/// What is resident of a process, in bytes.
pub(crate) fn resident(process: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/smaps_rollup");
    let status = std::fs::read_to_string(path).context("the memory of the gateway cannot be read")?;
    let line = status.lines().find_map(|line| line.strip_prefix("Rss:")).context("no Rss is told")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0)
}
