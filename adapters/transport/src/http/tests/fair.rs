//! Which timeouts accuse the registry.

use super::*;

fn hanging(breaker_failures: u32, deadline_ms: u64, far: &FarEnd) -> Http {
    let breaker = BreakerConfig { failures: breaker_failures, open_ms: 3_000 };
    open(HttpConfig { deadline_ms, breaker, ..far.config() })
}

async fn hang() -> FarEnd {
    FarEnd::start(vec![Play::Drip("HTTP/1.1 200 OK\r\nx-slow: ".to_owned())]).await
}

/// Questions that are given less time than the registry's own deadline all
/// their life: else it would never be spared.
#[tokio::test]
async fn timeouts_count_where_questions_have_less_time_than_the_registry() {
    for (question, registry) in [(100, 5_000), (5_000, 100), (100, 100)] {
        let far = hang().await;
        let http = hanging(2, registry, &far);
        let mut ask = ask();
        ask.deadline = Duration::from_millis(question);
        let reasons = async || http.session(&ask).send(get(&http)).await.err().unwrap().reason();
        assert_eq!(reasons().await, Reason::SourceTimeout, "{question} of {registry}");
        assert_eq!(reasons().await, Reason::SourceTimeout, "{question} of {registry}");
        assert_eq!(reasons().await, Reason::SourceSuspended, "{question} of {registry}");
        assert_eq!(far.connections(), 2);
    }
}

#[tokio::test]
async fn a_call_that_its_question_left_little_time_for_accuses_nobody() {
    let far = hang().await;
    let http = hanging(1, 300, &far);
    let ask = ask();
    let session = http.session(&ask);
    // More than half of it goes to something else.
    tokio::time::sleep_until(session.deadline() - Duration::from_millis(100)).await;
    assert_eq!(session.send(get(&http)).await.err().unwrap().reason(), Reason::SourceTimeout);
    assert_eq!(send(&http, get(&http)).await.err().unwrap().reason(), Reason::SourceTimeout, "not suspended");
    assert_eq!(send(&http, get(&http)).await.err().unwrap().reason(), Reason::SourceSuspended);
}
