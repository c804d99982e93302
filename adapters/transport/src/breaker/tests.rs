//! The states of the breaker, by a clock moved by hand.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::{Clock, ManualClock};

use super::{Breaker, BreakerConfig};
use crate::far::{clock, shared};

fn breaker(failures: u32) -> (Breaker, Arc<ManualClock>) {
    let clock = clock();
    (Breaker::new("far.example", BreakerConfig { failures, open_ms: 1_000 }, shared(&clock)), clock)
}

fn fail(breaker: &Breaker, times: u32) {
    for _ in 0..times {
        breaker.enter(false).ok().unwrap().failed();
    }
}

#[test]
fn failures_in_a_row_open_it_and_a_success_between_does_not() {
    let (breaker, _) = breaker(3);
    fail(&breaker, 2);
    breaker.enter(false).ok().unwrap().succeeded();
    fail(&breaker, 2);
    assert!(breaker.refuses().is_none());
    fail(&breaker, 1);
    assert_eq!(breaker.enter(false).err(), Some(Duration::from_secs(1)));
    assert_eq!(breaker.refuses(), Some(Duration::from_secs(1)));
}

#[test]
fn one_probe_at_a_time_decides() {
    let (breaker, clock) = breaker(1);
    fail(&breaker, 1);
    clock.advance(Duration::from_millis(999));
    assert!(breaker.enter(false).is_err());
    clock.advance(Duration::from_millis(1));
    let probe = breaker.enter(false).ok().unwrap();
    assert!(breaker.enter(false).is_err(), "a second probe");
    probe.failed();
    assert_eq!(breaker.refuses(), Some(Duration::from_secs(1)), "open again, for the whole pause");
    clock.advance(Duration::from_secs(1));
    breaker.enter(false).ok().unwrap().succeeded();
    assert!(breaker.enter(false).is_ok() && breaker.enter(false).is_ok());
}

#[test]
fn an_abandoned_probe_lets_the_next_one_through() {
    let (breaker, clock) = breaker(1);
    fail(&breaker, 1);
    clock.advance(Duration::from_secs(1));
    drop(breaker.enter(false).ok().unwrap());
    assert!(breaker.enter(false).is_ok());
}

#[test]
fn a_call_from_before_says_nothing_about_now() {
    let (breaker, clock) = breaker(1);
    let (early, late) = (breaker.enter(false).ok().unwrap(), breaker.enter(false).ok().unwrap());
    fail(&breaker, 1);
    let until = breaker.refuses();
    early.succeeded();
    assert_eq!(breaker.refuses(), until);
    clock.advance(Duration::from_secs(1));
    let probe = breaker.enter(false).ok().unwrap();
    late.failed();
    probe.succeeded();
    assert!(breaker.enter(false).is_ok());
    assert!(clock.monotonic() > Duration::ZERO);
}

#[test]
fn a_question_probes_with_all_its_calls() {
    // Both succeed, both fail, one of each: the first verdict counts.
    for (first, second, opens) in [(true, true, false), (false, false, true), (false, true, true)] {
        let (breaker, clock) = breaker(3);
        fail(&breaker, 3);
        clock.advance(Duration::from_secs(1));
        let one = breaker.enter(false).ok().unwrap();
        assert!(one.is_probe());
        assert!(breaker.enter(false).is_err(), "another question waits");
        let two = breaker.enter(true).ok().unwrap();
        for (pass, well) in [(one, first), (two, second)] {
            if well { pass.succeeded() } else { pass.failed() }
        }
        assert_eq!(breaker.refuses().is_some(), opens, "{first} {second}");
    }
    // The question was given up once one call had its verdict.
    let (breaker, clock) = breaker(1);
    fail(&breaker, 1);
    clock.advance(Duration::from_secs(1));
    let (one, two) = (breaker.enter(false).ok().unwrap(), breaker.enter(true).ok().unwrap());
    one.failed();
    drop(two);
    assert_eq!(breaker.refuses(), Some(Duration::from_secs(1)), "the pause stands");
}
