//! Everything that can be done to every entry of a log, by somebody who has
//! its files and by somebody who has its key too, against each kind of
//! evidence that others may have kept.
//!
//! What has to be found is computed here from first principles (what differs
//! from what was), not by the verifier. Of a rewritten log that is signed anew:
//! - one later checkpoint shows *that* it is another one; where the change
//!   begins it shows only together with a checkpoint that still agrees, so
//!   alone it names no index;
//! - a receipt shows its own entry. Of one rewritten before it, where those
//!   behind stay as they were, it cannot tell: such cases are asserted to be
//!   *not* found, so that nobody takes a receipt for more than it is;
//! - without evidence it is right in itself, and the report must say that a
//!   truncation would be undetectable.
//!
//! `MOTLAN_TIER=full`: every entry; else each thirteenth and the edges.

mod genuine;
mod given;
mod shown;

use std::collections::BTreeSet;

use motlan_audit_tree::verify::{Code, Evidence, Truncation, Verdict, verify};

use genuine::{Genuine, LATER, Line, SIZE, genuine, keys};
use given::{Given, said};
use shown::Shown;

/// How many cases ended how.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    found: u64,
    found_alone: u64,
    undetectable: u64,
    /// Evidence that says nothing about this one.
    beside: u64,
}

// === running it ===

/// The entries something is done to.
fn indices() -> Vec<u64> {
    #[expect(clippy::disallowed_methods, reason = "tests/run tells the tier by the environment")]
    let is_full = std::env::var("MOTLAN_TIER").is_ok_and(|tier| tier == "full");
    let edges = [0, 1, 254, 255, 256, 257, 2_046, 2_047, 2_048, SIZE - 2, SIZE - 1];
    let chosen: BTreeSet<u64> = (0..SIZE).step_by(if is_full { 1 } else { 13 }).chain(edges).collect();
    chosen.into_iter().collect()
}

/// The same number every time, from a case to evidence of no special place.
fn some(seed: u64, range: std::ops::RangeInclusive<u64>) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    range.start() + (mixed >> 20) % (range.end() - range.start() + 1)
}

/// Does that to every entry, and holds what is said against what must be.
fn check(what: &str, tamper: impl Fn(&'static Genuine, u64) -> Shown<'static>) -> Tally {
    let genuine = genuine();
    let mut tally = Tally::default();
    for index in indices() {
        let shown = tamper(genuine, index);
        let first = shown.first;
        let later = some(index, first + 1..=LATER);
        let given = [
            Given::Nothing,
            Given::WitnessKey,
            Given::Checkpoint(later),
            Given::Around(first, later),
            Given::Receipt(first),
            Given::Receipt(some(index * 7, first..=LATER - 1)),
            Given::Cosigned(some(index * 3, first + 1..=LATER)),
        ];
        for given in given {
            let report = verify(&shown, &keys(given.trusts_a_witness()), &given.evidence(genuine), false);
            let expected = given.expects(&shown);
            assert_eq!(said(&report, &expected), expected, "{what} {index}, {given:?}: {report:?}");
            let exit = report.exit_code();
            if expected.fault.is_some() {
                assert_eq!((report.verdict, exit), (Verdict::Fault, 1));
                tally.found += 1;
                tally.found_alone += u64::from(matches!(given, Given::Nothing | Given::WitnessKey));
            } else {
                assert_eq!((report.verdict, exit), (Verdict::Ok, 0));
                assert!(report.covered > 0 || report.truncation == Truncation::Undetectable);
                match given {
                    Given::Nothing | Given::WitnessKey => tally.undetectable += 1,
                    Given::Receipt(of) if of != first => tally.beside += 1,
                    _ => panic!("{what} {index} is not found with {given:?}"),
                }
            }
        }
    }
    tally
}

/// Every case but those without evidence, which are undetectable.
fn found_with_evidence(cases: u64) -> Tally {
    Tally { found: 5 * cases, undetectable: 2 * cases, ..Tally::default() }
}

/// Every case, with evidence or without; but the log's very end, where nothing
/// is behind it that could have been cut.
fn found_alone(cases: u64) -> Tally {
    Tally { found: 7 * cases, found_alone: 2 * cases, ..Tally::default() }
}

fn cases() -> u64 {
    indices().len() as u64
}

fn without(lines: &[&'static Line], index: u64) -> Vec<&'static Line> {
    lines.iter().enumerate().filter(|(at, _)| *at as u64 != index).map(|(_, line)| *line).collect()
}

/// Its neighbour, and it; the last one's is before it.
fn lower(index: u64) -> u64 {
    index.min(SIZE - 2)
}

// === by whom it is untouched ===

#[test]
fn an_untouched_log_is_right_with_all_evidence() {
    let shown = Shown::untouched(genuine());
    for given in [
        Given::Nothing,
        Given::Checkpoint(SIZE),
        Given::Around(0, 700),
        Given::Receipt(SIZE - 1),
        Given::Cosigned(1_999),
    ] {
        for deep in [false, true] {
            let report = verify(&shown, &keys(given.trusts_a_witness()), &given.evidence(genuine()), deep);
            let expected = given.expects(&shown);
            assert_eq!((expected.fault, report.fault.as_ref()), (None, None), "{given:?}");
            assert_eq!(said(&report, &expected), expected, "{given:?}");
            assert_eq!(report.checked.entries, SIZE);
        }
    }
}

// === by whom has the files ===

#[test]
fn a_bit_of_every_entry() {
    let tally = check("flipped", |g, index| Shown::flipped(g, index, some(index, 0..=1 << 20) as usize));
    assert_eq!(tally, found_alone(cases()));
}

#[test]
fn every_entry_deleted_from_the_files() {
    let all = check("deleted", |g, index| Shown::in_files(g, without(&g.then(), index), index));
    let one = check("deleted from its file", |g, index| {
        Shown::in_one_file(g, index, index, |lines, place| {
            lines.remove(place);
        })
    });
    assert_eq!((all, one), (found_alone(cases()), found_alone(cases())));
}

#[test]
fn every_entry_doubled_in_the_files() {
    let double = |lines: &mut Vec<&'static Line>, place: usize| lines.insert(place + 1, lines[place]);
    let all = check("doubled", |g, index| {
        let mut lines = g.then();
        double(&mut lines, index as usize);
        let mut shown = Shown::in_files(g, lines, index + 1);
        shown.shows = true;
        shown
    });
    let one = check("doubled in its file", |g, index| Shown::in_one_file(g, index, index + 1, double));
    assert_eq!((all, one), (found_alone(cases()), found_alone(cases())));
}

#[test]
fn every_entry_swapped_in_the_files() {
    let tally = check("swapped", |g, index| {
        let (mut lines, low) = (g.then(), lower(index) as usize);
        lines.swap(low, low + 1);
        Shown::in_files(g, lines, low as u64)
    });
    assert_eq!(tally, found_alone(cases()));
}

#[test]
fn the_files_cut_off_behind_every_entry() {
    let tally = check("cut", |g, index| {
        let mut lines = g.then();
        lines.truncate(index as usize + 1);
        Shown::in_files(g, lines, index + 1)
    });
    // Behind the last one nothing is cut: that there is more shows with evidence.
    let Tally { found, undetectable, .. } = found_with_evidence(1);
    let mut expected = found_alone(cases() - 1);
    expected.found += found;
    expected.undetectable += undetectable;
    assert_eq!(tally, expected);
}

/// The log's own earlier checkpoint, which needs no key; newer files lie about.
#[test]
fn an_hour_old_copy_put_back() {
    let tally = check("put back", |g, index| Shown::put_back(g, Genuine::an_hour_before(index)));
    assert_eq!(tally, found_with_evidence(cases()));
}

/// Whoever has no key of the log may sign with another.
#[test]
fn signed_by_another_key() {
    let genuine = genuine();
    for index in indices().into_iter().step_by(13) {
        let mut shown = forked(genuine, index);
        shown.checkpoint = Genuine::sign_as_another(shown.head).to_string().into_bytes();
        for given in [Given::Nothing, Given::Checkpoint(SIZE), Given::Receipt(index), Given::Cosigned(SIZE)] {
            let keys = keys(given.trusts_a_witness());
            let report = verify(&shown, &keys, &given.evidence(genuine), false);
            let fault = report.fault.as_ref().map(|fault| (fault.code, fault.index));
            assert_eq!(fault, Some((Code::CheckpointSignature, None)), "{index}, {given:?}");
            assert_eq!((report.exit_code(), report.evidence), (1, given.expects(&shown).handed));
        }
    }
}

// === by whom has the key ===

/// Other entries from that one on.
fn forked(genuine: &'static Genuine, index: u64) -> Shown<'static> {
    let mut lines = genuine.then();
    for (place, line) in lines.iter_mut().enumerate().skip(index as usize) {
        *line = &genuine.other[place];
    }
    Shown::signed_anew(genuine, lines, index)
}

/// The receipts of entries behind it that stayed say nothing: then fewer are
/// found by so many.
fn found_but_beside(tally: &Tally) -> Tally {
    let all = found_with_evidence(cases());
    Tally { found: all.found - tally.beside, beside: tally.beside, ..all }
}

#[test]
fn a_fork_from_every_entry_signed_anew() {
    assert_eq!(check("forked", forked), found_with_evidence(cases()));
}

#[test]
fn a_bit_of_every_entry_signed_anew() {
    let tally = check("flipped and signed", |g, index| {
        let mut lines = g.then();
        lines[index as usize] = &g.other[index as usize];
        Shown::signed_anew(g, lines, index)
    });
    assert_eq!(tally, found_but_beside(&tally));
    assert!(tally.beside > 0, "control: a receipt of another entry tells nothing of this one");
}

#[test]
fn every_entry_deleted_and_the_others_numbered_anew() {
    let tally = check("deleted and signed", |g, index| {
        let mut lines = g.then();
        lines.truncate(index as usize);
        lines.extend(g.down[..SIZE as usize].iter().skip(index as usize + 1));
        Shown::signed_anew(g, lines, index)
    });
    assert_eq!(tally, found_with_evidence(cases()));
}

#[test]
fn every_entry_doubled_and_the_others_numbered_anew() {
    let tally = check("doubled and signed", |g, index| {
        let mut lines = g.then();
        lines.truncate(index as usize + 1);
        lines.extend(g.up[..SIZE as usize].iter().skip(index as usize));
        Shown::signed_anew(g, lines, index + 1)
    });
    assert_eq!(tally, found_with_evidence(cases()));
}

#[test]
fn every_entry_swapped_and_numbered_anew() {
    let tally = check("swapped and signed", |g, index| {
        let (mut lines, low) = (g.then(), lower(index) as usize);
        (lines[low], lines[low + 1]) = (&g.down[low + 1], &g.up[low]);
        Shown::signed_anew(g, lines, low as u64)
    });
    assert_eq!(tally, found_but_beside(&tally));
    assert!(tally.beside > 0, "control: a receipt of another entry tells nothing of these");
}

#[test]
fn a_log_cut_off_behind_every_entry_and_signed_anew() {
    let tally = check("cut and signed", |g, index| {
        let mut lines = g.then();
        lines.truncate(index as usize + 1);
        Shown::signed_anew(g, lines, index + 1)
    });
    assert_eq!(tally, found_with_evidence(cases()));
}

/// Who signs anew but leaves the entries their numbers is found alone.
#[test]
fn a_careless_forger_is_found_without_evidence() {
    let tally = check("deleted and signed carelessly", |g, index| {
        let mut shown = Shown::signed_anew(g, without(&g.then(), index), index);
        // Without the last one it is a log like any other.
        shown.shows = index < SIZE - 1;
        shown
    });
    let mut expected = found_alone(cases() - 1);
    expected.found += found_with_evidence(1).found;
    expected.undetectable += found_with_evidence(1).undetectable;
    assert_eq!(tally, expected);
}

/// The witness's note of what was, put under what is.
#[test]
fn an_old_cosignature_under_a_new_checkpoint() {
    let genuine = genuine();
    let line = genuine.cosigned(SIZE).note().signatures()[1].clone();
    for index in indices() {
        let mut shown = forked(genuine, index);
        let mut checkpoint = genuine.sign(shown.head);
        checkpoint.add(line.clone()).unwrap();
        shown.checkpoint = checkpoint.to_string().into_bytes();
        let report = verify(&shown, &keys(true), &Evidence::default(), false);
        let fault = report.fault.as_ref().map(|fault| (fault.code, fault.index));
        assert_eq!((fault, report.covered), (Some((Code::CosignatureBad, None)), 0), "{index}");
    }
}
