//! `motlan-load footprint`: how soon the gateway is ready, how much memory it
//! takes while nobody asks, and how much a cached enterprise takes.

mod cached;
mod report;
mod starts;

use std::path::PathBuf;

pub use report::Report;

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// This program: the gateway is a process of it.
    pub program: PathBuf,
    /// The `motlan` program to start instead, for the starts.
    pub binary: Option<PathBuf>,
    /// Where the gateway's files go; a temporary folder if none is named.
    pub folder: Option<PathBuf>,
    /// How often it is started, each way.
    pub starts: usize,
    /// Distinct enterprises that are cached.
    pub enterprises: usize,
}

/// Measures.
///
/// # Errors
/// [`Wrong`](crate::Wrong) for a wrong answer; any other error: it could not
/// be measured.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let started = starts::run(options).await?;
    let cached = cached::run(options).await?;
    Ok(Report::of(options, started, cached))
}
