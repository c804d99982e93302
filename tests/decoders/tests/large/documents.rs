//! JSON: documents that cost, and what the registries that speak it may send.

use motlan_decoders::Verdict::{self, Malformed, Partly, Refused, Whole};
use motlan_domain::record::MOST_PEOPLE;

use crate::{ID, Input, SIZE, filled, pieces};

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = Vec::new();
    for (name, bytes, read) in documents() {
        // None of them is a token; a refusal that cannot be read is one without
        // a code of its own.
        for (target, expected) in
            [("transport_json", read), ("transport_token", Malformed), ("transport_refusal", Refused)]
        {
            inputs.push(Input { target, name, bytes: bytes.clone(), expected });
        }
    }
    inputs.extend(envelopes());
    inputs.extend(business());
    inputs.extend(insurance());
    inputs.extend(land());
    inputs
}

fn input(target: &'static str, name: &'static str, expected: Verdict, bytes: Vec<u8>) -> Input {
    Input { target, name, bytes, expected }
}

fn documents() -> Vec<(&'static str, Vec<u8>, Verdict)> {
    vec![
        ("brackets", filled("", |_| "[".to_owned(), ""), Malformed),
        ("lists", filled("[", |_| "[],".to_owned(), "0]"), Whole),
        ("nested lists", filled("[", |_| format!("{}{},", "[".repeat(31), "]".repeat(31)), "0]"), Whole),
        ("members", filled("{", |n| format!("\"a{n}\":{n},"), "\"z\":0}"), Whole),
        ("a member twice", filled("{", |n| format!("\"a{n}\":{n},"), "\"a0\":0}"), Malformed),
        ("objects", filled("[", |_| "{\"a\":1},".to_owned(), "{}]"), Whole),
        ("one number", filled("", |_| "1".to_owned(), ""), Malformed),
        ("one text", filled("[\"", |_| "x".to_owned(), "\"]"), Whole),
        ("escapes", filled("[\"", |_| "\\u1ea1".to_owned(), "\"]"), Whole),
        ("exponents", filled("[", |_| "1e308,".to_owned(), "1]"), Whole),
    ]
}

/// A token and a refusal among much else.
fn envelopes() -> Vec<Input> {
    let token = |length: usize| format!("{{\"access_token\":\"{}\",\"scope\":\"", "t".repeat(length));
    let long = |head: &str| filled(head, |_| "x".to_owned(), "\"}");
    let no_code = filled("{\"moTa\":\"", |_| "x".to_owned(), "\",\"maLoi\":\"A B\"}");
    vec![
        input("transport_token", "a token and a long scope", Whole, long(&token(8 * 1024))),
        input("transport_token", "a token that is too long", Malformed, long(&token(8 * 1024 + 1))),
        input(
            "transport_refusal",
            "a refusal and a long text",
            Refused,
            long("{\"maLoi\":\"TU_CHOI\",\"moTa\":\""),
        ),
        input("transport_refusal", "a long text and a code that is none", Malformed, no_code),
    ]
}

fn business() -> Vec<Input> {
    const TARGET: &str = "business_enterprise";
    let main = "0100109106\n{\"Status\":1,\"DataCount\":1,\"Data\":{\"MainInformation\":{\"ENTERPRISE_GDT_CODE\":\"0100109106\",\"NAME\":\"A\",\"ENTERPRISE_STATUS\":1";
    let rows = |name: &str, most: usize, row: &dyn Fn(usize) -> String| {
        let head = format!("{main}}},\"{name}\":[");
        pieces(&head, most, |n| format!("{},", row(n)), &format!("{}]}}}}", row(0)))
    };
    let any = usize::MAX;
    // As long as a text may be, so that what may be named fills the answer.
    let named = |n: usize| format!("{{\"NAME\":\"A{n}\",\"POSITION\":\"{}\"}}", "x".repeat(2_000));
    let legal = format!("{main},\"LEGAL_NAMES\":\"");
    vec![
        input(TARGET, "activities", Whole, rows("BusinessActivity", any, &|_| "{\"CODE\":\"1\"}".to_owned())),
        input(TARGET, "members", Whole, rows("Member", any, &|n| format!("{{\"MEMBER_NAME\":\"A{n}\"}}"))),
        input(
            TARGET,
            "representatives, as many as may be",
            Whole,
            rows("Representatives", MOST_PEOPLE - 1, &named),
        ),
        input(TARGET, "representatives, too many", Malformed, rows("Representatives", MOST_PEOPLE, &named)),
        input(
            TARGET,
            "representatives, as many as fit",
            Malformed,
            rows("Representatives", any, &|n| format!("{{\"NAME\":\"A{n}\"}}")),
        ),
        // A text of one datum is shorter.
        input(TARGET, "names", Partly, filled(&legal, |_| "Ă;".to_owned(), "\"}}}")),
    ]
}

fn insurance() -> Vec<Input> {
    let base = "{\"hoTen\":\"A B\",\"ngaySinh\":\"19600215\",\"maSoBhxh\":\"9700000001\"}";
    let row = "{\"tuThang\":\"201001\"}";
    let history = format!("9700000001\n{base}\0[");
    let card = "{\"maThe\":\"DN4569700000001\",\"tuNgay\":\"20260101\",\"denNgay\":\"20261231\",\"trangThai\":\"1\",\"noiKcbBanDau\":\"";
    let card = format!("9700000001\n{base}\0{card}");
    let found = |number: &dyn Fn(usize) -> String| {
        filled(
            "A B|1960-02-15\n[",
            |n| format!("{{\"maSoBhxh\":\"{}\"}},", number(n)),
            "{\"maSoBhxh\":\"9700000001\"}]",
        )
    };
    vec![
        input(
            "insurance_participation",
            "rows",
            Whole,
            filled(&history, |_| format!("{row},"), &format!("{row}]")),
        ),
        input("insurance_participation", "no rows", Malformed, filled(&history, |_| "1,".to_owned(), "1]")),
        input("insurance_search", "numbers", Partly, found(&|n| format!("97{n:08}"))),
        input("insurance_search", "the same number", Whole, found(&|_| "9700000001".to_owned())),
        input("insurance_search", "no numbers", Malformed, found(&|_| "A".to_owned())),
        input("insurance_health_card", "a long place", Partly, filled(&card, |_| "x".to_owned(), "\"}")),
        input(
            "insurance_health_card",
            "a place without an end",
            Malformed,
            filled(&card, |_| "x".to_owned(), ""),
        ),
    ]
}

fn land() -> Vec<Input> {
    const TARGET: &str = "land_certificate";
    let head = "{\"GiayChungNhan\":{\"soPhatHanh\":\"CS 012345\",\"tinhTrangGiayChungNhan\":\"DANG_HIEU_LUC\"},\"ThuaDat\":[],\"bienDong\":[],\"ChuSuDung\":[";
    let long = "x".repeat(2_000);
    let member =
        |n: usize| format!("{{\"hoTen\":\"A\",\"soDinhDanh\":\"0970{n:08}\",\"ghiChu\":\"{long}\"}}");
    let household = |most: usize, member: &dyn Fn(usize) -> String| {
        let head = format!("CS012345\n{head}{{\"HoGiaDinh\":{{\"ChuHo\":{},\"ThanhVien\":[", member(0));
        pieces(&head, most, |n| format!("{},", member(n)), &format!("{}]}}}}]}}", member(0)))
    };
    let owners = |most: usize, owner: &dyn Fn(usize) -> String| {
        let row = |n: usize| format!("{{\"CaNhan\":{}}}", owner(n));
        pieces(
            &format!("CS012345\n{head}"),
            most,
            |n| format!("{},", row(n)),
            &format!("{}]}}", row(MOST_PEOPLE)),
        )
    };
    let small = |n: usize| format!("{{\"hoTen\":\"A\",\"soDinhDanh\":\"0970{n:08}\"}}");
    let own = format!("{head}{{\"CaNhan\":{{\"hoTen\":\"A\",\"soDinhDanh\":\"{ID}\"}}}}]}}");
    let unread = format!("{head}true]}}");
    let list = |row: &str| filled(&format!("{ID}\n["), |_| format!("{row},"), &format!("{own}]"));
    let shared = |n: usize| {
        format!(
            "{head}{{\"CaNhan\":{{\"hoTen\":\"A\",\"soDinhDanh\":\"{ID}\"}}}},{{\"CaNhan\":{}}}]}},",
            small(n)
        )
    };
    let parcel = "22366/12/345\n{\"ThuaDat\":{\"maXa\":\"22366\",\"soHieuToBanDo\":\"12\",\"soThuTuThua\":\"345\",\"dienTich\":1,\"MucDichSuDung\":[";
    let origins = format!("{parcel}],\"NguonGocSuDungDat\":[");
    let serials = format!("{parcel}]}},\"GiayChungNhan\":[");
    let any = usize::MAX;
    vec![
        input(TARGET, "a household, as many as may be", Whole, household(MOST_PEOPLE, &member)),
        input(TARGET, "a household, too many", Malformed, household(MOST_PEOPLE + 1, &member)),
        input(TARGET, "a household, as many as fit", Malformed, household(any, &small)),
        input(TARGET, "owners, as many as may be", Whole, owners(MOST_PEOPLE - 1, &member)),
        input(TARGET, "owners, too many", Malformed, owners(MOST_PEOPLE, &member)),
        input(TARGET, "owners without an id", Malformed, owners(any, &|_| "{\"hoTen\":\"A\"}".to_owned())),
        input("land_certificates", "certificates", Whole, list(&own)),
        input("land_certificates", "certificates that nobody owns", Partly, list(&unread)),
        input(
            "land_certificates",
            "certificates owned with others",
            Malformed,
            filled(&format!("{ID}\n["), shared, &format!("{own}]")),
        ),
        input(
            "land_parcel",
            "uses",
            Whole,
            filled(
                parcel,
                |_| "{\"loai\":\"ODT\"},".to_owned(),
                "{\"loai\":\"ODT\"}]},\"GiayChungNhan\":[]}",
            ),
        ),
        input(
            "land_parcel",
            "origins",
            Partly,
            filled(
                &origins,
                |_| "{\"loai\":\"CNQ\"},".to_owned(),
                "{\"loai\":\"CNQ\"}]},\"GiayChungNhan\":[]}",
            ),
        ),
        input(
            "land_parcel",
            "certificates",
            Whole,
            filled(
                &serials,
                |n| format!("{{\"soPhatHanh\":\"CS {n:06}\"}},"),
                "{\"soPhatHanh\":\"CS 000000\"}]}",
            ),
        ),
        input("land_parcel", "no parcel", Malformed, vec![b' '; SIZE / 2]),
    ]
}
