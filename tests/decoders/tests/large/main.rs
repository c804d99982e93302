//! Inputs as large as an answer may be, made to cost: none takes longer than
//! its size explains. A decoder runs on a thread that others wait for.
//!
//! What becomes of each is stated, so that none is refused at the door that was
//! meant to go through it: an input stands there as large as is read, and
//! beyond.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "test code")]

mod documents;
mod people;

use std::time::Duration;

use motlan_decoders::{Verdict, feed};
use rustix::time::{ClockId, clock_gettime};

/// The most of an answer that is read, unless the operator says otherwise.
const SIZE: usize = 1 << 20;
/// What the largest may cost, twice decoded and checked, in a build without
/// optimisation. What is quadratic takes minutes.
const LONGEST: Duration = Duration::from_secs(10);

/// Whom the questions are about.
const ID: &str = "097060000001";

/// Bytes for a target, and what has to become of them.
struct Input {
    target: &'static str,
    name: &'static str,
    bytes: Vec<u8>,
    expected: Verdict,
}

/// `head`, then as many pieces as fit, at most so many, then `tail`.
fn pieces(head: &str, most: usize, mut piece: impl FnMut(usize) -> String, tail: &str) -> Vec<u8> {
    let mut text = String::with_capacity(SIZE);
    text.push_str(head);
    for number in 0..most {
        let next = piece(number);
        if text.len() + next.len() + tail.len() > SIZE {
            break;
        }
        text.push_str(&next);
    }
    text.push_str(tail);
    text.into_bytes()
}

/// The same, as many as fit.
fn filled(head: &str, piece: impl FnMut(usize) -> String, tail: &str) -> Vec<u8> {
    pieces(head, usize::MAX, piece, tail)
}

/// What this thread has cost so far: it may have to wait for others.
fn spent() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(spent.tv_sec.try_into().unwrap(), spent.tv_nsec.try_into().unwrap())
}

/// Feeds each to its target; how many there were.
fn feed_all(inputs: &[Input]) -> usize {
    let (mut slow, mut otherwise) = (Vec::new(), Vec::new());
    for Input { target, name, bytes, expected } in inputs {
        assert!(bytes.len() <= SIZE, "{target}, {name}: {} bytes", bytes.len());
        let begun = spent();
        let verdict = std::panic::catch_unwind(|| feed(target, bytes));
        let verdict = verdict.unwrap_or_else(|_| panic!("{target}, {name}: breaks an invariant"));
        let took = spent().saturating_sub(begun);
        println!("{took:>12?} {target}, {name}: {verdict:?} of {} bytes", bytes.len());
        if took > LONGEST {
            slow.push(format!("{target}, {name}: {took:?}"));
        }
        if verdict != *expected {
            otherwise.push(format!("{target}, {name}: {verdict:?} and not {expected:?}"));
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
    assert!(slow.is_empty(), "{slow:#?}");
    // Each target reads something large, and refuses something large.
    for target in inputs.iter().map(|input| input.target) {
        let large = inputs.iter().filter(|input| input.target == target && input.bytes.len() > SIZE / 5);
        let refused = large.clone().filter(|input| input.expected == Verdict::Malformed).count();
        assert!(refused > 0, "{target} refuses nothing large");
        assert!(large.count() > refused, "{target} reads nothing large");
    }
    inputs.len()
}

#[test]
fn no_document_of_people_takes_longer_than_its_size_explains() {
    let inputs = people::inputs();
    let fed = feed_all(&inputs);
    assert!(fed > 100, "{fed} inputs");
}

#[test]
fn no_other_document_takes_longer_than_its_size_explains() {
    let inputs = documents::inputs();
    let fed = feed_all(&inputs);
    assert!(fed > 50, "{fed} inputs");
}
