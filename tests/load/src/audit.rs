//! `motlan-load audit`: the audit log by itself, in this process: what it takes
//! to append beside a bare file, how far publication lags, what a search takes,
//! how fast the published log is verified, and how much disk it all needs.

mod append;
mod entries;
mod offline;
mod opened;
mod paced;
mod raw;
mod report;
mod search;
mod threads;

use std::path::PathBuf;
use std::time::Duration;

pub use report::Report;

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the logs lie; a temporary folder if none is named.
    pub folder: Option<PathBuf>,
    /// How often everything is measured that is measured in turns.
    pub rounds: usize,
    /// How long each append measurement takes.
    pub length: Duration,
    /// Entries of the log that is searched and verified.
    pub entries: u64,
    /// Entries a second that are offered while publication is watched.
    pub rate: u64,
    /// For how long.
    pub rate_length: Duration,
}

/// Measures. What is going on is told on standard error.
///
/// # Errors
/// [`Wrong`](crate::Wrong) for a search that finds the wrong entries, a receipt
/// without its entry, or a log that does not verify; any other error: it could
/// not be measured.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let appends = append::run(options).await?;
    let paced = paced::run(options).await?;
    let (searched, log) = search::run(options).await?;
    let offline = offline::run(options, log).await?;
    Ok(Report::of(options, appends, paced, searched, offline))
}
