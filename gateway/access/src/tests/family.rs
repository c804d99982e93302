//! Who is family to whom, and that no denial tells it.

use motlan_catalogue::RoleId;
use motlan_domain::id::DossierCode;
use motlan_domain::{Evidence, Link, Operation, Purpose, Reason, SubjectKey};
use motlan_dossier::{DossierSubject, NewDossier};

use super::world::{By, World, agency_code, applicant, head, person, procedure, question, request, stranger};
use crate::Denial;

use Operation::{GetHousehold, GetPerson, ListCertificates, VerifyIdentity};

/// A second applicant and the head of their household.
fn other_applicant() -> SubjectKey {
    person("097090000011")
}

fn other_head() -> SubjectKey {
    person("097060000012")
}

fn linked(role: &str, key: SubjectKey, link: Link, through: SubjectKey) -> DossierSubject {
    DossierSubject::linked(role, key, link, RoleId::APPLICANT).through(through)
}

async fn dossier_of(
    world: &World,
    serial: u32,
    evidence: Evidence,
    subjects: Vec<DossierSubject>,
) -> DossierCode {
    let code = DossierCode::parse(&format!("H32.216-261121-{serial:04}")).unwrap();
    let new = NewDossier {
        code: code.clone(),
        procedure: procedure(),
        case: "own_home".to_owned(),
        agency: agency_code("H32.216"),
        opened_by: "portal".to_owned(),
        evidence,
        catalogue_digest: world.access.catalogue().digest().to_owned(),
        subjects,
    };
    let opened = world.register.open_dossier(new, request(&format!("open-{code}"))).await.unwrap();
    world.register.opened(&opened.dossier).await.unwrap();
    code
}

/// All that a denial can tell a caller is its reason.
fn told(denial: &Denial) -> (Reason, String) {
    (denial.reason(), denial.to_string())
}

type Row = (&'static str, By, Evidence, Operation, &'static [&'static str], Reason);

/// Caller, actor, evidence, operation, fields; what a stranger is told, who is
/// neither named nor linked.
#[rustfmt::skip]
const ORACLE: &[Row] = &[
    ("one-stop-216", By::Absent, Evidence::AcceptanceReceipt, GetPerson, &[], Reason::ActorAbsent),
    ("one-stop-216", By::Absent, Evidence::Asserted, GetPerson, &[], Reason::EvidenceTooWeak),
    ("one-stop-216", By::Officer, Evidence::Asserted, GetPerson, &["full_name"], Reason::EvidenceTooWeak),
    ("one-stop-216", By::Officer, Evidence::Asserted, GetPerson, &["religion"], Reason::EvidenceTooWeak),
    ("one-stop-216", By::Absent, Evidence::AcceptanceReceipt, GetPerson, &["religion"], Reason::ActorAbsent),
    ("one-stop-216", By::Absent, Evidence::AcceptanceReceipt, VerifyIdentity, &[], Reason::SubjectNotInDossier),
    ("one-stop-216", By::Absent, Evidence::Asserted, VerifyIdentity, &[], Reason::SubjectNotInDossier),
    ("one-stop-216", By::Officer, Evidence::Asserted, VerifyIdentity, &[], Reason::SubjectNotInDossier),
    ("one-stop-216", By::Absent, Evidence::AcceptanceReceipt, GetHousehold, &[], Reason::ActorAbsent),
    ("one-stop-216", By::Officer, Evidence::AcceptanceReceipt, GetHousehold, &[], Reason::SubjectNotInDossier),
    ("one-stop-216", By::Officer, Evidence::AcceptanceReceipt, ListCertificates, &[], Reason::SubjectNotInDossier),
    ("one-stop-216", By::Officer, Evidence::AcceptanceReceipt, GetPerson, &["religion"], Reason::SubjectNotInDossier),
    ("verifier-216", By::Officer, Evidence::AcceptanceReceipt, VerifyIdentity, &[], Reason::RoleNotAllowed),
    ("auditor-216", By::Absent, Evidence::AcceptanceReceipt, GetPerson, &[], Reason::RoleNotAllowed),
    ("portal", By::Absent, Evidence::Asserted, VerifyIdentity, &[], Reason::SubjectNotInDossier),
    ("portal", By::Absent, Evidence::AcceptanceReceipt, GetPerson, &[], Reason::ActorAbsent),
    ("portal", By::Stranger, Evidence::AcceptanceReceipt, GetPerson, &[], Reason::CitizenScope),
    ("portal", By::Stranger, Evidence::AcceptanceReceipt, VerifyIdentity, &[], Reason::CitizenScope),
    ("portal", By::Stranger, Evidence::Asserted, GetPerson, &[], Reason::CitizenScope),
    ("portal", By::Head, Evidence::AcceptanceReceipt, GetPerson, &[], Reason::CitizenScope),
    ("portal", By::Applicant, Evidence::Asserted, GetPerson, &[], Reason::EvidenceTooWeak),
    ("portal", By::Applicant, Evidence::Asserted, VerifyIdentity, &[], Reason::SubjectNotInDossier),
    ("portal", By::Applicant, Evidence::AcceptanceReceipt, GetPerson, &["marital_status"], Reason::SubjectNotInDossier),
    ("one-stop-217", By::Officer, Evidence::AcceptanceReceipt, GetPerson, &[], Reason::DossierUnknown),
];

#[tokio::test]
async fn no_denial_tells_a_relative_from_a_stranger() {
    let world = World::new();
    let (vouched, asserted) = (
        world.dossier(1, "H32.216", Evidence::AcceptanceReceipt).await,
        world.dossier(2, "H32.216", Evidence::Asserted).await,
    );
    for (caller, by, evidence, operation, fields, expected) in ORACLE {
        let code = if *evidence == Evidence::Asserted { &asserted } else { &vouched };
        let identity = world.identity(caller, *by);
        let ask = async |subject: SubjectKey| {
            let ask = question(*operation, subject, fields, Purpose::Dossier(code.clone()));
            let what = format!("{caller} {by:?} {evidence:?} {operation:?} {fields:?}");
            told(&world.access.decide(&identity, ask).await.expect_err(&what))
        };
        let (of_stranger, of_relative) = (ask(stranger()).await, ask(head()).await);
        assert_eq!(of_stranger.0, *expected, "{caller} {by:?} {evidence:?} {operation:?} {fields:?}");
        assert_eq!(of_stranger, of_relative, "{caller} {by:?} {evidence:?} {operation:?} {fields:?}");
    }
    // The control: whoever may read them is told that they are there.
    for (caller, by) in [("one-stop-216", By::Officer), ("portal", By::Applicant)] {
        let identity = world.identity(caller, by);
        for operation in [GetPerson, VerifyIdentity] {
            let ask = question(operation, head(), &[], Purpose::Dossier(vouched.clone()));
            assert!(world.access.decide(&identity, ask).await.is_ok(), "{caller} {operation:?}");
        }
    }
}

/// What the applicant's own token may read: subjects, evidence, whom, verdict.
#[tokio::test]
async fn a_citizen_reads_only_their_own_family() {
    const ROLE: &str = "household_head";
    let world = World::new();
    let me = || DossierSubject::named(RoleId::APPLICANT, applicant());
    let other = || DossierSubject::named(RoleId::APPLICANT, other_applicant());
    let named = || DossierSubject::named(ROLE, head());
    let mine = || linked(ROLE, head(), Link::HouseholdHead, applicant());
    let theirs = || linked(ROLE, other_head(), Link::HouseholdHead, other_applicant());
    let member = || linked("household_member", head(), Link::HouseholdMember, applicant());
    let untold = || DossierSubject::linked(ROLE, head(), Link::HouseholdHead, RoleId::APPLICANT);
    let (signed, hidden, scope) =
        (Evidence::AcceptanceReceipt, Err(Reason::SubjectNotInDossier), Err(Reason::CitizenScope));
    let table = [
        ("linked through me", signed, vec![me(), mine()], head(), Ok(())),
        ("linked, and nobody knows through whom", signed, vec![me(), untold()], head(), hidden),
        ("mine, of two", signed, vec![me(), other(), mine(), theirs()], head(), Ok(())),
        ("theirs, of two", signed, vec![me(), other(), mine(), theirs()], other_head(), hidden),
        ("named under a receipt", signed, vec![me(), named()], head(), Ok(())),
        ("named on assertion", Evidence::Asserted, vec![me(), named()], head(), Err(Reason::EvidenceTooWeak)),
        ("named, of two", signed, vec![me(), other(), named()], head(), scope),
        (
            "named, of two, and linked through me",
            signed,
            vec![me(), other(), named(), member()],
            head(),
            Ok(()),
        ),
        ("the other applicant", signed, vec![me(), other()], other_applicant(), scope),
    ];
    let mut seen = 0;
    for (serial, (what, evidence, subjects, whom, expected)) in (1..).zip(table) {
        let code = dossier_of(&world, serial, evidence, subjects).await;
        let identity = world.identity("portal", By::Applicant);
        let ask = question(GetPerson, whom.clone(), &["full_name"], Purpose::Dossier(code.clone()));
        let got = world.access.decide(&identity, ask).await;
        assert_eq!(got.map(|_| ()).map_err(|denial| denial.reason()), expected, "{what}");
        // Their household is nobody's but theirs.
        let ask = question(GetHousehold, whom, &[], Purpose::Dossier(code));
        assert!(world.access.decide(&identity, ask).await.is_err(), "{what}: the household");
        seen += 1;
    }
    assert_eq!(seen, 9);
    // Bare assertion: not even yes or no about somebody the portal just named.
    let code = dossier_of(&world, 20, Evidence::Asserted, vec![me(), named()]).await;
    let identity = world.identity("portal", By::Applicant);
    let verify = |whom| question(VerifyIdentity, whom, &[], Purpose::Dossier(code.clone()));
    let denial = world.access.decide(&identity, verify(head())).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::CitizenScope);
    assert!(world.access.decide(&identity, verify(applicant())).await.is_ok());
}

#[tokio::test]
async fn a_denied_operation_says_which_dossier_was_tried() {
    let world = World::new();
    let foreign = world.dossier(1, "H32.216", Evidence::AcceptanceReceipt).await;
    let unknown = DossierCode::parse("H32.216-261121-9999").unwrap();
    let identity = world.identity("one-stop-217", By::Officer);
    let access = &world.access;
    for code in [foreign, unknown] {
        let denials = [
            ("get_dossier", access.may_view(&identity, &code).await.unwrap_err()),
            ("resolve_dossier", access.may_resolve(&identity, &code).await.unwrap_err()),
            ("close_dossier", access.may_close(&identity, &code).await.unwrap_err()),
            (
                "open_dossier",
                access.may_open(&identity, super::operate::opening(code.as_str(), "H32.216")).unwrap_err(),
            ),
        ];
        for (operation, denial) in denials {
            assert_eq!(denial.operation(), Some(operation));
            assert_eq!(denial.asked_dossier(), Some(&code), "{operation}");
            assert!(denial.dossier().is_none() && !denial.is_failure(), "{operation}");
        }
    }
    let denial = access.may_read_log(&identity).unwrap_err();
    assert_eq!((denial.operation(), denial.asked_dossier()), (Some("read_log"), None));
    world.register.close().await;
    let code = DossierCode::parse("H32.217-261121-0001").unwrap();
    let denial = access.may_view(&identity, &code).await.unwrap_err();
    assert!(denial.is_failure() && denial.asked_dossier() == Some(&code), "a lost register is no denial");
}
