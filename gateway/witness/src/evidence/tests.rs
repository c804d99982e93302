//! Bounds of what is kept.

use motlan_audit_tree::TreeHead;

use super::*;
use crate::folder::disk::RealDisk;
use crate::tests::rig::{Rig, TestLog, public};

const ONE: TestLog = TestLog::ONE;

fn open(rig: &Rig) -> Evidence {
    let folder = Folder::open(rig.dir.path(), &public(), Arc::new(RealDisk)).unwrap();
    Evidence::open(Arc::new(folder), ONE.origin, Misbehaviour::SplitView).unwrap()
}

fn alarm(root: u8) -> Alarm {
    let sent = ONE.signs(TreeHead { size: 5, root: [root; 32] });
    Alarm { shows: Misbehaviour::SplitView, sent }
}

#[test]
fn the_first_ones_are_kept_each_once() {
    let rig = Rig::new();
    let mut evidence = open(&rig);
    let seen = ONE.checkpoint(5);
    for root in 0..MOST as u8 {
        assert!(matches!(evidence.keep(&alarm(root), Some(&seen)), Kept::Now), "{root}");
        assert!(matches!(evidence.keep(&alarm(root), Some(&seen)), Kept::Before), "{root}");
    }
    assert!(matches!(evidence.keep(&alarm(200), Some(&seen)), Kept::Full));
    assert_eq!((evidence.count(), rig.evidence("alarms").len()), (MOST, MOST));
    drop(evidence);
    let mut evidence = open(&rig);
    assert_eq!(evidence.count(), MOST);
    assert!(matches!(evidence.keep(&alarm(3), Some(&seen)), Kept::Before));
    assert!(matches!(evidence.keep(&alarm(200), Some(&seen)), Kept::Full));
}

#[test]
fn signatures_that_anybody_adds_make_no_new_evidence() {
    let rig = Rig::new();
    let mut evidence = open(&rig);
    assert!(matches!(evidence.keep(&alarm(1), None), Kept::Now));
    let mut again = alarm(1);
    let stranger = motlan_audit_tree::CosigningKey::from_seed("x.example", &[3; 32]).unwrap();
    let cosignature = stranger.cosign(again.sent.note(), 5).unwrap();
    again.sent.add(cosignature).unwrap();
    assert!(matches!(evidence.keep(&again, None), Kept::Before));
    assert_eq!(evidence.count(), 1);
}

#[test]
fn nothing_seen_leaves_one_note() {
    let rig = Rig::new();
    let mut evidence = open(&rig);
    evidence.keep(&alarm(1), None);
    let names = rig.evidence("alarms");
    let kept = rig.dir.path().join("alarms").join(&names[0]);
    assert!(kept.join("sent").exists() && !kept.join("seen").exists());
}
