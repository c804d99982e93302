//! `motlan-load compare`: the gateway's cached, permitted, durably audited
//! `GetEnterprise` against a bare echo of the same messages, in turns.

mod report;

use std::path::PathBuf;
use std::time::Duration;

use crate::bench::{Bench, Shape};
use crate::scene::Size;
use crate::stage::{Figures, Setting};
use crate::tell;
pub use report::Report;
use report::{Ran, Round};

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// This program: the servers are processes of it.
    pub program: PathBuf,
    /// How often everything is measured.
    pub rounds: usize,
    /// How long each time.
    pub length: Duration,
    /// Where the gateway's files go; a temporary folder if none is named.
    pub folder: Option<PathBuf>,
    /// Small numbers of everything: for the answers, not for the figures.
    pub smoke: bool,
    /// Saturation at 16 × 16 alone, for work on the gateway.
    pub brief: bool,
}

/// The part of its capacity at which a server's latency is looked at.
const EASY: f64 = 0.7;

/// Before each measurement, not counted.
const WARM_UP: Duration = Duration::from_millis(300);

const SHAPES: [Shape; 2] = [Shape::WIDE, Shape { connections: 64, streams: 1 }];
const SMOKE: [Shape; 1] = [Shape { connections: 2, streams: 4 }];

/// Measures. What is going on is told on standard error.
///
/// # Errors
/// [`Wrong`](crate::Wrong) for a wrong answer; any other error: it could not
/// be measured.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut bench = Bench::start(&options.setting()).await?;
    let shapes: &[Shape] = match options {
        Options { smoke: true, .. } => &SMOKE,
        Options { brief: true, .. } => &SHAPES[..1],
        _ => &SHAPES,
    };
    let mut rounds = Vec::new();
    for number in 0..options.rounds {
        for shape in shapes {
            let round = round(&mut bench, *shape, number, options).await?;
            tell(&format!("round {} of {}, {shape}: {}", number + 1, options.rounds, round.line()));
            rounds.push(round);
            bench.probe.run(if options.smoke { 4 } else { 40 }).await?;
        }
    }
    bench.stage.look_up_sample().await?;
    let report = Report::of(rounds, &mut bench, options);
    bench.stop().await?;
    Ok(report)
}

// === impl Options ===

impl Options {
    fn setting(&self) -> Setting {
        let size = if self.smoke { Size::SMOKE } else { Size::FULL };
        Setting::new(self.program.clone(), self.folder.clone(), size)
    }
}

/// One round at one shape. Who begins changes from round to round.
async fn round(bench: &mut Bench, shape: Shape, number: usize, options: &Options) -> anyhow::Result<Round> {
    let length = options.length;
    bench.connect(shape).await?;
    bench.warm_up(shape, WARM_UP.min(length)).await?;
    let mut order = Ran::ALL;
    order.rotate_left(number % Ran::ALL.len());
    let mut round = Round::new(shape);
    for ran in order {
        let figures = saturated(bench, shape, ran, length).await?;
        round.full.insert(ran, figures);
    }
    for ran in order.into_iter().filter(|_| !options.brief) {
        let rate = round.full[&ran].throughput * EASY;
        let figures = at_rate(bench, shape, ran, rate, length).await?;
        round.easy.insert(ran, figures);
    }
    bench.disconnect().await;
    Ok(round)
}

async fn saturated(bench: &mut Bench, shape: Shape, ran: Ran, length: Duration) -> anyhow::Result<Figures> {
    let (server, index) = ran.of();
    let meter = bench.begin(server, index).await?;
    let tally = bench.closed(server, shape, length).await?;
    bench.end(server, meter, tally).await
}

async fn at_rate(
    bench: &mut Bench,
    shape: Shape,
    ran: Ran,
    rate: f64,
    length: Duration,
) -> anyhow::Result<Figures> {
    let (server, index) = ran.of();
    let meter = bench.begin(server, index).await?;
    let tally = bench.open(server, shape, rate, length).await?;
    bench.end(server, meter, tally).await
}
