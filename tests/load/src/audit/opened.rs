//! An open log in a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use motlan::clock::SystemClock;
use motlan_audit::{AuditLog, AuditOptions, AuditService, MemoryKeyProvider, Receipt};
use tempfile::TempDir;

use super::Options;
use crate::Wrong;

/// The name of these logs.
pub(super) const ORIGIN: &str = "motlan.example/load";

/// A log, and the threads that keep it.
pub(super) struct Opened {
    pub(super) log: AuditLog,
    pub(super) clock: SystemClock,
    service: AuditService,
    folder: TempDir,
}

/// The folder of a log that is closed.
pub(super) struct Closed {
    folder: TempDir,
}

// === impl Opened ===

impl Opened {
    pub(super) async fn new(options: &Options) -> anyhow::Result<Self> {
        let folder = match &options.folder {
            Some(folder) => tempfile::tempdir_in(folder),
            None => tempfile::tempdir(),
        };
        let folder = folder.context("no folder can be made for the log")?;
        let clock = SystemClock::start();
        let keys = Arc::new(MemoryKeyProvider::random()?);
        let audit = AuditOptions::new(folder.path().join("audit"), ORIGIN);
        let (log, service) = AuditLog::open(audit, keys, Arc::new(clock)).await?;
        Ok(Self { log, clock, service, folder })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until all that is durable is indexed and published.
    pub(super) async fn settles(&self) {
        let durable = self.log.health().durable;
        self.log.index_caught_up(durable).await;
        self.log.published(durable).await;
    }

    /// That receipts are of so many places, and some of them name what stands there.
    pub(super) async fn holds(&self, receipts: &[Receipt]) -> anyhow::Result<()> {
        let mut places: Vec<u64> = receipts.iter().map(|receipt| receipt.index).collect();
        places.sort_unstable();
        places.dedup();
        if places.len() != receipts.len() {
            return Err(Wrong("two receipts name one place".to_owned()).into());
        }
        for receipt in receipts.iter().step_by((receipts.len() / 100).max(1)) {
            let found = self.log.get(receipt.index).await?;
            if found.is_none_or(|found| found.leaf_hash != receipt.leaf_hash) {
                let what = format!("entry {} is not the one of its receipt", receipt.index);
                return Err(Wrong(what).into());
            }
        }
        Ok(())
    }

    pub(super) async fn close(self) -> Closed {
        self.service.shutdown().await;
        Closed { folder: self.folder }
    }
}

// === impl Closed ===

impl Closed {
    /// Of the journal, the subject table and the index.
    pub(super) fn audit(&self) -> PathBuf {
        self.folder.path().join("audit")
    }

    /// Of what is published.
    pub(super) fn published(&self) -> PathBuf {
        self.audit().join("log")
    }
}
