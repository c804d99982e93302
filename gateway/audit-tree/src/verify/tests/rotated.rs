//! A log whose key changed, by its first key alone.

use super::forge::{self, Forged, ORIGIN, Shown, log_key};
use super::*;
use crate::Checkpoint;
use crate::entry::{Entry, Kind, Rotated};
use crate::note::SigningKey;
use crate::rotation::{Rotation, path};

/// The log's `number`th key; the first is the one the others know.
fn key(number: u8) -> SigningKey {
    if number == 1 { log_key() } else { SigningKey::from_seed(ORIGIN, &[100 + number; 32]).unwrap() }
}

fn vkey(number: u8) -> String {
    key(number).verifier_key().to_string()
}

fn statement(old: u8, new: u8) -> String {
    Rotation::sign(&key(old), &key(new)).unwrap().to_string()
}

fn told(old: u8, new: u8) -> impl Fn(&mut Entry) {
    move |entry| {
        *entry = Entry::new(ORIGIN, entry.index, entry.time, Kind::LogKeyRotated);
        entry.rotated = Some(Box::new(Rotated {
            new: vkey(new).into(),
            old: vkey(old).into(),
            statement: statement(old, new).into(),
        }));
    }
}

/// 300 entries, two of which tell of a rotation; the third key signs.
fn log() -> Forged {
    Forged::new(300).with(7, told(1, 2)).with(207, told(2, 3))
}

fn shown(log: &Forged) -> Shown {
    let mut shown = log.publish();
    shown.put(&path(1), statement(1, 2).as_bytes());
    shown.put(&path(2), statement(2, 3).as_bytes());
    sign_by(&mut shown, log, &[3]);
    shown
}

/// The checkpoint, signed by these.
fn sign_by(shown: &mut Shown, log: &Forged, keys: &[u8]) {
    let checkpoint = Checkpoint::new(ORIGIN, log.head(log.entries.len() as u64)).unwrap();
    let mut notes = keys.iter().map(|number| key(*number).sign(&checkpoint.to_string()).unwrap());
    let mut note = notes.next().unwrap();
    notes.flat_map(crate::note::Note::into_signatures).for_each(|one| note.add(one).unwrap());
    shown.put("checkpoint", note.to_string().as_bytes());
}

fn by(number: u8) -> Keys {
    let mut keys = Keys::default();
    keys.add_log(&vkey(number)).unwrap();
    keys
}

fn says(shown: &Shown, keys: &Keys) -> Report {
    verify(shown, keys, &Evidence::default(), true)
}

fn check(name: &str, shown: &Shown, code: Code, index: Option<u64>) {
    let fault = says(shown, &by(1)).fault.unwrap_or_else(|| panic!("{name} was not found"));
    assert_eq!((fault.code, fault.index), (code, index), "{name}: {}", fault.detail);
}

#[test]
fn the_first_key_leads_to_the_last() {
    let log = log();
    let mut shown = shown(&log);
    let report = says(&shown, &by(1));
    assert_eq!(report.fault, None);
    let expected = LogKeys { reached: vec![vkey(2), vkey(3)], signed: vec![vkey(3)] };
    assert_eq!(report.keys, Some(expected));

    // By any later key as well, and never by one it does not lead to.
    let report = says(&shown, &by(3));
    assert_eq!((report.fault, report.keys.unwrap().reached), (None, vec![]));
    sign_by(&mut shown, &log, &[2]);
    assert_eq!(says(&shown, &by(2)).fault, None);
    assert_eq!(says(&shown, &by(3)).fault.unwrap().code, Code::CheckpointSignature);

    // In the overlap both sign, and either is enough.
    sign_by(&mut shown, &log, &[2, 3]);
    let mut both = vec![vkey(2), vkey(3)];
    both.sort();
    assert_eq!(says(&shown, &by(1)).keys.unwrap().signed, both);
    assert_eq!(says(&shown, &by(3)).keys.unwrap().signed, [vkey(3)]);
}

/// What the log signed before stays good, kept or given.
#[test]
fn checkpoints_of_every_key_are_compared() {
    let log = log();
    let mut shown = shown(&log);
    shown.keep(&log.checkpoint(100));
    let given = forge::evidence(&[&log.checkpoint(200)], &[&log.receipt(250)]);
    let report = verify(&shown, &by(1), &given, true);
    assert_eq!((report.fault, report.checked.checkpoints, report.covered), (None, 3, 251));
    // Control: of another history it is a fork all the same.
    let given = forge::evidence(&[&log.rewritten(5).checkpoint(200)], &[]);
    assert_eq!(verify(&shown, &by(1), &given, true).fault.unwrap().code, Code::Fork);
}

/// Who was given the newest key alone is not told of a fault for what the log
/// keeps of the time before; nor is it counted.
#[test]
fn what_is_kept_of_the_time_before_counts_for_nothing() {
    let log = log();
    let mut shown = shown(&log);
    shown.keep(&log.checkpoint(100));
    shown.put("witnessed", log.checkpoint(150).to_string().as_bytes());
    let report = says(&shown, &by(3));
    assert_eq!((report.fault, report.checked.checkpoints), (None, 1));
    // Control: by a key that led to none of the log's it is a fault.
    let checkpoint = Checkpoint::new(ORIGIN, log.head(100)).unwrap();
    shown.put("checkpoints/100", key(7).sign(&checkpoint.to_string()).unwrap().to_string().as_bytes());
    assert_eq!(says(&shown, &by(3)).fault.unwrap().code, Code::CheckpointSignature);
}

#[test]
fn statements_that_do_not_hold() {
    let log = log();
    let whole = shown(&log);
    let change = |number: u32, text: &str| {
        let mut shown = whole.clone();
        shown.put(&path(number), text.as_bytes());
        shown
    };
    // Neither of the names may sign alone.
    let text = |old: u8, new: u8| {
        statement(old, new).split_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap()
    };
    let signed = |text: &str, by: u8| key(by).sign(text).unwrap().to_string();
    let other = |seed| SigningKey::from_seed("motlan.example/other", &[seed; 32]).unwrap();
    let foreign = Rotation::sign(&other(1), &other(2)).unwrap().to_string();
    for (name, shown) in [
        ("by the old key alone", change(1, &signed(&text(1, 2), 1))),
        ("by the new key alone", change(1, &signed(&text(1, 2), 2))),
        ("by a stranger", change(1, &signed(&text(1, 2), 9))),
        ("of another log", change(1, &foreign)),
        ("not from the one before", change(2, &statement(1, 3))),
        ("no note", change(2, "x")),
        ("empty", change(1, "")),
    ] {
        check(name, &shown, Code::KeyStatement, None);
    }
    // Where one is missing, nothing leads on.
    for gone in [1, 2] {
        let mut shown = whole.clone();
        shown.remove(&path(gone));
        check("gone", &shown, Code::CheckpointSignature, None);
    }
    // A chain of strangers leads from nobody to nobody.
    let mut strangers = whole.clone();
    strangers.put(&path(1), statement(8, 9).as_bytes());
    strangers.remove(&path(2));
    sign_by(&mut strangers, &log, &[9]);
    check("of strangers", &strangers, Code::CheckpointSignature, None);
    // One that cannot be read says nothing about the log.
    let mut broken = whole.clone();
    broken.broken.insert(path(1));
    assert_eq!(says(&broken, &by(1)).verdict, Verdict::Unreadable);
    // Control.
    assert_eq!(says(&whole, &by(1)).fault, None);
}

#[test]
fn entries_that_tell_of_a_rotation() {
    let log = log();
    // After a crash, told twice.
    assert_eq!(says(&shown(&log.with(8, told(1, 2))), &by(1)).fault, None);
    for (name, log, index) in [
        ("not from the one before", log.with(9, told(1, 3)), Some(9)),
        ("of strangers, later", log.with(250, told(8, 9)), Some(250)),
        ("another new key", log.with(7, |e| e.rotated.as_mut().unwrap().new = vkey(3).into()), Some(7)),
        ("another old key", log.with(7, |e| e.rotated.as_mut().unwrap().old = vkey(3).into()), Some(7)),
        ("no statement", log.with(7, |e| e.rotated.as_mut().unwrap().statement = "x".into()), Some(7)),
        // Signed in behind the log's back.
        ("never told", Forged::new(300).with(207, told(2, 3)), None),
        ("neither told", Forged::new(300), None),
    ] {
        check(name, &shown(&log), Code::KeyStatement, index);
    }
    // Without the content, nobody looked.
    let report = verify(&shown(&Forged::new(300)), &by(1), &Evidence::default(), false);
    assert_eq!(report.fault, None);
}
