//! Population over a real socket: answers, refusals, callers.

use motlan_domain::name::registry_form;
use reqwest::header::{HeaderMap, HeaderValue};

use super::*;
use crate::decided::population as decided;

/// A request under way: everything a test may want to spoil.
struct Ask {
    path: &'static str,
    timestamp: i64,
    headers: HeaderMap,
    body: String,
}

static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

fn number() -> String {
    format!("YC{}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

fn lookup_body(rig: &Rig, root: &str, rest: &str) -> String {
    let officer = &rig.sandbox.world().officers()[0];
    format!(
        "<{root} xmlns=\"http://dancuquocgia.bca\"><MaYeuCau>{}</MaYeuCau><MaDVC>DVC01</MaDVC>\
         <MaTichHop>037</MaTichHop><MaCanBo>{officer}</MaCanBo><MaDonVi>H32.212</MaDonVi>\
         <TaiKhoan>motlan</TaiKhoan><SoDienThoai></SoDienThoai>{rest}</{root}>",
        number()
    )
}

fn ask(rig: &Rig, path: &'static str, body: String) -> Ask {
    use motlan_domain::Clock;
    Ask { path, timestamp: rig.clock.now().as_millisecond(), headers: HeaderMap::new(), body }
}

fn lookup(rig: &Rig, rest: &str) -> Ask {
    ask(rig, decided::LOOKUP_PATH, lookup_body(rig, "TraCuuThongTinCongDan", rest))
}

async fn send(rig: &Rig, ask: Ask) -> String {
    let credentials = &rig.sandbox.credentials().population;
    let url = format!("{}{}", rig.sandbox.endpoints().population, ask.path);
    let timestamp = ask.timestamp.to_string();
    let mut headers = HeaderMap::new();
    let signature = format!("Basic {}", sign(credentials, &url, &timestamp));
    for (name, value) in [
        ("timestamp", timestamp.as_str()),
        ("authorization", &signature),
        ("x-road-client", &credentials.x_road_client),
        ("apikey", &credentials.api_key),
        ("soapaction", "\"\""),
        ("content-type", "application/xml; charset=utf-8"),
    ] {
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    headers.extend(ask.headers);
    let answer = rig.http.post(url).headers(headers).body(ask.body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/xml; charset=utf-8");
    answer.text().await.unwrap()
}

/// Text of the first element of that name.
fn text<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let start = document.find(&format!("<{name}>"))? + name.len() + 2;
    document[start..].split("</").next()
}

fn by_id(id: &str) -> String {
    format!("<SoDinhDanh>{id}</SoDinhDanh>")
}

#[tokio::test]
async fn lookup_finds_people_by_every_number() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let p = world.personas();
    for (rest, id) in [
        (by_id(&p.raglai), &p.raglai),
        (by_id(&p.cancelled_id), &p.successor_id),
        (by_id(&p.successor_id), &p.successor_id),
    ] {
        let answer = send(&rig, lookup(&rig, &rest)).await;
        let document = roxmltree::Document::parse(&answer).unwrap();
        let root = document.root_element();
        assert_eq!(root.tag_name().namespace(), Some("http://www.mic.gov.vn/dancu/1.0"));
        assert_eq!(root.tag_name().name(), "CongdanCollection");
        assert_eq!(text(&answer, "SoDinhDanh"), Some(id.as_str()), "{rest}");
    }
    let elder = send(&rig, lookup(&rig, &format!("<SoDinhDanh/><SoCMND>{}</SoCMND>", p.elder_cmnd))).await;
    assert_eq!(text(&elder, "SoCMND"), Some(p.elder_cmnd.as_str()));
    assert!(elder.contains("<ChuHo>") && !elder.contains("SoDinhDanh"), "known by the CMND alone");
    let late = send(&rig, lookup(&rig, &format!("<SoCMND>{}</SoCMND>", p.hoa))).await;
    assert_eq!(text(&late, "SoDinhDanh"), Some(p.hoa.as_str()), "a CMND of twelve digits is the personal id");
    let old = send(&rig, lookup(&rig, &by_id(&p.successor_id))).await;
    assert_eq!(text(&old, "SoDinhDanhDaHuy"), Some(p.cancelled_id.as_str()));
    let year = send(&rig, lookup(&rig, &by_id(&p.year_only_birth))).await;
    assert!(year.contains("<NgayThangNamSinh><Nam>"), "{year}");
    let missing = send(&rig, lookup(&rig, &by_id(&p.missing_marital_status))).await;
    assert!(!missing.contains("TinhTrangHonNhan"));
    let ede = send(&rig, lookup(&rig, &by_id(&p.ede_woman))).await;
    assert!(ede.contains("<HoVaTen><Ten>H'Hen Niê</Ten></HoVaTen>"), "{ede}");
    let nobody = send(&rig, lookup(&rig, &by_id(&p.unknown_person))).await;
    assert!(nobody.contains("<CongdanCollection") && !nobody.contains("<CongDan>"));
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn name_and_birth_date_must_agree() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let id = &world.personas().tone_pair.first;
    let person = world.person(id).unwrap();
    let name = registry_form(&person.full_name());
    let birth = person.birth.compact();
    let year = &birth[..4];
    let id_part = by_id(id);
    for (rest, found) in [
        (format!("{id_part}<HoVaTen>{name}</HoVaTen>"), true),
        (format!("{id_part}<HoVaTen>{name}X</HoVaTen>"), false),
        (format!("{id_part}<NgayThangNamSinh><NgayThangNam>{birth}</NgayThangNam></NgayThangNamSinh>"), true),
        (format!("{id_part}<NgayThangNamSinh><Nam>{year}</Nam></NgayThangNamSinh>"), true),
        (
            format!("{id_part}<NgayThangNamSinh><NgayThangNam>19000101</NgayThangNam></NgayThangNamSinh>"),
            false,
        ),
        (format!("{id_part}<NgayThangNamSinh><Nam>1900</Nam></NgayThangNamSinh>"), false),
    ] {
        let answer = send(&rig, lookup(&rig, &rest)).await;
        assert_eq!(answer.contains("<CongDan>"), found, "{rest}: {answer}");
    }
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn verification_says_yes_or_no_and_nothing_else() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let id = &world.personas().cham;
    let name = registry_form(&world.person(id).unwrap().full_name());
    let officer = &world.officers()[1];
    for (name, exists) in [(name.as_str(), "true"), ("NGUYENVANA", "false")] {
        let body = format!(
            "<XacThucThongTinCongDanRequest xmlns=\"http://dancuquocgia.bca\"><MaYeuCau>{}</MaYeuCau>\
             <MaDichVu>033</MaDichVu><MaCanBo>{officer}</MaCanBo><SoDinhDanh>{id}</SoDinhDanh><SoCMND/>\
             <HoVaTen>{name}</HoVaTen></XacThucThongTinCongDanRequest>",
            number()
        );
        let answer = send(&rig, ask(&rig, decided::VERIFY_PATH, body)).await;
        assert_eq!(text(&answer, "TonTai"), Some(exists));
        assert!(!answer.contains(id.as_str()));
    }
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn households_relatives_and_states() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let family = &world.families()[0];
    let body = lookup_body(&rig, "CungCapThongTinHoGiaDinh", &by_id(&family.spouse.id));
    let answer = send(&rig, ask(&rig, decided::HOUSEHOLD_PATH, body)).await;
    let applicant = world.person_ref(&family.applicant.id).unwrap();
    let members = world.household_of(applicant).unwrap().members.len();
    assert!(members >= 5);
    assert_eq!(answer.matches("<CongDan>").count(), members);
    assert_eq!(answer.matches("<ChuHo>").count(), members, "every one carries ChuHo");

    let officer = &world.officers()[0];
    let request = |root: &str, id: &str| {
        format!(
            "<{root} xmlns=\"http://gtel.vn/qldc\"><MaYeuCau>{}</MaYeuCau><MaDVC>D</MaDVC><MaCanBo>{officer}</MaCanBo>\
             <MaDonVi>H32</MaDonVi><SoDinhDanh>{id}</SoDinhDanh></{root}>",
            number()
        )
    };
    let body = request("XacMinhThongTinNhanThanRequest", &family.applicant.id);
    let answer = send(&rig, ask(&rig, decided::RELATIVES_PATH, body)).await;
    // Elder, spouse, three children.
    assert_eq!(text(&answer, "SoCongDan"), Some("5"));
    assert_eq!(text(&answer, "ThoiDiemDuLieu"), Some("2026-11-20T22:00:00+07:00"));
    let body = request("XacMinhTinhTrangHonNhanRequest", &family.applicant.id);
    let answer = send(&rig, ask(&rig, decided::MARITAL_PATH, body)).await;
    assert_eq!(text(&answer, "TinhTrangHonNhan"), Some("2"));
    assert_eq!(text(&answer, "SoDinhDanh"), Some(family.spouse.id.as_str()));
    for (id, state) in [(&world.personas().deceased, "1"), (&family.applicant.id, "0")] {
        let body = request("XacMinhTinhTrangChetMatTichRequest", id);
        let answer = send(&rig, ask(&rig, decided::DEATH_PATH, body)).await;
        assert_eq!(text(&answer, "TinhTrang"), Some(state));
    }
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn every_refusal() {
    let mut credentials = Credentials::generate().unwrap();
    let agencies = ["H32.212", "H32.300"].map(str::to_owned);
    credentials.population.agencies = agencies.clone().into();
    credentials.population.officers.insert("099090000001".to_owned());
    let only_second = [agencies[1].clone()].into();
    credentials.population.officer_agencies.insert("099090000001".to_owned(), only_second);
    let rig = Rig::with(credentials).await;
    let world = rig.sandbox.world().clone();
    let officer = world.officers()[0].clone();
    let id = by_id(&world.personas().hoa);
    let good = || lookup(&rig, &id);
    let edit = |from: &str, to: &str| {
        let mut ask = good();
        assert!(ask.body.contains(from), "{from}");
        ask.body = ask.body.replace(from, to);
        ask
    };
    let late = |by: i64| Ask { timestamp: good().timestamp + by, ..good() };
    let header = |name: &'static str, value: &'static str| {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]);
        Ask { headers, ..good() }
    };
    let officer_text = format!("<MaCanBo>{officer}</MaCanBo>");
    let cases = [
        ("", "good", good()),
        ("", "just in time", late(-299_000)),
        ("010", "too old", late(-301_000)),
        ("010", "from the future", late(301_000)),
        ("010", "no number", header("timestamp", "soon")),
        ("011", "wrong signature", header("authorization", "Basic bW90bGFuOjAw")),
        ("011", "no basic", header("authorization", "Bearer x")),
        ("011", "wrong key", header("apikey", "x")),
        ("011", "wrong client", header("x-road-client", "XROADVN/GOV/X/Y")),
        ("030", "SOAPAction", header("soapaction", "urn:x")),
        ("030", "media type", header("content-type", "application/json")),
        ("030", "namespace", edit("http://dancuquocgia.bca", "http://dancuquocgia.bca/")),
        ("030", "root", edit("TraCuuThongTinCongDan", "TraCuu")),
        (
            "030",
            "order",
            edit(
                "<MaDVC>DVC01</MaDVC><MaTichHop>037</MaTichHop>",
                "<MaTichHop>037</MaTichHop><MaDVC>D</MaDVC>",
            ),
        ),
        ("030", "unknown element", edit("</SoDinhDanh>", "</SoDinhDanh><Khac/>")),
        ("030", "twice", edit("<MaDVC>DVC01</MaDVC>", "<MaDVC>D</MaDVC><MaDVC>D</MaDVC>")),
        (
            "030",
            "doctype",
            edit("<TraCuuThongTinCongDan xmlns", "<!DOCTYPE a []><TraCuuThongTinCongDan xmlns"),
        ),
        ("030", "no subject", edit(&id, "")),
        ("030", "birth date", edit(&id, &format!("{id}<NgayThangNamSinh><Nam>90</Nam></NgayThangNamSinh>"))),
        ("001", "no MaDVC", edit("<MaDVC>DVC01</MaDVC>", "<MaDVC></MaDVC>")),
        ("002", "no agency", edit("H32.212", "")),
        ("002", "unknown agency", edit("H32.212", "H99")),
        ("003", "no officer", edit(&officer_text, "")),
        ("003", "unknown officer", edit(&officer, &world.families()[0].applicant.id)),
        ("004", "service", edit("<MaTichHop>037", "<MaTichHop>033")),
        ("005", "officer of another agency", edit(&officer, "099090000001")),
    ];
    for (code, what, ask) in cases {
        let answer = send(&rig, ask).await;
        assert_eq!(text(&answer, "Ma").unwrap_or_default(), code, "{what}: {answer}");
        assert_eq!(answer.contains("<CongDan>"), code.is_empty(), "{what}: a refusal tells nothing");
    }
    let again = good().body;
    let ask = |body: &str| Ask { body: body.to_owned(), ..good() };
    assert!(send(&rig, ask(&again)).await.contains("<CongDan>"));
    assert_eq!(text(&send(&rig, ask(&again)).await, "Ma"), Some("031"), "a number is used once");
    rig.sandbox.fault(Registry::Population, None, Fault::Refuse { code: "020".into() }, Some(1));
    assert_eq!(text(&send(&rig, good()).await, "Ma"), Some("020"));
    let report = rig.sandbox.calls();
    let codes: std::collections::BTreeSet<_> =
        report.calls.iter().filter_map(|c| c.refusal.as_deref()).collect();
    assert_eq!(
        codes.into_iter().collect::<Vec<_>>(),
        ["001", "002", "003", "004", "005", "010", "011", "020", "030", "031"]
    );
    rig.sandbox.stop().await;
}

/// The raw answer of a lookup by personal id, for the fault tests.
pub(super) async fn lookup_answer(rig: &Rig, id: &str) -> String {
    send(rig, lookup(rig, &by_id(id))).await
}
