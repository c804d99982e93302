//! A log that must not go on: another one is begun that says so.
//!
//! A log whose store is shorter than what it published, or another one, does not
//! open (`tree/hold.rs`). Nothing makes it whole again: what was published is
//! with others, and what is gone is gone. [`recover`] begins a log of **another
//! origin**, in folders of its own and with keys of its own, whose first entry
//! (`log.begun`) names the old one: its origin, its last checkpoint and its last
//! cosigned one, why, and who says so.
//!
//! **Nothing of the old log is moved, changed or removed.** It stays where it
//! is, for whoever is to find out what happened, with one file more,
//! [`SUPERSEDED`], which keeps every gateway from opening it. That is written
//! last: a crash before it leaves the old log as it was, and beside it a new one
//! that nobody has seen; whoever recovers again begins yet another.
//!
//! **People get new pseudonyms.** A pseudonym is the same for one subject in one
//! log and in no other. The subject table of a log that was rolled back is not
//! to be built on either: it may lack whom the lost entries introduced, and
//! would give them a second pseudonym under the same keys. So the new log has a
//! new table and new keys, and the old table and keys are kept: with both,
//! an auditor still answers who looked at a person, in two searches.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use motlan_audit_tree::entry::Begun;
use motlan_audit_tree::{Kind, SignedCheckpoint, SigningKey, TreeHead, TrustedLog, VerifierKey};
use motlan_domain::Clock;

use crate::draft::{Draft, DraftActor};
use crate::error::AuditError;
use crate::keys::{Key, KeyError, KeyProvider, LogKeys};
use crate::log::AuditLog;
use crate::service::AuditOptions;
use crate::store::StoreError;
use crate::tree::files::{LogFiles as _, RealFiles, replace_file};
use crate::tree::{CHECKPOINT, Retired, TreeError, published_rotations, verifier_key_file};

/// The file in a log's folder that names the log that took its place: origin,
/// then folder, a line each.
pub(crate) const SUPERSEDED: &str = "superseded";

/// Where the newest cosigned checkpoint lies among the published files.
const WITNESSED: &str = "witnessed";

/// How long the first checkpoint is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a new log is begun, and by whom.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The operator's login.
    pub operator: String,
    /// In the operator's words.
    pub reason: String,
}

/// What the old log was last known to be.
#[derive(Debug, Clone, Default)]
pub struct LastKnown {
    /// The largest checkpoint that it signed, among its published files or from
    /// outside.
    pub checkpoint: Option<SignedCheckpoint>,
    /// The one that was cosigned last.
    pub witnessed: Option<SignedCheckpoint>,
}

/// A log that took the place of another.
#[derive(Debug)]
pub struct Recovered {
    /// What its first entry names.
    pub last_known: LastKnown,
    /// Its key.
    pub verifier_key: VerifierKey,
}

/// Why no new log was begun.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// There is no log in the old folder.
    #[error("there is no log in {}", .0.display())]
    NoLog(PathBuf),
    /// Something is in the new folder, or the new origin is the old one.
    #[error("the new log needs an origin and folders of its own")]
    NotNew,
    /// A file or folder cannot be used.
    #[error("a file of the log cannot be used")]
    Files(#[from] io::Error),
    /// The old log is in use or was superseded before, or the new one cannot be
    /// begun.
    #[error("no log can be begun")]
    Log(#[from] AuditError),
}

/// Whether a log that does not open for this reason is broken, so that it cannot
/// be opened later either: what else there is can be mended in place.
pub fn is_broken(error: &AuditError) -> bool {
    match error {
        AuditError::SubjectsMissing | AuditError::SubjectsBehind { .. } => true,
        AuditError::Store(error) => matches!(error, StoreError::Corrupt { .. }),
        AuditError::Tree(error) => match error {
            TreeError::Shorter { .. }
            | TreeError::Other { .. }
            | TreeError::Missing
            | TreeError::Unshown { .. }
            | TreeError::Forked { .. }
            | TreeError::Foreign(_)
            | TreeError::Statement(_)
            | TreeError::Tiles(_)
            | TreeError::Key(KeyError::Mismatch) => true,
            TreeError::Journal(error) => matches!(error, StoreError::Corrupt { .. }),
            TreeError::Files(_)
            | TreeError::Key(_)
            | TreeError::Bundle(_)
            | TreeError::Overwritten
            | TreeError::OutOfRange { .. } => false,
        },
        _ => false,
    }
}

/// A checkpoint of the old log that somebody outside kept; none where no key of
/// that log signed it. The log's keys are those that its key file holds: the
/// published files may have been put back to before the last; and those of its
/// published files, the ones before the key file's for what they signed while they
/// signed: whoever has one of them later is to have no log given up.
///
/// # Errors
/// A file of the log, or its key file, cannot be read.
pub fn known_outside(
    old: &AuditOptions,
    keys: &dyn KeyProvider,
    note: &[u8],
) -> Result<Option<SignedCheckpoint>, AuditError> {
    let all = trusted(old).map_err(StoreError::Read)?;
    let LogKeys { current, incoming } = keys.log_keys()?;
    let key = |seed: &Key| SigningKey::from_seed(&old.origin, seed).map_err(|_| KeyError::Malformed);
    let current = key(&current)?.verifier_key().clone();
    // What is newer than the key file is not retired; what is not known to be, may be.
    let newer = all.keys.iter().rposition(|key| *key == current).map(|at| &all.keys[at..]);
    let mut in_force = newer.unwrap_or_default().to_vec();
    if let Some(incoming) = &incoming {
        in_force.push(key(incoming)?.verifier_key().clone());
    }
    in_force.push(current.clone());
    let Ok(seen) =
        SignedCheckpoint::open(note, &TrustedLog { keys: [&in_force[..], &all.keys].concat(), ..all })
    else {
        return Ok(None);
    };
    let files = RealFiles::new(&old.log_dir);
    // Statements that cannot be read bound nothing, and so no retired key counts.
    let chain = published_rotations(&files).unwrap_or_default();
    let newest = files.read(CHECKPOINT).map_err(StoreError::Read)?;
    let (retired, _) = Retired::of(&chain, &current, &files, newest.as_deref()).map_err(StoreError::Read)?;
    let speaks = seen.note().verify(&in_force).is_ok() || retired.speak_for(&seen);
    Ok(speaks.then_some(seen))
}

/// Whether the log, which opens, is not the one that signed this checkpoint: it
/// was put back to an older copy, or forked. None where that cannot be told: what
/// is published lags behind the journal, and does not come nearer.
///
/// # Errors
/// The published files cannot be read.
pub async fn is_put_back(log: &AuditLog, outside: &SignedCheckpoint) -> Result<Option<bool>, AuditError> {
    put_back_within(log, outside, PATIENCE).await
}

pub(crate) async fn put_back_within(
    log: &AuditLog,
    outside: &SignedCheckpoint,
    patience: Duration,
) -> Result<Option<bool>, AuditError> {
    let seen = outside.head();
    if seen.size > log.health().durable {
        return Ok(Some(true));
    }
    loop {
        let before = log.checkpoint().head().size;
        if seen.size <= before {
            return Ok(Some(log.tree_head(seen.size).await? != seen));
        }
        // A long way is published piece by piece: as long as it comes nearer.
        let _ = tokio::time::timeout(patience, log.published(before.saturating_add(1))).await;
        if log.checkpoint().head().size == before {
            return Ok(None);
        }
    }
}

/// Begins the log `new`, with `keys`, in the place of `old`. `outside` is the
/// largest checkpoint of the old log that is known from elsewhere than its files,
/// where one is ([`known_outside`]): what was put back does not hold its last.
///
/// # Errors
/// [`RecoverError`]; the old log is as it was, and will open as far as it did.
pub async fn recover(
    old: &AuditOptions,
    new: AuditOptions,
    keys: Arc<dyn KeyProvider>,
    clock: Arc<dyn Clock>,
    cause: Cause,
    outside: Option<SignedCheckpoint>,
) -> Result<Recovered, RecoverError> {
    if !old.dir.is_dir() {
        return Err(RecoverError::NoLog(old.dir.clone()));
    }
    // Until the end: nobody opens the old log meanwhile.
    let lock = File::create(old.dir.join("lock"))?;
    lock.try_lock().map_err(|_| AuditError::InUse)?;
    refuse_superseded(&old.dir)?;
    if new.origin == old.origin || is_there(&new.dir)? || is_there(&new.log_dir)? {
        return Err(RecoverError::NotNew);
    }
    let mut last_known = LastKnown::of(old)?;
    let size = |known: &SignedCheckpoint| known.head().size;
    // Of two of one size the one from outside: the files are what is doubted.
    if outside.as_ref().map(size) >= last_known.checkpoint.as_ref().map(size) {
        last_known.checkpoint = outside.or(last_known.checkpoint);
    }
    let taken_by = format!("{}\n{}\n", new.origin, new.dir.display());
    let (log, service) = AuditLog::open(new, keys, clock).await?;
    let mut draft = Draft::new(Kind::LogBegun).actor(DraftActor::System);
    let note =
        |checkpoint: &Option<SignedCheckpoint>| checkpoint.as_ref().map(|note| note.to_string().into());
    draft.begun = Some(Box::new(Begun {
        after: old.origin.clone().into(),
        checkpoint: note(&last_known.checkpoint),
        operator: cause.operator.into(),
        reason: cause.reason.into(),
        witnessed: note(&last_known.witnessed),
    }));
    let appended = log.append(draft).await;
    if let Ok(receipt) = &appended {
        // Where it cannot be published now, the gateway's start will.
        let _ = tokio::time::timeout(PATIENCE, log.published(receipt.index + 1)).await;
    }
    let verifier_key = log.verifier_key().clone();
    service.shutdown().await;
    appended?;
    replace_file(&old.dir.join(SUPERSEDED), taken_by.as_bytes())?;
    Ok(Recovered { last_known, verifier_key })
}

/// Refuses a folder whose log was given up for another.
pub(crate) fn refuse_superseded(dir: &Path) -> Result<(), AuditError> {
    match fs::read_to_string(dir.join(SUPERSEDED)) {
        Ok(text) => Err(AuditError::Superseded { by: text.lines().next().unwrap_or_default().to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::Read(error).into()),
    }
}

/// A file, if it is there.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// The old log by the keys that lie beside its published files.
fn trusted(old: &AuditOptions) -> io::Result<TrustedLog> {
    let keys = read(&verifier_key_file(&old.log_dir))?.unwrap_or_default();
    let keys = String::from_utf8_lossy(&keys);
    let keys = keys.lines().filter_map(|line| line.parse().ok()).collect();
    Ok(TrustedLog { origin: old.origin.clone(), keys })
}

/// Whether there is something at that path already.
fn is_there(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

// === impl LastKnown ===

impl LastKnown {
    /// Reads the published files. What none of the log's keys signed says nothing
    /// and is left out.
    fn of(old: &AuditOptions) -> io::Result<Self> {
        let log = trusted(old)?;
        let signed = |path: &Path| -> io::Result<Option<SignedCheckpoint>> {
            Ok(read(path)?.and_then(|bytes| SignedCheckpoint::open(&bytes, &log).ok()))
        };
        let mut checkpoint = signed(&old.log_dir.join(CHECKPOINT))?;
        // The newest may have been put back; one of those kept beside it not.
        let mut kept = sizes(&old.log_dir.join("checkpoints"))?;
        kept.sort_unstable();
        while let Some(size) = kept.pop() {
            let path = old.log_dir.join("checkpoints").join(size.to_string());
            if let Some(kept) = signed(&path)? {
                let size = |signed: &SignedCheckpoint| signed.head().size;
                if checkpoint.as_ref().is_none_or(|newest| size(newest) < size(&kept)) {
                    checkpoint = Some(kept);
                }
                break;
            }
        }
        Ok(Self { checkpoint, witnessed: signed(&old.log_dir.join(WITNESSED))? })
    }

    /// The larger of the two trees.
    pub fn head(&self) -> Option<TreeHead> {
        let heads = [&self.checkpoint, &self.witnessed].into_iter().flatten().map(SignedCheckpoint::head);
        heads.max_by_key(|head| head.size)
    }
}

/// The sizes that name files of a folder.
fn sizes(folder: &Path) -> io::Result<Vec<u64>> {
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        files => files?,
    };
    let mut sizes = Vec::new();
    for file in files {
        sizes.extend(file?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(sizes)
}
