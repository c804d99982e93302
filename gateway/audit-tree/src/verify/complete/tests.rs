//! A log of a few people, proved whole; and everything a gateway could leave
//! out, put in or tell otherwise.

use std::collections::HashMap;
use std::convert::Infallible;

use jiff::Timestamp;

use super::*;
use crate::entry::{Created, Erased, Subject, SubjectClass};
use crate::merkle::{Frontier, StoredTree, Tiles};
use crate::tile::Tile;

const ORIGIN: &str = "motlan.example/H32/gw1";

struct Written(HashMap<Tile, Vec<u8>>);

impl Tiles for Written {
    type Error = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Infallible> {
        Ok(self.0[&tile].clone())
    }
}

/// A log, and what its subject table knows.
struct Log {
    entries: Vec<Vec<u8>>,
    tiles: Written,
    head: TreeHead,
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_second(1_795_232_020 + second.cast_signed()).unwrap()
}

fn pseudonym(person: u8) -> String {
    format!("s_{person:032}")
}

fn keyed_hash(person: u8) -> KeyedHash {
    [person; 32]
}

/// The random bytes of that pseudonym's commitment.
fn nonce(person: u8) -> [u8; 32] {
    [person ^ 0xa5; 32]
}

fn commitment(person: u8, hash: KeyedHash) -> String {
    hex::encode(subject_commitment(&nonce(person), &hash, &pseudonym(person)))
}

/// One entry a second.
fn blank(index: usize, kind: Kind) -> Entry {
    Entry::new(ORIGIN, index as u64, EntryTime::new(at(index as u64)), kind)
}

fn created(index: usize, person: u8, hash: KeyedHash) -> Entry {
    let created =
        Created { commitment: commitment(person, hash).into(), pseudonym: pseudonym(person).into() };
    Entry { created: Some(created), ..blank(index, Kind::SubjectCreated) }
}

fn about(index: usize, people: &[u8]) -> Entry {
    let subject = |person: &u8| Subject {
        class: SubjectClass::Natural,
        pseudonym: pseudonym(*person).into(),
        role: "applicant".into(),
        sealed: None,
    };
    Entry { subjects: people.iter().map(subject).collect(), ..blank(index, Kind::AccessOutcome) }
}

fn erased(index: usize, person: u8) -> Entry {
    Entry {
        erased: Some(Erased { pseudonym: pseudonym(person).into() }),
        ..blank(index, Kind::SubjectErased)
    }
}

/// Persons 1 to 3; 1 is looked at in 5, 7 and 9, 2 in 6 and 9; 3 is erased in 10.
fn story() -> Vec<Entry> {
    vec![
        blank(0, Kind::ConfigLoaded),
        created(1, 1, keyed_hash(1)),
        created(2, 2, keyed_hash(2)),
        created(3, 3, keyed_hash(3)),
        about(4, &[3]),
        about(5, &[1]),
        about(6, &[2]),
        about(7, &[1]),
        blank(8, Kind::LogRead),
        about(9, &[1, 2]),
        erased(10, 3),
        blank(11, Kind::LogRead),
        blank(12, Kind::LogRead),
    ]
}

// === impl Log ===

impl Log {
    fn of(entries: &[Entry]) -> Self {
        let entries: Vec<Vec<u8>> = entries.iter().map(|entry| entry.encode().unwrap()).collect();
        let leaves: Vec<_> = entries.iter().map(|bytes| leaf_hash(bytes)).collect();
        let appended = Frontier::new().append(&leaves);
        Self { entries, tiles: Written(appended.tiles.into_iter().collect()), head: appended.head }
    }

    fn tree(&self) -> StoredTree<'_, Written> {
        StoredTree::new(&self.tiles, self.head.size)
    }

    fn page(&self, from: u64, to: u64) -> (Vec<Vec<u8>>, Vec<NodeHash>) {
        let shown = self.entries[from as usize..to as usize].to_vec();
        (shown, self.tree().prove_range(LeafRange { from, to }, self.head.size).unwrap())
    }

    fn shown(&self, index: u64) -> Shown {
        let bytes = self.entries[index as usize].clone();
        Shown { index, bytes, proof: self.tree().prove_inclusion(index, self.head.size).unwrap() }
    }

    /// As the gateway opens it: who was created in that entry.
    fn opening(&self, index: u64, person: u8) -> Opening {
        let opened = Some((nonce(person), keyed_hash(person)));
        Opening { created: self.shown(index), opened, erased: None }
    }

    fn erasure(&self) -> Opening {
        Opening { created: self.shown(3), opened: None, erased: Some(self.shown(10)) }
    }

    fn question(&self, from: u64, to: u64) -> Completeness {
        let range = LeafRange { from, to };
        Completeness::new(ORIGIN, self.head, range, EntryFilter::default()).unwrap()
    }

    /// What is told of person 1 in that range, in pages of three, all of it
    /// true.
    fn told(&self, from: u64, to: u64) -> Completeness {
        let mut question = self.question(from, to);
        question.about(Asked { keyed_hash: keyed_hash(1), pseudonym: Some(pseudonym(1)) });
        while question.next() < to {
            let next = question.next();
            let (entries, proof) = self.page(next, to.min(next + 3));
            question.page(next, &entries, &proof).unwrap();
        }
        question
    }

    fn opened(&self, mut question: Completeness) -> Completeness {
        question.opening(&self.opening(1, 1)).unwrap();
        question.opening(&self.opening(2, 2)).unwrap();
        question
    }
}

#[test]
fn a_range_told_in_full_is_whole() {
    let log = Log::of(&story());
    let question = log.told(5, 10);
    assert_eq!(question.unopened().collect::<Vec<_>>(), [pseudonym(1), pseudonym(2)]);
    let whole = log.opened(question).finish().unwrap();
    assert_eq!((whole.matching, whole.opened, whole.erased.len(), whole.all), (3, 2, 0, false));

    let mut all = log.opened(log.told(0, 13));
    all.opening(&log.erasure()).unwrap();
    let whole = all.finish().unwrap();
    assert_eq!((whole.matching, whole.opened, whole.all), (4, 2, true), "the creation too");
    assert_eq!(whole.erased, [pseudonym(3)]);
}

#[test]
fn matching_entries_are_given_page_by_page() {
    let log = Log::of(&story());
    let mut question = log.question(5, 9);
    question.about(Asked { keyed_hash: keyed_hash(1), pseudonym: Some(pseudonym(1)) });
    let (entries, proof) = log.page(5, 9);
    let found: Vec<u64> =
        question.page(5, &entries, &proof).unwrap().iter().map(|entry| entry.index).collect();
    assert_eq!(found, [5, 7]);
}

/// Somebody without a pseudonym: nothing is about them, and nobody else's
/// pseudonym is theirs.
#[test]
fn nobody_is_nobody_only_if_no_opening_is_theirs() {
    let log = Log::of(&story());
    let ask = |keyed_hash| {
        let mut question = log.question(5, 10);
        question.about(Asked { keyed_hash, pseudonym: None });
        let (entries, proof) = log.page(5, 10);
        assert!(question.page(5, &entries, &proof).unwrap().is_empty());
        log.opened(question).finish()
    };
    assert_eq!(ask(keyed_hash(9)).unwrap().matching, 0);
    assert_eq!(ask(keyed_hash(1)), Err(Incomplete::OtherSubject), "denied that one has a pseudonym");
}

#[test]
fn what_is_left_out_put_in_or_changed_is_found() {
    let log = Log::of(&story());
    let (entries, proof) = log.page(5, 10);
    let refused = |entries: &[Vec<u8>], proof: &[NodeHash]| log.question(5, 10).page(5, entries, proof).err();
    assert_eq!(refused(&entries, &proof), None, "the control");
    for at in 0..entries.len() {
        let mut dropped = entries.clone();
        dropped.remove(at);
        assert!(matches!(refused(&dropped, &proof), Some(Incomplete::NotTheLog { from: 5, to: 9 })), "{at}");
        let mut changed = entries.clone();
        changed[at] = about(5 + at, &[2]).encode().unwrap();
        if changed[at] != entries[at] {
            assert!(matches!(refused(&changed, &proof), Some(Incomplete::NotTheLog { .. })), "{at}");
        }
        let mut swapped = entries.clone();
        swapped.swap(at, (at + 1) % 5);
        assert!(matches!(refused(&swapped, &proof), Some(Incomplete::NotTheLog { .. })), "{at}");
    }
    assert!(matches!(refused(&[], &proof), Some(Incomplete::NotTheLog { from: 5, to: 6 })));
    assert!(matches!(refused(&entries, &proof[1..]), Some(Incomplete::NotTheLog { .. })));
    // A proof of other entries is none of these.
    let (others, other_proof) = log.page(4, 9);
    assert!(refused(&others, &other_proof).is_some());
}

#[test]
fn pages_follow_one_another_to_the_end() {
    let log = Log::of(&story());
    let (entries, proof) = log.page(7, 10);
    let gap = Err(Incomplete::NotInOrder { expected: 5, found: 7 });
    assert_eq!(log.question(5, 10).page(7, &entries, &proof), gap);
    let (entries, proof) = log.page(5, 12);
    let beyond = Err(Incomplete::NotInOrder { expected: 5, found: 5 });
    assert_eq!(log.question(5, 10).page(5, &entries, &proof), beyond);
    let mut question = log.question(5, 10);
    let (entries, proof) = log.page(5, 9);
    question.page(5, &entries, &proof).unwrap();
    assert_eq!(question.finish(), Err(Incomplete::Unfinished { to: 10, shown: 9 }));
    for (from, to) in [(0, 14), (6, 5)] {
        let range = LeafRange { from, to };
        assert!(
            Completeness::new(ORIGIN, log.head, range, EntryFilter::default()).is_err(),
            "{from} to {to}"
        );
    }
}

#[test]
fn every_pseudonym_of_the_range_has_to_be_opened() {
    let log = Log::of(&story());
    let mut question = log.told(5, 10);
    question.opening(&log.opening(1, 1)).unwrap();
    assert_eq!(question.finish(), Err(Incomplete::Unopened(pseudonym(2))));
    // Neither opened nor erased.
    let nothing = Opening { opened: None, ..log.opening(2, 2) };
    assert_eq!(log.told(5, 10).opening(&nothing), Err(Incomplete::Unopened(pseudonym(2))));
    // The one asked about too, where the range does not name it.
    let mut question = log.told(6, 7);
    question.opening(&log.opening(2, 2)).unwrap();
    assert_eq!(question.finish(), Err(Incomplete::Unopened(pseudonym(1))));
}

#[test]
fn an_opening_is_what_the_log_committed_to() {
    let log = Log::of(&story());
    let honest = log.opening(2, 2);
    let other = Err(Incomplete::OtherCommitment(pseudonym(2)));
    let tells = |opened| Opening { opened: Some(opened), ..honest.clone() };
    assert_eq!(log.told(5, 10).opening(&tells((nonce(2), keyed_hash(9)))), other);
    assert_eq!(log.told(5, 10).opening(&tells((nonce(1), keyed_hash(2)))), other);
    // What is shown is in the log, in that place, and is a creation.
    let shows = |created: Shown| Opening { created, ..honest.clone() };
    for (created, index) in [
        (Shown { index: 1, ..log.shown(2) }, 1),
        (Shown { bytes: created(2, 2, keyed_hash(9)).encode().unwrap(), ..log.shown(2) }, 2),
        (Shown { proof: Vec::new(), ..log.shown(2) }, 2),
        (log.shown(6), 6),
    ] {
        assert_eq!(log.told(5, 10).opening(&shows(created)), Err(Incomplete::NotShown(index)));
    }
}

#[test]
fn an_erasure_is_in_the_log_and_comes_after() {
    let log = Log::of(&story());
    let erased = |index| Opening { erased: Some(log.shown(index)), ..log.erasure() };
    assert_eq!(log.told(0, 13).opening(&erased(10)), Ok(()), "the control");
    assert_eq!(log.told(0, 13).opening(&erased(9)), Err(Incomplete::NotShown(9)));
    let of_another = Opening { created: log.shown(2), ..log.erasure() };
    assert_eq!(log.told(0, 13).opening(&of_another), Err(Incomplete::NotShown(10)));
    let mut early = story();
    early[0] = super::tests::erased(0, 3);
    let log = Log::of(&early);
    let before = Opening { created: log.shown(3), opened: None, erased: Some(log.shown(0)) };
    assert_eq!(log.told(0, 13).opening(&before), Err(Incomplete::NotShown(0)));
}

/// The gateway gave person 1 a second pseudonym, and hid entry 6 behind it.
#[test]
fn one_person_has_one_pseudonym() {
    let mut two = story();
    two[2] = created(2, 2, keyed_hash(1));
    let log = Log::of(&two);
    let mut question = log.told(5, 10);
    question.opening(&log.opening(1, 1)).unwrap();
    let second = Opening { opened: Some((nonce(2), keyed_hash(1))), ..log.opening(2, 2) };
    let expected = Err(Incomplete::TwoPseudonyms(pseudonym(1), pseudonym(2)));
    assert_eq!(question.opening(&second), expected);
    // Nor can it open that commitment to somebody else.
    let mut question = log.told(5, 10);
    assert_eq!(question.opening(&log.opening(2, 2)), Err(Incomplete::OtherCommitment(pseudonym(2))));
}

/// One pseudonym created twice, as after a crash, is one; with another
/// commitment it is two people's.
#[test]
fn a_second_creation_commits_to_the_same() {
    let mut twice = story();
    twice[8] = created(8, 2, keyed_hash(2));
    let log = Log::of(&twice);
    assert!(log.opened(log.told(5, 10)).finish().is_ok());
    twice[8] = created(8, 2, keyed_hash(7));
    let log = Log::of(&twice);
    let mut question = log.told(5, 10);
    assert_eq!(question.opening(&log.opening(2, 2)), Err(Incomplete::OtherCommitment(pseudonym(2))));
}

#[test]
fn the_pseudonym_is_that_of_who_was_asked_about() {
    let log = Log::of(&story());
    let mut question = log.question(5, 10);
    question.about(Asked { keyed_hash: keyed_hash(1), pseudonym: Some(pseudonym(2)) });
    let (entries, proof) = log.page(5, 10);
    question.page(5, &entries, &proof).unwrap();
    assert_eq!(log.opened(question).finish(), Err(Incomplete::OtherSubject));
}

#[test]
fn the_range_reaches_over_the_time_asked_about() {
    let log = Log::of(&story());
    let ask = |from: u64, to: u64, time: (u64, u64)| {
        let filter = EntryFilter { from: Some(at(time.0)), to: Some(at(time.1)), ..EntryFilter::default() };
        let mut question = Completeness::new(ORIGIN, log.head, LeafRange { from, to }, filter).unwrap();
        let (entries, proof) = log.page(from, to);
        question.page(from, &entries, &proof)?;
        let mut question = log.opened(question);
        if from < 5 {
            question.opening(&log.erasure())?;
        }
        question.finish().map(|whole| whole.matching)
    };
    assert_eq!(ask(5, 10, (6, 9)), Ok(3));
    assert_eq!(ask(5, 10, (5, 9)), Err(Incomplete::TimeNotCovered("beginning")));
    assert_eq!(ask(5, 10, (6, 10)), Err(Incomplete::TimeNotCovered("end")));
    // Nothing is before the first entry, nor behind the last.
    assert_eq!(ask(0, 13, (0, 99)), Ok(13));
}

#[test]
fn entries_of_another_log_or_out_of_time_are_refused() {
    let mut foreign = story();
    foreign[6].origin = "motlan.example/H32/gw2".into();
    let (log, page) = (Log::of(&foreign), 5..10);
    let (entries, proof) = log.page(page.start, page.end);
    assert_eq!(log.question(5, 10).page(5, &entries, &proof), Err(Incomplete::Malformed(6)));
    let mut backwards = story();
    backwards[7].time = EntryTime::new(at(2));
    let log = Log::of(&backwards);
    let (entries, proof) = log.page(5, 10);
    assert_eq!(log.question(5, 10).page(5, &entries, &proof), Err(Incomplete::TimeBackwards(7)));
}
