//! What a log's witnesses say before it serves.

use super::*;

async fn check(own: &Own, clients: &[WitnessClient], quorum: usize) -> Result<(), Disputed> {
    submitter(own, clients, quorum).check().await
}

#[tokio::test]
async fn a_log_that_was_rolled_back_or_forked_is_found_out() {
    let (one, two) = (Office::started(1), Office::started(2));
    let clients = [one.client(), two.client()];
    // Nothing seen yet, and a log that is new.
    assert_eq!(check(&Own::new(TestLog::ONE, 0), &clients, 2).await, Ok(()));
    one.sees(TestLog::ONE, 20).await;
    assert_eq!(check(&Own::new(TestLog::ONE, 20), &clients, 2).await, Ok(()), "as it was");
    one.sees(TestLog::ONE, 30).await;
    let proved = |seen, own| Err(Disputed::Proved { witness: "witness.example/w1".to_owned(), seen, own });
    assert_eq!(check(&Own::new(TestLog::ONE, 20), &clients, 2).await, proved(30, 20), "rolled back");
    assert_eq!(check(&Own::new(TestLog::ONE, 0), &clients, 2).await, proved(30, 0), "begun anew");
    let forked = TestLog::ONE.forked(1, 20);
    // Others, who have seen nothing, cosign the fork and do not outweigh a proof.
    for size in [30, 40] {
        let others = [Office::started(3), Office::started(4)];
        let clients = [one.client(), others[0].client(), others[1].client()];
        assert_eq!(check(&Own::new(forked, size), &clients, 2).await, proved(30, size), "grown another way");
    }
    assert_eq!(check(&Own::new(TestLog::ONE, 40), &clients, 2).await, Ok(()), "grown");
}

/// Who has a retired key can sign what the log never said.
#[tokio::test]
async fn what_a_retired_key_could_not_sign_is_a_claim() {
    let one = Office::started(1);
    one.sees(TestLog::ONE, 30).await;
    let own = Own::new(TestLog::ONE, 20);
    let witness = || "witness.example/w1".to_owned();
    let proved = Disputed::Proved { witness: witness(), seen: 30, own: 20 };
    assert_eq!(check(&own, &[one.client()], 1).await, Err(proved), "control");
    own.state.retired.store(true, Ordering::SeqCst);
    let claimed = Disputed::Claimed { witness: witness(), seen: Some(30), own: 20 };
    assert_eq!(check(&own, &[one.client()], 1).await, Err(claimed));
}

#[tokio::test]
async fn whoever_does_not_answer_says_nothing() {
    let mut dead = Office::started(1);
    dead.kill().await;
    let (hanging, _listener) = silent(2).await;
    let failing = Liar::new(3, 500, "").await;
    let refusing = Liar::new(4, 404, "").await;
    let clients = [dead.client(), hanging.client(), failing.office.client(), refusing.office.client()];
    assert_eq!(check(&Own::new(TestLog::ONE, 5), &clients, 1).await, Ok(()));
}

#[tokio::test]
async fn a_claim_stops_the_start_unless_a_quorum_of_others_cosigns() {
    let (one, two) = (Office::started(1), Office::started(2));
    for (status, body, seen) in [(409, "999\n", Some(999)), (422, "", None)] {
        let liar = Liar::new(3, status, body).await;
        let own = Own::new(TestLog::ONE, 5);
        let claimed = Err(Disputed::Claimed { witness: "witness.example/w3".to_owned(), seen, own: 5 });
        assert_eq!(check(&own, &[liar.office.client()], 1).await, claimed, "alone");
        let both = [liar.office.client(), one.client()];
        assert_eq!(check(&own, &both, 2).await, claimed, "one against one");
        let all = [liar.office.client(), one.client(), two.client()];
        assert_eq!(check(&own, &all, 2).await, Ok(()), "two against one");
    }
}

/// A proof shows that the operator must act, and so does the text.
#[tokio::test]
async fn the_refusal_names_the_way_out() {
    let one = Office::started(1);
    one.sees(TestLog::ONE, 20).await;
    let refused = check(&Own::new(TestLog::ONE, 9), &[one.client()], 1).await.unwrap_err().to_string();
    for part in ["witness.example/w1", "20 entries", "of 9 published", "motlan audit recover"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let claimed = Disputed::Claimed { witness: "w".to_owned(), seen: Some(7), own: 3 }.to_string();
    assert!(claimed.contains("of 7 entries") && claimed.contains("motlan audit recover"), "{claimed}");
}
