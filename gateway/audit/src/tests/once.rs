//! Entries are stored once: full segments go when the published log has what is in
//! them, and everything that reads the log reads on.

use std::collections::BTreeSet;
use std::fs;

use motlan_audit_tree::entry::{Effect, Evidence, Fields};
use motlan_audit_tree::{Outcome, verify_inclusion};

use super::*;
use crate::bundles::tests::begins;
use crate::store::StoreError;
use crate::tree::TreeError;
use crate::{CommitmentKey, Decision, DraftActor, Mac, SearchQuery, Source, SourceFrom};

/// What the pipeline writes of a lookup: an intent, or the outcome of one.
fn lookup(number: u32, intent: Option<u64>) -> Draft {
    let kind = if intent.is_some() { Kind::AccessOutcome } else { Kind::AccessIntent };
    let fields = ["full_name", "birth_date", "residence", "household_head"].map(Into::into).to_vec();
    let mut draft = Draft::new(kind)
        .caller("one-stop.h32-212", "H32.212")
        .asking("GetPerson", "population.person")
        .dossier(format!("H32.212-261121-{:04}", number % 400))
        .procedure("1.004222")
        .trace("0af7651916cd43dd8448eb211c80319c")
        .subject(person(number % 300), "applicant");
    if let Some(caller) = &mut draft.caller {
        caller.certificate = Some("ab".repeat(32).into());
    }
    let account = format!("lan.nguyen{}", number % 20).into();
    draft.actor = Some(DraftActor::Officer { account, agency: Some("H32.212".into()) });
    draft.source_account = Some("binh.tran".into());
    draft.evidence = Some(Evidence::AcceptanceReceipt);
    draft.case = Some("1.004222.01".into());
    draft.legal_basis = vec!["Luật Cư trú 2020, Điều 38".into()];
    draft.fields = Some(Fields { asked: fields, disclosed: Vec::new() });
    draft.decision = Some(Decision {
        catalogue_digest: Some(format!("sha256:{}", "c".repeat(64)).into()),
        effect: Effect::Permit,
        policies: vec!["officer-reads-own-dossier".into()],
        policy_digest: Some(format!("sha256:{}", "d".repeat(64)).into()),
    });
    let Some(intent) = intent else { return draft };
    draft = draft.answers(intent).outcome(Outcome::Found);
    if let Some(fields) = &mut draft.fields {
        fields.disclosed.clone_from(&fields.asked);
    }
    let at = crate::EntryTime::new(Timestamp::from_microsecond(NOON).unwrap());
    draft.source = Some(Source {
        data_time: Some(at),
        fetched_by: Some(intent),
        from: SourceFrom::Registry,
        registry: "population".into(),
        retrieved_at: Some(at),
    });
    draft.upstream = vec!["3f6c1f9e-53b0-4c5e-9a55-0d6a6c3f1b2e".into()];
    let key = CommitmentKey::from_bytes([7; 32]);
    draft.commitment = Some((Mac::over(&key, b"an answer"), key));
    draft
}

/// Writes so many lookups, many at a time.
pub(super) async fn write(world: &World, from: u32, to: u32) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    let numbers: Vec<u32> = (from..to).collect();
    for some in numbers.chunks(200) {
        let intents = some.iter().map(|number| world.log.append(lookup(*number, None)));
        let intents: Vec<_> =
            futures::future::join_all(intents).await.into_iter().map(Result::unwrap).collect();
        let outcomes =
            some.iter().zip(&intents).map(|(number, of)| world.log.append(lookup(*number, Some(of.index))));
        let outcomes = futures::future::join_all(outcomes).await.into_iter().map(Result::unwrap);
        receipts.extend(outcomes);
        receipts.extend(intents);
    }
    receipts
}

/// Waits until segments are gone; where the journal begins then. One more than the
/// two that stay may have to wait for its last bundle to be full.
pub(super) async fn worn(world: &World) -> u64 {
    let dir = world.dir.path();
    world.until("three segments are left", |_| segments(dir).len() <= 3).await;
    begins(dir)
}

fn segments(dir: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".journal")).collect()
}

/// The segments that wait to go, and for how many seconds, as an operator is told.
fn waiting(log: &AuditLog) -> (f64, f64) {
    use motlan_telemetry::{Reading, Source, Value};
    let families = Reading::of([log as &dyn Source]).families();
    let level = |name: &str| {
        let mut family = families.iter().filter(|family| family.instrument.name == name);
        match family.next().unwrap_or_else(|| panic!("{name} is not told")).points[0].value {
            Value::Level(level) => level,
            _ => panic!("{name} is no level"),
        }
    };
    (level("motlan.audit.journal.waiting"), level("motlan.audit.journal.waiting.age"))
}

async fn found(world: &World, dossier: &str) -> Vec<u64> {
    world.log.index_caught_up(world.log.health().durable).await;
    let query = SearchQuery { dossier: Some(dossier.into()), page_size: 200, ..Default::default() };
    world.log.search(query).await.unwrap().entries.into_iter().map(|found| found.index).collect()
}

#[tokio::test]
async fn what_the_journal_gave_up_is_read_searched_and_proved() {
    let mut world = World::new().await;
    let cut_off = world.log.append(lookup(100_000, None)).await.unwrap().index;
    let receipts = write(&world, 0, 1_000).await;
    world.log.published(world.log.health().durable).await;
    let first = worn(&world).await;
    assert!(first > 1_000, "most of it: {first}");
    for receipt in receipts.iter().filter(|receipt| receipt.index.abs_diff(first) < 30) {
        check_receipt(&world, receipt);
    }
    let entries = world.entries();
    assert!(entries.iter().enumerate().all(|(at, entry)| entry.index == at as u64));
    let dossiers = found(&world, "H32.212-261121-0017").await;
    assert_eq!(dossiers.len(), 6);
    assert!(dossiers.iter().any(|index| *index < first));
    for receipt in &receipts[..20] {
        assert!(receipt.index < first);
        let got = world.log.get(receipt.index).await.unwrap().unwrap();
        assert_eq!(got.leaf_hash, receipt.leaf_hash);
        let head = world.log.checkpoint().head();
        let proof = world.log.prove_inclusion(receipt.index, head.size).await.unwrap();
        verify_inclusion(head, receipt.index, &got.leaf_hash, &proof).unwrap();
    }
    // All that reads the log at the start, from where the journal does not reach:
    // the index is made anew, the table of subjects held against all of it.
    world.shut().await;
    let keys = Arc::new(MemoryKeyProvider::fixed(7));
    world.log = AuditLog::in_memory(ORIGIN, keys, Arc::clone(&world.clock) as _).unwrap().0;
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(world.dir.path().join(file));
    }
    let table = rusqlite::Connection::open(world.dir.path().join("subjects.db")).unwrap();
    table.execute_batch("UPDATE meta SET value = 0 WHERE name = 'seen'").unwrap();
    drop(table);
    let (log, service) = open(world.dir.path(), &world.clock, &world.faults).await.unwrap();
    (world.log, world.service) = (log, Some(service));
    assert_eq!(world.entries(), entries);
    assert_eq!(found(&world, "H32.212-261121-0017").await, dossiers);
    assert_eq!(world.log.close_interrupted(Duration::from_mins(1)).await.unwrap(), 1);
    let closing = world.entries().pop().unwrap();
    assert_eq!((closing.intent, closing.outcome), (Some(cut_off), Some(Outcome::Failed)));
    // And it goes on: written, published, given up.
    write(&world, 1_000, 1_500).await;
    world.log.published(world.log.health().durable).await;
    assert!(worn(&world).await > first);
    world.again().await.unwrap();
    assert_eq!(world.entries()[..entries.len()], entries);
}

/// While the log cannot be published, or the index cannot be written, it is kept
/// twice; afterwards once.
#[tokio::test]
async fn nothing_goes_while_index_or_publication_lag() {
    let mut world = World::new().await;
    world.log.pause_index(true);
    write(&world, 0, 500).await;
    world.log.published(world.log.health().durable).await;
    assert!(segments(world.dir.path()).len() > 3, "control: some could go");
    assert_eq!(begins(world.dir.path()), 0, "nothing is indexed");
    world.until("they are seen to wait", |log| waiting(log).0 >= 2.0).await;
    world.clock.advance(Duration::from_mins(7));
    assert!(waiting(&world.log).1 >= 420.0, "{:?}", waiting(&world.log));
    world.faults.fail_published(crate::testing::EIO, false);
    world.log.pause_index(false);
    world.log.index_caught_up(world.log.health().durable).await;
    let published = world.log.health().published;
    assert!(begins(world.dir.path()) <= published, "never beyond what is published");
    write(&world, 500, 1_000).await;
    world.until("it failed again", |_| world.faults.published_failures() > 2).await;
    assert!(begins(world.dir.path()) <= published, "never beyond what is published");
    assert!(segments(world.dir.path()).len() > 3, "and the rest is kept");
    world.faults.clear();
    assert!(worn(&world).await > published);
    // One may wait for its last bundle, and not for long.
    world.until("they have gone", |log| waiting(log).0 <= 1.0 && waiting(log).1 < 420.0).await;
    world.shut().await;
}

/// A published disk that hangs is what makes segments wait: it does not keep that
/// from being told.
#[tokio::test]
async fn segments_are_seen_to_wait_while_the_published_disk_hangs() {
    let mut world = World::new().await;
    write(&world, 0, 500).await;
    world.log.published(world.log.health().durable).await;
    worn(&world).await;
    world.faults.hang_published();
    // The one that was being looked at, and those behind it.
    write(&world, 500, 1_500).await;
    world.until("they are seen to wait", |log| waiting(log).0 >= 1.0).await;
    world.clock.advance(Duration::from_mins(7));
    assert!(waiting(&world.log).1 >= 420.0, "{:?}", waiting(&world.log));
    world.faults.clear();
    world.shut().await;
}

/// The published log is the only copy of what is older: without it, or with one
/// that is older than the journal's beginning, nothing starts.
#[tokio::test]
async fn a_journal_that_begins_later_needs_the_published_log() {
    let mut world = World::new().await;
    write(&world, 0, 100).await;
    world.log.published(world.log.health().durable).await;
    let older = tempfile::tempdir().unwrap();
    copy(&world.dir.path().join("log"), older.path());
    write(&world, 100, 800).await;
    world.log.published(world.log.health().durable).await;
    worn(&world).await;
    world.shut().await;
    let whole = world.dir.path().to_owned();
    let first = begins(&whole);
    let gone = |name: &'static str| {
        move |dir: &Path| {
            let path = dir.join(name);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
    };
    let check = async |what: &str, spoil: &dyn Fn(&Path), judge: &dyn Fn(&AuditError) -> bool| {
        let dir = tempfile::tempdir().unwrap();
        copy(&whole, dir.path());
        spoil(dir.path());
        let (left, log) = (segments(dir.path()), dir.path().join("log").exists());
        match open(dir.path(), &world.clock, &Arc::default()).await {
            Ok((_, service)) => {
                service.shutdown().await;
                panic!("{what}: it opened");
            }
            Err(error) => assert!(judge(&error), "{what}: {error:?}"),
        }
        // Whoever puts back what is missing finds the rest as it was.
        assert_eq!((segments(dir.path()), dir.path().join("log").exists()), (left, log), "{what}");
    };
    let lost = |from: u64, to: u64| move |error: &AuditError| matches!(error, AuditError::Store(StoreError::Gap { from: a, to: b }) if (*a, *b) == (from, to));
    let all = lost(0, first - 1);
    let corrupt = |error: &AuditError| matches!(error, AuditError::Store(StoreError::Corrupt { .. }));
    check("the published log is gone", &gone("log"), &all).await;
    let both = |dir: &Path| {
        gone("log")(dir);
        gone("log.pub")(dir);
    };
    check("with its key file", &both, &all).await;
    check("its checkpoint is gone", &gone("log/checkpoint"), &all).await;
    let restored = |dir: &Path| {
        gone("log")(dir);
        copy(older.path(), &dir.join("log"));
    };
    check("it is an older one", &restored, &|error| {
        matches!(error, AuditError::Store(StoreError::Gap { from, to }) if *from == 256 && *to == first - 1)
    })
    .await;
    check("its bundles are gone", &gone("log/tile/entries"), &corrupt).await;
    check("its first bundle is gone", &gone("log/tile/entries/000"), &corrupt).await;
    check(
        "the journal is gone",
        &|dir| segments(dir).iter().for_each(|name| fs::remove_file(dir.join(name)).unwrap()),
        &|error| matches!(error, AuditError::Tree(TreeError::Shorter { held: 0, .. })),
    )
    .await;
    let newest = segments(&whole).pop_last().unwrap();
    check("the end of the journal is gone", &|dir| fs::remove_file(dir.join(&newest)).unwrap(), &|error| {
        !matches!(error, AuditError::Closed)
    })
    .await;
    // The whole without a change: the checks are not simply always against it.
    let (log, service) = open(&whole, &world.clock, &Arc::default()).await.unwrap();
    assert!(log.health().durable >= 1_600);
    service.shutdown().await;
}

/// Who asks for an entry of a damaged bundle is told so, never that there is none;
/// everything else goes on.
#[tokio::test]
async fn a_bundle_that_goes_under_a_running_log_is_told_and_stops_nothing_else() {
    let mut world = World::new().await;
    write(&world, 0, 800).await;
    world.log.published(world.log.health().durable).await;
    assert!(worn(&world).await > 768);
    let (bundle, aside) = (world.dir.path().join("log/tile/entries/001"), world.dir.path().join("aside"));
    world.log.get(600).await.unwrap().expect("another bundle is read last");
    fs::rename(&bundle, &aside).unwrap();
    let told = world.log.get(300).await;
    assert!(matches!(told, Err(AuditError::Store(StoreError::Corrupt { index: 256, .. }))), "{told:?}");
    assert!(world.log.scan(300, 1).is_err());
    assert_eq!(world.log.get(600).await.unwrap().unwrap().index, 600);
    let receipt = world.log.append(draft(1)).await.unwrap();
    check_receipt(&world, &receipt);
    fs::rename(&aside, &bundle).unwrap();
    assert_eq!(world.log.get(300).await.unwrap().unwrap().index, 300, "put back, it is read");
    world.shut().await;
}

/// How a log that is running is copied: the checkpoint, the audit folder, the rest
/// of the published log. In another order the copy may have a hole.
#[tokio::test]
async fn a_copy_of_a_running_log_opens() {
    let mut world = World::new().await;
    write(&world, 0, 800).await;
    world.log.published(world.log.health().durable).await;
    worn(&world).await;
    let (dir, to) = (world.dir.path().to_owned(), tempfile::tempdir().unwrap());
    fs::create_dir(to.path().join("log")).unwrap();
    fs::copy(dir.join("log/checkpoint"), to.path().join("log/checkpoint")).unwrap();
    for file in fs::read_dir(&dir).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            match fs::copy(file.path(), to.path().join(file.file_name())) {
                // What is made ready for later gets another name meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
    let (copied, first) = (world.log.health().durable, begins(to.path()));
    write(&world, 800, 1_600).await;
    world.log.published(world.log.health().durable).await;
    assert!(worn(&world).await > copied, "what was copied of the journal is there no more");
    world.shut().await;
    copy(&dir.join("log/tile"), &to.path().join("log/tile"));
    let (log, service) = open(to.path(), &world.clock, &Arc::default()).await.unwrap();
    assert_eq!((log.health().durable, begins(to.path())), (copied, first));
    let mut next = 0;
    while next < copied {
        next += log.scan(next, 1 << 20).unwrap().len() as u64;
    }
    // It takes another course over what lay there, and opens again.
    log.append(draft(1)).await.unwrap();
    log.published(copied + 1).await;
    service.shutdown().await;
    open(to.path(), &world.clock, &Arc::default()).await.unwrap().1.shutdown().await;
}

/// Bytes of the files below a folder whose path holds that text.
fn bytes(dir: &Path, holds: &str) -> u64 {
    let files = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let sizes = files.map(|file| {
        let path = file.path();
        if path.is_dir() {
            return bytes(&path, holds);
        }
        // Gone meanwhile is nothing.
        let size = fs::metadata(&path).map_or(0, |meta| meta.len());
        if path.to_str().unwrap().contains(holds) { size } else { 0 }
    });
    sizes.sum()
}

#[tokio::test]
async fn the_disk_holds_little_more_than_the_entries() {
    let mut world = World::new().await;
    write(&world, 0, 10_000).await;
    world.log.published(world.log.health().durable).await;
    world.log.index_caught_up(world.log.health().durable).await;
    worn(&world).await;
    let (mut entries, mut count) = (0, 0);
    loop {
        let chunk = world.log.scan(count, 4 << 20).unwrap();
        let Some(last) = chunk.last() else { break };
        count = last.index + 1;
        entries += chunk.iter().map(|stored| stored.bytes.len() as u64).sum::<u64>();
    }
    assert!(count > 20_000, "{count}");
    world.shut().await;
    let dir = world.dir.path();
    let journal = bytes(dir, ".journal") + bytes(dir, "spare.tmp");
    let (bundles, tiles) = (bytes(dir, "/tile/entries/"), bytes(dir, "/tile/"));
    let (tiles, index) = (tiles - bundles, bytes(dir, "/index.db"));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let ratio = |bytes: u64| bytes as f64 / entries as f64;
    let (stored, all) = (bundles + tiles + index, journal + bundles + tiles + index);
    println!(
        "{count} entries of {} bytes: bundles {:.3}, tiles {:.3}, index {:.3}: {:.3}; with a journal of {:.3}: {:.3}",
        entries / count,
        ratio(bundles),
        ratio(tiles),
        ratio(index),
        ratio(stored),
        ratio(journal),
        ratio(all)
    );
    assert!(ratio(stored) < 1.4 && ratio(all) < 1.4, "{stored} and {all} for {entries}");
    assert!(ratio(bundles) > 1.0, "control: all is there");
}
