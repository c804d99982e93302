//! When a connection rests, and for how long.

use std::future::poll_fn;

use super::*;

/// How many turns are taken in that time by somebody who always wants one.
async fn turns(turns: &mut Turns, span: Duration) -> u32 {
    let end = Instant::now() + span;
    let mut taken = 0;
    while Instant::now() < end {
        poll_fn(|context| turns.poll(context)).await;
        taken += 1;
        // The clock of the test moves when everybody waits.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    taken
}

#[tokio::test(start_paused = true)]
async fn a_connection_rests_while_calls_are_refused_and_no_longer() {
    for pressed in [0, 1] {
        let both = [Pressure::new(), Pressure::new()];
        let mut of = Turns::new(Arc::clone(&both[0]), Arc::clone(&both[1]));
        let span = Duration::from_millis(80);
        assert!(turns(&mut of, span).await >= 40, "nobody is refused: every turn");
        both[pressed].refused();
        let seldom = turns(&mut of, span).await;
        assert!((8..=11).contains(&seldom), "{seldom}");
        tokio::time::sleep(LASTS).await;
        assert!(turns(&mut of, span).await >= 40, "it is over");
    }
}

#[tokio::test(start_paused = true)]
async fn others_are_not_pressed() {
    let (all, own, other) = (Pressure::new(), Pressure::new(), Pressure::new());
    own.refused();
    let mut of = Turns::new(all, other);
    assert!(turns(&mut of, Duration::from_millis(80)).await >= 40);
}
