//! Searching: every filter, paging, hostile tokens, an index that is derived.

use std::fs;

use super::*;
use crate::{DraftActor, Order, Outcome, SearchQuery, store::StoreError};

type Holds = Box<dyn Fn(&crate::Entry) -> bool>;

const KINDS: [Kind; 3] = [Kind::AccessIntent, Kind::AccessOutcome, Kind::AccessDenied];

/// 240 entries over 6 dossiers, 4 agencies, 3 officers, 2 procedures, 5 people.
async fn filled() -> World {
    let world = World::new().await;
    for n in 0..240usize {
        world.clock.advance(Duration::from_secs(1));
        let mut draft = draft(n % 6)
            .caller("portal", format!("H32.{}", n % 4))
            .actor(DraftActor::Officer { account: format!("officer{}", n % 3).into(), agency: None })
            .procedure(format!("1.00422{}", n % 2))
            .outcome(if n % 8 == 0 { Outcome::NotFound } else { Outcome::Found })
            .subject(person(1 + n as u32 % 5), "applicant");
        draft.kind = KINDS[n % 3];
        world.log.append(draft).await.unwrap();
    }
    world.log.index_caught_up(world.log.health().durable).await;
    world
}

/// All pages of a query; the numbers `n` of the entries found.
async fn all(world: &World, query: SearchQuery) -> Vec<u64> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = world.log.search(SearchQuery { page_token: token, ..query.clone() }).await.unwrap();
        assert!(page.entries.len() <= 200);
        found.extend(page.entries.iter().map(|found| found.index));
        token = page.next_page_token;
        if token.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn each_filter_finds_what_a_full_scan_finds() {
    let world = filled().await;
    let entries = world.entries();
    let start = entries.iter().find(|entry| entry.dossier().is_some()).unwrap().time.timestamp();
    let at = move |seconds: i64| start + jiff::SignedDuration::from_secs(seconds);
    let pseudonym = world.log.find_subject(&person(3)).await.unwrap().unwrap();
    let caller = |entry: &crate::Entry| entry.caller.as_ref().and_then(|caller| caller.agency.clone());
    let officer = |entry: &crate::Entry| entry.actor.as_ref().and_then(|actor| actor.account.clone());
    let about = |entry: &crate::Entry, name: &str| {
        entry.subjects.iter().any(|s| s.pseudonym == name)
            || entry.created.iter().any(|c| c.pseudonym == name)
    };
    let dossier = "H32.212-261121-0004";
    let name = pseudonym.as_str().to_owned();
    let cases: Vec<(&str, SearchQuery, Holds)> = vec![
        ("none", SearchQuery::default(), Box::new(|_| true)),
        (
            "dossier",
            SearchQuery { dossier: Some(dossier.into()), ..Default::default() },
            Box::new(move |entry| entry.dossier() == Some(dossier)),
        ),
        (
            "agency",
            SearchQuery { agency: Some("H32.2".into()), ..Default::default() },
            Box::new(move |entry| caller(entry).as_deref() == Some("H32.2")),
        ),
        (
            "officer",
            SearchQuery { officer: Some("officer1".into()), ..Default::default() },
            Box::new(move |entry| officer(entry).as_deref() == Some("officer1")),
        ),
        (
            "procedure",
            SearchQuery { procedure: Some("1.004221".into()), ..Default::default() },
            Box::new(|entry| entry.procedure.as_deref() == Some("1.004221")),
        ),
        (
            "outcome",
            SearchQuery { outcome: Some(Outcome::NotFound), ..Default::default() },
            Box::new(|entry| entry.outcome == Some(Outcome::NotFound)),
        ),
        (
            "one kind",
            SearchQuery { kinds: vec![Kind::AccessDenied], ..Default::default() },
            Box::new(|entry| entry.kind == Kind::AccessDenied),
        ),
        (
            "two kinds",
            SearchQuery { kinds: vec![Kind::AccessDenied, Kind::SubjectCreated], ..Default::default() },
            Box::new(|entry| matches!(entry.kind, Kind::AccessDenied | Kind::SubjectCreated)),
        ),
        (
            "subject",
            SearchQuery { subject: Some(person(3)), ..Default::default() },
            Box::new(move |entry| about(entry, &name)),
        ),
        (
            "time",
            SearchQuery { from: Some(at(50)), to: Some(at(100)), ..Default::default() },
            Box::new(move |entry| (at(50)..at(100)).contains(&entry.time.timestamp())),
        ),
        (
            "several",
            SearchQuery {
                subject: Some(person(3)),
                officer: Some("officer1".into()),
                outcome: Some(Outcome::Found),
                kinds: vec![Kind::AccessIntent, Kind::AccessOutcome],
                from: Some(at(10)),
                ..Default::default()
            },
            Box::new(move |entry| {
                about(entry, pseudonym.as_str())
                    && officer(entry).as_deref() == Some("officer1")
                    && entry.outcome == Some(Outcome::Found)
                    && matches!(entry.kind, Kind::AccessIntent | Kind::AccessOutcome)
                    && entry.time.timestamp() >= at(10)
            }),
        ),
    ];
    for (name, query, holds) in cases {
        let mut expected: Vec<u64> =
            entries.iter().filter(|entry| holds(entry)).map(|entry| entry.index).collect();
        assert!(!expected.is_empty(), "{name} shows nothing");
        for page_size in [0, 7, 1000] {
            let query = SearchQuery { page_size, order: Order::OldestFirst, ..query.clone() };
            assert_eq!(all(&world, query).await, expected, "{name}, oldest first, {page_size}");
        }
        expected.reverse();
        assert_eq!(
            all(&world, SearchQuery { page_size: 7, ..query }).await,
            expected,
            "{name}, newest first"
        );
    }
    let nobody = SearchQuery { subject: Some(person(99)), ..Default::default() };
    assert!(all(&world, nobody).await.is_empty());
    assert!(
        all(&world, SearchQuery { dossier: Some("H32.212-261121-9999".into()), ..Default::default() })
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_household_answer_is_found_by_each_member() {
    let world = filled().await;
    let members: Vec<Identifier> = (50..56).map(person).collect();
    let household =
        members.iter().fold(draft(7), |draft, member| draft.subject(member.clone(), "household_member"));
    let receipt = world.log.append(household).await.unwrap();
    for member in members {
        let found = all(&world, SearchQuery { subject: Some(member), ..Default::default() }).await;
        assert_eq!(found.first(), Some(&receipt.index));
        assert_eq!(found.len(), 2, "the answer and the subject's creation");
    }
}

#[tokio::test]
async fn pages_are_of_one_moment() {
    let world = filled().await;
    let query =
        SearchQuery { dossier: Some("H32.212-261121-0001".into()), page_size: 15, ..Default::default() };
    let first = world.log.search(query.clone()).await.unwrap();
    world.log.append(draft(1)).await.unwrap();
    let rest = SearchQuery { page_token: first.next_page_token.clone(), ..query.clone() };
    let second = world.log.search(rest).await.unwrap();
    assert_eq!(second.indexed_through, first.indexed_through);
    let found = all(&world, query).await;
    assert_eq!(found.len(), 41, "a new search sees the new entry");
}

#[tokio::test]
async fn a_token_serves_its_own_query_only() {
    let mut world = filled().await;
    let query = SearchQuery { agency: Some("H32.1".into()), page_size: 10, ..Default::default() };
    let token = world.log.search(query.clone()).await.unwrap().next_page_token.unwrap();
    let with = |token: String| SearchQuery { page_token: Some(token), ..query.clone() };
    assert!(world.log.search(with(token.clone())).await.is_ok(), "control");
    let mut hostile: Vec<SearchQuery> = vec![
        with(String::new()),
        with("x".into()),
        with("\u{0}\u{1f600}".into()),
        with("A".repeat(43)),
        with(format!("{token}A")),
        with(token[1..].into()),
        SearchQuery { agency: Some("H32.2".into()), ..with(token.clone()) },
        SearchQuery { officer: Some("H32.1".into()), agency: None, ..with(token.clone()) },
        SearchQuery { subject: Some(person(1)), ..with(token.clone()) },
        SearchQuery { order: Order::OldestFirst, ..with(token.clone()) },
        SearchQuery { kinds: vec![Kind::AccessDenied], ..with(token.clone()) },
        SearchQuery { from: Some(Timestamp::UNIX_EPOCH), ..with(token.clone()) },
    ];
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'B' { b'C' } else { b'B' };
        hostile.push(with(String::from_utf8(bytes).unwrap()));
    }
    for query in hostile {
        let answer = world.log.search(query.clone()).await;
        assert!(matches!(answer, Err(AuditError::PageToken)), "{:?}", query.page_token);
    }
    world.again().await.unwrap();
    assert!(world.log.search(with(token)).await.is_ok(), "a restart does not break a search");
}

/// A page ends after so many entries looked at, found or not; page by page all
/// is found, in order, whichever list leads.
#[tokio::test]
async fn a_page_looks_at_no_more_than_it_may() {
    let mut world = filled().await;
    world.shut().await;
    let few = AuditOptions { page_looks: 16, ..options(world.dir.path()) };
    let clock = Arc::clone(&world.clock) as _;
    let (log, service) = AuditLog::open(few, Arc::new(MemoryKeyProvider::fixed(7)), clock).await.unwrap();
    (world.log, world.service) = (log, Some(service));
    let queries = [
        // Half of the entries each, and none both.
        SearchQuery {
            procedure: Some("1.004221".into()),
            outcome: Some(Outcome::NotFound),
            ..Default::default()
        },
        SearchQuery { agency: Some("H32.1".into()), kinds: vec![Kind::AccessDenied], ..Default::default() },
        // No list leads.
        SearchQuery { kinds: vec![Kind::AccessDenied, Kind::LogRead], ..Default::default() },
        SearchQuery { subject: Some(person(3)), agency: Some("H32.2".into()), ..Default::default() },
    ];
    let entries = world.entries();
    let person3 = world.log.find_subject(&person(3)).await.unwrap().unwrap();
    let person3 = person3.as_str();
    for (at, query) in queries.into_iter().enumerate() {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let query = SearchQuery { order, page_size: 200, ..query.clone() };
            let first = world.log.search(query.clone()).await.unwrap();
            assert!(first.entries.len() <= 16 && first.next_page_token.is_some(), "{at}: it breaks off");
            let mut found = all(&world, query).await;
            if order == Order::NewestFirst {
                found.reverse();
            }
            let expected: Vec<u64> = entries
                .iter()
                .filter(|entry| match at {
                    0 => false,
                    1 => {
                        entry.kind == Kind::AccessDenied
                            && entry.caller.as_ref().is_some_and(|c| c.agency.as_deref() == Some("H32.1"))
                    }
                    2 => entry.kind == Kind::AccessDenied,
                    _ => {
                        entry.caller.as_ref().is_some_and(|c| c.agency.as_deref() == Some("H32.2"))
                            && entry.subjects.iter().any(|subject| subject.pseudonym == person3)
                    }
                })
                .map(|entry| entry.index)
                .collect();
            assert_eq!(found, expected, "{at}");
            assert!(at == 0 || !expected.is_empty(), "{at}: control");
        }
    }
    world.shut().await;
}

#[tokio::test]
async fn one_entry_by_index() {
    let world = filled().await;
    let found = world.log.get(17).await.unwrap().unwrap();
    assert_eq!(found.entry, world.entries()[17]);
    assert_eq!(found.leaf_hash, motlan_audit_tree::leaf_hash(&found.bytes));
    assert!(world.log.get(100_000).await.unwrap().is_none());
}

#[tokio::test]
async fn an_index_is_rebuilt_from_the_log() {
    let mut world = filled().await;
    let query = SearchQuery { subject: Some(person(2)), ..Default::default() };
    let before = all(&world, query.clone()).await;
    for damage in [&b""[..], b"not a database, and longer than its header would be"] {
        world.shut().await;
        for file in ["index.db", "index.db-wal", "index.db-shm"] {
            let _ = fs::remove_file(world.dir.path().join(file));
        }
        if !damage.is_empty() {
            fs::write(world.dir.path().join("index.db"), damage).unwrap();
        }
        let (log, service) = open(world.dir.path(), &world.clock, &world.faults).await.unwrap();
        (world.log, world.service) = (log, Some(service));
        assert_eq!(all(&world, query.clone()).await, before);
    }
}

#[tokio::test]
async fn a_journal_shorter_than_its_index_does_not_open() {
    let mut world = World::new().await;
    for turn in 0..20 {
        world.log.append(draft(turn)).await.unwrap();
    }
    world.shut().await;
    let path = world.dir.path().join("00000000000000000000.journal");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 5..].fill(0);
    fs::write(&path, bytes).unwrap();
    let opened = open(world.dir.path(), &world.clock, &world.faults).await;
    assert!(
        matches!(opened, Err(AuditError::Store(StoreError::Corrupt { index: 19, .. }))),
        "{:?}",
        opened.map(drop)
    );
}

#[tokio::test]
async fn a_paused_index_says_what_it_covers() {
    let world = filled().await;
    let covered = world.log.health().indexed;
    world.log.pause_index(true);
    world.log.append(draft(1)).await.unwrap();
    let page = world.log.search(SearchQuery::default()).await.unwrap();
    assert_eq!(page.indexed_through, covered);
    world.log.pause_index(false);
    world.log.index_caught_up(covered + 1).await;
    let page = world.log.search(SearchQuery::default()).await.unwrap();
    assert_eq!(page.indexed_through, covered + 1);
}
