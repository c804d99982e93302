//! A minute's worth at once, then evenly.

use std::time::Duration;

use super::Quota;
use crate::far::{clock, shared};

#[test]
fn a_minutes_worth_and_then_one_at_a_time() {
    let clock = clock();
    let quota = Quota::new(6, shared(&clock));
    assert_eq!((0..20).filter(|_| quota.take().is_ok()).count(), 6);
    assert_eq!(quota.take(), Err(Duration::from_secs(10)));
    clock.advance(Duration::from_secs(9));
    assert_eq!(quota.take(), Err(Duration::from_secs(1)), "a refusal costs nothing");
    clock.advance(Duration::from_secs(1));
    assert_eq!(quota.take(), Ok(()));
    assert!(quota.take().is_err());
    clock.advance(Duration::from_hours(5));
    assert_eq!((0..20).filter(|_| quota.take().is_ok()).count(), 6, "no more is saved up");
}
