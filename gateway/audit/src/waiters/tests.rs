//! Whoever waits is woken: polled, dropped or held.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waiter that has been polled once, and how often it was woken.
fn waiting(completion: &Arc<Completion>) -> (Wait, Arc<Count>) {
    let (mut wait, count) = (completion.wait(), Arc::new(Count::default()));
    assert!(poll(&mut wait, &count).is_pending());
    (wait, count)
}

fn poll(wait: &mut Wait, count: &Arc<Count>) -> Poll<Committed> {
    Pin::new(wait).poll(&mut Context::from_waker(&Waker::from(Arc::clone(count))))
}

fn woken(waiters: &[(Wait, Arc<Count>)]) -> Vec<u32> {
    waiters.iter().map(|(_, count)| count.0.load(Ordering::SeqCst)).collect()
}

#[test]
fn one_waiter_of_a_thread_is_woken_and_wakes_the_others() {
    let completion = Arc::new(Completion::default());
    let mut waiters: Vec<_> = (0..4).map(|_| waiting(&completion)).collect();
    completion.complete(Ok(()));
    assert_eq!(woken(&waiters), [1, 0, 0, 0]);
    let (leader, count) = &mut waiters[0];
    assert_eq!(poll(leader, count), Poll::Ready(Ok(())));
    assert_eq!(woken(&waiters), [1, 1, 1, 1]);
    completion.complete(Err(Cause::SyncFailed));
    assert_eq!(poll(&mut completion.wait(), &Arc::default()), Poll::Ready(Ok(())), "the first result counts");
}

#[test]
fn a_dropped_waiter_passes_the_wake_up_on() {
    let completion = Arc::new(Completion::default());
    let mut waiters: Vec<_> = (0..4).map(|_| waiting(&completion)).collect();
    drop(waiters.remove(0));
    completion.complete(Ok(()));
    assert_eq!(woken(&waiters), [1, 0, 0], "dropped before: another leads");
    drop(waiters.remove(0));
    assert_eq!(woken(&waiters), [1, 1], "dropped after: passed on");
}

#[test]
fn a_waiter_that_is_held_cannot_keep_the_others_asleep() {
    let completion = Arc::new(Completion::default());
    let waiters: Vec<_> = (0..4).map(|_| waiting(&completion)).collect();
    completion.complete(Ok(()));
    completion.flush();
    assert_eq!(woken(&waiters), [1, 1, 1, 1]);
}

#[test]
fn each_thread_has_a_leader_and_nobody_is_forgotten() {
    for round in 0..50 {
        let completion = Arc::new(Completion::default());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let completion = Arc::clone(&completion);
                thread::spawn(move || completion.block())
            })
            .collect();
        if round % 2 == 0 {
            thread::sleep(Duration::from_micros(100));
        }
        completion.complete(Err(Cause::DiskFull));
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Err(Cause::DiskFull));
        }
    }
}
