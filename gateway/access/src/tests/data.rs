//! Every rule on data questions, each with a question it permits and one it
//! denies.

use motlan_domain::id::DossierCode;
use motlan_domain::{Evidence, Operation, Outcome, Purpose, Reason, SubjectKey};

use super::world::{By, World, applicant, enterprise, head, land, purpose, question, request, stranger};

use Operation::{
    GetCertificate, GetEnterprise, GetHealthCard, GetHousehold, GetPerson, ListCertificates,
    VerifyEnterprise, VerifyIdentity,
};

/// What a row expects: values, yes/no only, outcomes without values and why, or
/// a denial.
#[derive(Debug, PartialEq, Eq)]
enum Expect {
    Values,
    NoValues,
    Withheld(Reason),
    Denied(Reason),
}

use Expect::{Denied, NoValues, Values, Withheld};

/// Which purpose a row names.
#[derive(Debug, Clone, Copy)]
pub(super) enum For {
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
    /// Handled by H32.217, opened by the one-stop office of H32.216.
    PassedOn,
    /// Handled by H32.216, opened by `portal-2`.
    OfPortal2,
    /// A code nobody opened.
    Unknown,
    Identity,
    Enterprise,
    /// Of H32.12 and H32.216.
    OfAgencies,
    NoSuchPurpose,
}

pub(super) struct Dossiers {
    own: DossierCode,
    asserted: DossierCode,
    closed: DossierCode,
    foreign: DossierCode,
    of_department: DossierCode,
    passed_on: DossierCode,
    of_portal_2: DossierCode,
}

impl Dossiers {
    /// Opens them under serials from `first` on.
    pub(super) async fn open(world: &World, first: u32) -> Self {
        let closed = world.dossier(first, "H32.216", Evidence::AcceptanceReceipt).await;
        world.register.close_dossier(&closed, "DONE", request(&format!("close-{first}"))).await.unwrap();
        Self {
            closed,
            own: world.dossier(first + 1, "H32.216", Evidence::AcceptanceReceipt).await,
            asserted: world.dossier(first + 2, "H32.216", Evidence::Asserted).await,
            foreign: world.dossier(first + 4, "H32.217", Evidence::AcceptanceReceipt).await,
            of_department: world.dossier(first + 5, "H32.12", Evidence::AcceptanceReceipt).await,
            passed_on: world
                .dossier_by("one-stop-216", first + 6, "H32.217", Evidence::AcceptanceReceipt)
                .await,
            of_portal_2: world
                .dossier_by("portal-2", first + 7, "H32.216", Evidence::AcceptanceReceipt)
                .await,
        }
    }

    pub(super) fn purpose(&self, which: For) -> Purpose {
        let code = match which {
            For::Own => &self.own,
            For::Asserted => &self.asserted,
            For::Closed => &self.closed,
            For::Foreign => &self.foreign,
            For::OfDepartment => &self.of_department,
            For::PassedOn => &self.passed_on,
            For::OfPortal2 => &self.of_portal_2,
            For::Unknown => return Purpose::Dossier(DossierCode::parse("H32.216-261121-9999").unwrap()),
            For::Identity => return purpose("identity-verification"),
            For::Enterprise => return purpose("enterprise-verification"),
            For::OfAgencies => return purpose("of-agencies"),
            For::NoSuchPurpose => return purpose("no-such-purpose"),
        };
        Purpose::Dossier(code.clone())
    }
}

type Row = (&'static str, By, For, Operation, fn() -> SubjectKey, &'static [&'static str], Expect);

/// Questions of DATA methods.
#[rustfmt::skip]
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
    ("one-stop-216", By::Officer, For::PassedOn, GetPerson, applicant, &[], Denied(Reason::AgencyNotAllowed)),
    ("one-stop-216", By::Absent, For::PassedOn, VerifyIdentity, applicant, &[], Denied(Reason::AgencyNotAllowed)),
    ("portal-2", By::Officer, For::OfPortal2, GetPerson, applicant, &[], Denied(Reason::AgencyNotAllowed)),
    ("portal-2", By::Applicant, For::OfPortal2, GetPerson, applicant, &[], Values),
    // Its subjects, named or linked, and nobody else.
    ("one-stop-216", By::Officer, For::Own, GetPerson, head, &["full_name"], Values),
    ("one-stop-216", By::Officer, For::Own, GetPerson, stranger, &[], Denied(Reason::SubjectNotInDossier)),
    ("one-stop-216", By::Officer, For::Own, VerifyIdentity, stranger, &[], Denied(Reason::SubjectNotInDossier)),
    ("one-stop-216", By::Officer, For::Own, GetEnterprise, enterprise, &[], Denied(Reason::SubjectNotInDossier)),
    // What the procedure registers for the role.
    ("one-stop-216", By::Officer, For::Own, GetCertificate, land, &["owners"], Values),
    ("one-stop-216", By::Officer, For::Own, ListCertificates, applicant, &["owners"], Values),
    ("one-stop-216", By::Officer, For::Own, ListCertificates, head, &[], Denied(Reason::SubjectNotInDossier)),
    ("one-stop-216", By::Officer, For::Own, GetHousehold, applicant, &["members"], Values),
    ("one-stop-216", By::Officer, For::Own, GetHousehold, head, &[], Denied(Reason::SubjectNotInDossier)),
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
    // Other agencies under a registered purpose: yes/no as well.
    ("department", By::Officer, For::OfAgencies, VerifyIdentity, stranger, &[], NoValues),
    ("one-stop-216", By::Absent, For::OfAgencies, VerifyIdentity, stranger, &[], NoValues),
    ("department", By::Officer, For::OfAgencies, GetPerson, stranger, &[], Denied(Reason::PurposeOperation)),
    ("one-stop-216", By::Applicant, For::OfAgencies, VerifyIdentity, applicant, &[], Denied(Reason::CitizenScope)),
    ("auditor-216", By::Absent, For::OfAgencies, VerifyIdentity, stranger, &[], Denied(Reason::RoleNotAllowed)),
    // Auditors read no data.
    ("auditor", By::Officer, For::Own, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)),
    ("auditor-216", By::Absent, For::Own, VerifyIdentity, applicant, &[], Denied(Reason::RoleNotAllowed)),
];

/// Components of a resolve: the role is named, outcomes without values exist.
#[rustfmt::skip]
const COMPONENT: &[(Row, &str)] = &[
    (("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &["full_name"], Values), "applicant"),
    (("one-stop-216", By::Officer, For::Own, GetPerson, applicant, &[], Denied(Reason::SubjectNotInDossier)), "household_head"),
    (("one-stop-216", By::Absent, For::Own, GetPerson, applicant, &["full_name"], Withheld(Reason::ActorAbsent)), "applicant"),
    (("one-stop-216", By::Officer, For::Asserted, GetPerson, applicant, &["full_name"], Withheld(Reason::EvidenceTooWeak)), "applicant"),
    // Of two reasons the one that no token mends.
    (("one-stop-216", By::Absent, For::Asserted, GetPerson, applicant, &["full_name"], Withheld(Reason::EvidenceTooWeak)), "applicant"),
    (("portal", By::Applicant, For::Asserted, GetPerson, applicant, &["full_name"], Withheld(Reason::EvidenceTooWeak)), "applicant"),
    (("one-stop-216", By::Absent, For::Own, GetPerson, applicant, &["religion"], Denied(Reason::FieldSensitive)), "applicant"),
    (("one-stop-216", By::Absent, For::Own, GetPerson, stranger, &[], Denied(Reason::SubjectNotInDossier)), "applicant"),
    (("one-stop-216", By::Absent, For::Closed, GetPerson, applicant, &[], Denied(Reason::DossierClosed)), "applicant"),
    (("one-stop-217", By::Absent, For::Own, GetPerson, applicant, &[], Denied(Reason::DossierUnknown)), "applicant"),
    (("portal", By::Absent, For::Own, GetPerson, applicant, &["full_name"], Withheld(Reason::ActorAbsent)), "applicant"),
    (("portal", By::Applicant, For::Own, GetPerson, applicant, &["full_name"], Values), "applicant"),
    (("portal", By::Applicant, For::Own, GetCertificate, land, &["owners"], Withheld(Reason::CitizenScope)), "certificate"),
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
            world.access.settle(permit, Some(Outcome::Match), None).await.unwrap();
            assert!(!permit.policies().is_empty(), "a permit names its policies");
            assert!(permit.fields().is_subset_of(permit.registered_fields()));
            assert!(permit.registered_fields().intersection(permit.refused_fields()).is_empty());
            assert!(role.is_some() || permit.withheld().is_none(), "a direct question is answered or denied");
            match permit.withheld() {
                Some(reason) => {
                    assert!(!permit.values(), "withheld and told");
                    Withheld(reason)
                }
                None if permit.values() => Values,
                None => NoValues,
            }
        }
        Err(denial) => {
            assert_eq!(denial.caller().map(crate::Caller::id), Some(*caller));
            assert!(denial.question().is_some() && denial.actor().is_some() && denial.basis().is_some());
            let hidden = matches!(denial.reason(), Reason::DossierUnknown | Reason::PurposeUnknown);
            assert!(
                !hidden || denial.dossier().is_none(),
                "nothing is told of a dossier that is not the caller's"
            );
            Denied(denial.reason())
        }
    };
    if got == *expect {
        String::new()
    } else {
        format!("{caller} {by:?} {purpose:?} {operation:?} {fields:?} as {role:?}: {got:?}, not {expect:?}\n")
    }
}

/// The rows that a world decides otherwise than the tables say, asked twice:
/// the second time every verdict is remembered.
pub(super) async fn differing(world: &World) -> String {
    let mut wrong = String::new();
    for first in [1, 11] {
        if !wrong.is_empty() {
            break;
        }
        let dossiers = Dossiers::open(world, first).await;
        for row in DIRECT {
            wrong += &check(world, &dossiers, row, None).await;
        }
        for (row, role) in COMPONENT {
            wrong += &check(world, &dossiers, row, Some(role)).await;
        }
    }
    wrong
}

#[tokio::test]
async fn every_rule_permits_and_denies() {
    let world = World::new();
    let wrong = differing(&world).await;
    assert!(wrong.is_empty(), "{wrong}");
    assert!(DIRECT.len() + COMPONENT.len() > 60, "the tables are the test");
}
