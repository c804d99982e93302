//! The machine dies with the gateway: what no completed sync covers is gone.

use motlan_harness::faults::{Action, EIO, Op, Rule};
use motlan_harness::power::Luck;

use crate::random::stop;
use crate::story::{End, Story};
use crate::tier;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_outlives_a_power_cut() {
    let (cuts, enough) = (tier(2, 20), tier(150, 1_000));
    let (mut story, mut served) = Story::begin(true).await;
    let mut lost = 0;
    for cut in 1..=cuts {
        story.live(served, enough, End::Random).await;
        let luck = if cut % 2 == 0 { Luck::Dice(cut as u64) } else { Luck::None };
        lost += story.power_fails(luck).pages;
        served = story.restart().await;
        story.check(&served, &format!("cut {cut}")).await;
    }
    assert!(lost > 0, "no cut took anything: this shows nothing");
    assert!(story.interrupted > 0, "no cut left a question open: that they are closed shows nothing");
    stop(story, served).await;
}

/// Negative control: with syncs that only pretend, the same cut must be noticed
/// by the same checks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncs_a_power_cut_does_lose_answers() {
    for (path, journal) in [(".journal", true), ("dossiers.db", false)] {
        let (mut story, served) = Story::begin(true).await;
        let pretend = Rule::on(&[Op::Sync], path, Action::Pretend);
        story.layer.arm(std::slice::from_ref(&pretend)).unwrap();
        let kill = Rule::on(&[Op::Sync], "", Action::KillBefore).after(0);
        // Within one segment in every tier: a log with a hole between two is
        // refused by its reader before anything could be counted.
        story.live(served, 60, End::At(vec![kill])).await;
        story.power_fails(Luck::None);
        if journal {
            assert!(story.missing() > 0, "no answer is missed: the power cut cannot fail");
        } else {
            assert_eq!(story.missing(), 0, "the journal was synced");
            let served = story.program.serve(&story.site, Some(&story.layer)).await;
            let lost = match &served {
                Ok(_) => story.an_opening_is_lost().await,
                // Pages of different times in one file: that it is refused is as good, and
                // that anything else keeps the gateway from starting is not.
                Err(error) => {
                    let told = format!("{error:#}");
                    assert!(told.contains("the register of dossiers cannot be opened"), "{told}");
                    true
                }
            };
            assert!(lost, "no opening is missed: the power cut cannot fail");
        }
        story.world.stop().await.unwrap();
    }
}

/// After a sync that failed Linux holds the pages for written: the next sync
/// succeeds without them. Whatever is told later must not rest on them, neither
/// in the same process nor in the one that finds what looks whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_is_made_good_before_anything_rests_on_it() {
    let (mut story, mut served) = Story::begin(true).await;
    for path in [".journal", "dossiers.db", "subjects.db"].into_iter().take(tier(2, 3)) {
        let fails = Rule::on(&[Op::Sync], path, Action::Fail(EIO)).times(1);
        story.layer.arm(std::slice::from_ref(&fails)).unwrap();
        story.live(served, tier(60, 1_000), End::Random).await;
        assert!(story.layer.acted(0).unwrap() > 0, "{path}: no sync failed");
        story.power_fails(Luck::None);
        served = story.restart().await;
        story.check(&served, &format!("a failed sync of {path}")).await;
        // Slow before, so that much waits for the sync that fails.
        let dies = Rule::on(&[Op::Sync], path, Action::KillFailed).after(5);
        let slow = Rule::on(&[Op::Sync], path, Action::Delay(60));
        story.live(served, 30, End::At(vec![dies, slow])).await;
        story.process_died();
        let next = story.restart().await;
        story.live(next, tier(60, 500), End::Random).await;
        story.power_fails(Luck::None);
        served = story.restart().await;
        story.check(&served, &format!("a failed sync of {path}, and a restart")).await;
    }
    stop(story, served).await;
}
