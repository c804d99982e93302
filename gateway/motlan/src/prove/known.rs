//! The keys that a log's checkpoints may be signed by: those that were given, and
//! those to which the log's own statements lead from them, as `audit verify` follows
//! them. No statement is believed but by a key that is known already; wherever it
//! comes from, for it says by itself who made it. A key that two others follow
//! contradicts itself, and that is an alarm whichever of them signs.

#[cfg(test)]
mod tests;

use motlan_audit_tree::rotation::MAX_ROTATIONS;
use motlan_audit_tree::{Checkpoint, Note, NoteError, Rotation, SignedCheckpoint, TrustedLog, VerifierKey};
use motlan_proto::audit::v1::GetCheckpointRequest;

use crate::cli::ClientArgs;
use crate::client::{Connection, Refusal};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::verify::{Published, key_text, published};

/// So many statements a gateway tells, the last ones: of a log that has more, they
/// do not begin at its first key.
const TOLD: usize = 64;

/// The keys, and how they were come by.
pub(crate) struct KnownKeys {
    /// Those given, then those followed.
    keys: Vec<VerifierKey>,
    /// The statements by known keys, in order.
    followed: Vec<Rotation>,
    /// The published log, where statements lie beside those that the gateway tells.
    place: Option<String>,
    /// What was read there.
    published: Option<Published>,
}

/// Why a checkpoint is not one of a log whose key is known: an alarm.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// None of the keys signed it, nor one that follows them.
    Unsigned(String),
    /// It bears a signature in the name of a known key that does not hold.
    BadSignature(String),
    /// Two keys follow one.
    Branch(Box<[Rotation; 2]>),
}

/// What a gateway's newest checkpoint came to.
#[derive(Debug)]
pub(crate) enum Judged {
    /// One of the keys signed it.
    Taken(SignedCheckpoint),
    /// None did.
    Not(NotTaken),
    /// None that is known did, and whether one does that follows them is not known, for
    /// that reason.
    Open(NotTaken, Failure),
}

// === impl Judged ===

impl Judged {
    /// For whom does not ask again.
    pub(crate) fn at_once(self) -> Result<Result<SignedCheckpoint, NotTaken>, Failure> {
        match self {
            Self::Taken(newest) => Ok(Ok(newest)),
            Self::Not(not_taken) => Ok(Err(not_taken)),
            Self::Open(_, why) => Err(why),
        }
    }
}

impl From<Result<SignedCheckpoint, NotTaken>> for Judged {
    fn from(taken: Result<SignedCheckpoint, NotTaken>) -> Self {
        taken.map_or_else(Self::Not, Self::Taken)
    }
}

// === impl NotTaken ===

impl NotTaken {
    /// In Vietnamese and in English.
    pub(crate) const fn told(&self) -> (&'static str, &'static str) {
        match self {
            Self::Unsigned(_) => (
                "checkpoint không được ký bằng khóa nào đã cho, và cũng không bằng khóa nào kế tục các khóa đó",
                "the checkpoint is signed by none of the keys given, nor by one that follows them",
            ),
            Self::BadSignature(_) => (
                "checkpoint mang chữ ký không hợp lệ dưới tên một khóa đã biết",
                "the checkpoint bears a signature in the name of a known key that does not hold",
            ),
            Self::Branch(_) => (
                "một khóa của nhật ký đã xác nhận hai khóa kế tục khác nhau",
                "one key of the log signed in two different keys to follow it",
            ),
        }
    }

    /// What shows it: signed notes.
    pub(crate) fn notes(&self) -> Vec<String> {
        match self {
            Self::Unsigned(note) | Self::BadSignature(note) => vec![note.clone()],
            Self::Branch(statements) => statements.iter().map(ToString::to_string).collect(),
        }
    }
}

// === impl KnownKeys ===

impl KnownKeys {
    /// Of keys as they were given, each as it is or in a file.
    pub(crate) fn given(keys: &[String]) -> Result<Self, Failure> {
        let mut known = Vec::new();
        for given in keys {
            let text = key_text(given).or_exit(Exit::Usage)?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let key: Result<VerifierKey, _> = line.trim().parse();
                let key = key.map_err(|_| {
                    Failure::new(
                        Exit::Usage,
                        format!("--key {given}: không phải khóa xác minh / is no verifier key"),
                    )
                })?;
                known.push(key);
            }
        }
        Ok(Self { keys: known, followed: Vec::new(), place: None, published: None })
    }

    /// With the statements of a published log, which has to be there and to be one of
    /// a log whose key was given.
    pub(crate) async fn with_log(
        mut self,
        place: Option<&String>,
        client: &ClientArgs,
    ) -> Result<Self, Failure> {
        let Some(place) = place else { return Ok(self) };
        let read = published(place, client).await.or_exit(Exit::Usage)?;
        if !self.is_of_these(&read.origin) {
            let told = format!(
                "--log {place}: nhật ký {0} không phải của khóa nào đã cho / {0} is the log of none of the keys given",
                read.origin
            );
            return Err(Failure::new(Exit::Usage, told));
        }
        self.place = Some(place.clone());
        self.published = Some(read);
        Ok(self)
    }

    /// The checkpoint, if one of the keys signed it.
    pub(crate) fn open(&self, note: &[u8]) -> Result<SignedCheckpoint, NotTaken> {
        let told = || String::from_utf8_lossy(note).into_owned();
        let opened = Note::parse(note).map_err(|_| NotTaken::Unsigned(told()))?;
        opened.verify(&self.keys).map_err(|error| match error {
            NoteError::BadSignature { .. } => NotTaken::BadSignature(told()),
            _ => NotTaken::Unsigned(told()),
        })?;
        let origin = origin(note).ok_or_else(|| NotTaken::Unsigned(told()))?;
        let keys = self.keys.iter().filter(|key| key.name() == origin).cloned().collect();
        SignedCheckpoint::from_note(opened, &TrustedLog { origin, keys })
            .map_err(|_| NotTaken::Unsigned(told()))
    }

    /// Takes the keys that statements name, if known ones signed them in.
    pub(crate) fn follow(&mut self, told: &[Rotation]) -> Result<(), NotTaken> {
        for rotation in told {
            let beside = self.followed.iter().find(|other| other.old() == rotation.old());
            if let Some(beside) = beside {
                branch(beside, rotation)?;
            } else if self.knows(rotation.old()) && self.followed.len() < MAX_ROTATIONS as usize {
                if !self.knows(rotation.new_key()) {
                    self.keys.push(rotation.new_key().clone());
                }
                self.followed.push(rotation.clone());
            }
        }
        // Of a key before the known ones: the one that follows it vouches for it.
        for rotation in told.iter().filter(|rotation| self.knows(rotation.new_key())) {
            let mut beside = told.iter().filter(|other| other.old() == rotation.old());
            beside.try_for_each(|other| branch(rotation, other))?;
        }
        Ok(())
    }

    /// The statements that led on from the keys given.
    pub(crate) fn followed(&self) -> Vec<String> {
        self.followed.iter().map(ToString::to_string).collect()
    }

    /// Whether only keys signed a checkpoint that others had followed already when
    /// that other one was signed.
    pub(crate) fn retired_since(&self, held: &SignedCheckpoint, newer: &SignedCheckpoint) -> bool {
        let (held, newer) = (self.signers(held), self.signers(newer));
        newer.iter().all(|key| held.iter().any(|later| self.replaced(key, later)))
    }

    /// Whether a checkpoint is signed by every key that signed the held one, or by one
    /// that follows it: what it lacks would be forgotten.
    pub(crate) fn keeps_up(&self, held: &SignedCheckpoint, newer: &SignedCheckpoint) -> bool {
        let newer = self.signers(newer);
        self.signers(held).iter().all(|key| newer.iter().any(|later| later == key || self.leads(key, later)))
    }

    /// Each for itself: a line that does not hold may be in the name of a key that was
    /// not known when the checkpoint was taken.
    fn signers(&self, checkpoint: &SignedCheckpoint) -> Vec<&VerifierKey> {
        let signed = |key: &&VerifierKey| checkpoint.note().verify(std::slice::from_ref(*key)).is_ok();
        self.keys.iter().filter(signed).collect()
    }

    /// Whether one key was replaced by the other. Of keys that follow each other, for
    /// one of them came back, neither was for good, as `audit verify` has it.
    fn replaced(&self, key: &VerifierKey, by: &VerifierKey) -> bool {
        self.leads(key, by) && !self.leads(by, key)
    }

    /// Whether one key is followed by the other, however many are between.
    fn leads(&self, from: &VerifierKey, to: &VerifierKey) -> bool {
        let mut at = from;
        for _ in &self.followed {
            match self.followed.iter().find(|rotation| rotation.old() == at) {
                Some(rotation) if rotation.new_key() == to => return true,
                Some(rotation) => at = rotation.new_key(),
                None => return false,
            }
        }
        false
    }

    fn knows(&self, key: &VerifierKey) -> bool {
        self.keys.contains(key)
    }

    fn is_of_these(&self, origin: &str) -> bool {
        self.keys.iter().any(|key| key.name() == origin)
    }

    /// What the published log, read before, states of the keys of that log.
    fn published(&self, origin: &str) -> &[Rotation] {
        let own = self.published.as_ref().filter(|published| published.origin == origin);
        own.map_or(&[], |published| &published.rotations)
    }

    /// Takes a gateway's newest checkpoint, by the statements it tells and those that
    /// were read.
    fn take(&mut self, note: &[u8], told: &[Rotation]) -> Result<SignedCheckpoint, NotTaken> {
        let all = origin(note).map(|origin| [self.published(&origin), told].concat()).unwrap_or_default();
        self.follow(&all)?;
        self.open(note)
    }

    /// Whether the statements lead to the key that signed a note, but from one before
    /// which there are older ones that were not told. Where the published log was read
    /// there are none: anybody can make as many that meet none of those.
    fn begins_later(&self, note: &[u8], told: &[Rotation]) -> bool {
        let (Some(first), Some(origin), Ok(note)) = (told.first(), origin(note), Note::parse(note)) else {
            return false;
        };
        if told.len() < TOLD || self.published.as_ref().is_some_and(|log| log.origin == origin) {
            return false;
        }
        let keys: Vec<VerifierKey> = told.iter().map(|rotation| rotation.new_key().clone()).collect();
        let Ok(signed) = note.verify(&keys) else { return false };
        let Some(mut at) = signed.first().map(|signed| signed.key) else { return false };
        for _ in told {
            match told.iter().find(|rotation| rotation.new_key() == at) {
                Some(rotation) => at = rotation.old(),
                None => break,
            }
        }
        at == first.old()
    }
}

/// An alarm where both follow one key.
fn branch(one: &Rotation, other: &Rotation) -> Result<(), NotTaken> {
    if one.old() == other.old() && one.new_key() != other.new_key() {
        return Err(NotTaken::Branch(Box::new([one.clone(), other.clone()])));
    }
    Ok(())
}

/// The log that a note says it is of.
fn origin(note: &[u8]) -> Option<String> {
    let said: Checkpoint = Note::parse(note).ok()?.text().parse().ok()?;
    Some(said.origin().to_owned())
}

/// The statements among these notes, of that log.
pub(crate) fn rotations<'a>(notes: impl IntoIterator<Item = &'a [u8]>, origin: &str) -> Vec<Rotation> {
    let read = notes.into_iter().take(MAX_ROTATIONS as usize).filter_map(|note| Rotation::parse(note).ok());
    read.filter(|rotation| rotation.origin() == origin).collect()
}

/// The newest checkpoint of the gateway, verified; or why it is not taken. It is open
/// where the statements do not reach back to a known key ([`Exit::Usage`]), or where the
/// published log could not be read again ([`Exit::Unavailable`]).
pub(crate) async fn checkpoint(
    connection: &Connection,
    client: &ClientArgs,
    keys: &mut KnownKeys,
) -> Result<Judged, Failure> {
    let told = connection.audit().get_checkpoint(GetCheckpointRequest {}).await.map_err(Refusal::from)?;
    let told = told.into_inner();
    let note = told.checkpoint.as_bytes();
    let Some(origin) = origin(note).filter(|origin| keys.is_of_these(origin)) else {
        return Ok(keys.open(note).into());
    };
    let rotations = rotations(told.key_rotations.iter().map(String::as_bytes), &origin);
    let mut not_taken = match keys.take(note, &rotations) {
        Err(not_taken @ NotTaken::Unsigned(_)) => not_taken,
        judged => return Ok(judged.into()),
    };
    let place =
        keys.place.clone().filter(|_| keys.published.as_ref().is_some_and(|log| log.origin == origin));
    if let Some(place) = place {
        match published(&place, client).await.or_exit(Exit::Unavailable) {
            Ok(read) => keys.published = Some(read),
            Err(why) => return Ok(Judged::Open(not_taken, why)),
        }
        not_taken = match keys.take(note, &rotations) {
            Err(not_taken @ NotTaken::Unsigned(_)) => not_taken,
            judged => return Ok(judged.into()),
        };
    }
    if keys.begins_later(note, &rotations) {
        let why = Failure::new(
            Exit::Usage,
            "không kết luận được: cổng kết nối chỉ cung cấp 64 lần đổi khóa gần nhất, chưa lùi tới khóa đã cho; hãy \
             dùng --log, hoặc --key với một khóa mới hơn / nothing can be told: the gateway tells the last 64 changes \
             of the key, and they do not reach back to a key given; give --log, or a newer --key",
        );
        return Ok(Judged::Open(not_taken, why));
    }
    Ok(Judged::Not(not_taken))
}
