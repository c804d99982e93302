//! A stranger's record is never tied.

use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::record::{
    Certificate, Enterprise, HealthCard, LegalRepresentative, Owner, OwnerKind, Parcel,
};

use super::*;

const ME: &str = "097085000001";
const STRANGER: &str = "098190000002";

fn id(value: &str) -> PersonalId {
    PersonalId::parse(value, &IdRules { synthetic: Synthetic::Allowed, present_year: 2026 }).unwrap()
}

fn owner(kind: OwnerKind, person: Option<&str>, enterprise: Option<&str>) -> Owner {
    Owner {
        kind,
        full_name: None,
        personal_id: person.map(id),
        organisation: None,
        enterprise_code: enterprise.map(|code| EnterpriseCode::parse(code).unwrap()),
        share: None,
    }
}

fn certificate(owners: Vec<Owner>) -> Record {
    Record::Certificate(Box::new(Certificate { owners: Some(owners), ..Certificate::default() }))
}

#[test]
fn ties_by_record() {
    let company = "4238208019";
    let serial = CertificateSerial::parse("BM 186699").unwrap();
    let enterprise = |person: &str| {
        let representative =
            LegalRepresentative { personal_id: Some(id(person)), ..LegalRepresentative::default() };
        Record::Enterprise(Box::new(Enterprise {
            representatives: Some(vec![representative]),
            ..Enterprise::default()
        }))
    };
    let parcel = Record::Parcel(Box::new(Parcel {
        certificate_serials: Some(vec![serial.clone()]),
        ..Parcel::default()
    }));
    let company_key = SubjectKey::Enterprise(EnterpriseCode::parse(company).unwrap());
    let serial_key = SubjectKey::Certificate(CertificateSerial::parse("BM186699").unwrap());
    let through = Tie::ThroughEnterprises(vec![EnterpriseCode::parse(company).unwrap()]);
    let owned = |kind, person, code| certificate(vec![owner(kind, person, code)]);
    let cases = [
        ("own land", owned(OwnerKind::Individual, Some(ME), None), vec![], Tie::Shown),
        ("a stranger's land", owned(OwnerKind::Individual, Some(STRANGER), None), vec![], Tie::NotShown),
        (
            "a named company's land",
            owned(OwnerKind::Organisation, None, Some(company)),
            vec![&company_key],
            through,
        ),
        (
            "another company's land",
            owned(OwnerKind::Organisation, None, Some(company)),
            vec![],
            Tie::NotShown,
        ),
        ("own company", enterprise(ME), vec![], Tie::Shown),
        ("a stranger's company", enterprise(STRANGER), vec![&company_key], Tie::NotShown),
        (
            "a parcel of a named certificate",
            parcel.clone(),
            vec![&serial_key],
            Tie::ThroughCertificates(vec![serial]),
        ),
        ("any other parcel", parcel, vec![&company_key], Tie::NotShown),
    ];
    for (what, record, subjects, expected) in cases {
        assert_eq!(find(&record, &[id(ME)], &subjects), expected, "{what}");
    }
}

#[test]
fn what_a_search_by_name_found_must_be_the_persons_own() {
    let holder = Holder {
        full_name: PersonName::new("Nguyễn Văn Hùng").unwrap(),
        birth_date: "1980-05-12".parse().unwrap(),
    };
    let cases = [
        ("NGUYỄN VĂN HÙNG", Some("1980-05-12"), true),
        ("Nguyễn Văn Hưng", Some("1980-05-12"), false),
        ("Nguyễn Văn Hùng", Some("1980"), false),
        ("Nguyễn Văn Hùng", None, false),
    ];
    for (name, date, expected) in cases {
        let record = Record::HealthCard(Box::new(HealthCard {
            full_name: Some(PersonName::new(name).unwrap()),
            birth_date: date.map(|date| date.parse().unwrap()),
            ..HealthCard::default()
        }));
        assert_eq!(is_of(&record, &holder), expected, "{name} {date:?}");
    }
}

#[test]
fn a_holder_needs_the_full_name_and_birth_date() {
    let card = |name: &str, date: &str| {
        Record::HealthCard(Box::new(HealthCard {
            full_name: Some(PersonName::new(name).unwrap()),
            birth_date: Some(date.parse().unwrap()),
            ..HealthCard::default()
        }))
    };
    let person = Person {
        full_name: Some(PersonName::new("Nguyễn Thị Mỹ").unwrap()),
        birth_date: Some("1985-03-07".parse().unwrap()),
        ..Person::default()
    };
    let cases = [
        ("NGUYỄN THỊ MỸ", "1985-03-07", true),
        ("Nguyễn Thị Mĩ", "1985-03-07", false),
        ("Nguyen Thi My", "1985-03-07", false),
        ("Nguyễn Thị Mỹ", "1985-03-08", false),
        ("Nguyễn Thị Mỹ", "1985", false),
        ("Nguyễn Thị Mai", "1985-03-07", false),
    ];
    for (name, date, expected) in cases {
        let Tie::Holder(clue) = find(&card(name, date), &[], &[]) else { panic!("a clue") };
        assert_eq!(is_holder(&clue, &person), expected, "{name} {date}");
    }
    let Tie::Holder(by_year) = find(&card("Lê Thị Hoa", "1950"), &[], &[]) else { panic!("a clue") };
    let elder = Person {
        full_name: Some(PersonName::new("Lê Thị Hoa").unwrap()),
        birth_date: Some("1950".parse().unwrap()),
        ..Person::default()
    };
    assert!(!is_holder(&by_year, &elder), "a name and a year are many people");
    assert_eq!(find(&Record::HealthCard(Box::default()), &[id(ME)], &[]), Tie::NotShown, "no clue at all");
}
