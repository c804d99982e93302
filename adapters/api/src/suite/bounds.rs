//! Bounds: concurrency, the queue, and what a caller who hangs up leaves.

use std::time::Duration;

use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};
use motlan_domain::Reason;
use tokio::time::{Instant, timeout};

use super::{Expected, Fault, OVERRUN, Run, describe, fresh};
use crate::FetchError;

pub(super) async fn check(run: &mut Run<'_>) {
    let Some(index) = run.cases.iter().position(|case| case.expected == Expected::Found) else { return };
    run.answers_as_expected(index, "before the bounds").await;
    at_most_so_many(run, index).await;
    a_shorter_deadline_wins(run, index).await;
    hanging_up_gives_the_turn_back(run, index).await;
}

/// More questions than turns, at a registry that hangs: the surplus is told
/// `SOURCE_BUSY`, and no more calls than turns ever arrive.
async fn at_most_so_many(run: &mut Run<'_>, index: usize) {
    let limits = run.far.limits();
    let before = run.far.data_calls();
    run.far.script(&Fault::Hang, None);
    let surplus = usize::try_from(limits.max_concurrent * 3).unwrap_or(usize::MAX);
    let asks: Vec<_> = (0..surplus).map(|_| fresh(&run.cases[index].ask)).collect();
    let began = Instant::now();
    let replies = join_all(asks.iter().map(|ask| run.far.adapter().ask(ask))).await;
    let took = began.elapsed();
    run.far.clear();
    let arrived = run.far.data_calls() - before;
    run.check(arrived == limits.max_concurrent, || format!("{arrived} calls under way at once"));
    run.check(took <= limits.deadline + OVERRUN, || format!("questions at once took {took:?}"));
    let mut busy = 0;
    for reply in &replies {
        let reason = reply.as_ref().err().map(FetchError::reason);
        busy += u32::from(reason == Some(Reason::SourceBusy));
        let fits = matches!(reason, Some(Reason::SourceBusy | Reason::SourceTimeout));
        run.check(fits, || format!("questions at once: {}", describe(reply)));
    }
    run.check(busy > 0, || "no question was told that the registry is busy".to_owned());
    run.answers_as_expected(index, "after the surplus").await;
}

/// A question with less time than the configuration gives ends at its own.
async fn a_shorter_deadline_wins(run: &mut Run<'_>, index: usize) {
    let short = run.far.limits().deadline / 3;
    let mut ask = fresh(&run.cases[index].ask);
    ask.deadline = short;
    run.far.script(&Fault::Hang, None);
    let began = Instant::now();
    let reply = run.far.adapter().ask(&ask).await;
    let took = began.elapsed();
    run.far.clear();
    run.check(took <= short + OVERRUN, || format!("a question with {short:?} left took {took:?}"));
    let reason = reply.as_ref().err().map(FetchError::reason);
    run.check(reason == Some(Reason::SourceTimeout), || format!("short of time: {}", describe(&reply)));
}

/// Calls are abandoned while they hang; the turns they had serve at once.
async fn hanging_up_gives_the_turn_back(run: &mut Run<'_>, index: usize) {
    let limits = run.far.limits();
    let before = run.far.data_calls();
    run.far.script(&Fault::Hang, None);
    let count = usize::try_from(limits.max_concurrent).unwrap_or(usize::MAX);
    let asks: Vec<_> = (0..count).map(|_| fresh(&run.cases[index].ask)).collect();
    let mut under_way: FuturesUnordered<_> = asks.iter().map(|ask| run.far.adapter().ask(ask)).collect();
    // Until every turn is taken at the far end, or time runs out.
    while run.far.data_calls() - before < limits.max_concurrent {
        if timeout(Duration::from_millis(5), under_way.next()).await.is_ok() {
            break;
        }
    }
    let arrived = run.far.data_calls() - before;
    drop(under_way);
    run.far.clear();
    run.check(arrived == limits.max_concurrent, || format!("{arrived} calls hang"));
    run.answers_as_expected(index, "after others hung up").await;
}
