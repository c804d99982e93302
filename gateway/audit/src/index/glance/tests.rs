//! A glance sees what the whole entry says.

use motlan_audit_tree::entry::{
    Actor as EntryActor, ActorKind, Caller as EntryCaller, Created, Erased, Filter as EntryFilter,
    Purpose as EntryPurpose, Search as EntrySearch, Subject, SubjectClass,
};
use motlan_audit_tree::{Entry, Template};

use super::*;

fn subject(pseudonym: &'static str) -> Subject {
    Subject {
        class: SubjectClass::Natural,
        pseudonym: pseudonym.into(),
        role: "subject".into(),
        sealed: Some("sealed".into()),
    }
}

#[test]
fn everything_an_entry_is_found_by_is_seen() {
    let time = EntryTime::new("2026-11-26T03:00:00.000001Z".parse().unwrap());
    let mut entry = Entry::new("log.test/1".to_owned(), 7, time, Kind::LogRead);
    entry.outcome = Some(Outcome::Mismatch);
    entry.procedure = Some("1.004222".into());
    // What JSON escapes is not borrowed, and seen all the same.
    entry.caller = Some(EntryCaller {
        agency: Some("H32.\"2\\16\"".into()),
        certificate: None,
        system: Some("portal".into()),
    });
    entry.actor = Some(EntryActor {
        account: Some("lan\t@h32.216".into()),
        agency: None,
        kind: ActorKind::Citizen,
        pseudonym: Some("s_actor".into()),
        source_account: Some("other".into()),
    });
    entry.purpose = Some(EntryPurpose::Dossier("H32.216-261121-0007".into()));
    entry.subjects = vec![subject("s_one"), subject("s_two")];
    entry.created = Some(Created { commitment: "00".into(), pseudonym: "s_made".into() });
    entry.erased = Some(Erased { pseudonym: "s_gone".into() });
    let filter = |name: &'static str, value: Option<&'static str>| EntryFilter {
        name: name.into(),
        value: value.map(Into::into),
    };
    let filters =
        vec![filter("agency", Some("H32")), filter("subject", Some("s_sought")), filter("subject", None)];
    entry.search = Some(EntrySearch { count: 1, filters });
    let mut bytes = Vec::new();
    Template::of(&entry).unwrap().write(7, time, &mut bytes).unwrap();

    let glance: Glance<'_> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((glance.kind, glance.time, glance.outcome), (entry.kind, entry.time, entry.outcome));
    assert_eq!(glance.procedure(), entry.procedure.as_deref());
    assert_eq!(glance.agency(), Some("H32.\"2\\16\""));
    assert_eq!(glance.officer(), Some("lan\t@h32.216"));
    assert_eq!(glance.dossier(), entry.dossier());
    let mut pseudonyms: Vec<_> = glance.pseudonyms().collect();
    pseudonyms.sort_unstable();
    assert_eq!(pseudonyms, ["s_actor", "s_gone", "s_made", "s_one", "s_sought", "s_two"]);
    assert!(matches!(&glance.procedure, Some(Word(Cow::Borrowed(_)))), "most is not copied");
}

#[test]
fn an_entry_under_a_registered_purpose_is_of_no_dossier() {
    let time = EntryTime::new("2026-11-26T03:00:00Z".parse().unwrap());
    let mut entry = Entry::new("log.test/1".to_owned(), 0, time, Kind::AccessOutcome);
    entry.purpose = Some(EntryPurpose::Registered("identity".into()));
    let mut bytes = Vec::new();
    Template::of(&entry).unwrap().write(0, time, &mut bytes).unwrap();
    let glance: Glance<'_> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((glance.dossier(), glance.agency(), glance.officer()), (None, None, None));
    assert_eq!(glance.pseudonyms().count(), 0);
}
