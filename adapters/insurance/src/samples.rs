//! Good answers for the decoders' tests, and ways to spoil them. All
//! identities are synthetic.

use motlan_api::suite::damage;
use motlan_api::{Decoding, FetchError};
use motlan_domain::id::InsuranceNumber;
use motlan_domain::{Fetched, SubjectKey};
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
    decode(base, own, &number(), &damage::about(&SubjectKey::Insurance(number())))
}

pub(crate) fn with(document: Value, pointer: &str, value: Value) -> Vec<u8> {
    bytes(&damage::with(document, pointer, value))
}

pub(crate) fn bytes(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

/// Every datum of both answers is damaged in turn; how many were.
pub(crate) fn damage(decode: Decode, own: &Value) -> usize {
    let nothing = |_: &str| false;
    let of_base = damage::damage(&base(), |base| run(decode, base, &bytes(own)), nothing);
    let of_own = damage::damage(own, |own| run(decode, &bytes(&base()), own), nothing);
    of_base.unwrap() + of_own.unwrap()
}
