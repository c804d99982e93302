//! What the register says of itself when its file fails, and how it comes back.

use super::*;

/// Polls for up to ten seconds.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let polled = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), polled).await.is_ok(), "never: {what}");
}

#[tokio::test]
async fn a_file_that_is_gone_is_noticed_without_a_call_and_nothing_is_told_from_memory() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    assert!(register.is_ready() && register.get(&code(1)).await.unwrap().is_some());
    let (path, away) = (dir.path().join("dossiers.sqlite"), dir.path().join("away"));
    std::fs::rename(&path, &away).unwrap();
    until("noticed", || !register.is_ready()).await;
    assert!(matches!(register.get(&code(1)).await, Err(RegisterError::Unavailable(_))));
    std::fs::rename(&away, &path).unwrap();
    until("ready again", || register.is_ready()).await;
    assert!(register.get(&code(1)).await.unwrap().is_some());
}

/// As [`super::what_was_acknowledged_outlives_a_crash`], with the write-ahead log
/// taken away under the register.
#[tokio::test]
async fn a_write_ahead_log_that_is_gone_takes_nothing_with_it() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let log = dir.path().join("dossiers.sqlite-wal");
    let after_a_kill = || {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        (open(copy.path(), &clock), copy)
    };
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    std::fs::remove_file(&log).unwrap();
    until("a log under its name, though nobody calls", || log.exists()).await;
    let (again, _copy) = after_a_kill();
    assert!(again.get(&code(1)).await.unwrap().is_some_and(|dossier| dossier.is_open()));
    // Taken away just before the next piece of work, or put in its place.
    for (serial, there) in [(3, false), (5, true)] {
        std::fs::remove_file(&log).unwrap();
        if there {
            std::fs::write(&log, b"another's").unwrap();
        }
        open_whole(&register, new_dossier(serial), request(&format!("r{serial}"), 1)).await;
        let (again, _copy) = after_a_kill();
        for serial in [1, serial] {
            assert!(again.get(&code(serial)).await.unwrap().is_some_and(|dossier| dossier.is_open()));
        }
    }
    // Under the very commit: nobody is told that it holds, and it is got over.
    let path = log.clone();
    let work = move |_: &Store<'_>| {
        std::fs::remove_file(&path).map_err(|_| RegisterError::Corrupt)?;
        Ok(((), None))
    };
    let told = register.call(work).await;
    assert!(matches!(told, Err(RegisterError::Unavailable(_))), "{told:?}");
    until("ready again", || register.is_ready()).await;
    let (again, _copy) = after_a_kill();
    assert!(again.get(&code(5)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_commit_that_fails_is_got_over() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
    // The transaction ends under the thread's hands, as SQLite does on some errors.
    let failed = register.call(|store| Ok((store.db.execute_batch("RELEASE work; ROLLBACK")?, None))).await;
    assert!(matches!(failed, Err(RegisterError::Unavailable(_))), "{failed:?}");
    until("noticed", || !register.is_ready()).await;
    until("ready again", || register.is_ready()).await;
    open_whole(&register, new_dossier(3), request("r3", 1)).await;
    assert!(register.get(&code(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_panic_over_a_batch_leaves_a_thread_that_works() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let register = open(dir.path(), &clock);
    let failed = register.call::<()>(|_| panic!("injected")).await;
    assert!(matches!(failed, Err(RegisterError::Unavailable(_))), "{failed:?}");
    until("ready again", || register.is_ready()).await;
    open_whole(&register, new_dossier(1), request("r1", 1)).await;
}
