//! What witnesses cosigned is kept, shown, and held to at the start.

use std::fs;
use std::path::Path;

use jiff::ToSpan as _;
use motlan_audit_tree::{Checkpoint, CosigningKey, SignedCheckpoint, SigningKey, TreeHead};

use super::*;
use crate::tree::TreeError;
use crate::{Cause, Draft};

fn witness(seed: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("w{seed}.example"), &[seed; 32]).unwrap()
}

/// The checkpoint of the log as it was at that size, signed by its key.
async fn signed(world: &World, size: u64) -> SignedCheckpoint {
    sign(world, world.log.tree_head(size).await.unwrap())
}

fn sign(world: &World, head: TreeHead) -> SignedCheckpoint {
    let seed = crate::KeyProvider::log_keys(&MemoryKeyProvider::fixed(7)).unwrap().current;
    let key = SigningKey::from_seed(ORIGIN, &seed).unwrap();
    assert_eq!(key.verifier_key(), world.log.verifier_key(), "the world's own key");
    SignedCheckpoint::sign(Checkpoint::new(ORIGIN, head).unwrap(), &key).unwrap()
}

fn cosigned(mut checkpoint: SignedCheckpoint, by: &[u8]) -> SignedCheckpoint {
    for seed in by {
        let cosignature = witness(*seed).cosign(checkpoint.note(), 1_790_000_000).unwrap();
        checkpoint.add(cosignature).unwrap();
    }
    checkpoint
}

async fn grow(world: &World, to: u64) {
    while world.log.health().durable < to {
        world.log.append(draft(0)).await.unwrap();
    }
    world.log.published(to).await;
}

fn file(world: &World, path: &str) -> Option<String> {
    fs::read_to_string(world.dir.path().join("log").join(path)).ok()
}

fn kept(dir: &Path) -> Vec<u64> {
    let files = fs::read_dir(dir.join("log/checkpoints")).into_iter().flatten();
    let mut sizes: Vec<u64> =
        files.map(|file| file.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    sizes.sort_unstable();
    sizes
}

#[tokio::test]
async fn what_a_quorum_cosigned_is_shown_once_it_is_durable() {
    let mut world = World::new().await;
    grow(&world, 9).await;
    assert!(world.log.witnessed().is_none() && file(&world, "witnessed").is_none());
    let first = cosigned(signed(&world, 6).await, &[1]);
    world.log.put_witnessed(first.clone());
    world.log.witnessed_to(6).await;
    assert_eq!(file(&world, "witnessed").unwrap(), first.to_string());
    assert_eq!(*world.log.witnessed().unwrap(), first);
    // By more witnesses, it says more; by fewer, and smaller, less.
    let more = cosigned(signed(&world, 6).await, &[1, 2]);
    for checkpoint in [more.clone(), first, cosigned(signed(&world, 5).await, &[1, 2, 3])] {
        world.log.put_witnessed(checkpoint);
        world
            .until("it is looked at", |log| {
                *log.witnessed().unwrap() == more && log.inner.published.witnessed().is_idle()
            })
            .await;
    }
    // Another tree by this key, or more than is published, is not shown.
    for head in [TreeHead { size: 7, root: [1; 32] }, TreeHead { size: 10, root: [1; 32] }] {
        world.log.put_witnessed(cosigned(sign(&world, head), &[1, 2]));
        world.until("it is looked at", |log| log.inner.published.witnessed().is_idle()).await;
        assert_eq!(file(&world, "witnessed").unwrap(), more.to_string());
    }
    let last = cosigned(signed(&world, 9).await, &[2]);
    world.log.put_witnessed(last.clone());
    world.log.witnessed_to(9).await;
    // It is there again after a restart.
    world.again().await.unwrap();
    assert_eq!(*world.log.witnessed().unwrap(), last);
    world.shut().await;
}

#[tokio::test]
async fn one_checkpoint_of_each_hour_of_the_log_is_kept() {
    let mut world = World::new().await;
    let mut size = 0;
    // Minutes between one checkpoint and the next.
    for minutes in [0, 10, 10, 40, 5, 60, 180, 1] {
        let now = motlan_domain::Clock::now(world.clock.as_ref());
        world.clock.set(now + i64::from(minutes).minutes());
        size += 2;
        grow(&world, size).await;
        world.log.put_witnessed(cosigned(signed(&world, size).await, &[1]));
        world.log.witnessed_to(size).await;
        if size == 6 {
            // A restart does not begin the hour anew.
            world.again().await.unwrap();
        }
    }
    let sizes = kept(world.dir.path());
    // From 13:33: that hour, 14 (with +40 more), 15 and 18.
    assert_eq!(sizes, [2, 8, 12, 14], "the clock began at {NOON}");
    assert_eq!(file(&world, "checkpoints/8").unwrap(), cosigned(signed(&world, 8).await, &[1]).to_string());
    world.shut().await;
}

#[tokio::test]
async fn the_age_of_what_nobody_vouches_for_is_known() {
    let mut world = World::new().await;
    let began = motlan_domain::Clock::now(world.clock.as_ref());
    assert_eq!(world.log.unwitnessed_since(), None, "there is nothing");
    grow(&world, 3).await;
    world.until("it is looked up", |log| log.unwitnessed_since() == Some(began)).await;
    world.log.put_witnessed(cosigned(signed(&world, 3).await, &[1]));
    world.log.witnessed_to(3).await;
    assert_eq!(world.log.unwitnessed_since(), None);
    world.clock.set(began + 7.minutes());
    grow(&world, 4).await;
    world.clock.set(began + 9.minutes());
    grow(&world, 5).await;
    world.until("of the first one", |log| log.unwitnessed_since() == Some(began + 7.minutes())).await;
    world.shut().await;
}

/// A published disk that fails loses the cosignatures handed in meanwhile, and
/// says so; nothing else stops.
#[tokio::test]
async fn what_cannot_be_kept_is_not_shown() {
    let mut world = World::new().await;
    grow(&world, 3).await;
    let checkpoint = cosigned(signed(&world, 3).await, &[1]);
    world.faults.fail_published(crate::testing::EIO, false);
    world.log.put_witnessed(checkpoint.clone());
    world.until("it was tried", |log| log.inner.published.witnessed().is_idle()).await;
    world.until("it failed", |_| world.faults.published_failures() > 0).await;
    assert!(world.log.witnessed().is_none() && file(&world, "witnessed").is_none());
    world.faults.clear();
    world.log.put_witnessed(checkpoint);
    world.log.witnessed_to(3).await;
    world.shut().await;
}

#[tokio::test]
async fn a_log_that_has_less_than_was_witnessed_does_not_open() {
    let mut world = World::new().await;
    grow(&world, 20).await;
    world.shut().await;
    let older = tempfile::tempdir().unwrap();
    copy(world.dir.path(), older.path());
    world.reopened().await.unwrap();
    grow(&world, 30).await;
    let witnessed = cosigned(signed(&world, 25).await, &[1]);
    world.log.put_witnessed(witnessed.clone());
    world.log.witnessed_to(25).await;
    let forked = sign(&world, TreeHead { size: 20, root: [9; 32] });
    world.shut().await;

    let reopen = async |dir: &Path| {
        let opened = open(dir, &world.clock, &Arc::new(Faults::default())).await;
        match opened {
            Ok((_, service)) => {
                service.shutdown().await;
                Ok(())
            }
            Err(error) => Err(error),
        }
    };
    // Everything was put back but what witnesses cosigned.
    let lay = |note: &str| fs::write(older.path().join("log/witnessed"), note).unwrap();
    lay(&witnessed.to_string());
    let opened = reopen(older.path()).await;
    assert!(
        matches!(opened, Err(AuditError::Tree(TreeError::Unshown { witnessed: 25, published: 20 }))),
        "{opened:?}"
    );
    lay(&cosigned(forked, &[1]).to_string());
    let opened = reopen(older.path()).await;
    assert!(matches!(opened, Err(AuditError::Tree(TreeError::Forked { size: 20 }))), "{opened:?}");
    lay("no note\n");
    let opened = reopen(older.path()).await;
    assert!(matches!(opened, Err(AuditError::Tree(TreeError::Foreign(_)))), "{opened:?}");
    // The controls: put back as a whole nobody here can tell, and the newer one opens.
    fs::remove_file(older.path().join("log/witnessed")).unwrap();
    reopen(older.path()).await.unwrap();
    reopen(world.dir.path()).await.unwrap();
}

/// While the log is held no new work is taken in, and admitted work ends.
#[tokio::test]
async fn a_held_log_takes_nothing_new() {
    let mut world = World::new().await;
    let intent = world.log.append(draft(1).subject(person(1), "SUBJECT")).await.unwrap();
    for cause in [Cause::Unwitnessed, Cause::Disputed] {
        world.log.hold(Some(cause));
        let health = world.log.health();
        assert_eq!((health.ready, health.cause), (false, Some(cause)));
        for what in [draft(2), draft(2).subject(person(2), "SUBJECT")] {
            let refused = world.log.append(what).await.unwrap_err();
            assert!(matches!(refused, AuditError::Unavailable { cause: held, .. } if held == cause));
        }
        let refused = world.log.subject(&person(3)).await.unwrap_err();
        assert!(matches!(refused, AuditError::Unavailable { cause: held, .. } if held == cause));
        let mut outcome = Draft::new(Kind::AccessOutcome);
        outcome.intent = Some(intent.index);
        world.log.append(outcome).await.expect("what was admitted ends");
    }
    world.log.hold(None);
    assert!(world.log.health().ready);
    world.log.append(draft(3)).await.unwrap();
    world.shut().await;
}
