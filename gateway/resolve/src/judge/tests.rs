//! Each condition holds where it should and fails with its own reason.

use std::sync::LazyLock;

use motlan_catalogue::{Catalogue, RoleId};
use motlan_domain::date::PartialDate;
use motlan_domain::id::{IdRules, ParcelKey, Synthetic};
use motlan_domain::place::Place;
use motlan_domain::record::*;

use super::*;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded().unwrap());

const COMMUNE: &str = "22366";

fn id(value: &str) -> PersonalId {
    PersonalId::parse(value, &IdRules { synthetic: Synthetic::Allowed, present_year: 2026 }).unwrap()
}

fn date(text: &str) -> PartialDate {
    text.parse().unwrap()
}

fn place(commune: &str) -> Place {
    Place { commune_code: Some(commune.to_owned()), ..Place::default() }
}

fn certificate(status: CertificateStatus, kind: EncumbranceKind, in_force: bool) -> Record {
    let parcel = ParcelSummary {
        key: ParcelKey::new(COMMUNE, 3, 7).unwrap(),
        area_m2: None,
        address: None,
        uses: Vec::new(),
    };
    Record::Certificate(Box::new(Certificate {
        status: Some(status),
        is_latest: Some(true),
        encumbrances: Some(vec![Encumbrance { kind, date: None, in_force }]),
        parcels: Some(vec![parcel]),
        ..Certificate::default()
    }))
}

fn card(status: CardStatus, from: &str, to: &str) -> Record {
    Record::HealthCard(Box::new(HealthCard {
        status: Some(status),
        valid_from: Some(date(from)),
        valid_to: Some(date(to)),
        ..HealthCard::default()
    }))
}

fn enterprise(status: EnterpriseStatus) -> Record {
    Record::Enterprise(Box::new(Enterprise { status: Some(status), ..Enterprise::default() }))
}

fn person(change: impl FnOnce(&mut Person)) -> Record {
    let mut person = Person::default();
    change(&mut person);
    Record::Person(Box::new(person))
}

fn check(what: &str, record: &Record, condition: Accept, expected: Result<(), Reason>) {
    let head = id("097185000002");
    let bench = Bench {
        today: Date::constant(2026, 11, 21),
        commune: Some(COMMUNE),
        units: CATALOGUE.units(),
        fields: Dataset::Person.field_set(["permanent_residence"]).unwrap(),
        persons: &[id("097085000001")],
        enterprises: &[],
        named: &|role| match role.as_str() {
            "household_head" => vec![head],
            "applicant" => vec![id("097085000001")],
            _ => Vec::new(),
        },
    };
    assert_eq!(judge(record, &[condition], &bench), expected, "{what}");
}

#[test]
fn land_must_be_in_force_and_free_of_dispute() {
    use CertificateStatus::{InForce, Revoked};
    use EncumbranceKind::{Dispute, Mortgage, TransferBlock};
    let held_up = Err(Reason::CertificateNotInForce);
    let cases = [
        ("in force", InForce, Mortgage, false, Ok(())),
        ("mortgaged", InForce, Mortgage, true, Ok(())),
        ("in dispute", InForce, Dispute, true, held_up),
        ("dispute settled", InForce, Dispute, false, Ok(())),
        ("blocked", InForce, TransferBlock, true, held_up),
        ("revoked", Revoked, Mortgage, false, held_up),
    ];
    for (what, status, kind, in_force, expected) in cases {
        check(what, &certificate(status, kind, in_force), Accept::CertificateInForce, expected);
    }
    let Record::Certificate(mut superseded) = certificate(InForce, Mortgage, false) else {
        panic!("a certificate")
    };
    superseded.is_latest = Some(false);
    check("an old version", &Record::Certificate(superseded), Accept::CertificateInForce, held_up);
}

#[test]
fn a_card_is_valid_on_its_days_and_not_outside_them() {
    let not = Err(Reason::HealthCardNotValid);
    let cases = [
        ("running", card(CardStatus::InForce, "2026-01-01", "2026-12-31"), Ok(())),
        ("last day", card(CardStatus::InForce, "2026-01-01", "2026-11-21"), Ok(())),
        ("ended yesterday", card(CardStatus::InForce, "2026-01-01", "2026-11-20"), not),
        ("begins tomorrow", card(CardStatus::InForce, "2026-11-22", "2027-11-21"), not),
        ("revoked", card(CardStatus::Revoked, "2026-01-01", "2026-12-31"), not),
        ("known by year", card(CardStatus::InForce, "2026", "2027"), not),
        ("no dates", Record::HealthCard(Box::default()), not),
    ];
    for (what, record, expected) in cases {
        check(what, &record, Accept::HealthCardValid, expected);
    }
}

#[test]
fn only_an_active_enterprise_is_active() {
    use EnterpriseStatus::*;
    for status in [Suspended, NotAtAddress, RevokedForTax, Dissolving, Bankrupt, Ceased] {
        check("not active", &enterprise(status), Accept::EnterpriseActive, Err(Reason::EnterpriseNotActive));
    }
    check("active", &enterprise(Active), Accept::EnterpriseActive, Ok(()));
    check(
        "unknown",
        &Record::Enterprise(Box::default()),
        Accept::EnterpriseActive,
        Err(Reason::EnterpriseNotActive),
    );
}

#[test]
fn the_place_counts_where_the_rule_looks() {
    let not = Err(Reason::PlaceDiffers);
    let cases = [
        ("here", person(|p| p.permanent_residence = Some(place(COMMUNE))), Ok(())),
        ("elsewhere", person(|p| p.permanent_residence = Some(place("00004"))), not),
        (
            "here, but another residence than asked",
            person(|p| p.temporary_residence = Some(place(COMMUNE))),
            not,
        ),
        ("nowhere", person(|_| ()), not),
        ("land here", certificate(CertificateStatus::InForce, EncumbranceKind::Other, false), Ok(())),
        ("no parcel", Record::Certificate(Box::default()), not),
    ];
    for (what, record, expected) in cases {
        check(what, &record, Accept::PlaceMatches, expected);
    }
}

#[test]
fn fields_and_events() {
    let cases = [
        ("dead", person(|p| p.deceased = Some(true)), Accept::Deceased, Ok(())),
        ("alive", person(|p| p.deceased = Some(false)), Accept::Deceased, Err(Reason::NotDeceased)),
        ("not said", person(|_| ()), Accept::Deceased, Err(Reason::FieldAbsent)),
        (
            "married",
            person(|p| p.marital_status = Some(MaritalStatus::Married)),
            Accept::MaritalStatusKnown,
            Ok(()),
        ),
        ("unknown", person(|_| ()), Accept::MaritalStatusKnown, Err(Reason::FieldAbsent)),
        ("a marriage unknown", person(|_| ()), Accept::MarriageEnded, Err(Reason::FieldAbsent)),
    ];
    for (what, record, condition, expected) in cases {
        check(what, &record, condition, expected);
    }
}

#[test]
fn only_kin_are_kin() {
    let relative = |value: &str| Some(Relative { personal_id: Some(id(value)), ..Relative::default() });
    let head = "097185000002";
    let not = Err(Reason::RelationNotShown);
    let cases = [
        ("father", person(|p| p.father = relative(head)), "household_head", Ok(())),
        ("mother", person(|p| p.mother = relative(head)), "household_head", Ok(())),
        ("spouse", person(|p| p.spouse = relative(head)), "household_head", Ok(())),
        ("another's spouse", person(|p| p.spouse = relative("097185000003")), "household_head", not),
        ("nobody is named there", person(|p| p.spouse = relative(head)), "child", not),
        ("a lodger", person(|p| p.household_head = relative(head)), "household_head", not),
        ("a ward", person(|p| p.representative = relative(head)), "household_head", not),
        ("oneself", person(|p| p.personal_id = Some(id(head))), "household_head", not),
        (
            "one's own father",
            person(|p| (p.personal_id, p.father) = (Some(id(head)), relative(head))),
            "household_head",
            not,
        ),
    ];
    for (what, record, role, expected) in cases {
        check(what, &record, Accept::KinshipShown(RoleId::parse(role).unwrap()), expected);
    }
}

#[test]
fn a_marriage_has_ended_or_has_not() {
    let not = Err(Reason::MarriageNotEnded);
    let cases = [
        (MaritalStatus::Divorced, Ok(())),
        (MaritalStatus::Widowed, Ok(())),
        (MaritalStatus::Married, not),
        (MaritalStatus::Single, not),
    ];
    for (status, expected) in cases {
        let record = person(|p| p.marital_status = Some(status));
        check(&format!("{status:?}"), &record, Accept::MarriageEnded, expected);
    }
}

#[test]
fn a_home_of_ones_own_is_the_named_persons() {
    let owner = |value: &str| Owner {
        enterprise_code: None,
        full_name: None,
        kind: OwnerKind::Individual,
        organisation: None,
        personal_id: Some(id(value)),
        share: None,
    };
    let owned = |owners: &[&str]| {
        let owners = Some(owners.iter().map(|value| owner(value)).collect());
        Record::Certificate(Box::new(Certificate { owners, ..Certificate::default() }))
    };
    let (applicant, head, stranger) = ("097085000001", "097185000002", "097185000003");
    let not = Err(Reason::OwnerNotInDossier);
    let cases = [
        ("one's own", owned(&[applicant]), vec!["applicant"], Ok(())),
        ("with a stranger", owned(&[stranger, applicant]), vec!["applicant"], Ok(())),
        ("the head's", owned(&[head]), vec!["applicant"], not),
        ("that of whom another role names", owned(&[head]), vec!["applicant", "household_head"], Ok(())),
        ("a stranger's", owned(&[stranger]), vec!["applicant", "household_head"], not),
        ("nobody's", owned(&[]), vec!["applicant"], not),
    ];
    for (what, record, roles, expected) in cases {
        let roles = roles.into_iter().map(|role| RoleId::parse(role).unwrap()).collect();
        check(what, &record, Accept::OwnedBy(roles), expected);
    }
}

#[test]
fn a_home_stands_on_land_for_living_on() {
    let land = |codes: &[&str]| {
        let use_of = |code: &&str| LandUse { area_m2: None, kind: Coded::code(*code), term: None };
        let parcel = ParcelSummary {
            key: ParcelKey::new(COMMUNE, 3, 7).unwrap(),
            area_m2: None,
            address: None,
            uses: codes.iter().map(use_of).collect(),
        };
        Record::Certificate(Box::new(Certificate { parcels: Some(vec![parcel]), ..Certificate::default() }))
    };
    let not = Err(Reason::LandNotResidential);
    let cases: [(&[&str], _); 5] =
        [(&["ODT"], Ok(())), (&["CLN", "ONT"], Ok(())), (&["LUC"], not), (&["odt"], not), (&[], not)];
    for (codes, expected) in cases {
        check(&format!("{codes:?}"), &land(codes), Accept::ResidentialLand, expected);
    }
}

#[test]
fn a_company_is_no_household_business() {
    let of_kind =
        |kind: Option<Coded>| Record::Enterprise(Box::new(Enterprise { kind, ..Enterprise::default() }));
    let not = Err(Reason::HouseholdBusinessNotShown);
    let cases = [
        (Some(Coded::label("Hộ kinh doanh")), Ok(())),
        (Some(Coded::label("Công ty TNHH một thành viên")), not),
        (Some(Coded::code("6")), not),
        (None, not),
    ];
    for (kind, expected) in cases {
        let what = format!("{:?}", kind.as_ref().and_then(|kind| kind.label.as_deref()));
        check(&what, &of_kind(kind), Accept::HouseholdBusiness, expected);
    }
}

#[test]
fn a_condition_on_another_dataset_never_holds() {
    check("mixed up", &person(|_| ()), Accept::HealthCardValid, Err(Reason::HealthCardNotValid));
}
