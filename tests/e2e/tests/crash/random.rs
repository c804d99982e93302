//! kill -9 at a moment that nobody chose.

use std::collections::BTreeSet;
use std::time::Duration;

use motlan_e2e::Held;
use motlan_harness::Served;
use motlan_proto::audit::v1::{EntryOrder, SearchEntriesRequest};

use crate::story::{End, Story, read};
use crate::tier;

/// How long the log's index may lag.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_received_stands_in_the_log_after_kill_9() {
    let (kills, enough) = (tier(3, 20), tier(200, 1_000));
    let (mut story, mut served) = Story::begin(false).await;
    let mut told = 0;
    for kill in 1..=kills {
        told += story.live_among(64, served, enough, End::Random).await;
        served = story.restart().await;
        story.check(&served, &format!("kill {kill}")).await;
    }
    assert!(told >= kills * enough, "{told}");
    assert!(story.interrupted > 0, "no kill cut a question off: that they are closed shows nothing");
    // The search catches up with the log after a restart, and knows every entry.
    let last = story.calls.iter().flat_map(|call| &call.held).map(|held| held.index).max().unwrap();
    let found = indices(&story, last).await;
    assert!((0..=last).all(|index| found.contains(&index)), "the log has holes");

    // Control: receipts that nobody issued are found out by the same functions.
    let auditor = story.world.connect_to(&story.site, "auditor").unwrap();
    let good = story.calls[0].held[0].clone();
    let beyond = Held { index: last + 1_000_000, leaf_hash: vec![7; 32] };
    let mut altered = good.clone();
    altered.leaf_hash[31] ^= 1;
    assert!(read(&auditor, &good).await.is_some());
    assert!(read(&auditor, &beyond).await.is_none() && read(&auditor, &altered).await.is_none());
    assert_eq!(story.missing(), 0);
    story.calls[0].held.extend([beyond, altered]);
    assert_eq!(story.missing(), 2);
    stop(story, served).await;
}

/// Every index of the log up to `last`, from the search.
async fn indices(story: &Story, last: u64) -> BTreeSet<u64> {
    let auditor = story.world.connect_to(&story.site, "auditor").unwrap();
    let request = SearchEntriesRequest { order: EntryOrder::OldestFirst.into(), ..Default::default() };
    let looking = async {
        loop {
            let found = motlan::client::search_all(&auditor, request.clone(), 1_000_000).await;
            let found: BTreeSet<u64> = found.expect("the auditor searches").iter().map(|e| e.index).collect();
            if found.contains(&last) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the index catches up with the log")
}

pub(crate) async fn stop(story: Story, served: Served) {
    assert!(served.interrupt().await.unwrap().success());
    story.world.stop().await.unwrap();
}
