//! `motlan-load coalesce`: identical questions at the same time become one
//! upstream call.
//!
//! The registry is made slow, so that every caller waits when it answers; how
//! many do is read off the gateway's own count of calls under way. A try in
//! which the answer was there before all had come proves nothing, and is made
//! again with a slower registry.

mod report;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use motlan_domain::{Clock as _, Registry};
use motlan_proto::common::v1::person_key::Key;
use motlan_proto::common::v1::{PersonKey, Purpose, purpose};
use motlan_proto::population::v1::GetPersonRequest;
use motlan_sandbox::Fault;
use tokio::task::JoinSet;

use crate::ask::Topic;
use crate::check::{self, Place, Wrong};
use crate::client::{Line, Reply, framed};
use crate::page::Page;
use crate::scene::{Needs, Size};
use crate::serve::Command;
use crate::stage::{Setting, Stage};
use crate::tell;
pub use report::Report;
use report::Tried;

/// How to try it.
#[derive(Debug, Clone)]
pub struct Options {
    /// This program: the gateway is a process of it.
    pub program: PathBuf,
    /// Where the gateway's files go; a temporary folder if none is named.
    pub folder: Option<PathBuf>,
    /// Identical questions at the same time.
    pub callers: usize,
    /// Over so many connections.
    pub connections: usize,
    /// How slow the registry is at first.
    pub latency: Duration,
}

const PERSON: &str = "/motlan.population.v1.PopulationService/GetPerson";

/// A registry twice as slow each time.
const TRIES: u32 = 3;

/// How often the calls under way are counted.
const BEAT: Duration = Duration::from_millis(20);

/// Judges an answer: where it stands in the log.
type Judge = Box<dyn Fn(&Reply) -> Result<Place, Wrong>>;

/// What is asked, and what must become of it.
struct Trial {
    registry: Registry,
    dataset: &'static str,
    /// In turns.
    messages: Vec<Bytes>,
    judge: Judge,
    /// Calls the registry must have seen.
    upstream: u64,
    hang_up: bool,
}

/// How the gateway's lookups ended, by where the answer came from.
#[derive(Debug, Clone, Copy)]
struct Lookups {
    hit: f64,
    miss: f64,
    coalesced: f64,
}

/// Tries all three.
///
/// # Errors
/// [`Wrong`] for a wrong answer or an upstream call too many; any other error:
/// it could not be tried.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut stage = Stage::start(&options.setting()).await?;
    let topics = stage.scene.topics().to_vec();
    let mut cold = topics.iter();
    let mut report = Report::new(options);
    tell(&format!("{} callers over {} connections", options.callers, options.connections));
    for hang_up in [false, true] {
        let what = if hang_up { "one enterprise, the first caller hangs up" } else { "one enterprise" };
        let next = || Ok(enterprise(cold.next().context("no cold enterprise is left")?, hang_up));
        report.add(what, attempt(&mut stage, options, next).await?);
    }
    let mut serial = topics.len();
    let mut twice = Vec::new();
    for topic in topics.iter().rev().take(usize::try_from(TRIES)?) {
        twice.push(person(&stage, topic, &mut serial).await?);
    }
    let next = || twice.pop().context("nobody is left");
    report.add("one person in two dossiers", attempt(&mut stage, options, next).await?);
    stage.stop().await?;
    Ok(report)
}

// === impl Options ===

impl Options {
    fn setting(&self) -> Setting {
        let (calls, connections) = (self.callers + 64, self.connections + 16);
        let streams = self.streams().max(128);
        let needs = Needs {
            settings: format!(
                "\n[server.limits]\nmax_calls = {calls}\nmax_calls_per_caller = {calls}\n\
                 max_connections_per_caller = {connections}\nmax_streams = {streams}\ncall = \"60s\"\n\
                 \n[registries]\ndeadline = \"50s\"\n",
            ),
            registry_deadline: Some(Duration::from_secs(45)),
            ..Needs::default()
        };
        let size = Size { enterprises: 16, dossiers: 16, officers: 16 };
        Setting { needs, ..Setting::new(self.program.clone(), self.folder.clone(), size) }
    }

    const fn streams(&self) -> usize {
        self.callers.div_ceil(self.connections)
    }
}

/// Identical questions for an enterprise that nobody has asked for.
fn enterprise(topic: &Topic, hang_up: bool) -> Trial {
    let (code, name) = (topic.enterprise.clone(), topic.name.clone());
    Trial {
        registry: Registry::Business,
        dataset: "\"business.enterprise\"",
        messages: vec![topic.message()],
        judge: Box::new(move |reply| {
            let answer = check::first_answer(reply, &code, &name)?;
            check::place(&answer.receipt.unwrap_or_default())
        }),
        upstream: 1,
        hang_up,
    }
}

/// The same person in two fresh dossiers, asked for in turns.
async fn person(stage: &Stage, topic: &Topic, serial: &mut usize) -> anyhow::Result<Trial> {
    let scene = &stage.scene;
    let id = scene.owner(&topic.enterprise).context("nobody represents an enterprise")?;
    let world = scene.registries().world();
    let name = world.people.iter().find(|person| person.id == id).context("nobody has that id")?.full_name();
    let mut messages = Vec::new();
    for _ in 0..2 {
        let code = scene.dossier(*serial);
        *serial += 1;
        let opening = scene.opening(code.clone(), std::iter::once(topic.enterprise.as_str()))?;
        scene.open(stage.gateway.address(), vec![opening]).await?;
        messages.push(framed(&GetPersonRequest {
            purpose: Some(Purpose { basis: Some(purpose::Basis::DossierCode(code)) }),
            subject: Some(PersonKey { key: Some(Key::PersonalId(id.clone())) }),
            fields: vec!["full_name".to_owned()],
            max_age: None,
        }));
    }
    Ok(Trial {
        registry: Registry::Population,
        dataset: "\"population.person\"",
        messages,
        judge: Box::new(move |reply| check::person(reply, &name)),
        upstream: 2,
        hang_up: false,
    })
}

/// Tries until all callers were there before the registry answered.
async fn attempt(
    stage: &mut Stage,
    options: &Options,
    mut next: impl FnMut() -> anyhow::Result<Trial>,
) -> anyhow::Result<Tried> {
    let mut latency = options.latency;
    for _ in 0..TRIES {
        let trial = next()?;
        if let Some(tried) = trial.run(stage, options, latency).await? {
            return Ok(tried);
        }
        latency *= 2;
    }
    bail!("the callers did not all come within {latency:?}: the machine is too slow for so many")
}

// === impl Trial ===

impl Trial {
    /// `None` when the registry answered before everybody had come.
    async fn run(
        self,
        stage: &mut Stage,
        options: &Options,
        latency: Duration,
    ) -> anyhow::Result<Option<Tried>> {
        let probe = stage.scene.probe()?;
        let ms = u64::try_from(latency.as_millis())?;
        let registries = stage.scene.registries();
        registries.clear_faults();
        registries.fault(self.registry, None, Fault::Latency { ms }, None);
        let asked_before = registries.calls().total(self.registry);
        let before = Lookups::read(probe, self.dataset).await?;
        let from = stage.gateway.ask(Command::Durable).await?;
        let method = if self.registry == Registry::Population { PERSON } else { crate::echo::METHOD };
        let lines = stage.connect(options.connections).await?;
        let first = stage.connect(1).await?;
        let began = stage.clock.monotonic();

        let mut callers = JoinSet::new();
        // The first caller has a connection of its own, and its question is at
        // the registry before anybody else asks.
        let mut leading = JoinSet::new();
        let (mut line, message) = (first.all()[0].of_method(method)?, self.messages[0].clone());
        leading.spawn(async move { line.call(message).await });
        self.arrived(stage, asked_before).await?;
        for (number, mut line) in
            spread(&lines.of_method(method)?, options.streams(), options.callers - 1).enumerate()
        {
            let message = self.messages[(number + 1) % self.messages.len()].clone();
            callers.spawn(async move { line.call(message).await });
        }
        let (mut replies, mut all_there) = (Vec::with_capacity(options.callers), false);
        let mut under_way = tokio::time::interval(BEAT);
        while replies.is_empty() && !all_there {
            tokio::select! {
                Some(reply) = callers.join_next() => replies.push(reply??),
                _ = under_way.tick() => {
                    let active = Page::read(probe).await?.sum("motlan_rpc_active", &[]);
                    all_there = active >= options.callers as f64;
                }
            }
        }
        if self.hang_up {
            leading.shutdown().await;
            first.close().await;
        } else {
            while let Some(reply) = leading.join_next().await {
                replies.push(reply??);
            }
            first.close().await;
        }
        while let Some(reply) = callers.join_next().await {
            replies.push(reply??);
        }
        let took = stage.clock.monotonic().saturating_sub(began);
        lines.close().await;

        let mut places = Vec::with_capacity(replies.len());
        for reply in &replies {
            places.push((self.judge)(reply)?.index);
        }
        let durable = stage.gateway.ask(Command::Durable).await?;
        check::distinct(places, from, durable)?;
        let calls = stage.scene.registries().calls().total(self.registry) - asked_before;
        if calls != self.upstream {
            return Err(Wrong(format!("{calls} upstream calls instead of {}", self.upstream)).into());
        }
        let after = Lookups::read(probe, self.dataset).await?;
        let joined = after.coalesced - before.coalesced;
        if !all_there || after.hit > before.hit {
            tell(&format!("not everybody came within {latency:?}; again, slower"));
            return Ok(None);
        }
        let leaders = self.upstream as f64;
        if (joined - (options.callers as f64 - leaders)).abs() > 0.5 || after.miss - before.miss > leaders {
            return Err(Wrong(format!("only {joined} callers joined a flight")).into());
        }
        Ok(Some(Tried { answers: replies.len(), upstream_calls: calls, joined, latency, took }))
    }

    /// Waits until the registry has the first question.
    async fn arrived(&self, stage: &Stage, before: u64) -> anyhow::Result<()> {
        let patience = stage.clock.monotonic() + Duration::from_secs(20);
        while stage.scene.registries().calls().total(self.registry) == before {
            if stage.clock.monotonic() > patience {
                bail!("the first question does not reach the registry");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

/// That many callers, at most `streams` on each connection.
fn spread(lines: &[Line], streams: usize, callers: usize) -> impl Iterator<Item = Line> + '_ {
    (0..streams).flat_map(|_| lines.iter().cloned()).take(callers)
}

// === impl Lookups ===

impl Lookups {
    async fn read(probe: std::net::SocketAddr, dataset: &str) -> anyhow::Result<Self> {
        let page = Page::read(probe).await?;
        let count = |state: &str| page.sum("motlan_cache_lookups_total", &[dataset, state]);
        Ok(Self { hit: count("\"HIT\""), miss: count("\"MISS\""), coalesced: count("\"COALESCED\"") })
    }
}
