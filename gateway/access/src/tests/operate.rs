//! Opening, viewing, resolving, closing; the log; the catalogue.

use std::fmt::Write as _;

use motlan_catalogue::{ProcedureLevel, RoleId};
use motlan_domain::id::{DossierCode, ProcedureCode};
use motlan_domain::{Evidence, Reason, SubjectKey};

use super::world::{By, PROCEDURE, World, agency_code, applicant, head, land, request};
use crate::{Denial, OpenRequest};

type Verdict = Result<(), Reason>;

const ROLE: Verdict = Err(Reason::RoleNotAllowed);
const AGENCY: Verdict = Err(Reason::AgencyNotAllowed);
const UNKNOWN: Verdict = Err(Reason::DossierUnknown);

fn verdict<T>(result: &Result<T, Denial>) -> Verdict {
    result.as_ref().map(|_| ()).map_err(Denial::reason)
}

pub(super) fn opening(code: &str, agency: &str) -> OpenRequest {
    OpenRequest {
        code: DossierCode::parse(code).unwrap(),
        procedure: ProcedureCode::parse(PROCEDURE).unwrap(),
        case: None,
        agency: agency_code(agency),
        subjects: vec![
            (RoleId::APPLICANT.to_owned(), applicant()),
            ("household_head".to_owned(), head()),
            ("certificate".to_owned(), land()),
        ],
        receipt: None,
    }
}

/// Caller, actor, dossier code, agency that is to handle it.
const OPEN: &[(&str, By, &str, &str, Verdict)] = &[
    ("portal", By::Absent, "H32.216-261121-0001", "H32.216", Ok(())),
    ("portal", By::Absent, "H32.10-261121-0001", "H32.216", Ok(())),
    ("portal", By::Applicant, "H32.216-261121-0001", "H32.216", Ok(())),
    ("portal", By::Stranger, "H32.216-261121-0001", "H32.216", Err(Reason::CitizenScope)),
    ("portal", By::Absent, "G01-261121-0001", "H32.216", AGENCY),
    ("portal", By::Absent, "H32.216-261121-0001", "H32.12", AGENCY),
    ("portal-2", By::Officer, "H32.216-261121-0001", "H32.216", AGENCY),
    ("one-stop-216", By::Officer, "H32.216-261121-0001", "H32.216", Ok(())),
    ("one-stop-216", By::Absent, "H32.216-261121-0001", "H32.216", Ok(())),
    ("one-stop-216", By::Officer, "H32.216-261121-0001", "H32.217", AGENCY),
    ("one-stop-216", By::Officer, "H32.217-261121-0001", "H32.216", AGENCY),
    ("department", By::Officer, "H32.12-261121-0001", "H32.12", AGENCY),
    ("verifier-216", By::Officer, "H32.216-261121-0001", "H32.216", ROLE),
    ("auditor-216", By::Absent, "H32.216-261121-0001", "H32.216", ROLE),
];

/// Caller, actor, whose dossier (`opened by`, agency), verdict on viewing,
/// resolving and closing.
const OPERATE: &[(&str, By, (&str, &str), Verdict)] = &[
    ("one-stop-216", By::Officer, ("portal", "H32.216"), Ok(())),
    ("one-stop-216", By::Absent, ("portal", "H32.216"), Ok(())),
    ("one-stop-217", By::Officer, ("portal", "H32.216"), UNKNOWN),
    ("one-stop-216", By::Officer, ("one-stop-216", "H32.217"), AGENCY),
    ("one-stop-216", By::Absent, ("one-stop-216", "H32.217"), AGENCY),
    ("department", By::Officer, ("portal", "H32.12"), Ok(())),
    ("department", By::Officer, ("portal", "H32.216"), UNKNOWN),
    ("portal", By::Absent, ("portal", "H32.216"), Ok(())),
    ("portal", By::Applicant, ("portal", "H32.216"), Ok(())),
    ("portal", By::Stranger, ("portal", "H32.216"), Err(Reason::CitizenScope)),
    ("portal", By::Head, ("portal", "H32.216"), Err(Reason::CitizenScope)),
    ("portal-2", By::Absent, ("portal", "H32.216"), UNKNOWN),
    ("portal-2", By::Officer, ("portal-2", "H32.216"), AGENCY),
    ("verifier-216", By::Officer, ("portal", "H32.216"), ROLE),
    ("auditor-216", By::Absent, ("portal", "H32.216"), ROLE),
    ("auditor", By::Officer, ("portal", "H32.216"), UNKNOWN),
];

/// Caller and actor, may they read the log; everybody may read the catalogue.
const LOG: &[(&str, By, Verdict)] = &[
    ("auditor", By::Officer, Ok(())),
    // A machine of the auditor is not an auditor.
    ("auditor", By::Absent, Err(Reason::ActorAbsent)),
    ("auditor-216", By::Absent, Err(Reason::ActorAbsent)),
    ("portal", By::Absent, Err(Reason::AuditorOnly)),
    ("portal", By::Applicant, Err(Reason::AuditorOnly)),
    ("one-stop-216", By::Absent, Err(Reason::AuditorOnly)),
    ("one-stop-216", By::Officer, Err(Reason::AuditorOnly)),
    ("department", By::Officer, Err(Reason::AuditorOnly)),
    ("verifier", By::Officer, Err(Reason::AuditorOnly)),
];

/// The rows that a world decides otherwise than the tables say.
pub(super) async fn differing(world: &World) -> String {
    let mut wrong = String::new();
    let mut note = |place: String, got: Verdict, expected: Verdict| {
        if got != expected {
            let _ = writeln!(wrong, "{place}: {got:?}, not {expected:?}");
        }
    };
    for (caller, by, code, agency, expected) in OPEN {
        let identity = world.identity(caller, *by);
        let got = verdict(&world.access.may_open(&identity, opening(code, agency)));
        note(format!("{caller} {by:?} opens {code} for {agency}"), got, *expected);
    }
    for (serial, (caller, by, (system, agency), expected)) in (5_000..).zip(OPERATE) {
        let code = world.dossier_by(system, serial, agency, Evidence::AcceptanceReceipt).await;
        let identity = world.identity(caller, *by);
        let verdicts = [
            verdict(&world.access.may_view(&identity, &code).await),
            verdict(&world.access.may_resolve(&identity, &code).await),
            verdict(&world.access.may_close(&identity, &code).await),
        ];
        for (got, what) in verdicts.into_iter().zip(["view", "resolve", "close"]) {
            note(format!("{caller} {by:?} {what} of {system} {agency}"), got, *expected);
        }
    }
    for (caller, by, expected) in LOG {
        let identity = world.identity(caller, *by);
        let log = verdict(&world.access.may_read_log(&identity));
        note(format!("{caller} {by:?} reads the log"), log, *expected);
        let catalogue = verdict(&world.access.may_read_catalogue(&identity));
        note(format!("{caller} {by:?} reads the catalogue"), catalogue, Ok(()));
        note(format!("{caller} {by:?} reflects"), verdict(&world.access.may_reflect(&identity)), Ok(()));
    }
    // A department opens what departments decide.
    let found = world.access.catalogue().procedures().find(|procedure| {
        let agency = world.access.catalogue().agency(&agency_code("H32.12"));
        procedure.level == ProcedureLevel::Province
            && agency.is_some_and(|agency| procedure.handled_by(agency))
    });
    let mut request = opening("H32.12-261121-0001", "H32.12");
    request.procedure = found.expect("a procedure of H32.12").code.clone();
    request.subjects.truncate(1);
    let identity = world.identity("department", By::Officer);
    note("department opens its own".to_owned(), verdict(&world.access.may_open(&identity, request)), Ok(()));
    wrong
}

#[tokio::test]
async fn every_operation_is_permitted_and_denied() {
    let world = World::new();
    let wrong = differing(&world).await;
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_opening_that_makes_no_sense_is_told_why() {
    type Spoil = fn(&mut OpenRequest);
    let cases: [(Spoil, Reason); 8] = [
        (|r| r.procedure = ProcedureCode::parse("9.999999").unwrap(), Reason::ProcedureUnknown),
        (|r| r.case = Some("no_such_case".to_owned()), Reason::CaseUnknown),
        (|r| r.agency = agency_code("H32.999"), Reason::AgencyUnknown),
        (|r| r.subjects.push(("no_such_role".to_owned(), applicant())), Reason::RoleUnknown),
        (|r| r.subjects.push((RoleId::APPLICANT.to_owned(), land())), Reason::RoleUnknown),
        (|r| drop(r.subjects.remove(0)), Reason::ApplicantMissing),
        (|r| r.subjects.clear(), Reason::ApplicantMissing),
        (|r| r.subjects.extend(vec![(RoleId::APPLICANT.to_owned(), applicant()); 64]), Reason::TooManyValues),
    ];
    let world = World::new();
    let identity = world.identity("portal", By::Absent);
    for (spoil, reason) in cases {
        let mut request = opening("H32.216-261121-0001", "H32.216");
        spoil(&mut request);
        assert_eq!(verdict(&world.access.may_open(&identity, request)), Err(reason));
    }
}

#[test]
fn an_opening_becomes_the_dossier_to_register() {
    let world = World::new();
    let identity = world.identity("portal", By::Applicant);
    let mut request = opening("H32.216-261121-0001", "H32.216");
    request.subjects.push((RoleId::APPLICANT.to_owned(), applicant()));
    request.case = Some(String::new());
    let permit = world.access.may_open(&identity, request).unwrap();
    let new = permit.dossier();
    assert_eq!(new.evidence, Evidence::Asserted, "a citizen's token is no evidence of the dossier");
    assert_eq!((new.opened_by.as_str(), new.case.as_str()), ("portal", "own_home"));
    assert_eq!(new.subjects.len(), 3, "the same twice counts once");
    assert_eq!(new.catalogue_digest, world.access.catalogue().digest());
    assert_eq!(permit.basis().policies(), ["portal.open"]);
}

#[tokio::test]
async fn a_closed_dossier_is_viewed_and_not_resolved() {
    let world = World::new();
    let code = world.dossier(1, "H32.216", Evidence::AcceptanceReceipt).await;
    world.register.close_dossier(&code, "DONE", request("close")).await.unwrap();
    let identity = world.identity("one-stop-216", By::Officer);
    assert!(!world.access.may_view(&identity, &code).await.unwrap().dossier().is_open());
    let denial = world.access.may_resolve(&identity, &code).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::DossierClosed);
    assert!(
        world.access.may_close(&identity, &code).await.is_ok(),
        "so that a repeated request finds its answer"
    );
}

#[tokio::test]
async fn a_resolve_says_why_no_value_will_be_told() {
    let world = World::new();
    let receipt = world.dossier(1, "H32.216", Evidence::AcceptanceReceipt).await;
    let asserted = world.dossier(2, "H32.216", Evidence::Asserted).await;
    let rows = [
        (&receipt, By::Officer, None),
        (&receipt, By::Absent, Some(Reason::ActorAbsent)),
        (&asserted, By::Officer, Some(Reason::EvidenceTooWeak)),
        (&asserted, By::Absent, Some(Reason::EvidenceTooWeak)),
    ];
    for (code, by, expected) in rows {
        let permit = world.access.may_resolve(&world.identity("one-stop-216", by), code).await.unwrap();
        assert_eq!(permit.withheld(), expected, "{by:?}");
    }
}

#[test]
fn production_does_not_speak_of_synthetic_people() {
    let production = World::in_folder(
        |dir| std::fs::write(dir.join("officers.toml"), "officers = []").unwrap(),
        |config| config.synthetic_ids = crate::SyntheticIds::Refused,
    );
    let world = production.unwrap();
    let identity = world.identity("portal", By::Absent);
    let opened = world.access.may_open(&identity, opening("H32.216-261121-0001", "H32.216"));
    assert_eq!(verdict(&opened), Err(Reason::ValueInvalid));
    let token = world.token("portal", By::Applicant);
    let identified = world.access.identify(Some(world.certificate("portal")), token.as_deref());
    assert_eq!(verdict(&identified), Err(Reason::TokenMalformed));
    let SubjectKey::Person(id) = applicant() else { panic!("a person") };
    assert!(id.is_synthetic());
}
