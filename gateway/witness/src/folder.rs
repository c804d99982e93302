//! A witness's folder: what it has cosigned, so that a power cut, a full disk
//! or a second process cannot make it forget or contradict itself.
//!
//! ```text
//! witness                     whose folder this is, and of which logs
//! lock                        held while a witness runs
//! logs/<origin hash>          the log's checkpoint cosigned last
//! alarms/…  suspects/…        see evidence.rs
//! ```
//!
//! A state is a C2SP checkpoint with the log's signature and ours, in a file
//! that is written beside the old one, synced, renamed over it, and the folder
//! synced. That is all a database would do here, with two gains: anybody can
//! read it with `cat`, and the two signatures are its checksum. Of a log that
//! has shown nothing yet the file says so in words, because an empty or
//! missing file is what damage looks like.

pub(crate) mod disk;

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use motlan_audit_tree::{Signature, SignedCheckpoint, TrustedLog, VerifierKey};

use crate::service::OpenError;
use disk::{Disk, RealDisk, replace};

const MARKER: &str = "witness";
const LOCK: &str = "lock";
const LOGS: &str = "logs";

/// The first and last line of the marker.
const MARKER_FIRST: &str = "motlan-witness v1\n";
const MARKER_LAST: &str = "end\n";

/// The state of a log that has shown nothing.
const NOTHING: &str = "nothing cosigned yet";

/// A witness's folder, held against other processes until dropped.
pub(crate) struct Folder {
    path: PathBuf,
    key: VerifierKey,
    disk: Arc<dyn Disk>,
    /// Origins the folder has a state of, of which some may no longer be
    /// witnessed.
    known: Vec<String>,
    _lock: File,
}

/// What a witness last said of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// The checkpoint, signed by the log and by us.
    pub(crate) checkpoint: SignedCheckpoint,
    /// Our cosignature on it.
    pub(crate) cosignature: Signature,
    /// The time it states, in seconds since 1970.
    pub(crate) time: u64,
}

/// Makes the folder of a new witness with that key, which has seen nothing of
/// any log. A step of its own, so that a witness started on the wrong folder,
/// or before its disk is mounted, does not take itself for a new one.
///
/// # Errors
/// [`OpenError::Exists`] where a witness's folder is already; or
/// [`OpenError::Folder`].
pub fn create_folder(folder: &Path, key: &VerifierKey) -> Result<(), OpenError> {
    fs::create_dir_all(folder)?;
    if folder.join(MARKER).exists() || folder.join(LOGS).exists() {
        return Err(OpenError::Exists);
    }
    replace(&RealDisk, &folder.join(MARKER), print_marker(key, &[]).as_bytes())?;
    // The folder's own name.
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    Ok(RealDisk.sync_dir(above.unwrap_or(Path::new(".")))?)
}

/// SHA-256 of a log's origin in lower-case hex, as C2SP tlog-witness names it.
pub(crate) fn origin_hash(origin: &str) -> String {
    hex::encode(digest(&SHA256, origin.as_bytes()))
}

// === impl Folder ===

impl Folder {
    /// Takes the folder of the witness with that key.
    pub(crate) fn open(path: &Path, key: &VerifierKey, disk: Arc<dyn Disk>) -> Result<Self, OpenError> {
        // Before the lock, so that no lock is left in a stranger's folder; and
        // read only behind it, because whoever held it may have changed it.
        if !path.join(MARKER).try_exists()? {
            return Err(OpenError::NoFolder);
        }
        let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => OpenError::InUse,
            fs::TryLockError::Error(error) => error.into(),
        })?;
        let marker = match fs::read_to_string(path.join(MARKER)) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(damaged(MARKER)),
            read => read?,
        };
        let (owner, known) = parse_marker(&marker).ok_or_else(|| damaged(MARKER))?;
        if owner != *key {
            return Err(OpenError::OtherKey { owner: Box::new(owner) });
        }
        // Where logs are known, their states must be there already.
        fs::create_dir_all(path.join(LOGS))?;
        disk.sync_dir(path)?;
        Ok(Self { path: path.to_owned(), key: owner, disk, known, _lock: lock })
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What else is kept in the folder is written through the same disk.
    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// What was last cosigned of a log. A log that was never heard of gets
    /// its place; one that was, and has no state, is damage.
    pub(crate) fn load(&mut self, log: &TrustedLog) -> Result<Option<State>, OpenError> {
        let path = self.path_of(&log.origin);
        let nothing = format!("{NOTHING}\n{}\n", log.origin);
        let known = self.known.contains(&log.origin);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !known => nothing.clone().into_bytes(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged(&log.origin)),
            read => read?,
        };
        let state = if bytes == nothing.as_bytes() {
            None
        } else {
            Some(State::read(&bytes, log, &self.key).ok_or_else(|| damaged(&log.origin))?)
        };
        // An earlier process may have died, or failed, between giving it its
        // name and knowing that name on disk. Nothing may rest on it before.
        replace(&*self.disk, &path, &bytes)?;
        if !known {
            self.known.push(log.origin.clone());
            let marker = print_marker(&self.key, &self.known);
            replace(&*self.disk, &self.path.join(MARKER), marker.as_bytes())?;
        }
        Ok(state)
    }

    /// Makes the state of its log durable. After an error it is unknown which
    /// one a restart would find, the old or this one; both are sound, as long
    /// as nobody has been given this one.
    pub(crate) fn save(&self, state: &State) -> io::Result<()> {
        let path = self.path_of(state.checkpoint.checkpoint().origin());
        replace(&*self.disk, &path, state.checkpoint.to_string().as_bytes())
    }

    fn path_of(&self, origin: &str) -> PathBuf {
        self.path.join(LOGS).join(origin_hash(origin))
    }
}

// === impl State ===

impl State {
    fn read(bytes: &[u8], log: &TrustedLog, key: &VerifierKey) -> Option<Self> {
        let checkpoint = SignedCheckpoint::open(bytes, log).ok()?;
        let time = checkpoint.cosigned_by(std::slice::from_ref(key)).ok()?.first()?.time?;
        let ours = |signature: &&Signature| signature.name() == key.name() && signature.id() == key.id();
        let cosignature = checkpoint.note().signatures().iter().find(ours)?.clone();
        Some(Self { checkpoint, cosignature, time })
    }
}

// === marker ===

fn damaged(what: &str) -> OpenError {
    OpenError::Damaged { what: what.to_owned() }
}

fn print_marker(key: &VerifierKey, origins: &[String]) -> String {
    let logs: String = origins.iter().flat_map(|origin| ["log ", origin, "\n"]).collect();
    format!("{MARKER_FIRST}key {key}\n{logs}{MARKER_LAST}")
}

fn parse_marker(text: &str) -> Option<(VerifierKey, Vec<String>)> {
    let mut lines = text.strip_prefix(MARKER_FIRST)?.strip_suffix(MARKER_LAST)?.lines();
    let key = lines.next()?.strip_prefix("key ")?.parse().ok()?;
    let origins = lines.map(|line| line.strip_prefix("log ").map(str::to_owned)).collect::<Option<_>>()?;
    Some((key, origins))
}
