//! The published log stands apart: its disk holds up nobody else, nobody else
//! writes into it, and what is in it is open to whom it should be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::*;
use crate::bundles::tests::begins;
use crate::reading::ReadingDesk;
use crate::tree::TreeError;
use crate::{Order, SearchQuery};

/// A proof reads the published disk; the search does not.
#[tokio::test]
async fn while_the_published_disk_hangs_searches_go_on() {
    let mut world = World::new().await;
    for at in 0..5 {
        world.log.append(draft(at)).await.unwrap();
    }
    world.log.published(5).await;
    world.log.prove_inclusion(0, 5).await.expect("control: the disk reads");
    world.faults.hang_published();
    let asked = (0..100).map(|_| async {
        let proved = world.log.prove_inclusion(0, 5);
        tokio::time::timeout(Duration::from_millis(500), proved).await
    });
    // Far more than the desk takes: the rest are told to come back.
    let mut refused = 0;
    for told in futures::future::join_all(asked).await.into_iter().flatten() {
        assert!(matches!(told, Err(AuditError::Overloaded { .. })));
        refused += 1;
    }
    assert!((30..=36).contains(&refused), "{refused}");
    for _ in 0..20 {
        let search = world.log.search(SearchQuery::default());
        let page = tokio::time::timeout(Duration::from_secs(5), search).await.expect("in time").unwrap();
        assert_eq!(page.entries.len(), 5);
    }
    world.log.append(draft(6)).await.expect("and so does recording");
    world.faults.clear();
    world.log.published(6).await;
    world.log.prove_inclusion(5, 6).await.expect("the desk is open again");
    world.shut().await;
}

/// Entries that only the published log holds are waited for at a desk of their own,
/// so long and so many; what the journal holds is searched on.
#[tokio::test]
async fn while_the_published_disk_hangs_the_journal_is_searched() {
    let mut world = World::new().await;
    once::write(&world, 0, 1_000).await;
    world.log.published(world.log.health().durable).await;
    let first = once::worn(&world).await;
    world.log.index_caught_up(world.log.health().durable).await;
    let of = |from, to, order| SearchQuery {
        index_from: from,
        index_to: Some(to),
        page_size: 10,
        order,
        ..SearchQuery::default()
    };
    let older = of(0, first, Order::OldestFirst);
    // In the segment that is written, or the one before, which stay.
    let last = world.log.health().durable - 1;
    let newest = of(last - 50, u64::MAX, Order::NewestFirst);
    for query in [&older, &of(0, first + 2, Order::NewestFirst), &newest] {
        assert_eq!(world.log.search(query.clone()).await.expect("control").entries.len(), 10);
    }
    world.log.get(first - 1).await.expect("another bundle than the oldest is at hand");
    world.faults.hang_published();
    let asked = (0..100).map(|_| world.log.search(older.clone()));
    let told = asked.map(|asked| async {
        tokio::time::timeout(Duration::from_secs(15), asked).await.expect("a bounded wait").map(drop)
    });
    let told = futures::future::join_all(told);
    let meanwhile = async {
        for _ in 0..20 {
            let search = tokio::time::timeout(Duration::from_secs(3), world.log.search(newest.clone()));
            assert_eq!(search.await.expect("at once").unwrap().entries.len(), 10);
            let get = tokio::time::timeout(Duration::from_secs(3), world.log.get(last));
            assert_eq!(get.await.expect("at once").unwrap().unwrap().index, last);
        }
    };
    let (told, ()) = futures::future::join(told, meanwhile).await;
    let (mut full, mut stalled) = (0, 0);
    for told in told {
        match told {
            Err(AuditError::Overloaded { .. }) => full += 1,
            Err(AuditError::OlderStalled) => stalled += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!((30..=36).contains(&full) && full + stalled == 100, "{full} {stalled}");
    assert!(matches!(world.log.get(0).await, Err(AuditError::Overloaded { .. } | AuditError::OlderStalled)));
    // A page of both ends where the journal does. One more segment may have gone
    // before the disk hung; none goes now.
    let first = begins(world.dir.path());
    let across = of(0, first + 2, Order::NewestFirst);
    let page = world.log.search(across.clone()).await.expect("what the journal holds");
    assert_eq!(page.entries.iter().map(|found| found.index).collect::<Vec<_>>(), [first + 1, first]);
    world.faults.clear();
    let next = SearchQuery { page_token: page.next_page_token, ..across };
    let page = tokio::time::timeout(Duration::from_secs(15), async {
        loop {
            match world.log.search(next.clone()).await {
                Err(AuditError::OlderStalled | AuditError::Overloaded { .. }) => {}
                page => return page.unwrap(),
            }
        }
    });
    let page = page.await.expect("the desk is open again");
    assert_eq!(page.entries.first().map(|found| found.index), Some(first - 1));
    assert_eq!(page.entries.len(), 10);
    world.shut().await;
}

/// Threads keep memory: those that read begin when somebody reads.
#[tokio::test]
async fn no_thread_reads_before_somebody_asks() {
    let mut world = World::new().await;
    world.log.append(draft(0).subject(person(1), "applicant")).await.unwrap();
    world.log.published(1).await;
    let threads = |log: &AuditLog| {
        let inner = &log.inner;
        let [journal, older] = inner.search.desks();
        [journal, older, &inner.proofs, &inner.ranges, &inner.shown].map(ReadingDesk::has_thread)
    };
    assert_eq!(threads(&world.log), [false; 5]);
    world.log.prove_inclusion(0, 1).await.unwrap();
    assert_eq!(threads(&world.log), [false, false, true, false, false]);
    world.log.search(SearchQuery::default()).await.unwrap();
    world.log.matching(SearchQuery::default().filter(None), 0, 1).await.unwrap();
    assert_eq!(threads(&world.log), [true, false, true, true, false]);
    let log = world.log.clone();
    world.shut().await;
    assert_eq!(threads(&log), [false; 5]);
    assert!(
        matches!(log.public_file(crate::PublicFile::Origins).await, Err(AuditError::Closed)),
        "nor after"
    );
}

/// What nobody waits for any more is not read.
#[tokio::test]
async fn a_deadline_takes_its_work_with_it() {
    let desk = ReadingDesk::new("motlan-test", 64);
    let done = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = || {
        let done = Arc::clone(&done);
        move || {
            done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Ok(())
        }
    };
    assert!(!desk.has_thread(), "nobody has asked");
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let busy = desk.clone();
    let mut working = tokio::task::JoinSet::new();
    working.spawn(async move { busy.work(move || Ok(held.recv().is_ok())).await });
    while !desk.has_thread() {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        let late = tokio::time::timeout(Duration::ZERO, desk.work(count())).await;
        assert!(late.is_err(), "the thread is at something else");
    }
    let_go.send(()).unwrap();
    assert!(working.join_next().await.unwrap().unwrap().unwrap());
    desk.work(count()).await.expect("control: this one is waited for");
    assert_eq!(done.load(std::sync::atomic::Ordering::SeqCst), 1);
    let panicked = desk.work::<()>(|| panic!("injected")).await;
    assert!(matches!(panicked, Err(AuditError::SearchDied)), "{panicked:?}");
    desk.work(count()).await.expect("the thread is there still");
    desk.close().expect("it has a thread").join();
    assert!(matches!(desk.work(count()).await, Err(AuditError::Closed)));
}

/// Closing does not wait for a disk that hangs, and nothing is lost by it.
#[tokio::test]
async fn closing_leaves_a_hung_published_disk_behind() {
    let mut world = World::new().await;
    world.log.append(draft(0)).await.unwrap();
    world.log.published(1).await;
    world.faults.hang_published();
    for at in 1..20 {
        world.log.append(draft(at)).await.unwrap();
    }
    tokio::time::timeout(Duration::from_secs(15), world.shut()).await.expect("it closes");
    // The thread that was left behind may still write: nobody else may.
    let opened = open(world.dir.path(), &world.clock, &Arc::default()).await.map(drop);
    assert!(matches!(opened, Err(AuditError::InUse)), "{opened:?}");
    world.faults.clear();
    let reopened = tokio::time::timeout(Duration::from_secs(15), async {
        loop {
            match open(world.dir.path(), &world.clock, &Arc::default()).await {
                Err(AuditError::InUse) => tokio::time::sleep(Duration::from_millis(10)).await,
                opened => return opened.unwrap(),
            }
        }
    });
    let (log, service) = reopened.await.expect("it opens once the thread has gone");
    (world.log, world.service) = (log, Some(service));
    assert_eq!(world.entries().len(), 20);
    world.log.published(20).await;
    world.shut().await;
}

async fn on(journal: &Path, published: &Path) -> Result<(AuditLog, AuditService), AuditError> {
    let options = AuditOptions { log_dir: published.to_owned(), ..options(journal) };
    let clock = Arc::new(ManualClock::at(Timestamp::from_microsecond(NOON).unwrap()));
    AuditLog::open(options, Arc::new(MemoryKeyProvider::fixed(7)), clock).await
}

/// Two gateways on copies of one store, with one published folder.
#[tokio::test]
async fn no_two_processes_publish_into_one_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (one, copied, published) = (dir.path().join("1"), dir.path().join("2"), dir.path().join("log"));
    let (_, service) = on(&one, &published).await.unwrap();
    copy(&one, &copied);
    let second = on(&copied, &published).await.map(drop);
    assert!(matches!(second, Err(AuditError::InUse)), "{second:?}");
    service.shutdown().await;
    let (_, service) = on(&copied, &published).await.expect("control: alone it may");
    service.shutdown().await;
}

/// What somebody else put there is not overwritten, be it what it is; and it goes
/// on when it is gone again.
#[tokio::test]
async fn the_checkpoint_of_another_is_not_overwritten() {
    let mut world = World::new().await;
    world.log.append(draft(0)).await.unwrap();
    world.log.published(1).await;
    let file = world.dir.path().join("log/checkpoint");
    let own = fs::read(&file).unwrap();
    let cosigned = [&own[..], "— another AAAAAAAA\n".as_bytes()].concat();
    let mut size = 1;
    for (other, fits) in [(&b"other\n1\nAAAA\n\n"[..], false), (&cosigned, true), (b"", false)] {
        fs::write(&file, other).unwrap();
        let tile = world.dir.path().join(format!("log/tile/0/000.p/{}", size + 1));
        world.log.append(draft(1)).await.unwrap();
        size += 1;
        if fits {
            world.log.published(size).await;
        } else {
            world.until("it is told", |log| !log.health().publishing).await;
            assert_eq!(fs::read(&file).unwrap(), other);
            assert!(!tile.exists(), "nor are its tiles");
            assert_eq!(world.log.health().published, size - 1);
            // Taken away: what was there is put back.
            fs::write(&file, world.log.checkpoint().to_string()).unwrap();
            world.log.published(size).await;
        }
        world.until("it goes on", |log| log.health().publishing).await;
    }
    world.shut().await;
    let error = TreeError::Overwritten.to_string();
    assert!(error.contains("checkpoint"), "{error}");
}

/// A checkpoint that was put there and not shown is this process's own.
#[tokio::test]
async fn what_was_tried_is_not_anothers() {
    let mut world = World::new().await;
    world.log.append(draft(0)).await.unwrap();
    world.log.published(1).await;
    for at in 1..4 {
        // The sync after the renaming fails: it lies there, and was not shown.
        world.faults.fail_shown(crate::testing::EIO);
        world.log.append(draft(at)).await.unwrap();
        let size = format!("\n{}\n", at + 1);
        let file = world.dir.path().join("log/checkpoint");
        world.until("it lies there", |_| fs::read_to_string(&file).unwrap().contains(&size)).await;
        assert_eq!(world.log.health().published, 1);
    }
    world.faults.clear();
    world.log.published(4).await;
    world.shut().await;
}

const ROLE: &str = "MOTLAN_AUDIT_MODES";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|_| panic!("{}", path.display())).permissions().mode() & 0o777
}

/// What the public may read it can, and the bundles it cannot, whatever the umask
/// of the process: each is tried in a process of its own.
#[tokio::test]
async fn who_may_read_does_not_hang_on_the_umask() {
    if let Some(dir) = std::env::var_os(ROLE) {
        let (log, service) = on(&Path::new(&dir).join("audit"), &Path::new(&dir).join("log")).await.unwrap();
        let appends: Vec<_> = (0..300).map(|at| log.append(draft(at))).collect();
        for receipt in futures::future::join_all(appends).await {
            receipt.unwrap();
        }
        log.published(300).await;
        return service.shutdown().await;
    }
    for umask in ["000", "022", "077"] {
        let dir = tempfile::tempdir().unwrap();
        let test = "tests::standing_apart::who_may_read_does_not_hang_on_the_umask";
        let status = Command::new("sh")
            .args(["-c", &format!("umask {umask}; exec \"$0\" --exact {test}")])
            .arg(std::env::current_exe().unwrap())
            .env(ROLE, dir.path())
            .output()
            .unwrap();
        assert!(status.status.success(), "{umask}: {status:?}");
        let log = dir.path().join("log");
        for (path, expected) in [
            ("", 0o755),
            ("checkpoint", 0o644),
            ("tile", 0o755),
            ("tile/0", 0o755),
            ("tile/0/000", 0o644),
            ("tile/0/001.p", 0o755),
            ("tile/0/001.p/44", 0o644),
            ("tile/1/000.p/1", 0o644),
            ("tile/entries", 0o700),
            ("tile/entries/000", 0o600),
            ("tile/entries/001.p", 0o700),
            ("tile/entries/001.p/44", 0o600),
            ("lock", 0o600),
        ] {
            assert_eq!(mode(&log.join(path)), expected, "{umask}: {path}");
        }
        assert_eq!(mode(&dir.path().join("log.pub")), 0o644, "{umask}");
    }
}

/// What an earlier release left open is shut at the next start, but for a group
/// that the operator let in.
#[tokio::test]
async fn bundles_that_stood_open_are_shut() {
    let mut world = World::new().await;
    world.log.append(draft(0)).await.unwrap();
    world.log.published(1).await;
    let entries = world.dir.path().join("log/tile/entries");
    for (before, after) in [(0o755, 0o750), (0o700, 0o700), (0o750, 0o750)] {
        fs::set_permissions(&entries, fs::Permissions::from_mode(before)).unwrap();
        world.again().await.unwrap();
        assert_eq!(mode(&entries), after);
    }
    world.shut().await;
}
