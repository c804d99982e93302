//! How it stands with each witness: counted, and judged.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::Stop;

/// What came of asking a witness once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It cosigned.
    Cosigned,
    /// It has cosigned a later checkpoint of this log already.
    Ahead,
    /// It has seen another log.
    Contradicted,
    /// It does not take this log's checkpoints.
    Refused,
    /// It did not answer, or asks to come again later.
    Unavailable,
    /// Its answer cannot be read, or is not its cosignature.
    Unreadable,
    /// The log gave no proof; the witness is not at fault.
    Unproved,
}

/// How it stands with one witness.
#[derive(Debug, Clone)]
pub struct WitnessStanding {
    /// The name of its key.
    pub name: String,
    /// How often asking it ended how.
    pub asked: Vec<(Asked, u64)>,
    /// The size it is known to have cosigned last.
    pub size: u64,
    /// Whether it contradicts the log.
    pub contradicts: bool,
}

/// In what a witness contradicts the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contradiction {
    /// By word alone: it names a size the log does not have, or none.
    Claimed { size: Option<u64> },
    /// By a checkpoint of that size, signed by the log's key.
    Proved { size: u64 },
}

/// All of them.
#[derive(Debug)]
pub(super) struct Standings {
    witnesses: Vec<Standing>,
    /// What new work was told last.
    told: Mutex<Option<Stop>>,
}

#[derive(Debug)]
struct Standing {
    name: String,
    asked: [AtomicU64; Asked::ALL.len()],
    size: AtomicU64,
    contradiction: Mutex<Option<Contradiction>>,
    /// As the operator was told last.
    last: Mutex<Option<Asked>>,
}

// === impl Asked ===

impl Asked {
    /// Every one, in the order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Cosigned,
        Self::Ahead,
        Self::Contradicted,
        Self::Refused,
        Self::Unavailable,
        Self::Unreadable,
        Self::Unproved,
    ];

    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cosigned => "COSIGNED",
            Self::Ahead => "AHEAD",
            Self::Contradicted => "CONTRADICTED",
            Self::Refused => "REFUSED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unreadable => "UNREADABLE",
            Self::Unproved => "UNPROVED",
        }
    }
}

// === impl Standings ===

impl Standings {
    pub(super) fn new(names: impl Iterator<Item = String>) -> Self {
        let standing = |name| Standing {
            name,
            asked: Default::default(),
            size: AtomicU64::new(0),
            contradiction: Mutex::default(),
            last: Mutex::default(),
        };
        Self { witnesses: names.map(standing).collect(), told: Mutex::default() }
    }

    /// The size that witness has cosigned last; 0 where that is unknown.
    pub(super) fn size(&self, number: usize) -> u64 {
        self.witnesses.get(number).map_or(0, |one| one.size.load(Ordering::Relaxed))
    }

    /// Notes the size that witness has cosigned last.
    pub(super) fn set_size(&self, number: usize, size: u64) {
        if let Some(one) = self.witnesses.get(number) {
            one.size.store(size, Ordering::Relaxed);
        }
    }

    /// Notes what came of asking, and tells the operator when that changes.
    pub(super) fn note(&self, number: usize, asked: Asked) {
        let Some(one) = self.witnesses.get(number) else { return };
        if let Some(count) = one.asked.get(asked as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let before = one.last.lock().replace(asked);
        let (witness, outcome) = (&one.name, asked.as_str());
        if asked.is_well() && before.is_some_and(|before| !before.is_well()) {
            tracing::info!(witness, "the witness cosigns again");
        } else if !asked.is_well() && before != Some(asked) {
            tracing::warn!(witness, outcome, "the witness does not cosign");
        }
    }

    /// Notes that a witness contradicts the log, or no longer does. A proof
    /// stays.
    pub(super) fn set_contradiction(&self, number: usize, found: Option<Contradiction>) {
        let Some(one) = self.witnesses.get(number) else { return };
        let mut known = one.contradiction.lock();
        if !matches!(*known, Some(Contradiction::Proved { .. })) {
            *known = found;
        }
    }

    /// The witness that contradicts the log most strongly, by the largest size,
    /// and how.
    pub(super) fn worst(&self) -> Option<(String, Contradiction)> {
        let found = self.witnesses.iter().filter_map(|one| Some((one, (*one.contradiction.lock())?)));
        let strength = |found: &Contradiction| match found {
            Contradiction::Proved { size } => (true, Some(*size)),
            Contradiction::Claimed { size } => (false, *size),
        };
        let worst = found.max_by_key(|(_, found)| strength(found));
        worst.map(|(one, found)| (one.name.clone(), found))
    }

    /// Whether the log must stop: for one proof, or for claims of a quorum while no
    /// quorum of others cosigns it.
    pub(super) fn is_disputed(&self, quorum: usize) -> bool {
        let found = self.witnesses.iter().filter_map(|one| *one.contradiction.lock());
        let (proved, claimed): (Vec<_>, Vec<_>) =
            found.partition(|found| matches!(found, Contradiction::Proved { .. }));
        let cosigns = |one: &&Standing| {
            one.contradiction.lock().is_none() && one.last.lock().is_some_and(Asked::is_well)
        };
        let vouching = self.witnesses.iter().filter(cosigns).count();
        !proved.is_empty() || (claimed.len() >= quorum && vouching < quorum)
    }

    /// Whether new work was told something else before.
    pub(super) fn turns(&self, why: Option<Stop>) -> bool {
        std::mem::replace(&mut *self.told.lock(), why) != why
    }

    pub(super) fn all(&self) -> Vec<WitnessStanding> {
        let told = |one: &Standing| WitnessStanding {
            name: one.name.clone(),
            asked: Asked::ALL
                .into_iter()
                .zip(&one.asked)
                .map(|(asked, count)| (asked, count.load(Ordering::Relaxed)))
                .collect(),
            size: one.size.load(Ordering::Relaxed),
            contradicts: one.contradiction.lock().is_some(),
        };
        self.witnesses.iter().map(told).collect()
    }
}

impl Asked {
    const fn is_well(self) -> bool {
        matches!(self, Self::Cosigned | Self::Ahead)
    }
}
