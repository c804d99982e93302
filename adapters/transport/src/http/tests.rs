//! What one guarded call does, against a far end that answers byte for byte.

use std::time::Duration;

use http::HeaderValue;
use motlan_api::{FetchError, MalformedCause};
use motlan_domain::Reason;
use tokio::time::Instant;

use super::Http;
use crate::far::{FarEnd, Play, answer, ask, clock, json, shared};
use crate::{Answer, BreakerConfig, Call, HttpConfig, Media};

async fn send(http: &Http, call: Call) -> Result<Answer, FetchError> {
    let ask = ask();
    http.session(&ask).send(call).await
}

fn open(config: HttpConfig) -> Http {
    Http::new(config, shared(&clock())).unwrap()
}

fn get(http: &Http) -> Call {
    Call::get(http.url("/x"), Media::Json)
}

#[tokio::test]
async fn only_a_repeatable_call_is_repeated_after_a_broken_connection() {
    for (repeatable, connections) in [(true, 2), (false, 1)] {
        let far = FarEnd::start(vec![Play::Close, json("{}")]).await;
        let http = open(far.config());
        let call = if repeatable { get(&http) } else { get(&http).only_once() };
        let reply = send(&http, call).await;
        assert_eq!(reply.is_ok(), repeatable);
        if let Err(error) = reply {
            assert_eq!(error.reason(), Reason::SourceUnreachable);
        }
        assert_eq!(far.connections(), connections);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_from_an_answer_against_the_contract() {
    type Told = Result<&'static str, (Reason, Option<MalformedCause>)>;
    let whole = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let lost = Err((Reason::SourceUnreachable, None));
    let broken = Err((Reason::SourceMalformed, Some(MalformedCause::Protocol)));
    let sent = |text: &str| Play::Send(format!("{whole}{text}"));
    let cases: Vec<(&str, Play, Told)> = vec![
        ("reset in the body", Play::Reset(format!("{whole}content-length: 9\r\n\r\n{{\"a\"")), lost),
        ("reset in the head", Play::Reset("HTTP/1.1 200".to_owned()), lost),
        ("end within the length", sent("content-length: 9\r\n\r\n{\"a\""), lost),
        ("end between chunks", sent("transfer-encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n"), lost),
        ("end within a chunk", sent("transfer-encoding: chunked\r\n\r\n9\r\n{\"a\""), lost),
        ("end within the head", Play::Send("HTTP/1.1 200 OK\r\nconten".to_owned()), lost),
        ("end before the head", Play::Send(String::new()), lost),
        ("a chunk of no size", sent("transfer-encoding: chunked\r\n\r\nxyz\r\n{\"a\""), broken),
        ("no HTTP", Play::Send("SSH-2.0-OpenSSH_9.9\r\n\r\n".to_owned()), broken),
        ("two lengths", sent("content-length: 1\r\ncontent-length: 2\r\n\r\n{}"), broken),
        // Whole messages: what is cut off here is the content, which is for
        // the decoder to find.
        ("a short document", sent("content-length: 4\r\n\r\n{\"a\""), Ok("{\"a\"")),
        ("until the end", sent("connection: close\r\n\r\n{\"a\""), Ok("{\"a\"")),
    ];
    for (what, play, expected) in cases {
        let far = FarEnd::start(vec![play]).await;
        let http = open(far.config());
        let reply = send(&http, get(&http)).await;
        if let Err(error) = &reply {
            assert!(!error.upstream_ids().is_empty(), "{what}: which exchange?");
        }
        let told = reply.map(|answer| answer.body).map_err(|error| (error.reason(), error.cause()));
        assert_eq!(told, expected.map(|body| body.as_bytes().into()), "{what}");
        // A broken connection is no word of the registry: it is asked again.
        let asked = if expected == lost { 2 } else { 1 };
        assert_eq!(far.connections(), asked, "{what}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_if_that_does_no_harm() {
    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"a\"";
    for (repeatable, connections) in [(true, 2), (false, 1)] {
        let far = FarEnd::start(vec![Play::Reset(half.to_owned()), json("{}")]).await;
        let http = open(far.config());
        let call = if repeatable { get(&http) } else { get(&http).only_once() };
        assert_eq!(send(&http, call).await.is_ok(), repeatable);
        assert_eq!(far.connections(), connections);
    }
}

#[tokio::test]
async fn the_registry_is_told_the_trace_of_the_question_unless_that_is_switched_off() {
    for told in [true, false] {
        let far = FarEnd::start(vec![json("{}")]).await;
        let http = open(HttpConfig { trace_context: told, ..far.config() });
        assert!(send(&http, get(&http)).await.is_ok());
        let requests = far.requests();
        let expected = format!("traceparent: {}", ask().trace.traceparent());
        assert_eq!(requests[0].to_lowercase().contains(&expected), told, "{}", requests[0]);
        assert_eq!(requests[0].to_lowercase().contains("trace"), told, "{}", requests[0]);
    }
}

#[tokio::test]
async fn repeats_end_when_the_budget_is_spent() {
    let far = FarEnd::start(vec![Play::Close]).await;
    let mut config = far.config();
    config.breaker = BreakerConfig { failures: 1_000, open_ms: 1_000 };
    let http = open(config);
    for _ in 0..40 {
        assert!(send(&http, get(&http)).await.is_err());
    }
    // Forty first attempts earn four repeats, on top of the ten saved up.
    assert!((50..=54).contains(&far.connections()), "{} connections", far.connections());
}

#[tokio::test]
async fn an_endless_answer_ends_at_the_deadline() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{";
    for play in [Play::Drip(head.to_owned()), Play::Drip("HTTP/1.1 200 OK\r\nx-slow: ".to_owned())] {
        let far = FarEnd::start(vec![play]).await;
        let http = open(far.config());
        let began = Instant::now();
        let error = send(&http, get(&http)).await.err().unwrap();
        assert_eq!(error.reason(), Reason::SourceTimeout);
        assert!(began.elapsed() < Duration::from_millis(650), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn no_cookie_is_kept_and_nothing_is_decompressed() {
    let packed = "content-type: application/json\r\nset-cookie: a=b; path=/\r\ncontent-encoding: gzip\r\n";
    let far = FarEnd::start(vec![answer("200 OK", packed, "raw")]).await;
    let http = open(far.config());
    for _ in 0..2 {
        assert_eq!(send(&http, get(&http)).await.unwrap().body.as_ref(), b"raw");
    }
    let requests = far.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let request = request.to_ascii_lowercase();
        assert!(request.contains("x-road-id: q1"), "negative control");
        assert!(!request.contains("cookie") && !request.contains("accept-encoding"), "{request}");
    }
}

#[tokio::test]
async fn failures_open_the_breaker_and_a_probe_closes_it() {
    let far = FarEnd::start(vec![answer("500 No", "", ""), answer("503 No", "", ""), json("{}")]).await;
    let mut config = far.config();
    config.breaker = BreakerConfig { failures: 2, open_ms: 3_000 };
    let clock = clock();
    let http = Http::new(config, shared(&clock)).unwrap();
    for _ in 0..2 {
        assert_eq!(send(&http, get(&http)).await.err().unwrap().reason(), Reason::SourceError);
    }
    let error = send(&http, get(&http)).await.err().unwrap();
    assert_eq!(error.reason(), Reason::SourceSuspended);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    assert!(error.upstream_ids().is_empty(), "nothing was exchanged");
    assert_eq!(far.connections(), 2);
    clock.advance(Duration::from_secs(3));
    for _ in 0..2 {
        assert!(send(&http, get(&http)).await.is_ok());
    }
}

#[tokio::test]
async fn a_question_of_two_calls_at_once_closes_the_breaker() {
    let far = FarEnd::start(vec![answer("500 No", "", ""), json("{}")]).await;
    let mut config = far.config();
    config.breaker = BreakerConfig { failures: 1, open_ms: 3_000 };
    let clock = clock();
    let http = Http::new(config, shared(&clock)).unwrap();
    assert!(send(&http, get(&http)).await.is_err());
    clock.advance(Duration::from_secs(3));
    let ask = ask();
    let session = http.session(&ask);
    let both = tokio::join!(session.send(get(&http)), session.send(get(&http)));
    assert!(both.0.is_ok() && both.1.is_ok(), "{:?} {:?}", both.0.err(), both.1.err());
    assert!(send(&http, get(&http)).await.is_ok());
}

#[tokio::test]
async fn the_quota_and_the_time_left_are_looked_at_before_anything_is_sent() {
    let far = FarEnd::start(vec![json("{}")]).await;
    let http = open(HttpConfig { quota_per_minute: Some(2), ..far.config() });
    let mut late = ask();
    late.deadline = Duration::ZERO;
    let error = http.session(&late).send(get(&http)).await.err().unwrap();
    assert_eq!((error.reason(), far.connections()), (Reason::SourceTimeout, 0));
    assert!(send(&http, get(&http)).await.is_ok() && send(&http, get(&http)).await.is_ok());
    let error = send(&http, get(&http)).await.err().unwrap();
    assert_eq!(
        (error.reason(), error.retry_after()),
        (Reason::SourceThrottled, Some(Duration::from_secs(30)))
    );
    assert_eq!(far.connections(), 2);
}

/// A place where log lines end up.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<parking_lot::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_holds_anything_of_the_request_or_the_answer() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let far = FarEnd::start(vec![json("{\"hoTen\":\"Nguyen Van An\"}")]).await;
    let http = open(far.config());
    let mut url = http.url("/x");
    url.query_pairs_mut().append_pair("id", "098090123456");
    let mut call = Call::post(url, "application/json", "{\"id\":\"098090123456\"}", Media::Json);
    call.secret_header(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer t0ken"));
    assert!(send(&http, call).await.is_ok());
    let text = String::from_utf8_lossy(&log.0.lock()).into_owned();
    assert!(text.contains("registry call") && text.contains("ANSWERED"), "negative control: {text}");
    for part in ["098090123456", "Nguyen", "t0ken"] {
        assert!(!text.contains(part), "{part} in: {text}");
    }
}

#[tokio::test]
async fn statuses_are_told_apart() {
    type Told = Result<(), (Reason, Option<u64>)>;
    let cases: &[(&str, &str, Told)] = &[
        ("200 OK", "content-type: application/json\r\n", Ok(())),
        ("200 OK", "content-type: text/html\r\n", Err((Reason::SourceMalformed, None))),
        ("200 OK", "", Err((Reason::SourceMalformed, None))),
        ("204 No", "", Err((Reason::SourceMalformed, None))),
        ("301 Moved", "location: /y\r\n", Err((Reason::SourceMalformed, None))),
        ("400 Bad", "content-type: application/json\r\n", Ok(())),
        ("400 Bad", "content-type: text/html\r\n", Err((Reason::SourceRefused, None))),
        ("403 No", "", Err((Reason::SourceRefused, None))),
        ("408 Slow", "", Err((Reason::SourceTimeout, None))),
        ("429 Many", "retry-after: 9\r\n", Err((Reason::SourceThrottled, Some(9)))),
        ("429 Many", "retry-after: soon\r\n", Err((Reason::SourceThrottled, None))),
        ("503 Later", "retry-after: Sat, 21 Nov 2026 02:00:30 GMT\r\n", Err((Reason::SourceError, Some(30)))),
        ("503 Later", "retry-after: Sat, 21 Nov 2026 01:00:30 GMT\r\n", Err((Reason::SourceError, None))),
        ("503 Later", "retry-after: 99999999\r\n", Err((Reason::SourceError, Some(3_600)))),
    ];
    for (status, headers, expected) in cases {
        let far = FarEnd::start(vec![answer(status, headers, "{}")]).await;
        let http = open(far.config());
        let reply = send(&http, get(&http)).await.map(|_| ());
        let told = reply.map_err(|error| (error.reason(), error.retry_after().map(|wait| wait.as_secs())));
        assert_eq!(told, *expected, "{status} {headers}");
        assert_eq!(far.connections(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_error_holds_nothing_of_the_request() {
    let far = FarEnd::start(vec![Play::Close]).await;
    let mut config = far.config();
    config.base_url.set_path("/secret-prefix");
    let http = open(config);
    let mut url = http.url("/x");
    url.query_pairs_mut().append_pair("id", "098090123456");
    let call = Call::post(url, "application/json", "{\"id\":\"098090123456\"}", Media::Json);
    let error = send(&http, call).await.err().unwrap();
    let text = format!("{error} {error:?}");
    assert!(text.contains("SourceUnreachable"), "negative control: {text}");
    for part in ["098090123456", "secret-prefix", "127.0.0.1"] {
        assert!(!text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn an_answer_as_long_as_the_limit_is_read_and_one_byte_more_is_not() {
    for (length, fits) in [(1_000, true), (1_001, false)] {
        let far = FarEnd::start(vec![json(&" ".repeat(length))]).await;
        let http = open(HttpConfig { max_body_bytes: 1_000, ..far.config() });
        let reply = send(&http, get(&http)).await;
        assert_eq!(reply.is_ok(), fits);
        if let Err(error) = reply {
            assert!(matches!(error, FetchError::Malformed { cause: MalformedCause::TooLarge, .. }));
        }
    }
}

#[test]
fn addresses_are_joined_below_the_base() {
    let base = "http://127.0.0.1:9/prefix/".parse().unwrap();
    let http = open(HttpConfig::new(base));
    assert_eq!(http.url("/a/b").as_str(), "http://127.0.0.1:9/prefix/a/b");
    assert_eq!(http.url("a b?x").as_str(), "http://127.0.0.1:9/prefix/a%20b%3Fx");
}

mod fair;
mod tls;
