//! Ranges of the log, openings and watches on the wire.

use motlan_audit::{AskedSubject, Found, OPENINGS, Part, Pinned, Pseudonym, RangePage, SubjectOpening};
use motlan_audit_tree::NodeHash;
use motlan_domain::Reason;
use motlan_pipeline::{Opened, Openings, Watched};
use motlan_proto::audit::v1 as wire;
use motlan_proto::common::v1 as common;

use super::audit::{against, entry, hashes};
use crate::invalid::Checked;
use crate::status::Failure;

/// Which part of the log, against which tree.
pub(crate) fn part(request: &wire::SearchEntriesRequest) -> Part {
    Part { from: request.index_from, to: given(request.index_to), size: given(request.tree_size) }
}

/// A page of a range; the receipt of the read is the caller's to add.
pub(crate) fn page(page: RangePage, receipt: common::Receipt) -> wire::SearchEntriesResponse {
    let RangePage { entries, matching, pinned, end, proof, asked } = page;
    let Pinned { range, size, newest } = pinned;
    let (_, checkpoint) = against(&newest, size);
    wire::SearchEntriesResponse {
        entries: entries.into_iter().map(entry).collect(),
        next_page_token: String::new(),
        indexed_through: size,
        receipt: Some(receipt),
        range: Some(wire::RangeProof {
            from: range.from,
            to: range.to,
            size,
            hashes: hashes(&proof),
            checkpoint,
            range_end: end,
        }),
        matching,
        asked: asked.map(subject),
    }
}

fn subject(asked: AskedSubject) -> wire::AskedSubject {
    wire::AskedSubject {
        keyed_hash: asked.keyed_hash.to_vec(),
        pseudonym: asked.pseudonym.map(|pseudonym| pseudonym.to_string()).unwrap_or_default(),
    }
}

/// Judges which subjects are to be opened.
///
/// # Errors
/// Every violation at once.
pub(crate) fn openings(request: &wire::OpenSubjectsRequest) -> Result<(Openings, Part), Failure> {
    let mut checked = Checked::default();
    let mut pseudonyms = Vec::new();
    if request.pseudonyms.len() > OPENINGS {
        checked.flaw("pseudonyms", Reason::TooManyValues);
    } else {
        for (place, text) in request.pseudonyms.iter().enumerate() {
            let pseudonym = Pseudonym::parse(text).ok_or(Reason::ValueInvalid);
            pseudonyms.extend(checked.take(format!("pseudonyms[{place}]"), pseudonym));
        }
    }
    let of_some = !request.pseudonyms.is_empty();
    if request.index_to > 0 && request.index_to < request.index_from {
        checked.flaw("index_to", Reason::IndexRangeInvalid);
    }
    let part = Part { from: request.index_from, to: given(request.index_to), size: given(request.tree_size) };
    checked.finish(Some(if of_some {
        (Openings::Of(pseudonyms), Part { from: 0, to: None, ..part })
    } else {
        (Openings::Created, part)
    }))
}

/// A chunk of openings; the receipt of the read is the caller's to add.
pub(crate) fn opened(opened: Opened, receipt: common::Receipt) -> wire::OpenSubjectsResponse {
    let Pinned { size, newest, .. } = opened.pinned;
    let (_, checkpoint) = against(&newest, size);
    wire::OpenSubjectsResponse {
        openings: opened.openings.into_iter().map(opening).collect(),
        size,
        checkpoint,
        receipt: Some(receipt),
    }
}

fn opening(told: SubjectOpening) -> wire::SubjectOpening {
    let pseudonym = told.created.entry.created.as_ref().map(|created| created.pseudonym.to_string());
    let (opening, keyed_hash) =
        told.opened.map(|(opening, hash)| (opening.to_vec(), hash.to_vec())).unwrap_or_default();
    wire::SubjectOpening {
        pseudonym: pseudonym.unwrap_or_default(),
        created: Some(proved(told.created, &told.created_proof)),
        keyed_hash,
        opening,
        erased: told.erased.map(|(found, proof)| proved(found, &proof)),
    }
}

fn proved(found: Found, proof: &[NodeHash]) -> wire::ProvedEntry {
    wire::ProvedEntry { index: found.index, canonical: found.bytes, proof: hashes(proof) }
}

/// A watch's filters, as a search has them.
pub(crate) fn watched(request: wire::WatchEntriesRequest) -> wire::SearchEntriesRequest {
    let wire::WatchEntriesRequest {
        index_from: _,
        dossier_code,
        subject,
        agency_code,
        officer_account,
        procedure_code,
        outcome,
        kind,
    } = request;
    wire::SearchEntriesRequest {
        dossier_code,
        subject,
        agency_code,
        officer_account,
        procedure_code,
        outcome,
        kind,
        ..Default::default()
    }
}

/// A chunk of a watch; the receipt of the read is the caller's to add.
pub(crate) fn chunk(watched: Watched, receipt: common::Receipt) -> wire::WatchEntriesResponse {
    wire::WatchEntriesResponse {
        entries: watched.entries.into_iter().map(entry).collect(),
        index_from: watched.from,
        index_to: watched.to,
        receipt: Some(receipt),
    }
}

/// 0 stands for what was not given.
fn given(number: u64) -> Option<u64> {
    (number > 0).then_some(number)
}
