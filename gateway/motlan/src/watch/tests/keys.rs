//! What signed a checkpoint, and whether it may still.

use super::*;

/// A gateway that says these one after the other, and proves what grew.
fn saying(checkpoints: &[String], rotations: Vec<String>) -> Said {
    Said { checkpoints: checkpoints.iter().cloned().collect(), rotations, ..honest() }
}

#[tokio::test]
async fn the_same_head_by_a_replaced_key_alone_opens_no_way_back() {
    let said = [head(1, 2), head(1, 1), head(2, 1)];
    let watcher = Watcher::new();
    let (_, endpoint) = gateway::serve(saying(&said, vec![statement(1, 2)])).await;
    let ran = watcher.watches(&endpoint, &[]).await;
    ran.is_alarm("a key alone that another one had followed");
    assert_eq!(watcher.kept(), [head(1, 2), head(1, 1)]);
    // Nor from the state, which holds on to the one of the key that followed.
    for next in [head(1, 1), head(2, 1)] {
        let (_, endpoint) = gateway::serve(saying(std::slice::from_ref(&next), vec![statement(1, 2)])).await;
        watcher.watches(&endpoint, &[]).await.is_alarm("a key alone that another one had followed");
        assert_eq!(watcher.kept(), [head(1, 2), next]);
    }
}

#[tokio::test]
async fn a_key_of_unknown_order_puts_no_other_one_out_of_mind() {
    let watcher = Watcher::new();
    let other = key(7).verifier_key().to_string();
    // Whether the seventh key is older nobody said; that the first one is, somebody did.
    let said = [head(1, 2), head(1, 7), head(2, 1)];
    let said = Said { stream: [Ok(vec![])].into(), ..saying(&said, vec![statement(1, 2)]) };
    let (_, endpoint) = gateway::serve(said).await;
    let ran = watcher.watches(&endpoint, &["--key", &other]).await;
    ran.is_alarm("a key alone that another one had followed");
    assert_eq!(watcher.kept(), [head(1, 2), head(2, 1)]);
}

#[tokio::test]
async fn a_key_that_came_back_raises_none() {
    let back = vec![statement(1, 2), statement(2, 1)];
    for said in [[head(1, 1), head(2, 1)], [head(1, 2), head(2, 1)]] {
        let watcher = Watcher::new();
        let (_, endpoint) = gateway::serve(saying(&said, back.clone())).await;
        let ran = watcher.watches(&endpoint, &[]).await;
        assert!(matches!(ran.ended, Ok(Exit::Ok)), "{:?} {}", ran.ended, ran.out);
    }
}

/// A published log of the first key alone.
fn published(watcher: &Watcher) -> PathBuf {
    let log = watcher.path("log");
    std::fs::create_dir_all(log.join("keys")).unwrap();
    std::fs::write(log.join("checkpoint"), head(1, 1)).unwrap();
    log
}

#[tokio::test]
async fn an_unknown_key_is_an_alarm_where_the_published_log_stays_away() {
    let (good, forged) = (head(1, 1), head(2, 9));
    let unavailable = || Err(Status::unavailable("later"));
    for (last, stream) in [
        (forged.clone(), unavailable()),
        // Neither a gateway that goes back to what was taken, nor one that does not answer, settles it.
        (good.clone(), unavailable()),
        (good.clone(), Ok(vec![])),
    ] {
        let watcher = Watcher::new();
        let log = published(&watcher);
        let mut said = vec![good.clone(); 6];
        said.extend([forged.clone(), last]);
        let mut streams: VecDeque<_> = std::iter::repeat_with(unavailable).take(8).collect();
        streams.push_back(stream);
        let (said, endpoint) = gateway::serve(Said { stream: streams, ..saying(&said, vec![]) }).await;
        let args = watcher.args(&endpoint, &["--log", &log.display().to_string()]);
        let gone = async {
            while said.lock().asked[0] < 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            std::fs::remove_file(log.join("checkpoint")).unwrap();
        };
        let mut out = Vec::new();
        let (ended, ()) = tokio::join!(watch(&args, PACE, &mut out), gone);
        let ran = Ran { ended, out: String::from_utf8(out).unwrap() };
        ran.is_alarm("nor by one that follows them");
        assert_eq!(watcher.kept(), [good.clone(), forged.clone()]);
        assert!(said.lock().asked[0] > 8, "not at once: {}", said.lock().asked[0]);
    }
}

#[tokio::test]
async fn invented_statements_are_an_alarm_to_whom_holds_something() {
    let invented: Vec<String> = (10..74).map(|old| statement(old, old + 1)).collect();
    let forged = || Said { checkpoints: [head(2, 74)].into(), rotations: invented.clone(), ..honest() };
    // While it watches.
    let watcher = Watcher::new();
    let said = [head(1, 1), head(2, 74)];
    let (gateway, endpoint) = gateway::serve(saying(&said, invented.clone())).await;
    watcher.watches(&endpoint, &[]).await.is_alarm("nor by one that follows them");
    assert_eq!(watcher.kept(), said);
    assert!(gateway.lock().asked[0] >= 3, "not at once");
    // And from the state.
    let (_, endpoint) = gateway::serve(forged()).await;
    watcher.watches(&endpoint, &[]).await.is_alarm("nor by one that follows them");
    assert_eq!(watcher.kept(), said);
    // At the first look, against what the log published.
    let watcher = Watcher::new();
    let log = published(&watcher).display().to_string();
    let (gateway, endpoint) = gateway::serve(forged()).await;
    watcher.watches(&endpoint, &["--log", &log]).await.is_alarm("nor by one that follows them");
    assert_eq!(gateway.lock().asked[0], 1, "at once");
    // Without one, nothing is known.
    let watcher = Watcher::new();
    let (_, endpoint) = gateway::serve(forged()).await;
    watcher.watches(&endpoint, &[]).await.is_none("give --log, or a newer --key");
}
