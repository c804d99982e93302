//! A record of each dataset with every field filled.
#![expect(clippy::unnecessary_wraps, reason = "the fields of a record are options")]

use motlan_domain::Record;
use motlan_domain::date::PartialDate;
use motlan_domain::id::{
    CertificateSerial, Cmnd, EnterpriseCode, HealthCardCode, InsuranceNumber, ParcelKey, PersonalId,
};
use motlan_domain::name::PersonName;
use motlan_domain::place::Place;
use motlan_domain::record::*;

use super::RULES;

fn date(text: &str) -> PartialDate {
    text.parse().unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn name(text: &str) -> Option<PersonName> {
    Some(PersonName::new(text).unwrap())
}

fn id(text: &str) -> Option<PersonalId> {
    Some(PersonalId::parse(text, &RULES).unwrap())
}

fn cmnd(text: &str) -> Option<Cmnd> {
    Some(Cmnd::parse(text, &RULES).unwrap())
}

fn labelled(code: &str, label: &str) -> Option<Coded> {
    Some(Coded { code: text(code), label: text(label) })
}

fn serial() -> CertificateSerial {
    CertificateSerial::parse("AV092532").unwrap()
}

fn key() -> ParcelKey {
    ParcelKey::new("22366", 51, 818).unwrap()
}

pub(super) fn place() -> Place {
    Place {
        province_code: text("56"),
        district_code: None,
        commune_code: text("22366"),
        detail: text("12 Trần Phú"),
        country: text("VN"),
    }
}

fn old_place() -> Place {
    Place {
        province_code: text("56"),
        district_code: text("568"),
        commune_code: text("22348"),
        ..Place::default()
    }
}

fn relative() -> Relative {
    Relative {
        full_name: name("Trần Văn An"),
        personal_id: id("097085000002"),
        cmnd: cmnd("225000002"),
        nationality: labelled("LA", "Lào"),
    }
}

pub(super) fn person() -> Record {
    Record::Person(Box::new(Person {
        full_name: name("Nguyễn Thị Mỹ"),
        birth_date: Some(date("1985-03-07")),
        sex: Some(Sex::Female),
        personal_id: id("097185000001"),
        cmnd: cmnd("225000111"),
        aliases: Some(vec![Alias { personal_id: id("098185000001"), cmnd: None, cancelled: true }]),
        birthplace: Some(Place { detail: text("Lyon"), country: text("FR"), ..Place::default() }),
        birth_registration: Some(old_place()),
        hometown: Some(old_place()),
        ethnicity: labelled("21", "Raglai"),
        religion: Some(Coded::code("00")),
        nationality: labelled("VN", "Việt Nam"),
        marital_status: Some(MaritalStatus::Married),
        blood_type: text("AB"),
        permanent_residence: Some(place()),
        temporary_residence: Some(place()),
        current_residence: Some(place()),
        father: Some(relative()),
        mother: Some(relative()),
        spouse: Some(relative()),
        representative: Some(relative()),
        household_head: Some(relative()),
        household_head_relation: text("Vợ"),
        household_no: text("560000001"),
        deceased: Some(false),
        missing: Some(false),
    }))
}

pub(super) fn household() -> Record {
    let member = |full_name: &str, personal_id: &str, birth: &str, sex, relation: &str| HouseholdMember {
        person: Relative {
            full_name: Some(full_name).filter(|name| !name.is_empty()).and_then(name),
            personal_id: Some(personal_id).filter(|id| id.len() == 12).and_then(id),
            cmnd: Some(personal_id).filter(|id| id.len() == 9).and_then(cmnd),
            nationality: None,
        },
        birth_date: Some(birth).filter(|birth| !birth.is_empty()).map(date),
        sex,
        relation_to_head: text(relation),
    };
    Record::Household(Box::new(Household {
        household_no: text("560000001"),
        head: Some(relative()),
        address: Some(place()),
        members: Some(vec![
            member("Lê An", "097050000001", "1950", Some(Sex::Male), "Chủ hộ"),
            // Not in the dossier: reduced to the relation.
            member("", "", "", None, "Con"),
            member("Lê Bình", "097185000003", "", None, "Con"),
            member("Lê Chín", "225000004", "1945-09-02", Some(Sex::Female), "Mẹ"),
        ]),
    }))
}

pub(super) fn enterprise() -> Record {
    let representative = |full_name: &str, position: &str| LegalRepresentative {
        full_name: name(full_name),
        position: Some(position.to_owned()).filter(|position| !position.is_empty()),
        personal_id: id("097185000001"),
    };
    Record::Enterprise(Box::new(Enterprise {
        code: Some(EnterpriseCode::parse("0100233488").unwrap()),
        internal_code: text("0101"),
        name: text("ACTIVE"),
        short_name: text("2021-05"),
        foreign_name: text("ACTIVE CO., LTD"),
        kind: labelled("2", "Công ty TNHH một thành viên"),
        founded_on: Some(date("2019-04-12")),
        last_amended_on: Some(date("2024-01-02")),
        change_count: Some(3),
        status: Some(EnterpriseStatus::Suspended),
        capital_vnd: text("4450000000"),
        head_office: Some(place()),
        representatives: Some(vec![
            representative("Nguyễn Thị Mỹ", "Giám đốc"),
            representative("Trần Văn An", ""),
        ]),
        activities: Some(vec![
            Activity { code: "5510".into(), name: text("Dịch vụ lưu trú ngắn ngày"), is_main: true },
            Activity { code: "7912".into(), name: None, is_main: false },
        ]),
        members: Some(vec![CapitalMember { name: text("Lê An"), ..CapitalMember::default() }]),
    }))
}

pub(super) fn participation() -> Record {
    let contribution = |from: &str, to: Option<&str>, level: Option<&str>, kind: &str| Contribution {
        from: date(from),
        to: to.map(date),
        employer_code: text("0100233488"),
        employer_name: text("CÔNG TY TNHH BIỂN XANH"),
        method: text("Hằng tháng"),
        level_vnd: level.map(str::to_owned),
        kind: text(kind),
    };
    Record::Participation(Box::new(Participation {
        insurance_number: Some(InsuranceNumber::parse("0123456789").unwrap()),
        full_name: name("Nguyễn Thị Mỹ"),
        birth_date: Some(date("1985-03-07")),
        sex: Some(Sex::Female),
        personal_id: id("097185000001"),
        birth_registration: Some(old_place()),
        old_book_number: text("2021-05"),
        status: text("Đang tham gia"),
        contributions: Some(vec![
            contribution("2011-09", Some("2016-09"), Some("4500000"), "BHXH bắt buộc"),
            contribution("2011-09", Some("2016-09"), Some("4500000"), "BHTN"),
            contribution("2020-03", None, None, "BHXH tự nguyện"),
        ]),
    }))
}

pub(super) fn health_card() -> Record {
    Record::HealthCard(Box::new(HealthCard {
        card_number: Some(HealthCardCode::parse("DN4569700000001").unwrap()),
        insurance_number: Some(InsuranceNumber::parse("0123456789").unwrap()),
        full_name: name("Nguyễn Thị Mỹ"),
        birth_date: Some(date("1985")),
        benefit_level: text("4"),
        first_care_place: text("Bệnh viện Đa khoa tỉnh Khánh Hòa"),
        valid_from: Some(date("2026-01-01")),
        valid_to: Some(date("2026-12-31")),
        five_year_date: Some(date("2030-01-01")),
        status: Some(CardStatus::InForce),
    }))
}

pub(super) fn certificate() -> Record {
    let owner = |full_name: Option<PersonName>, organisation: Option<String>, kind| Owner {
        kind,
        personal_id: full_name.as_ref().and_then(|_| id("097185000001")),
        full_name,
        organisation,
        enterprise_code: None,
        share: text("1/2"),
    };
    let land_use = LandUse {
        kind: Coded { code: text("ODT"), label: text("Đất ở tại đô thị") },
        area_m2: text("60.0"),
        term: None,
    };
    Record::Certificate(Box::new(Certificate {
        serial: Some(serial()),
        book_number: text("2021-05"),
        book_date: Some(date("2016-05-20")),
        old_book_number: text("VP00194"),
        barcode: text("1234567890123"),
        certificate_id: text("GCN1"),
        qr_code: text("AV092532|VP00194"),
        issuer: text("Sở Tài nguyên và Môi trường tỉnh Khánh Hòa"),
        signer: text("Lê Văn Ký"),
        status: Some(CertificateStatus::InForce),
        version: Some(2),
        is_latest: Some(true),
        owners: Some(vec![
            owner(name("Nguyễn Thị Mỹ"), None, OwnerKind::Individual),
            owner(None, text("CÔNG TY TNHH BIỂN XANH"), OwnerKind::Organisation),
        ]),
        parcels: Some(vec![ParcelSummary {
            key: key(),
            area_m2: text("684.0"),
            address: text("Phường Vạn Thạnh"),
            uses: vec![land_use],
        }]),
        encumbrances: Some(vec![Encumbrance { kind: EncumbranceKind::Mortgage, date: None, in_force: true }]),
    }))
}

pub(super) fn parcel() -> Record {
    let unknown = LandUse { kind: Coded::code("CLN"), area_m2: None, term: None };
    let known = LandUse { kind: Coded::label("Đất ở tại đô thị"), area_m2: None, term: None };
    Record::Parcel(Box::new(Parcel {
        key: Some(key()),
        parcel_id: text("w7p5y3q8k2m1"),
        area_m2: text("1234.5"),
        legal_area_m2: text("1234.0"),
        old_sheet: text("5"),
        old_number: text("81"),
        address: text("Phường Vạn Thạnh"),
        uses: Some(vec![known, unknown]),
        origin: Some(Coded::code("CNQ-CTT")),
        version: Some(1),
        certificate_serials: Some(vec![serial()]),
    }))
}
