//! A table whose files are taken away under it.

use std::fs;

use super::*;

fn insert(db: &Db, name: &str) {
    db.connection.execute("INSERT INTO meta VALUES (?1, x'00')", [name]).unwrap();
}

/// What the next start finds, were the process killed now.
fn found(path: &Path) -> i64 {
    let copy = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let mut name = path.file_name().unwrap().to_owned();
        name.push(suffix);
        let from = path.with_file_name(&name);
        if from.exists() {
            fs::copy(from, copy.path().join(&name)).unwrap();
        }
    }
    let again = Db::open(Some(&copy.path().join(path.file_name().unwrap())), false).unwrap();
    again.connection.query_row("SELECT count(*) FROM meta", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_commit_into_a_write_ahead_log_without_a_name_is_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (path, log) = (dir.path().join("subjects.db"), dir.path().join("subjects.db-wal"));
    let mut db = Db::open(Some(&path), true).unwrap();
    insert(&db, "one");
    db.committed().expect("all is in place");
    assert_eq!(found(&path), 1);
    fs::remove_file(&log).unwrap();
    insert(&db, "two");
    assert!(db.committed().is_err(), "it lies in a file without a name");
    assert!(found(&path) < 2, "control: a kill would take it");
    assert!(!db.ensure(|_| Ok(true)).unwrap(), "it is the same table");
    db.committed().expect("the new one has a name");
    assert_eq!(found(&path), 2, "nothing is lost");
    insert(&db, "three");
    assert_eq!(found(&path), 3);
}

#[test]
fn a_table_put_back_is_taken_only_if_it_knows_as_much_of_the_log() {
    for (seen, taken) in [(5, false), (6, true), (7, true)] {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("subjects.db"), dir.path().join("other.db"));
        let mut db = Db::open(Some(&path), true).unwrap();
        db.note_seen(6).unwrap();
        let mut copy = Db::open(Some(&other), true).unwrap();
        copy.note_seen(seen).unwrap();
        drop(copy);
        fs::remove_file(&path).unwrap();
        assert!(db.ensure(|_| Ok(true)).is_err(), "there is none");
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(dir.path().join(format!("subjects.db{suffix}")));
        }
        fs::rename(&other, &path).unwrap();
        assert_eq!(db.ensure(|_| Ok(true)).is_ok(), taken, "{seen}");
        assert!(db.ensure(|_| Ok(false)).is_ok() == taken, "and only if it is ours");
    }
}
