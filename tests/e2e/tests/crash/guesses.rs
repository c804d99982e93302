//! Counted guesses are what stands between a claim and an oracle: a gateway that
//! dies, with the power or without, gives none of them back.

use motlan_domain::Registry;
use motlan_e2e::{registered, verify};
use motlan_harness::faults::{Action, Op, Rule};
use motlan_harness::power::Luck;
use motlan_harness::{Connection, Fault, Refusal};
use motlan_proto::common::v1::Outcome;

use crate::random::stop;
use crate::story::Story;

/// Guesses about one subject that an agency has in a day.
const LIMIT: usize = 5;

async fn guess(by: &Connection, id: &str) -> Result<Outcome, String> {
    let told =
        verify(by, registered("identity-verification"), id, "Trần Văn Không", Some("1970-01-02")).await;
    told.map(|told| told.outcome()).map_err(|status| Refusal::from(status).reason)
}

/// How many of so many guesses at once were told a verdict; every other one met
/// the limit.
async fn answered(story: &Story, id: &str, at_once: usize) -> usize {
    let verifier = story.world.connect_to(&story.site, "verifier").unwrap();
    let told = futures::future::join_all((0..at_once).map(|_| guess(&verifier, id))).await;
    for told in &told {
        match told {
            Ok(outcome) => assert_eq!(*outcome, Outcome::Mismatch),
            Err(reason) => assert_eq!(reason, "GUESS_LIMIT"),
        }
    }
    told.iter().filter(|told| told.is_ok()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counted_guess_outlives_kill_9_and_a_power_cut() {
    let (mut story, mut served) = Story::begin(true).await;
    for (family, power) in [(0, false), (1, true)] {
        let who = story.world.families()[family].applicant.id.clone();
        assert_eq!(answered(&story, &who, 3).await, 3);
        served.kill().await.unwrap();
        if power {
            story.power_fails(Luck::None);
        } else {
            story.process_died();
        }
        served = story.restart().await;
        assert_eq!(answered(&story, &who, 16).await, LIMIT - 3, "power: {power}");
        assert_eq!(answered(&story, &who, 1).await, 0, "power: {power}");
    }
    stop(story, served).await;
}

/// Many under way when it dies: whoever was told had one of the five.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_under_way_when_the_gateway_dies_stays_counted() {
    let (mut story, served) = Story::begin(true).await;
    let who = story.world.families()[0].applicant.id.clone();
    // The registry takes long: counted, asked, and nobody told yet.
    story.world.fault(Registry::Population, None, Fault::Latency { ms: 15_000 }, None);
    let asked = story.world.total_calls();
    let verifier = story.world.connect_to(&story.site, "verifier").unwrap();
    let under_way = futures::future::join_all((0..4).map(|_| guess(&verifier, &who)));
    let dies = async {
        while story.world.total_calls() == asked {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        served.kill().await.unwrap();
    };
    let (told, ()) = tokio::join!(under_way, dies);
    assert!(told.iter().all(Result::is_err), "{told:?}");
    story.world.clear_faults();
    story.power_fails(Luck::None);
    let served = story.restart().await;
    let left = answered(&story, &who, 16).await;
    assert!(left < LIMIT, "{left}: the one the registry was asked for was given back");
    stop(story, served).await;
}

/// Negative control: with syncs that only pretend, the same cut gives them back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncs_a_power_cut_gives_guesses_back() {
    let (mut story, served) = Story::begin(true).await;
    let pretend = Rule::on(&[Op::Sync], "dossiers.db", Action::Pretend);
    story.layer.arm(std::slice::from_ref(&pretend)).unwrap();
    let who = story.world.families()[0].applicant.id.clone();
    assert_eq!(answered(&story, &who, 3).await, 3);
    served.kill().await.unwrap();
    story.power_fails(Luck::None);
    story.layer.arm(&[]).unwrap();
    let served = story.restart().await;
    let left = answered(&story, &who, 16).await;
    assert!(left > LIMIT - 3, "{left}: the power cut cannot take a guess: this shows nothing");
    stop(story, served).await;
}
