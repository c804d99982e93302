//! Good answers for the decoders' tests, and ways to spoil them. All
//! identities are synthetic.

use jiff::Timestamp;
use motlan_api::{Decoding, FetchError};
use motlan_domain::id::{IdRules, PersonalId, Synthetic};
use motlan_domain::{Fetched, Outcome, SubjectKey};

pub(crate) const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
pub(crate) const HEAD: &str = "097060000001";
pub(crate) const WIFE: &str = "098162000002";

pub(crate) const PERSON: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<CongdanCollection xmlns="http://www.mic.gov.vn/dancu/1.0"><CongDan><SoDinhDanh>097060000001</SoDinhDanh><SoCMND>225000001</SoCMND><SoDinhDanhDaHuy>099060000009</SoDinhDanhDaHuy><HoVaTen><Ho>Nguyễn</Ho><ChuDem>Văn</ChuDem><Ten>An</Ten></HoVaTen><GioiTinh>1</GioiTinh><DanToc>01</DanToc><TonGiao>00</TonGiao><TinhTrangHonNhan>2</TinhTrangHonNhan><NhomMau>AB</NhomMau><NgayThangNamSinh><NgayThangNam>19600215</NgayThangNam></NgayThangNamSinh><QuocTich>VN</QuocTich><NoiDangKyKhaiSinh><MaTinhThanh>56</MaTinhThanh><MaQuanHuyen>568</MaQuanHuyen><MaPhuongXa>22366</MaPhuongXa><QuocGia>VN</QuocGia></NoiDangKyKhaiSinh><QueQuan><MaTinhThanh>56</MaTinhThanh><QuocGia>VN</QuocGia></QueQuan><ThuongTru><MaTinhThanh>56</MaTinhThanh><MaPhuongXa>22366</MaPhuongXa><ChiTiet>12 Trần Phú</ChiTiet><QuocGia>VN</QuocGia></ThuongTru><NoiOHienTai><MaTinhThanh>56</MaTinhThanh><QuocGia>VN</QuocGia></NoiOHienTai><Cha><HoVaTen>Nguyễn Văn Ba</HoVaTen><QuocTich>VN</QuocTich><SoCMND>225000003</SoCMND></Cha><Me><HoVaTen>Trần Thị Tư</HoVaTen><SoDinhDanh>097135000004</SoDinhDanh></Me><VoChong><HoVaTen>Lê Thị Bình</HoVaTen><SoDinhDanh>098162000002</SoDinhDanh></VoChong><ChuHo><QuanHe>Chủ hộ</QuanHe><HoVaTen>Nguyễn Văn An</HoVaTen><SoDinhDanh>097060000001</SoDinhDanh></ChuHo><SoSoHoKhau>560000001</SoSoHoKhau></CongDan></CongdanCollection>"#;

/// A household of two.
pub(crate) fn household() -> String {
    let wife = r"<CongDan><SoDinhDanh>098162000002</SoDinhDanh><HoVaTen><Ten>Lê Thị Bình</Ten></HoVaTen><GioiTinh>2</GioiTinh><NgayThangNamSinh><Nam>1962</Nam></NgayThangNamSinh><ChuHo><QuanHe>Vợ</QuanHe><HoVaTen>Nguyễn Văn An</HoVaTen><SoDinhDanh>097060000001</SoDinhDanh></ChuHo><SoSoHoKhau>560000001</SoSoHoKhau></CongDan></CongdanCollection>";
    PERSON.replace("</CongdanCollection>", wife)
}

pub(crate) type Decode = fn(&[u8], &Decoding<'_>) -> Result<Fetched, FetchError>;

pub(crate) fn person_key(id: &str) -> SubjectKey {
    SubjectKey::Person(PersonalId::parse(id, &RULES).unwrap())
}

pub(crate) fn decode_about(
    decode: Decode,
    subject: &SubjectKey,
    bytes: &[u8],
) -> Result<Fetched, FetchError> {
    let retrieved_at: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
    decode(bytes, &Decoding { subject, rules: RULES, retrieved_at })
}

pub(crate) fn decode_as(decode: Decode, bytes: &[u8]) -> Result<Fetched, FetchError> {
    decode_about(decode, &person_key(HEAD), bytes)
}

/// Every element of the document is damaged in turn: what comes of it is an
/// error, an incomplete answer, or the very same records.
pub(crate) fn damage_every_element(decode: Decode, good: &str) -> usize {
    let whole = decode_as(decode, good.as_bytes()).unwrap();
    assert_eq!(whole.outcome(), Outcome::Found);
    let document = roxmltree::Document::parse(good).unwrap();
    let mut damaged = 0;
    for element in document.root_element().descendants().filter(roxmltree::Node::is_element) {
        let (range, name) = (element.range(), element.tag_name().name());
        for instead in ["<x xmlns=\"\"/>".to_owned(), "\u{7f}~".to_owned(), "x".repeat(3_000)] {
            let open = good[range.clone()].find('>').unwrap() + 1;
            let close = good[range.clone()].rfind("</").unwrap();
            let text = format!("{}{instead}{}", &good[..range.start + open], &good[range.start + close..]);
            if let Ok(fetched) = decode_as(decode, text.as_bytes())
                && fetched.outcome() == Outcome::Found
            {
                assert!(fetched.records == whole.records, "{name} holds {instead:.10}");
            }
            damaged += 1;
        }
        // Twice where once is meant.
        let twice = format!("{}{}{}", &good[..range.end], &good[range.clone()], &good[range.end..]);
        if let Ok(fetched) = decode_as(decode, twice.as_bytes())
            && fetched.outcome() == Outcome::Found
        {
            // A cancelled id may stand there any number of times.
            assert!(fetched.records == whole.records || name == "SoDinhDanhDaHuy", "{name} twice");
        }
        damaged += 1;
    }
    damaged
}
