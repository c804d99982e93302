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
        let (_, endpoint) = gateway::serve(saying(&[next.clone()], vec![statement(1, 2)])).await;
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
