//! A watch of the log ends with the token of the officer who began it.

use std::sync::Arc;
use std::time::Duration;

use motlan_audit::testing::Faults;
use motlan_audit::{Draft, Entry, Kind, MemoryKeyProvider};
use motlan_proto::audit::v1::{SearchEntriesRequest, WatchEntriesRequest, WatchEntriesResponse};
use tokio::task::JoinSet;
use tonic::{Code, Status, Streaming};

use super::officer;
use super::rig::{Rig, reason};

/// A token of the rig lives ten minutes, and half a minute of another clock.
const LIFE: Duration = Duration::from_secs(630);

const PATIENCE: Duration = Duration::from_secs(20);

/// It is looked each second whether who watches may.
const SOON: Duration = Duration::from_secs(6);

async fn begun(rig: &Rig) -> Streaming<WatchEntriesResponse> {
    rig.log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap();
    rig.log.published(1).await;
    let request = WatchEntriesRequest { index_from: 1, ..Default::default() };
    officer::auditor(rig).await.watch_entries(request).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<WatchEntriesResponse>) -> Result<Option<WatchEntriesResponse>, Status> {
    tokio::time::timeout(PATIENCE, stream.message()).await.expect("in time")
}

fn check_refused(rig: &Rig, refused: &Status) {
    assert_eq!(
        (refused.code(), reason(refused)),
        (Code::Unauthenticated, ("TOKEN_EXPIRED".to_owned(), true))
    );
    let stored = rig.log.scan(0, usize::MAX).unwrap();
    let last = Entry::parse(&stored.last().unwrap().bytes).unwrap();
    assert_eq!((last.kind, last.reason.as_deref()), (Kind::AccessDenied, Some("TOKEN_EXPIRED")));
    assert_eq!(last.actor.unwrap().account.as_deref(), Some("kiem@h32"));
}

#[tokio::test]
async fn what_comes_after_the_token_has_ended_is_not_told() {
    let rig = Rig::start().await;
    let mut stream = begun(&rig).await;
    rig.clock.advance(LIFE.checked_sub(Duration::from_secs(1)).unwrap());
    rig.log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap();
    let told = next(&mut stream).await.expect("it holds still").expect("a chunk");
    assert_eq!(told.entries.len(), 1);
    rig.clock.advance(Duration::from_secs(1));
    rig.log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap();
    let refused = next(&mut stream).await.expect_err("it is over");
    check_refused(&rig, &refused);
    assert!(next(&mut stream).await.is_ok_and(|end| end.is_none()), "and nothing comes after it");
}

/// Also where nothing comes that could be told.
#[tokio::test]
async fn a_still_log_is_not_watched_for_longer_than_the_token_holds() {
    let rig = Rig::start().await;
    let mut stream = begun(&rig).await;
    rig.log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap();
    next(&mut stream).await.unwrap().expect("control: a chunk");
    rig.clock.advance(LIFE);
    let refused = next(&mut stream).await.expect_err("it is over");
    check_refused(&rig, &refused);
}

/// Also of a log that grows all the while, of which nothing matches.
#[tokio::test]
async fn a_busy_log_is_not_watched_for_longer_than_the_token_holds() {
    let rig = Rig::start().await;
    let request = WatchEntriesRequest { dossier_code: "H32.212-261121-0001".into(), ..Default::default() };
    let mut stream = officer::auditor(&rig).await.watch_entries(request).await.unwrap().into_inner();
    let log = rig.log.clone();
    let mut grows = JoinSet::new();
    grows.spawn(async move {
        loop {
            log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    rig.clock.advance(LIFE);
    // What was told before comes first.
    let refused = tokio::time::timeout(SOON, async {
        loop {
            if let Err(refused) = next(&mut stream).await {
                return refused;
            }
        }
    });
    let refused = refused.await.expect("soon");
    drop(grows);
    assert_eq!(reason(&refused), ("TOKEN_EXPIRED".to_owned(), true));
}

/// Also where the disk hangs: whoever watched gives its place to others.
#[tokio::test]
async fn a_hung_disk_keeps_no_watchers_place() {
    let faults = Arc::new(Faults::default());
    let rig = Rig::on_disk(&faults, MemoryKeyProvider::fixed(7), |_| ()).await;
    for _ in 0..3 {
        rig.log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap();
    }
    rig.log.published(3).await;
    let (mut other, mut auditor) = (officer::auditor(&rig).await, officer::auditor(&rig).await);
    faults.hang_published();
    // Somebody's proof hangs where the watcher's entries are read.
    let mut hangs = JoinSet::new();
    hangs.spawn(async move {
        let part = SearchEntriesRequest { index_from: 1, index_to: 2, ..Default::default() };
        other.search_entries(SearchEntriesRequest { prove_range: true, ..part }).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let request = WatchEntriesRequest { index_from: 1, ..Default::default() };
    let mut stream = auditor.watch_entries(request).await.unwrap().into_inner();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    rig.clock.advance(LIFE);
    let refused = tokio::time::timeout(SOON, next(&mut stream)).await.expect("soon");
    let refused = refused.expect_err("it is over");
    check_refused(&rig, &refused);
    assert!(hangs.try_join_next().is_none(), "control: it hangs");
    faults.clear();
    drop(hangs.join_next().await);
}
