//! The log as auditors read it: every filter, pages, tokens that are none; and
//! no identifier or name in clear anywhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::items_after_statements,
    clippy::unnecessary_wraps,
    clippy::type_complexity,
    reason = "test code"
)]

use std::collections::BTreeSet;

use motlan_e2e::*;
use motlan_harness::{Connection, Opening, Refusal, World};
use motlan_proto::audit::v1::{Entry, EntryKind, EntryOrder, SearchEntriesRequest, SearchEntriesResponse};
use motlan_proto::common::v1::{Outcome, SubjectKey, subject_key};
use tonic::Code;

fn person_key(id: &str) -> Option<SubjectKey> {
    Some(SubjectKey { key: Some(subject_key::Key::PersonalId(id.to_owned())) })
}

fn search() -> SearchEntriesRequest {
    SearchEntriesRequest::default()
}

async fn page(by: &Connection, request: &SearchEntriesRequest) -> Told<SearchEntriesResponse> {
    by.audit().search_entries(request.clone()).await.map(tonic::Response::into_inner)
}

/// Everything, oldest first, up to the index.
async fn everything(world: &World, index: u64) -> Vec<Entry> {
    let mut entries = found(world, search(), index).await;
    entries.reverse();
    entries
}

#[tokio::test]
async fn every_filter_finds_what_it_says_and_nothing_else() {
    let world = World::start().await.unwrap();
    let families = world.families().to_vec();
    let home = opened(&world, &Opening::of(RESIDENCE)).await;
    let job = opened(&world, &Opening::of("1.001613").family(1)).await;
    let office = world.connect(&home.office).unwrap();
    let department = world.connect(&job.office).unwrap();
    let verifier = world.connect("verifier").unwrap();
    let (me, other) = (&families[0].applicant, &families[1].applicant);
    resolve(&office, &home.code).await.expect("resolves");
    resolve(&department, &job.code).await.expect("resolves");
    get_person(&office, dossier(&home.code), &other.id, &[]).await.expect_err("a stranger");
    verify(&verifier, registered("identity-verification"), &me.id, &me.name, Some(&me.birth_date))
        .await
        .unwrap();
    verify(&verifier, registered("identity-verification"), &me.id, &other.name, Some(&me.birth_date))
        .await
        .unwrap();
    let last = close(&office, &home.code).await.expect("closes").receipt.unwrap().index;
    let all = everything(&world, last).await;
    let from = all[all.len() / 3].time;
    let to = all[all.len() * 2 / 3].time;
    let officer = world.member(&home.office).unwrap().account.clone();
    let (mine, notary) = (home.plan.agency.clone(), world.member("verifier").unwrap().agency.clone());
    let until = |e: &Entry, bound: Option<motlan_proto::time::Timestamp>| {
        let (at, bound) = (e.time.unwrap(), bound.unwrap());
        (at.seconds, at.nanos).cmp(&(bound.seconds, bound.nanos))
    };

    type Is<'a> = Box<dyn Fn(&Entry) -> bool + 'a>;
    let table: Vec<(&str, SearchEntriesRequest, Is<'_>)> = vec![
        (
            "dossier",
            SearchEntriesRequest { dossier_code: home.code.clone(), ..search() },
            Box::new(|e| e.dossier_code == home.code),
        ),
        (
            "agency",
            SearchEntriesRequest { agency_code: notary.clone(), ..search() },
            Box::new(|e| e.caller_agency == notary),
        ),
        (
            "officer",
            SearchEntriesRequest { officer_account: officer.clone(), ..search() },
            Box::new(|e| e.officer_account == officer),
        ),
        (
            "procedure",
            SearchEntriesRequest { procedure_code: "1.001613".to_owned(), ..search() },
            Box::new(|e| e.procedure_code == "1.001613"),
        ),
        (
            "outcome",
            SearchEntriesRequest { outcome: Outcome::Mismatch.into(), ..search() },
            Box::new(|e| e.outcome() == Outcome::Mismatch),
        ),
        (
            "denied",
            SearchEntriesRequest { outcome: Outcome::Denied.into(), ..search() },
            Box::new(|e| e.outcome() == Outcome::Denied),
        ),
        (
            "kind",
            SearchEntriesRequest { kind: EntryKind::ComponentDecided.into(), ..search() },
            Box::new(|e| e.kind() == EntryKind::ComponentDecided),
        ),
        (
            "closed",
            SearchEntriesRequest { kind: EntryKind::DossierClosed.into(), ..search() },
            Box::new(|e| e.kind() == EntryKind::DossierClosed),
        ),
        (
            "from",
            SearchEntriesRequest { time_from: from, time_to: all[all.len() - 1].time, ..search() },
            Box::new(|e| until(e, from).is_ge() && until(e, all[all.len() - 1].time).is_lt()),
        ),
        (
            "from and to",
            SearchEntriesRequest { time_from: from, time_to: to, ..search() },
            Box::new(|e| until(e, from).is_ge() && until(e, to).is_lt()),
        ),
        (
            "agency and kind",
            SearchEntriesRequest {
                agency_code: mine.clone(),
                kind: EntryKind::AccessDenied.into(),
                ..search()
            },
            Box::new(|e| e.caller_agency == mine && e.kind() == EntryKind::AccessDenied),
        ),
        (
            "oldest first",
            SearchEntriesRequest {
                order: EntryOrder::OldestFirst.into(),
                dossier_code: job.code.clone(),
                ..search()
            },
            Box::new(|e| e.dossier_code == job.code),
        ),
    ];
    let through = all.last().unwrap().index;
    let mut seen = 0;
    for (what, request, is) in &table {
        let hits = world.search(request.clone()).await.unwrap();
        let hits: Vec<u64> = hits.iter().map(|hit| hit.index).filter(|index| *index <= through).collect();
        let mut want: Vec<u64> = all.iter().filter(|entry| is(entry)).map(|entry| entry.index).collect();
        if *what != "oldest first" {
            want.reverse();
        }
        assert!(!want.is_empty() && want.len() < all.len(), "{what}: {} of {}", want.len(), all.len());
        assert_eq!(hits, want, "{what}");
        seen += 1;
    }
    assert_eq!(seen, 12);
    drop(table);

    // By identifier: the person's entries and no other's.
    for (id, some) in [(&me.id, true), (&other.id, true), (&families[4].elder.id, false)] {
        let hits = world.search(SearchEntriesRequest { subject: person_key(id), ..search() }).await.unwrap();
        assert_eq!(!hits.is_empty(), some, "by identifier");
        if !some {
            continue;
        }
        let pseudonyms =
            |hit: &Entry| hit.subjects.iter().map(|s| s.pseudonym.clone()).collect::<BTreeSet<_>>();
        let about = hits.iter().map(pseudonyms).filter(|names| !names.is_empty());
        let common = about.reduce(|one, two| one.intersection(&two).cloned().collect()).unwrap();
        assert_eq!(common.len(), 1, "one pseudonym stands in all of them");
        let pseudonym = common.first().unwrap();
        for hit in &hits {
            let body = String::from_utf8_lossy(&hit.canonical);
            assert!(body.contains(pseudonym.as_str()), "a {:?} that is not about the person", hit.kind());
        }
        let told = hits.iter().filter(|hit| hit.kind() == EntryKind::AccessOutcome).count();
        assert!(told > 0, "what was asked about the person is among them");
    }
    world.stop().await.unwrap();
}

#[tokio::test]
async fn pages_hold_still_and_foreign_tokens_open_none() {
    let world = World::start().await.unwrap();
    let home = opened(&world, &Opening::of(RESIDENCE)).await;
    let office = world.connect(&home.office).unwrap();
    let (components, _) = resolve(&office, &home.code).await.unwrap();
    let last = components.last().unwrap().receipt.as_ref().unwrap().index;
    let whole: Vec<u64> = found(&world, search(), last).await.iter().map(|entry| entry.index).collect();
    let auditor = world.connect("auditor").unwrap();
    let mut request = SearchEntriesRequest { page_size: 7, ..search() };
    let mut paged = Vec::new();
    let mut tokens = Vec::new();
    loop {
        let told = page(&auditor, &request).await.expect("a page");
        assert!(told.entries.len() <= 7);
        paged.extend(told.entries.iter().map(|entry| entry.index));
        // Meanwhile the log grows; the pages hold still.
        get_dossier(&office, &home.code).await.unwrap();
        if told.next_page_token.is_empty() {
            break;
        }
        tokens.push(told.next_page_token.clone());
        request.page_token = told.next_page_token;
    }
    assert!(tokens.len() >= 3, "{} pages", tokens.len() + 1);
    let known: Vec<u64> = paged.iter().copied().filter(|index| whole.contains(index)).collect();
    assert_eq!(known, whole, "every entry once, in order");
    assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), paged.len(), "none twice");

    let token = &tokens[0];
    let mut flipped = token.clone().into_bytes();
    flipped[5] = if flipped[5] == b'A' { b'B' } else { b'A' };
    let hostile = [
        (
            "another query",
            SearchEntriesRequest {
                dossier_code: home.code.clone(),
                page_token: token.clone(),
                ..request.clone()
            },
        ),
        (
            "another order",
            SearchEntriesRequest {
                order: EntryOrder::OldestFirst.into(),
                page_token: token.clone(),
                ..request.clone()
            },
        ),
        (
            "altered",
            SearchEntriesRequest { page_token: String::from_utf8(flipped).unwrap(), ..request.clone() },
        ),
        ("cut", SearchEntriesRequest { page_token: token[..token.len() - 2].to_owned(), ..request.clone() }),
        ("nonsense", SearchEntriesRequest { page_token: "' OR 1=1 --".to_owned(), ..request.clone() }),
        ("null bytes", SearchEntriesRequest { page_token: "\0\0\0\0".to_owned(), ..request.clone() }),
    ];
    for (what, request) in &hostile {
        let refusal =
            refused(what, page(&auditor, request).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
        assert_eq!(refusal.violations.first().map(|v| v.field.as_str()), Some("page_token"), "{what}");
    }
    // A token of an other log is none here.
    let elsewhere = World::start().await.unwrap();
    let request = SearchEntriesRequest { page_token: token.clone(), page_size: 7, ..search() };
    let told = page(&elsewhere.connect("auditor").unwrap(), &request).await;
    refused("another log", told, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    elsewhere.stop().await.unwrap();

    // Reading is itself an entry, with what was looked for and how many were found.
    let told = page(
        &auditor,
        &SearchEntriesRequest { subject: person_key(&home.plan.applicant), page_size: 3, ..search() },
    )
    .await
    .unwrap();
    let entry = entry_at(&world, told.receipt.as_ref().unwrap()).await;
    assert_eq!((entry.kind(), entry.caller_system.as_str()), (EntryKind::LogRead, "auditor"));
    let reader = &world.member("auditor").unwrap().account;
    assert_eq!((entry.actor_kind.as_str(), &entry.officer_account), ("OFFICER", reader), "who read my log?");
    let body: serde_json::Value = serde_json::from_slice(&entry.canonical).unwrap();
    assert_eq!(body["search"]["count"], told.entries.len(), "{body}");
    let filter = &body["search"]["filters"][0];
    assert_eq!(filter["name"], "subject");
    assert!(filter["value"].as_str().is_some_and(|value| value.starts_with("s_")), "by pseudonym: {filter}");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn an_entry_that_is_not_there_is_not_found() {
    let world = World::start().await.unwrap();
    let mut audit = world.connect("auditor").unwrap().audit();
    for index in [1_000_000, u64::MAX] {
        let told = audit.get_entry(motlan_proto::audit::v1::GetEntryRequest { index }).await;
        let refusal: Refusal = refused("beyond the log", told, Code::NotFound, "ENTRY_UNKNOWN");
        let receipt = refusal.receipt.as_ref().expect("the reading is an entry, and its receipt is told");
        let entry = entry_at(&world, receipt).await;
        assert_eq!((entry.kind(), entry.caller_system.as_str()), (EntryKind::LogRead, "auditor"));
        let body: serde_json::Value = serde_json::from_slice(&entry.canonical).unwrap();
        assert_eq!(body["search"]["count"], 0, "{body}");
        assert_eq!(body["search"]["filters"][0]["value"], index.to_string(), "{body}");
    }
    assert_eq!(entry_number(&world, 0).await.index, 0, "the first entry is there");
    world.stop().await.unwrap();
}
