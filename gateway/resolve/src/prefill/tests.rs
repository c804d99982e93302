//! Every field of every dataset is written as a person writes it.

mod records;

use std::sync::LazyLock;

use motlan_catalogue::{Catalogue, RoleId};
use motlan_domain::dataset::Dataset;
use motlan_domain::id::{Cmnd, IdRules, PersonalId, Synthetic};
use motlan_domain::record::{EnterpriseStatus, MaritalStatus, Sex};

use super::*;
use records::{certificate, enterprise, health_card, household, parcel, participation, person, place};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded().unwrap());
const TODAY: Date = Date::constant(2026, 11, 21);
const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };

fn book() -> Book<'static> {
    Book { units: CATALOGUE.units(), today: TODAY, rows_of: None }
}

fn blank(dataset: Dataset, field: &str, part: &str) -> RegistryBlank {
    RegistryBlank {
        role: RoleId::parse("applicant").unwrap(),
        dataset,
        field: dataset.field(field).unwrap_or_else(|| panic!("{dataset} has no {field}")),
        path: Some(part).filter(|part| !part.is_empty()).map(str::to_owned).into_iter().collect(),
        in_role: None,
        kind: None,
    }
}

/// `field` or `field.part`.
fn written(record: &Record, field: &str) -> Vec<String> {
    let (field, part) = field.split_once('.').unwrap_or((field, ""));
    cells(record, &blank(record.dataset(), field, part), &book())
}

fn check(record: &Record, rows: &[(&str, &[&str])]) {
    assert!(!rows.is_empty());
    for (field, expected) in rows {
        assert_eq!(written(record, field), *expected, "{field}");
    }
}

#[test]
fn a_blank_tells_of_those_whose_data_it_is() {
    let id = |value: &str| PersonalId::parse(value, &RULES).unwrap();
    let wanted = SubjectKey::Person(id("097185000003"));
    let told = |record: &Record, field: &str, rows_of: Option<Vec<&SubjectKey>>| {
        let (field, part) = field.split_once('.').unwrap_or((field, ""));
        let book = Book { rows_of, ..book() };
        let whose = told_of(record, &blank(record.dataset(), field, part), &book)?;
        let others: Vec<String> = whose.others.iter().map(|id| id.expose().to_owned()).collect();
        Some((whose.own, others))
    };
    let others = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let holder = "097185000001";
    assert_eq!(told(&person(), "full_name", None), Some((true, others(&[holder]))), "no relative of theirs");
    let (own, named) = told(&person(), "father", None).unwrap();
    assert!(own && named.len() == 2, "the father, and whose father he is: {named:?}");
    let row = Some(vec![&wanted]);
    let members = told(&household(), "members.relation_to_head", row);
    assert_eq!(members, Some((false, others(&["097185000003"]))), "the row that is wanted");
    assert_eq!(told(&household(), "address", None), Some((true, Vec::new())));
    let (own, named) = told(&household(), "head.full_name", None).unwrap();
    assert!(!own && named.len() == 1, "the head");
    for record in [certificate(), enterprise(), participation(), parcel()] {
        let field = if record.dataset() == Dataset::Enterprise { "name" } else { "serial" };
        let field = record.dataset().field(field).map_or("key", |_| field);
        let field = record.dataset().field(field).map_or("insurance_number", |_| field);
        assert_eq!(told(&record, field, None), None, "all whose it is");
    }
}

#[test]
fn people() {
    let address = "12 Trần Phú, Phường Nha Trang, Tỉnh Khánh Hòa";
    check(
        &person(),
        &[
            ("full_name", &["Nguyễn Thị Mỹ"]),
            ("birth_date", &["07/03/1985"]),
            ("sex", &["Nữ"]),
            ("personal_id", &["097185000001"]),
            ("cmnd", &["225000111"]),
            ("ethnicity", &["Raglai"]),
            ("nationality", &["Việt Nam"]),
            ("marital_status", &["Đã kết hôn"]),
            ("permanent_residence", &[address]),
            ("permanent_residence.commune_code", &["Phường Nha Trang"]),
            ("permanent_residence.province_code", &["Tỉnh Khánh Hòa"]),
            ("permanent_residence.detail", &["12 Trần Phú"]),
            ("permanent_residence.country", &["Việt Nam"]),
            // Old units keep the name that their code had.
            ("hometown", &["Phường Vạn Thạnh, Thành phố Nha Trang, Tỉnh Khánh Hòa"]),
            ("birthplace", &["Lyon, Pháp"]),
            ("household_head", &["Trần Văn An"]),
            ("household_head.full_name", &["Trần Văn An"]),
            ("household_head.nationality", &["Lào"]),
            ("household_head_relation", &["Vợ"]),
            ("deceased", &["Không"]),
            ("missing", &["Không"]),
        ],
    );
    let codes = [
        (MaritalStatus::Single, "Chưa kết hôn"),
        (MaritalStatus::Married, "Đã kết hôn"),
        (MaritalStatus::Divorced, "Đã ly hôn"),
        (MaritalStatus::Widowed, "Góa"),
    ];
    for (status, words) in codes {
        assert_eq!(words::marital_status(status), words);
    }
    for (sex, words) in [(Sex::Male, "Nam"), (Sex::Female, "Nữ"), (Sex::Other, "Khác")] {
        assert_eq!(words::sex(sex), words);
    }
}

#[test]
fn enterprises() {
    check(
        &enterprise(),
        &[
            ("code", &["0100233488"]),
            // Names are what they are, also where they read like a code or a date.
            ("name", &["ACTIVE"]),
            ("short_name", &["2021-05"]),
            ("kind", &["Công ty TNHH một thành viên"]),
            ("founded_on", &["12/04/2019"]),
            ("status", &["Tạm ngừng kinh doanh"]),
            ("capital_vnd", &["4.450.000.000 đồng"]),
            ("head_office", &["12 Trần Phú, Phường Nha Trang, Tỉnh Khánh Hòa"]),
            ("representatives.full_name", &["Nguyễn Thị Mỹ", "Trần Văn An"]),
            ("representatives.position", &["Giám đốc", ""]),
            ("activities", &["Dịch vụ lưu trú ngắn ngày", ""]),
            ("activities.is_main", &["Có", "Không"]),
        ],
    );
    let all = [
        EnterpriseStatus::Active,
        EnterpriseStatus::Suspended,
        EnterpriseStatus::NotAtAddress,
        EnterpriseStatus::RevokedForTax,
        EnterpriseStatus::Dissolving,
        EnterpriseStatus::Bankrupt,
        EnterpriseStatus::Ceased,
    ];
    let texts: std::collections::BTreeSet<String> = all.into_iter().map(words::enterprise_status).collect();
    assert_eq!(texts.len(), all.len());
}

#[test]
fn insurance_and_cards() {
    let record = participation();
    check(
        &record,
        &[
            ("insurance_number", &["0123456789"]),
            ("contributions.from", &["09/2011", "09/2011", "03/2020"]),
            ("contributions.to", &["09/2016", "09/2016", ""]),
            ("contributions.level_vnd", &["4.500.000 đồng", "4.500.000 đồng", ""]),
            ("contributions.kind", &["BHXH bắt buộc", "BHTN", "BHXH tự nguyện"]),
        ],
    );
    for (kind, from, to) in [
        ("BHTN", vec!["09/2011"], vec!["09/2016"]),
        ("BHXH", vec!["09/2011", "03/2020"], vec!["09/2016", ""]),
    ] {
        let of_kind = |part: &str| {
            let blank = RegistryBlank {
                kind: Some(kind.to_owned()),
                ..blank(Dataset::Participation, "contributions", part)
            };
            cells(&record, &blank, &book())
        };
        assert_eq!(
            (of_kind("from"), of_kind("to")),
            (from.iter().map(ToString::to_string).collect(), to.iter().map(ToString::to_string).collect()),
            "{kind}"
        );
    }
    check(
        &health_card(),
        &[
            ("valid_to", &["31/12/2026"]),
            ("five_year_date", &["01/01/2030"]),
            ("status", &["Còn giá trị sử dụng"]),
        ],
    );
}

#[test]
fn land() {
    check(
        &certificate(),
        &[
            ("serial", &["AV 092532"]),
            ("book_number", &["2021-05"]),
            ("book_date", &["20/05/2016"]),
            ("status", &["Còn hiệu lực"]),
            ("is_latest", &["Có"]),
            ("owners", &["Nguyễn Thị Mỹ", "CÔNG TY TNHH BIỂN XANH"]),
            ("owners.share", &["1/2", "1/2"]),
            ("parcels.key", &["thửa đất số 818, tờ bản đồ số 51"]),
            ("parcels.area_m2", &["684 m²"]),
            ("parcels.uses", &["Đất ở tại đô thị: 60 m²"]),
            ("encumbrances", &["Thế chấp"]),
        ],
    );
    check(
        &parcel(),
        &[
            ("key", &["thửa đất số 818, tờ bản đồ số 51"]),
            ("area_m2", &["1.234,5 m²"]),
            ("certificate_serials", &["AV 092532"]),
            // Half of the purposes would read as all: one has no words.
            ("uses", &[""]),
            ("origin", &[""]),
        ],
    );
}

#[test]
fn amounts_and_areas() {
    let amounts = [
        ("0", "0 đồng"),
        ("7", "7 đồng"),
        ("999", "999 đồng"),
        ("1000", "1.000 đồng"),
        ("1234567", "1.234.567 đồng"),
        ("100000000000", "100.000.000.000 đồng"),
        ("1500.50", "1.500,5 đồng"),
        ("007", "7 đồng"),
        // What is no number is told as it came.
        ("2 tỷ", "2 tỷ"),
        ("", ""),
        ("-5", "-5"),
    ];
    for (amount, expected) in amounts {
        assert_eq!(words::money(amount), expected, "{amount}");
    }
    let areas = [
        ("684.0", "684 m²"),
        ("684", "684 m²"),
        ("0.5", "0,5 m²"),
        ("12345.67", "12.345,67 m²"),
        ("1e3", "1e3"),
    ];
    for (area, expected) in areas {
        assert_eq!(words::area(area), expected, "{area}");
    }
    let dates = [("1985-03-07", "07/03/1985"), ("1985-03", "03/1985"), ("1985", "1985")];
    for (iso, expected) in dates {
        assert_eq!(words::date(iso.parse().unwrap()), expected, "{iso}");
    }
    assert_eq!(words::day(Date::constant(2026, 1, 9)), "09/01/2026");
}

#[test]
fn no_field_is_forgotten_and_none_is_written_as_a_machine_does() {
    let records =
        [person(), household(), enterprise(), participation(), health_card(), certificate(), parcel()];
    let mut seen = 0;
    for record in &records {
        let dataset = record.dataset();
        for field in dataset.all_fields().iter(dataset) {
            // Cancelled ids belong on no form; the origin has no words yet.
            if ["aliases", "origin", "religion"].contains(&field.name()) {
                continue;
            }
            let cells = written(record, field.name());
            assert!(record.present().contains(field), "{dataset} {}: the record lacks it", field.name());
            let uses = dataset == Dataset::Parcel && field.name() == "uses";
            assert!(
                uses || cells.iter().any(|cell| !cell.is_empty()),
                "{dataset} {}: not written",
                field.name()
            );
            for cell in cells {
                let code = cell.contains('_') || cell.contains('{') || cell == "true" || cell == "false";
                assert!(!code, "{dataset} {}: {cell}", field.name());
                seen += 1;
            }
        }
    }
    assert!(seen > 75, "{seen}");
    assert!(written(&household(), "members.nothing").iter().all(String::is_empty), "an unheard part");
}

#[test]
fn rows_stay_aligned_and_may_be_those_of_a_role() {
    let record = household();
    check(
        &record,
        &[
            ("members.full_name", &["Lê An", "", "Lê Bình", "Lê Chín"]),
            ("members.birth_date", &["1950", "", "", "02/09/1945"]),
            ("members.sex", &["Nam", "", "", "Nữ"]),
            ("members.relation_to_head", &["Chủ hộ", "Con", "Con", "Mẹ"]),
            ("address", &["12 Trần Phú, Phường Nha Trang, Tỉnh Khánh Hòa"]),
        ],
    );
    let binh = SubjectKey::Person(PersonalId::parse("097185000003", &RULES).unwrap());
    let chin = SubjectKey::Cmnd(Cmnd::parse("225000004", &RULES).unwrap());
    let stranger = SubjectKey::Person(PersonalId::parse("097185000099", &RULES).unwrap());
    let rows: [(Vec<&SubjectKey>, &[&str]); 4] = [
        (vec![&binh, &chin], &["Lê Bình", "Lê Chín"]),
        (vec![&chin], &["Lê Chín"]),
        (vec![&stranger], &[]),
        (vec![], &[]),
    ];
    for (wanted, expected) in rows {
        let book = Book { rows_of: Some(wanted), ..book() };
        assert_eq!(cells(&record, &blank(Dataset::Household, "members", "full_name"), &book), expected);
    }
}

#[test]
fn another_dataset_fills_nothing() {
    assert!(cells(&household(), &blank(Dataset::Person, "sex", ""), &book()).is_empty());
}

#[test]
fn a_place_of_which_only_codes_are_known_that_mean_nothing_is_blank() {
    let unknown = Place { commune_code: Some("00000".into()), ..Place::default() };
    assert_eq!(super::place(Some(&unknown), "", &book()), None);
    assert_eq!(super::place(Some(&unknown), "commune_code", &book()), None);
    assert!(super::place(Some(&place()), "", &book()).is_some(), "control");
}
