//! Every status of C2SP tlog-witness, over the socket.

use motlan_audit_tree::note::Algorithm;
use motlan_audit_tree::witness::{MAX_PROOF_HASHES, SIZE_CONTENT_TYPE};
use motlan_audit_tree::{AddCheckpoint, SignedCheckpoint, TreeHead};

use super::rig::{Rig, START, TestLog, key, public, time_of};
use crate::folder::origin_hash;

const ONE: TestLog = TestLog::ONE;

#[tokio::test]
async fn a_log_grows_and_each_answer_is_the_specification_s() {
    let rig = Rig::new();
    let witness = rig.start();
    let garbage = vec![[9; 32]];
    let huge = format!("{}{}", "x".repeat(300 * 1024), "\n\n");
    let long: String = ONE.request(5, 9).to_string().replacen(
        '\n',
        &format!("\n{}", "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n".repeat(MAX_PROOF_HASHES)),
        1,
    );
    let empty_with_root = ONE.signs(TreeHead { size: 0, root: [1; 32] });
    let unknown = ONE.named("unknown.example/log");
    // In this order: each one finds what those before have left.
    let steps: Vec<(&str, String, u16, &str)> = vec![
        ("the size is asked for, and is 0", ONE.request_with(3, vec![], 5).to_string(), 409, "0\n"),
        (
            "empty tree with a root",
            AddCheckpoint::new(0, vec![], &empty_with_root).unwrap().to_string(),
            422,
            "",
        ),
        ("proof from nothing", ONE.request_with(0, garbage.clone(), 5).to_string(), 422, ""),
        ("the first", ONE.request(0, 5).to_string(), 200, ""),
        ("the same again", ONE.request(5, 5).to_string(), 200, ""),
        ("proof to the same", ONE.request_with(5, garbage.clone(), 5).to_string(), 422, ""),
        ("growth", ONE.request(5, 9).to_string(), 200, ""),
        ("the first again", ONE.request(0, 5).to_string(), 409, "9\n"),
        ("growth again", ONE.request(5, 9).to_string(), 409, "9\n"),
        ("rollback", ONE.request_with(9, vec![], 5).to_string(), 400, ""),
        ("wrong proof", ONE.request_with(9, garbage, 12).to_string(), 422, ""),
        ("no proof", ONE.request_with(9, vec![], 12).to_string(), 422, ""),
        ("fork", ONE.forked(1, 4).request(9, 9).to_string(), 422, ""),
        ("grown from the fork", ONE.forked(1, 4).request(9, 12).to_string(), 422, ""),
        ("unknown origin", unknown.request(0, 5).to_string(), 404, ""),
        ("not the log's signature", ONE.forged().request(9, 12).to_string(), 403, ""),
        ("a bad signature", broken_signature(&ONE.request(9, 12)), 403, ""),
        ("garbage", "garbage".to_owned(), 400, ""),
        ("nothing", String::new(), 400, ""),
        ("no note", "old 9\n\nx".to_owned(), 400, ""),
        ("too long a proof", long, 400, ""),
        ("too long a body", huge, 413, ""),
        ("after all that, growth", ONE.request(9, 12).to_string(), 200, ""),
        ("another log is another log", TestLog::TWO.request(0, 3).to_string(), 200, ""),
    ];
    for (what, body, status, expected) in steps {
        let answer = witness.post(body).await;
        assert_eq!(answer.status().as_u16(), status, "{what}");
        let content = answer.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        assert_eq!(content == SIZE_CONTENT_TYPE, status == 409, "{what}: {content}");
        let text = answer.text().await.unwrap();
        assert_eq!(text.starts_with("— witness.example/w1 "), status == 200, "{what}: {text}");
        if status == 409 {
            assert_eq!(text, expected, "{what}");
        }
    }
    assert_eq!(witness.handle.failures(), 0);
    witness.stop().await;
}

/// The request with its signature changed, still in the log's name.
fn broken_signature(request: &AddCheckpoint) -> String {
    let mut bytes = request.to_string().into_bytes();
    let at = bytes.len() - 8;
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_cosignature_is_the_witness_s_and_states_the_clock_s_time() {
    let rig = Rig::new();
    let witness = rig.start();
    assert_eq!(public().algorithm(), Algorithm::CosignatureV1);
    assert_eq!(witness.cosigns(ONE, 0, 5).await, START as u64);
    rig.set_clock(START + 17);
    assert_eq!(witness.cosigns(ONE, 5, 5).await, START as u64 + 17);
    assert_eq!(witness.cosigns(ONE, 5, 9).await, START as u64 + 17);
    witness.stop().await;
}

#[tokio::test]
async fn signatures_of_strangers_are_ignored_and_not_passed_on() {
    let rig = Rig::new();
    let witness = rig.start();
    let mut checkpoint = ONE.checkpoint(5);
    let stranger = motlan_audit_tree::CosigningKey::from_seed("x.example", &[3; 32]).unwrap();
    checkpoint.add(stranger.cosign(checkpoint.note(), 5).unwrap()).unwrap();
    let (status, body) = witness.ask(AddCheckpoint::new(0, vec![], &checkpoint).unwrap()).await;
    assert_eq!((status, time_of(ONE, 5, &body)), (200, START as u64));
    let (_, shown) = witness.get(&format!("{}/checkpoint", origin_hash(ONE.origin))).await;
    assert!(!shown.contains("x.example"), "{shown}");
    witness.stop().await;
}

#[tokio::test]
async fn monitors_are_shown_what_was_cosigned_last() {
    let rig = Rig::new();
    let witness = rig.start();
    let path = format!("{}/checkpoint", origin_hash(ONE.origin));
    assert_eq!(witness.get(&path).await.0, 404);
    for (old, new) in [(0, 5), (5, 9)] {
        let (_, cosignature) = witness.ask(ONE.request(old, new)).await;
        let shown = witness.get(&path).await;
        assert_eq!(shown, (200, format!("{}{cosignature}", ONE.checkpoint(new))));
        SignedCheckpoint::open(shown.1.as_bytes(), &ONE.trusted()).unwrap();
    }
    witness.ask(ONE.forked(1, 4).request(9, 9)).await;
    let (_, shown) = witness.get(&path).await;
    assert!(shown.starts_with(&ONE.checkpoint(9).to_string()), "{shown}");
    for wrong in [
        format!("{}/checkpoint", origin_hash("unknown.example/log")),
        format!("{}/checkpoint", origin_hash(ONE.origin).to_uppercase()),
        format!("{}/checkpoint", origin_hash(TestLog::TWO.origin)),
        "checkpoint".to_owned(),
    ] {
        assert_eq!(witness.get(&wrong).await.0, 404, "{wrong}");
    }
    assert_eq!(witness.get("add-checkpoint").await.0, 405);
    witness.stop().await;
}

#[tokio::test]
async fn a_split_view_is_an_alarm_with_both_notes_as_evidence() {
    let rig = Rig::new();
    let witness = rig.start();
    let fork = ONE.forked(1, 4);
    witness.cosigns(ONE, 0, 9).await;
    let before = witness.get("healthz").await;
    assert_eq!(before, (200, "ok\nlogs 2\nalarms 0\nsuspects 0\nfailures 0\n".to_owned()));
    // Also where the log is told something else first, and once however often.
    for (old, status) in [(9, 422), (5, 409), (9, 422)] {
        assert_eq!(witness.ask(fork.request_with(old, vec![], 9)).await.0, status);
    }
    assert_eq!((witness.handle.alarms(), witness.handle.suspects()), (1, 0));
    let names = rig.evidence("alarms");
    let [name] = &names[..] else { panic!("one piece of evidence: {names:?}") };
    assert!(name.starts_with(&format!("{}-9-", origin_hash(ONE.origin))), "{name}");
    let note = |which: &str| std::fs::read(rig.dir.path().join("alarms").join(name).join(which)).unwrap();
    let sent = SignedCheckpoint::open(&note("sent"), &ONE.trusted()).unwrap();
    let seen = SignedCheckpoint::open(&note("seen"), &ONE.trusted()).unwrap();
    assert_eq!((sent.head(), seen.head()), (fork.head(9), ONE.head(9)));
    assert_ne!(sent.head().root, seen.head().root);
    seen.cosigned_by(&[key().verifier_key().clone()]).unwrap();

    // What proves nothing is kept apart.
    assert_eq!(witness.ask(fork.request(9, 12)).await.0, 422);
    assert_eq!((witness.handle.alarms(), witness.handle.suspects()), (1, 1));
    assert_eq!(rig.evidence("suspects").len(), 1);

    // An alarm outlives the process, and the log may go on from what was seen.
    witness.stop().await;
    let witness = rig.start();
    let after = witness.get("healthz").await;
    assert_eq!(after, (200, "ok\nlogs 2\nalarms 1\nsuspects 1\nfailures 0\n".to_owned()));
    assert_eq!(witness.ask(fork.request(9, 9)).await.0, 422);
    assert_eq!((witness.handle.alarms(), rig.evidence("alarms").len()), (1, 1));
    witness.cosigns(ONE, 9, 12).await;
    witness.stop().await;
}
