//! The whole log, through its public handle.

mod appending;
mod crash;
mod faults;
mod held_together;
mod interrupted;
mod once;
mod privacy;
mod publishing;
mod ranges;
mod recovering;
mod reindexing;
mod rotating;
mod searching;
mod standing_apart;
mod tampering;
mod varied;
mod witnessing;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use motlan_audit_tree::{TrustedLog, VerifierKey};
use motlan_domain::ManualClock;
use tempfile::TempDir;

use crate::testing::Faults;
use crate::{
    AuditError, AuditLog, AuditOptions, AuditService, Draft, Identifier, IdentifierKind, Kind,
    MemoryKeyProvider, Receipt,
};

const ORIGIN: &str = "motlan.example/test";
const NOON: i64 = 1_795_232_020_000_000;

/// An open log in a folder of its own, on a disk that can be made to fail.
struct World {
    clock: Arc<ManualClock>,
    faults: Arc<Faults>,
    log: AuditLog,
    service: Option<AuditService>,
    /// Goes last: a thread of the log that still writes into it would keep it.
    dir: TempDir,
}

fn options(dir: &Path) -> AuditOptions {
    AuditOptions { segment_bytes: 256 << 10, reserve_bytes: 16 << 10, ..AuditOptions::new(dir, ORIGIN) }
}

async fn open(
    dir: &Path,
    clock: &Arc<ManualClock>,
    faults: &Arc<Faults>,
) -> Result<(AuditLog, AuditService), AuditError> {
    let keys = Arc::new(MemoryKeyProvider::fixed(7));
    AuditLog::open_faulty(options(dir), keys, Arc::clone(clock) as _, Arc::clone(faults)).await
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()));
        let faults = Arc::new(Faults::default());
        let (log, service) = open(dir.path(), &clock, &faults).await.unwrap();
        Self { dir, clock, faults, log, service: Some(service) }
    }

    async fn shut(&mut self) {
        self.service.take().unwrap().shutdown().await;
    }

    /// Closes the log and opens the folder again, on a disk without faults.
    async fn again(&mut self) -> Result<(), AuditError> {
        self.shut().await;
        self.reopened().await
    }

    /// Opens the folder again.
    async fn reopened(&mut self) -> Result<(), AuditError> {
        self.faults = Arc::new(Faults::default());
        let (log, service) = open(self.dir.path(), &self.clock, &self.faults).await?;
        self.log = log;
        self.service = Some(service);
        Ok(())
    }

    /// Every entry of the log, each read back strictly.
    fn entries(&self) -> Vec<crate::Entry> {
        let mut entries = Vec::new();
        loop {
            let chunk = self.log.scan(entries.len() as u64, 1 << 20).unwrap();
            if chunk.is_empty() {
                return entries;
            }
            entries.extend(chunk.iter().map(|stored| crate::Entry::parse(&stored.bytes).unwrap()));
        }
    }

    /// Polls a condition for up to ten seconds.
    async fn until(&self, what: &str, condition: impl Fn(&AuditLog) -> bool) {
        let polled = tokio::time::timeout(Duration::from_secs(10), async {
            while !condition(&self.log) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        assert!(polled.await.is_ok(), "never: {what}");
    }
}

fn draft(dossier: usize) -> Draft {
    Draft::new(Kind::AccessIntent)
        .caller("portal", "H32")
        .asking("GetPerson", "population.person")
        .dossier(format!("H32.212-261121-{dossier:04}"))
        .procedure("1.004222")
}

fn person(serial: u32) -> Identifier {
    Identifier::new(IdentifierKind::PersonalId, format!("097090{serial:06}"))
}

/// The receipt names what stands in the log.
fn check_receipt(world: &World, receipt: &Receipt) {
    let stored = world.log.scan(receipt.index, 1).unwrap().remove(0);
    assert_eq!(stored.index, receipt.index);
    assert_eq!(stored.leaf_hash, receipt.leaf_hash);
    assert_eq!(motlan_audit_tree::leaf_hash(&stored.bytes), receipt.leaf_hash);
    let entry = crate::Entry::parse(&stored.bytes).unwrap();
    assert_eq!((entry.index, entry.time.timestamp()), (receipt.index, receipt.time));
    assert_eq!(&*entry.origin, &*receipt.origin);
}

/// A folder and all in it.
fn copy(from: &Path, to: &Path) {
    copy_now(from, to).unwrap();
}

fn copy_now(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        let name = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy_now(&file.path(), &name)?;
        } else {
            std::fs::copy(file.path(), name)?;
        }
    }
    Ok(())
}

/// The folder of a log that goes on, as a crash leaves it: what is published
/// first, which the journal is never behind. Where a file goes, or gets another
/// name, while it is being copied, no crash left that: it is copied anew.
fn crash_image(world: &World, to: &Path) {
    let image = || {
        copy_now(&world.dir.path().join("log"), &to.join("log"))?;
        for file in std::fs::read_dir(world.dir.path())? {
            let file = file?;
            if file.file_type()?.is_file() {
                std::fs::copy(file.path(), to.join(file.file_name()))?;
            }
        }
        Ok(())
    };
    for _ in 0..50 {
        match image() {
            Err(error) if io::Error::kind(&error) == io::ErrorKind::NotFound => {
                std::fs::remove_dir_all(to).unwrap();
                std::fs::create_dir(to).unwrap();
            }
            copied => return copied.unwrap(),
        }
    }
    panic!("never copied: its files change all the while");
}

/// The log as an outsider knows it: by its public key.
fn published_by(world: &World) -> TrustedLog {
    let key = std::fs::read_to_string(world.dir.path().join("log.pub")).unwrap();
    let key: VerifierKey = key.trim_end().parse().unwrap();
    TrustedLog::from(key)
}
