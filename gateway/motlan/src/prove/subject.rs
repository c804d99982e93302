//! All entries about one subject, from one log: fetched page by page, and
//! verified as they come.

use jiff::Timestamp;
use motlan_audit_tree::filter::EntryFilter;
use motlan_audit_tree::verify::complete::{Asked, Completeness, Opening, Shown, Whole};
use motlan_audit_tree::{LeafRange, SignedCheckpoint};
use motlan_proto::audit::v1 as wire;
use motlan_proto::common::v1::SubjectKey;

use super::{NotTaken, Stop, Wrong, columns, hashes};
use crate::cli::ProveArgs;
use crate::client::{Connection, Refusal, subject_key, subject_of_kind};
use crate::exit::Failure;

/// Entries of a page.
const PAGE: u32 = 200;

/// Pseudonyms opened at a time.
const OPENINGS: usize = 100;

/// What is asked.
pub(super) struct Question {
    subject: SubjectKey,
    from: Option<Bound>,
    to: Option<Bound>,
}

/// Where a range begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Index(u64),
    Time(Timestamp),
}

// === impl Question ===

impl Question {
    pub(super) fn of(args: &ProveArgs) -> Result<Self, String> {
        let subject = match (&args.subject, &args.person) {
            (Some(text), _) => subject_of_kind(text)?,
            (None, id) => subject_key("person", id.as_deref().unwrap_or_default())?,
        };
        let bound = |text: &Option<String>| text.as_deref().map(Bound::parse).transpose();
        let (from, to) = (bound(&args.from)?, bound(&args.to)?);
        let by_index = [from, to].iter().any(|bound| matches!(bound, Some(Bound::Index(_))));
        if by_index && !args.also.is_empty() {
            return Err(
                "--also: mỗi nhật ký có chỉ số riêng, hãy dùng thời điểm cho --from và --to / every log \
                        has its own indices: give times to --from and --to"
                    .to_owned(),
            );
        }
        Ok(Self { subject, from, to })
    }

    fn time(bound: Option<Bound>) -> Option<Timestamp> {
        match bound {
            Some(Bound::Time(time)) => Some(time),
            Some(Bound::Index(_)) | None => None,
        }
    }
}

impl Bound {
    fn parse(text: &str) -> Result<Self, String> {
        if let Ok(index) = text.parse() {
            return Ok(Self::Index(index));
        }
        text.parse().map(Self::Time).map_err(|_| {
            format!(
                "`{text}` không phải chỉ số, cũng không phải thời điểm dạng 2026-11-21T00:00:00+07:00 / is no \
                 index, and no time such as 2026-11-21T00:00:00+07:00"
            )
        })
    }
}

/// Asks one gateway, and verifies what it says.
pub(super) async fn prove(
    connection: &Connection,
    newest: Result<SignedCheckpoint, NotTaken>,
    question: &Question,
    found: &mut Vec<wire::Entry>,
) -> Result<Whole, Stop> {
    let newest = newest.map_err(Wrong::Checkpoint)?;
    let range = range(connection, question, newest.head().size).await?;
    let filter = EntryFilter {
        from: Question::time(question.from),
        to: Question::time(question.to),
        ..EntryFilter::default()
    };
    let origin = newest.checkpoint().origin();
    let mut proof = Completeness::new(origin, newest.head(), range, filter)?;
    pages(connection, question, &newest, range, &mut proof, found).await?;
    openings(connection, newest.head().size, &mut proof).await?;
    Ok(proof.finish()?)
}

/// The indices. Where times are given, one entry more on either side, so that
/// it is seen that nothing of the time lies outside.
async fn range(connection: &Connection, question: &Question, size: u64) -> Result<LeafRange, Stop> {
    let from = match question.from {
        None => 0,
        Some(Bound::Index(index)) => index,
        Some(Bound::Time(time)) => first_at(connection, time, size).await?.saturating_sub(1),
    };
    let to = match question.to {
        None => size,
        Some(Bound::Index(index)) => index,
        Some(Bound::Time(time)) => first_at(connection, time, size).await?.saturating_add(1).min(size),
    };
    Ok(LeafRange { from, to })
}

/// The first entry that is not before an instant; the size where all are. It
/// need not be believed: the range shows it.
async fn first_at(connection: &Connection, time: Timestamp, size: u64) -> Result<u64, Failure> {
    let request = wire::SearchEntriesRequest {
        time_from: Some(time.into()),
        index_to: size,
        order: wire::EntryOrder::OldestFirst.into(),
        page_size: 1,
        ..Default::default()
    };
    let told = connection.audit().search_entries(request).await.map_err(Refusal::from)?.into_inner();
    Ok(told.entries.first().map_or(size, |entry| entry.index))
}

async fn pages(
    connection: &Connection,
    question: &Question,
    newest: &SignedCheckpoint,
    range: LeafRange,
    proof: &mut Completeness,
    found: &mut Vec<wire::Entry>,
) -> Result<(), Stop> {
    let mut request = wire::SearchEntriesRequest {
        subject: Some(question.subject.clone()),
        time_from: Question::time(question.from).map(Into::into),
        time_to: Question::time(question.to).map(Into::into),
        page_size: PAGE,
        index_from: range.from,
        index_to: range.to,
        prove_range: true,
        tree_size: newest.head().size,
        ..Default::default()
    };
    loop {
        let page = connection.audit().search_entries(request.clone()).await;
        let page = page.map_err(|status| Failure::from(Refusal::from(status)))?.into_inner();
        if request.index_from == range.from {
            proof.about(asked(page.asked.as_ref()).ok_or(Wrong::Answer("whom it is about"))?);
        }
        let told = page.range.ok_or(Wrong::Answer("the proof of its range"))?;
        let hashes = hashes(&told.hashes).ok_or(Wrong::Answer("whole hashes"))?;
        let bytes: Vec<Vec<u8>> = page.entries.iter().map(|entry| entry.canonical.clone()).collect();
        // What matches is judged here, by the entries themselves.
        let matching = proof.page(request.index_from, &bytes, &hashes)?;
        found.extend(matching.iter().filter_map(|entry| {
            let place = usize::try_from(entry.index - request.index_from).ok()?;
            Some(columns(entry, page.entries.get(place)?.canonical.clone()))
        }));
        request.index_from = proof.next();
        // A page without an entry proves nothing, and was refused above.
        if request.index_from >= range.to {
            return Ok(());
        }
    }
}

/// What opens every pseudonym of the range.
async fn openings(connection: &Connection, size: u64, proof: &mut Completeness) -> Result<(), Stop> {
    let unopened: Vec<String> = proof.unopened().map(str::to_owned).collect();
    for pseudonyms in unopened.chunks(OPENINGS) {
        let request = wire::OpenSubjectsRequest {
            tree_size: size,
            pseudonyms: pseudonyms.to_vec(),
            ..Default::default()
        };
        let stream = connection.audit().open_subjects(request).await;
        let mut stream = stream.map_err(|status| Failure::from(Refusal::from(status)))?.into_inner();
        while let Some(chunk) =
            stream.message().await.map_err(|status| Failure::from(Refusal::from(status)))?
        {
            for told in &chunk.openings {
                proof.opening(&opening(told).ok_or(Wrong::Answer("what opens a subject"))?)?;
            }
        }
    }
    Ok(())
}

fn asked(told: Option<&wire::AskedSubject>) -> Option<Asked> {
    let told = told?;
    let pseudonym = (!told.pseudonym.is_empty()).then(|| told.pseudonym.clone());
    Some(Asked { keyed_hash: told.keyed_hash.as_slice().try_into().ok()?, pseudonym })
}

fn opening(told: &wire::SubjectOpening) -> Option<Opening> {
    let opened = if told.keyed_hash.is_empty() && told.opening.is_empty() {
        None
    } else {
        Some((told.opening.as_slice().try_into().ok()?, told.keyed_hash.as_slice().try_into().ok()?))
    };
    let erased = match &told.erased {
        Some(erased) => Some(shown(erased)?),
        None => None,
    };
    Some(Opening { created: shown(told.created.as_ref()?)?, opened, erased })
}

fn shown(told: &wire::ProvedEntry) -> Option<Shown> {
    Some(Shown { index: told.index, bytes: told.canonical.clone(), proof: hashes(&told.proof)? })
}
