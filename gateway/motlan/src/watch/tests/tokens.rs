//! Tokens that are over, half-written or wrong while proofs are asked for.

use super::*;

#[tokio::test]
async fn a_token_renewed_among_the_proofs_of_entries_serves_the_rest() {
    let watcher = Watcher::new();
    let sides = [node_hash(&leaf(0), &leaf(1)), node_hash(&leaf(2), &leaf(3))];
    let proof = |index: u64, side: usize| Ok(vec![leaf(index).to_vec(), sides[side].to_vec()]);
    let entries = (1..4).map(|index| wire::Entry { canonical: entry(index), ..Default::default() });
    let chunk =
        wire::WatchEntriesResponse { entries: entries.collect(), index_from: 1, index_to: 4, receipt: None };
    let said = Said {
        checkpoints: [note(4, node_hash(&sides[0], &sides[1]), 1)].into(),
        inclusion: [proof(0, 1), proof(3, 0), proof(2, 0)].into(),
        stream: [Ok(vec![Ok(chunk)])].into(),
        over: Some(("Bearer first", token_over())),
        ..Said::default()
    };
    let (said, endpoint) = gateway::serve(said).await;
    let mut args = watcher.args(&endpoint, &["--from", "1"]);
    args.limit = std::num::NonZeroUsize::new(3);
    let renewed = async {
        while said.lock().asked[1] < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::write(watcher.path("officer.jwt"), "second").unwrap();
    };
    let mut out = Vec::new();
    let (ended, ()) = tokio::join!(watch(&args, PACE, &mut out), renewed);
    let out = String::from_utf8(out).unwrap();
    assert!(matches!(ended, Ok(Exit::Ok)), "{ended:?} {out}");
    assert_eq!(out.lines().count(), 3, "each once");
    assert_eq!(said.lock().proof_tokens, ["Bearer first", "Bearer second"], "and the first never again");
}
