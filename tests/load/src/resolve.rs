//! `motlan-load resolve`: a dossier of eight components.
//!
//! Two figures. What a resolve costs when everything is cached, by one cached
//! lookup; and how soon the first component comes when nothing is, by the
//! latency of the fastest registry. No procedure of the catalogue has a case of
//! eight components that rest on lookups, so one is rewritten for this
//! (`resolve/eight.toml`): a form and seven lookups, at all four registries.

mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use motlan_domain::{Clock as _, Registry};
use motlan_proto::common::v1::subject_key::Key;
use motlan_proto::dossier::v1::{ComponentOutcome, ResolveDossierRequest};
use motlan_sandbox::Fault;
use motlan_sandbox::world::DemoFamily;

use crate::ask::{self, Question};
use crate::bench::Shape;
use crate::check::{self, Expected, Wrong};
use crate::client::{Line, framed};
use crate::drive;
use crate::scene::{Needs, Opening, Size};
use crate::stage::{Index, Setting, Stage};
use crate::tell;
pub use report::Report;
use report::{First, Round};

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// This program: the gateway is a process of it.
    pub program: PathBuf,
    /// Where the gateway's files go; a temporary folder if none is named.
    pub folder: Option<PathBuf>,
    /// How often everything is measured.
    pub rounds: usize,
    /// How long each time.
    pub length: Duration,
    /// Small numbers of everything: for the answers, not for the figures.
    pub smoke: bool,
}

const RESOLVE: &str = "/motlan.dossier.v1.DossierService/ResolveDossier";

/// The rules of the procedure with eight components, and of that case.
const RULES: &str = include_str!("resolve/eight.toml");
const CASE: &str = "eight";
const KEYS: [&str; 8] = [
    "000.00.00.G12-7832",
    "000.00.00.G12-1997",
    "000.00.00.G12-18970",
    "000.00.00.G12-19870",
    "000.00.00.G12-18900",
    "000.00.00.G12-19788",
    "000.00.00.G12-3456",
    "000.00.00.G12-4888",
];

/// Dossiers with eight components.
const DOSSIERS: usize = 8;

/// Latencies of the fastest registry and of the others.
const FASTEST: Duration = Duration::from_millis(50);
const SLOWER: [Duration; 3] =
    [Duration::from_millis(150), Duration::from_millis(200), Duration::from_millis(250)];

/// Those whose answer decides a component by itself, each the fastest in turn.
/// A component on insurance data waits for the person it is tied to.
const DECISIVE: [Registry; 3] = [Registry::Population, Registry::Business, Registry::Land];

/// A dossier with eight components.
struct Eight {
    code: String,
}

/// Measures.
///
/// # Errors
/// [`Wrong`] for a wrong answer; any other error: it could not be measured.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut stage = Stage::start(&options.setting()).await?;
    let dossiers = open(&stage).await?;
    let shape = options.shape();
    let mut lines = stage.connect(shape.connections).await?;
    let topics = stage.scene.topics();
    let answers = ask::learn(lines.first()?, topics).await?;
    let lookups = ask::recorded(topics, &answers);
    let resolving = lines.of_method(RESOLVE)?;
    let resolves = learn(&mut resolving[0].clone(), &dossiers).await?;

    let asked = calls(&stage);
    let mut rounds = Vec::new();
    for number in 0..=options.rounds {
        let mut round = Round::default();
        for index in [Index::Paused, Index::KeptUp] {
            let meter = stage.begin(None, index).await?;
            let tally = drive::closed(lines.all(), shape.streams, &lookups, options.length).await?;
            let lookup = stage.end(None, meter, tally).await?;
            let meter = stage.begin(None, index).await?;
            // As many lookups under way either way.
            let streams = (shape.streams / KEYS.len()).max(1);
            let tally = drive::closed(&resolving, streams, &resolves, options.length).await?;
            let (resolve, components) = (tally.answers(), tally.indices.len());
            if components != resolve * KEYS.len() {
                return Err(Wrong(format!("{components} components in {resolve} resolves")).into());
            }
            let resolve = stage.end(None, meter, tally).await?;
            round.add(index, lookup, resolve);
        }
        // The first warms up.
        if number > 0 {
            tell(&format!("round {number} of {}: {}", options.rounds, round.line()));
            rounds.push(round);
        }
    }
    ensure!(calls(&stage) == asked, "a registry was asked: not everything was cached");

    let mut firsts = Vec::new();
    for number in 0..options.rounds {
        for fastest in DECISIVE {
            let dossier = &dossiers[number % dossiers.len()];
            firsts.push(first(&stage, &mut resolving[0].clone(), dossier, fastest).await?);
        }
    }
    drop(resolving);
    lines.close().await;
    stage.look_up_sample().await?;
    let report = Report::of(options, &rounds, &firsts, stage.checked);
    stage.stop().await?;
    Ok(report)
}

/// One resolve that asks every registry anew: when its first component came.
async fn first(stage: &Stage, line: &mut Line, dossier: &Eight, fastest: Registry) -> anyhow::Result<First> {
    let registries = stage.scene.registries();
    registries.clear_faults();
    let mut slower = SLOWER.iter();
    for registry in Registry::ALL {
        let latency = if registry == fastest { Some(&FASTEST) } else { slower.next() };
        let ms = u64::try_from(latency.context("more registries than latencies")?.as_millis())?;
        registries.fault(registry, None, Fault::Latency { ms }, None);
    }
    let (began, mut came) = (stage.clock.monotonic(), None);
    let message = dossier.message(true);
    let reply = line.call_watched(message, || _ = came.get_or_insert(stage.clock.monotonic())).await?;
    let ended = stage.clock.monotonic();
    registries.clear_faults();
    expected(&check::resolved(&reply, &mut Vec::new())?)?;
    let since = |then: Duration| then.saturating_sub(began);
    Ok(First { fastest, begun: since(came.context("no component came")?), ended: since(ended) })
}

/// Resolves every dossier once: everything is cached then.
async fn learn(line: &mut Line, dossiers: &[Eight]) -> anyhow::Result<Arc<[Question]>> {
    let mut questions = Vec::new();
    for dossier in dossiers {
        let message = dossier.message(false);
        let outcomes = check::resolved(&line.call(message.clone()).await?, &mut Vec::new())?;
        expected(&outcomes)?;
        questions.push(Question { message, expected: Expected::Resolved(Arc::new(outcomes)) });
    }
    Ok(questions.into())
}

/// The form is filled in, everything else reused.
fn expected(outcomes: &check::Outcomes) -> Result<(), Wrong> {
    let count = |wanted| outcomes.values().filter(|outcome| **outcome == wanted).count();
    if count(ComponentOutcome::Prefilled) == 1 && count(ComponentOutcome::Reused) == KEYS.len() - 1 {
        return Ok(());
    }
    Err(Wrong(format!("a resolve that came to {outcomes:?}")))
}

/// Opens dossiers of the demo families that own their homes.
async fn open(stage: &Stage) -> anyhow::Result<Vec<Eight>> {
    let scene = &stage.scene;
    let families = scene.registries().world().families();
    let owns = |family: &&DemoFamily| family.certificate_owners.contains(&family.applicant.id);
    let owning: Vec<&DemoFamily> = families.iter().filter(owns).collect();
    let (mut dossiers, mut openings) = (Vec::new(), Vec::new());
    for (number, family) in owning.iter().cycle().take(DOSSIERS).enumerate() {
        let code = scene.dossier(scene.topics().len() + number);
        let subjects = vec![
            ("applicant", Key::PersonalId(family.applicant.id.clone())),
            ("enterprise", Key::EnterpriseCode(family.enterprise.clone())),
            ("certificate", Key::CertificateSerial(family.certificate.clone())),
            ("insurance", Key::InsuranceNumber(family.applicant.insurance_number.clone())),
        ];
        dossiers.push(Eight { code: code.clone() });
        openings.push(Opening { code, case: CASE, applicant: family.applicant.id.clone(), subjects });
    }
    ensure!(!dossiers.is_empty(), "no demo family owns its home");
    scene.open(stage.gateway.address(), openings).await?;
    Ok(dossiers)
}

/// What the registries have been asked so far.
fn calls(stage: &Stage) -> u64 {
    let calls = stage.scene.registries().calls();
    Registry::ALL.into_iter().map(|registry| calls.total(registry)).sum()
}

// === impl Eight ===

impl Eight {
    /// `live` asks the registries, whatever is cached: an age of zero at most.
    fn message(&self, live: bool) -> Bytes {
        framed(&ResolveDossierRequest {
            dossier_code: self.code.clone(),
            component_keys: KEYS.iter().map(|key| (*key).to_owned()).collect(),
            max_age: live.then(Default::default),
        })
    }
}

// === impl Options ===

impl Options {
    fn setting(&self) -> Setting {
        let size = if self.smoke { Size::SMOKE } else { Size::FULL };
        let needs = Needs { rules: Some(("2.001583", RULES)), ..Needs::default() };
        Setting { needs, ..Setting::new(self.program.clone(), self.folder.clone(), size) }
    }

    const fn shape(&self) -> Shape {
        if self.smoke { Shape { connections: 2, streams: 8 } } else { Shape::WIDE }
    }
}
