//! What the end-to-end tests share: one call per line, refusals judged in
//! full, entries read back as the auditor or from the disk, many callers at
//! once.
//!
//! **In scope**: asking through the public API, and the judgements every theme
//! needs (refused, recorded, nobody asked). **Out of scope**: starting worlds
//! and processes; that is `motlan-harness`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

mod ask;
mod collector;
mod ledger;
pub mod load;

use std::path::Path;
use std::time::Duration;

use motlan_harness::{Opened, Opening, Refusal, World};
use motlan_proto::audit::v1::{Entry, EntryKind, GetEntryRequest, SearchEntriesRequest};
use motlan_proto::common::v1::{Purpose, Receipt, purpose};
use tonic::{Code, Status};

pub use ask::*;
pub use collector::{Collector, Told as ToldSpan, text};
pub use ledger::{Held, Ledger};

/// What a call gave.
pub type Told<T> = Result<T, Status>;

/// How long a condition may take to come true.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The procedure most tests stand on: registration of permanent residence.
pub const RESIDENCE: &str = "1.004222";

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_folder(&file.path(), &name);
        } else {
            std::fs::copy(file.path(), name).unwrap();
        }
    }
}

/// The purpose of a dossier.
pub fn dossier(code: &str) -> Option<Purpose> {
    Some(Purpose { basis: Some(purpose::Basis::DossierCode(code.to_owned())) })
}

/// A registered purpose.
pub fn registered(id: &str) -> Option<Purpose> {
    Some(Purpose { basis: Some(purpose::Basis::RegisteredPurposeId(id.to_owned())) })
}

/// Opens a dossier that must open.
pub async fn opened(world: &World, opening: &Opening) -> Opened {
    world.open(opening).await.unwrap_or_else(|error| panic!("{} does not open: {error:#}", opening.procedure))
}

/// The refusal that a call must have met: code, reason, both languages.
pub fn refused<T>(what: &str, told: Told<T>, code: Code, reason: &str) -> Refusal {
    let Err(status) = told else { panic!("{what}: answered, not refused with {reason}") };
    let refusal = Refusal::from(status);
    assert_eq!((refusal.code, refusal.reason.as_str()), (code, reason), "{what}: {refusal}");
    for language in ["vi-VN", "en"] {
        let text = refusal.texts.iter().find(|(tag, _)| tag.starts_with(language));
        assert!(
            text.is_some_and(|(_, text)| !text.trim().is_empty()),
            "{what}: no text in {language}: {refusal}"
        );
    }
    refusal
}

/// The entry that a refusal's receipt points to.
pub async fn entry_of(world: &World, what: &str, refusal: &Refusal) -> Entry {
    let receipt =
        refusal.receipt.as_ref().unwrap_or_else(|| panic!("{what}: refused without a receipt: {refusal}"));
    entry_at(world, receipt).await
}

/// The entry a receipt points to; its leaf hash must be the receipt's.
pub async fn entry_at(world: &World, receipt: &Receipt) -> Entry {
    let entry = entry_number(world, receipt.index).await;
    assert_eq!(entry.leaf_hash, receipt.leaf_hash, "entry {} is not the receipt's", receipt.index);
    entry
}

/// The entry of that index.
pub async fn entry_number(world: &World, index: u64) -> Entry {
    let mut audit = world.connect("auditor").expect("the auditor connects").audit();
    let told = audit.get_entry(GetEntryRequest { index }).await;
    let told = told.unwrap_or_else(|status| panic!("entry {index}: {}", Refusal::from(status)));
    let entry = told.into_inner().entry.expect("an entry");
    assert_eq!(entry.index, index);
    entry
}

/// Searches until an entry of that index is among what is found; the index of
/// the log is written off the response path.
pub async fn found(world: &World, request: SearchEntriesRequest, index: u64) -> Vec<Entry> {
    let looking = async {
        loop {
            let entries = world.search(request.clone()).await.expect("the auditor searches");
            if entries.iter().any(|entry| entry.index == index) {
                return entries;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("no search finds entry {index}"))
}

/// The entries of a dossier, oldest first, once the one of that index is in.
pub async fn entries_of(world: &World, dossier: &str, index: u64) -> Vec<Entry> {
    let request = SearchEntriesRequest { dossier_code: dossier.to_owned(), ..Default::default() };
    let mut entries = found(world, request, index).await;
    entries.reverse();
    entries
}

/// A refusal that must stand in the log as that kind, with that reason, found
/// by a search; and no registry may have been asked since `before`.
pub async fn denied<T>(
    world: &World,
    what: &str,
    told: Told<T>,
    code: Code,
    reason: &str,
    before: u64,
) -> Entry {
    let refusal = refused(what, told, code, reason);
    assert_eq!(world.total_calls(), before, "{what}: a registry was asked");
    let entry = entry_of(world, what, &refusal).await;
    let kind =
        if code == Code::Unauthenticated { EntryKind::CredentialRefused } else { EntryKind::AccessDenied };
    assert_eq!(entry.kind(), kind, "{what}");
    assert_eq!(entry.reason, reason, "{what}");
    let search = SearchEntriesRequest { kind: kind.into(), ..Default::default() };
    let hits = found(world, search, entry.index).await;
    assert!(hits.iter().all(|hit| hit.kind() == kind), "{what}: another kind was found");
    entry
}
