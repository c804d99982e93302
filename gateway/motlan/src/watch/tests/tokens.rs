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
    let renewed = watcher.renews(|| said.lock().asked[1] > 0);
    let mut out = Vec::new();
    let (ended, ()) = tokio::join!(watch(&args, PACE, &mut out), renewed);
    let out = String::from_utf8(out).unwrap();
    assert!(matches!(ended, Ok(Exit::Ok)), "{ended:?} {out}");
    assert_eq!(out.lines().count(), 3, "each once");
    assert_eq!(said.lock().proof_tokens, ["Bearer first", "Bearer second"], "and the first never again");
}

#[tokio::test]
async fn a_refused_token_withholds_no_proof() {
    for refused in [token_over(), Status::unauthenticated("half a token")] {
        for consistency in [true, false] {
            let said = |shut| {
                let refused = VecDeque::from([Err(refused.clone())]);
                let said = Said { shut, ..honest() };
                if consistency {
                    Said { consistency: refused, ..said }
                } else {
                    Said { inclusion: refused, ..said }
                }
            };
            // Only for the proof: it is withheld, whatever the refusal says.
            for shut in [None, Some(Status::unavailable("later")), Some(Status::permission_denied("no"))] {
                let watcher = Watcher::new();
                let (said, endpoint) = gateway::serve(said(shut)).await;
                watcher.watches(&endpoint, &[]).await.is_alarm("was withheld");
                assert!(said.lock().asked[1] >= 3, "not at once");
            }
            // For everything: it is the token.
            let watcher = Watcher::new();
            let (said, endpoint) = gateway::serve(said(Some(refused.clone()))).await;
            watcher.watches(&endpoint, &[]).await.is_none("no alarm");
            assert_eq!(said.lock().asked[0], 3, "waited for once");
            assert!(said.lock().asked[1] >= 3 && !watcher.path("state.alarm").exists());
        }
    }
}

#[tokio::test]
async fn half_a_token_is_read_again() {
    let watcher = Watcher::new();
    let half = Status::unauthenticated("half a token");
    let stream = [Err(half.clone())].into_iter().chain(honest().stream).collect();
    let inclusion = [Err(half.clone())].into_iter().chain(honest().inclusion).collect();
    let consistency = [Err(half)].into_iter().chain(honest().consistency).collect();
    let (_, endpoint) = gateway::serve(Said { consistency, inclusion, stream, ..honest() }).await;
    let ran = watcher.watches(&endpoint, &[]).await;
    assert!(matches!(ran.ended, Ok(Exit::Ok)), "{:?} {}", ran.ended, ran.out);
}
