//! Good answers for the decoders' tests, and ways to spoil them. All
//! identities are synthetic.

use jiff::Timestamp;
use motlan_api::{Decoding, FetchError};
use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::{Fetched, Outcome, SubjectKey};
use serde_json::{Value, json};

pub(crate) const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
pub(crate) const SERIAL: &str = "CS012345";
pub(crate) const HUSBAND: &str = "097060000001";
pub(crate) const WIFE: &str = "098162000002";
pub(crate) const COMPANY: &str = "0100233488";

fn land() -> Value {
    json!({
        "maXa": "22366", "soHieuToBanDo": "12", "soThuTuThua": "345", "maThua": "w6jt9m2x4kqz", "dienTich": 120.5,
        "dienTichPhapLy": 120.0, "soHieuToBanDoCu": "5", "soThuTuThuaCu": "17", "diaChi": "Tổ 3, Phường Nha Trang",
        "version": 1, "MucDichSuDung": [{"loai": "ODT", "dienTich": 120.5, "thoiHanSuDung": "Lâu dài"}],
        "NguonGocSuDungDat": [{"loai": "CNQ-CTT", "dienTich": 120.5}],
    })
}

fn head(serial: &str, latest: bool) -> Value {
    json!({
        "soPhatHanh": serial, "soVaoSo": "VP00123", "ngayVaoSo": "20200115", "soVaoSoCu": "H00001",
        "maVach": "5620200115", "maGiayChungNhan": "GCN-1", "maQRCode": "QR-1", "coQuanCap": "Sở",
        "tenNguoiKy": "Trần Hòa Nam", "tinhTrangGiayChungNhan": "DANG_HIEU_LUC", "version": 2, "isLastest": latest,
    })
}

pub(crate) fn certificate() -> Value {
    json!({
        "GiayChungNhan": head("CS 012345", true),
        "ThuaDat": [land()],
        "ChuSuDung": [{"VoChong": {
            "Chong": {"hoTen": "Nguyễn Văn An", "soDinhDanh": HUSBAND},
            "Vo": {"hoTen": "Lê Thị Bình", "soDinhDanh": WIFE},
        }, "tyLe": "1/1"}],
        "bienDong": [
            {"loai": "THE_CHAP", "ngay": "20240105", "trangThai": "DANG_HIEU_LUC"},
            {"loai": "TRANH_CHAP", "ngay": "20210105", "trangThai": "DA_XOA"},
        ],
    })
}

pub(crate) fn parcel() -> Value {
    json!({
        "ThuaDat": land(),
        "GiayChungNhan": [head("CS 012345", true), head("BK 012344", false)],
        "bienDong": [],
    })
}

pub(crate) type Decode = fn(&[u8], &Decoding<'_>) -> Result<Fetched, FetchError>;

pub(crate) fn about(decode: Decode, subject: &SubjectKey, bytes: &[u8]) -> Result<Fetched, FetchError> {
    let retrieved_at: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
    decode(bytes, &Decoding { subject, rules: RULES, retrieved_at })
}

pub(crate) fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    *document.pointer_mut(pointer).unwrap() = value;
    document
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

/// Every datum is damaged in turn: what comes of it is an error, an incomplete
/// answer, or the very same records.
pub(crate) fn damage(decode: Decode, subject: &SubjectKey, good: &Value) -> usize {
    let whole = about(decode, subject, good.to_string().as_bytes()).unwrap();
    assert_eq!(whole.outcome(), Outcome::Found);
    let mut all = Vec::new();
    pointers(good, String::new(), &mut all);
    let mut damaged = 0;
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
            let spoiled = with(good.clone(), &pointer, value).to_string();
            if let Ok(fetched) = about(decode, subject, spoiled.as_bytes())
                && fetched.outcome() == Outcome::Found
            {
                assert!(fetched.records == whole.records || pointer.ends_with("isLastest"), "{pointer}");
            }
            damaged += 1;
        }
    }
    damaged
}
