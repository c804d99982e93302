//! What a verification found. As JSON its keys stand in this order.

use serde::Serialize;

use super::Extent;
use crate::entry::EntryTime;

/// The whole answer.
///
/// What `covered`, `truncation`, `witnessed` and `unwitnessed` say rests on
/// signatures alone and is said whatever fault was found, once the log's own
/// checkpoint is one of the log. Before that all but `verdict`, `evidence`,
/// `checked.deep` and `fault` is null or 0; where something cannot be read, all
/// but `verdict` and `fault`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In one word.
    pub verdict: Verdict,
    /// The log's name.
    pub origin: Option<String>,
    /// How many entries its checkpoint states.
    pub size: u64,
    /// The root its checkpoint states, in base64.
    pub root: Option<String>,
    /// The keys of the log that its checkpoint rests on.
    pub keys: Option<LogKeys>,
    /// What was handed in.
    pub evidence: Handed,
    /// The largest size that something outside the log vouches for: a given
    /// checkpoint, a receipt of this log (its index + 1), or the log's own
    /// and kept checkpoints where a given witness cosigned them. With 0,
    /// nobody could tell if entries had been cut off the end.
    pub covered: u64,
    /// What is known about entries cut off the end.
    pub truncation: Truncation,
    /// The largest checkpoint that given witnesses cosigned.
    pub witnessed: Option<Witnessed>,
    /// The entries behind it.
    pub unwitnessed: Unwitnessed,
    /// How far the comparison got. Only without a fault do two verifiers
    /// have to agree on it.
    pub checked: Checked,
    /// What is wrong.
    pub fault: Option<Fault>,
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing is wrong in the evidence given.
    Ok,
    /// Something is.
    Fault,
    /// The log, a key or a piece of evidence cannot be read.
    Unreadable,
}

/// Keys of the log, as verifier keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LogKeys {
    /// Those that the log's statements lead to from the ones given, in order.
    pub reached: Vec<String>,
    /// Those, of the given and the reached, that signed its newest checkpoint,
    /// sorted.
    pub signed: Vec<String>,
}

/// How much evidence was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Handed {
    /// Checkpoints.
    pub checkpoints: u64,
    /// Receipts.
    pub receipts: u64,
    /// Keys of witnesses, each once.
    pub witness_keys: u64,
}

/// Whether entries were cut off the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncation {
    /// Nothing outside vouches for any size.
    Undetectable,
    /// The log has all entries that something outside vouches for. Behind
    /// them it may have had more.
    NoneBelowCovered,
    /// A validly signed checkpoint, or a receipt, is of a longer log than is
    /// there; also where another fault is the one reported.
    Found,
}

/// The largest checkpoint that given witnesses cosigned; of several of that
/// size what stands under any of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witnessed {
    /// Its size.
    pub size: u64,
    /// The newest of those cosignatures, in whole seconds; none where it
    /// claims to be of after the year 9999.
    pub time: Option<String>,
    /// The witnesses' names, sorted, each once.
    pub witnesses: Vec<String>,
}

/// The entries behind the largest witnessed checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Unwitnessed {
    /// How many.
    pub entries: u64,
    /// The time of the first, as its bundle has it, whether or not that
    /// entry is sound; none where there is none or it cannot be read.
    pub since: Option<EntryTime>,
}

/// What was compared and found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Checked {
    /// Entries whose index and hash are right.
    pub entries: u64,
    /// Tiles of all levels.
    pub tiles: u64,
    /// Checkpoints whose signature and root are right, the log's own one
    /// among them.
    pub checkpoints: u64,
    /// Receipts that the log holds the entry of.
    pub receipts: u64,
    /// Whether the content of entries was asked to be checked.
    pub deep: bool,
    /// Whether no entry was read, but hashes alone. Not told where it is not so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hashes_only: bool,
}

/// What is wrong, and from where on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What, in one word.
    pub code: Code,
    /// The first entry concerned; for a fault between two trees, the first
    /// that may be. None where that is not known or it concerns none.
    pub index: Option<u64>,
    /// A sentence for people.
    pub detail: String,
}

/// What can be wrong. In order of the steps; see [`verify`](super::verify).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The log, a key or a piece of evidence cannot be read.
    Unreadable,
    /// A statement that one key of the log follows another does not hold.
    KeyStatement,
    /// Not a checkpoint signed by a key of the log.
    CheckpointSignature,
    /// A checkpoint's origin is not the name of the key that signed it, or
    /// not that of the log's own checkpoint.
    CheckpointOrigin,
    /// A signature in the name of a given witness is not its.
    CosignatureBad,
    /// A bundle is not there.
    EntryMissing,
    /// Not a bundle, or an entry that is not a JSON object or not of the
    /// entry format.
    EntryMalformed,
    /// An entry says that its place is another one, or none.
    EntryIndex,
    /// An entry does not hash to what the tree has for it.
    EntryChanged,
    /// A tile is not there.
    TileMissing,
    /// A tile has another length, or another hash than those below it give.
    TileWrong,
    /// The tree is not the one of the log's checkpoint.
    RootMismatch,
    /// A signed checkpoint states another root for a size than the log has.
    Fork,
    /// Signed evidence is of a longer log.
    Truncated,
    /// A receipt of another log.
    ReceiptOrigin,
    /// The log has another entry where a receipt was given.
    ReceiptMismatch,
    /// An entry of the format, in another spelling.
    EntryNotCanonical,
    /// An entry of another log.
    EntryOrigin,
    /// An entry is older than the one before it.
    TimeBackwards,
    /// An entry answers what is no earlier intent.
    IntentUnknown,
    /// An `entry.not_released` is not about earlier entries.
    NotReleasedRange,
}

// === impl Report ===

impl Report {
    /// The answer where the log, a key or a piece of evidence cannot be
    /// read, with everything that this error says.
    pub fn unreadable(error: &dyn std::error::Error) -> Self {
        let mut detail = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            detail = format!("{detail}: {error}");
            cause = error.source();
        }
        let fault = Fault { code: Code::Unreadable, index: None, detail };
        Self { verdict: Verdict::Unreadable, fault: Some(fault), ..Self::blank() }
    }

    /// What a process exits with: 0, 1 for a fault, 2 for unreadable.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Ok => 0,
            Verdict::Fault => 1,
            Verdict::Unreadable => 2,
        }
    }

    pub(super) fn blank() -> Self {
        Self {
            verdict: Verdict::Ok,
            origin: None,
            size: 0,
            root: None,
            keys: None,
            evidence: Handed::default(),
            covered: 0,
            truncation: Truncation::Undetectable,
            witnessed: None,
            unwitnessed: Unwitnessed::default(),
            checked: Checked::default(),
            fault: None,
        }
    }
}

// === impl Checked ===

impl Checked {
    /// Nothing yet, of what was asked for.
    pub(super) fn of(extent: Extent) -> Self {
        Self { deep: extent == Extent::Contents, hashes_only: extent == Extent::Hashes, ..Self::default() }
    }
}

// === impl Fault ===

impl Fault {
    pub(super) fn new(code: Code, index: impl Into<Option<u64>>, detail: impl Into<String>) -> Self {
        Self { code, index: index.into(), detail: detail.into() }
    }
}
