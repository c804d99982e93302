//! Whether a witness cosigns.

use super::AddCheckpoint;
use crate::checkpoint::{CheckpointError, SignedCheckpoint, TrustedLog};
use crate::merkle::{TreeHead, verify_consistency};

/// A request that is not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("checkpoint is not cosigned")]
pub struct Refused {
    /// What the log is told.
    #[source]
    pub refusal: Refusal,
    /// What the witness's operator is to be told besides.
    pub alarm: Option<Box<Alarm>>,
}

/// What a log is told whose checkpoint is not cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a checkpoint, or an old size above its own.
    #[error("bad request")]
    BadRequest,
    /// No signature by a trusted key, or a bad one in a trusted key's name.
    #[error("not signed by the log")]
    Forbidden,
    /// Another log than this one.
    #[error("unknown log")]
    NotFound,
    /// The old size is not the one the witness has seen.
    #[error("the witness has seen {size} leaves")]
    Conflict {
        /// That size; the body of the answer, see
        /// [`print_known_size`](super::print_known_size).
        size: u64,
    },
    /// The new tree is not shown to have grown from the one seen.
    #[error("not consistent with the tree seen before")]
    Unprocessable,
}

/// A checkpoint validly signed by the log, and yet not to be cosigned. With
/// the one the witness holds it is the evidence; keep both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it shows.
    pub shows: Misbehaviour,
    /// The checkpoint that was sent.
    pub sent: SignedCheckpoint,
}

/// What a refused checkpoint shows of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The log signed two roots for one size. The two checkpoints prove it to
    /// anybody: the log shows different people different histories.
    SplitView,
    /// Both checkpoints are the log's, but the proof between them fails.
    /// Requests are not authenticated: whoever saw the checkpoint may have
    /// sent it with a wrong proof. It is a split view if the log itself has
    /// no better proof.
    Unconnected,
}

// === impl Refusal ===

impl Refusal {
    /// The HTTP status that C2SP tlog-witness prescribes.
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict { .. } => 409,
            Self::Unprocessable => 422,
        }
    }
}

// === impl Refused ===

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, alarm: None }
    }
}

// === impl Misbehaviour ===

impl Misbehaviour {
    fn refuse(self, refusal: Refusal, sent: SignedCheckpoint) -> Refused {
        Refused { refusal, alarm: Some(Box::new(Alarm { shows: self, sent })) }
    }
}

/// Decides on a request to cosign a checkpoint of `log`, of which `seen` is
/// the checkpoint cosigned last, if any. The answer is the state to make
/// durable, and to cosign once it is; it has no signatures but the log's.
///
/// # Errors
/// [`Refused`], with what the log is told. A split view is told to the
/// operator even where the log is told something else first.
pub fn decide(
    log: &TrustedLog,
    seen: Option<&SignedCheckpoint>,
    request: &AddCheckpoint,
) -> Result<SignedCheckpoint, Refused> {
    let sent = SignedCheckpoint::from_note(request.checkpoint.clone(), log).map_err(refusal_of)?;
    let (seen, new) = (seen.map_or(TreeHead::EMPTY, SignedCheckpoint::head), sent.head());

    // Two roots for one size need no proof, and no fitting old size either.
    // That holds for size 0 too: the tree without leaves has one root.
    let split = [seen, TreeHead::EMPTY].iter().any(|known| known.size == new.size && known.root != new.root);
    let refuse = |refusal: Refusal, sent| {
        if split { Misbehaviour::SplitView.refuse(refusal, sent) } else { refusal.into() }
    };
    if request.old_size > new.size {
        return Err(refuse(Refusal::BadRequest, sent));
    }
    if request.old_size != seen.size {
        return Err(refuse(Refusal::Conflict { size: seen.size }, sent));
    }
    if split {
        return Err(refuse(Refusal::Unprocessable, sent));
    }
    match verify_consistency(seen, new, &request.proof) {
        Ok(()) => Ok(sent.only_signed_by(log)),
        // From nothing anything may grow, and equal trees are equal: then
        // only the request is wrong, not the log.
        Err(_) if seen.size == 0 || seen == new => Err(Refusal::Unprocessable.into()),
        Err(_) => Err(Misbehaviour::Unconnected.refuse(Refusal::Unprocessable, sent)),
    }
}

fn refusal_of(error: CheckpointError) -> Refused {
    match error {
        CheckpointError::Malformed => Refusal::BadRequest.into(),
        CheckpointError::OtherOrigin => Refusal::NotFound.into(),
        CheckpointError::Note(_) => Refusal::Forbidden.into(),
    }
}
