//! Each filter meets what it names and nothing else. That the index of a log
//! finds the same entries is tested where the index is.

use super::*;
use crate::entry::{Actor, ActorKind, Caller, Created, EntryTime, Erased, Filter, Purpose, Search, Subject};
use crate::entry::{Fields, SubjectClass};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_232_020 + second).unwrap()
}

fn entry() -> Entry {
    Entry {
        actor: Some(Actor {
            account: Some("an.nguyen".into()),
            agency: None,
            kind: ActorKind::Officer,
            pseudonym: None,
            source_account: Some("other".into()),
        }),
        caller: Some(Caller { agency: Some("H32".into()), certificate: None, system: Some("portal".into()) }),
        fields: Some(Fields::default()),
        outcome: Some(Outcome::Found),
        procedure: Some("1.004222".into()),
        purpose: Some(Purpose::Dossier("H32.212-261121-0001".into())),
        subjects: vec![subject("s_a"), subject("s_b")],
        ..Entry::new("log", 7, EntryTime::new(at(0)), Kind::AccessOutcome)
    }
}

fn subject(pseudonym: &'static str) -> Subject {
    Subject {
        class: SubjectClass::Natural,
        pseudonym: pseudonym.into(),
        role: "applicant".into(),
        sealed: None,
    }
}

fn about(pseudonym: &str) -> EntryFilter {
    EntryFilter { subject: Some(Sought::Pseudonym(pseudonym.to_owned())), ..EntryFilter::default() }
}

#[test]
fn each_filter_meets_what_it_names() {
    let entry = entry();
    let none = EntryFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        ("no filter", none(), true),
        ("dossier", EntryFilter { dossier: text("H32.212-261121-0001"), ..none() }, true),
        ("other dossier", EntryFilter { dossier: text("H32.212-261121-0002"), ..none() }, false),
        ("agency", EntryFilter { agency: text("H32"), ..none() }, true),
        ("part of an agency", EntryFilter { agency: text("H3"), ..none() }, false),
        ("officer", EntryFilter { officer: text("an.nguyen"), ..none() }, true),
        ("the source's officer", EntryFilter { officer: text("other"), ..none() }, false),
        ("procedure", EntryFilter { procedure: text("1.004222"), ..none() }, true),
        ("other procedure", EntryFilter { procedure: text("1.004221"), ..none() }, false),
        ("outcome", EntryFilter { outcome: Some(Outcome::Found), ..none() }, true),
        ("other outcome", EntryFilter { outcome: Some(Outcome::Denied), ..none() }, false),
        ("kinds", EntryFilter { kinds: vec![Kind::LogRead, Kind::AccessOutcome], ..none() }, true),
        ("other kind", EntryFilter { kinds: vec![Kind::LogRead], ..none() }, false),
        ("from", EntryFilter { from: Some(at(0)), ..none() }, true),
        ("from later", EntryFilter { from: Some(at(1)), ..none() }, false),
        ("to", EntryFilter { to: Some(at(1)), ..none() }, true),
        ("to this", EntryFilter { to: Some(at(0)), ..none() }, false),
        ("first subject", about("s_a"), true),
        ("second subject", about("s_b"), true),
        ("other subject", about("s_c"), false),
        ("nobody", EntryFilter { subject: Some(Sought::Nobody), ..none() }, false),
        ("all but one", EntryFilter { outcome: Some(Outcome::Denied), ..about("s_a") }, false),
    ];
    for (name, filter, expected) in cases {
        assert_eq!(filter.matches(&entry), expected, "{name}");
    }
}

#[test]
fn an_entry_is_about_everyone_it_names() {
    let time = EntryTime::new(at(0));
    let created = Created { commitment: "00".into(), pseudonym: "s_x".into() };
    let citizen = Actor {
        account: None,
        agency: None,
        kind: ActorKind::Citizen,
        pseudonym: Some("s_x".into()),
        source_account: None,
    };
    let filter = |name: &'static str| Search {
        count: 0,
        filters: vec![
            Filter { name: name.into(), value: Some("s_x".into()) },
            Filter { name: "subject".into(), value: None },
        ],
    };
    let of = |kind| Entry::new("log", 0, time, kind);
    let cases = [
        ("created", Entry { created: Some(created), ..of(Kind::SubjectCreated) }, true),
        (
            "erased",
            Entry { erased: Some(Erased { pseudonym: "s_x".into() }), ..of(Kind::SubjectErased) },
            true,
        ),
        ("citizen", Entry { actor: Some(citizen), ..of(Kind::AccessOutcome) }, true),
        ("sought", Entry { search: Some(filter("subject")), ..of(Kind::LogRead) }, true),
        ("another filter", Entry { search: Some(filter("dossier")), ..of(Kind::LogRead) }, false),
        ("nobody", of(Kind::ConfigLoaded), false),
    ];
    for (name, entry, expected) in cases {
        assert_eq!(about("s_x").matches(&entry), expected, "{name}");
    }
}
