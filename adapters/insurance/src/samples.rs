//! Good answers for the decoders' tests, and ways to spoil them. All
//! identities are synthetic.

use jiff::Timestamp;
use motlan_api::{Decoding, FetchError};
use motlan_domain::id::{IdRules, InsuranceNumber, Synthetic};
use motlan_domain::{Fetched, Outcome, SubjectKey};
use serde_json::{Value, json};

pub(crate) const NUMBER: &str = "9700000001";

pub(crate) fn base() -> Value {
    json!({
        "maSoBhxh": NUMBER, "hoTen": "Nguyễn Văn An", "soSoCu": "4706000001", "ngaySinh": "19600215",
        "loaiNgaySinh": "0", "gioiTinh": "1", "maTinhKs": "56", "maHuyenKs": "568", "maXaKs": "22366",
        "trangThai": "1",
    })
}

pub(crate) fn history() -> Value {
    json!([
        {"tuThang": "201001", "denThang": "201512", "maDonVi": "0100233488", "tenDonVi": "CÔNG TY A",
            "phuongThuc": "Hằng tháng", "mucDong": 4_500_000, "loai": "BHXH bắt buộc"},
        {"tuThang": "201601", "denThang": null, "maDonVi": null, "tenDonVi": "Tham gia tự nguyện",
            "phuongThuc": "3 tháng", "mucDong": "1500000", "loai": "BHXH tự nguyện"},
    ])
}

pub(crate) fn card() -> Value {
    json!({
        "maThe": "DN4569700000001", "mucHuong": "4", "noiKcbBanDau": "Bệnh viện đa khoa", "tuNgay": "20260101",
        "denNgay": "20261231", "ngayDu5Nam": "20300101", "trangThai": "1",
    })
}

pub(crate) fn number() -> InsuranceNumber {
    InsuranceNumber::parse(NUMBER).unwrap()
}

pub(crate) type Decode = fn(&[u8], &[u8], &InsuranceNumber, &Decoding<'_>) -> Result<Fetched, FetchError>;

pub(crate) fn run(decode: Decode, base: &[u8], own: &[u8]) -> Result<Fetched, FetchError> {
    let retrieved_at: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
    let subject = SubjectKey::Insurance(number());
    decode(base, own, &number(), &Decoding { subject: &subject, rules, retrieved_at })
}

pub(crate) fn with(mut document: Value, pointer: &str, value: Value) -> Vec<u8> {
    *document.pointer_mut(pointer).unwrap() = value;
    document.to_string().into_bytes()
}

pub(crate) fn bytes(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

fn pointers(value: &Value, at: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, format!("{at}/{name}"), into));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| pointers(value, format!("{at}/{i}"), into));
        }
        _ => {}
    }
    into.push(at);
}

/// Every datum of both answers is damaged in turn: what comes of it is an
/// error, an incomplete answer, or the very same records.
pub(crate) fn damage(decode: Decode, own: &Value) -> usize {
    let whole = run(decode, &bytes(&base()), &bytes(own)).unwrap();
    assert_eq!(whole.outcome(), Outcome::Found);
    let mut damaged = 0;
    for (document, is_base) in [(base(), true), (own.clone(), false)] {
        let mut all = Vec::new();
        pointers(&document, String::new(), &mut all);
        for pointer in all {
            let instead = [
                json!({"x": 1}),
                json!([1]),
                json!(true),
                json!("\u{7f}~"),
                json!(-7.5),
                json!("x".repeat(3_000)),
            ];
            for value in instead {
                let spoiled = with(document.clone(), &pointer, value);
                let reply = if is_base {
                    run(decode, &spoiled, &bytes(own))
                } else {
                    run(decode, &bytes(&base()), &spoiled)
                };
                if let Ok(fetched) = reply
                    && fetched.outcome() == Outcome::Found
                {
                    assert!(fetched.records == whole.records, "{pointer}");
                }
                damaged += 1;
            }
        }
    }
    damaged
}
