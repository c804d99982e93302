//! After a stop every intent has one outcome, and no more of the log is read
//! for that than it takes.

use motlan_audit_tree::entry::{Effect, Fields};
use motlan_audit_tree::{Entry, Outcome};

use super::*;
use crate::testing::EIO;
use crate::{Decision, DraftActor};

const LONGEST: Duration = Duration::from_mins(1);

/// As the pipeline writes one.
fn intent(dossier: usize) -> Draft {
    let mut draft = draft(dossier).subject(person(1), "applicant").trace("0af7651916cd43dd8448eb211c80319c");
    draft.actor = Some(DraftActor::Citizen(person(2)));
    draft.fields = Some(Fields { asked: vec!["full_name".into()], disclosed: Vec::new() });
    draft.upstream = vec!["request-1".into()];
    draft.decision = Some(Decision {
        catalogue_digest: Some("c".into()),
        effect: Effect::Permit,
        policies: vec!["one_stop.get".into()],
        policy_digest: Some("p".into()),
    });
    draft
}

fn outcome(of: u64) -> Draft {
    let draft = Draft::new(Kind::AccessOutcome).caller("portal", "H32").answers(of);
    draft.outcome(Outcome::Found)
}

/// The outcomes that cite that intent.
fn outcomes(entries: &[Entry], intent: u64) -> Vec<&Entry> {
    entries.iter().filter(|entry| entry.intent == Some(intent)).collect()
}

#[tokio::test]
async fn what_a_stop_left_open_is_closed_once() {
    let mut world = World::new().await;
    let answered = world.log.append(intent(1)).await.unwrap().index;
    let open = world.log.append(intent(2)).await.unwrap().index;
    world.log.append(outcome(answered)).await.unwrap();
    // An intent whose writing failed was never acted on; an outcome whose
    // writing failed is one that nobody was told.
    let untold = world.log.append(intent(3)).await.unwrap().index;
    for unwritten in [outcome(untold), intent(4)] {
        world.faults.fail_writes(EIO);
        assert!(world.log.append(unwritten).await.is_err());
        world.faults.clear();
        world.until("ready again", |log| log.health().ready).await;
    }
    world.clock.advance(Duration::from_hours(2));
    let late = world.log.append(intent(5)).await.unwrap().index;

    world.again().await.unwrap();
    assert_eq!(world.log.close_interrupted(LONGEST).await.unwrap(), 2);
    let entries = world.entries();
    let intents: Vec<_> = entries.iter().filter(|entry| entry.kind == Kind::AccessIntent).collect();
    assert_eq!(intents.len(), 5);
    for entry in &intents {
        let marked = entry.dossier().unwrap().ends_with("0004");
        assert_eq!(outcomes(&entries, entry.index).len(), usize::from(!marked), "{entry:?}");
    }
    for index in [open, late] {
        let (closing, of) = (outcomes(&entries, index)[0], &entries[usize::try_from(index).unwrap()]);
        assert_eq!(
            (closing.outcome, closing.reason.as_deref()),
            (Some(Outcome::Failed), Some("INTERRUPTED"))
        );
        assert_eq!(closing.source, None, "whether the registry was asked is not known");
        // All else as the intent says it, the sealed identifiers too.
        let mut same = closing.clone();
        (same.index, same.time, same.kind) = (of.index, of.time, of.kind);
        (same.intent, same.outcome, same.reason) = (None, None, None);
        assert_eq!(&same, of);
        assert_eq!(
            world.log.reveal(&closing.subjects[0]).unwrap().as_deref(),
            Some("personal_id|097090000001")
        );
    }
    assert_eq!(world.log.close_interrupted(LONGEST).await.unwrap(), 0, "once");
    world.again().await.unwrap();
    assert_eq!(world.log.close_interrupted(LONGEST).await.unwrap(), 0, "also after another start");
    assert_eq!(world.entries(), entries);
}

#[tokio::test]
async fn only_as_much_is_read_as_an_open_intent_can_lie_in() {
    // An intent, a pause, and more entries than are looked at first, one every
    // `every`: is the intent found?
    for (pause, every, found) in [
        (Duration::ZERO, Duration::from_millis(1), true),
        // Time in which nothing was written counts for little: an outage.
        (Duration::from_hours(5), Duration::from_millis(1), true),
        (Duration::ZERO, Duration::from_millis(100), false),
        // Younger than the longest there is.
        (Duration::ZERO, Duration::from_millis(11), true),
    ] {
        let clock = Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()));
        let keys = Arc::new(MemoryKeyProvider::fixed(7));
        let (log, _service) = AuditLog::in_memory(ORIGIN, keys, Arc::clone(&clock) as _).unwrap();
        log.append(draft(1)).await.unwrap();
        clock.advance(pause);
        for _ in 0..160 {
            let mut last = None;
            // Few at a time: a writer whose commit lasts for seconds is taken
            // for one that hangs.
            for _ in 0..32 {
                clock.advance(every);
                last = Some(log.begin(Draft::new(Kind::LogRead)));
            }
            last.unwrap().await.unwrap();
        }
        let closed = log.close_interrupted(LONGEST).await.unwrap();
        assert_eq!(closed, usize::from(found), "{pause:?}, {every:?}");
    }
}

#[tokio::test]
async fn more_are_closed_than_the_queue_takes_at_once() {
    let mut world = World::new().await;
    for serial in 0..50 {
        world.log.append(intent(serial)).await.unwrap();
    }
    world.shut().await;
    let keys = Arc::new(MemoryKeyProvider::fixed(7));
    let short = AuditOptions { queue: 16, ..options(world.dir.path()) };
    let (log, _service) = AuditLog::open(short, keys, Arc::clone(&world.clock) as _).await.unwrap();
    assert_eq!(log.close_interrupted(LONGEST).await.unwrap(), 50);
}
