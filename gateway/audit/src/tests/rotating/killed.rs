//! A process that dies at every point of a rotation, one after the other: the
//! next start goes on, whoever holds the old key finds everything, and the old
//! key can be retired in the end.

use std::process::{Command, Stdio};

use super::*;
use crate::testing::Point;

const ROLE: &str = "MOTLAN_AUDIT_ROTATE";

/// The child: begins the rotation in a folder and sees it through, unless it
/// dies at the point named as `folder|point|nth`.
async fn child(role: &str) {
    let mut parts = role.split('|');
    let mut part = || parts.next().unwrap().to_owned();
    let (dir, point, nth) = (PathBuf::from(part()), part(), part().parse().unwrap());
    let point = Point::ALL.into_iter().find(|p| format!("{p:?}") == point).unwrap();
    let faults = Arc::new(Faults::default());
    // Before the log is opened: also what a start makes good is cut off.
    faults.abort_at(point, nth);
    let (log, service) = open_by(&dir, (1, Some(2)), &faults).await.unwrap();
    log.tell_of_next_key().await.unwrap();
    both_sign(&log, (1, Some(2))).await;
    log.append(draft(9)).await.unwrap();
    service.shutdown().await;
}

/// Whether a child died at that point.
fn dies(dir: &Path, point: Point, nth: u32) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::rotating::killed::killed_at_every_point_of_a_rotation", "--nocapture"])
        .env(ROLE, format!("{}|{point:?}|{nth}", dir.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    !status.success()
}

#[tokio::test]
async fn killed_at_every_point_of_a_rotation() {
    if let Some(role) = std::env::var_os(ROLE) {
        return child(role.to_str().unwrap()).await;
    }
    let begun = tempfile::tempdir().unwrap();
    live(begun.path(), (1, None)).await.unwrap();
    let (mut deaths, mut before, mut after) = (0, 0, 0);
    for point in Point::ALL {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            let dir = dir.path();
            copy(begun.path(), dir);
            if !dies(dir, point, nth) {
                // It has passed all of them.
                break;
            }
            deaths += 1;
            if dir.join("log").join(path(1)).exists() {
                after += 1;
            } else {
                before += 1;
            }
            check(dir, &format!("{point:?} {nth}")).await;
        }
    }
    // Before the statement was published and after it: or the test shows too little.
    assert!(deaths > 20 && before > 5 && after > 2, "{deaths} deaths, {before} before, {after} after");
}

async fn check(dir: &Path, name: &str) {
    let shown = fs::read(dir.join("log/checkpoint")).unwrap();
    let shown = SignedCheckpoint::open(&shown, &TrustedLog::from(public(1)));
    let shown = shown.unwrap_or_else(|error| panic!("{name}: the old key signs: {error:?}"));
    let report = verified(dir, &public(1), &Evidence::default());
    // An entry is told of before the statement is published, whenever it dies.
    assert_eq!(report.fault, None, "{name}: as it was left");

    live(dir, (1, Some(2))).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    assert_eq!(told(dir), [public(1).to_string(), public(2).to_string()], "{name}");
    let mut evidence = Evidence::default();
    evidence.add_checkpoint("shown", shown.to_string().as_bytes()).unwrap();
    let report = verified(dir, &public(1), &evidence);
    assert_eq!((report.fault, report.keys.unwrap().signed.len()), (None, 2), "{name}");

    // The old key's end.
    live(dir, (2, None)).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let report = verified(dir, &public(1), &evidence);
    let keys = report.keys.unwrap();
    assert_eq!((report.fault, keys.signed), (None, vec![public(2).to_string()]), "{name}");
    let rotations = entries_of(dir, Kind::LogKeyRotated).await;
    assert!((1..=2).contains(&rotations), "{name}: {rotations} told of it");
}

async fn entries_of(dir: &Path, kind: Kind) -> usize {
    let (log, service) = open_by(dir, (2, None), &Arc::default()).await.unwrap();
    let stored = log.scan(0, 1 << 20).unwrap();
    service.shutdown().await;
    stored.iter().filter(|stored| crate::Entry::parse(&stored.bytes).unwrap().kind == kind).count()
}
