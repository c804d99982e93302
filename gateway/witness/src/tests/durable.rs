//! What a restart, a second process, a full disk and a wrong folder find.

use std::fs;

use super::rig::{Rig, START, TestLog, key, public};
use crate::folder::origin_hash;
use crate::{OpenError, Witness, create_folder};

const ONE: TestLog = TestLog::ONE;

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let rig = Rig::new();
    let witness = rig.start();
    witness.cosigns(ONE, 0, 9).await;
    witness.stop().await;
    let witness = rig.start();
    assert_eq!(witness.ask(ONE.request(0, 5)).await, (409, "9\n".to_owned()));
    assert_eq!(witness.ask(ONE.forked(1, 4).request(9, 9)).await.0, 422);
    assert_eq!(witness.ask(TestLog::TWO.request_with(1, vec![], 5)).await, (409, "0\n".to_owned()));
    witness.cosigns(ONE, 9, 12).await;
    witness.stop().await;
}

#[tokio::test]
async fn a_second_process_is_kept_out_until_the_first_has_ended() {
    let rig = Rig::new();
    let witness = rig.start();
    assert!(matches!(rig.open().err(), Some(OpenError::InUse)));
    witness.cosigns(ONE, 0, 5).await;
    witness.stop().await;
    let witness = rig.start();
    witness.cosigns(ONE, 5, 9).await;
    witness.stop().await;
}

#[tokio::test]
async fn a_full_disk_means_no_cosignature_and_no_progress() {
    let rig = Rig::new();
    let witness = rig.start();
    witness.cosigns(ONE, 0, 5).await;
    rig.disk.full(true);
    rig.set_clock(START + 60);
    for request in [ONE.request(5, 9), ONE.request(5, 5)] {
        assert_eq!(witness.ask(request).await, (500, "the witness cannot cosign now\n".to_owned()));
    }
    assert_eq!(witness.handle.failures(), 2);
    let (_, shown) = witness.get(&format!("{}/checkpoint", origin_hash(ONE.origin))).await;
    assert!(shown.starts_with(&ONE.checkpoint(5).to_string()), "{shown}");
    // A split view is an alarm all the same, and kept once there is room.
    assert_eq!(witness.ask(ONE.forked(1, 4).request(5, 5)).await.0, 422);
    assert_eq!((witness.handle.alarms(), rig.evidence("alarms").len()), (1, 0));
    rig.disk.full(false);
    assert_eq!(witness.ask(ONE.forked(1, 4).request(5, 5)).await.0, 422);
    assert_eq!((witness.handle.alarms(), rig.evidence("alarms").len()), (1, 1));
    assert_eq!(witness.ask(ONE.request(0, 9)).await, (409, "5\n".to_owned()));
    assert_eq!(witness.cosigns(ONE, 5, 9).await, START as u64 + 60);
    witness.stop().await;
}

#[tokio::test]
async fn a_clock_put_back_never_makes_a_smaller_time() {
    let rig = Rig::new();
    let start = START as u64;
    let witness = rig.start();
    assert_eq!(witness.cosigns(ONE, 0, 5).await, start);
    rig.set_clock(START - 300);
    assert_eq!(witness.cosigns(ONE, 5, 9).await, start);
    // Further back nothing is stated at all; a log without a time may be.
    rig.set_clock(START - 301);
    assert_eq!(witness.ask(ONE.request(9, 12)).await.0, 500);
    assert_eq!(witness.ask(ONE.request(9, 9)).await.0, 500);
    assert_eq!(witness.cosigns(TestLog::TWO, 0, 5).await, start - 301);
    witness.stop().await;
    // Nor after a restart.
    let witness = rig.start();
    assert_eq!(witness.ask(ONE.request(9, 12)).await.0, 500);
    rig.set_clock(START - 1);
    assert_eq!(witness.cosigns(ONE, 9, 12).await, start);
    rig.set_clock(START + 1);
    assert_eq!(witness.cosigns(ONE, 12, 12).await, start + 1);
    assert_eq!(witness.handle.failures(), 1);
    witness.stop().await;
}

#[tokio::test]
async fn a_clock_before_1970_signs_nothing() {
    let rig = Rig::new();
    rig.set_clock(-5);
    let witness = rig.start();
    assert_eq!(witness.ask(ONE.request(0, 5)).await.0, 500);
    rig.set_clock(START);
    witness.cosigns(ONE, 0, 5).await;
    witness.stop().await;
}

#[tokio::test]
async fn a_damaged_folder_starts_nothing() {
    let rig = Rig::new();
    let witness = rig.start();
    witness.cosigns(ONE, 0, 5).await;
    witness.cosigns(TestLog::TWO, 0, 7).await;
    witness.stop().await;
    let state = rig.dir.path().join("logs").join(origin_hash(ONE.origin));
    let marker = rig.dir.path().join("witness");
    let (good, other) = (
        fs::read(&state).unwrap(),
        fs::read(rig.dir.path().join("logs").join(origin_hash(TestLog::TWO.origin))).unwrap(),
    );
    let good_marker = fs::read(&marker).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let unsigned = ONE.checkpoint(5).to_string().into_bytes();
    let mut wrong: Vec<(String, Vec<u8>)> = vec![
        ("empty".to_owned(), vec![]),
        ("cut".to_owned(), good[..good.len() / 2].to_vec()),
        ("longer".to_owned(), [&good[..], b"x"].concat()),
        ("zeros".to_owned(), vec![0; good.len()]),
        ("another log's".to_owned(), other),
        ("not cosigned".to_owned(), unsigned),
        ("nothing, of another log".to_owned(), b"nothing cosigned yet\ntwo.example/log\n".to_vec()),
    ];
    // Every byte counts but where one signature line ends and the next begins.
    wrong.extend((0..good.len()).step_by(7).map(|at| (format!("byte {at}"), flipped(at))));
    for (what, bytes) in &wrong {
        fs::write(&state, bytes).unwrap();
        let refused = rig.open().err();
        assert!(
            matches!(&refused, Some(OpenError::Damaged { what }) if what == ONE.origin),
            "{what}: {refused:?}"
        );
        assert_eq!(&fs::read(&state).unwrap(), bytes, "{what}: left as it is, for whoever looks");
    }
    fs::remove_file(&state).unwrap();
    assert!(matches!(rig.open().err(), Some(OpenError::Damaged { what }) if what == ONE.origin));
    fs::write(&state, &good).unwrap();

    for (what, bytes) in [
        ("empty", &b""[..]),
        ("cut", &good_marker[..good_marker.len() - 1]),
        ("no text", b"\xff"),
        ("another's form", b"motlan-witness v2\nend\n"),
    ] {
        fs::write(&marker, bytes).unwrap();
        assert!(matches!(rig.open().err(), Some(OpenError::Damaged { what }) if what == "witness"), "{what}");
    }
    fs::write(&marker, &good_marker).unwrap();

    // The control: put back, it is the same witness as before.
    let witness = rig.start();
    assert_eq!(witness.ask(ONE.request(0, 9)).await, (409, "5\n".to_owned()));
    witness.cosigns(ONE, 5, 9).await;
    witness.stop().await;
}

#[tokio::test]
async fn no_witness_starts_from_nothing_by_itself() {
    let rig = Rig::new();
    let empty = tempfile::tempdir().unwrap();
    let mut options = rig.options();
    for folder in [empty.path().to_owned(), empty.path().join("missing")] {
        options.folder = folder;
        let opened = Witness::open(options.clone(), key(), rig.clock.clone());
        assert!(matches!(opened.err(), Some(OpenError::NoFolder)));
    }
    assert!(matches!(create_folder(rig.dir.path(), &public()), Err(OpenError::Exists)));
    // Not over what has lost its marker either.
    let witness = rig.start();
    witness.cosigns(ONE, 0, 5).await;
    witness.stop().await;
    let marker = rig.dir.path().join("witness");
    let kept = fs::read(&marker).unwrap();
    fs::remove_file(&marker).unwrap();
    assert!(matches!(rig.open().err(), Some(OpenError::NoFolder)));
    assert!(matches!(create_folder(rig.dir.path(), &public()), Err(OpenError::Exists)));
    fs::write(&marker, kept).unwrap();
    // Nor where all states are gone at once.
    fs::remove_dir_all(rig.dir.path().join("logs")).unwrap();
    assert!(matches!(rig.open().err(), Some(OpenError::Damaged { .. })));

    let other = motlan_audit_tree::CosigningKey::from_seed("witness.example/w2", &[8; 32]).unwrap();
    let opened = Witness::open(rig.options(), other, rig.clock.clone());
    assert!(matches!(opened.err(), Some(OpenError::OtherKey { owner }) if *owner == public()));
}

#[tokio::test]
async fn logs_come_and_go_and_come_back_as_they_were() {
    let mut rig = Rig::new();
    let step = async |rig: &Rig, asked: (TestLog, u64, u64), expected: u16| {
        let witness = rig.start();
        let (log, old, new) = asked;
        assert_eq!(witness.ask(log.request(old, new)).await.0, expected);
        witness.stop().await;
    };
    rig.logs = vec![ONE.trusted()];
    step(&rig, (ONE, 0, 5), 200).await;
    rig.logs = vec![TestLog::TWO.trusted()];
    step(&rig, (ONE, 5, 9), 404).await;
    step(&rig, (TestLog::TWO, 0, 9), 200).await;
    rig.logs = vec![ONE.trusted(), TestLog::TWO.trusted()];
    step(&rig, (ONE, 0, 5), 409).await;
    step(&rig, (ONE, 5, 9), 200).await;
    // A log's new key beside its old one; the old one alone no longer serves.
    let renewed = ONE.forged();
    rig.logs = vec![renewed.trusted()];
    assert!(matches!(rig.open().err(), Some(OpenError::Damaged { .. })));
    rig.logs = vec![ONE.trusted()];
    rig.logs[0].keys.extend(renewed.trusted().keys);
    step(&rig, (renewed, 9, 12), 200).await;
    rig.logs = vec![renewed.trusted()];
    step(&rig, (renewed, 12, 13), 200).await;
    step(&rig, (ONE, 13, 14), 403).await;
}

#[test]
fn options_that_make_no_witness_are_refused() {
    let mut rig = Rig::new();
    let one = ONE.trusted();
    let with = |change: &dyn Fn(&mut motlan_audit_tree::TrustedLog)| {
        let mut log = one.clone();
        change(&mut log);
        log
    };
    let cases = [
        ("none", vec![]),
        ("twice", vec![one.clone(), one.clone()]),
        ("no keys", vec![with(&|log| log.keys.clear())]),
        ("a witness's key", vec![with(&|log| log.keys.push(public()))]),
        ("no origin", vec![with(&|log| log.origin.clear())]),
        ("two lines", vec![with(&|log| log.origin.push_str("\nx"))]),
    ];
    for (what, logs) in cases {
        rig.logs = logs;
        assert!(matches!(rig.open().err(), Some(OpenError::Log { .. })), "{what}");
    }
    rig.logs = vec![one];
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = rig.options();
    options.listen = taken.local_addr().unwrap();
    let opened = Witness::open(options, key(), rig.clock.clone());
    assert!(matches!(opened.err(), Some(OpenError::Listen { .. })));
}
