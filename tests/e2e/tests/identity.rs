//! Yes or no, and no oracle: verdicts on the sandbox's hard cases, and the
//! limit on guesses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::items_after_statements,
    clippy::large_futures,
    reason = "test code"
)]

use std::sync::Arc;
use std::time::Duration;

use motlan::clock::SystemClock;
use motlan_domain::{Clock as _, ManualClock, Registry};
use motlan_e2e::*;
use motlan_harness::{Connection, Opening, World};
use motlan_proto::common::v1::{Assurance, ClaimField, Outcome, PersonKey, Verdict, person_key};
use motlan_proto::population::v1::VerifyIdentityRequest;
use tonic::Code;

const LOOKUP: &str = "TraCuuThongTinCongDan";
const YES_NO: &str = "XacThucThongTinCongDan";
const IDENTITY: &str = "identity-verification";
const ENTERPRISES: &str = "enterprise-verification";

const MATCH: Outcome = Outcome::Match;
const MISMATCH: Outcome = Outcome::Mismatch;

/// What a row of a table expects: outcome, assurance, and one finding's code.
type Want = (Outcome, Assurance, ClaimField, &'static str);

fn judge(what: &str, outcome: Outcome, verdict: Option<&Verdict>, want: Want) {
    let verdict = verdict.cloned().unwrap_or_default();
    let findings: Vec<String> =
        verdict.findings.iter().map(|f| format!("{:?}:{:?}:{}", f.field(), f.level(), f.code)).collect();
    assert_eq!((outcome, verdict.assurance()), (want.0, want.1), "{what}: {findings:?}");
    if want.2 != ClaimField::Unspecified {
        let finding = verdict.findings.iter().find(|finding| finding.field() == want.2);
        assert_eq!(finding.map(|finding| finding.code.as_str()), Some(want.3), "{what}: {findings:?}");
    }
}

/// A living person whose name ends in an open syllable written with y, and the
/// name with i.
fn spelt_with_y(world: &World) -> (String, String, String, String) {
    let truth = world.registries().world();
    for person in &truth.people {
        let name = person.full_name();
        for (y, i) in
            [(" Mỹ", " Mĩ"), (" Lý", " Lí"), (" Kỳ", " Kì"), (" Vy", " Vi"), (" Thy", " Thi"), (" Ly", " Li")]
        {
            let birth = person.birth.iso();
            if name.ends_with(y) && person.died.is_none() && birth.len() == 10 && person.own_id().is_some() {
                return (person.id.clone(), name.clone(), name.replace(y, i), birth);
            }
        }
    }
    panic!("nobody in the world is spelt with y");
}

#[tokio::test]
async fn verdicts_on_the_hard_cases() {
    let world = World::start().await.unwrap();
    let truth = Arc::clone(world.registries().world());
    let personas = world.personas().clone();
    let family = world.families()[0].clone();
    let me = &family.applicant;
    let of = |id: &str| truth.person(id).unwrap_or_else(|| panic!("nobody has this id"));
    let tones = &personas.tone_pair;
    let tone_birth = of(&tones.first).birth.iso();
    let (y_id, y_name, i_name, y_birth) = spelt_with_y(&world);
    let old = of(&personas.year_only_birth);
    let old_year = old.birth.iso();
    assert_eq!(old_year.len(), 4, "only the year is known");
    let full = format!("{old_year}-03-04");
    let other_year = format!("{}-03-04", old_year.parse::<u32>().unwrap() + 1);
    let twice = of(&personas.successor_id);
    let (ede, raglai) = (of(&personas.ede_woman), of(&personas.raglai));
    let (low, high, none) = (Assurance::Low, Assurance::High, Assurance::Unspecified);
    let (id, name, birth) = (ClaimField::Id, ClaimField::FullName, ClaimField::BirthDate);
    let upper = me.name.to_uppercase();

    let table: Vec<(&str, &str, String, Option<String>, Want)> = vec![
        (
            "all as registered",
            &me.id,
            me.name.clone(),
            Some(me.birth_date.clone()),
            (MATCH, high, id, "EQUAL"),
        ),
        ("in capitals", &me.id, upper, Some(me.birth_date.clone()), (MATCH, high, id, "EQUAL")),
        (
            "two spaces",
            &me.id,
            me.name.replace(' ', "  "),
            Some(me.birth_date.clone()),
            (MATCH, high, id, "EQUAL"),
        ),
        (
            "another's name",
            &me.id,
            family.spouse.name.clone(),
            Some(me.birth_date.clone()),
            (MISMATCH, none, id, "EQUAL"),
        ),
        (
            "another birth date",
            &me.id,
            me.name.clone(),
            Some("1970-01-02".to_owned()),
            (MISMATCH, none, birth, "DIFFERENT"),
        ),
        (
            "only the year is known",
            &old.id,
            old.full_name(),
            Some(full),
            (MATCH, low, birth, "YEAR_ONLY_AT_SOURCE"),
        ),
        (
            "only the year, and another",
            &old.id,
            old.full_name(),
            Some(other_year),
            (MISMATCH, none, birth, "DIFFERENT"),
        ),
        (
            "a tone apart",
            &tones.first,
            tones.second_name.clone(),
            Some(tone_birth.clone()),
            (MATCH, low, ClaimField::Unspecified, ""),
        ),
        (
            "its own tone",
            &tones.first,
            tones.first_name.clone(),
            Some(tone_birth.clone()),
            (MATCH, high, id, "EQUAL"),
        ),
        ("with y", &y_id, y_name, Some(y_birth.clone()), (MATCH, high, id, "EQUAL")),
        ("with i for y", &y_id, i_name, Some(y_birth), (MATCH, low, ClaimField::Unspecified, "")),
        (
            "a cancelled id",
            &personas.cancelled_id,
            twice.full_name(),
            Some(twice.birth.iso()),
            (MATCH, high, id, "SUPERSEDED_ID"),
        ),
        (
            "its successor",
            &personas.successor_id,
            twice.full_name(),
            Some(twice.birth.iso()),
            (MATCH, high, id, "EQUAL"),
        ),
        (
            "a name with an apostrophe",
            &ede.id,
            ede.full_name().replace('\'', "’"),
            Some(ede.birth.iso()),
            (MATCH, high, id, "EQUAL"),
        ),
        (
            "a lost apostrophe",
            &ede.id,
            ede.full_name().replace('\'', ""),
            Some(ede.birth.iso()),
            (MISMATCH, none, id, "EQUAL"),
        ),
        (
            "a Raglai name",
            &raglai.id,
            raglai.full_name(),
            Some(raglai.birth.iso()),
            (MATCH, high, id, "EQUAL"),
        ),
        (
            "nobody",
            &personas.unknown_person,
            me.name.clone(),
            Some(me.birth_date.clone()),
            (Outcome::NotFound, none, ClaimField::Unspecified, ""),
        ),
    ];
    let verifier = world.connect("verifier").unwrap();
    let mut seen = 0;
    for (what, who, claimed, birth_date, want) in &table {
        let told = verify(&verifier, registered(IDENTITY), who, claimed, birth_date.as_deref()).await;
        let told = told.unwrap_or_else(|status| panic!("{what}: {status}"));
        judge(what, told.outcome(), told.verdict.as_ref(), *want);
        let entry = entry_at(&world, told.receipt.as_ref().unwrap()).await;
        assert_eq!((entry.outcome(), entry.disclosed_fields.len()), (told.outcome(), 0), "{what}");
        assert_eq!(entry.registered_purpose_id, IDENTITY, "{what}");
        seen += 1;
    }
    assert_eq!(seen, 17);
    let calls = world.calls();
    assert!(calls.count(Registry::Population, LOOKUP) > 0);
    assert_eq!(calls.count(Registry::Population, YES_NO), 0);

    // Without a birth date the verdict is the yes/no service's: LOW at most. Whose
    // number it was is looked up, once: of some it is known from above.
    let lookups = calls.count(Registry::Population, LOOKUP);
    let yes_no: Vec<(&str, &str, &str, Want, u64)> = vec![
        ("yes", &me.id, &me.name, (MATCH, low, name, "YES_NO_SERVICE"), 0),
        ("yes, a tone apart", &tones.second, &tones.first_name, (MATCH, low, birth, "NOT_CLAIMED"), 1),
        ("no", &me.id, "Trần Văn Không", (MISMATCH, none, name, "YES_NO_SERVICE"), 1),
    ];
    for (at, (what, who, claimed, want, new)) in yes_no.iter().enumerate() {
        let told = verify(&verifier, registered(IDENTITY), who, claimed, None).await.unwrap();
        judge(what, told.outcome(), told.verdict.as_ref(), *want);
        let calls = world.calls();
        assert_eq!(calls.count(Registry::Population, YES_NO), at as u64 + 1, "{what}");
        assert_eq!(calls.count(Registry::Population, LOOKUP), lookups + new, "{what}: holders looked up");
    }

    // An elder who has a CMND and no personal id.
    let ask = |claimed: &str| VerifyIdentityRequest {
        purpose: registered(IDENTITY),
        subject: Some(PersonKey { key: Some(person_key::Key::Cmnd(personas.elder_cmnd.clone())) }),
        full_name: claimed.to_owned(),
        birth_date: Some(personas.elder_birth_date.clone()),
        max_age: None,
    };
    let told = verifier.population().verify_identity(ask(&personas.elder_name)).await.unwrap().into_inner();
    judge("an elder by CMND", told.outcome(), told.verdict.as_ref(), (MATCH, high, id, "EQUAL"));
    let told = verifier.population().verify_identity(ask("Trần Văn Không")).await.unwrap().into_inner();
    judge("not that elder", told.outcome(), told.verdict.as_ref(), (MISMATCH, none, id, "EQUAL"));
    world.stop().await.unwrap();
}

async fn guess(by: &Connection, id: &str, name: &str) -> Result<Outcome, String> {
    let told = verify(by, registered(IDENTITY), id, name, Some("1970-01-02")).await;
    told.map(|told| told.outcome()).map_err(|status| motlan_harness::Refusal::from(status).reason)
}

#[tokio::test]
async fn five_wrong_guesses_a_day_and_no_more() {
    let clock = Arc::new(ManualClock::at(SystemClock::start().now()));
    let world = World::start_at(Arc::clone(&clock) as Arc<_>).await.unwrap();
    let (mine, other, third) = (&world.families()[0], &world.families()[1], &world.families()[2]);
    let (me, other, third) = (mine.applicant.clone(), other.applicant.clone(), third.applicant.clone());
    let unknown = world.personas().unknown_person.clone();
    let verifier = world.connect("verifier").unwrap();
    let own = opened(&world, &Opening::of(RESIDENCE)).await;

    // Right answers are not guesses.
    for _ in 0..7 {
        let told =
            verify(&verifier, registered(IDENTITY), &me.id, &me.name, Some(&me.birth_date)).await.unwrap();
        assert_eq!(told.outcome(), MATCH);
    }
    for _ in 0..5 {
        assert_eq!(guess(&verifier, &me.id, "Trần Văn Không").await, Ok(MISMATCH));
    }
    let before = world.total_calls();
    let told = verify(&verifier, registered(IDENTITY), &me.id, "Trần Văn Không", Some("1970-01-02")).await;
    denied(&world, "the sixth", told, Code::PermissionDenied, "GUESS_LIMIT", before).await;
    let told = verify(&verifier, registered(IDENTITY), &me.id, &me.name, Some(&me.birth_date)).await;
    denied(&world, "the right answer too late", told, Code::PermissionDenied, "GUESS_LIMIT", before).await;
    // An id nobody has counts as well.
    for _ in 0..5 {
        assert_eq!(guess(&verifier, &unknown, "Trần Văn Không").await, Ok(Outcome::NotFound));
    }
    assert_eq!(guess(&verifier, &unknown, "Trần Văn Không").await, Err("GUESS_LIMIT".to_owned()));
    // The yes/no service is counted in the same place.
    let told = verify(&verifier, registered(IDENTITY), &me.id, &me.name, None).await;
    refused("by yes/no", told, Code::PermissionDenied, "GUESS_LIMIT");
    // Guesses at once do not exceed it either.
    world.fault(Registry::Population, Some(LOOKUP), motlan_harness::Fault::Latency { ms: 100 }, None);
    let told =
        futures::future::join_all((0..24).map(|_| guess(&verifier, &other.id, "Trần Văn Không"))).await;
    let wrong = told.iter().filter(|told| **told == Ok(MISMATCH)).count();
    let over =
        told.iter().filter(|told| told.as_ref().err().is_some_and(|reason| reason == "GUESS_LIMIT")).count();
    assert_eq!((wrong, over), (5, 19), "{told:?}");
    world.clear_faults();
    // Neither another subject nor another agency is affected.
    assert_eq!(guess(&verifier, &third.id, "Trần Văn Không").await, Ok(MISMATCH));
    let office = world.connect(&own.office).unwrap();
    let told = verify(&office, dossier(&own.code), &me.id, &me.name, Some(&me.birth_date)).await.unwrap();
    assert_eq!(told.outcome(), MATCH, "another agency");
    // A restart forgets nothing; a new day does.
    let world = world.restart().await.unwrap();
    let verifier = world.connect("verifier").unwrap();
    for id in [&me.id, &unknown, &other.id] {
        assert_eq!(
            guess(&verifier, id, "Trần Văn Không").await,
            Err("GUESS_LIMIT".to_owned()),
            "after a restart"
        );
    }
    for _ in 0..4 {
        assert_eq!(guess(&verifier, &third.id, "Trần Văn Không").await, Ok(MISMATCH));
    }
    assert_eq!(
        guess(&verifier, &third.id, "Trần Văn Không").await,
        Err("GUESS_LIMIT".to_owned()),
        "1 before, 4 after"
    );
    clock.advance(Duration::from_hours(24));
    let verifier = world.connect("verifier").unwrap();
    assert_eq!(guess(&verifier, &me.id, "Trần Văn Không").await, Ok(MISMATCH), "a new day");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn verdicts_on_enterprises() {
    let world = World::start().await.unwrap();
    let truth = Arc::clone(world.registries().world());
    let p = world.personas().clone();
    let firm = |code: &str| truth.enterprise(code).expect("an enterprise");
    let director = |code: &str| truth.people[firm(code).representatives[0].0].id.clone();
    let active = firm(&p.active_enterprise);
    let boss = director(&p.active_enterprise);
    let stranger = world.families()[3].elder.id.clone();
    let (high, none) = (Assurance::High, Assurance::Unspecified);
    let (name, who, status) = (ClaimField::EnterpriseName, ClaimField::Representative, ClaimField::Status);
    type Claim<'a> = (Option<&'a str>, Option<&'a str>, bool);
    let table: Vec<(&str, &str, Claim<'_>, Want)> = vec![
        ("active", &p.active_enterprise, (None, None, true), (MATCH, high, status, "EQUAL")),
        (
            "all of it",
            &p.active_enterprise,
            (Some(&active.name), Some(&boss), true),
            (MATCH, high, who, "EQUAL"),
        ),
        (
            "another name",
            &p.active_enterprise,
            (Some("CÔNG TY TNHH KHÔNG CÓ"), None, false),
            (MISMATCH, none, ClaimField::Id, "EQUAL"),
        ),
        ("its director", &p.active_enterprise, (None, Some(&boss), false), (MATCH, high, who, "EQUAL")),
        (
            "not its director",
            &p.active_enterprise,
            (None, Some(&stranger), true),
            (MISMATCH, none, who, "DIFFERENT"),
        ),
        ("suspended", &p.suspended_enterprise, (None, None, true), (MISMATCH, none, status, "DIFFERENT")),
        (
            "suspended, its name",
            &p.suspended_enterprise,
            (Some(&firm(&p.suspended_enterprise).name), None, false),
            (MATCH, high, name, "IDENTICAL"),
        ),
        ("dissolved", &p.dissolved_enterprise, (None, None, true), (MISMATCH, none, status, "DIFFERENT")),
        (
            "not at its address",
            &p.absent_enterprise,
            (None, None, true),
            (MISMATCH, none, status, "DIFFERENT"),
        ),
        ("bankrupt", &p.bankrupt_enterprise, (None, None, true), (MISMATCH, none, status, "DIFFERENT")),
        (
            "nobody's code",
            &p.unknown_enterprise,
            (None, None, true),
            (Outcome::NotFound, none, ClaimField::Unspecified, ""),
        ),
    ];
    let verifier = world.connect("verifier").unwrap();
    for (what, code, claim, want) in &table {
        let told = verify_enterprise(&verifier, registered(ENTERPRISES), code, *claim).await;
        let told = told.unwrap_or_else(|status| panic!("{what}: {status}"));
        judge(what, told.outcome(), told.verdict.as_ref(), *want);
        let entry = entry_at(&world, told.receipt.as_ref().unwrap()).await;
        // Whom the claim names stands in the entry, told or not.
        assert_eq!(entry.subjects.len(), 1 + usize::from(claim.1.is_some()), "{what}");
    }
    assert_eq!(table.len(), 11);
    world.stop().await.unwrap();
}
