//! A process that dies at a labelled point of append, sync, integration and
//! publication: every receipt it told of has its entry when the folder is opened
//! again, and what is published then grew from what was published before.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use motlan_audit_tree::SignedCheckpoint;
use tokio::task::JoinSet;

use super::*;
use crate::testing::Point;

const ROLE: &str = "MOTLAN_AUDIT_CRASH";

/// The child: appends with many tasks, tells each receipt on standard output,
/// and dies at the point named as `folder|point|nth`.
async fn child(role: &str) {
    let mut parts = role.split('|');
    let mut part = || parts.next().unwrap().to_owned();
    let (dir, point, nth) = (PathBuf::from(part()), part(), part().parse().unwrap());
    let point = Point::ALL.into_iter().find(|p| format!("{p:?}") == point).unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()));
    let faults = Arc::new(Faults::default());
    let (log, _service) = open(&dir, &clock, &faults).await.unwrap();
    faults.abort_at(point, nth);
    let mut tasks = JoinSet::new();
    for task in 0..16u32 {
        let log = log.clone();
        tasks.spawn(async move {
            for turn in 0..5000 {
                // Now and then somebody new, and an entry long enough to fill segments.
                let subject = person(1 + task + 16 * (turn % 7));
                let draft = draft(task as usize).subject(subject, "applicant").reason("x".repeat(3000));
                if let Ok(receipt) = log.append(draft).await {
                    let line = format!("receipt {} {}\n", receipt.index, hex::encode(receipt.leaf_hash));
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            }
        });
    }
    tasks.join_all().await;
}

/// Runs a child until it dies; the receipts it told of.
fn run_child(dir: &Path, point: Point, nth: u32) -> Vec<(u64, String)> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::killed_at_every_labelled_point", "--nocapture"])
        .env(ROLE, format!("{}|{point:?}|{nth}", dir.display()))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{point:?} {nth}: the child was to die");
    let text = String::from_utf8(output.stdout).unwrap();
    // The last line may be torn: nobody can have read a receipt in it.
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let receipts =
        whole.filter_map(|line| line.trim_end().split_once("receipt ")).map(|(_, receipt)| receipt);
    receipts
        .map(|r| r.split_once(' ').unwrap())
        .map(|(index, leaf)| (index.parse().unwrap(), leaf.into()))
        .collect()
}

#[tokio::test]
async fn killed_at_every_labelled_point() {
    if let Some(role) = std::env::var_os(ROLE) {
        return child(role.to_str().unwrap()).await;
    }
    let mut acknowledged = 0;
    for point in Point::ALL {
        let seldom = matches!(
            point,
            Point::BeforeRename
                | Point::AfterRename
                | Point::BeforeRemove
                | Point::AfterRemove
                | Point::AfterRemoveSync
                | Point::BeforePublish
                | Point::AfterPublish
        );
        let mut world = World::new().await;
        // Twice in one folder: the second life begins with the remains of the first.
        for nth in if seldom { [1, 2] } else { [25, 60] } {
            world.shut().await;
            let before = {
                world.faults = Arc::new(Faults::default());
                let (log, service) = open(world.dir.path(), &world.clock, &world.faults).await.unwrap();
                (world.log, world.service) = (log, Some(service));
                let entries = world.entries();
                world.shut().await;
                entries
            };
            let receipts = run_child(world.dir.path(), point, nth);
            acknowledged += receipts.len();
            // What anybody may have been shown.
            let shown = std::fs::read(world.dir.path().join("log/checkpoint")).unwrap();
            let opened = open(world.dir.path(), &world.clock, &world.faults).await;
            let (log, service) = opened.unwrap_or_else(|error| panic!("{point:?} {nth}: {error:?}"));
            (world.log, world.service) = (log, Some(service));
            let entries = world.entries();
            assert_eq!(entries[..before.len()], before, "{point:?} {nth}: what was there stays");
            assert!(entries.iter().enumerate().all(|(at, entry)| entry.index == at as u64));
            for (index, leaf) in receipts {
                let bytes = entries[usize::try_from(index).unwrap()].encode().unwrap();
                assert_eq!(
                    hex::encode(motlan_audit_tree::leaf_hash(&bytes)),
                    leaf,
                    "{point:?} {nth}: {index}"
                );
            }
            let shown = SignedCheckpoint::open(&shown, &published_by(&world)).unwrap().head();
            assert_eq!(world.log.tree_head(shown.size).await.unwrap(), shown, "{point:?} {nth}: one history");
            let receipt = world.log.append(draft(1).subject(person(1), "applicant")).await.unwrap();
            check_receipt(&world, &receipt);
        }
    }
    assert!(acknowledged > 500, "{acknowledged} receipts: the test shows too little");
}
