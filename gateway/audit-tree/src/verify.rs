//! Verifying a whole log from outside: its files, the keys, and whatever
//! somebody kept of it.
//!
//! [`verify`] reads the log's files through a [`Source`] and compares them
//! with each other, with the log's signature, and with [`Evidence`]. A log
//! that somebody rewrote or cut, signing it anew, agrees with itself: that is
//! found only with evidence from outside, and [`Report::covered`] says up to
//! where there was any.
//!
//! # The steps
//! The fault of the first step that has one is reported; within a step the
//! one of the smallest index, none counting as smaller than any.
//!
//! 0. The statements `keys/1`, `keys/2`, … up to the first that is not there,
//!    at most [`MAX_ROTATIONS`](crate::rotation::MAX_ROTATIONS): each is one of
//!    the log whose key was given, signed by both its keys, and goes on from
//!    the one before, else `KEY_STATEMENT`. The keys that they lead to from
//!    those given, forward only, count as given from here on.
//! 1. `checkpoint`: a log key signed it, else `CHECKPOINT_SIGNATURE` (also
//!    where it is no note or no checkpoint, or a second log key's signature
//!    does not hold); its origin is the name of a key that signed it, else
//!    `CHECKPOINT_ORIGIN`; no given witness's signature is bad, else
//!    `COSIGNATURE_BAD`.
//! 2. Bundle by bundle: it is there, its tile is there and as long as its
//!    hashes (else `TILE_WRONG`), then entry by entry its own index and its
//!    hash, then whether the bundle ends where it should: of one too short
//!    the first entry not whole, of one too long the first index behind it.
//!    An entry whose hash differs is `ENTRY_CHANGED` even where it no longer
//!    can be read; but `ENTRY_INDEX` if it can, and names another place. One
//!    whose hash is right may be `ENTRY_MALFORMED` or, without an index
//!    written in digits, `ENTRY_INDEX`.
//! 3. The higher tiles (`TILE_MISSING`, `TILE_WRONG`; at the same index the
//!    lower level), then the root (`ROOT_MISMATCH`).
//! 4. Kept checkpoints, `witnessed` among them, and given ones: first the
//!    signatures, as in 1 and with the same origin, kept ones by name, then
//!    `witnessed`, then given ones as they came. Then
//!    `FORK`: a root that is not the tree's of that size, or two checkpoints
//!    larger than the log with one size and two roots; of several the one of
//!    the smallest size. Its index is the largest smaller size at which
//!    another checkpoint agreed with the tree; where the one at odds is from
//!    outside (given, or cosigned by a given witness), only others from
//!    outside count, for who rewrites a log signs its kept ones anew. Then
//!    `TRUNCATED`: one, kept or given, that is larger than the log. The name
//!    of a kept checkpoint says nothing; its signed size counts.
//! 5. Receipts: `RECEIPT_ORIGIN`, without an index, then `RECEIPT_MISMATCH`,
//!    then `TRUNCATED`.
//! 6. The content, if asked for. An entry that is not of the format is
//!    `ENTRY_MALFORMED`; one that is but for its spelling (`null` for an
//!    absent part and `[]` for an absent list among it)
//!    `ENTRY_NOT_CANONICAL`; an `entry.not_released` whose range is empty or
//!    reaches its own index `NOT_RELEASED_RANGE`; a `log.key_rotated` whose
//!    statement is not of this log, not of the keys it names, or does not go on
//!    from the one before (the same once more does) `KEY_STATEMENT`; then, if
//!    all entries are sound, so is a statement that no entry tells of, without
//!    an index.
//!
//! A partial file is looked for under its own name, then as the full one,
//! then as wider ones from the narrowest up; of such a stand-in only the
//! beginning is read.
//!
//! One pass: what is held of a log of any size is a bundle, a tile, the right
//! edge of the tree, and of each kept checkpoint its size and root; with the
//! content, a bit an entry.
//!
//! **Out of scope**: where files come from (a folder, HTTP), printing,
//! proofs, and whether evidence is genuine beyond its signatures: a receipt
//! has none, so it shows a fault only to whoever trusts its holder.

mod chain;
pub mod complete;
mod deep;
mod evidence;
mod expected;
mod glance;
mod keys;
mod pass;
mod report;
mod stored;
mod vouched;

#[cfg(test)]
mod tests;

pub use evidence::{Evidence, EvidenceError, Receipt};
pub use keys::{Keys, KeysError};
pub use report::{
    Checked, Code, Fault, Handed, LogKeys, Report, Truncation, Unwitnessed, Verdict, Witnessed,
};

use deep::Deep;
use expected::{Agreed, Expected};
use pass::Pass;
use vouched::{Opened, Place, Vouched, Vouching};

use crate::merkle::TreeHead;
use crate::note::Note;
use crate::text::print_hash;

/// The files of a log.
///
/// For the implementer: paths are those of C2SP tlog-tiles, below the log's
/// folder. Each file is asked for once, one bundle twice; a partial one that
/// is not there is also asked for under the names of the wider ones.
pub trait Source {
    /// A file's bytes; none where there is no such file.
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError>;

    /// The sizes that name files below `checkpoints/`, in any order, files of
    /// other names left out; none where files cannot be listed.
    fn kept(&self) -> Result<Vec<u64>, SourceError>;
}

/// A file cannot be read, though it may be there.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub struct SourceError {
    /// Which.
    pub path: String,
    /// Why.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Why nothing can be verified.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("no key of the log is given")]
    NoKey,
    #[error("the log has no checkpoint")]
    NoCheckpoint,
    #[error("the log cannot be read")]
    Source(#[from] SourceError),
}

/// What ends a verification early.
enum Stop {
    Fault(Fault),
    Unreadable(Unreadable),
}

/// A verification under way.
struct Verifier<'a, S: ?Sized> {
    source: &'a S,
    keys: Keys,
    evidence: &'a Evidence,
    report: Report,
}

/// How much of a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is public: hashes, checkpoints, and with them receipts. That a tree
    /// was not rewritten is seen by it, what its entries say is not.
    Hashes,
    /// Every entry, whether it is the one that was hashed.
    Entries,
    /// What every entry says, too.
    Contents,
}

/// Verifies a log; `deep` asks for the content of entries too.
pub fn verify<S: Source + ?Sized>(source: &S, keys: &Keys, evidence: &Evidence, deep: bool) -> Report {
    verify_to(source, keys, evidence, if deep { Extent::Contents } else { Extent::Entries })
}

/// Verifies as much of a log as is said.
pub fn verify_to<S: Source + ?Sized>(source: &S, keys: &Keys, evidence: &Evidence, extent: Extent) -> Report {
    let mut verifier = Verifier { source, keys: keys.clone(), evidence, report: Report::blank() };
    match verifier.steps(extent) {
        Ok(()) => verifier.report,
        Err(Stop::Fault(fault)) => Report { verdict: Verdict::Fault, fault: Some(fault), ..verifier.report },
        Err(Stop::Unreadable(error)) => Report::unreadable(&error),
    }
}

// === impl Stop ===

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Self::Unreadable(error.into())
    }
}

// === impl Verifier ===

impl<S: Source + ?Sized> Verifier<'_, S> {
    fn steps(&mut self, extent: Extent) -> Result<(), Stop> {
        if self.keys.log.is_empty() {
            return Err(Stop::Unreadable(Unreadable::NoKey));
        }
        self.report.evidence = Handed {
            checkpoints: self.evidence.checkpoints.len() as u64,
            receipts: self.evidence.receipts.len() as u64,
            witness_keys: self.keys.witnesses.len() as u64,
        };
        self.report.checked = Checked::of(extent);
        let chain = chain::read(self.source, &self.keys)?;
        let reached = self.keys.follow(&chain);
        // Before the newest one is read: of a log that grows meanwhile none
        // of these is larger than its newest.
        let kept = self.source.kept()?;
        let witnessed = self.source.get("witnessed")?;
        let newest = self.newest()?;
        let (origin, head) = (newest.origin.clone(), newest.head);
        self.report.origin = Some(origin.clone());
        self.report.size = head.size;
        self.report.root = Some(print_hash(&head.root));
        self.report.keys = Some(LogKeys { reached, signed: newest.signers.clone() });

        let mut vouching = Vouching::default();
        let cosignatures = vouching.add(Place::Newest, newest);
        let before = self.keys.not_trusted(&chain);
        let signatures = self.checkpoints((kept, witnessed), (&origin, &before), &mut vouching)?;
        let (receipts, of_others) = receipts(&self.evidence.receipts, &origin, &mut vouching);
        vouching.checkpoints.sort_by_key(|checkpoint| checkpoint.head.size);
        let (within, beyond) =
            split_by(&vouching.checkpoints, |checkpoint| checkpoint.head.size <= head.size);
        let (held, lost) = split_by(&receipts, |receipt| receipt.index < head.size);
        self.say(&vouching, beyond.is_empty() && lost.is_empty());
        cosignatures?;

        let deep = (extent == Extent::Contents).then(|| Deep::new(&origin, &chain));
        let mut pass = Pass::new(self.source, head.size, Expected::new(within, held), extent, deep);
        let folded = pass.run();
        self.report.checked = pass.checked();
        let folded = folded?;
        pass.tiles()?;
        let Expected { agreed, fork, mismatch, .. } = pass.expected;
        root_is_stated(head, folded, agreed.any)?;
        self.report.checked.checkpoints += 1;

        signatures.map_or(Ok(()), Err)?;
        fork.or_else(|| split_view(beyond, agreed)).map_or(Ok(()), Err)?;
        beyond.first().map_or(Ok(()), |larger| Err(truncated(&larger.place, larger.head.size, head.size)))?;
        of_others.map_or(Ok(()), Err)?;
        mismatch.map_or(Ok(()), Err)?;
        lost.first().map_or(Ok(()), |lost| Err(truncated(&lost.name, lost.index + 1, head.size)))?;
        pass.deep.map_or(Ok(()), Deep::finish)?;
        Ok(())
    }

    /// The log's newest checkpoint.
    fn newest(&self) -> Result<Opened, Stop> {
        let bytes = self.source.get("checkpoint")?.ok_or(Stop::Unreadable(Unreadable::NoCheckpoint))?;
        Ok(open(&Place::Newest, &bytes, &self.keys, None)?)
    }

    /// Reads the kept checkpoints and takes the given ones. The answer is the
    /// first fault of them; such a one counts for nothing. Nor does one that the log
    /// keeps from before the keys given: it is signed by a key that led to them.
    fn checkpoints(
        &self,
        (mut kept, witnessed): (Vec<u64>, Option<Vec<u8>>),
        (origin, before): (&str, &Keys),
        vouching: &mut Vouching,
    ) -> Result<Option<Fault>, SourceError> {
        let mut fault = None;
        let mut take = |place: Place, opened: Result<Opened, Fault>| {
            let taken = opened.and_then(|opened| vouching.add(place, opened));
            fault = fault.take().or(taken.err());
        };
        kept.sort_unstable();
        kept.dedup();
        for size in kept {
            let place = Place::Kept(size);
            // One that went away since is one that was not kept.
            if let Some(bytes) = self.source.get(&place.to_string())?
                && let Some(opened) = kept_open(&place, &bytes, (&self.keys, before), origin)
            {
                take(place, opened);
            }
        }
        if let Some(bytes) = witnessed
            && let Some(opened) = kept_open(&Place::Witnessed, &bytes, (&self.keys, before), origin)
        {
            take(Place::Witnessed, opened);
        }
        for given in &self.evidence.checkpoints {
            let place = Place::Given(given.name.clone());
            let opened = Opened::new(&place, &given.note, &self.keys, Some(origin));
            take(place, opened);
        }
        Ok(fault)
    }

    /// Says what the evidence vouches for.
    fn say(&mut self, vouching: &Vouching, reached: bool) {
        let size = self.report.size;
        self.report.covered = vouching.covered;
        self.report.truncation = match (reached, vouching.covered) {
            (false, _) => Truncation::Found,
            (true, 0) => Truncation::Undetectable,
            (true, _) => Truncation::NoneBelowCovered,
        };
        self.report.witnessed = vouching.witnessed();
        let witnessed = self.report.witnessed.as_ref().map_or(0, |witnessed| witnessed.size);
        // It stands in an entry.
        let hashes_only = self.report.checked.hashes_only;
        let since = if hashes_only { None } else { stored::time(self.source, witnessed, size) };
        self.report.unwitnessed = Unwitnessed { entries: size.saturating_sub(witnessed), since };
    }
}

// === receipts ===

/// The receipts of this log by index, and the fault of the first that is
/// of another.
fn receipts<'e>(
    given: &'e [Receipt],
    origin: &str,
    vouching: &mut Vouching,
) -> (Vec<&'e Receipt>, Option<Fault>) {
    let of_this_log = |receipt: &&Receipt| receipt.origin == origin;
    let (mut receipts, others): (Vec<_>, Vec<_>) = given.iter().partition(of_this_log);
    for receipt in &receipts {
        vouching.cover(receipt.index + 1);
    }
    receipts.sort_by_key(|receipt| receipt.index);
    let fault = others.first().map(|other| {
        let detail = format!("{}: this is a receipt of another log.", other.name);
        Fault::new(Code::ReceiptOrigin, None, detail)
    });
    (receipts, fault)
}

// === checkpoints ===

fn open(place: &Place, bytes: &[u8], keys: &Keys, origin: Option<&str>) -> Result<Opened, Fault> {
    let note = Note::parse(bytes).map_err(|_| {
        Fault::new(Code::CheckpointSignature, None, format!("{place}: this is no signed note."))
    })?;
    Opened::new(place, &note, keys, origin)
}

/// One that the log keeps; none where it is of a time before the keys that are
/// trusted.
fn kept_open(
    place: &Place,
    bytes: &[u8],
    (keys, before): (&Keys, &Keys),
    origin: &str,
) -> Option<Result<Opened, Fault>> {
    let opened = open(place, bytes, keys, Some(origin));
    let unsigned = matches!(&opened, Err(fault) if fault.code == Code::CheckpointSignature);
    let of_before = unsigned && open(place, bytes, before, Some(origin)).is_ok();
    (!of_before).then_some(opened)
}

fn root_is_stated(stated: TreeHead, folded: TreeHead, agreed: Option<u64>) -> Result<(), Fault> {
    if stated == folded {
        return Ok(());
    }
    let detail = format!("The {} entries do not hash to the root of the log's checkpoint.", stated.size);
    Err(Fault::new(Code::RootMismatch, agreed, detail))
}

/// Two of these checkpoints, sorted by size, that are of one size and two
/// trees.
fn split_view(checkpoints: &[Vouched], agreed: Agreed) -> Option<Fault> {
    let mut neighbours = checkpoints.iter().zip(checkpoints.iter().skip(1));
    let split = neighbours.find(|(one, other)| one.head.size == other.head.size && one.head != other.head);
    split.map(|(_, other)| agreed.fork(other))
}

fn truncated(what: &dyn std::fmt::Display, known: u64, size: u64) -> Fault {
    let detail = format!("{what}: the log had {known} entries, and {size} are shown.");
    Fault::new(Code::Truncated, size, detail)
}

/// Those up to where that holds, and the rest.
fn split_by<T>(sorted: &[T], holds: impl Fn(&T) -> bool) -> (&[T], &[T]) {
    sorted.split_at_checked(sorted.partition_point(holds)).unwrap_or_default()
}
