//! Every rule on data questions, each with a question it permits and one it
//! denies.

use motlan_domain::id::DossierCode;
use motlan_domain::{CacheScope, Dataset, Evidence, FieldSet, Operation, Outcome, Purpose, Reason, SubjectKey};

use super::world::{
    By, World, applicant, enterprise, head, land, person, purpose, question, request, stranger,
};
use crate::{Actor, GUESS_LIMIT};

use Operation::{
    GetCertificate, GetEnterprise, GetHealthCard, GetHousehold, GetPerson, ListCertificates, VerifyEnterprise,
    VerifyIdentity,
};

/// What a row expects: values, yes/no or outcome only, or a reason.
#[derive(Debug, PartialEq, Eq)]
enum Expect {
    Values,
    NoValues,
    Denied(Reason),
}

use Expect::{Denied, NoValues, Values};

/// Which purpose a row names.
#[derive(Debug, Clone, Copy)]
enum For {
    /// Handled by H32.216, opened by `portal` under a receipt.
    Own,
    /// As `Own`, opened on assertion alone.
    Asserted,
    /// As `Own`, closed.
    Closed,
    /// Handled by H32.217.
    Foreign,
    /// Handled by the department H32.12.
    OfDepartment,
    /// A code nobody opened.
    Unknown,
    Identity,
    Enterprise,
    NoSuchPurpose,
}

struct Dossiers {
    own: DossierCode,
    asserted: DossierCode,
    closed: DossierCode,
    foreign: DossierCode,
    of_department: DossierCode,
}

impl Dossiers {
    async fn open(world: &World) -> Self {
        let closed = world.dossier(3, "H32.216", Evidence::AcceptanceReceipt).await;
        world.register.close_dossier(&closed, "DONE", request("close")).await.unwrap();
        Self {
            own: world.dossier(1, "H32.216", Evidence::AcceptanceReceipt).await,
            asserted: world.dossier(2, "H32.216", Evidence::Asserted).await,
            closed,
            foreign: world.dossier(4, "H32.217", Evidence::AcceptanceReceipt).await,
            of_department: world.dossier(5, "H32.12", Evidence::AcceptanceReceipt).await,
        }
    }

    fn purpose(&self, which: For) -> Purpose {
        let code = match which {
            For::Own => &self.own,
            For::Asserted => &self.asserted,
            For::Closed => &self.closed,
            For::Foreign => &self.foreign,
            For::OfDepartment => &self.of_department,
            For::Unknown => return Purpose::Dossier(DossierCode::parse("H32.216-261121-9999").unwrap()),
            For::Identity => return purpose("identity-verification"),
            For::Enterprise => return purpose("enterprise-verification"),
            For::NoSuchPurpose => return purpose("no-such-purpose"),
        };
        Purpose::Dossier(code.clone())
    }
}

type Row = (&'static str, By, For, Operation, fn() -> SubjectKey, &'static [&'static str], Expect);

/// Questions of DATA methods.
const DIRECT: &[Row] = &[
    // The agency that handles the dossier, and no other.
    ("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &["full_name"], Values),
    ("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &[], Values),
    ("one-stop-217", By::Officer, For::Own, GetPerson, applicant, &["full_name"], Denied(Reason::DossierUnknown)),
    ("one-stop-216", By::Officer, For::Foreign, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)),
    ("one-stop-217", By::Officer, For::Foreign, GetPerson, applicant, &[], Values),
    ("one-stop-216", By::Officer, For::Unknown, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)),
    ("department", By::Officer, For::OfDepartment, GetPerson, applicant, &["full_name"], Values),
    ("department", By::Officer, For::OfDepartment, VerifyIdentity, applicant, &[], NoValues),
    ("department", By::Officer, For::Own, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)),
    ("portal-2", By::Applicant, For::Own, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)),
    ("one-stop-216", By::Officer, For::Closed, GetPerson, applicant, &[], Denied(Reason::DossierClosed)),
    // Its subjects, named or linked, and nobody else.
    ("one-stop-216", By::Officer, For::Own, GetPerson, head, &["full_name"], Values),
    ("one-stop-216", By::Officer, For::Own, GetPerson, stranger, &[], Denied(Reason::SubjectNotInDossier)),
    ("one-stop-216", By::Officer, For::Own, VerifyIdentity, stranger, &[], Denied(Reason::SubjectNotInDossier)),
    ("one-stop-216", By::Officer, For::Own, GetEnterprise, enterprise, &[], Denied(Reason::SubjectNotInDossier)),
    // What the procedure registers for the role.
    ("one-stop-216", By::Officer, For::Own, GetCertificate, land, &["owners"], Values),
    ("one-stop-216", By::Officer, For::Own, ListCertificates, applicant, &["owners"], Values),
    ("one-stop-216", By::Officer, For::Own, ListCertificates, head, &[], Denied(Reason::DatasetNotRegistered)),
    ("one-stop-216", By::Officer, For::Own, GetHousehold, applicant, &["members"], Values),
    ("one-stop-216", By::Officer, For::Own, GetHousehold, head, &[], Denied(Reason::DatasetNotRegistered)),
    ("one-stop-216", By::Officer, For::Own, GetHealthCard, applicant, &[], Denied(Reason::DatasetNotRegistered)),
    ("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &["marital_status"], Denied(Reason::FieldNotRegistered)),
    ("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &["full_name", "religion"], Denied(Reason::FieldSensitive)),
    ("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &["ethnicity"], Denied(Reason::FieldSensitive)),
    // Strength of evidence.
    ("one-stop-216", By::Officer, For::Asserted, GetPerson, applicant, &[], Denied(Reason::EvidenceTooWeak)),
    ("one-stop-216", By::Officer, For::Asserted, VerifyIdentity, applicant, &[], NoValues),
    // Nobody named.
    ("one-stop-216", By::Absent, For::Own, GetPerson, applicant, &[], Denied(Reason::ActorAbsent)),
    ("one-stop-216", By::Absent, For::Own, VerifyIdentity, applicant, &[], NoValues),
    ("portal", By::Absent, For::Own, GetPerson, applicant, &[], Denied(Reason::ActorAbsent)),
    ("portal", By::Absent, For::Own, VerifyIdentity, applicant, &[], NoValues),
    // Citizens.
    ("portal", By::Applicant, For::Own, GetPerson, applicant, &["full_name"], Values),
    ("portal", By::Applicant, For::Own, GetPerson, head, &["full_name"], Values),
    ("portal", By::Applicant, For::Own, GetHousehold, applicant, &[], Values),
    ("portal", By::Applicant, For::Own, GetCertificate, land, &[], Denied(Reason::CitizenScope)),
    ("portal", By::Head, For::Own, GetPerson, head, &[], Denied(Reason::CitizenScope)),
    ("portal", By::Stranger, For::Own, GetPerson, applicant, &[], Denied(Reason::CitizenScope)),
    ("portal", By::Stranger, For::Own, VerifyIdentity, applicant, &[], Denied(Reason::CitizenScope)),
    ("portal", By::Applicant, For::Asserted, GetPerson, applicant, &[], Denied(Reason::EvidenceTooWeak)),
    ("portal", By::Applicant, For::Closed, GetPerson, applicant, &[], Denied(Reason::DossierClosed)),
    // Verifiers: yes/no under a registered purpose, nothing else.
    ("verifier", By::Officer, For::Identity, VerifyIdentity, stranger, &[], NoValues),
    ("verifier", By::Absent, For::Identity, VerifyIdentity, stranger, &["full_name"], NoValues),
    ("verifier", By::Officer, For::Identity, VerifyIdentity, stranger, &["marital_status"], Denied(Reason::FieldNotRegistered)),
    ("verifier", By::Officer, For::Identity, VerifyIdentity, stranger, &["religion"], Denied(Reason::FieldSensitive)),
    ("verifier", By::Officer, For::Identity, GetPerson, stranger, &[], Denied(Reason::RoleNotAllowed)),
    ("verifier", By::Officer, For::Identity, VerifyEnterprise, enterprise, &[], Denied(Reason::PurposeOperation)),
    ("verifier", By::Officer, For::Enterprise, VerifyEnterprise, enterprise, &[], Denied(Reason::PurposeUnknown)),
    ("verifier", By::Officer, For::NoSuchPurpose, VerifyIdentity, stranger, &[], Denied(Reason::PurposeUnknown)),
    ("one-stop-216", By::Officer, For::Identity, VerifyIdentity, stranger, &[], Denied(Reason::PurposeUnknown)),
    ("verifier", By::Officer, For::Own, VerifyIdentity, applicant, &[], Denied(Reason::DossierUnknown)),
    ("verifier-216", By::Officer, For::Own, VerifyIdentity, applicant, &[], Denied(Reason::RoleNotAllowed)),
    ("verifier-216", By::Officer, For::Own, GetPerson, applicant, &[], Denied(Reason::RoleNotAllowed)),
    // Auditors read no data.
    ("auditor", By::Officer, For::Own, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)),
    ("auditor-216", By::Absent, For::Own, VerifyIdentity, applicant, &[], Denied(Reason::RoleNotAllowed)),
];

/// Components of a resolve: the role is named, outcomes without values exist.
const COMPONENT: &[(Row, &str)] = &[
    (("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &["full_name"], Values), "applicant"),
    (("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &[], Denied(Reason::SubjectNotInDossier)), "household_head"),
    (("one-stop-216", By::Absent, For::Own, GetPerson, applicant, &["full_name"], NoValues), "applicant"),
    (("one-stop-216", By::Officer, For::Asserted, GetPerson, applicant, &["full_name"], NoValues), "applicant"),
    (("one-stop-216", By::Absent, For::Own, GetPerson, applicant, &["religion"], Denied(Reason::FieldSensitive)), "applicant"),
    (("one-stop-216", By::Absent, For::Own, GetPerson, stranger, &[], Denied(Reason::SubjectNotInDossier)), "applicant"),
    (("one-stop-216", By::Absent, For::Closed, GetPerson, applicant, &[], Denied(Reason::DossierClosed)), "applicant"),
    (("one-stop-217", By::Absent, For::Own, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)), "applicant"),
    (("portal", By::Absent, For::Own, GetPerson, applicant, &["full_name"], NoValues), "applicant"),
    (("portal", By::Applicant, For::Own, GetPerson, applicant, &["full_name"], Values), "applicant"),
    (("portal", By::Applicant, For::Own, GetCertificate, land, &["owners"], NoValues), "certificate"),
    (("portal", By::Stranger, For::Own, GetPerson, applicant, &["full_name"], Denied(Reason::CitizenScope)), "applicant"),
    (("verifier-216", By::Officer, For::Own, GetPerson, applicant, &[], Denied(Reason::RoleNotAllowed)), "applicant"),
    (("auditor-216", By::Absent, For::Own, GetPerson, applicant, &[], Denied(Reason::RoleNotAllowed)), "applicant"),
];

async fn check(world: &World, dossiers: &Dossiers, row: &Row, role: Option<&str>) -> String {
    let (caller, by, purpose, operation, subject, fields, expect) = row;
    let identity = world.identity(caller, *by);
    let asked = question(*operation, subject(), fields, dossiers.purpose(*purpose));
    let decided = match role {
        Some(role) => world.access.decide_component(&identity, asked, role).await,
        None => world.access.decide(&identity, asked).await,
    };
    let got = match &decided {
        Ok(permit) => {
            world.access.settle(permit, Some(Outcome::Match)).await;
            assert!(!permit.policies().is_empty(), "a permit names its policies");
            assert!(permit.fields().is_subset_of(permit.registered_fields()));
            assert!(permit.registered_fields().intersection(permit.refused_fields()).is_empty());
            if permit.values() { Values } else { NoValues }
        }
        Err(denial) => {
            assert_eq!(denial.caller().map(crate::Caller::id), Some(*caller));
            assert!(denial.question().is_some() && denial.actor().is_some() && denial.basis().is_some());
            let hidden = matches!(denial.reason(), Reason::DossierUnknown | Reason::PurposeUnknown);
            assert!(!hidden || denial.dossier().is_none(), "nothing is told of a dossier that is not the caller's");
            Denied(denial.reason())
        }
    };
    if got == *expect {
        String::new()
    } else {
        format!("{caller} {by:?} {purpose:?} {operation:?} {fields:?} as {role:?}: {got:?}, not {expect:?}\n")
    }
}

/// The rows that a world decides otherwise than the table says.
async fn differing(world: &World) -> String {
    let dossiers = Dossiers::open(world).await;
    let mut wrong = String::new();
    for row in DIRECT {
        wrong += &check(world, &dossiers, row, None).await;
    }
    for (row, role) in COMPONENT {
        wrong += &check(world, &dossiers, row, Some(role)).await;
    }
    wrong
}

#[tokio::test]
async fn every_rule_permits_and_denies() {
    let world = World::new();
    let wrong = differing(&world).await;
    assert!(wrong.is_empty(), "{wrong}");
    assert!(DIRECT.len() + COMPONENT.len() > 60, "the tables are the test");
    // Once more, now that every verdict is remembered: the same.
    let again = World::new();
    let _ = differing(&again).await;
    let dossiers = Dossiers { ..renumbered(&again).await };
    for row in DIRECT {
        let wrong = check(&again, &dossiers, row, None).await;
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// The same dossiers under other codes.
async fn renumbered(world: &World) -> Dossiers {
    let closed = world.dossier(13, "H32.216", Evidence::AcceptanceReceipt).await;
    world.register.close_dossier(&closed, "DONE", request("close-2")).await.unwrap();
    Dossiers {
        own: world.dossier(11, "H32.216", Evidence::AcceptanceReceipt).await,
        asserted: world.dossier(12, "H32.216", Evidence::Asserted).await,
        closed,
        foreign: world.dossier(14, "H32.217", Evidence::AcceptanceReceipt).await,
        of_department: world.dossier(15, "H32.12", Evidence::AcceptanceReceipt).await,
    }
}

/// A copy of the shipped policies that a test may spoil.
fn policies(to: &std::path::Path) {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/policies");
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(shipped).unwrap() {
        let entry = entry.unwrap();
        std::fs::write(to.join(entry.file_name()), std::fs::read(entry.path()).unwrap()).unwrap();
    }
}

/// Negative control: no policy file that speaks of data questions may be
/// missing or reversed without these tables telling.
#[tokio::test]
async fn every_policy_file_carries_weight() {
    let files = [
        "actor", "auditor", "citizen", "department", "evidence", "fields", "one_stop", "portal", "purpose", "verifier",
    ];
    for name in files {
        for removed in [true, false] {
            let spoil = |dir: &std::path::Path| {
                policies(&dir.join("policies"));
                let file = dir.join(format!("policies/{name}.cedar"));
                if removed {
                    std::fs::remove_file(file).unwrap();
                } else {
                    let text = std::fs::read_to_string(&file).unwrap();
                    let turned = text.replace("when {", "unless {").replace("forbid (", "permit (");
                    let turned = turned.lines().filter(|line| !line.starts_with("@reason")).collect::<Vec<_>>();
                    std::fs::write(file, turned.join("\n")).unwrap();
                }
            };
            let mut dir_of = None;
            let world = World::in_folder(
                |dir| {
                    spoil(dir);
                    dir_of = Some(dir.join("policies"));
                },
                |config| config.policy_dir = Some(config.directory.with_file_name("policies")),
            );
            let Ok(world) = world else { continue };
            assert!(!differing(&world).await.is_empty(), "{name}.cedar, removed {removed}: nothing noticed");
        }
    }
}

#[tokio::test]
async fn a_changed_policy_changes_the_decision_and_a_bad_one_changes_nothing() {
    let world = World::in_folder(
        |dir| policies(&dir.join("policies")),
        |config| config.policy_dir = Some(config.directory.with_file_name("policies")),
    )
    .unwrap();
    let dossiers = Dossiers::open(&world).await;
    let identity = world.identity("one-stop-216", By::Officer);
    let ask = || question(GetPerson, applicant(), &["full_name"], dossiers.purpose(For::Own));
    let before = world.access.digests();
    for _ in 0..2 {
        let permit = world.access.decide(&identity, ask()).await.unwrap();
        assert_eq!(permit.basis().policy_digest(), before.policies);
    }

    let file = world.dir.path().join("policies/one_stop.cedar");
    let shipped = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, shipped.replace("context.handles", "context.handels")).unwrap();
    let errors = world.access.reload().unwrap_err().to_string();
    assert!(errors.contains("handels"), "{errors}");
    assert_eq!(world.access.digests(), before, "the old set stays");
    assert!(world.access.decide(&identity, ask()).await.is_ok());

    let narrowed = shipped.replace("context.handles", "context.opened");
    std::fs::write(&file, narrowed).unwrap();
    let after = world.access.reload().unwrap();
    assert_ne!(after.policies, before.policies);
    let denial = world.access.decide(&identity, ask()).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::PolicyDenied, "default deny, and no memo of the old set");
    assert_eq!(denial.basis().unwrap().policy_digest(), after.policies);
}

#[tokio::test]
async fn a_permit_carries_what_follows_it() {
    let world = World::new();
    let dossiers = Dossiers::open(&world).await;
    let own = dossiers.purpose(For::Own);
    let person_fields = world.registered("applicant", Dataset::Person);

    let identity = world.identity("one-stop-216", By::Officer);
    let all = question(GetPerson, applicant(), &[], own.clone());
    let permit = world.access.decide(&identity, all).await.unwrap();
    assert_eq!(permit.fields(), person_fields);
    assert_eq!((permit.role(), permit.evidence()), (Some("applicant"), Some(Evidence::AcceptanceReceipt)));
    assert!(permit.known_person(id(&head()).as_ref().unwrap()) && !permit.knows(&stranger()));
    assert!(!permit.requires_link() && !permit.legal_basis().is_empty());
    assert_eq!(permit.policies(), ["one_stop.data"]);
    let Actor::Officer(officer) = permit.actor() else { panic!("an officer") };
    assert_eq!(permit.on_behalf().officer_id, *officer.personal_id());
    assert_eq!(permit.on_behalf().procedure.as_ref().map(|code| code.as_str()), Some("1.004222"));
    let scopes = [CacheScope::None, CacheScope::Dossier, CacheScope::Agency, CacheScope::Province];
    let keys = scopes.map(|scope| permit.scope_key(scope));
    let expected = [None, Some("d:H32.216-261121-0001"), Some("a:H32.216"), Some("p")];
    assert_eq!(keys, expected.map(|key| key.map(str::to_owned)));

    let identity = world.identity("portal", By::Applicant);
    let narrow = question(GetPerson, applicant(), &["full_name"], own.clone());
    let permit = world.access.decide(&identity, narrow).await.unwrap();
    let asked = Dataset::Person.field_set(["full_name"]).unwrap();
    assert_eq!((permit.fields(), permit.registered_fields()), (asked, person_fields));
    assert_eq!(permit.on_behalf().officer_id, *id(&person("097180000001")).as_ref().unwrap(), "the responsible officer");
    assert_eq!(permit.on_behalf().agency.as_str(), "H32.216", "of the dossier's agency");

    let identity = world.identity("one-stop-216", By::Officer);
    let tied = question(GetCertificate, land(), &[], own);
    assert!(world.access.decide(&identity, tied).await.unwrap().requires_link());

    let identity = world.identity("verifier", By::Absent);
    let verify = question(VerifyIdentity, stranger(), &[], dossiers.purpose(For::Identity));
    let permit = world.access.decide(&identity, verify).await.unwrap();
    assert_eq!(permit.scope_key(CacheScope::Dossier).as_deref(), Some("r:identity-verification:H32.991"));
    assert!(permit.dossier().is_none() && !permit.values() && !permit.knows(&stranger()));
    assert_ne!(permit.fields(), FieldSet::EMPTY);
}

fn id(key: &SubjectKey) -> Option<motlan_domain::id::PersonalId> {
    match key {
        SubjectKey::Person(id) => Some(*id),
        _ => None,
    }
}

#[tokio::test]
async fn the_sixth_wrong_guess_of_a_day_is_refused() {
    let world = World::new();
    let identity = world.identity("verifier", By::Officer);
    let ask = |subject: SubjectKey| question(VerifyIdentity, subject, &[], purpose("identity-verification"));
    let verify = async |subject: SubjectKey, outcome: Option<Outcome>| {
        let permit = world.access.decide(&identity, ask(subject)).await.map_err(|denial| denial.reason())?;
        world.access.settle(&permit, outcome).await;
        Ok::<(), Reason>(())
    };
    for outcome in [Some(Outcome::Match), None, Some(Outcome::SourceUnavailable)] {
        for _ in 0..2 * GUESS_LIMIT {
            verify(stranger(), outcome).await.unwrap();
        }
    }
    let wrong = [Outcome::Mismatch, Outcome::NotFound, Outcome::Mismatch, Outcome::NotFound, Outcome::Incomplete];
    for outcome in wrong {
        verify(stranger(), Some(outcome)).await.unwrap();
    }
    assert_eq!(verify(stranger(), Some(Outcome::Match)).await, Err(Reason::GuessLimit));
    verify(applicant(), Some(Outcome::Match)).await.unwrap();
    // 03:00 UTC is 10:00 in Viet Nam: the day ends 14 hours later.
    world.advance(14 * 3600 - 1);
    let identity = world.identity("verifier", By::Officer);
    let late = world.access.decide(&identity, ask(stranger())).await;
    assert_eq!(late.unwrap_err().reason(), Reason::GuessLimit);
    world.advance(1);
    assert!(world.access.decide(&identity, ask(stranger())).await.is_ok(), "a new day in Viet Nam");
}

#[tokio::test]
async fn concurrent_guesses_do_not_exceed_the_limit() {
    let world = World::new();
    let identity = world.identity("verifier", By::Officer);
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (access, identity) = (world.access.clone(), identity.clone());
        let ask = question(VerifyIdentity, stranger(), &[], purpose("identity-verification"));
        guesses.spawn(async move { access.decide(&identity, ask).await.is_ok() });
    }
    let mut permitted = 0;
    while let Some(result) = guesses.join_next().await {
        permitted += u32::from(result.unwrap());
    }
    assert_eq!(permitted, GUESS_LIMIT);
}

#[tokio::test]
async fn a_registered_purpose_ends() {
    let world = World::new();
    let ask = || question(VerifyIdentity, stranger(), &[], purpose("identity-verification"));
    world.clock.set("2027-12-31T16:59:59Z".parse().unwrap());
    let identity = world.identity("verifier", By::Absent);
    assert!(world.access.decide(&identity, ask()).await.is_ok(), "its last second in Viet Nam");
    world.advance(1);
    let denial = world.access.decide(&identity, ask()).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::PurposeExpired);
}

#[tokio::test]
async fn a_lost_register_is_no_yes() {
    let world = World::new();
    let dossiers = Dossiers::open(&world).await;
    let identity = world.identity("one-stop-216", By::Officer);
    world.register.close().await;
    let unknown = question(GetPerson, applicant(), &[], dossiers.purpose(For::Unknown));
    let denial = world.access.decide(&identity, unknown).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::StoreUnavailable);
    let verify = question(VerifyIdentity, applicant(), &[], dossiers.purpose(For::Own));
    let denial = world.access.decide(&identity, verify).await.unwrap_err();
    assert_eq!(denial.reason(), Reason::StoreUnavailable, "an attempt that cannot be counted is not made");
}
