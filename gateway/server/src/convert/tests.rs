//! Every record reaches the wire whole, under the names the domain gives its
//! fields; and bad input is told field by field.

mod ask;

use motlan_domain::dataset::Dataset;
use motlan_domain::date::PartialDate;
use motlan_domain::id::{
    CertificateSerial, Cmnd, EnterpriseCode, HealthCardCode, IdRules, InsuranceNumber, ParcelKey, PersonalId,
    Synthetic,
};
use motlan_domain::name::PersonName;
use motlan_domain::place::Place;
use motlan_domain::record::*;
use prost_reflect::DescriptorPool;
use serde_json::{Map, Value};

use super::{business, insurance, land, population};

pub(super) const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };

fn date(text: &str) -> PartialDate {
    PartialDate::parse_iso(text).expect("a date")
}

fn name(text: &str) -> PersonName {
    PersonName::new(text).expect("a name")
}

fn id() -> PersonalId {
    PersonalId::parse("097090000123", &RULES).expect("a sandbox id")
}

fn cmnd() -> Cmnd {
    Cmnd::parse("225000111", &RULES).expect("an old id")
}

fn place() -> Place {
    Place {
        province_code: Some("56".into()),
        district_code: Some("568".into()),
        commune_code: Some("22366".into()),
        detail: Some("12 Trần Phú".into()),
        country: Some("Việt Nam".into()),
    }
}

fn coded() -> Coded {
    Coded { code: Some("01".into()), label: Some("Kinh".into()) }
}

fn relative() -> Relative {
    Relative {
        full_name: Some(name("Nguyễn Thị Hòa")),
        personal_id: Some(id()),
        cmnd: Some(cmnd()),
        nationality: Some(coded()),
    }
}

fn person() -> Person {
    Person {
        full_name: Some(name("Y Phôn Ksor")),
        birth_date: Some(date("1950")),
        sex: Some(Sex::Male),
        personal_id: Some(id()),
        cmnd: Some(cmnd()),
        aliases: Some(vec![Alias { personal_id: Some(id()), cmnd: Some(cmnd()), cancelled: true }]),
        birthplace: Some(place()),
        birth_registration: Some(place()),
        hometown: Some(place()),
        ethnicity: Some(coded()),
        religion: Some(coded()),
        nationality: Some(coded()),
        marital_status: Some(MaritalStatus::Widowed),
        blood_type: Some("O".into()),
        permanent_residence: Some(place()),
        temporary_residence: Some(place()),
        current_residence: Some(place()),
        father: Some(relative()),
        mother: Some(relative()),
        spouse: Some(relative()),
        representative: Some(relative()),
        household_head: Some(relative()),
        household_head_relation: Some("Con".into()),
        household_no: Some("HK-1".into()),
        deceased: Some(true),
        missing: Some(false),
    }
}

fn household() -> Household {
    let member = HouseholdMember {
        person: relative(),
        birth_date: Some(date("1990-05")),
        sex: Some(Sex::Female),
        relation_to_head: Some("Vợ".into()),
    };
    Household {
        household_no: Some("HK-1".into()),
        head: Some(relative()),
        address: Some(place()),
        members: Some(vec![member.clone(), HouseholdMember { person: Relative::default(), ..member }]),
    }
}

fn enterprise() -> Enterprise {
    Enterprise {
        code: EnterpriseCode::parse("0314409058-002").ok(),
        internal_code: Some("I-1".into()),
        name: Some("Công ty TNHH Một Lần".into()),
        short_name: Some("ML".into()),
        foreign_name: Some("Once Co.".into()),
        kind: Some(coded()),
        founded_on: Some(date("2015-01-31")),
        last_amended_on: Some(date("2024-02-29")),
        change_count: Some(3),
        status: Some(EnterpriseStatus::NotAtAddress),
        capital_vnd: Some("1000000000".into()),
        head_office: Some(place()),
        representatives: Some(vec![LegalRepresentative {
            full_name: Some(name("Đặng Văn Thúy")),
            position: Some("Giám đốc".into()),
            personal_id: Some(id()),
        }]),
        activities: Some(vec![Activity {
            code: "4711".into(), name: Some("Bán lẻ".into()), is_main: true
        }]),
        members: Some(vec![CapitalMember {
            name: Some("A".into()),
            amount_vnd: Some("1".into()),
            ratio_percent: Some("33.3".into()),
            country: Some("VN".into()),
        }]),
    }
}

fn participation() -> Participation {
    Participation {
        insurance_number: InsuranceNumber::parse("0123456789").ok(),
        full_name: Some(name("H'Hen Niê")),
        birth_date: Some(date("1992-05-15")),
        sex: Some(Sex::Other),
        personal_id: Some(id()),
        birth_registration: Some(place()),
        old_book_number: Some("B-7".into()),
        status: Some("Đang tham gia".into()),
        contributions: Some(vec![Contribution {
            from: date("2019-01"),
            to: Some(date("2020-12")),
            employer_code: Some("E1".into()),
            employer_name: Some("Nhà máy".into()),
            method: Some("Hằng tháng".into()),
            level_vnd: Some("5000000".into()),
            kind: Some("Bắt buộc".into()),
        }]),
    }
}

fn health_card() -> HealthCard {
    HealthCard {
        card_number: HealthCardCode::parse("GD4560123456789").ok(),
        insurance_number: InsuranceNumber::parse("0123456789").ok(),
        full_name: Some(name("H'Hen Niê")),
        birth_date: Some(date("1992")),
        benefit_level: Some("4".into()),
        first_care_place: Some("Trạm y tế".into()),
        valid_from: Some(date("2026-01-01")),
        valid_to: Some(date("2026-12-31")),
        five_year_date: Some(date("2025-06-01")),
        status: Some(CardStatus::InForce),
    }
}

fn land_use() -> LandUse {
    LandUse { kind: coded(), area_m2: Some("75.5".into()), term: Some("Lâu dài".into()) }
}

fn parcel_key() -> ParcelKey {
    ParcelKey::new("22366", 12, 345).expect("a parcel")
}

fn certificate() -> Certificate {
    Certificate {
        serial: CertificateSerial::parse("CS 012345").ok(),
        book_number: Some("CH 00123".into()),
        book_date: Some(date("2021-03-04")),
        old_book_number: Some("H 1".into()),
        barcode: Some("123".into()),
        certificate_id: Some("G-1".into()),
        qr_code: Some("QR".into()),
        issuer: Some("UBND".into()),
        signer: Some("Trần Văn A".into()),
        status: Some(CertificateStatus::Superseded),
        version: Some(2),
        is_latest: Some(true),
        owners: Some(vec![Owner {
            kind: OwnerKind::Couple,
            full_name: Some(name("Lê Thị B")),
            personal_id: Some(id()),
            organisation: Some("Tổ chức".into()),
            enterprise_code: EnterpriseCode::parse("0100233488").ok(),
            share: Some("1/2".into()),
        }]),
        parcels: Some(vec![ParcelSummary {
            key: parcel_key(),
            area_m2: Some("75.5".into()),
            address: Some("Vĩnh Hải".into()),
            uses: vec![land_use()],
        }]),
        encumbrances: Some(vec![Encumbrance {
            kind: EncumbranceKind::TransferBlock,
            date: Some(date("2025")),
            in_force: true,
        }]),
    }
}

fn parcel() -> Parcel {
    Parcel {
        key: Some(parcel_key()),
        parcel_id: Some("w6jtsu5n2b3c".into()),
        area_m2: Some("75.5".into()),
        legal_area_m2: Some("75".into()),
        old_sheet: Some("3".into()),
        old_number: Some("44".into()),
        address: Some("Vĩnh \"Hải\"\t\u{1}\u{7f}\\ /".into()),
        uses: Some(vec![land_use()]),
        origin: Some(coded()),
        version: Some(1),
        certificate_serials: CertificateSerial::parse("CS012345").ok().map(|serial| vec![serial]),
    }
}

/// Canonical JSON in the domain's spelling: snake_case, enums without prefix.
fn plain(value: Value) -> Value {
    const PREFIXES: [&str; 10] = [
        "ASSURANCE_",
        "CLAIM_FIELD_",
        "FINDING_LEVEL_",
        "SEX_",
        "MARITAL_STATUS_",
        "ENTERPRISE_STATUS_",
        "CARD_STATUS_",
        "CERTIFICATE_STATUS_",
        "OWNER_KIND_",
        "ENCUMBRANCE_KIND_",
    ];
    match value {
        Value::String(text) => Value::String(
            PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text).to_owned(),
        ),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(key, value)| (snake(&key), plain(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn snake(key: &str) -> String {
    let mut out = String::new();
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

fn check(record: &Record, wire: impl serde::Serialize) {
    assert_eq!(
        record.present(),
        record.dataset().all_fields(),
        "{}: the sample leaves a field out",
        record.dataset()
    );
    let domain = serde_json::to_value(record).expect("the record serialises");
    let wire = plain(serde_json::to_value(wire).expect("the message serialises"));
    assert_eq!(wire, domain, "{}", record.dataset());
    // The commitment to an answer is over RFC 8785 bytes: a record writes them
    // as it stands, without being sorted again.
    let canonical = serde_json_canonicalizer::to_vec(record).expect("the record is canonicalised");
    let written = serde_json::to_vec(record).expect("the record serialises");
    assert_eq!(String::from_utf8(written), String::from_utf8(canonical), "{}", record.dataset());
}

#[test]
fn records_reach_the_wire_whole() {
    check(&Record::Person(Box::new(person())), population::person(&person()));
    check(&Record::Household(Box::new(household())), population::household(&household()));
    check(&Record::Enterprise(Box::new(enterprise())), business::enterprise(&enterprise()));
    check(&Record::Participation(Box::new(participation())), insurance::participation(&participation()));
    check(&Record::HealthCard(Box::new(health_card())), insurance::health_card(&health_card()));
    check(&Record::Certificate(Box::new(certificate())), land::certificate(&certificate()));
    check(&Record::Parcel(Box::new(parcel())), land::parcel(&parcel()));
}

/// What the log commits to can be rebuilt from the response: same names, same
/// values, nothing more.
#[test]
fn a_verdict_reaches_the_wire_whole() {
    use motlan_domain::Outcome;
    use motlan_domain::identity::{Assurance, ClaimField, Finding, Verdict};
    let finding = |field, level, code| Finding { field, level, code };
    let findings = vec![
        finding(ClaimField::Id, "EQUAL", "EQUAL"),
        finding(ClaimField::FullName, "CANONICAL_EQUAL", "TONE_PLACEMENT"),
        finding(ClaimField::BirthDate, "MATCH_PARTIAL", "YEAR_ONLY_AT_SOURCE"),
    ];
    let matching = Verdict { outcome: Outcome::Match, assurance: Some(Assurance::Low), findings };
    let absent = Verdict { outcome: Outcome::NotFound, assurance: None, findings: vec![] };
    for verdict in [matching, absent] {
        let domain = serde_json::to_value(&verdict).expect("the verdict serialises");
        let wire = serde_json::to_value(super::answer::verdict(&verdict)).expect("the message serialises");
        assert_eq!(plain(wire), domain);
    }
}

#[test]
fn an_empty_record_says_nothing() {
    let empty = serde_json::json!({});
    let told = [
        serde_json::to_value(population::person(&Person::default())),
        serde_json::to_value(population::household(&Household::default())),
        serde_json::to_value(business::enterprise(&Enterprise::default())),
        serde_json::to_value(insurance::participation(&Participation::default())),
        serde_json::to_value(insurance::health_card(&HealthCard::default())),
        serde_json::to_value(land::certificate(&Certificate::default())),
        serde_json::to_value(land::parcel(&Parcel::default())),
    ];
    for told in told {
        assert_eq!(told.expect("serialises"), empty);
    }
}

#[test]
fn messages_have_the_fields_of_their_dataset() {
    let pool = DescriptorPool::decode(motlan_proto::FILE_DESCRIPTOR_SET).expect("decodes");
    for dataset in Dataset::ALL {
        let message = match dataset {
            Dataset::Person => "motlan.population.v1.Person",
            Dataset::Household => "motlan.population.v1.Household",
            Dataset::Enterprise => "motlan.business.v1.Enterprise",
            Dataset::Participation => "motlan.insurance.v1.Participation",
            Dataset::HealthCard => "motlan.insurance.v1.HealthCard",
            Dataset::Certificate => "motlan.land.v1.Certificate",
            Dataset::Parcel => "motlan.land.v1.Parcel",
        };
        let message = pool.get_message_by_name(message).expect("is declared");
        let declared: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
        let known: Vec<_> = dataset.fields().iter().map(|field| field.name).collect();
        assert_eq!(declared, known, "{dataset}");
    }
}

#[test]
fn every_level_of_a_finding_has_its_value() {
    let names = [
        "EXACT",
        "CANONICAL_EQUAL",
        "UNACCENTED_EQUAL",
        "MISMATCH",
        "EQUAL",
        "MATCH_PARTIAL",
        "DIFFERENT",
        "NOT_CHECKED",
        "ABSENT_AT_SOURCE",
    ];
    for name in names {
        let level = super::answer::level(name);
        assert_eq!(level.as_str_name(), format!("FINDING_LEVEL_{name}"));
    }
    assert_eq!(super::answer::level("UNHEARD_OF").as_str_name(), "FINDING_LEVEL_UNSPECIFIED");
}
