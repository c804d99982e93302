//! Many at once: whatever the order, one history is cosigned.

use std::collections::BTreeSet;

use futures::future::join_all;
use tokio::sync::Barrier;

use super::rig::{Rig, Running, TestLog, time_of};
use crate::folder::origin_hash;

/// Leaves that both forks have.
const SHARED: u64 = 10;
const CROWD: usize = 64;

/// Submits until it is cosigned, or cannot be any more; whether it was.
async fn persist(witness: &Running, log: TestLog, size: u64) -> bool {
    let mut old = 0;
    loop {
        let (status, body) = witness.ask(log.request(old, size)).await;
        match status {
            200 => {
                time_of(log, size, &body);
                return true;
            }
            409 => {
                let seen: u64 = body.trim_end().parse().unwrap();
                assert_ne!(seen, old, "the size that was asked from");
                if seen > size {
                    return false;
                }
                old = seen;
            }
            422 => return false,
            other => panic!("status {other}: {body}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_forks_at_once_one_is_cosigned() {
    let mut cosigned_more_than_once = false;
    for round in 0..4 {
        let rig = Rig::new();
        let witness = rig.start();
        let barrier = Barrier::new(CROWD);
        let forks = [TestLog::ONE.forked(1, SHARED as usize), TestLog::ONE.forked(2, SHARED as usize)];
        let submit = async |number: usize| {
            let log = forks[number % 2];
            // The last to come to the barrier is the first to go, and shall
            // leave the others room to grow.
            let size = SHARED + ((CROWD - number).div_ceil(2)) as u64;
            barrier.wait().await;
            persist(&witness, log, size).await.then_some((log.fork, size))
        };
        let answers = join_all((0..CROWD).map(submit)).await;
        let cosigned: BTreeSet<(u8, u64)> = answers.into_iter().flatten().collect();
        let forks_cosigned: BTreeSet<u8> = cosigned.iter().map(|(fork, _)| *fork).collect();
        assert_eq!(forks_cosigned.len(), 1, "round {round}: {cosigned:?}");
        // The largest of that fork always gets there, and is what remains.
        let (fork, largest) = *cosigned.last().unwrap();
        assert_eq!(largest, SHARED + (CROWD / 2) as u64, "round {round}");
        let log = forks[usize::from(fork) - 1];
        let (_, shown) = witness.get(&format!("{}/checkpoint", origin_hash(log.origin))).await;
        assert!(shown.starts_with(&log.checkpoint(largest).to_string()), "round {round}: {shown}");
        assert_eq!(witness.handle.failures(), 0);
        cosigned_more_than_once |= cosigned.len() > 1;
        witness.stop().await;
    }
    assert!(cosigned_more_than_once, "otherwise it would show little");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_first_trees_at_once_one_is_cosigned() {
    let rig = Rig::new();
    let witness = rig.start();
    let barrier = Barrier::new(CROWD);
    let submit = async |number: usize| {
        let log = TestLog::ONE.forked(1 + (number % 8) as u8, 0);
        barrier.wait().await;
        let (status, body) = witness.ask(log.request(0, 20)).await;
        match status {
            200 => assert!(time_of(log, 20, &body) > 0),
            status => assert_eq!((status, body.as_str()), (409, "20\n")),
        }
        (status == 200).then_some(log.fork)
    };
    let answers = join_all((0..CROWD).map(submit)).await;
    // Each said it began at nothing, so one alone can be right.
    assert_eq!(answers.into_iter().flatten().count(), 1);
    // All others of the eight have shown themselves.
    assert_eq!(witness.handle.alarms(), 7);
    assert_eq!(rig.evidence("alarms").len(), 7);
    witness.stop().await;
}
