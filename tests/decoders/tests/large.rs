//! Inputs as large as an answer may be, made to cost: none takes longer than
//! its size explains. A decoder runs on a thread that others wait for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "test code")]

use std::fmt::Write as _;
use std::time::Duration;

use motlan_decoders::feed;
use tokio::time::Instant;

/// The most of an answer that is read, unless the operator says otherwise.
const SIZE: usize = 1 << 20;
/// What the largest may take, twice decoded and checked, in a build without
/// optimisation on a machine that does other things as well. What is quadratic
/// takes minutes.
const LONGEST: Duration = Duration::from_secs(10);

const PEOPLE: &str = "xmlns=\"http://www.mic.gov.vn/dancu/1.0\"";
const ID: &str = "097060000001";

/// `head`, then as many pieces as fit, then `tail`.
fn filled(head: &str, mut piece: impl FnMut(usize) -> String, tail: &str) -> Vec<u8> {
    let mut text = String::with_capacity(SIZE);
    text.push_str(head);
    for number in 0.. {
        let next = piece(number);
        if text.len() + next.len() + tail.len() > SIZE {
            break;
        }
        text.push_str(&next);
    }
    text.push_str(tail);
    text.into_bytes()
}

fn citizens() -> Vec<(&'static str, Vec<u8>)> {
    let head = format!("{ID}\n<CongdanCollection {PEOPLE}>");
    let tail = "</CongdanCollection>";
    let one = format!("<CongDan><SoDinhDanh>{ID}</SoDinhDanh><HoVaTen>A B</HoVaTen>");
    let in_one = |piece: &dyn Fn(usize) -> String| {
        filled(&format!("{head}{one}"), piece, &format!("</CongDan>{tail}"))
    };
    let asides = filled(&format!("{ID}\n"), |_| "<!---->".to_owned(), "");
    let asides = String::from_utf8(asides[..SIZE / 2].to_vec()).unwrap();
    // Cut off inside a comment, perhaps: the last whole one ends it.
    let asides = &asides[..asides.rfind("<!---->").unwrap()];
    let mut after_asides = format!("{asides}<CongdanCollection {PEOPLE}>{one}");
    for _ in 0..40_000 {
        after_asides.push_str("<TonGiao/>");
    }
    after_asides.push_str("</CongDan></CongdanCollection>");
    let mut attributes = format!("{ID}\n<CongdanCollection {PEOPLE}");
    let mut namespaces = attributes.clone();
    for number in 0..90_000 {
        let _ = write!(attributes, " a{number}=''");
    }
    for number in 0..20_000 {
        let _ = write!(namespaces, " xmlns:a{number}='{number}'");
    }
    attributes.push_str("/>");
    namespaces.push('>');
    for _ in 0..20_000 {
        namespaces.push_str("<a xmlns='b'/>");
    }
    namespaces.push_str(tail);
    vec![
        (
            "people",
            filled(
                &head,
                |n| {
                    format!(
                        "<CongDan><SoDinhDanh>0970{n:08}</SoDinhDanh><HoVaTen>A</HoVaTen><ChuHo><HoVaTen>A</HoVaTen></ChuHo></CongDan>"
                    )
                },
                tail,
            ),
        ),
        ("empty people", filled(&head, |_| "<CongDan/>".to_owned(), tail)),
        ("elements", in_one(&|_| "<TonGiao/>".to_owned())),
        ("unknown elements", in_one(&|n| format!("<a{n}/>"))),
        ("cancelled ids", in_one(&|n| format!("<SoDinhDanhDaHuy>0970{n:08}</SoDinhDanhDaHuy>"))),
        ("comments", in_one(&|_| "<!---->".to_owned())),
        (
            "pieces of text",
            filled(
                &format!("{head}{one}<TonGiao>"),
                |_| "<![CDATA[x]]>y".to_owned(),
                &format!("</TonGiao></CongDan>{tail}"),
            ),
        ),
        (
            "references",
            filled(
                &format!("{head}{one}<TonGiao>"),
                |_| "&#120;".to_owned(),
                &format!("</TonGiao></CongDan>{tail}"),
            ),
        ),
        (
            "one text",
            filled(
                &format!("{head}{one}<TonGiao>"),
                |_| "x".to_owned(),
                &format!("</TonGiao></CongDan>{tail}"),
            ),
        ),
        ("comments before the root", after_asides.into_bytes()),
        ("attributes", attributes.into_bytes()),
        ("namespaces", namespaces.into_bytes()),
        ("open tags", filled(&head, |_| "<a>".to_owned(), "")),
        ("angles", filled(&head, |_| "<".to_owned(), "")),
    ]
}

fn documents() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("brackets", filled("", |_| "[".to_owned(), "")),
        ("lists", filled("[", |_| "[],".to_owned(), "0]")),
        ("members", filled("{", |n| format!("\"a{n}\":{n},"), "\"z\":0}")),
        ("objects", filled("[", |_| "{\"a\":1},".to_owned(), "{}]")),
        ("one number", filled("", |_| "1".to_owned(), "")),
        ("one text", filled("[\"", |_| "x".to_owned(), "\"]")),
        ("escapes", filled("[\"", |_| "\\u1ea1".to_owned(), "\"]")),
        ("exponents", filled("[", |_| "1e308,".to_owned(), "1]")),
    ]
}

/// Every input, by target.
fn inputs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut inputs = Vec::new();
    for target in ["population_person", "population_household", "population_status", "transport_xml"] {
        inputs.extend(citizens().into_iter().map(|(name, bytes)| (target, name, bytes)));
    }
    for target in ["transport_json", "transport_token", "transport_refusal"] {
        inputs.extend(documents().into_iter().map(|(name, bytes)| (target, name, bytes)));
    }
    let main = "0100109106\n{\"Status\":1,\"DataCount\":1,\"Data\":{\"MainInformation\":{\"ENTERPRISE_GDT_CODE\":\"0100109106\",\"NAME\":\"A\",\"ENTERPRISE_STATUS\":1";
    let activities = format!("{main}}},\"BusinessActivity\":[");
    let legal = format!("{main},\"LEGAL_NAMES\":\"");
    let people = format!("{main}}},\"Representatives\":[");
    inputs.push((
        "business_enterprise",
        "activities",
        filled(&activities, |_| "{\"CODE\":\"1\"},".to_owned(), "{\"CODE\":\"1\"}]}}"),
    ));
    inputs.push((
        "business_enterprise",
        "representatives",
        filled(&people, |n| format!("{{\"NAME\":\"A{n}\"}},"), "{\"NAME\":\"A\"}]}}"),
    ));
    inputs.push(("business_enterprise", "names", filled(&legal, |_| "Ă;".to_owned(), "\"}}}")));
    let base = "{\"hoTen\":\"A B\",\"ngaySinh\":\"19600215\",\"maSoBhxh\":\"9700000001\"}";
    let history = format!("9700000001\n{base}\0[");
    inputs.push((
        "insurance_participation",
        "rows",
        filled(&history, |_| "{\"tuThang\":\"201001\"},".to_owned(), "{\"tuThang\":\"201001\"}]"),
    ));
    inputs.push((
        "insurance_search",
        "numbers",
        filled(
            "A B|1960-02-15\n[",
            |n| format!("{{\"maSoBhxh\":\"97{n:08}\"}},"),
            "{\"maSoBhxh\":\"9700000001\"}]",
        ),
    ));
    let head = "{\"GiayChungNhan\":{\"soPhatHanh\":\"CS 012345\",\"tinhTrangGiayChungNhan\":\"DANG_HIEU_LUC\"},\"ThuaDat\":[],\"bienDong\":[],\"ChuSuDung\":[";
    let household =
        format!("CS012345\n{head}{{\"HoGiaDinh\":{{\"ChuHo\":{{\"hoTen\":\"A B\"}},\"ThanhVien\":[");
    inputs.push((
        "land_certificate",
        "a household",
        filled(
            &household,
            |n| format!("{{\"hoTen\":\"A\",\"soDinhDanh\":\"0970{n:08}\"}},"),
            "{\"hoTen\":\"A\"}]}}]}",
        ),
    ));
    inputs.push((
        "land_certificate",
        "owners",
        filled(
            &format!("CS012345\n{head}"),
            |_| "{\"CaNhan\":{\"hoTen\":\"A\"}},".to_owned(),
            "{\"CaNhan\":{\"hoTen\":\"A\"}}]}",
        ),
    ));
    let own = format!("{head}{{\"CaNhan\":{{\"hoTen\":\"A\",\"soDinhDanh\":\"{ID}\"}}}}]}}");
    inputs.push((
        "land_certificates",
        "certificates",
        filled(&format!("{ID}\n["), |_| format!("{own},"), &format!("{own}]")),
    ));
    let parcel = "22366/12/345\n{\"ThuaDat\":{\"maXa\":\"22366\",\"soHieuToBanDo\":\"12\",\"soThuTuThua\":\"345\",\"dienTich\":1,\"MucDichSuDung\":[";
    let origins = format!("{parcel}],\"NguonGocSuDungDat\":[");
    inputs.push((
        "land_parcel",
        "uses",
        filled(parcel, |_| "{\"loai\":\"ODT\"},".to_owned(), "{\"loai\":\"ODT\"}]},\"GiayChungNhan\":[]}"),
    ));
    inputs.push((
        "land_parcel",
        "origins",
        filled(&origins, |_| "{\"loai\":\"CNQ\"},".to_owned(), "{\"loai\":\"CNQ\"}]},\"GiayChungNhan\":[]}"),
    ));
    inputs
}

#[test]
fn nothing_takes_longer_than_its_size_explains() {
    let mut slow = Vec::new();
    let inputs = inputs();
    assert!(inputs.len() > 80, "{} inputs", inputs.len());
    for (target, name, bytes) in &inputs {
        assert!(bytes.len() <= SIZE + 200_000, "{target}, {name}: {} bytes", bytes.len());
        let begun = Instant::now();
        let verdict = std::panic::catch_unwind(|| feed(target, bytes));
        let verdict = verdict.unwrap_or_else(|_| panic!("{target}, {name}: breaks an invariant"));
        let took = begun.elapsed();
        println!("{took:>12?} {target}, {name}: {verdict:?} of {} bytes", bytes.len());
        if took > LONGEST {
            slow.push(format!("{target}, {name}: {took:?}"));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
