//! Tokens: reused until they expire, renewed once when refused, one request
//! for all who wait.

use std::time::Duration;

use futures::future::join_all;

use super::{Expected, Fault, Run, Wire, fresh};
use crate::Reply;

/// Longer than any token lives.
const BEYOND_EXPIRY: Duration = Duration::from_hours(2);

pub(super) async fn check(run: &mut Run<'_>) {
    if run.far.wire() == Wire::Xml {
        let asked = run.far.token_calls();
        run.check(asked == 0, || "a token was asked for where there are none".to_owned());
        return;
    }
    let Some(index) = run.cases.iter().position(|case| case.expected == Expected::Found) else { return };
    run.answers_as_expected(index, "before counting tokens").await;

    let before = run.far.token_calls();
    for _ in 0..5 {
        run.answers_as_expected(index, "with the token at hand").await;
    }
    let asked = run.far.token_calls() - before;
    run.check(asked == 0, || format!("{asked} tokens for questions within the validity of one"));

    run.far.script(&Fault::ExpiredToken, Some(1));
    run.answers_as_expected(index, "with an expired token").await;
    run.far.clear();
    let asked = run.far.token_calls() - before;
    run.check(asked == 1, || format!("{asked} tokens after one was refused"));

    run.far.advance(BEYOND_EXPIRY);
    let before = run.far.token_calls();
    // As many at once as may be under way.
    let asks = [fresh(&run.cases[index].ask), fresh(&run.cases[index].ask)];
    let replies = join_all(asks.iter().map(|ask| run.far.adapter().ask(ask))).await;
    let whole = replies.iter().all(|reply| matches!(reply, Ok(Reply::Records(_))));
    run.check(whole, || "questions at once after the token ran out failed".to_owned());
    let asked = run.far.token_calls() - before;
    run.check(asked == 1, || format!("{asked} tokens for questions at once"));
}
