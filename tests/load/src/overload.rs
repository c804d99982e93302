//! `motlan-load overload`: more than the gateway can do, for a while.
//!
//! First its peak is measured: as many questions as get answers. Then questions
//! are sent on schedule at a multiple of that, whether or not answers come. What
//! is too much must be refused at once with RESOURCE_EXHAUSTED and a delay after
//! which to ask again; the others must be answered, and rightly.

mod flood;
mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock as _;

use crate::ask::{self, Question};
use crate::bench::Shape;
use crate::check::Wrong;
use crate::client::Line;
use crate::cpu;
use crate::drive;
use crate::scene::{Needs, Size};
use crate::serve::Command;
use crate::stage::{Setting, Stage};
use crate::stats::Spread;
use crate::tell;
use flood::Flood;
pub use report::Report;
use report::{Flooded, Saturated};

/// How to overload.
#[derive(Debug, Clone)]
pub struct Options {
    /// This program: the gateway is a process of it.
    pub program: PathBuf,
    /// Where the gateway's files go; a temporary folder if none is named.
    pub folder: Option<PathBuf>,
    /// How long too much is offered.
    pub length: Duration,
    /// How much, by its own peak.
    pub factor: f64,
    /// Small numbers of everything, and a gateway with low limits: for the
    /// answers, not for the figures.
    pub smoke: bool,
}

/// Measurements of the peak.
const PEAKS: usize = 3;

/// Connections over which too much is offered. The caller may have many more
/// streams than the gateway admits calls, so nothing waits for a stream.
const CONNECTIONS: usize = 64;

/// Streams that the gateway allows on each.
const STREAMS: usize = 128;

/// Overloads.
///
/// # Errors
/// [`Wrong`] for a wrong answer, or an excess that is not refused as promised;
/// any other error: it could not be measured.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut stage = Stage::start(&options.setting()).await?;
    let peak = options.peak();
    let mut lines = stage.connect(CONNECTIONS).await?;
    let topics = stage.scene.topics();
    let answers = ask::learn(lines.first()?, topics).await?;
    let questions = ask::recorded(topics, &answers);

    saturate(&mut stage, &lines.all()[..peak.connections], peak, &questions, options.length / 10).await?;
    let mut peaks = Vec::new();
    for _ in 0..PEAKS {
        let length = (options.length / 10).max(Duration::from_millis(300)).min(Duration::from_secs(4));
        let saturated =
            saturate(&mut stage, &lines.all()[..peak.connections], peak, &questions, length).await?;
        tell(&format!("peak at {peak}: {:.0}/s", saturated.throughput));
        peaks.push(saturated);
    }
    let throughput = Spread::of(peaks.iter().map(|saturated| saturated.throughput));
    let rate = throughput.median * options.factor;
    tell(&format!("offering {rate:.0}/s for {:?}", options.length));
    let flooded = flood(&mut stage, lines.all(), &questions, rate, options).await?;
    // Whether it is itself again.
    let length = (options.length / 10).min(Duration::from_secs(4));
    let after = saturate(&mut stage, &lines.all()[..peak.connections], peak, &questions, length).await?;
    lines.close().await;
    stage.look_up_sample().await?;
    let report = Report::of(options, &peaks, flooded, after, stage.checked);
    stage.stop().await?;
    report
}

/// As many questions as get answers.
async fn saturate(
    stage: &mut Stage,
    lines: &[Line],
    shape: Shape,
    questions: &Arc<[Question]>,
    length: Duration,
) -> anyhow::Result<Saturated> {
    let from = stage.gateway.ask(Command::Durable).await?;
    let cpu = stage.gateway.cpu().await?;
    let mut tally = drive::closed(lines, shape.streams, questions, length).await?;
    let cpu = stage.gateway.cpu().await?.saturating_sub(cpu);
    stage.judge_places(from, &mut tally).await?;
    let answers = tally.answers() as f64;
    Ok(Saturated {
        throughput: answers / tally.took.as_secs_f64(),
        p99_ms: tally.millis(99.0),
        cpu_us: cpu.as_secs_f64() * 1e6 / answers,
    })
}

/// Too many questions.
async fn flood(
    stage: &mut Stage,
    lines: &[Line],
    questions: &Arc<[Question]>,
    rate: f64,
    options: &Options,
) -> anyhow::Result<Flooded> {
    let from = stage.gateway.ask(Command::Durable).await?;
    let cpu = stage.gateway.cpu().await?;
    let (client, began) = (cpu::used(), stage.clock.monotonic());
    let Flood { mut answered, mut refused, mut sent_late, offered, window } =
        flood::run(lines, STREAMS, questions, rate, options.length).await?;
    let asked = stage.clock.monotonic().saturating_sub(began);
    let client = cpu::used().saturating_sub(client);
    let cpu = stage.gateway.cpu().await?.saturating_sub(cpu);
    stage.judge_places(from, &mut answered).await?;
    if answered.answers() + refused.answers() != offered {
        let missing = offered - answered.answers() - refused.answers();
        return Err(Wrong(format!("{missing} of {offered} questions came to nothing")).into());
    }
    Ok(Flooded {
        offered,
        rate,
        answered: answered.answers(),
        goodput: window / options.length.as_secs_f64(),
        p50_ms: answered.millis(50.0),
        p99_ms: answered.millis(99.0),
        refused: refused.answers(),
        refused_p99_ms: refused.millis(99.0),
        sent_late_p99_ms: sent_late.millis(99.0),
        server_share: cpu.as_secs_f64() / asked.as_secs_f64(),
        client_share: client.as_secs_f64() / asked.as_secs_f64(),
    })
}

// === impl Options ===

impl Options {
    fn setting(&self) -> Setting {
        let size = if self.smoke { Size::SMOKE } else { Size::FULL };
        let mut setting = Setting::new(self.program.clone(), self.folder.clone(), size);
        if self.smoke {
            // So little that even a slow build has too much at once.
            setting.needs = Needs {
                settings: "\n[server.limits]\nmax_calls_per_caller = 32\n".to_owned(),
                ..Needs::default()
            };
        }
        setting
    }

    const fn peak(&self) -> Shape {
        if self.smoke { Shape { connections: 2, streams: 8 } } else { Shape::WIDE }
    }
}
