//! One request for a token serves all who wait, each for as long as it can.

use std::sync::Arc;
use std::time::Duration;

use motlan_api::FetchError;
use motlan_domain::{ManualClock, Reason};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{TOKEN, basic};
use crate::bearer::{Bearer, TokenConfig};
use crate::far::{FarEnd, Gate, Play, answer, ask, clock, held, json, shared};
use crate::{Call, Http, HttpConfig, Media};

/// What a question has that is in no hurry.
const LONG: Duration = Duration::from_secs(10);
/// How many wait at once.
const MANY: usize = 8;

struct Rig {
    far: FarEnd,
    http: Arc<Http>,
    bearer: Bearer,
    clock: Arc<ManualClock>,
}

// === impl Rig ===

impl Rig {
    async fn start(script: Vec<Play>, deadline: Duration) -> Arc<Self> {
        let far = FarEnd::start(script).await;
        let deadline_ms = u64::try_from(deadline.as_millis()).unwrap();
        let config = HttpConfig { deadline_ms, ..far.config() };
        let clock = clock();
        let http = Arc::new(Http::new(config, shared(&clock)).unwrap());
        let bearer = Bearer::new(&TokenConfig::new(basic()), Arc::clone(&http)).unwrap();
        Arc::new(Self { far, http, bearer, clock })
    }

    /// One question, with so much time.
    async fn ask(&self, time: Duration) -> Result<(), FetchError> {
        let mut ask = ask();
        ask.deadline = time;
        let session = self.http.session(&ask);
        let call = || Call::get(self.http.url("/data"), Media::Json);
        self.bearer.send(&session, call).await.map(|_| ())
    }

    /// Many questions at once; the gate opens once all wait.
    async fn ask_at_once(self: &Arc<Self>, gate: &Gate) -> Vec<Result<(), FetchError>> {
        let mut asked = JoinSet::new();
        for _ in 0..MANY {
            let rig = Arc::clone(self);
            asked.spawn(async move { rig.ask(LONG).await });
        }
        // All run on this thread: each has been polled once.
        tokio::task::yield_now().await;
        gate.open();
        asked.join_all().await
    }

    /// Requests for tokens, and for data.
    fn requests(&self) -> (usize, usize) {
        let requests = self.far.requests();
        let tokens = requests.iter().filter(|request| request.starts_with("POST /token")).count();
        (tokens, requests.len() - tokens)
    }
}

fn token(expires_in: u64) -> Play {
    json(&format!("{{\"access_token\":\"t0ken\",\"expires_in\":{expires_in}}}"))
}

#[tokio::test]
async fn who_has_little_time_left_takes_nobody_elses() {
    let gate = Gate::closed();
    let rig = Rig::start(vec![held(&gate, json(TOKEN)), json("{}")], LONG).await;
    let short = async {
        let told = rig.ask(Duration::from_millis(100)).await;
        gate.open();
        told
    };
    let (short, long) = tokio::join!(short, rig.ask(LONG));
    assert_eq!(short.unwrap_err().reason(), Reason::SourceTimeout);
    assert!(long.is_ok(), "{long:?}");
    assert_eq!(rig.requests(), (1, 1), "the request went on without the one that began it");
}

#[tokio::test]
async fn a_request_outlives_the_question_that_began_it() {
    let gate = Gate::closed();
    let rig = Rig::start(vec![held(&gate, json(TOKEN)), json("{}")], LONG).await;
    assert!(timeout(Duration::from_millis(50), rig.ask(LONG)).await.is_err(), "hangs up");
    gate.open();
    assert!(rig.ask(LONG).await.is_ok());
    assert_eq!(rig.requests(), (1, 1));
}

#[tokio::test]
async fn who_joined_a_request_that_ran_out_of_time_asks_once_more() {
    let never = Gate::closed();
    let whole = Duration::from_millis(600);
    let rig = Rig::start(vec![held(&never, json(TOKEN)), json(TOKEN), json("{}")], whole).await;
    let began = async { rig.ask(LONG).await };
    let joined = async {
        // Half of its time is gone when the others come.
        let gone = timeout(whole / 2, std::future::pending::<()>()).await;
        assert!(gone.is_err());
        rig.ask_at_once(&Gate::closed()).await
    };
    let (began, joined) = tokio::join!(began, joined);
    assert_eq!(began.unwrap_err().reason(), Reason::SourceTimeout);
    assert_eq!(joined.iter().filter(|told| told.is_ok()).count(), MANY, "{joined:?}");
    assert_eq!(rig.requests(), (2, MANY), "one for all of them");
}

#[tokio::test]
async fn a_token_that_lives_for_no_time_serves_those_who_waited_for_it() {
    let gate = Gate::closed();
    let mut script = vec![held(&gate, token(0))];
    script.extend((0..MANY).map(|_| json("{}")));
    script.extend([token(0), json("{}")]);
    let rig = Rig::start(script, LONG).await;
    let told = rig.ask_at_once(&gate).await;
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), MANY, "{told:?}");
    assert_eq!(rig.requests(), (1, MANY));
    assert!(rig.ask(LONG).await.is_ok());
    assert_eq!(rig.requests(), (2, MANY + 1), "and nobody later");
}

#[tokio::test]
async fn a_token_that_lives_shorter_than_the_skew_serves_for_half_its_life() {
    let script = vec![token(20), json("{}"), json("{}"), json("{}"), token(20), json("{}")];
    let rig = Rig::start(script, LONG).await;
    for (seconds, tokens) in [(0, 1), (0, 1), (9, 1), (1, 2)] {
        rig.clock.advance(Duration::from_secs(seconds));
        assert!(rig.ask(LONG).await.is_ok());
        assert_eq!(rig.requests().0, tokens);
    }
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_and_is_the_exchange_of_one() {
    let gate = Gate::closed();
    let rig = Rig::start(vec![held(&gate, answer("500 No", "", ""))], LONG).await;
    let told = rig.ask_at_once(&gate).await;
    let errors: Vec<FetchError> = told.into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), MANY);
    assert!(errors.iter().all(|error| error.reason() == Reason::SourceError), "{errors:?}");
    let exchanged = errors.iter().filter(|error| !error.upstream_ids().is_empty()).count();
    assert_eq!((exchanged, rig.requests()), (1, (1, 0)));
}
