//! The two ways of asking: as fast as answers come, and at a fixed rate.
//!
//! **Invariant**: every answer is judged; the first wrong one ends the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use motlan::clock::SystemClock;
use motlan_domain::Clock as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::ask::Question;
use crate::check::Place;
use crate::client::Line;
use crate::pace::Beat;
use crate::stats::percentile;

/// How finely a fixed rate is kept.
const BEAT: Duration = Duration::from_micros(100);

/// One place in so many is kept whole, to be looked up in the log.
const SAMPLE: usize = 1009;

/// What a run of questions came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// From the intended sending to the last byte, nanoseconds.
    nanos: Vec<u64>,
    /// Where the answers stand in the log.
    pub(crate) indices: Vec<u64>,
    /// Some of them, with their hash.
    pub(crate) sample: Vec<Place>,
    /// From the first question to the last answer.
    pub(crate) took: Duration,
}

/// What every asker needs.
#[derive(Clone)]
struct Asking {
    clock: SystemClock,
    questions: Arc<[Question]>,
}

// === impl Tally ===

impl Tally {
    /// How many answers.
    pub(crate) fn answers(&self) -> usize {
        self.nanos.len()
    }

    /// Milliseconds that `percent` of the answers took at most.
    pub(crate) fn millis(&mut self, percent: f64) -> f64 {
        percentile(&mut self.nanos, percent) as f64 / 1e6
    }

    /// Notes an answer and where it stands.
    pub(crate) fn note(&mut self, took: Duration, places: &mut Vec<Place>) {
        self.nanos.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        for place in places.drain(..) {
            if self.indices.len().is_multiple_of(SAMPLE) {
                self.sample.push(place);
            }
            self.indices.push(place.index);
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.nanos.extend(other.nanos);
        self.indices.extend(other.indices);
        self.sample.extend(other.sample);
    }
}

// === impl Asking ===

impl Asking {
    async fn once(&self, line: &mut Line, turn: usize, places: &mut Vec<Place>) -> anyhow::Result<()> {
        let question = &self.questions[turn % self.questions.len()];
        let reply = line.call(question.message.clone()).await?;
        Ok(question.expected.judge(&reply, places)?)
    }
}

/// `streams` questions under way on every connection, a new one for every
/// answer, for that long; then those under way are waited for.
pub(crate) async fn closed(
    lines: &[Line],
    streams: usize,
    questions: &Arc<[Question]>,
    length: Duration,
) -> anyhow::Result<Tally> {
    let asking = Asking { clock: SystemClock::start(), questions: Arc::clone(questions) };
    let mut askers = JoinSet::new();
    for (number, line) in lines.iter().enumerate() {
        for stream in 0..streams {
            let (asking, mut line) = (asking.clone(), line.clone());
            askers.spawn(async move {
                let (mut tally, mut places) = (Tally::default(), Vec::new());
                let mut turn = number * 31 + stream * 7;
                let mut now = asking.clock.monotonic();
                while now < length {
                    asking.once(&mut line, turn, &mut places).await?;
                    let then = std::mem::replace(&mut now, asking.clock.monotonic());
                    tally.note(now.saturating_sub(then), &mut places);
                    turn += 1;
                }
                anyhow::Ok(tally)
            });
        }
    }
    collect(askers, asking.clock).await
}

/// Questions at a fixed rate for that long, whatever the answers do, on at most
/// `streams` streams of every connection. A question that has to wait for a
/// stream has been waiting since it was due.
pub(crate) async fn open(
    lines: &[Line],
    streams: usize,
    questions: &Arc<[Question]>,
    rate: f64,
    length: Duration,
) -> anyhow::Result<Tally> {
    let asking = Asking { clock: SystemClock::start(), questions: Arc::clone(questions) };
    let total = (rate * length.as_secs_f64()) as u64;
    let (due, next) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
    let mut askers = JoinSet::new();
    for line in lines {
        for _ in 0..streams {
            let (asking, mut line) = (asking.clone(), line.clone());
            let (due, next) = (Arc::clone(&due), Arc::clone(&next));
            askers.spawn(async move {
                let (mut tally, mut places) = (Tally::default(), Vec::new());
                loop {
                    due.acquire().await?.forget();
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if turn >= total {
                        return anyhow::Ok(tally);
                    }
                    let intended = Duration::from_secs_f64(turn as f64 / rate);
                    asking.once(&mut line, usize::try_from(turn)?, &mut places).await?;
                    tally.note(asking.clock.monotonic().saturating_sub(intended), &mut places);
                }
            });
        }
    }
    let beat = Beat::every(BEAT)?;
    let mut released = 0;
    while released < total {
        beat.next().await?;
        let now = ((asking.clock.monotonic().as_secs_f64() * rate) as u64 + 1).min(total);
        due.add_permits(usize::try_from(now.saturating_sub(released))?);
        released = now.max(released);
        // A failure is not waited for.
        if let Some(ended) = askers.try_join_next() {
            ended??;
        }
    }
    // One for each asker to find that nothing is left.
    due.add_permits(lines.len() * streams);
    collect(askers, asking.clock).await
}

async fn collect(mut askers: JoinSet<anyhow::Result<Tally>>, clock: SystemClock) -> anyhow::Result<Tally> {
    let mut all = Tally::default();
    while let Some(tally) = askers.join_next().await {
        all.add(tally??);
    }
    all.took = clock.monotonic();
    Ok(all)
}
