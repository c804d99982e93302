//! What a sync of the disk costs in the same minutes.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use motlan::clock::SystemClock;
use motlan_domain::Clock as _;
use rustix::fs::{fdatasync, fstatfs};

use crate::stats::percentile;

/// Between two syncs: nobody else's are to be slowed down.
const REST: Duration = Duration::from_millis(4);

/// `statfs` of a file system in memory (linux/magic.h, `TMPFS_MAGIC`).
const TMPFS: i64 = 0x0102_1994;

/// A file of its own in the folder of the log.
pub(crate) struct SyncProbe {
    file: File,
    clock: SystemClock,
    nanos: Vec<u64>,
}

// === impl SyncProbe ===

impl SyncProbe {
    /// In that folder.
    pub(crate) fn new(folder: &Path, clock: SystemClock) -> anyhow::Result<Self> {
        let file = File::create(folder.join("sync.probe")).context("no file can be made for the probe")?;
        Ok(Self { file, clock, nanos: Vec::new() })
    }

    /// Whether the folder lies in memory, where a sync costs nothing.
    pub(crate) fn in_memory(&self) -> anyhow::Result<bool> {
        Ok(fstatfs(&self.file)?.f_type == TMPFS)
    }

    /// Appends 4 KiB and syncs, some times.
    pub(crate) async fn run(&mut self, times: usize) -> anyhow::Result<()> {
        for _ in 0..times {
            self.file.write_all(&[0; 4096])?;
            let begun = self.clock.monotonic();
            fdatasync(&self.file)?;
            let took = self.clock.monotonic().saturating_sub(begun);
            self.nanos.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            tokio::time::sleep(REST).await;
        }
        Ok(())
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.nanos.len()
    }

    /// Milliseconds that `percent` of them stayed below.
    pub(crate) fn millis(&mut self, percent: f64) -> f64 {
        percentile(&mut self.nanos, percent) as f64 / 1e6
    }
}
