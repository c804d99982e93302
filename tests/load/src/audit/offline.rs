//! A published log verified from its files, and what all of it takes on the disk.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use motlan::cli::VerifyLogArgs;
use motlan::clock::SystemClock;
use motlan::exit::Exit;
use motlan_domain::Clock as _;
use serde::Serialize;
use serde_json::Value;

use super::Options;
use super::opened::Closed;
use crate::stats::Spread;
use crate::{Wrong, tell};

/// What was found of a log that is closed.
#[derive(Debug, Serialize)]
pub(super) struct Offline {
    pub(super) entries: u64,
    /// Entries a second on one core: hashes, and with what entries say.
    pub(super) hashes: Spread,
    pub(super) deep: Spread,
    pub(super) disk: Disk,
}

/// Bytes as the files are long, those written in advance among them.
#[derive(Debug, Serialize)]
pub(super) struct Disk {
    /// Of the entries alone.
    pub(super) own: u64,
    pub(super) journal: u64,
    pub(super) bundles: u64,
    pub(super) tiles: u64,
    pub(super) index: u64,
    pub(super) subjects: u64,
    /// Journal, bundles, tiles and index by the entries' own.
    pub(super) ratio: f64,
}

pub(super) async fn run(options: &Options, log: Closed) -> anyhow::Result<Offline> {
    let clock = SystemClock::start();
    let (mut hashes, mut deep, mut entries) = (Vec::new(), Vec::new(), 0);
    for number in 0..options.rounds * 2 {
        let is_deep = number % 2 == 1;
        let begun = clock.monotonic();
        entries = verified(&log, is_deep).await?;
        let rate = entries as f64 / clock.monotonic().saturating_sub(begun).as_secs_f64();
        let rates = if is_deep { &mut deep } else { &mut hashes };
        rates.push(rate);
    }
    let offline = Offline {
        entries,
        hashes: Spread::of(hashes),
        deep: Spread::of(deep),
        disk: Disk::of(&log, entries)?,
    };
    tell(&format!("verification: {:.0} entries/s, {:.0} deep", offline.hashes.median, offline.deep.median));
    Ok(offline)
}

/// Runs `motlan audit verify` as an outsider would; how many entries it checked.
async fn verified(log: &Closed, deep: bool) -> anyhow::Result<u64> {
    let args = VerifyLogArgs {
        log: vec![log.published().display().to_string()],
        key: vec![log.audit().join("log.pub").display().to_string()],
        witness_key: Vec::new(),
        checkpoint: Vec::new(),
        receipt: Vec::new(),
        origins: None,
        origins_key: None,
        deep,
        hashes_only: false,
        client: None,
        token: None,
        ca: None,
        json: true,
    };
    let mut told = Vec::new();
    let ended = motlan::verify::run(args, &mut told).await.map_err(|failure| failure.cause)?;
    let said: Value = serde_json::from_slice(&told)?;
    if ended != Exit::Ok {
        return Err(Wrong(format!("the log does not verify: {said}")).into());
    }
    let checked = said.get("checked").and_then(|checked| checked.get("entries")).and_then(Value::as_u64);
    if checked != said.get("size").and_then(Value::as_u64) {
        return Err(Wrong(format!("not every entry was checked: {said}")).into());
    }
    checked.context("the report has a number of entries")
}

// === impl Disk ===

impl Disk {
    fn of(log: &Closed, entries: u64) -> anyhow::Result<Self> {
        let (audit, published) = (log.audit(), log.published());
        let flat = |ends: &str| bytes_of(&audit, false, &|name| name.contains(ends));
        let bundles = bytes_of(&published.join("tile/entries"), true, &|_| true)?;
        let all = bytes_of(&published, true, &|_| true)?;
        let own = bundles.saturating_sub(entries * 2);
        let (journal, index, subjects) = (flat(".journal")?, flat("index.db")?, flat("subjects.db")?);
        let ratio = (journal + all + index) as f64 / own as f64;
        Ok(Self { own, journal, bundles, tiles: all - bundles, index, subjects, ratio })
    }
}

fn bytes_of(folder: &Path, below: bool, counts: &dyn Fn(&str) -> bool) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for file in fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))? {
        let file = file?;
        let kind = file.file_type()?;
        if kind.is_file() && counts(&file.file_name().to_string_lossy()) {
            bytes += file.metadata()?.len();
        } else if kind.is_dir() && below {
            bytes += bytes_of(&file.path(), below, counts)?;
        }
    }
    Ok(bytes)
}
