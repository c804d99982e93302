//! The one place where entries get their index, time and final bytes.
//!
//! Callers splice their prepared entry into one shared buffer under a short
//! lock; the writer takes the whole buffer at each commit. From the moment an
//! entry is in the buffer nothing the caller does can keep it from the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use motlan_audit_tree::entry::NotReleased;
use motlan_audit_tree::{Entry, EntryTime, Kind, LeafHash, MAX_ENTRY_BYTES, Template};
use motlan_domain::Clock;
use parking_lot::{Condvar, Mutex};

use crate::error::{AuditError, Cause};
use crate::feeders::Feeders;
use crate::journal::frame;
use crate::store::Frames;
use crate::waiters::{Completion, Wait};

/// The most bytes that may wait for one commit.
const MAX_PENDING_BYTES: usize = 32 << 20;

/// The largest frame: new work is admitted only while one fits beside the reserve.
const LARGEST: usize = frame::HEADER + MAX_ENTRY_BYTES;

/// A commit that takes longer than this is taken for a disk that hangs.
const STALLED: Duration = Duration::from_secs(5);

/// From so many entries a second on, commits are spaced: below, a commit for
/// each costs less than anybody's waiting.
const PRESSED: u32 = 3_000;

/// How long is counted for that.
const COUNTED: Duration = Duration::from_millis(5);

/// So many entries are worth a commit, whatever the spacing: on one core, where each
/// commit costs the entries' makers, and on more, where the next ones are made while
/// the disk has these.
const ENOUGH: (u32, u32) = (512, 128);

/// A batch that nothing was added to for this part of the spacing is complete:
/// everybody who is there waits for it.
const QUIET: u32 = 4;

/// While a thread has work at hand, what that becomes belongs to the batch: so
/// many times the spacing is waited for it.
const AT_WORK: u32 = 4;

/// Advised when the queue is full: a few commits later.
const OVERLOAD_RETRY: Duration = Duration::from_millis(100);

pub(crate) struct Sequencer {
    pub(crate) origin: Arc<str>,
    clock: Arc<dyn Clock>,
    queue: u32,
    reserve: u64,
    enough: u32,
    state: Mutex<State>,
    work: Condvar,
    /// The number of durable entries.
    durable: AtomicU64,
    pub(crate) feeders: Feeders,
}

struct State {
    next: u64,
    last_time: EntryTime,
    pending: Batch,
    phase: Phase,
    /// What is left on a disk that is full, without the batch in flight.
    room: u64,
    /// Since when the writer has been at the disk, by the monotonic clock.
    busy_since: Option<Duration>,
    /// Wake the writer once so many entries wait; 0 = it is busy.
    wake_at: u32,
    /// Who waited for the last commit, and who came meanwhile: when as many are there
    /// again, a batch has nobody to gather for.
    everybody: u32,
    flow: Flow,
}

/// How fast entries come.
#[derive(Default)]
struct Flow {
    since: Duration,
    count: u32,
    pressed: bool,
}

/// Entries of one commit, and those who wait for it.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) frames: Frames,
    /// Of its entries.
    pub(crate) leaves: Vec<LeafHash>,
    pub(crate) completion: Arc<Completion>,
}

/// The memory of a batch that is written, for another one.
pub(crate) type Spare = (Vec<u8>, Vec<LeafHash>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Ready,
    Failed(Cause),
    Closed,
}

/// An entry with its place, on its way to the disk.
pub(crate) struct Pushed {
    pub(crate) index: u64,
    pub(crate) time: Timestamp,
    pub(crate) leaf_hash: LeafHash,
    pub(crate) wait: Wait,
    pub(crate) completion: Arc<Completion>,
}

/// What the writer finds when it looks for work.
pub(crate) enum Taken {
    Batch(Batch),
    Idle,
    Closed,
}

// === impl Sequencer ===

impl Sequencer {
    pub(crate) fn new(
        origin: Arc<str>,
        clock: Arc<dyn Clock>,
        (next, last_time): (u64, EntryTime),
        queue: usize,
        reserve: u64,
    ) -> Self {
        let state = State {
            next,
            last_time,
            pending: Batch { frames: Frames { first: next, ..Frames::default() }, ..Batch::default() },
            phase: Phase::Ready,
            room: u64::MAX,
            busy_since: None,
            wake_at: 0,
            everybody: u32::MAX,
            flow: Flow::default(),
        };
        Self {
            origin,
            clock,
            queue: u32::try_from(queue).unwrap_or(u32::MAX),
            reserve,
            enough: if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
                ENOUGH.1
            } else {
                ENOUGH.0
            },
            state: Mutex::new(state),
            work: Condvar::new(),
            durable: AtomicU64::new(next),
            feeders: Feeders::default(),
        }
    }

    /// Gives the entry its index and puts it among those to be written.
    /// `finishing` work may use the disk reserve.
    pub(crate) fn push(&self, template: &Template, finishing: bool) -> Result<Pushed, AuditError> {
        let now = EntryTime::new(self.clock.now());
        let mut state = self.state.lock();
        match self.judge(&state) {
            Phase::Ready => {}
            Phase::Failed(cause) => return Err(AuditError::unavailable(cause)),
            Phase::Closed => return Err(AuditError::Closed),
        }
        let waiting = state.pending.frames.bytes.len();
        if state.pending.frames.count >= self.queue || waiting + template.max_len() > MAX_PENDING_BYTES {
            return Err(AuditError::Overloaded { retry_after: OVERLOAD_RETRY });
        }
        let needed = if finishing { frame::HEADER + template.max_len() } else { LARGEST };
        let kept_back = if finishing { 0 } else { self.reserve };
        if state.room.saturating_sub(kept_back) < (waiting + needed) as u64 {
            return Err(AuditError::unavailable(Cause::DiskFull));
        }
        let (index, time, leaf_hash) = state.splice(template, now).map_err(AuditError::Rejected)?;
        let completion = Arc::clone(&state.pending.completion);
        let wake = state.wake_at != 0 && state.pending.frames.count >= state.wake_at;
        if wake {
            state.wake_at = 0;
        }
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(Pushed { index, time: time.timestamp(), leaf_hash, wait: completion.wait(), completion })
    }

    /// The number of durable entries.
    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    pub(crate) fn phase(&self) -> Phase {
        self.judge(&self.state.lock())
    }

    /// The phase as users see it: a disk that hangs is as good as one that fails.
    fn judge(&self, state: &State) -> Phase {
        match (state.phase, state.busy_since) {
            (Phase::Ready, Some(since)) if self.clock.monotonic().saturating_sub(since) > STALLED => {
                Phase::Failed(Cause::Stalled)
            }
            (phase, _) => phase,
        }
    }

    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.state.lock().phase, Phase::Failed(_))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().phase == Phase::Closed
    }

    /// Entries waiting for the next commit, and whether only the reserve is left.
    pub(crate) fn depth(&self) -> (u32, bool) {
        let state = self.state.lock();
        (state.pending.frames.count, state.room.saturating_sub(self.reserve) < LARGEST as u64)
    }

    /// Refuses new entries; the writer finishes what was taken in.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.phase = Phase::Closed;
        state.wake_at = 0;
        drop(state);
        self.work.notify_all();
    }

    // --- the writer's side ---

    /// The monotonic clock, to time the disk by.
    pub(crate) fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Waits, at most `tick`, for something to write.
    pub(crate) fn take(&self, tick: Duration, spare: Spare) -> Taken {
        let mut state = self.state.lock();
        if state.pending.frames.count == 0 && state.phase != Phase::Closed {
            state.wake_at = 1;
            self.work.wait_for(&mut state, tick);
            state.wake_at = 0;
        }
        if state.pending.frames.count > 0 {
            let now = self.clock.monotonic();
            state.busy_since = Some(now);
            let count = state.pending.frames.count;
            state.flow.note(now, count);
            let batch = state.swap(spare);
            // Its room is spent before the store says so.
            state.room = state.room.saturating_sub(batch.frames.bytes.len() as u64);
            return Taken::Batch(batch);
        }
        if state.phase == Phase::Closed { Taken::Closed } else { Taken::Idle }
    }

    /// Where entries come fast, lets a batch gather: while those who feed the
    /// log have work at hand, and then for `spacing` at most, and no longer than
    /// it grows, or than somebody is missing who was there for the last one.
    pub(crate) fn gather(&self, spacing: Duration) {
        let mut state = self.state.lock();
        if !state.flow.pressed {
            return;
        }
        let began = self.clock.monotonic();
        self.feeders.await_rest(true);
        loop {
            let (count, rest) = (state.pending.frames.count, self.feeders.rest());
            let most = if rest { spacing } else { spacing * AT_WORK };
            let left = most.saturating_sub(self.clock.monotonic().saturating_sub(began));
            let enough = state.everybody.min(self.enough);
            if count >= enough || state.phase != Phase::Ready || left.is_zero() {
                break;
            }
            state.wake_at = enough;
            self.work.wait_for(&mut state, if rest { left.min(spacing / QUIET) } else { left });
            state.wake_at = 0;
            if rest && count > 0 && state.pending.frames.count == count {
                break;
            }
        }
        self.feeders.await_rest(false);
    }

    /// Has the writer look again.
    pub(crate) fn nudge(&self) {
        // Taken so that a writer about to wait is waiting when it is told.
        drop(self.state.lock());
        self.work.notify_one();
    }

    pub(crate) fn committed(&self, end: u64, count: u32, room: u64) {
        self.durable.store(end, Ordering::Release);
        let mut state = self.state.lock();
        state.everybody = count.saturating_add(state.pending.frames.count);
        state.room = room;
        state.busy_since = None;
    }

    pub(crate) fn set_room(&self, room: u64) {
        self.state.lock().room = room;
    }

    /// Stops taking entries in, and hands over all that have an index but are
    /// not known to be durable, with the marker that follows them. `failed`
    /// is the batch in flight, if any.
    pub(crate) fn fail(&self, failed: Option<Batch>, cause: Cause) -> Vec<Batch> {
        let now = EntryTime::new(self.clock.now());
        let mut state = self.state.lock();
        state.busy_since = None;
        if state.phase != Phase::Closed {
            state.phase = Phase::Failed(cause);
        }
        let waiting = state.swap(Spare::default());
        let mut batches: Vec<Batch> = failed.into_iter().chain([waiting]).collect();
        batches.retain(|batch| batch.frames.count > 0);
        if let (Some(first), Some(last)) = (batches.first(), batches.last()) {
            let (first, last) = (first.frames.first, last.frames.end() - 1);
            let mut marker = Entry::new(self.origin.to_string(), 0, now, Kind::EntryNotReleased);
            marker.not_released = Some(NotReleased { cause: cause.as_str().into(), first, last });
            // A marker is short and its integers are indices: it cannot be refused.
            if let Ok(template) = Template::of(&marker) {
                let _ = state.splice(&template, now);
                batches.push(state.swap(Spare::default()));
            }
        }
        batches
    }

    /// Takes entries in again.
    pub(crate) fn healed(&self) {
        let mut state = self.state.lock();
        if state.phase != Phase::Closed {
            state.phase = Phase::Ready;
        }
    }
}

// === impl Flow ===

impl Flow {
    /// A batch of `count` was taken.
    fn note(&mut self, now: Duration, count: u32) {
        self.count += count;
        let passed = now.saturating_sub(self.since);
        if passed >= COUNTED {
            self.pressed = f64::from(self.count) >= f64::from(PRESSED) * passed.as_secs_f64();
            self.count = 0;
            self.since = now;
        }
    }
}

// === impl State ===

impl State {
    fn splice(
        &mut self,
        template: &Template,
        now: EntryTime,
    ) -> Result<(u64, EntryTime, LeafHash), motlan_audit_tree::EntryError> {
        let (index, time) = (self.next, now.max(self.last_time));
        let frames = &mut self.pending.frames;
        let start = frames.bytes.len();
        frames.bytes.resize(start + frame::HEADER, 0);
        if let Err(error) = template.write(index, time, &mut frames.bytes) {
            frames.bytes.truncate(start);
            return Err(error);
        }
        let leaf_hash = frame::finish(&mut frames.bytes, start, index, frames.count);
        frames.count += 1;
        self.pending.leaves.push(leaf_hash);
        self.next += 1;
        self.last_time = time;
        Ok((index, time, leaf_hash))
    }

    /// Begins a batch, in the memory of one that is written.
    fn swap(&mut self, (mut bytes, mut leaves): Spare) -> Batch {
        bytes.clear();
        leaves.clear();
        let frames = Frames { first: self.next, count: 0, bytes };
        std::mem::replace(&mut self.pending, Batch { frames, leaves, completion: Arc::default() })
    }
}

#[cfg(test)]
mod tests;
