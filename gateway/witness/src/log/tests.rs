//! Every call to the disk fails once in every way, and the process dies
//! before and after each: what was handed out is what a restart finds.

use std::io::{self, Write};

use super::*;
use crate::folder::disk::fault::Fault;
use crate::tests::rig::{Rig, START, TestLog, key, public};

const ONE: TestLog = TestLog::ONE;

/// The log as the folder has it, without a thread.
fn open(rig: &Rig) -> Log {
    let trusted = ONE.trusted();
    let mut folder = Folder::open(rig.dir.path(), &public(), Arc::new(rig.disk.clone())).unwrap();
    let state = folder.load(&trusted).unwrap();
    let (key, clock) = (Arc::new(key()), rig.clock.clone());
    Log::new((trusted, state), key, clock, Arc::new(folder), Arc::default()).unwrap()
}

fn size(log: &Log) -> u64 {
    log.state.as_ref().map_or(0, |state| state.checkpoint.head().size)
}

fn granted(answer: &Answer) -> bool {
    matches!(answer, Answer::Cosigned(_))
}

/// One request with a fault at its `after`th call to the disk, and what the
/// process says then and a restart finds. Whether the fault came.
fn check(after: usize, fault: Fault) -> bool {
    let what = format!("{fault:?} at call {after}");
    let rig = Rig::new();
    let mut log = open(&rig);
    assert!(granted(&log.answer(&ONE.request(0, 5))), "{what}");

    rig.disk.set(after, fault);
    let answer = log.answer(&ONE.request(5, 9));
    let struck = rig.disk.struck();
    assert_eq!(granted(&answer), !struck, "{what}: no cosignature unless all is done");
    assert!(granted(&answer) || answer == Answer::Failed, "{what}");
    assert_eq!(size(&log), if struck { 5 } else { 9 }, "{what}: memory is not ahead of the disk");
    if !fault.kills() && struck {
        // The process goes on. What it would not cosign binds it to nothing:
        // the other tree was shown to nobody. But that one is final.
        let other = ONE.forked(1, 5);
        assert!(granted(&log.answer(&other.request(5, 9))), "{what}");
        assert_eq!(log.answer(&ONE.request(9, 9)), Answer::Refused(Refusal::Unprocessable), "{what}");
        drop(log);
        let mut log = open(&rig);
        assert_eq!(log.state.as_ref().unwrap().checkpoint.head(), other.head(9), "{what}");
        assert!(granted(&log.answer(&other.request(9, 12))), "{what}");
        return struck;
    }
    // The process is gone; the disk works again for the next one.
    drop(log);
    rig.disk.full(false);
    let mut log = open(&rig);
    let found = size(&log);
    assert!([5, 9].contains(&found), "{what}: the old state or the new one, not {found}");
    assert!(found == 9 || !granted(&answer), "{what}: what was handed out is remembered");
    assert_eq!(log.answer(&ONE.request(0, 3)), Answer::Refused(Refusal::Conflict { size: found }), "{what}");
    assert!(granted(&log.answer(&ONE.request(found, 12))), "{what}");
    struck
}

#[test]
fn at_every_point_the_state_is_the_old_one_or_the_new_one() {
    for fault in Fault::ALL {
        let calls = (0..20).take_while(|after| check(*after, fault)).count();
        assert_eq!(calls, 3, "{fault:?}: write, rename, sync of the folder");
    }
}

#[test]
fn a_start_makes_durable_what_it_finds_before_it_rests_on_it() {
    let rig = Rig::new();
    let mut log = open(&rig);
    assert!(granted(&log.answer(&ONE.request(0, 5))));
    rig.disk.set(2, Fault::DoneButFails);
    assert_eq!(log.answer(&ONE.request(5, 9)), Answer::Failed);
    drop(log);
    // The new file has its name, but nobody knows that name on disk.
    for after in 1..4 {
        rig.disk.set(after, Fault::Fails);
        let mut folder = Folder::open(rig.dir.path(), &public(), Arc::new(rig.disk.clone())).unwrap();
        assert!(matches!(folder.load(&ONE.trusted()), Err(OpenError::Folder(_))), "call {after}");
    }
    rig.disk.full(false);
    assert_eq!(size(&open(&rig)), 9);
}

#[test]
fn a_new_log_cut_off_at_any_point_is_still_a_new_log() {
    for fault in Fault::ALL {
        for after in 1.. {
            let rig = Rig::new();
            rig.disk.set(after, fault);
            let mut folder = Folder::open(rig.dir.path(), &public(), Arc::new(rig.disk.clone())).unwrap();
            let loaded = folder.load(&ONE.trusted());
            assert_eq!(loaded.is_err(), rig.disk.struck(), "{fault:?} at {after}");
            drop(folder);
            let struck = rig.disk.struck();
            rig.disk.full(false);
            let mut log = open(&rig);
            assert!(granted(&log.answer(&ONE.request(0, 5))), "{fault:?} at {after}");
            if !struck {
                assert_eq!(after, 7, "the place, the marker: two files");
                break;
            }
        }
    }
}

#[test]
fn the_same_again_in_the_same_second_costs_no_write() {
    let rig = Rig::new();
    let mut log = open(&rig);
    let first = log.answer(&ONE.request(0, 5));
    rig.disk.full(false);
    assert_eq!(log.answer(&ONE.request(5, 5)), first);
    assert_eq!(rig.disk.calls(), 0);
    rig.clock.advance(std::time::Duration::from_secs(1));
    let later = log.answer(&ONE.request(5, 5));
    assert!(granted(&later) && later != first);
    assert_eq!(rig.disk.calls(), 3);
}

#[tokio::test]
async fn a_thread_that_is_gone_is_a_failure_that_is_counted() {
    let (jobs, gone) = mpsc::channel(1);
    drop(gone);
    let counts = Arc::new(Counts::default());
    let door = Door { jobs, shown: Shown::default(), counts: Arc::clone(&counts) };
    assert_eq!(door.ask(ONE.request(0, 5)).await, Answer::Failed);
    assert_eq!(counts.failures.load(Ordering::Relaxed), 1);
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Heard {
    /// Events of that level logged meanwhile.
    fn during(&self, level: &str, act: impl FnOnce()) -> usize {
        self.0.lock().clear();
        // While there is just one, another thread that comes by an event first
        // decides, with its own subscriber (none), that nobody listens.
        let _second = tracing::Dispatch::new(tracing_subscriber::registry());
        let heard = self.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || heard.clone()).finish();
        tracing::subscriber::with_default(subscriber, act);
        let text = String::from_utf8(self.0.lock().clone()).unwrap();
        text.lines().filter(|line| line.contains(level)).count()
    }
}

#[test]
fn the_operator_hears_of_a_split_view_once_and_at_error_level() {
    let rig = Rig::new();
    let mut log = open(&rig);
    let heard = Heard::default();
    assert_eq!(heard.during("ERROR", || drop(log.answer(&ONE.request(0, 5)))), 0);
    let fork = ONE.forked(1, 3);
    assert_eq!(heard.during("ERROR", || drop(log.answer(&fork.request(5, 5)))), 1);
    assert_eq!(heard.during("ERROR", || drop(log.answer(&fork.request(5, 5)))), 0);
    assert_eq!(heard.during("WARN", || drop(log.answer(&fork.request(5, 9)))), 1);
    rig.disk.full(true);
    // What anybody can repeat is told when it begins and when it ends.
    let grows = ONE.request(5, 9);
    assert_eq!(heard.during("ERROR", || drop(log.answer(&grows))), 1);
    assert_eq!(heard.during("ERROR", || drop(log.answer(&grows))), 0);
    rig.disk.full(false);
    rig.set_clock(START - 1);
    assert_eq!(heard.during("WARN", || drop(log.answer(&grows))), 1);
    assert_eq!(heard.during("WARN", || drop(log.answer(&ONE.request(9, 12)))), 0);
    rig.set_clock(START);
    assert_eq!(heard.during("INFO", || drop(log.answer(&ONE.request(12, 13)))), 1);
    assert_eq!(heard.during("INFO", || drop(log.answer(&ONE.request(13, 14)))), 0);
}
