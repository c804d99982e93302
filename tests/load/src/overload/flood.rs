//! Questions on schedule, whatever becomes of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderValue;
use motlan::clock::SystemClock;
use motlan_domain::Clock as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::ask::Question;
use crate::check::{self, Wrong};
use crate::client::{Line, Reply};
use crate::drive::Tally;
use crate::pace::Beat;

/// How finely the schedule is kept.
const BEAT: Duration = Duration::from_micros(100);

/// The reason of what is refused because it is too much.
const REASON: &str = "OVERLOADED";

/// What became of them.
#[derive(Default)]
pub(super) struct Flood {
    /// From when a question was due.
    pub(super) answered: Tally,
    /// Refused as promised; from when it was due.
    pub(super) refused: Tally,
    /// How much later than due each was sent.
    pub(super) sent_late: Tally,
    /// Questions sent.
    pub(super) offered: usize,
    /// Answers that came before the last question was due.
    pub(super) window: f64,
}

/// Refusals that were judged in full: most are the same, byte for byte.
#[derive(Default)]
struct Known(HashSet<HeaderValue>);

/// Sends questions at that rate for that long, and waits for what becomes of
/// each.
pub(super) async fn run(
    lines: &[Line],
    streams: usize,
    questions: &Arc<[Question]>,
    rate: f64,
    length: Duration,
) -> anyhow::Result<Flood> {
    let clock = SystemClock::start();
    let total = (rate * length.as_secs_f64()) as u64;
    let (due, next) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
    let mut askers = JoinSet::new();
    // Each has one stream; a question takes the first that is free, on whatever
    // connection.
    for _ in 0..streams {
        for line in lines {
            let (mut line, questions) = (line.clone(), Arc::clone(questions));
            let (due, next) = (Arc::clone(&due), Arc::clone(&next));
            askers.spawn(async move {
                let (mut flood, mut known) = (Flood::default(), Known::default());
                let mut places = Vec::new();
                loop {
                    due.acquire().await?.forget();
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if turn >= total {
                        return anyhow::Ok(flood);
                    }
                    let intended = Duration::from_secs_f64(turn as f64 / rate);
                    let late = clock.monotonic().saturating_sub(intended);
                    flood.sent_late.note(late, &mut places);
                    let question = &questions[usize::try_from(turn)? % questions.len()];
                    let reply = line.call(question.message.clone()).await?;
                    let now = clock.monotonic();
                    let took = now.saturating_sub(intended);
                    if check::code(&reply) == Code::ResourceExhausted {
                        known.judge(&reply)?;
                        flood.refused.note(took, &mut places);
                    } else {
                        question.expected.judge(&reply, &mut places)?;
                        flood.answered.note(took, &mut places);
                        flood.window += f64::from(u8::from(now <= length));
                    }
                }
            });
        }
    }
    let beat = Beat::every(BEAT)?;
    let mut released = 0;
    while released < total {
        beat.next().await?;
        let now = ((clock.monotonic().as_secs_f64() * rate) as u64 + 1).min(total);
        due.add_permits(usize::try_from(now.saturating_sub(released))?);
        released = now.max(released);
        // A failure is not waited for.
        if let Some(ended) = askers.try_join_next() {
            ended??;
        }
    }
    // One for each asker to find that nothing is left.
    due.add_permits(lines.len() * streams);
    let mut all = Flood { offered: usize::try_from(total)?, ..Flood::default() };
    while let Some(flood) = askers.join_next().await {
        let flood = flood??;
        all.answered.add(flood.answered);
        all.refused.add(flood.refused);
        all.sent_late.add(flood.sent_late);
        all.window += flood.window;
    }
    Ok(all)
}

// === impl Known ===

impl Known {
    /// A refusal must say why, and when to ask again.
    fn judge(&mut self, reply: &Reply) -> Result<(), Wrong> {
        let details = reply.trailers.get("grpc-status-details-bin");
        if details.is_some_and(|details| self.0.contains(details)) {
            return Ok(());
        }
        let status = Status::from_header_map(&reply.trailers);
        let status = status.ok_or_else(|| Wrong("a refusal without a status".to_owned()))?;
        let told = status.get_error_details();
        let reason = told.error_info().map(|info| info.reason.as_str());
        if reason != Some(REASON) {
            return Err(Wrong(format!("refused for {reason:?} instead of {REASON}")));
        }
        let delay = told.retry_info().and_then(|retry| retry.retry_delay);
        if delay.is_none_or(|delay| delay.is_zero()) {
            return Err(Wrong("a refusal that does not say when to ask again".to_owned()));
        }
        self.0.extend(details.cloned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use tonic_types::ErrorDetails;

    use super::*;

    fn refusal(details: ErrorDetails) -> Reply {
        let status = Status::with_error_details(Code::ResourceExhausted, "too much", details);
        let mut trailers = HeaderMap::new();
        status.add_header(&mut trailers).unwrap();
        Reply { framed: Bytes::new(), trailers }
    }

    #[test]
    fn a_refusal_says_why_and_when_to_ask_again() {
        let told = |reason: &str, delay: Option<Duration>| {
            let mut details = ErrorDetails::new();
            details.set_error_info(reason, "motlan", std::collections::HashMap::new());
            details.set_retry_info(delay);
            let mut known = Known::default();
            known.judge(&refusal(details.clone())).and_then(|()| known.judge(&refusal(details)))
        };
        assert!(told("OVERLOADED", Some(Duration::from_secs(1))).is_ok());
        assert!(told("QUOTA_EXCEEDED", Some(Duration::from_secs(1))).is_err());
        assert!(told("OVERLOADED", Some(Duration::ZERO)).is_err());
        assert!(told("OVERLOADED", None).is_err());
        assert!(Known::default().judge(&refusal(ErrorDetails::new())).is_err());
    }
}
