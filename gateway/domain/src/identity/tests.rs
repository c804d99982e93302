//! The verdict table of the issue, and what may never be a match.

use super::*;
use crate::id::{IdRules, Synthetic};
use crate::record::{Alias, LegalRepresentative};

fn id(value: &str) -> PersonalId {
    PersonalId::parse(value, &IdRules { synthetic: Synthetic::Allowed, present_year: 2026 }).unwrap()
}

fn date(text: &str) -> PartialDate {
    text.parse().unwrap()
}

fn person(name: &str, birth: &str) -> Person {
    Person {
        full_name: Some(PersonName::new(name).unwrap()),
        birth_date: Some(date(birth)),
        personal_id: Some(id("097185000001")),
        ..Person::default()
    }
}

fn claim(name: &str, birth: Option<&str>) -> IdentityClaim {
    IdentityClaim { full_name: PersonName::new(name).unwrap(), birth_date: birth.map(date) }
}

const HIGH: (Outcome, Option<Assurance>) = (Outcome::Match, Some(Assurance::High));
const LOW: (Outcome, Option<Assurance>) = (Outcome::Match, Some(Assurance::Low));
const NO: (Outcome, Option<Assurance>) = (Outcome::Mismatch, None);

#[test]
fn verdicts_on_people() {
    let cases = [
        ("exact", "Nguyễn Thị Mỹ", "1985-03-07", "Nguyễn Thị Mỹ", Some("1985-03-07"), HIGH),
        ("case and spaces", "Nguyễn Thị Mỹ", "1985-03-07", " NGUYỄN  THỊ MỸ", Some("1985-03-07"), HIGH),
        ("tone placement", "Trần Thị Thúy", "1985-03-07", "Trần Thị Thuý", Some("1985-03-07"), HIGH),
        ("i/y folding", "Nguyễn Thị Mỹ", "1985-03-07", "Nguyễn Thị Mĩ", Some("1985-03-07"), LOW),
        ("unaccented", "Nguyễn Thị Mỹ", "1985-03-07", "Nguyen Thi My", Some("1985-03-07"), LOW),
        ("another tone", "Lê Thị Hoà", "1985-03-07", "Lê Thị Hoa", Some("1985-03-07"), LOW),
        ("year-only source", "Lê Thị Hoà", "1950", "Lê Thị Hoà", Some("1950-06-01"), LOW),
        ("year-only source, other year", "Lê Thị Hoà", "1950", "Lê Thị Hoà", Some("1951-06-01"), NO),
        ("year-only claim", "Lê Thị Hoà", "1950", "Lê Thị Hoà", Some("1950"), LOW),
        ("year-only claim, other year", "Lê Thị Hoà", "1950", "Lê Thị Hoà", Some("1951"), NO),
        ("month, source year-only", "Lê Thị Hoà", "1950", "Lê Thị Hoà", Some("1950-06"), LOW),
        ("year against a full date", "Lê Thị Hoà", "1985-03-07", "Lê Thị Hoà", Some("1985"), NO),
        ("month against a full date", "Lê Thị Hoà", "1985-03-07", "Lê Thị Hoà", Some("1985-03"), NO),
        ("other day", "Lê Thị Hoà", "1985-03-07", "Lê Thị Hoà", Some("1985-03-08"), NO),
        ("other name", "Lê Thị Hoà", "1985-03-07", "Lê Thị Hương", Some("1985-03-07"), NO),
        ("no date claimed", "Lê Thị Hoà", "1985-03-07", "Lê Thị Hoà", None, LOW),
    ];
    for (what, held_name, held_birth, name, birth, expected) in cases {
        let verdict = verify_person(&id("097185000001"), &claim(name, birth), &person(held_name, held_birth));
        assert_eq!((verdict.outcome, verdict.assurance), expected, "{what}: {:?}", verdict.findings);
        assert_eq!(verdict.findings.len(), 3, "{what}");
    }
}

#[test]
fn a_claim_less_precise_than_the_source_does_not_tell_whether_the_year_is_right() {
    let record = person("Lê Thị Hoà", "1985-03-07");
    let told = |birth| {
        let verdict = verify_person(&id("097185000001"), &claim("Lê Thị Hoà", Some(birth)), &record);
        (verdict.outcome, serde_json::to_string(&verdict).unwrap())
    };
    let right = told("1985");
    assert!(right.0 == Outcome::Mismatch && right.1.contains("CLAIM_LESS_PRECISE"), "{right:?}");
    for other in ["1984", "1986", "1985-03", "1985-04", "1986-03"] {
        assert_eq!(told(other), right, "{other}: the answer differs");
    }
    // A negative control: a full date that is wrong reads otherwise.
    assert_ne!(told("1985-03-08"), right);
}

#[test]
fn another_id_never_matches_unless_the_source_links_it() {
    let claim = claim("Lê Thị Hoà", Some("1985-03-07"));
    let mut record = person("Lê Thị Hoà", "1985-03-07");
    assert_eq!(verify_person(&id("098185000001"), &claim, &record).outcome, Outcome::Mismatch);
    record.aliases = Some(vec![Alias { personal_id: Some(id("098185000001")), cmnd: None, cancelled: true }]);
    let verdict = verify_person(&id("098185000001"), &claim, &record);
    assert_eq!((verdict.outcome, verdict.findings[0].code), (Outcome::Match, "SUPERSEDED_ID"));
}

#[test]
fn what_the_source_lacks_is_neither_match_nor_mismatch() {
    let claim = claim("Lê Thị Hoà", Some("1985-03-07"));
    let whole = person("Lê Thị Hoà", "1985-03-07");
    let lacking: [(&str, Person); 3] = [
        ("name", Person { full_name: None, ..whole.clone() }),
        ("birth date", Person { birth_date: None, ..whole.clone() }),
        ("id", Person { personal_id: None, ..whole.clone() }),
    ];
    for (what, record) in lacking {
        let verdict = verify_person(&id("097185000001"), &claim, &record);
        assert_eq!((verdict.outcome, verdict.assurance), (Outcome::Incomplete, None), "{what}");
    }
}

#[test]
fn an_elder_is_verified_by_cmnd() {
    let cmnd =
        |text| Cmnd::parse(text, &IdRules { synthetic: Synthetic::Allowed, present_year: 2026 }).unwrap();
    let mut record = person("Lê Thị Hoà", "1940-03-07");
    record.cmnd = Some(cmnd("097123456"));
    for (asked, name, expected) in [
        ("097123456", "Lê Thị Hoà", (Outcome::Match, Some(Assurance::High))),
        ("097123456", "Lê Thị Lan", (Outcome::Mismatch, None)),
        ("097123457", "Lê Thị Hoà", (Outcome::Mismatch, None)),
    ] {
        let verdict = verify_person_by_cmnd(&cmnd(asked), &claim(name, Some("1940-03-07")), &record);
        assert_eq!((verdict.outcome, verdict.assurance), expected, "{name}");
    }
    record.cmnd = None;
    let verdict =
        verify_person_by_cmnd(&cmnd("097123456"), &claim("Lê Thị Hoà", Some("1940-03-07")), &record);
    assert_eq!(verdict.outcome, Outcome::Incomplete);
}

#[test]
fn the_yes_no_service_is_low_at_best() {
    assert_eq!(verify_by_yes_no(true).assurance, Some(Assurance::Low));
    assert_eq!(verify_by_yes_no(false).outcome, Outcome::Mismatch);
}

#[test]
fn verdicts_on_enterprises() {
    let code = EnterpriseCode::parse("4238208019").unwrap();
    let representative =
        LegalRepresentative { personal_id: Some(id("097185000001")), ..LegalRepresentative::default() };
    let record = Enterprise {
        code: Some(code.clone()),
        name: Some("CÔNG TY TNHH HÒA BÌNH".to_owned()),
        status: Some(EnterpriseStatus::Suspended),
        representatives: Some(vec![representative]),
        ..Enterprise::default()
    };
    let claim = EnterpriseClaim::default;
    let cases = [
        ("the code alone", claim(), HIGH),
        (
            "name by other spelling",
            EnterpriseClaim { name: Some("Công ty TNHH Hoà Bình".into()), ..claim() },
            HIGH,
        ),
        ("unaccented name", EnterpriseClaim { name: Some("CONG TY TNHH HOA BINH".into()), ..claim() }, LOW),
        ("other name", EnterpriseClaim { name: Some("Công ty Hoà Bình".into()), ..claim() }, NO),
        ("active", EnterpriseClaim { active: true, ..claim() }, NO),
        ("represented by", EnterpriseClaim { representative: Some(id("097185000001")), ..claim() }, HIGH),
        (
            "represented by another",
            EnterpriseClaim { representative: Some(id("098185000001")), ..claim() },
            NO,
        ),
    ];
    for (what, claim, expected) in cases {
        let verdict = verify_enterprise(&code, &claim, &record);
        assert_eq!((verdict.outcome, verdict.assurance), expected, "{what}");
    }
}

#[test]
fn a_representative_without_an_id_may_be_the_one_claimed() {
    let code = EnterpriseCode::parse("4238208019").unwrap();
    let (boss, other) = (Some(id("097185000001")), Some(id("098185000001")));
    let unknown = (Outcome::Incomplete, None);
    let cases: [(&[Option<PersonalId>], _); 7] = [
        (&[boss], HIGH),
        (&[boss, None], HIGH),
        (&[other, boss], HIGH),
        (&[other], NO),
        (&[None], unknown),
        (&[other, None], unknown),
        (&[], unknown),
    ];
    for (held, expected) in cases {
        let row = |personal_id: &Option<PersonalId>| LegalRepresentative {
            full_name: Some(PersonName::new("Lê Thị Hoà").unwrap()),
            personal_id: *personal_id,
            ..LegalRepresentative::default()
        };
        let record = Enterprise {
            code: Some(code.clone()),
            representatives: Some(held.iter().map(row).collect()),
            ..Enterprise::default()
        };
        let claim = EnterpriseClaim { representative: boss, ..EnterpriseClaim::default() };
        let verdict = verify_enterprise(&code, &claim, &record);
        assert_eq!((verdict.outcome, verdict.assurance), expected, "{} held", held.len());
        let level = &verdict.findings[1].level;
        let expected = if expected == unknown {
            "ABSENT_AT_SOURCE"
        } else if expected == HIGH {
            "EQUAL"
        } else {
            "DIFFERENT"
        };
        assert_eq!(*level, expected);
    }
}
