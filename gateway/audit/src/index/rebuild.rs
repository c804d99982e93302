//! `reindex`: the search index made anew from the log alone, beside the old
//! one, while nobody has the log open.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::{Indexer, known};
use crate::bundles::WholeLog;
use crate::error::AuditError;
use crate::journal::JournalStore;
use crate::journal::disk::{Disk as _, RealDisk};
use crate::keys::KeyProvider;
use crate::service::{AuditOptions, older};
use crate::store::{AuditReader, AuditStore as _, StoreError};
use crate::tree::files::{LogFiles, RealFiles};

/// Rebuilds the search index of a log from its entries alone, and puts it in the
/// place of the old one once it is whole and durable. Its content is that of an
/// index that was written while the log grew. How many entries it covers.
///
/// A crash leaves the old index, or none: then the next start makes one. Blocks
/// on the disk, for as long as all entries take.
///
/// # Errors
/// [`AuditError::InUse`] where a gateway has the log open; [`AuditError::Store`]
/// where there is no log, it is damaged (or has no bundles of what its journal no
/// longer holds), or an index that is there knows entries
/// which it lacks: that index stays, it is the evidence; [`AuditError::Index`].
pub fn reindex(options: &AuditOptions, keys: &dyn KeyProvider) -> Result<u64, AuditError> {
    let lock = File::options().write(true).open(options.dir.join("lock")).map_err(StoreError::Read)?;
    lock.try_lock().map_err(|_| AuditError::InUse)?;
    let disk = Arc::new(RealDisk);
    let files: Arc<dyn LogFiles> = Arc::new(RealFiles::new(&options.log_dir));
    let (begins, published) = older(options, files.as_ref(), keys)?;
    let store = JournalStore::open(disk, &options.dir, &options.origin, options.segment_bytes, published)?;
    let (whole, durable) = (WholeLog::new(store.reader(), files), store.next_index());
    whole.reaches_back(begins)?;
    let reader: Arc<dyn AuditReader> = Arc::new(whole);
    let place = options.dir.join("index.db");
    if let Some(known) = known::stated(&place) {
        known::hold(&known, reader.as_ref(), durable)?;
    }
    let beside = options.dir.join("index.db.new");
    remove(&beside).map_err(StoreError::Write)?;
    let rebuilt = fill(&beside, reader, durable).and_then(|()| {
        let put = put(&beside, &place, &options.dir);
        put.map_err(|error| StoreError::Write(error).into())
    });
    if rebuilt.is_err() {
        // What is not whole is of no use; that it stays would harm nobody.
        let _ = remove(&beside);
    }
    rebuilt.map(|()| durable)
}

/// Indexes everything into a new database, and leaves it as one durable file.
fn fill(path: &Path, reader: Arc<dyn AuditReader>, durable: u64) -> Result<(), AuditError> {
    let mut indexer = Indexer::open(Some(path), reader, durable, Arc::default())?;
    while indexer.next < durable {
        if indexer.advance(durable)? == 0 {
            let what = "the journal ends before its last entry";
            return Err(StoreError::Corrupt { index: indexer.next, what }.into());
        }
    }
    // Both its connections: only the last one can end the log of changes.
    drop(indexer);
    let connection = Connection::open(path).map_err(AuditError::Index)?;
    connection.pragma_update(None, "journal_mode", "DELETE").map_err(AuditError::Index)?;
    connection.close().map_err(|(_, error)| AuditError::Index(error))?;
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| StoreError::Sync(error).into())
}

/// Puts the new database in the place of the old one, whose log of changes must
/// not be there when it comes.
fn put(beside: &Path, place: &Path, dir: &Path) -> io::Result<()> {
    remove(place)?;
    RealDisk.sync_dir(dir)?;
    fs::rename(beside, place)?;
    RealDisk.sync_dir(dir)
}

fn remove(path: &Path) -> io::Result<()> {
    for file in known::files(path) {
        match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
