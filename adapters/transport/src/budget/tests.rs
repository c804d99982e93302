//! What is earned and what can be spent.

use super::RetryBudget;

#[test]
fn ten_first_attempts_pay_for_one_repeat() {
    let budget = RetryBudget::new();
    assert_eq!((0..20).filter(|_| budget.spend()).count(), 10, "what was saved up");
    for _ in 0..9 {
        budget.earn();
    }
    assert!(!budget.spend());
    budget.earn();
    assert!(budget.spend());
    assert!(!budget.spend());
}

#[test]
fn no_more_is_saved_than_at_the_start() {
    let budget = RetryBudget::new();
    for _ in 0..10_000 {
        budget.earn();
    }
    assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
}
