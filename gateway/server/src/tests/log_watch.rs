//! A watch of the log ends with the token of the officer who began it.

use std::time::Duration;

use motlan_audit::{Draft, Entry, Kind};
use motlan_proto::audit::v1::{WatchEntriesRequest, WatchEntriesResponse};
use tonic::{Code, Status, Streaming};

use super::officer;
use super::rig::{Rig, reason};

/// A token of the rig lives ten minutes, and half a minute of another clock.
const LIFE: Duration = Duration::from_secs(630);

const PATIENCE: Duration = Duration::from_secs(20);

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
