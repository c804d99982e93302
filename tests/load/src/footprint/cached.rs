//! Many distinct enterprises, each asked for once: what the gateway takes for
//! each.
//!
//! The dossiers that name them are open before, and one enterprise of each has
//! been asked for, so that what belongs to the dossiers, and what any question
//! takes once, is there already.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use motlan_domain::Clock as _;
use motlan_proto::common::v1::subject_key::Key;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use super::Options;
use crate::ask::{self, Lines, Topic};
use crate::check;
use crate::memory;
use crate::page::Page;
use crate::registry::{Known, WideRegistry, invent};
use crate::scene::{Needs, Opening, Size};
use crate::serve::Command;
use crate::stage::{Ground, Setting};
use crate::tell;

/// What was read off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cached {
    /// Enterprises asked for between the two looks at the memory.
    pub(super) asked: usize,
    /// Resident memory before and after, bytes.
    pub(super) before: f64,
    pub(super) after: f64,
    /// Answers in the cache, and the bytes they are counted as.
    pub(super) entries: f64,
    pub(super) weight: f64,
    pub(super) seconds: f64,
}

/// Enterprises that one dossier names, beside its applicant.
const PER_DOSSIER: usize = 31;

/// The sandbox's enterprises whose documents are given out.
const ORIGINALS: usize = 16;

/// Questions under way: as many as the gateway has at one registry at once, so
/// that none has to wait for its turn.
const CONNECTIONS: usize = 16;
const STREAMS: usize = 2;

pub(super) async fn run(options: &Options) -> anyhow::Result<Cached> {
    let mut setting = Setting::new(options.program.clone(), options.folder.clone(), Size::SMOKE);
    setting.needs = Needs {
        // As much as all of them need: what is measured is the size of one.
        settings: "\n[cache]\nmax_mib = 4096\n".to_owned(),
        ..Needs::default()
    };
    let ground = Ground::make(&setting).await?;
    let originals: Vec<String> = originals(&ground);
    let known = invent(options.enterprises, &originals);
    let tasks = TaskTracker::new();
    let registry = WideRegistry::start(ground.scene.registries(), &known, &tasks).await?;
    ground.scene.use_business(&registry.url())?;
    let mut gateway = ground.gateway(&setting, None).await?;
    let openings = openings(&ground, &known)?;
    tell(&format!("opening {} dossiers about {} enterprises", openings.len(), known.len()));
    let topics = topics(&openings, &known);
    ground.scene.open(gateway.address(), openings).await?;

    let headers = ask::headers(&ground.scene.tokens()?)?;
    let lines = Lines::open(gateway.address(), CONNECTIONS, &ground.scene.tls()?, &headers).await?;
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for mut of_dossier in topics {
        rest.extend(of_dossier.split_off(1));
        first.extend(of_dossier);
    }
    each(&lines, first).await?;
    let id = gateway.id()?;
    gateway.ask(Command::CaughtUp).await?;
    let before = memory::resident(id)?;
    let (asked, began) = (rest.len(), ground.clock.monotonic());
    each(&lines, rest).await?;
    let seconds = ground.clock.monotonic().saturating_sub(began).as_secs_f64();
    gateway.ask(Command::CaughtUp).await?;
    let after = memory::resident(id)?;
    let page = Page::read(ground.scene.probe()?).await?;
    let (entries, weight) = (page.sum("motlan_cache_entries", &[]), page.sum("motlan_cache_size_bytes", &[]));
    lines.close().await;
    gateway.stop().await?;
    drop(registry);
    ground.scene.stop().await?;
    tasks.close();
    tasks.wait().await;
    // moka knows its size about; that everything was asked once is judged.
    ensure!(entries > 0.9 * known.len() as f64, "only {entries} of {} answers were cached", known.len());
    Ok(Cached { asked, before, after, entries, weight, seconds })
}

/// Asks each question once, and judges the answers in full.
async fn each(lines: &Lines, topics: Vec<Topic>) -> anyhow::Result<()> {
    let (topics, next) = (Arc::new(topics), Arc::new(AtomicUsize::new(0)));
    let mut askers = JoinSet::new();
    for line in lines.all() {
        for _ in 0..STREAMS {
            let (mut line, topics, next) = (line.clone(), Arc::clone(&topics), Arc::clone(&next));
            askers.spawn(async move {
                while let Some(topic) = topics.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let reply = line.call(topic.message()).await?;
                    check::first_answer(&reply, &topic.enterprise, &topic.name)?;
                }
                anyhow::Ok(())
            });
        }
    }
    while let Some(ended) = askers.join_next().await {
        ended??;
    }
    Ok(())
}

/// The codes of some enterprises that somebody represents.
fn originals(ground: &Ground) -> Vec<String> {
    let topics = ground.scene.topics().iter().take(ORIGINALS);
    topics.map(|topic| topic.enterprise.clone()).collect()
}

/// Dossiers that name them all; those of one name copies of one original, whose
/// representative applies.
fn openings(ground: &Ground, known: &[Known]) -> anyhow::Result<Vec<Opening>> {
    let mut openings = Vec::new();
    for topic in ground.scene.topics().iter().take(ORIGINALS) {
        let owner = ground.scene.owner(&topic.enterprise).context("nobody represents an enterprise")?;
        let copies: Vec<&Known> = known.iter().filter(|known| known.of == topic.enterprise).collect();
        for named in copies.chunks(PER_DOSSIER) {
            let mut subjects = vec![("applicant", Key::PersonalId(owner.clone()))];
            subjects
                .extend(named.iter().map(|known| ("enterprise", Key::EnterpriseCode(known.code.clone()))));
            let code = ground.scene.dossier(openings.len());
            openings.push(Opening { code, case: Opening::USUAL, applicant: owner.clone(), subjects });
        }
    }
    Ok(openings)
}

/// A question for each of them, by dossier.
fn topics(openings: &[Opening], known: &[Known]) -> Vec<Vec<Topic>> {
    let names: std::collections::HashMap<&str, &str> =
        known.iter().map(|known| (known.code.as_str(), known.name.as_str())).collect();
    let of = |opening: &Opening| {
        let dossier = opening.code.clone();
        let topic = |(_, key): &(&str, Key)| match key {
            Key::EnterpriseCode(code) => Some(Topic {
                dossier: dossier.clone(),
                enterprise: code.clone(),
                name: (*names.get(code.as_str())?).to_owned(),
            }),
            _ => None,
        };
        opening.subjects.iter().filter_map(topic).collect()
    };
    openings.iter().map(of).collect()
}
