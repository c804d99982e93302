//! What the sandbox had to invent, in one place.
//!
//! Public sources describe the envelopes of the registries but leave many
//! details open. Everything below is this project's own decision; a real route
//! may differ, and then the adapter's mapping changes, not the gateway.
//!
//! # Population (XML, `POST`, `application/xml`, HTTP 200 also for refusals)
//! | path | request root (namespace) | answer |
//! |---|---|---|
//! | [`population::LOOKUP_PATH`] | `TraCuuThongTinCongDan` ([`population::NS_REQUEST`]) | `CongdanCollection` ([`population::NS_ANSWER`]) |
//! | [`population::VERIFY_PATH`] | `XacThucThongTinCongDanRequest` ([`population::NS_REQUEST`]) | `KetQuaXacThucResponse{TonTai}` ([`population::NS_ANSWER`]) |
//! | [`population::HOUSEHOLD_PATH`] | `CungCapThongTinHoGiaDinh` ([`population::NS_REQUEST`]) | `CongdanCollection`, every `CongDan` with `ChuHo` |
//! | [`population::RELATIVES_PATH`] | `XacMinhThongTinNhanThanRequest` ([`population::NS_RELATIVES`]) | `CongdanCollection` ([`population::NS_RELATIVES`]) with `SoCongDan`, `GhiChu`, `ThoiDiemDuLieu` |
//! | [`population::MARITAL_PATH`] | `XacMinhTinhTrangHonNhanRequest` ([`population::NS_RELATIVES`]) | `KetQuaXacMinh{TonTai, TinhTrangHonNhan?, VoChong?, ThoiDiemDuLieu}` |
//! | [`population::DEATH_PATH`] | `XacMinhTinhTrangChetMatTichRequest` ([`population::NS_RELATIVES`]) | `KetQuaXacMinh{TonTai, TinhTrang?, Ngay?, ThoiDiemDuLieu}` |
//!
//! Further decisions:
//! - `SoCMND` stands directly after `SoDinhDanh`; either may be empty or left
//!   out, not both. In 033 likewise.
//! - Household requests carry `MaTichHop` = 037 like the lookup.
//! - A person known under a cancelled id answers to both ids; the answer holds
//!   the id in force in `SoDinhDanh` and each cancelled one in a
//!   `SoDinhDanhDaHuy` directly after `SoCMND`.
//! - One who never got a personal id has no `SoDinhDanh` anywhere, only `SoCMND`.
//!   A `SoCMND` of twelve digits is the personal id.
//! - A missing datum is an absent element, never an empty one.
//! - `GioiTinh` 1 male, 2 female. `TinhTrangHonNhan` 1 never married, 2 married,
//!   3 divorced, 4 widowed. `DanToc` and `TonGiao` are the two-digit codes of
//!   the shared catalogue; `NhomMau` is `A`, `B`, `AB`, `O`; `QuocTich` is `VN`.
//! - `QuanHe` is text ([`relation`]).
//! - `NgayThangNamSinh` of an answer holds `Nam` or `NgayThangNam` like that of a
//!   request. Where the source knows the year alone, a full date of that year in a
//!   request agrees.
//! - `XacMinh…` requests: `MaYeuCau, MaDVC, MaCanBo, MaDonVi, SoDinhDanh, SoCMND,
//!   HoVaTen`. Relatives are `CongDan{QuanHe, SoDinhDanh, HoVaTen,
//!   NgayThangNamSinh, GioiTinh}` with `QuanHe` `Cha`, `Mẹ`, `Vợ/Chồng` or `Con`.
//! - `TinhTrang` 0 alive, 1 deceased, 2 declared missing; `Ngay` is yyyyMMdd.
//! - Refusals beyond the published ones: [`population::REFUSED_SCHEMA`],
//!   [`population::REFUSED_REPLAY`].
//!
//! # Business (JSON, `GET`, Bearer)
//! `Status` 1 = the question was understood; then `DataCount` 1 with `Data`, or
//! `DataCount` 0 with `Data` null for "not found". `Status` 0 = refused, the
//! reason in `Message`. A household business founded from 1 July 2025 on has its
//! owner's personal id as `ENTERPRISE_GDT_CODE`; older ones keep ten digits.
//! An address last amended before 1 July 2025 carries old codes with a district,
//! later ones the new codes with `DistrictID` and `DistrictName` null.
//! `Representatives[{NAME, POSITION, PERSONAL_ID}]`; `tinhTrangHoSo` answers
//! `Data{IN_JOURNAL_NO, ENTERPRISE_GDT_CODE, STATUS, RECEIVED_DATE, PROCESS_NAME}`.
//!
//! # Insurance (JSON, `POST`, Bearer)
//! Objects and lists stand bare. "Not found" is HTTP 200 with
//! [`NOT_FOUND_JSON`]; an insured person without history has the list `[]`.
//! A refused body is HTTP 400 with `{maLoi, moTa}`. Codes and dates are JSON
//! strings, amounts are JSON numbers, a missing datum is `null`. A person's answer
//! echoes `maSoBhxh`; `ngaySinh` has eight digits always, `loaiNgaySinh` says
//! which of them mean something. `getTraCuuThongTinHgd` adds `maHo`, `diaChi` and
//! `thanhVien[]` (a person's fields and `quanHe`); `getMaSoBhxhTheoTieuChi`
//! (`hoTen` and `ngaySinh` mandatory, `gioiTinh`, `maTinhKs`, `maHuyenKs`,
//! `maXaKs` narrow) answers a list of persons. `quaTrinhDong`: `maDonVi` is the
//! employer's enterprise code, null for voluntary participation; `loai` is
//! `BHXH bắt buộc`, `BHXH tự nguyện` or `BHTN`. `trangThai` of a person:
//! 1 contributing, 2 reserved, 3 pension or lump sum drawn, 4 deceased,
//! 5 health insurance only. `trangThai` of a card: 1 in force, 0 not.
//!
//! # Land (JSON, `POST`, Bearer)
//! `/vbdlis/giayChungNhan` → `{GiayChungNhan, ThuaDat[], ChuSuDung[], bienDong[]}`;
//! `/vbdlis/theoChu` → a list of that object;
//! `/vbdlis/thuaDat` → `{ThuaDat, GiayChungNhan[], bienDong[]}`. Inside a
//! `ThuaDat`: `MucDichSuDung[]`, `NguonGocSuDungDat[]`. An entry of `ChuSuDung`
//! holds exactly one of `CaNhan`, `VoChong{Chong, Vo}`, `HoGiaDinh{ChuHo,
//! ThanhVien[]}`, `ToChuc`, and `tyLe` (`"1/2"`) where shares are recorded.
//! A person is `{hoTen, ngaySinh, gioiTinh, soDinhDanh, GiayToTuyThan[{loaiGiayTo,
//! soGiayTo, daDinhDanh, trangThaiXacThuc, hinhThucXacThuc}]}`; `ngaySinh` is
//! yyyyMMdd or yyyy. `ToChuc` has `{tenToChuc, maDoanhNghiep, maSoThue}`. Areas are
//! JSON numbers in square metres; sheet and parcel numbers are strings (and may be
//! sent as either); days are yyyyMMdd. A serial is found with or without its space.
//! Not found and refused as for insurance; an owner without land has `[]`.

/// Body that means "no such record" at the insurance and land registries, with HTTP 200.
pub const NOT_FOUND_JSON: &str = r#"{"maLoi":"KHONG_TIM_THAY","moTa":"Không tìm thấy dữ liệu"}"#;

/// Header in which a caller may hand over the dossier code (as X-Road defines it).
pub const DOSSIER_HEADER: &str = "x-road-issue";

/// Header in which a caller of the JSON registries may name the officer (as X-Road defines it).
pub const OFFICER_HEADER: &str = "x-road-userid";

/// Path of the OAuth2 token endpoint of the business, insurance and land registries.
pub const TOKEN_PATH: &str = "/token";

/// Lifetime of an access token in seconds, until the control server changes it.
pub const TOKEN_LIFETIME_S: i64 = 3600;

/// Greatest request body a registry reads, in bytes.
pub const REQUEST_LIMIT: usize = 64 * 1024;

/// Decisions for the population registry.
pub mod population {
    /// Lookup, service 037.
    pub const LOOKUP_PATH: &str = "/dancuquocgia/TraCuuThongTinCongDan";
    /// Yes/no verification, service 033.
    pub const VERIFY_PATH: &str = "/dancuquocgia/XacThucThongTinCongDan";
    /// Household of a person.
    pub const HOUSEHOLD_PATH: &str = "/dancuquocgia/CungCapThongTinHoGiaDinh";
    /// Relatives of a person.
    pub const RELATIVES_PATH: &str = "/dancuquocgia/XacMinhThongTinNhanThan";
    /// Marital status of a person.
    pub const MARITAL_PATH: &str = "/dancuquocgia/XacMinhTinhTrangHonNhan";
    /// Death or declared absence of a person.
    pub const DEATH_PATH: &str = "/dancuquocgia/XacMinhTinhTrangChetMatTich";

    /// Namespace of lookup, household and verification requests.
    pub const NS_REQUEST: &str = "http://dancuquocgia.bca";
    /// Namespace of their answers.
    pub const NS_ANSWER: &str = "http://www.mic.gov.vn/dancu/1.0";
    /// Namespace of the `XacMinh…` requests and of their answers.
    pub const NS_RELATIVES: &str = "http://gtel.vn/qldc";

    /// `MaTichHop` of lookup and household.
    pub const SERVICE_LOOKUP: &str = "037";
    /// `MaDichVu` of verification.
    pub const SERVICE_VERIFY: &str = "033";

    /// Greatest distance of `Timestamp` from the registry's clock, in milliseconds.
    pub const TIMESTAMP_WINDOW_MS: i64 = 5 * 60 * 1000;

    /// No `MaDVC`.
    pub const REFUSED_NO_UNIT: &str = "001";
    /// Agency (`MaDonVi`) missing or unknown.
    pub const REFUSED_AGENCY: &str = "002";
    /// Officer (`MaCanBo`) missing or unknown.
    pub const REFUSED_OFFICER: &str = "003";
    /// Service code does not belong to the operation.
    pub const REFUSED_SERVICE: &str = "004";
    /// Officer is not mapped to the agency.
    pub const REFUSED_OFFICER_MAPPING: &str = "005";
    /// Timestamp missing or outside the window.
    pub const REFUSED_TIMESTAMP: &str = "010";
    /// Signature, client or key not accepted.
    pub const REFUSED_SIGNATURE: &str = "011";
    /// Quota used up.
    pub const REFUSED_QUOTA: &str = "020";
    /// Request does not fit the schema (invented).
    pub const REFUSED_SCHEMA: &str = "030";
    /// `MaYeuCau` was used before (invented).
    pub const REFUSED_REPLAY: &str = "031";
}

/// Decisions for the business registry.
pub mod business {
    /// Enterprise by code.
    pub const DETAIL_PATH: &str = "/apiCSDLDKDN/1.0/chiTietDoanhNghiep";
    /// State of a registration dossier.
    pub const JOURNAL_PATH: &str = "/apiCSDLDKDN/1.0/tinhTrangHoSo";
}

/// Decisions for the insurance registry.
pub mod insurance {
    /// Identity by insurance number.
    pub const IDENTITY_PATH: &str = "/apiBHXH/getTraCuuTtHgdByMaSoBhxh";
    /// Insurance number by name, birth date and place.
    pub const SEARCH_PATH: &str = "/apiBHXH/getMaSoBhxhTheoTieuChi";
    /// Household by insurance number.
    pub const HOUSEHOLD_PATH: &str = "/apiBHXH/getTraCuuThongTinHgd";
    /// Contribution history.
    pub const HISTORY_PATH: &str = "/apiBHXH/quaTrinhDong";
    /// Health card.
    pub const CARD_PATH: &str = "/apiBHXH/theBHYT";
}

/// Decisions for the land registry.
pub mod land {
    /// Certificate by serial.
    pub const CERTIFICATE_PATH: &str = "/vbdlis/giayChungNhan";
    /// Parcel by commune, sheet and number.
    pub const PARCEL_PATH: &str = "/vbdlis/thuaDat";
    /// Certificates by owner.
    pub const OWNER_PATH: &str = "/vbdlis/theoChu";

    /// `tinhTrangGiayChungNhan` and `bienDong.trangThai`: in force.
    pub const IN_FORCE: &str = "DANG_HIEU_LUC";
    /// `tinhTrangGiayChungNhan`: revoked.
    pub const REVOKED: &str = "DA_THU_HOI";
    /// `tinhTrangGiayChungNhan`: replaced by a newer one.
    pub const REPLACED: &str = "DA_CAP_DOI";
    /// `bienDong.trangThai`: struck off.
    pub const STRUCK_OFF: &str = "DA_XOA";
    /// `bienDong.loai`: mortgage (thế chấp).
    pub const MORTGAGE: &str = "THE_CHAP";
    /// `bienDong.loai`: dispute (tranh chấp).
    pub const DISPUTE: &str = "TRANH_CHAP";
    /// `bienDong.loai`: transfer block (ngăn chặn giao dịch).
    pub const TRANSFER_BLOCK: &str = "NGAN_CHAN";
}

/// Texts of `QuanHe`: relation to the head of household.
pub mod relation {
    /// The head (chủ hộ).
    pub const HEAD: &str = "Chủ hộ";
    /// Wife.
    pub const WIFE: &str = "Vợ";
    /// Husband.
    pub const HUSBAND: &str = "Chồng";
    /// Child.
    pub const CHILD: &str = "Con";
    /// Father.
    pub const FATHER: &str = "Cha";
    /// Mother.
    pub const MOTHER: &str = "Mẹ";
    /// Grandchild.
    pub const GRANDCHILD: &str = "Cháu";
    /// Daughter-in-law.
    pub const DAUGHTER_IN_LAW: &str = "Con dâu";
    /// Son-in-law.
    pub const SON_IN_LAW: &str = "Con rể";
    /// Brother or sister.
    pub const SIBLING: &str = "Anh, chị, em";
}
