//! `motlan audit search`: every filter of `SearchEntries`, page by page.

use std::io::Write;

use motlan_proto::audit::v1::{Entry, EntryKind, EntryOrder, SearchEntriesRequest};
use motlan_proto::common::v1::Outcome;

use super::json::Contract;
use super::{Connection, Refusal, connect, subject, subject_key};
use crate::cli::{Order, SearchArgs, SearchFilter};
use crate::exit::{Ended, Exit, Failure};
use crate::report;
use crate::term::Look;

/// The most entries the gateway gives in a page.
const PAGE: usize = 200;

/// `motlan audit search`. No entry is a no (exit code 1), and said.
pub async fn audit_search(args: &SearchArgs, out: &mut dyn Write) -> Ended {
    let request = request(&args.filter).map_err(|problem| Failure::new(Exit::Usage, problem))?;
    let connection = connect(&args.client).await?;
    let entries = search_all(&connection, request, args.filter.limit.get()).await?;
    if args.client.json {
        // One line per entry: none is no line.
        let contract = Contract::load()?;
        for entry in &entries {
            writeln!(out, "{}", contract.json("motlan.audit.v1.Entry", entry)?)?;
        }
    } else if entries.is_empty() {
        writeln!(out, "Không có bản ghi nào khớp với điều kiện tìm kiếm / no entry meets the filters")?;
    } else {
        report::entries(&entries, Look::of_stdout(), out)?;
    }
    Ok(if entries.is_empty() { Exit::No } else { Exit::Ok })
}

/// The search that those filters mean.
pub fn request(filter: &SearchFilter) -> Result<SearchEntriesRequest, String> {
    let time = |text: &Option<String>| {
        let parsed = text.as_deref().map(|text| {
            text.parse::<jiff::Timestamp>().map_err(|_| {
                format!(
                    "`{text}` không phải thời điểm dạng 2026-11-21T00:00:00+07:00 / is not a time such as \
                     2026-11-21T00:00:00+07:00"
                )
            })
        });
        parsed.transpose().map(|time| time.map(Into::into))
    };
    let subject = match (&filter.subject, &filter.person) {
        (Some(text), _) => Some(subject::of_kind(text)?),
        (None, Some(id)) => Some(subject_key("person", id)?),
        (None, None) => None,
    };
    Ok(SearchEntriesRequest {
        dossier_code: filter.dossier.clone().unwrap_or_default(),
        subject,
        agency_code: filter.agency.clone().unwrap_or_default(),
        officer_account: filter.officer.clone().unwrap_or_default(),
        procedure_code: filter.procedure.clone().unwrap_or_default(),
        outcome: filter.outcome.as_deref().map(outcome).transpose()?.unwrap_or_default().into(),
        kind: filter.kind.as_deref().map(kind).transpose()?.unwrap_or_default().into(),
        time_from: time(&filter.from)?,
        time_to: time(&filter.to)?,
        order: match filter.order {
            Order::Newest => EntryOrder::NewestFirst,
            Order::Oldest => EntryOrder::OldestFirst,
        }
        .into(),
        ..Default::default()
    })
}

/// `DENIED`, in capitals or not.
fn outcome(name: &str) -> Result<Outcome, String> {
    let upper = name.to_ascii_uppercase();
    let found = Outcome::from_str_name(&format!("OUTCOME_{upper}"));
    found.filter(|outcome| *outcome != Outcome::Unspecified).ok_or_else(|| {
        let known = (1..).map_while(|number| Outcome::try_from(number).ok());
        unknown("kết quả", "outcome", name, known.map(|outcome| outcome.as_str_name()), "OUTCOME_")
    })
}

/// `access.denied` as entries write it, or `ACCESS_DENIED` as the contract does.
fn kind(name: &str) -> Result<EntryKind, String> {
    let upper = name.to_ascii_uppercase().replace('.', "_");
    let found = EntryKind::from_str_name(&format!("ENTRY_KIND_{upper}"));
    found.filter(|kind| *kind != EntryKind::Unspecified).ok_or_else(|| {
        let known = (1..).map_while(|number| EntryKind::try_from(number).ok());
        unknown("loại bản ghi", "kind of entry", name, known.map(|kind| kind.as_str_name()), "ENTRY_KIND_")
    })
}

/// What is told of a name that is none, with those there are.
fn unknown(
    vi: &str,
    en: &str,
    name: &str,
    known: impl Iterator<Item = &'static str>,
    prefix: &str,
) -> String {
    let known: Vec<&str> = known.filter_map(|name| name.strip_prefix(prefix)).collect();
    let upper = name.to_uppercase();
    let likeness = |known: &str| strsim::jaro_winkler(known, &upper);
    let near = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).copied().unwrap_or_default();
    format!("`{name}`: không có {vi} này / there is no such {en}; nearest: {near}\n  {}", known.join(", "))
}

/// Every entry that meets the filters, page by page, up to `limit`.
pub async fn search_all(
    connection: &Connection,
    mut request: SearchEntriesRequest,
    limit: usize,
) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    while entries.len() < limit {
        request.page_size = u32::try_from(PAGE.min(limit - entries.len())).unwrap_or(50);
        let page =
            connection.audit().search_entries(request.clone()).await.map_err(Refusal::from)?.into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    entries.truncate(limit);
    Ok(entries)
}
