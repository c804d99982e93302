//! The folders of a log before it is opened: made, locked, and looked at.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use motlan_audit_tree::{Entry, EntryTime};

use super::AuditOptions;
use crate::error::AuditError;
use crate::journal::JournalStore;
use crate::journal::disk::Disk;
use crate::keys::KeyProvider;
use crate::store::{AuditReader, StoreError};
use crate::tree::files::LogFiles;
use crate::tree::{self, TreeError};

/// What keeps a second process away; none in memory.
#[derive(Default)]
pub(super) struct Locks {
    /// Of the folder of the journal and its databases.
    pub(super) journal: Option<File>,
    /// Of the published log; held by whoever writes it, to its end.
    pub(super) published: Option<File>,
}

/// The first entry of the journal, and how many a published log covers that holds
/// older ones. A journal that is gone altogether is not begun anew under one.
pub(crate) fn older(
    options: &AuditOptions,
    files: &dyn LogFiles,
    keys: &dyn KeyProvider,
) -> Result<(u64, u64), AuditError> {
    let begins = JournalStore::begins(&options.dir)?;
    let published = if begins == Some(0) { 0 } else { tree::covered(files, &options.origin, keys)? };
    if begins.is_none() && published > 0 {
        return Err(TreeError::Shorter { held: 0, published }.into());
    }
    Ok((begins.unwrap_or(0), published))
}

/// Makes a folder where there is none, by durable names: a log in a folder that
/// a power cut takes away is none.
pub(super) fn make_folder(disk: &dyn Disk, dir: &Path) -> std::io::Result<()> {
    let named = |folder: &&Path| !folder.as_os_str().is_empty();
    let made: Vec<&Path> = dir.ancestors().take_while(named).take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(dir)?;
    for folder in made {
        let above = folder.parent().filter(named).unwrap_or(Path::new("."));
        disk.sync_dir(above)?;
    }
    Ok(())
}

/// Held until the process ends, however it ends. Two gateways on copies of one
/// store would sign two histories into one published folder.
pub(super) fn lock(path: &Path) -> Result<Option<File>, AuditError> {
    let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let file = opened.map_err(|error| AuditError::Store(StoreError::Read(error)))?;
    file.try_lock().map_err(|_| AuditError::InUse)?;
    Ok(Some(file))
}

/// The time of the last entry: the clock may have been set back since.
pub(super) fn last_time(reader: &dyn AuditReader, next: u64) -> Result<EntryTime, AuditError> {
    let Some(last) = next.checked_sub(1) else { return Ok(EntryTime::new(Timestamp::UNIX_EPOCH)) };
    let damaged = StoreError::Corrupt { index: last, what: "last entry is not of the entry format" };
    let stored = reader.read(last, None)?;
    match stored.map(|stored| Entry::parse(&stored.bytes)) {
        Some(Ok(entry)) => Ok(entry.time),
        _ => Err(damaged.into()),
    }
}
