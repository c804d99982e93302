//! The order of the elements, and what is escaped.

use std::time::Duration;

use motlan_api::{Ask, OnBehalf, Want};
use motlan_domain::id::{AgencyCode, Cmnd, EnterpriseCode, PersonalId, ProcedureCode};
use motlan_domain::name::PersonName;
use motlan_domain::{Dataset, SubjectKey};
use motlan_transport::{HttpConfig, Secret};

use super::{confirm, lookup, status};
use crate::samples::{HEAD, RULES, person_key};
use crate::{PopulationConfig, PopulationPaths};

fn config() -> PopulationConfig {
    PopulationConfig {
        http: HttpConfig::new("http://127.0.0.1:1".parse().unwrap()),
        user: "u".to_owned(),
        secret: Secret::inline("s"),
        api_key: Secret::inline("k"),
        x_road_client: "c".to_owned(),
        account: "a<&>b".to_owned(),
        phone: "0258".to_owned(),
        default_procedure: ProcedureCode::parse("1.004222").unwrap(),
        paths: PopulationPaths::default(),
    }
}

fn ask(subject: SubjectKey, procedure: Option<&str>) -> Ask {
    Ask {
        want: Want::Record { dataset: Dataset::Person, fields: Dataset::Person.all_fields(), holder: None },
        subject,
        on_behalf: OnBehalf {
            officer_id: PersonalId::parse("097085000001", &RULES).unwrap(),
            agency: AgencyCode::parse("H32.201").unwrap(),
            dossier: None,
            procedure: procedure.map(|code| ProcedureCode::parse(code).unwrap()),
        },
        request_id: "r1".to_owned(),
        deadline: Duration::from_secs(1),
        trace: motlan_domain::Trace::new(7, 8, false),
    }
}

fn children(text: &str) -> Vec<(String, String)> {
    children_in("http://dancuquocgia.bca", text)
}

fn children_in(namespace: &str, text: &str) -> Vec<(String, String)> {
    let document = roxmltree::Document::parse(text).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().namespace(), Some(namespace));
    let of = |node: roxmltree::Node<'_, '_>| {
        (node.tag_name().name().to_owned(), node.text().unwrap_or_default().to_owned())
    };
    root.children().filter(roxmltree::Node::is_element).map(of).collect()
}

#[test]
fn the_lookup_in_order() {
    let text = lookup("TraCuuThongTinCongDan", &ask(person_key(HEAD), Some("1.001193")), &config()).unwrap();
    let expected = [
        ("MaYeuCau", "r1"),
        ("MaDVC", "1.001193"),
        ("MaTichHop", "037"),
        ("MaCanBo", "097085000001"),
        ("MaDonVi", "H32.201"),
        ("TaiKhoan", "a<&>b"),
        ("SoDienThoai", "0258"),
        ("SoDinhDanh", HEAD),
    ];
    let expected: Vec<_> = expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    assert_eq!(children(&text), expected);
}

#[test]
fn the_status_request_in_order_and_its_own_namespace() {
    let asked = ask(person_key("099060000009"), Some("1.001731"));
    let text = status("r1-2", &person_key(HEAD), &asked, &config()).unwrap();
    assert!(text.contains("<XacMinhTinhTrangChetMatTichRequest "), "{text:.120}");
    let expected = [
        ("MaYeuCau", "r1-2"),
        ("MaDVC", "1.001731"),
        ("MaCanBo", "097085000001"),
        ("MaDonVi", "H32.201"),
        ("SoDinhDanh", HEAD),
    ];
    let expected: Vec<_> = expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    assert_eq!(children_in("http://gtel.vn/qldc", &text), expected);
}

#[test]
fn without_a_dossier_the_configured_procedure_is_named() {
    let text = lookup("TraCuuThongTinCongDan", &ask(person_key(HEAD), None), &config()).unwrap();
    assert_eq!(children(&text)[1].1, "1.004222");
}

#[test]
fn the_confirmation_sends_the_name_as_the_source_wants_it() {
    let cmnd = SubjectKey::Cmnd(Cmnd::parse("225000001", &RULES).unwrap());
    let name = PersonName::new("Đặng Thị H'Lan").unwrap();
    let names: Vec<_> = children(&confirm(&ask(cmnd, None), &name).unwrap());
    let tags: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(tags, ["MaYeuCau", "MaDichVu", "MaCanBo", "SoCMND", "HoVaTen"]);
    assert_eq!(names[4].1, "DANGTHIHLAN");
}

#[test]
fn only_people_can_be_asked_about() {
    let enterprise = SubjectKey::Enterprise(EnterpriseCode::parse("0100233488").unwrap());
    assert!(lookup("TraCuuThongTinCongDan", &ask(enterprise, None), &config()).is_none());
}
