//! Fail closed, in a real process: while the log or a store cannot be written
//! nothing leaves without an entry, nobody waits past the deadline, no registry
//! is asked; and service returns by itself when the fault is gone.
//!
//! `motlan serve` runs behind the fault layer of the harness, under callers who
//! never stop asking. What was told is held against the journal on the disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use motlan_e2e::load::{Call, Case, Load, Reply, judge, judge_intents, judge_registries};
use motlan_e2e::{Ledger, PATIENCE};
use motlan_harness::faults::{Action, EIO, ENOSPC, EROFS, FaultLayer, Op, Rule};
use motlan_harness::{Program, Served, World};
use tempfile::TempDir;

/// Callers at a time; as many as two busy cores serve without queueing.
const CALLERS: usize = 16;

/// The longest a call may take, by the gateway's configuration.
const DEADLINE: Duration = Duration::from_secs(6);

/// Beyond the deadline, what a busy machine may add before a client sees it.
const SLACK: Duration = Duration::from_secs(3);

/// For so long nothing may happen before a pause counts as one.
const QUIET: Duration = Duration::from_millis(150);

/// How often a condition is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Answers and refusals that show that a state is one and no moment.
const SOME: u64 = 25;

/// A gateway under load, behind the fault layer.
struct Stage {
    world: World,
    layer: FaultLayer,
    served: Served,
    load: Load,
    calls: Vec<Call>,
    _folder: TempDir,
}

// === impl Stage ===

impl Stage {
    async fn set() -> Self {
        let world = World::start().await.unwrap();
        let limit = format!("client_ca = \"tls/ca.pem\"\nlimits = {{ call = \"{}s\" }}", DEADLINE.as_secs());
        let site = world.site("served", &[("client_ca = ", &limit)]).unwrap();
        let folder = tempfile::tempdir_in(world.folder()).unwrap();
        let layer = FaultLayer::build(folder.path(), site.state()).unwrap();
        let served = Program::built().unwrap().serve(&site, Some(&layer)).await.unwrap();
        let (cases, calls) = Case::open_all(&world, &site).await;
        let load = Load::start(&world, &site, &cases, CALLERS);
        load.reaches("a load without faults", 2 * SOME, 0).await;
        assert_eq!(load.counts().1, 0, "nobody is refused without a fault");
        Self { world, layer, served, load, calls, _folder: folder }
    }

    fn journal(&self) -> PathBuf {
        self.served.site().audit().join("00000000000000000000.journal")
    }

    /// The fault is in force: it bites, the probe says so, and while it holds
    /// nobody is answered and no registry is asked.
    async fn nothing_gets_through(&self, fault: &str) {
        let readiness = self.served.until("refusing", |readiness| !readiness.ready).await.unwrap();
        assert!(readiness.reasons.contains(&"AUDIT_UNAVAILABLE".to_owned()), "{fault}: {readiness:?}");
        let before = self.quiet().await;
        self.load.reaches(fault, 0, self.load.counts().1 + SOME).await;
        let after = (self.world.total_calls(), self.load.counts().0);
        assert_eq!(before, after, "{fault}: registries asked, or somebody answered");
        assert!(!self.served.readiness().await.unwrap().ready, "{fault}");
    }

    /// What was under way has ended: calls of the registries, and answers.
    async fn quiet(&self) -> (u64, u64) {
        let settle = async {
            loop {
                let before = (self.world.total_calls(), self.load.counts().0);
                tokio::time::sleep(QUIET).await;
                if before == (self.world.total_calls(), self.load.counts().0) {
                    return before;
                }
            }
        };
        tokio::time::timeout(DEADLINE + SLACK, settle).await.expect("what was under way ends")
    }

    async fn returns(&self, fault: &str) {
        self.served.until(&format!("ready after {fault}"), |readiness| readiness.ready).await.unwrap();
        let (answered, _) = self.load.counts();
        self.load.reaches(&format!("service after {fault}"), answered + SOME, 0).await;
    }

    /// A fault that holds until it is lifted.
    async fn meets(&self, fault: &str, rules: &[Rule]) {
        self.layer.arm(rules).unwrap();
        self.nothing_gets_through(fault).await;
        assert!(self.layer.acted(0).unwrap() > 0, "{fault} never bit");
        self.layer.lift().unwrap();
        self.returns(fault).await;
    }

    /// A fault of a store that answers about known people do not need: they go
    /// on, what needs the store is refused, and the probe says so.
    async fn holds_back(&self, fault: &str, reason: &str, rules: &[Rule]) {
        self.layer.arm(rules).unwrap();
        self.refuses_some(fault, reason).await;
        assert!(self.layer.acted(0).unwrap() > 0, "{fault} never bit");
        self.layer.lift().unwrap();
        self.returns(fault).await;
    }

    async fn refuses_some(&self, fault: &str, reason: &str) {
        let readiness = self.served.until(fault, |readiness| !readiness.ready).await.unwrap();
        assert_eq!(readiness.reasons, [reason], "{fault}");
        let (answered, refused) = self.load.counts();
        self.load.reaches(fault, answered + SOME, refused + SOME / 5).await;
    }

    /// A file that is moved away, and put back.
    async fn misses(&self, file: &str, reason: &str) {
        let path = self.served.site().state().join(file);
        let aside = path.with_extension("aside");
        fs::rename(&path, &aside).unwrap();
        self.refuses_some(file, reason).await;
        assert!(!path.exists(), "{file} is never made anew");
        fs::rename(&aside, &path).unwrap();
        self.returns(file).await;
    }

    /// A fault that the gateway gets over by itself, after so many calls.
    async fn gets_over(&self, fault: &str, rules: &[Rule]) {
        self.layer.arm(rules).unwrap();
        let bites = async {
            while self.layer.acted(0).unwrap() == 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let bitten = tokio::time::timeout(PATIENCE, bites).await;
        assert!(bitten.is_ok(), "{fault} never bit in {PATIENCE:?}, under load");
        self.returns(fault).await;
        self.layer.lift().unwrap();
    }

    /// Ends everything and holds what was told against the log; the log, and
    /// with which reasons calls were refused.
    async fn end(self) -> (Ledger, BTreeSet<String>) {
        let (audit, published) = (self.served.site().audit(), self.served.site().state().join("log"));
        let mut calls = self.calls;
        calls.extend(self.load.stop().await);
        assert!(self.served.interrupt().await.unwrap().success(), "the process lived through it all");
        let ledger = Ledger::read(&audit, &published);
        judge(&calls, &ledger);
        assert_eq!(judge_intents(&ledger), 0, "no stop cut anything off");
        judge_registries(&calls, &ledger, &self.world.calls());
        let late = calls.iter().find(|call| call.took > DEADLINE + SLACK);
        assert!(late.is_none(), "past its deadline: {late:?}");
        let refused = calls.iter().filter_map(|call| match &call.reply {
            Reply::Refused { code, reason } => Some(format!("{code:?} {reason}")),
            _ => None,
        });
        let refused = refused.collect();
        self.world.stop().await.unwrap();
        (ledger, refused)
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_written_stops_everything_until_it_can() {
    let stage = Stage::set().await;
    let fail = |ops: &[Op], path: &str, errno| Rule::on(ops, path, Action::Fail(errno));
    let full = [Op::Write, Op::Create, Op::Truncate];
    let half = Rule::on(&[Op::Write], ".journal", Action::Half).times(1);
    stage.meets("a full disk", &[fail(&full, "", ENOSPC)]).await;
    stage.meets("a disk that fills up in a write", &[half, fail(&full, "", ENOSPC)]).await;
    stage.meets("an I/O error at write", &[fail(&[Op::Write], ".journal", EIO)]).await;
    stage.meets("an I/O error at sync", &[fail(&[Op::Sync], ".journal", EIO)]).await;
    stage.meets("a read-only file system", &[fail(&Op::CHANGES, "", EROFS)]).await;
    stage.gets_over("one failed sync", &[fail(&[Op::Sync], ".journal", EIO).times(1)]).await;
    stage.gets_over("a short write", &[Rule::on(&[Op::Write], ".journal", Action::Half).times(1)]).await;
    stage.gets_over("a writer that dies", &[Rule::on(&[Op::Write], ".journal", Action::Lie).times(1)]).await;

    // Deleted: the open file is the truth, and is put back.
    fs::remove_file(stage.journal()).unwrap();
    stage.returns("the deletion of the journal").await;
    assert!(stage.journal().exists());

    // Replaced by a forgery: never taken, until the right one is back.
    let (good, forged) = (stage.journal().with_extension("good"), stage.journal().with_extension("forged"));
    let mut bytes = fs::read(stage.journal()).unwrap();
    let at = bytes.windows(6).position(|found| found == b"portal").unwrap();
    bytes[at] = b'q';
    fs::write(&forged, bytes).unwrap();
    fs::rename(stage.journal(), &good).unwrap();
    fs::rename(&forged, stage.journal()).unwrap();
    stage.nothing_gets_through("a forged journal").await;
    fs::rename(&good, stage.journal()).unwrap();
    stage.returns("a forged journal").await;

    let (ledger, refused) = stage.end().await;
    assert_eq!(
        ledger.causes(),
        BTreeSet::from(["DISK_FULL", "STORE_REPLACED", "SYNC_FAILED", "WRITER_DIED", "WRITE_FAILED"])
    );
    let known = names(&["Unavailable AUDIT_UNAVAILABLE", "Unavailable STORE_UNAVAILABLE"]);
    assert!(refused.is_subset(&known), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_holds_nobody_past_the_deadline() {
    let stage = Stage::set().await;
    stage.meets("a journal that hangs", &[Rule::on(&[Op::Sync], ".journal", Action::Hang)]).await;
    stage.meets("a journal that hangs at write", &[Rule::on(&[Op::Write], ".journal", Action::Hang)]).await;
    // Slow, and no more than that: everybody waits, and is answered.
    let (before, refused) = stage.load.counts();
    stage.layer.arm(&[Rule::on(&[Op::Sync], ".journal", Action::Delay(300))]).unwrap();
    stage.load.reaches("a slow disk", before + SOME, 0).await;
    assert_eq!(stage.load.counts().1, refused, "a slow disk is no fault");
    stage.layer.lift().unwrap();
    let (ledger, refused) = stage.end().await;
    assert_eq!(ledger.causes(), BTreeSet::new(), "what the disk took in the end is no entry of unknown fate");
    let known = names(&["Unavailable AUDIT_UNAVAILABLE", "DeadlineExceeded DEADLINE_EXCEEDED"]);
    assert_eq!(refused, known, "at once where the disk is known to hang, else at the deadline");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_written_takes_nothing_new_until_it_can() {
    let stage = Stage::set().await;
    let stores = [("subjects.db", "AUDIT_UNAVAILABLE"), ("dossiers.db", "STORE_UNAVAILABLE")];
    for (store, reason) in stores {
        for (fault, op, errno) in [
            ("full", Op::Write, ENOSPC),
            ("failing at write", Op::Write, EIO),
            ("failing at sync", Op::Sync, EIO),
        ] {
            let rule = Rule::on(&[op], store, Action::Fail(errno));
            stage.holds_back(&format!("{store} {fault}"), reason, &[rule]).await;
        }
    }
    stage.misses("audit/subjects.db", "AUDIT_UNAVAILABLE").await;
    stage.misses("dossiers.db", "STORE_UNAVAILABLE").await;
    let (ledger, refused) = stage.end().await;
    assert_eq!(ledger.causes(), BTreeSet::new(), "the journal was never in doubt");
    assert_eq!(refused, names(&["Unavailable AUDIT_UNAVAILABLE", "Unavailable STORE_UNAVAILABLE"]));
}

/// Above all nobody else waits: a search for a person must not hold up a thread
/// that serves others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_hangs_holds_up_only_what_needs_it() {
    let stage = Stage::set().await;
    for (store, reason) in [("subjects.db", "AUDIT_UNAVAILABLE"), ("dossiers.db", "STORE_UNAVAILABLE")] {
        let hangs = Rule::on(&[Op::Sync], store, Action::Hang);
        stage.holds_back(&format!("{store} that hangs"), reason, &[hangs]).await;
    }
    let (ledger, refused) = stage.end().await;
    assert_eq!(ledger.causes(), BTreeSet::new());
    let known = [
        "DeadlineExceeded DEADLINE_EXCEEDED",
        "Unavailable AUDIT_UNAVAILABLE",
        "Unavailable STORE_UNAVAILABLE",
    ];
    assert!(refused.is_subset(&names(&known)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_takes_no_time_from_the_log() {
    let stage = Stage::set().await;
    let (answered, _) = stage.load.counts();
    // By less than the tokens are old, and less than registries mind (five
    // minutes): everybody is served on.
    stage.layer.set_clock(-240).unwrap();
    stage.load.reaches("the clock set back by minutes", answered + 2 * SOME, 0).await;
    assert_eq!(stage.load.counts().1, 0, "nobody is refused for it");
    // By more: tokens are of the future, and nobody is who they say.
    stage.layer.set_clock(-7_200).unwrap();
    stage.load.reaches("the clock set back by hours", 0, SOME).await;
    assert!(stage.served.readiness().await.unwrap().ready, "the log can be written all the while");
    stage.layer.set_clock(0).unwrap();
    stage.returns("the clock").await;
    let (ledger, refused) = stage.end().await;
    assert_eq!(ledger.causes(), BTreeSet::new());
    assert!(refused.contains("Unauthenticated TOKEN_EXPIRED"), "{refused:?}");
    // A registry that looks at the time of a request refuses one of hours ago.
    let known = names(&["Unauthenticated TOKEN_EXPIRED", "Unavailable SOURCE_REFUSED"]);
    assert!(refused.is_subset(&known), "{refused:?}");
    // `Ledger::read` has seen that no time goes back; here, that one would have.
    let times: Vec<&str> = ledger.entries().map(|(entry, _)| entry["time"].as_str().unwrap()).collect();
    let still = times.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(still as u64 > SOME, "{still} entries of the time before: the clock was never back");
}
