//! What a log has shown against itself, kept for whoever is to judge it.
//!
//! A split view, two validly signed roots for one size, is proof to anybody.
//! It lies in `alarms/<origin hash>-<size>-<digest>/` as two signed notes:
//! `sent`, and `seen`, which is the one this witness cosigned. A checkpoint
//! that was not shown to have grown from the one seen is no proof, because
//! anybody may have sent it with a wrong proof; it lies in `suspects/`, apart,
//! so that strangers cannot fill the room for alarms.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use motlan_audit_tree::SignedCheckpoint;
use motlan_audit_tree::witness::{Alarm, Misbehaviour};

use crate::folder::{Folder, origin_hash};
use crate::service::OpenError;

/// The most kept of one log, of either kind; the first ones. One split view
/// is enough, and whoever holds a log's key could sign any number.
pub(crate) const MOST: usize = 16;

/// Where evidence of one kind, of one log, is kept.
pub(crate) struct Evidence {
    folder: Arc<Folder>,
    place: PathBuf,
    origin_hash: String,
    shows: Misbehaviour,
    /// By name; whether it is written.
    known: HashMap<String, bool>,
}

/// What became of a piece of evidence.
#[derive(Debug)]
pub(crate) enum Kept {
    /// It is new, and durable.
    Now,
    /// It is new, and could not be written. It is tried again when it is sent
    /// again.
    NotWritten(io::Error),
    /// It is kept already, or was tried again.
    Before,
    /// There is no more room.
    Full,
}

// === impl Evidence ===

impl Evidence {
    /// What is kept of a log.
    pub(crate) fn open(folder: Arc<Folder>, origin: &str, shows: Misbehaviour) -> Result<Self, OpenError> {
        let place = folder.path().join(match shows {
            Misbehaviour::SplitView => "alarms",
            Misbehaviour::Unconnected => "suspects",
        });
        fs::create_dir_all(&place)?;
        folder.disk().sync_dir(folder.path())?;
        folder.disk().sync_dir(&place)?;
        let origin_hash = origin_hash(origin);
        let mut known = HashMap::new();
        for entry in fs::read_dir(&place)? {
            let name = entry?.file_name().into_string().unwrap_or_default();
            if name.starts_with(&format!("{origin_hash}-")) {
                known.insert(name, true);
            }
        }
        Ok(Self { folder, place, origin_hash, shows, known })
    }

    /// How many there are, written or not.
    pub(crate) fn count(&self) -> usize {
        self.known.len()
    }

    /// Keeps what was sent, with what was seen.
    pub(crate) fn keep(&mut self, alarm: &Alarm, seen: Option<&SignedCheckpoint>) -> Kept {
        debug_assert_eq!(alarm.shows, self.shows);
        let name = self.name(&alarm.sent);
        let known = self.known.get(&name).copied();
        if known == Some(true) {
            return Kept::Before;
        }
        if known.is_none() && self.known.len() >= MOST {
            return Kept::Full;
        }
        let written = self.write(&name, alarm, seen);
        self.known.insert(name, written.is_ok());
        match (known, written) {
            (Some(_), _) => Kept::Before,
            (None, Ok(())) => Kept::Now,
            (None, Err(error)) => Kept::NotWritten(error),
        }
    }

    /// The text names it, without the signatures: those by unknown keys
    /// anybody can add, and each addition would be a new piece.
    fn name(&self, sent: &SignedCheckpoint) -> String {
        let text = digest(&SHA256, sent.note().text().as_bytes());
        let short = hex::encode(text.as_ref().iter().take(8).copied().collect::<Vec<u8>>());
        format!("{}-{}-{short}", self.origin_hash, sent.head().size)
    }

    /// Both notes or none.
    fn write(&self, name: &str, alarm: &Alarm, seen: Option<&SignedCheckpoint>) -> io::Result<()> {
        let disk = self.folder.disk();
        let place = self.place.join(name);
        if place.exists() {
            // It was given its name, and then that name was not known on disk.
            return disk.sync_dir(&self.place);
        }
        // Hidden, and its log's own: logs keep evidence at the same time.
        let beside = self.place.join(format!(".{}", self.origin_hash));
        match fs::create_dir(&beside) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        disk.write(&beside.join("sent"), alarm.sent.to_string().as_bytes())?;
        match seen {
            Some(seen) => disk.write(&beside.join("seen"), seen.to_string().as_bytes())?,
            // One of an earlier attempt.
            None => remove(&beside.join("seen"))?,
        }
        disk.sync_dir(&beside)?;
        disk.rename(&beside, &place)?;
        disk.sync_dir(&self.place)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
