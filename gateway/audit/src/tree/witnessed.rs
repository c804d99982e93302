//! What witnesses vouch for: the newest checkpoint that enough of them have
//! cosigned, and some of those before.
//!
//! `witnessed` among the published files is the newest one, with its
//! cosignatures. `checkpoints/<size>` keeps the first of each hour of the log's
//! own time, for those who compare what was shown at different times: 24 files
//! a day at most, of some hundred bytes each. None is ever removed.
//!
//! Whoever asked the witnesses hands a checkpoint in; the `motlan-integrate`
//! thread, which alone writes among these files, puts it there. **Invariant**:
//! it is shown to nobody before it is durable, and it is a tree of this log.
//! At the start it is held against the tree: a log that has less than was
//! witnessed, or other entries, does not serve.

use std::sync::Arc;

use jiff::Timestamp;
use motlan_audit_tree::{Entry, EntryTime, SignedCheckpoint, TreeHead, TrustedLog};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::files::LogFiles;
use super::{Integrator, Published, TreeError};
use crate::store::{AuditReader, StoreError};

/// Where the newest one lies among the files.
pub(crate) const WITNESSED: &str = "witnessed";

/// Of what time the log keeps one, in seconds.
const KEPT_EVERY: i64 = 3_600;

/// What is handed in, and what became of it.
#[derive(Default)]
pub(crate) struct Witnessed {
    handed_in: Mutex<Option<SignedCheckpoint>>,
    newest: watch::Sender<Option<Arc<SignedCheckpoint>>>,
    /// When the first entry behind the newest one was made, once it is known.
    since: Mutex<Option<Timestamp>>,
}

/// The thread's own part.
pub(super) struct Keeper {
    shared: Arc<Witnessed>,
    /// The hour of the log's time that a kept one is of.
    hour: Option<i64>,
    /// So that a failure is told once.
    failing: bool,
}

// === impl Witnessed ===

impl Witnessed {
    fn new(newest: Option<SignedCheckpoint>) -> Self {
        Self {
            handed_in: Mutex::default(),
            newest: watch::Sender::new(newest.map(Arc::new)),
            since: Mutex::default(),
        }
    }

    /// The newest one.
    pub(crate) fn newest(&self) -> Option<Arc<SignedCheckpoint>> {
        self.newest.borrow().clone()
    }

    /// The entries it covers.
    pub(crate) fn size(&self) -> u64 {
        self.newest.borrow().as_ref().map_or(0, |newest| newest.head().size)
    }

    /// When the first entry behind it was made; none where there is none, or
    /// that is not known yet.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        *self.since.lock()
    }

    /// Takes one in; of several the last counts.
    pub(crate) fn hand_in(&self, checkpoint: SignedCheckpoint) {
        *self.handed_in.lock() = Some(checkpoint);
    }

    /// Waits until one covers every entry below `to`.
    pub(crate) async fn reaches(&self, to: u64) {
        let reached = |newest: &Option<Arc<SignedCheckpoint>>| {
            newest.as_ref().is_some_and(|newest| newest.head().size >= to)
        };
        // The sender lives as long as this.
        let _ = self.newest.subscribe().wait_for(reached).await;
    }

    /// Whether nothing that was handed in is left to be looked at.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.handed_in.lock().is_none()
    }

    /// Whether it says more than the one that is there: of more entries, or
    /// by more witnesses.
    fn is_news(&self, checkpoint: &SignedCheckpoint) -> bool {
        let signatures = |checkpoint: &SignedCheckpoint| checkpoint.note().signatures().len();
        let size = checkpoint.head().size;
        self.newest.borrow().as_ref().map_or(size > 0, |newest| {
            let known = newest.head().size;
            size > known || (size == known && signatures(checkpoint) > signatures(newest))
        })
    }
}

// === impl Keeper ===

impl Keeper {
    /// What lies among the files, held against the tree of `published`.
    pub(super) fn open(
        files: &Arc<dyn LogFiles>,
        log: &TrustedLog,
        published: TreeHead,
        root: impl FnOnce(u64) -> Result<motlan_audit_tree::NodeHash, TreeError>,
        reader: &dyn AuditReader,
    ) -> Result<Self, TreeError> {
        let Some(bytes) = files.read(WITNESSED)? else {
            return Ok(Self { shared: Arc::new(Witnessed::new(None)), hour: None, failing: false });
        };
        let newest = SignedCheckpoint::open(&bytes, log)?;
        let TreeHead { size, root: stated } = newest.head();
        if size > published.size {
            return Err(TreeError::Unshown { witnessed: size, published: published.size });
        }
        if root(size)? != stated {
            return Err(TreeError::Forked { size });
        }
        let hour = hour_of(reader, size)?;
        Ok(Self { shared: Arc::new(Witnessed::new(Some(newest))), hour, failing: false })
    }

    pub(super) fn shared(&self) -> Arc<Witnessed> {
        Arc::clone(&self.shared)
    }
}

// === impl Integrator ===

impl Integrator {
    /// Puts what was handed in among the files, and looks since when there is
    /// more. A failure loses nothing but this one: whoever handed it in sees
    /// that it is not there.
    pub(super) fn keep_witnessed(&mut self, durable: u64) {
        let handed_in = self.witnessed.shared.handed_in.lock().clone();
        let kept = handed_in.as_ref().map_or(Ok(()), |checkpoint| self.keep(checkpoint));
        if handed_in.is_some() {
            // Another may have come meanwhile.
            let mut waiting = self.witnessed.shared.handed_in.lock();
            *waiting = waiting.take().filter(|waiting| Some(waiting) != handed_in.as_ref());
        }
        match kept.and_then(|()| self.look_since(durable)) {
            Ok(()) => self.witnessed.failing = false,
            Err(error) if !self.witnessed.failing => {
                self.witnessed.failing = true;
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what witnesses cosigned cannot be kept"
                );
            }
            Err(_) => {}
        }
    }

    fn keep(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), TreeError> {
        if !self.witnessed.shared.is_news(checkpoint) {
            return Ok(());
        }
        let TreeHead { size, root } = checkpoint.head();
        // Whoever handed it in may be wrong; what is shown is of this tree.
        if self.handle().root(size)? != root {
            return Err(TreeError::Forked { size });
        }
        let (note, hour) = (checkpoint.to_string(), hour_of(self.reader.as_ref(), size)?);
        // First, so that an hour whose newest one is shown has its kept one.
        if hour != self.witnessed.hour {
            self.files.replace(&format!("checkpoints/{size}"), note.as_bytes())?;
        }
        self.files.replace(WITNESSED, note.as_bytes())?;
        self.witnessed.hour = hour;
        *self.witnessed.shared.since.lock() = None;
        self.witnessed.shared.newest.send_replace(Some(Arc::new(checkpoint.clone())));
        Ok(())
    }

    fn look_since(&self, durable: u64) -> Result<(), TreeError> {
        let shared = &self.witnessed.shared;
        let behind = shared.size();
        if behind < durable && shared.since().is_none() {
            let time = time_of(self.reader.as_ref(), behind)?;
            *shared.since.lock() = Some(time.timestamp());
        }
        Ok(())
    }
}

// === impl Published ===

impl Published {
    /// What witnesses vouch for.
    pub(crate) fn witnessed(&self) -> &Witnessed {
        &self.witnessed
    }
}

/// The hour in which the last of the first `size` entries was made; of no
/// entries none.
fn hour_of(reader: &dyn AuditReader, size: u64) -> Result<Option<i64>, TreeError> {
    let last = size.checked_sub(1).map(|last| time_of(reader, last)).transpose()?;
    Ok(last.map(|time| time.timestamp().as_second().div_euclid(KEPT_EVERY)))
}

fn time_of(reader: &dyn AuditReader, index: u64) -> Result<EntryTime, TreeError> {
    let damaged = StoreError::Corrupt { index, what: "entry cannot be read" };
    let stored = reader.read(index, None)?;
    match stored.map(|stored| Entry::parse(&stored.bytes)) {
        Some(Ok(entry)) => Ok(entry.time),
        _ => Err(damaged.into()),
    }
}
