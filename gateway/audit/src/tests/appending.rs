//! Appending: order, time, receipts, reopening, what a caller cannot undo.

use std::collections::BTreeSet;
use std::future::Future;
use std::task::{Context, Poll, Waker};

use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_appends_get_consecutive_indices_and_true_receipts() {
    let world = World::new().await;
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let log = world.log.clone();
        tasks.spawn(async move {
            let mut receipts = Vec::new();
            for turn in 0..20 {
                receipts.push(log.append(draft(task * 100 + turn)).await.unwrap());
            }
            receipts
        });
    }
    let receipts: Vec<Receipt> = tasks.join_all().await.into_iter().flatten().collect();
    let indices: BTreeSet<u64> = receipts.iter().map(|receipt| receipt.index).collect();
    assert_eq!(receipts.len(), 1280);
    assert_eq!(indices.into_iter().collect::<Vec<_>>(), (0..1280).collect::<Vec<_>>());
    receipts.iter().step_by(97).for_each(|receipt| check_receipt(&world, receipt));
    let entries = world.entries();
    assert!(entries.is_sorted_by_key(|entry| entry.time));
    assert!(world.dir.path().read_dir().unwrap().count() > 5, "the log rolled over several segments");
}

#[tokio::test]
async fn a_log_in_memory_does_the_same() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let keys = Arc::new(MemoryKeyProvider::random().unwrap());
    let (log, service) = AuditLog::in_memory(ORIGIN, keys, clock).unwrap();
    let first = log.append(draft(1).subject(person(1), "applicant")).await.unwrap();
    let second = log.append(draft(1)).await.unwrap();
    assert_eq!((first.index, second.index), (1, 2), "0 is subject.created");
    log.index_caught_up(3).await;
    let page =
        log.search(crate::SearchQuery { subject: Some(person(1)), ..Default::default() }).await.unwrap();
    assert_eq!(page.entries.iter().map(|found| found.index).collect::<Vec<_>>(), [1, 0]);
    service.shutdown().await;
    assert!(matches!(log.append(draft(1)).await, Err(AuditError::Closed)));
}

#[tokio::test]
async fn a_dropped_append_is_in_the_log_all_the_same() {
    let mut world = World::new().await;
    // Once with a subject at hand, once with one met for the first time.
    world.log.subject(&person(1)).await.unwrap();
    for serial in [1, 2] {
        let mut append =
            Box::pin(world.log.append(draft(serial as usize).subject(person(serial), "applicant")));
        // Pending or, on a quick disk, done already: it is not polled again.
        let _ = append.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(append);
    }
    world.shut().await;
    let kinds: Vec<Kind> = world.entries().iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::AccessIntent).count(), 2, "{kinds:?}");
}

#[tokio::test]
async fn a_closed_log_opens_where_it_ended() {
    let mut world = World::new().await;
    for turn in 0..500 {
        world.log.append(draft(turn)).await.unwrap();
    }
    let before = world.entries();
    world.again().await.unwrap();
    assert_eq!(world.entries(), before);
    let receipt = world.log.append(draft(1)).await.unwrap();
    assert_eq!(receipt.index, 500);
    check_receipt(&world, &receipt);
}

#[tokio::test]
async fn time_never_runs_backwards_in_the_log() {
    let mut world = World::new().await;
    let first = world.log.append(draft(1)).await.unwrap();
    world.clock.set(Timestamp::from_microsecond(NOON - 3_600_000_000).unwrap());
    let second = world.log.append(draft(2)).await.unwrap();
    assert_eq!(second.time, first.time, "clock set back by an hour");
    world.again().await.unwrap();
    assert_eq!(world.log.append(draft(3)).await.unwrap().time, first.time, "and restarted");
    world.clock.set(Timestamp::from_microsecond(NOON + 5).unwrap());
    assert!(world.log.append(draft(4)).await.unwrap().time > first.time);
}

#[tokio::test]
async fn an_entry_beyond_the_limit_is_refused_and_takes_no_index() {
    let world = World::new().await;
    let long = draft(1).reason("x".repeat(70_000));
    assert!(matches!(world.log.append(long).await, Err(AuditError::Rejected(_))));
    assert_eq!(world.log.append(draft(1)).await.unwrap().index, 0);
}

/// Whoever is met for the first time has a row and an entry of their own: none
/// is made for a crowd that no entry can name.
#[tokio::test]
async fn an_entry_about_too_many_people_introduces_nobody() {
    let world = World::new().await;
    let crowd = |people: u32| {
        let about = |draft: Draft, serial| draft.subject(person(serial), "household_member");
        (1..=people).fold(draft(1), about)
    };
    assert!(matches!(world.log.append(crowd(600)).await, Err(AuditError::Rejected(_))));
    assert_eq!(world.log.find_subject(&person(1)).await.unwrap(), None);
    assert_eq!(world.log.health().durable, 0);
    // What is let through fits once everybody has a pseudonym: around the bound
    // either nobody is introduced, or all of them and the entry.
    let mut fitted = 0;
    for people in (300..600).step_by(20) {
        let before = world.log.health().durable;
        match world.log.append(crowd(people)).await {
            Ok(receipt) => {
                fitted += 1;
                assert_eq!(world.entries()[receipt.index as usize].subjects.len(), people as usize);
            }
            Err(AuditError::Rejected(_)) => assert_eq!(world.log.health().durable, before, "{people}"),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!((1..15).contains(&fitted), "{fitted} of 15: the bound was not among them");
}

#[tokio::test]
async fn the_largest_entries_are_larger_than_a_segment_of_test_size() {
    let mut world = World::new().await;
    for turn in 0..20 {
        let receipt = world.log.append(draft(1).reason("x".repeat(60_000))).await.unwrap();
        assert_eq!(receipt.index, turn);
    }
    world.again().await.unwrap();
    assert_eq!(world.entries().len(), 20);
}

#[tokio::test]
async fn a_folder_belongs_to_one_process_and_one_origin() {
    let mut world = World::new().await;
    world.log.append(draft(1)).await.unwrap();
    assert!(matches!(open(world.dir.path(), &world.clock, &world.faults).await, Err(AuditError::InUse)));
    world.shut().await;
    let other = AuditOptions { origin: "motlan.example/other".into(), ..options(world.dir.path()) };
    let keys = Arc::new(MemoryKeyProvider::fixed(7));
    let opened = AuditLog::open(other, keys, Arc::clone(&world.clock) as _).await;
    assert!(matches!(opened, Err(AuditError::Store(crate::store::StoreError::Origin))));
}

#[tokio::test]
async fn a_full_queue_pushes_back_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let small = AuditOptions { queue: 4, ..options(dir.path()) };
    let keys = Arc::new(MemoryKeyProvider::fixed(7));
    let (log, service) = AuditLog::open(small, keys, clock as _).await.unwrap();
    // One poll each, no time for a commit of all: some must be pushed back.
    let mut waiting = Vec::new();
    let (mut refused, mut durable) = (0, 0);
    for turn in 0..2000 {
        let mut append = Box::pin(log.append(draft(turn)));
        match append.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(AuditError::Overloaded { retry_after })) => {
                assert!(!retry_after.is_zero());
                refused += 1;
            }
            // The disk was quicker than the poll.
            Poll::Ready(Ok(_)) => durable += 1,
            Poll::Ready(other) => panic!("{other:?}"),
            Poll::Pending => waiting.push(append),
        }
    }
    assert!(refused > 0 && !waiting.is_empty());
    let accepted = waiting.len() as u64 + durable;
    for append in waiting {
        append.await.unwrap();
    }
    assert_eq!(log.health().durable, accepted);
    service.shutdown().await;
}
