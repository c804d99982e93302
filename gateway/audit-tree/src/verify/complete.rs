//! That an answer about a range of the log is whole: every entry of the range
//! was shown, whoever it names is one known subject, and which entries match is
//! judged here.
//!
//! What is shown, and by what:
//!
//! 1. The entries are those of the range, none left out: a proof of the range
//!    against a checkpoint ([`verify_range`]).
//! 2. Which of them match: each entry is read, and held against the filters.
//! 3. Every pseudonym that an entry of the range names was created in the log,
//!    by an entry whose commitment opens to a keyed hash; and no two of these
//!    pseudonyms have the same one. So whoever is asked about has no second
//!    name under which entries of the range could stand.
//! 4. The pseudonym asked about is the one of the keyed hash asked about.
//!
//! What is not: that the keyed hash is that of the identifier asked about, and
//! that the gateway wrote under a pseudonym what concerned that person. The
//! first can be computed by whoever is given the hash key, the second stands
//! sealed in the entries. Of a subject that was erased, nobody can say who it
//! was; such pseudonyms are listed.
//!
//! In memory are the pseudonyms of the range, not its entries.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;

use crate::commitment::subject_commitment;
use crate::entry::{Entry, EntryTime, Kind};
use crate::filter::{EntryFilter, Sought, pseudonyms};
use crate::hash::{LeafHash, NodeHash, leaf_hash};
use crate::merkle::{LeafRange, TreeHead, verify_inclusion, verify_range};

mod outcome;
#[cfg(test)]
mod tests;

pub use outcome::{Incomplete, Whole};

/// The keyed hash of an identifier.
pub type KeyedHash = [u8; 32];

/// An entry, and the proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its place.
    pub index: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The inclusion proof.
    pub proof: Vec<NodeHash>,
}

/// What was told of one pseudonym.
#[derive(Clone)]
pub struct Opening {
    /// Its `subject.created` entry.
    pub created: Shown,
    /// What that entry commits to: 32 random bytes, and the keyed hash. None
    /// once the subject was erased.
    pub opened: Option<([u8; 32], KeyedHash)>,
    /// Its `subject.erased` entry, if it was erased.
    pub erased: Option<Shown>,
}

/// Whom the question is about, as the gateway told it.
#[derive(Clone)]
pub struct Asked {
    /// The keyed hash of the identifier.
    pub keyed_hash: KeyedHash,
    /// The pseudonym, if it has one.
    pub pseudonym: Option<String>,
}

/// A verification under way.
pub struct Completeness {
    origin: String,
    head: TreeHead,
    range: LeafRange,
    filter: EntryFilter,
    asked: Option<Asked>,
    next: u64,
    last_time: Option<EntryTime>,
    matching: u64,
    /// Every pseudonym of the range, and what is known of it.
    named: BTreeMap<String, Named>,
    /// Whose each keyed hash is.
    owners: BTreeMap<KeyedHash, String>,
}

/// What is known of a pseudonym.
#[derive(Default)]
struct Named {
    /// The commitment, from its creation: there may be several, all alike.
    commitment: Option<String>,
    standing: Standing,
}

#[derive(Default, PartialEq, Eq)]
enum Standing {
    #[default]
    Unopened,
    Opened,
    Erased,
}

// === impl Completeness ===

impl Completeness {
    /// Of a range of a log, against a checkpoint that was verified.
    ///
    /// # Errors
    /// [`Incomplete::Unfinished`] where the log does not hold that range.
    pub fn new(
        origin: &str,
        head: TreeHead,
        range: LeafRange,
        filter: EntryFilter,
    ) -> Result<Self, Incomplete> {
        if range.from > range.to || range.to > head.size {
            return Err(Incomplete::Unfinished { to: range.to, shown: head.size });
        }
        Ok(Self {
            origin: origin.to_owned(),
            head,
            range,
            filter,
            asked: None,
            next: range.from,
            last_time: None,
            matching: 0,
            named: BTreeMap::new(),
            owners: BTreeMap::new(),
        })
    }

    /// Whom it is about: once, before the first page.
    pub fn about(&mut self, asked: Asked) {
        self.filter.subject = Some(match &asked.pseudonym {
            Some(pseudonym) => Sought::Pseudonym(pseudonym.clone()),
            None => Sought::Nobody,
        });
        if let Some(pseudonym) = &asked.pseudonym {
            self.named.entry(pseudonym.clone()).or_default();
        }
        self.asked = Some(asked);
    }

    /// The index from which the next page has to go on.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Takes the entries that come next, and gives those that match.
    ///
    /// # Errors
    /// [`Incomplete`]; the verification is over.
    pub fn page(
        &mut self,
        from: u64,
        entries: &[Vec<u8>],
        proof: &[NodeHash],
    ) -> Result<Vec<Entry>, Incomplete> {
        let to = from.saturating_add(entries.len() as u64);
        if from != self.next || to > self.range.to {
            return Err(Incomplete::NotInOrder { expected: self.next, found: from });
        }
        let leaves: Vec<LeafHash> = entries.iter().map(|bytes| leaf_hash(bytes)).collect();
        verify_range(self.head, from, &leaves, proof)
            .map_err(|_| Incomplete::NotTheLog { from, to: to.max(from + 1) })?;
        let mut matching = Vec::new();
        for (index, bytes) in (from..).zip(entries) {
            let entry = self.read(index, bytes)?;
            if self.last_time.is_some_and(|last| entry.time.timestamp() < last.timestamp()) {
                return Err(Incomplete::TimeBackwards(index));
            }
            self.reaches(index, &entry)?;
            self.last_time = Some(entry.time);
            for pseudonym in pseudonyms(&entry) {
                if !self.named.contains_key(pseudonym) {
                    self.named.insert(pseudonym.to_owned(), Named::default());
                }
            }
            if let Some(created) = &entry.created {
                self.committed(&created.pseudonym, &created.commitment)?;
            }
            if self.filter.matches(&entry) {
                self.matching += 1;
                matching.push(entry);
            }
        }
        self.next = to;
        Ok(matching)
    }

    /// Pseudonyms of the range of which nothing was told yet.
    pub fn unopened(&self) -> impl Iterator<Item = &str> {
        let open = self.named.iter().filter(|(_, named)| named.standing == Standing::Unopened);
        open.map(|(pseudonym, _)| pseudonym.as_str())
    }

    /// Takes what is told of a pseudonym.
    ///
    /// # Errors
    /// [`Incomplete`]; the verification is over.
    pub fn opening(&mut self, opening: &Opening) -> Result<(), Incomplete> {
        let at = opening.created.index;
        let entry = self.shown(&opening.created, Kind::SubjectCreated)?;
        let created = entry.created.ok_or(Incomplete::NotShown(at))?;
        let pseudonym = created.pseudonym.to_string();
        self.committed(&pseudonym, &created.commitment)?;
        let standing = match (&opening.opened, &opening.erased) {
            (_, Some(erased)) => {
                let entry = self.shown(erased, Kind::SubjectErased)?;
                let same = entry.erased.is_some_and(|erased| erased.pseudonym == pseudonym);
                if !same || erased.index <= at {
                    return Err(Incomplete::NotShown(erased.index));
                }
                Standing::Erased
            }
            (Some((opening, keyed_hash)), None) => {
                let commitment = subject_commitment(opening, keyed_hash, &pseudonym);
                if !is_hex_of(&created.commitment, &commitment) {
                    return Err(Incomplete::OtherCommitment(pseudonym));
                }
                match self.owners.entry(*keyed_hash) {
                    Place::Occupied(owner) if *owner.get() != pseudonym => {
                        return Err(Incomplete::TwoPseudonyms(owner.get().clone(), pseudonym));
                    }
                    Place::Occupied(_) => {}
                    Place::Vacant(place) => {
                        place.insert(pseudonym.clone());
                    }
                }
                Standing::Opened
            }
            (None, None) => return Err(Incomplete::Unopened(pseudonym)),
        };
        self.named.entry(pseudonym).or_default().standing = standing;
        Ok(())
    }

    /// What all of it shows.
    ///
    /// # Errors
    /// [`Incomplete`], for the first thing that is missing.
    pub fn finish(self) -> Result<Whole, Incomplete> {
        if self.next != self.range.to {
            return Err(Incomplete::Unfinished { to: self.range.to, shown: self.next });
        }
        let ends_late = self.filter.to.is_none_or(|to| {
            self.last_time.is_some_and(|last| last.timestamp().as_microsecond() >= to.as_microsecond())
        });
        if !ends_late && self.range.to != self.head.size {
            return Err(Incomplete::TimeNotCovered("end"));
        }
        if let Some(unopened) = self.unopened().next() {
            return Err(Incomplete::Unopened(unopened.to_owned()));
        }
        if let Some(asked) = &self.asked {
            let owner = self.owners.get(&asked.keyed_hash);
            if owner != asked.pseudonym.as_ref() {
                return Err(Incomplete::OtherSubject);
            }
        }
        let erased = self.named.iter().filter(|(_, named)| named.standing == Standing::Erased);
        let erased: Vec<String> = erased.map(|(pseudonym, _)| pseudonym.clone()).collect();
        Ok(Whole {
            origin: self.origin,
            head: self.head,
            range: self.range,
            matching: self.matching,
            opened: (self.named.len() - erased.len()) as u64,
            erased,
            all: self.range == LeafRange { from: 0, to: self.head.size },
        })
    }

    /// The entry of those bytes, in that place of this log.
    fn read(&self, index: u64, bytes: &[u8]) -> Result<Entry, Incomplete> {
        let entry = Entry::parse(bytes).ok();
        let here = entry.filter(|entry| entry.index == index && entry.origin == self.origin);
        here.ok_or(Incomplete::Malformed(index))
    }

    /// Whether nothing of the time asked about stands before the range.
    fn reaches(&self, index: u64, entry: &Entry) -> Result<(), Incomplete> {
        let first = index == self.range.from && index > 0;
        let late = |from: jiff::Timestamp| entry.time.timestamp().as_microsecond() >= from.as_microsecond();
        if first && self.filter.from.is_some_and(late) {
            return Err(Incomplete::TimeNotCovered("beginning"));
        }
        Ok(())
    }

    /// An entry of that kind that is proved by itself.
    fn shown(&self, shown: &Shown, kind: Kind) -> Result<Entry, Incomplete> {
        let wrong = Incomplete::NotShown(shown.index);
        verify_inclusion(self.head, shown.index, &leaf_hash(&shown.bytes), &shown.proof)
            .map_err(|_| wrong.clone())?;
        let entry = self.read(shown.index, &shown.bytes)?;
        if entry.kind == kind { Ok(entry) } else { Err(wrong) }
    }

    /// A creation of that pseudonym; a second one commits to the same.
    fn committed(&mut self, pseudonym: &str, commitment: &str) -> Result<(), Incomplete> {
        let named = self.named.entry(pseudonym.to_owned()).or_default();
        let known = named.commitment.get_or_insert_with(|| commitment.to_owned());
        if known.as_str() == commitment {
            Ok(())
        } else {
            Err(Incomplete::OtherCommitment(pseudonym.to_owned()))
        }
    }
}

impl std::fmt::Debug for Completeness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completeness")
            .field("range", &self.range)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

// Keyed hashes are handed to auditors alone.
impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("created", &self.created.index).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("pseudonym", &self.pseudonym).finish_non_exhaustive()
    }
}

/// Whether the text is those bytes in lower-case hex.
fn is_hex_of(text: &str, bytes: &[u8; 32]) -> bool {
    let digit = |nibble: u8| b"0123456789abcdef".get(usize::from(nibble)).copied();
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.eq(text.bytes().map(Some))
}
