//! First pages of searches in a large log, by each filter and a range of time.

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _};
use motlan_audit::{AuditLog, Receipt, SearchQuery};
use motlan_domain::Clock as _;
use serde::Serialize;

use super::Options;
use super::entries::{Maker, Says};
use super::opened::{Closed, Opened};
use super::threads;
use crate::stats::percentile;
use crate::{Wrong, tell};

/// Appends at a time while the log is filled.
const AT_ONCE: usize = 256;

/// Searches by each filter.
const EACH: u64 = 40;

/// Entries of a page.
const PAGE: usize = 50;

/// A filter set to a value of entry `n`, and what it lets through.
type Filter = (&'static str, fn(Says, &mut SearchQuery), fn(Says, Says) -> bool);

const FILTERS: [Filter; 8] = [
    (
        "dossier",
        |says, query| query.dossier = Some(says.dossier()),
        |a, b| a.dossier_number() == b.dossier_number(),
    ),
    (
        "subject",
        |says, query| query.subject = Some(says.subject()),
        |a, b| a.subject_number() == b.subject_number(),
    ),
    (
        "officer",
        |says, query| query.officer = Some(says.officer()),
        |a, b| a.officer_number() == b.officer_number(),
    ),
    (
        "procedure",
        |says, query| query.procedure = Some(says.procedure()),
        |a, b| a.procedure_number() == b.procedure_number(),
    ),
    (
        "agency",
        |says, query| query.agency = Some(says.agency()),
        |a, b| a.agency_number() == b.agency_number(),
    ),
    ("outcome", |says, query| query.outcome = Some(says.outcome()), |a, b| a.outcome() == b.outcome()),
    ("kind", |says, query| query.kinds = vec![says.kind()], |a, b| a.kind() == b.kind()),
    ("time alone", |_, _| {}, |_, _| true),
];

/// What searches by one filter took.
#[derive(Debug, Serialize)]
pub(super) struct Searched {
    pub(super) filter: &'static str,
    pub(super) p50_ms: f64,
    pub(super) max_ms: f64,
    /// Entries on an average page.
    pub(super) found: f64,
}

/// A log that was filled, and searched.
#[derive(Debug, Serialize)]
pub(super) struct Searches {
    pub(super) entries: u64,
    /// CPU time of `motlan-index` per entry, over the last tenth of them.
    pub(super) index_us: f64,
    pub(super) filters: Vec<Searched>,
}

/// What was appended, in the order of the log.
struct Filled {
    says: Vec<(Says, Receipt)>,
    index_us: f64,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<(Searches, Closed)> {
    let opened = Opened::new(options).await?;
    let filled = fill(&opened, options.entries).await?;
    let receipts: Vec<Receipt> = filled.says.iter().map(|(_, receipt)| receipt.clone()).collect();
    opened.holds(&receipts).await?;
    let mut filters = Vec::new();
    for filter in FILTERS {
        filters.push(by(&opened, filter, &filled).await?);
    }
    let slowest = filters.iter().map(|one| one.max_ms).fold(0.0, f64::max);
    tell(&format!("search in {} entries: at most {slowest:.1} ms", options.entries));
    let searches = Searches { entries: options.entries, index_us: filled.index_us, filters };
    Ok((searches, opened.close().await))
}

/// Appends so many entries. Those of the last tenth are indexed by themselves.
async fn fill(opened: &Opened, entries: u64) -> anyhow::Result<Filled> {
    let maker = Maker::new(&opened.log).await?;
    let first = 1_000;
    let last_tenth = first + entries - entries / 10;
    let mut says = append(&opened.log, &maker, first..last_tenth).await?;
    opened.settles().await;
    let before = threads::used("motlan-index")?;
    says.extend(append(&opened.log, &maker, last_tenth..first + entries).await?);
    opened.settles().await;
    let took = threads::used("motlan-index")?.saturating_sub(before);
    says.sort_by_key(|(_, receipt)| receipt.index);
    Ok(Filled { says, index_us: took.as_secs_f64() * 1e6 / (entries / 10).max(1) as f64 })
}

async fn append(
    log: &AuditLog,
    maker: &Maker,
    numbers: std::ops::Range<u64>,
) -> anyhow::Result<Vec<(Says, Receipt)>> {
    let one = |n| async move {
        let says = Says::of(n);
        Ok::<_, anyhow::Error>((says, log.append(maker.draft(says)).await?))
    };
    futures::stream::iter(numbers).map(one).buffer_unordered(AT_ONCE).try_collect().await
}

/// Searches by one filter, with several values and ranges of time, each judged.
async fn by(opened: &Opened, (name, set, fits): Filter, filled: &Filled) -> anyhow::Result<Searched> {
    let (mut micros, mut found) = (Vec::new(), 0);
    let says = &filled.says;
    for turn in 0..EACH {
        // Somewhere in the log; the range around it is a fifth of it.
        let place = says.len() / 5 + usize::try_from(turn * 7_919)? % (says.len() * 3 / 5).max(1);
        let (sought, _) = *says.get(place).context("a place in the log")?;
        let at = |place: usize| says.get(place).map(|(_, receipt)| receipt.time);
        let (from, to) = (at(place - says.len() / 10), at(place + says.len() / 10));
        let mut query = SearchQuery { from, to, page_size: u32::try_from(PAGE)?, ..SearchQuery::default() };
        set(sought, &mut query);
        let begun = opened.clock.monotonic();
        let page = opened.log.search(query).await?;
        let took = opened.clock.monotonic().saturating_sub(begun);
        micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        found += page.entries.len();

        let within = |receipt: &Receipt| {
            from.is_none_or(|from| receipt.time >= from) && to.is_none_or(|to| receipt.time < to)
        };
        let right = says.iter().rev().filter(|(says, receipt)| within(receipt) && fits(*says, sought));
        let right: Vec<u64> = right.take(PAGE).map(|(_, receipt)| receipt.index).collect();
        let told: Vec<u64> = page.entries.iter().map(|entry| entry.index).collect();
        if told != right {
            return Err(Wrong(format!("{name}: found {told:?}, and not {right:?}")).into());
        }
    }
    let mut millis = |percent| percentile(&mut micros, percent) as f64 / 1e3;
    let (p50_ms, max_ms) = (millis(50.0), millis(100.0));
    Ok(Searched { filter: name, p50_ms, max_ms, found: found as f64 / EACH as f64 })
}
