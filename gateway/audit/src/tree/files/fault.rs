//! Files that fail when told to, by the same switchboard as the journal's disk.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{LogFiles, RealFiles};
use crate::journal::disk::fault::{Faults, Point};

/// The files that [`Faults`] governs.
pub(crate) struct FaultFiles {
    files: RealFiles,
    faults: Arc<Faults>,
    /// Written and not synced, where the machine is to lose that.
    held: Mutex<Vec<(String, Vec<u8>)>>,
}

// === impl FaultFiles ===

impl FaultFiles {
    pub(crate) fn new(files: RealFiles, faults: Arc<Faults>) -> Self {
        Self { files, faults, held: Mutex::default() }
    }
}

impl LogFiles for FaultFiles {
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.faults.may_write()?;
        self.faults.pass(Point::BeforeTile);
        if self.faults.holds_back() {
            self.held.lock().push((path.to_owned(), bytes.to_owned()));
        } else {
            self.files.write(path, &bytes[..bytes.len() / 2])?;
            self.faults.pass(Point::MidTile);
            self.files.write(path, bytes)?;
        }
        self.faults.pass(Point::AfterTile);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let swallow = self.faults.may_sync().inspect_err(|_| self.held.lock().clear())?;
        if swallow {
            return Ok(());
        }
        for (path, bytes) in self.held.lock().drain(..) {
            self.files.write(&path, &bytes)?;
        }
        self.files.sync()
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.faults.may_write()?;
        self.faults.may_sync()?;
        self.faults.pass(Point::BeforePublish);
        self.files.replace(path, bytes)?;
        self.faults.pass(Point::AfterPublish);
        self.faults.may_show()
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.faults.may_read()?;
        let held = self.held.lock();
        match held.iter().rev().find(|(name, _)| name == path) {
            Some((_, bytes)) => Ok(Some(bytes.clone())),
            None => self.files.read(path),
        }
    }

    fn remove_partials(&self, full: &str) -> io::Result<()> {
        self.faults.alive()?;
        self.files.remove_partials(full)
    }
}
