//! Ranges as an auditor verifies them: whole, opened, and judged alike by the
//! index and by the entries themselves.

use motlan_audit_tree::verify::complete::{Asked, Completeness, Incomplete, Opening, Shown, Whole};
use motlan_audit_tree::{LeafRange, NodeHash};

use super::*;
use crate::{
    AskedSubject, DraftActor, Found, Order, Outcome, Part, Pinned, Pseudonym, RangePage, SearchQuery,
    SubjectOpening, TreeError,
};

/// 60 entries about 4 people, of 3 kinds, by 2 officers.
async fn filled() -> World {
    let world = World::new().await;
    for n in 0..60usize {
        world.clock.advance(Duration::from_secs(1));
        let mut draft = draft(n % 5)
            .caller("portal", format!("H32.{}", n % 3))
            .actor(DraftActor::Officer { account: format!("officer{}", n % 2).into(), agency: None })
            .procedure(format!("1.00422{}", n % 2))
            .outcome(if n % 7 == 0 { Outcome::NotFound } else { Outcome::Found })
            .subject(person(1 + n as u32 % 4), "applicant");
        draft.kind = [Kind::AccessIntent, Kind::AccessOutcome, Kind::AccessDenied][n % 3];
        world.log.append(draft).await.unwrap();
    }
    world.log.published(world.log.health().durable).await;
    world
}

fn shown(found: &Found, proof: &[NodeHash]) -> Shown {
    Shown { index: found.index, bytes: found.bytes.clone(), proof: proof.to_vec() }
}

fn opening(told: &SubjectOpening) -> Opening {
    Opening {
        created: shown(&told.created, &told.created_proof),
        opened: told.opened,
        erased: told.erased.as_ref().map(|(found, proof)| shown(found, proof)),
    }
}

fn asked(told: &AskedSubject) -> Asked {
    let pseudonym = told.pseudonym.as_ref().map(|pseudonym| pseudonym.as_str().to_owned());
    Asked { keyed_hash: told.keyed_hash, pseudonym }
}

fn bytes(page: &RangePage) -> Vec<Vec<u8>> {
    page.entries.iter().map(|found| found.bytes.clone()).collect()
}

/// A range page by page, as a client asks for it.
async fn pages(world: &World, query: &SearchQuery, part: Part) -> Vec<RangePage> {
    let first = world.log.pin(part).await.unwrap();
    let mut pages = Vec::new();
    let mut pinned = first.clone();
    loop {
        let page = world.log.read_range(query, pinned.clone()).await.unwrap();
        let to = page.pinned.range.to;
        assert!(to > pinned.range.from, "a page that leads nowhere");
        assert_eq!((page.end, page.pinned.size), (first.range.to, first.size));
        pages.push(page);
        if to == first.range.to {
            return pages;
        }
        let part = Part { from: to, to: Some(first.range.to), size: Some(first.size) };
        pinned = world.log.pin(part).await.unwrap();
    }
}

/// The whole of it, verified by an outsider.
async fn verified(world: &World, query: &SearchQuery, part: Part) -> Result<Whole, Incomplete> {
    let pages = pages(world, query, part).await;
    let pinned: &Pinned = &pages[0].pinned;
    let (size, range) = (pinned.size, LeafRange { from: pinned.range.from, to: pages[0].end });
    let checkpoint = world.log.checkpoint();
    let head = world.log.tree_head(size).await.unwrap();
    if checkpoint.head().size == size {
        assert_eq!(checkpoint.head(), head);
    }
    let mut question = Completeness::new(ORIGIN, head, range, query.filter(None))?;
    if let Some(told) = &pages[0].asked {
        question.about(asked(told));
    }
    for page in &pages {
        let matching = question.page(page.pinned.range.from, &bytes(page), &page.proof)?;
        let judged: Vec<u64> = matching.iter().map(|entry| entry.index).collect();
        assert_eq!(judged, page.matching, "client and gateway agree");
    }
    let open: Vec<Pseudonym> = question.unopened().map(|name| Pseudonym::parse(name).unwrap()).collect();
    for told in world.log.openings_of(&pages[0].pinned, &open).await.unwrap() {
        question.opening(&opening(&told))?;
    }
    question.finish()
}

#[tokio::test]
async fn what_the_index_finds_is_what_the_entries_say() {
    let world = filled().await;
    let start = world.entries()[0].time.timestamp();
    let at = |seconds: i64| Some(start + jiff::SignedDuration::from_secs(seconds));
    let none = SearchQuery::default;
    let queries = [
        none(),
        SearchQuery { dossier: Some("H32.212-261121-0004".into()), ..none() },
        SearchQuery { agency: Some("H32.2".into()), ..none() },
        SearchQuery { officer: Some("officer1".into()), ..none() },
        SearchQuery { procedure: Some("1.004221".into()), ..none() },
        SearchQuery { outcome: Some(Outcome::NotFound), ..none() },
        SearchQuery { kinds: vec![Kind::AccessDenied], ..none() },
        SearchQuery { kinds: vec![Kind::SubjectCreated, Kind::AccessIntent], ..none() },
        SearchQuery { from: at(20), to: at(40), ..none() },
        SearchQuery { subject: Some(person(2)), ..none() },
        SearchQuery { subject: Some(person(3)), outcome: Some(Outcome::Found), from: at(9), ..none() },
        SearchQuery { subject: Some(person(99)), ..none() },
    ];
    let size = world.log.health().published;
    for (number, query) in queries.into_iter().enumerate() {
        for (from, to) in [(0, None), (10, Some(50)), (size - 1, Some(size))] {
            let oldest = Order::OldestFirst;
            let index = SearchQuery {
                index_from: from,
                index_to: to,
                order: oldest,
                page_size: 200,
                ..query.clone()
            };
            let found = world.log.search(index).await.unwrap().entries;
            let found: Vec<u64> = found.iter().map(|found| found.index).collect();
            let part = Part { from, to, size: None };
            let query = SearchQuery { page_size: 7, ..query.clone() };
            let mut read = Vec::new();
            for page in pages(&world, &query, part).await {
                read.extend(page.matching);
            }
            assert_eq!(read, found, "query {number} from {from} to {to:?}");
            assert!(number == 11 || from > 0 || !found.is_empty(), "query {number} shows nothing");
        }
    }
}

#[tokio::test]
async fn a_range_is_shown_whole_and_its_people_opened() {
    let world = filled().await;
    let query = SearchQuery { subject: Some(person(2)), page_size: 9, ..SearchQuery::default() };
    let whole = verified(&world, &query, Part { from: 20, to: Some(60), size: None }).await.unwrap();
    assert_eq!((whole.range, whole.opened, whole.all), (LeafRange { from: 20, to: 60 }, 4, false));
    assert_eq!(whole.matching, 10, "every fourth");
    let whole = verified(&world, &query, Part::default()).await.unwrap();
    assert_eq!((whole.matching, whole.opened, whole.all), (16, 4, true), "with the creation");
    // Somebody nobody asked about.
    let query = SearchQuery { subject: Some(person(99)), ..query };
    assert_eq!(verified(&world, &query, Part::default()).await.unwrap().matching, 0);
}

/// The table keeps what opens a commitment: across a restart too, and not
/// beyond an erasure.
#[tokio::test]
async fn openings_last_until_the_subject_is_erased() {
    let mut world = filled().await;
    let before = world.log.health().published;
    let pseudonym = world.log.find_subject(&person(2)).await.unwrap().unwrap();
    world.again().await.unwrap();
    let query = SearchQuery { subject: Some(person(2)), page_size: 9, ..SearchQuery::default() };
    assert_eq!(verified(&world, &query, Part::default()).await.unwrap().opened, 4, "after a restart");

    world.log.erase_subject(&person(2)).await.unwrap().unwrap();
    world.log.published(world.log.health().durable).await;
    let all = SearchQuery { page_size: 9, ..SearchQuery::default() };
    let whole = verified(&world, &all, Part::default()).await.unwrap();
    assert_eq!((whole.opened, whole.erased), (3, vec![pseudonym.as_str().to_owned()]));
    // Against a tree from before, nothing can be shown of it any more.
    let old = Part { size: Some(before), ..Part::default() };
    let unopened = Err(Incomplete::Unopened(pseudonym.as_str().to_owned()));
    assert_eq!(verified(&world, &all, old).await, unopened);
    // Met again, they are somebody else.
    let again = world.log.subject(&person(2)).await.unwrap();
    assert_ne!(again, pseudonym);
    world.log.published(world.log.health().durable).await;
    let whole = verified(&world, &query, Part::default()).await.unwrap();
    assert_eq!((whole.matching, whole.erased.len()), (1, 1), "its creation");
}

#[tokio::test]
async fn all_openings_come_in_the_order_of_the_log() {
    let world = World::new().await;
    for n in 0..250 {
        world.log.subject(&person(n)).await.unwrap();
    }
    world.log.published(250).await;
    let pinned = world.log.pin(Part::default()).await.unwrap();
    let (mut told, mut from) = (Vec::new(), Some(0));
    let mut chunks = 0;
    while let Some(at) = from {
        let (chunk, next) = world.log.openings_in(&pinned, at).await.unwrap();
        assert!(chunk.len() <= crate::OPENINGS);
        told.extend(chunk);
        from = next;
        chunks += 1;
    }
    assert_eq!((told.len(), chunks), (250, 3));
    assert!(told.iter().map(|told| told.created.index).eq(0..250));
    assert!(told.iter().all(|told| told.opened.is_some() && told.erased.is_none()));
    let part = Part { from: 100, to: Some(120), size: None };
    let pinned = world.log.pin(part).await.unwrap();
    let (chunk, next) = world.log.openings_in(&pinned, 100).await.unwrap();
    assert_eq!((chunk.len(), next), (20, None));
}

/// A person met after the tree was made is nobody in it.
#[tokio::test]
async fn whoever_came_later_is_not_in_the_tree() {
    let world = filled().await;
    let size = world.log.health().published;
    world.log.append(draft(0).subject(person(77), "applicant")).await.unwrap();
    world.log.published(world.log.health().durable).await;
    let query = SearchQuery { subject: Some(person(77)), ..SearchQuery::default() };
    let then = verified(&world, &query, Part { size: Some(size), ..Part::default() }).await.unwrap();
    assert_eq!((then.matching, then.all), (0, true));
    let now = verified(&world, &query, Part::default()).await.unwrap();
    assert_eq!(now.matching, 2, "its creation, and the entry");
}

#[tokio::test]
async fn parts_that_the_log_has_not_are_refused() {
    let world = filled().await;
    let size = world.log.health().published;
    for (from, to, tree) in [
        (size, None, None),
        (5, Some(5), None),
        (6, Some(5), None),
        (0, Some(size + 1), None),
        (0, None, Some(size + 1)),
        (10, Some(20), Some(15)),
        (u64::MAX, None, None),
        (0, Some(0), None),
    ] {
        let refused = world.log.pin(Part { from, to, size: tree }).await;
        let refused = matches!(refused, Err(AuditError::Tree(TreeError::OutOfRange { .. })));
        assert!(refused, "{from} to {to:?} of {tree:?}");
    }
}
