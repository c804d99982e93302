//! Good answers for the decoders' tests, and ways to spoil them. All
//! identities are synthetic.

use motlan_api::suite::damage;
pub(crate) use motlan_api::suite::damage::{RULES, with};
use motlan_api::{Decoding, FetchError};
use motlan_domain::{Fetched, SubjectKey};
use serde_json::{Value, json};

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
    decode(bytes, &damage::about(subject))
}

/// Every datum is damaged in turn; how many were. Whether a certificate is the
/// latest changes what a parcel lists.
pub(crate) fn damage(decode: Decode, subject: &SubjectKey, good: &Value) -> usize {
    let excused = |pointer: &str| pointer.ends_with("isLastest");
    damage::damage(good, |bytes| about(decode, subject, bytes), excused).unwrap()
}
