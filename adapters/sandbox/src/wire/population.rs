//! The population registry: checks, questions and who is meant.

use axum::http::{Method, header, request::Parts};
use motlan_domain::name::registry_form;

use super::population_xml as xml;
use super::{Front, Refusal, Reply};
use crate::auth;
use crate::decided::population as decided;
use crate::world::{Person, PersonRef, World};

pub(super) const OPERATIONS: &[(Method, &str, &str)] = &[
    (Method::POST, decided::LOOKUP_PATH, "TraCuuThongTinCongDan"),
    (Method::POST, decided::VERIFY_PATH, "XacThucThongTinCongDan"),
    (Method::POST, decided::HOUSEHOLD_PATH, "CungCapThongTinHoGiaDinh"),
    (Method::POST, decided::RELATIVES_PATH, "XacMinhThongTinNhanThan"),
    (Method::POST, decided::MARITAL_PATH, "XacMinhTinhTrangHonNhan"),
    (Method::POST, decided::DEATH_PATH, "XacMinhTinhTrangChetMatTich"),
];

/// Root, namespace and children of a request, in the order the schema wants.
struct Schema {
    root: &'static str,
    namespace: &'static str,
    children: &'static [&'static str],
    /// Element that holds the service code, and the code.
    service: Option<(&'static str, &'static str)>,
    /// Whether the request names the agency (`MaDVC`, `MaDonVi`).
    names_agency: bool,
}

const LIKE_LOOKUP: &[&str] = &[
    "MaYeuCau",
    "MaDVC",
    "MaTichHop",
    "MaCanBo",
    "MaDonVi",
    "TaiKhoan",
    "SoDienThoai",
    "SoDinhDanh",
    "SoCMND",
    "HoVaTen",
    "NgayThangNamSinh",
];
const LIKE_VERIFY: &[&str] = &["MaYeuCau", "MaDichVu", "MaCanBo", "SoDinhDanh", "SoCMND", "HoVaTen"];
const LIKE_RELATIVES: &[&str] =
    &["MaYeuCau", "MaDVC", "MaCanBo", "MaDonVi", "SoDinhDanh", "SoCMND", "HoVaTen"];

fn schema(operation: &str) -> Schema {
    let lookup = |root| Schema {
        root,
        namespace: decided::NS_REQUEST,
        children: LIKE_LOOKUP,
        service: Some(("MaTichHop", decided::SERVICE_LOOKUP)),
        names_agency: true,
    };
    let relatives = |root| Schema {
        root,
        namespace: decided::NS_RELATIVES,
        children: LIKE_RELATIVES,
        service: None,
        names_agency: true,
    };
    match operation {
        "XacThucThongTinCongDan" => Schema {
            root: "XacThucThongTinCongDanRequest",
            namespace: decided::NS_REQUEST,
            children: LIKE_VERIFY,
            service: Some(("MaDichVu", decided::SERVICE_VERIFY)),
            names_agency: false,
        },
        "CungCapThongTinHoGiaDinh" => lookup("CungCapThongTinHoGiaDinh"),
        "XacMinhThongTinNhanThan" => relatives("XacMinhThongTinNhanThanRequest"),
        "XacMinhTinhTrangHonNhan" => relatives("XacMinhTinhTrangHonNhanRequest"),
        "XacMinhTinhTrangChetMatTich" => relatives("XacMinhTinhTrangChetMatTichRequest"),
        _ => lookup("TraCuuThongTinCongDan"),
    }
}

pub(super) fn answer(front: &Front, operation: &str, parts: &Parts, body: &[u8]) -> Reply {
    match ask(front, operation, parts, body) {
        Ok(document) => Reply::xml(document),
        Err(refusal) => refuse(refusal.0, refusal.1),
    }
}

/// `<Loi><Ma/><MoTa/></Loi>` with HTTP 200.
pub(super) fn refuse(code: &str, text: &str) -> Reply {
    let (shown, words) = (xml::escape(code), xml::escape(text));
    let mut reply = Reply::xml(format!("{}<Loi><Ma>{shown}</Ma><MoTa>{words}</MoTa></Loi>", xml::PROLOGUE));
    reply.refusal = Some(code.to_owned());
    reply
}

fn ask(front: &Front, operation: &str, parts: &Parts, body: &[u8]) -> Result<String, Refusal> {
    let shared = &front.shared;
    let credentials = &shared.credentials.population;
    let target = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |target| target.as_str());
    let url = format!("{}{target}", front.base);
    auth::check_signature(&parts.headers, &url, shared.clock.now(), credentials)?;

    let not_schema = |text| Refusal(decided::REFUSED_SCHEMA, text);
    let media =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media.starts_with("application/xml") {
        return Err(not_schema("Content-Type phải là application/xml"));
    }
    let text = str::from_utf8(body).map_err(|_| not_schema("Nội dung không phải UTF-8"))?;
    let document = roxmltree::Document::parse(text).map_err(|_| not_schema("Nội dung không phải XML"))?;
    let schema = schema(operation);
    let root = document.root_element();
    if root.tag_name().name() != schema.root || root.tag_name().namespace() != Some(schema.namespace) {
        return Err(not_schema("Phần tử gốc hoặc không gian tên không đúng"));
    }
    let mut expected = schema.children.iter();
    for child in root.children().filter(roxmltree::Node::is_element) {
        let named = child.tag_name();
        // Each child must come later in the schema than the one before it.
        if named.namespace() != Some(schema.namespace) || !expected.any(|name| *name == named.name()) {
            return Err(not_schema("Phần tử lạ hoặc sai thứ tự"));
        }
    }
    let field = |name: &str| {
        let node = root.children().find(|node| node.tag_name().name() == name)?;
        node.text().map(str::trim).filter(|text| !text.is_empty())
    };
    let number = field("MaYeuCau").filter(|number| number.len() <= 64).ok_or(not_schema("Thiếu MaYeuCau"))?;
    if !shared.seen.first_time(number) {
        return Err(Refusal(decided::REFUSED_REPLAY, "MaYeuCau đã được sử dụng"));
    }
    check_caller(front, &schema, &field)?;

    let (id, cmnd) = (field("SoDinhDanh"), field("SoCMND"));
    if id.is_none() && cmnd.is_none() {
        return Err(not_schema("Thiếu SoDinhDanh"));
    }
    let birth = match root.children().find(|node| node.tag_name().name() == "NgayThangNamSinh") {
        Some(node) => Some(birth_claim(node).ok_or(not_schema("NgayThangNamSinh không đúng định dạng"))?),
        None => None,
    };
    let world = &shared.world;
    let person = find(world, id, cmnd)
        .filter(|person| {
            field("HoVaTen").is_none_or(|name| name == registry_form(&world.people[*person].full_name()))
        })
        .filter(|person| birth.is_none_or(|claim| birth_agrees(&world.people[*person], claim)));
    Ok(match operation {
        "XacThucThongTinCongDan" => xml::exists(person.is_some()),
        "CungCapThongTinHoGiaDinh" => xml::household(world, person),
        "XacMinhThongTinNhanThan" => xml::relatives(world, person),
        "XacMinhTinhTrangHonNhan" => xml::marital(world, person),
        "XacMinhTinhTrangChetMatTich" => xml::death(world, person),
        _ => xml::lookup(world, person),
    })
}

fn check_caller<'a>(
    front: &Front,
    schema: &Schema,
    field: &dyn Fn(&str) -> Option<&'a str>,
) -> Result<(), Refusal> {
    let credentials = &front.shared.credentials.population;
    let agency = field("MaDonVi");
    if schema.names_agency {
        if field("MaDVC").is_none() {
            return Err(Refusal(decided::REFUSED_NO_UNIT, "Thiếu MaDVC"));
        }
        let known = |agency: &str| credentials.agencies.is_empty() || credentials.agencies.contains(agency);
        if !agency.is_some_and(known) {
            return Err(Refusal(decided::REFUSED_AGENCY, "Đơn vị không hợp lệ"));
        }
    }
    let officer = field("MaCanBo").filter(|officer| {
        credentials.officers.contains(*officer)
            || front.shared.world.officers().iter().any(|id| id == officer)
    });
    let officer = officer.ok_or(Refusal(decided::REFUSED_OFFICER, "Cán bộ không hợp lệ"))?;
    if let Some((name, code)) = schema.service
        && field(name) != Some(code)
    {
        return Err(Refusal(decided::REFUSED_SERVICE, "Mã dịch vụ không khớp"));
    }
    let mapped = credentials.officer_agencies.get(officer);
    if schema.names_agency && mapped.is_some_and(|all| !agency.is_some_and(|agency| all.contains(agency))) {
        return Err(Refusal(decided::REFUSED_OFFICER_MAPPING, "Cán bộ không thuộc đơn vị"));
    }
    Ok(())
}

fn find(world: &World, id: Option<&str>, cmnd: Option<&str>) -> Option<PersonRef> {
    let by_id = id.map(|id| world.person_ref(id));
    // The late form of twelve digits is the personal id.
    let by_cmnd = cmnd.map(|cmnd| world.person_by_cmnd(cmnd).or_else(|| world.person_ref(cmnd)));
    match (by_id, by_cmnd) {
        (Some(one), Some(other)) if one == other => one,
        (Some(_), Some(_)) | (None, None) => None,
        (one, other) => one.or(other).flatten(),
    }
}

/// The birth date of a request: a year, or a full date.
fn birth_claim<'a>(node: roxmltree::Node<'a, '_>) -> Option<&'a str> {
    let mut children = node.children().filter(roxmltree::Node::is_element);
    let child = children.next()?;
    let text = child.text()?.trim();
    let digits = match child.tag_name().name() {
        "Nam" => 4,
        "NgayThangNam" => 8,
        _ => return None,
    };
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    (fits && children.next().is_none()).then_some(text)
}

fn birth_agrees(person: &Person, claim: &str) -> bool {
    let held = person.birth.compact();
    // Where either side knows only the year, the year decides.
    if held.len() == 4 || claim.len() == 4 { held.get(..4) == claim.get(..4) } else { held == claim }
}
