//! The two quotas, on a clock that the test moves.

use motlan_audit::{DraftSubject, Identifier};
use motlan_domain::ManualClock;
use motlan_domain::SubjectKey;
use motlan_domain::id::EnterpriseCode;

use super::*;

const OPTIONS: QuotaOptions = QuotaOptions {
    refusals: Rate { burst: 3, per_second: 2 },
    entries: Rate { burst: 10, per_second: 5 },
    aggregate_every: Duration::from_secs(10),
};

fn quotas() -> (Quotas, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at("2026-11-21T03:00:00Z".parse().unwrap()));
    (Quotas::new(OPTIONS, Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

fn system(id: &'static str) -> EntryCaller {
    EntryCaller { agency: Some("H32.202".into()), certificate: None, system: Some(id.into()) }
}

fn stranger(thumbprint: &'static str) -> EntryCaller {
    EntryCaller { agency: None, certificate: Some(thumbprint.into()), system: None }
}

fn denial(by: &EntryCaller, reason: Reason) -> Draft {
    let mut draft = Draft::new(Kind::AccessDenied).outcome(Outcome::Denied).reason(reason.code());
    draft.caller = Some(by.clone());
    draft
}

fn outcome(by: &EntryCaller, outcome: Outcome, named: usize) -> Draft {
    let mut draft = Draft::new(Kind::AccessOutcome).outcome(outcome);
    draft.caller = Some(by.clone());
    let code = EnterpriseCode::parse("0100109106").unwrap();
    let subject =
        DraftSubject { identifier: Identifier::from(&SubjectKey::Enterprise(code)), role: "subject".into() };
    draft.subjects = vec![subject; named];
    draft
}

/// What would be recorded now: caller, reason, count, from and to.
fn told(quotas: &Quotas) -> Vec<(String, String, u64, String)> {
    let mut told: Vec<_> = quotas
        .collect()
        .iter()
        .map(|beyond| {
            let draft = beyond.draft();
            assert_eq!(draft.kind, Kind::RefusalsAggregated);
            let (who, aggregate) = (draft.caller.unwrap(), draft.aggregate.unwrap());
            let name = who.system.or(who.certificate).unwrap();
            let span = format!("{:?} {:?}", aggregate.from, aggregate.to);
            (name.to_string(), aggregate.reason.to_string(), aggregate.count, span)
        })
        .collect();
    told.sort();
    told
}

fn counts(quotas: &Quotas) -> Vec<(String, String, u64)> {
    told(quotas).into_iter().map(|(who, reason, count, _)| (who, reason, count)).collect()
}

#[test]
fn refusals_beyond_the_quota_are_counted_by_caller_and_reason() {
    let (quotas, clock) = quotas();
    let (portal, other) = (system("portal"), stranger("aa11"));
    for _ in 0..3 {
        assert_eq!(quotas.book(&denial(&portal, Reason::DossierExists), false), Ok(()));
    }
    for reason in [Reason::DossierExists, Reason::ProcedureUnknown, Reason::DossierExists] {
        let counted = quotas.book(&denial(&portal, reason), false);
        assert_eq!(counted, Err(Unrecorded::Counted { retry_after: Duration::from_millis(500) }));
    }
    // Another caller has its own; so has every unknown certificate.
    assert_eq!(quotas.book(&denial(&other, Reason::CallerUnknown), false), Ok(()));
    // The call that comes next is not even decided.
    let account = quotas.of(&portal).unwrap();
    assert_eq!(account.admits(), Err(Duration::from_millis(500)));
    assert_eq!(quotas.of(&other).unwrap().admits(), Ok(()));
    let row = |reason: Reason, count| ("portal".to_owned(), reason.code().to_owned(), count);
    let expected =
        [row(Reason::DossierExists, 2), row(Reason::ProcedureUnknown, 1), row(Reason::QuotaExceeded, 1)];
    assert_eq!(counts(&quotas), expected);
    assert_eq!(counts(&quotas), [], "told once");
    clock.advance(Duration::from_millis(500));
    assert_eq!(account.admits(), Ok(()));
    assert_eq!(quotas.book(&denial(&portal, Reason::DossierExists), false), Ok(()));
    assert_eq!(account.admits(), Err(Duration::from_millis(500)), "one came back, and is gone");
}

#[test]
fn what_was_admitted_finishes_into_debt() {
    let (quotas, clock) = quotas();
    let office = system("one-stop");
    for _ in 0..5 {
        // The refusals of a resolve's components, and one that a registry's
        // answer led to, are written however many there are.
        assert_eq!(quotas.book(&denial(&office, Reason::FieldNotRegistered), true), Ok(()));
        assert_eq!(quotas.book(&outcome(&office, Outcome::Denied, 0), false), Ok(()));
    }
    assert_eq!(counts(&quotas), []);
    let account = quotas.of(&office).unwrap();
    // Seven refusals below nothing, and one to have: four seconds.
    assert_eq!(account.admits(), Err(Duration::from_secs(4)));
    clock.advance(Duration::from_secs(4));
    assert_eq!(account.admits(), Ok(()));
}

#[test]
fn all_entries_of_a_caller_have_a_quota_of_their_own() {
    let (quotas, clock) = quotas();
    let office = system("one-stop");
    let account = quotas.of(&office).unwrap();
    // Ten at once: an entry that names four weighs five.
    for _ in 0..2 {
        assert_eq!(account.admits(), Ok(()));
        assert_eq!(quotas.book(&outcome(&office, Outcome::Found, 4), false), Ok(()));
    }
    assert_eq!(account.admits(), Err(Duration::from_millis(200)));
    // What is under way may still be written.
    assert_eq!(quotas.book(&outcome(&office, Outcome::Found, 0), false), Ok(()));
    assert_eq!(account.admits(), Err(Duration::from_millis(400)));
    assert_eq!(counts(&quotas), [("one-stop".to_owned(), "QUOTA_EXCEEDED".to_owned(), 2)]);
    clock.advance(Duration::from_millis(400));
    assert_eq!(account.admits(), Ok(()));
    // It never has more than the burst.
    clock.advance(Duration::from_hours(24));
    for _ in 0..10 {
        assert_eq!(account.admits(), Ok(()));
        assert_eq!(quotas.book(&outcome(&office, Outcome::Found, 0), false), Ok(()));
    }
    assert!(account.admits().is_err());
}

#[test]
fn an_account_lives_as_long_as_it_owes_or_is_held() {
    let (quotas, clock) = quotas();
    let known = |quotas: &Quotas| quotas.known.read().certificates.len();
    let held = quotas.of(&stranger("aa11")).unwrap();
    quotas.book(&denial(&stranger("bb22"), Reason::CallerUnknown), false).unwrap();
    drop(quotas.of(&stranger("cc33")));
    assert_eq!(known(&quotas), 3);
    assert_eq!(counts(&quotas), []);
    assert_eq!(known(&quotas), 2, "one owes nothing and nobody holds it");
    clock.advance(Duration::from_mins(1));
    assert_eq!(counts(&quotas), []);
    assert_eq!(known(&quotas), 1);
    drop(held);
    assert_eq!(counts(&quotas), []);
    assert_eq!(known(&quotas), 0);
}

#[test]
fn a_count_that_could_not_be_recorded_counts_again_from_its_own_beginning() {
    let (quotas, clock) = quotas();
    let portal = system("portal");
    let refuse = |times| {
        for _ in 0..times {
            let _ = quotas.book(&denial(&portal, Reason::DossierUnknown), false);
        }
    };
    refuse(5);
    let begun = clock.now();
    let taken = quotas.collect();
    assert_eq!(taken.len(), 1);
    clock.advance(Duration::from_millis(100));
    refuse(1);
    taken.into_iter().for_each(Beyond::put_back);
    let told = told(&quotas);
    let span = format!("{:?} {:?}", EntryTime::new(begun), EntryTime::new(clock.now()));
    assert_eq!(told, [("portal".to_owned(), "DOSSIER_UNKNOWN".to_owned(), 3, span)]);
}

#[test]
fn the_gateways_own_entries_are_nobodys() {
    let (quotas, _) = quotas();
    for _ in 0..100 {
        assert_eq!(quotas.book(&Draft::new(Kind::DossierClosed), false), Ok(()));
    }
    assert!(quotas.known.read().systems.is_empty());
}
