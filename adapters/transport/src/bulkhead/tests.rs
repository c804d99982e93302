//! Turns, the queue and its end.

use std::time::Duration;

use tokio::time::Instant;

use super::Bulkhead;

const WAIT: Duration = Duration::from_secs(2);

fn later() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

#[tokio::test(start_paused = true)]
async fn a_turn_given_back_goes_to_the_one_who_waits() {
    let bulkhead = Bulkhead::new(1, 1, WAIT);
    let first = bulkhead.enter(later()).await.unwrap();
    let (second, ()) = tokio::join!(bulkhead.enter(later()), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(first);
    });
    assert!(second.is_some());
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_wait_or_the_deadline_whichever_is_nearer() {
    let bulkhead = Bulkhead::new(1, 5, WAIT);
    let _first = bulkhead.enter(later()).await.unwrap();
    for (deadline, expected) in [(60, 2), (1, 1)] {
        let began = Instant::now();
        assert!(bulkhead.enter(began + Duration::from_secs(deadline)).await.is_none());
        assert_eq!(began.elapsed().as_secs(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_so_at_once() {
    let bulkhead = Bulkhead::new(1, 1, WAIT);
    let _first = bulkhead.enter(later()).await.unwrap();
    let began = Instant::now();
    let (waiting, surplus) = tokio::join!(bulkhead.enter(later()), async {
        let refused = bulkhead.enter(later()).await.is_none();
        (refused, began.elapsed())
    });
    assert!(waiting.is_none());
    assert_eq!(surplus, (true, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn hanging_up_in_the_queue_frees_the_place() {
    let bulkhead = Bulkhead::new(1, 1, WAIT);
    let first = bulkhead.enter(later()).await.unwrap();
    let hung_up = tokio::time::timeout(Duration::from_millis(10), bulkhead.enter(later())).await;
    assert!(hung_up.is_err());
    drop(first);
    assert!(bulkhead.enter(later()).await.is_some());
    let _again = bulkhead.enter(later()).await;
    assert_eq!(bulkhead.waiting.load(std::sync::atomic::Ordering::SeqCst), 0);
}
