//! Death at every labelled point of append and sync, of the journal and of the
//! two stores that answers rest on, and of integration and publication; each with
//! and without the power.

use motlan_harness::faults::{Action, Op, Rule};
use motlan_harness::power::Luck;

use crate::random::stop;
use crate::story::{End, Story};
use crate::tier;

/// Name, call, path, and how it dies there. The short tier takes the journal's,
/// two of publication and one of each store.
const POINTS: [(&str, Op, &str, Action); 21] = [
    ("before a write", Op::Write, ".journal", Action::KillBefore),
    ("in a write", Op::Write, ".journal", Action::KillMidway),
    ("after a write", Op::Write, ".journal", Action::KillAfter),
    ("before a sync", Op::Sync, ".journal", Action::KillBefore),
    ("after a sync", Op::Sync, ".journal", Action::KillAfter),
    ("before a segment gets its name", Op::Rename, ".journal", Action::KillBefore),
    ("after it", Op::Rename, ".journal", Action::KillAfter),
    ("before the sync of a subject", Op::Sync, "subjects.db-wal", Action::KillBefore),
    ("in a write of a tile", Op::Write, "log/tile/", Action::KillMidway),
    ("before a checkpoint takes its place", Op::Rename, "log/checkpoint", Action::KillBefore),
    ("in a write of a dossier", Op::Write, "dossiers.db-wal", Action::KillMidway),
    ("in a write of a subject", Op::Write, "subjects.db-wal", Action::KillMidway),
    ("after the sync of a subject", Op::Sync, "subjects.db-wal", Action::KillAfter),
    ("before the sync of a dossier", Op::Sync, "dossiers.db-wal", Action::KillBefore),
    ("after it", Op::Sync, "dossiers.db-wal", Action::KillAfter),
    ("before the sync of a tile", Op::Sync, "log/tile/", Action::KillBefore),
    ("after it", Op::Sync, "log/tile/", Action::KillAfter),
    ("in a write of a checkpoint", Op::Write, "log/checkpoint", Action::KillMidway),
    ("after a checkpoint took its place", Op::Rename, "log/checkpoint", Action::KillAfter),
    ("before a full segment goes", Op::Unlink, ".journal", Action::KillBefore),
    ("after it, before the folder is synced", Op::Unlink, ".journal", Action::KillAfter),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_outlives_death_at_every_labelled_point() {
    let (points, rounds, enough) = (tier(11, POINTS.len()), tier(1, 6), tier(40, 300));
    let mut lives = 0;
    for round in 0..rounds {
        // Each round has a log of its own: every check reads all there is.
        let (mut story, mut served) = Story::begin(true).await;
        for (number, (name, op, path, action)) in POINTS.into_iter().take(points).enumerate() {
            let what = format!("round {round}, {name} ({path})");
            // How many pass first differs by round; a segment is rarely full.
            let passed = if matches!(op, Op::Rename | Op::Unlink) { 0 } else { (3 + 7 * round) as u64 };
            let rule = Rule::on(&[op], path, action).after(passed);
            story.live(served, enough, End::At(vec![rule])).await;
            lives += 1;
            // Each point with and without the power, over the rounds; the second
            // of two lives begins with the remains of the first.
            if (number + round) % 2 == 0 {
                story.power_fails(if round % 3 == 2 { Luck::None } else { Luck::Dice(lives) });
            } else {
                story.process_died();
            }
            served = story.restart().await;
            story.check(&served, &what).await;
        }
        stop(story, served).await;
    }
}
