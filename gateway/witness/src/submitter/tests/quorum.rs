//! What becomes witnessed, while witnesses come and go.

use super::*;

/// Who signed what the log was handed last.
fn signers(own: &Own, offices: &[&Office]) -> Vec<String> {
    let known: Vec<VerifierKey> = offices.iter().map(|office| office.public()).collect();
    let kept = own.witnessed().expect("something was kept");
    let signed = kept.cosigned_by(&known).unwrap();
    signed.iter().map(|by| by.key.name().to_owned()).collect()
}

#[tokio::test]
async fn a_checkpoint_is_witnessed_by_a_quorum_and_not_by_less() {
    let (one, two, mut dead) = (Office::started(1), Office::started(2), Office::started(3));
    dead.kill().await;
    let clients = [one.client(), two.client(), dead.client()];
    let own = Own::new(TestLog::ONE, 5);
    let running = Running::of(submitter(&own, &clients, 2));
    for size in [5, 9, 40] {
        own.grow(size);
        until("the newest is witnessed", || own.kept() == size).await;
        assert_eq!(signers(&own, &[&one, &two, &dead]), ["witness.example/w1", "witness.example/w2"]);
    }
    assert!(running.count(2, Asked::Unavailable) > 0 && running.count(0, Asked::Cosigned) > 0);
    running.stop().await;

    // The control: with the dead one in the quorum nothing is, though both
    // others have cosigned.
    let own = Own::new(TestLog::ONE, 50);
    let running = Running::of(submitter(&own, &clients, 3));
    own.grow(60);
    until("both cosigned the next target", || {
        running.handle.witnesses()[..2].iter().all(|witness| witness.size == 60)
    })
    .await;
    assert!(own.witnessed().is_none());
    // It comes back: they meet on one target, though the rounds went on.
    dead.start();
    until("all three", || own.kept() == 60).await;
    assert_eq!(signers(&own, &[&one, &two, &dead]).len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn a_witness_that_hangs_delays_nobody() {
    let one = Office::started(1);
    let (hanging, _listener) = silent(2).await;
    let own = Own::new(TestLog::ONE, 5);
    let running = Running::of(submitter(&own, &[one.client(), hanging.client()], 1));
    for size in 6..20 {
        own.grow(size);
        until("the newest is witnessed", || own.kept() == size).await;
    }
    let asked: u64 = Asked::ALL.into_iter().map(|asked| running.count(1, asked)).sum();
    assert_eq!(asked, 0, "the other is asked for the first target still");
    running.stop().await;
}

/// Who comes later than the quorum is added to what is shown.
#[tokio::test]
async fn a_late_cosignature_counts_too() {
    let (one, mut late) = (Office::started(1), Office::started(2));
    late.kill().await;
    let own = Own::new(TestLog::ONE, 5);
    let running = Running::of(submitter(&own, &[one.client(), late.client()], 1));
    until("one is enough", || own.kept() == 5).await;
    assert_eq!(signers(&own, &[&one, &late]).len(), 1);
    late.start();
    until("both", || signers(&own, &[&one, &late]).len() == 2).await;
    running.stop().await;
}

/// What a crash of the log left cosigned and not kept is cosigned again.
#[tokio::test]
async fn a_log_that_starts_again_has_its_cosignatures() {
    let one = Office::started(1);
    one.sees(TestLog::ONE, 30).await;
    let own = Own::new(TestLog::ONE, 30);
    let submitter = submitter(&own, &[one.client()], 1);
    assert_eq!(submitter.check().await, Ok(()));
    assert_eq!(own.kept(), 30, "at the start already");
    let running = Running::of(submitter);
    own.grow(31);
    until("it goes on", || own.kept() == 31).await;
    running.stop().await;
}

#[tokio::test]
async fn a_panic_ends_nothing() {
    let one = Office::started(1);
    let own = Own::new(TestLog::ONE, 5);
    own.state.panics.store(2, Ordering::SeqCst);
    let running = Running::of(submitter(&own, &[one.client()], 1));
    until("it is asked again", || own.kept() == 5).await;
    assert_eq!(own.state.panics.load(Ordering::SeqCst), 0, "it did panic");
    running.stop().await;
}

#[tokio::test]
async fn what_is_not_kept_is_handed_in_again() {
    let one = Office::started(1);
    let own = Own::new(TestLog::ONE, 5);
    let running = Running::of(submitter(&own, &[one.client()], 1));
    for _ in 0..3 {
        until("it is handed in", || own.kept() == 5).await;
        own.state.kept.lock().clear();
    }
    running.stop().await;
}

#[tokio::test]
async fn new_work_stops_when_the_unwitnessed_part_is_too_old() {
    let mut one = Office::started(1);
    one.kill().await;
    let own = Own::new(TestLog::ONE, 5);
    let running = Running::of(submitter(&own, &[one.client()], 1));
    *own.state.age.lock() = Duration::from_mins(30);
    until("it was asked", || running.count(0, Asked::Unavailable) > 1).await;
    assert_eq!(own.stopped(), None, "not yet");
    *own.state.age.lock() = Duration::from_mins(31);
    until("it is stopped", || own.stopped() == Some(Stop::Unwitnessed)).await;
    *own.state.age.lock() = Duration::ZERO;
    until("it goes on", || own.stopped().is_none()).await;
    running.stop().await;
}

/// What was written last is witnessed before a log stops, as far as its witnesses
/// answer; who does not, delays no stop for longer than one exchange.
#[tokio::test]
async fn the_last_checkpoint_is_asked_for_once_at_the_stop() {
    let (one, two) = (Office::started(1), Office::started(2));
    let (hanging, _listener) = silent(3).await;
    let own = Own::new(TestLog::ONE, 5);
    let clients = [one.client(), two.client(), hanging.client()];
    let options = SubmitterOptions {
        witnesses: clients.to_vec(),
        quorum: 2,
        stop_after: None,
        // It looks once, and never again by itself.
        pace: Pace { tick: Duration::from_hours(1), ..FAST },
    };
    let running = Running::of(Submitter::new(options, own.clone()));
    until("the first one is witnessed", || own.kept() == 5).await;
    own.grow(9);
    assert_eq!(own.kept(), 5, "control: nobody was asked for more");
    tokio::time::timeout(Duration::from_secs(10), running.stop()).await.expect("a bounded stop");
    assert_eq!(own.kept(), 9);
    // There is nothing more to ask for.
    let handed_in = own.state.kept.lock().len();
    Running::of(submitter(&own, &clients, 2)).stop().await;
    assert_eq!(own.state.kept.lock().len(), handed_in);
}

#[tokio::test]
async fn a_log_that_forked_stops_by_one_proof() {
    let (one, two, three) = (Office::started(1), Office::started(2), Office::started(3));
    one.sees(TestLog::ONE.forked(1, 4), 12).await;
    let own = Own::new(TestLog::ONE, 20);
    let running = Running::of(submitter(&own, &[one.client(), two.client(), three.client()], 2));
    until("it is stopped", || own.stopped() == Some(Stop::Disputed)).await;
    let contradicts: Vec<bool> =
        running.handle.witnesses().iter().map(|witness| witness.contradicts).collect();
    assert_eq!(contradicts, [true, false, false]);
    // Nor does it go on when the witness is gone.
    own.grow(21);
    until("the others go on", || own.kept() == 21).await;
    assert_eq!(own.stopped(), Some(Stop::Disputed));
    running.stop().await;
}

/// One that lies is an alarm; a quorum of them stops the log where no quorum of
/// others vouches for it, as nobody could tell them from honest ones.
#[tokio::test]
async fn a_claim_stops_a_running_log_only_with_a_quorum() {
    let (one, two) = (Office::started(1), Office::started(2));
    for (status, body) in [(409, "999\n"), (422, "")] {
        let liar = Liar::new(3, status, body).await;
        let own = Own::new(TestLog::ONE, 5);
        let clients = [one.client(), two.client(), liar.office.client()];
        let running = Running::of(submitter(&own, &clients, 2));
        own.grow(9);
        until("it lied again", || running.count(2, Asked::Contradicted) > 3 && own.kept() == 9).await;
        assert!(running.handle.witnesses()[2].contradicts);
        assert_eq!(own.stopped(), None);
        running.stop().await;

        // With a quorum of one the two that cosign are one.
        let running = Running::of(submitter(&own, &clients, 1));
        until("it lied again", || running.count(2, Asked::Contradicted) > 3).await;
        until("the others vouch for the log", || own.stopped().is_none()).await;
        running.stop().await;

        let alone = [clients[2].clone()];
        let running = Running::of(submitter(&own, &alone, 1));
        until("nobody else vouches for it", || own.stopped() == Some(Stop::Disputed)).await;
        running.stop().await;
    }
}
