//! Land, on the record shapes of the VBDLIS land information system.

use serde::{Deserialize, Serialize};

use super::{Coded, Named, record};
use crate::date::PartialDate;
use crate::id::{CertificateSerial, EnterpriseCode, ParcelKey, PersonalId};
use crate::name::PersonName;
use crate::subject::Link;

/// State of a certificate (*tình trạng giấy chứng nhận*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateStatus {
    /// Còn hiệu lực.
    InForce,
    /// Đã thu hồi.
    Revoked,
    /// Đã hủy.
    Cancelled,
    /// Được thay bằng giấy khác.
    Superseded,
}

/// Who can own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OwnerKind {
    /// Cá nhân.
    Individual,
    /// Vợ chồng.
    Couple,
    /// Hộ gia đình.
    Household,
    /// Tổ chức.
    Organisation,
}

/// What burdens the land (*biến động*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EncumbranceKind {
    /// Thế chấp.
    Mortgage,
    /// Tranh chấp.
    Dispute,
    /// Ngăn chặn giao dịch.
    TransferBlock,
    /// Another kind of registered change.
    Other,
}

/// One owner row; a couple is two rows of kind `COUPLE`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Enterprise code of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enterprise_code: Option<EnterpriseCode>,
    /// Name of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<PersonName>,
    /// Kind of owner.
    pub kind: OwnerKind,
    /// Name of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Personal id of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_id: Option<PersonalId>,
    /// Share as written by the source, e.g. `1/2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<String>,
}

/// A registered encumbrance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Encumbrance {
    /// Registered on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<PartialDate>,
    /// Whether it still stands.
    pub in_force: bool,
    /// Its kind.
    pub kind: EncumbranceKind,
}

/// A purpose of use (*mục đích sử dụng đất*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LandUse {
    /// Area in square metres, decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_m2: Option<String>,
    /// Code and label, e.g. `ODT`.
    pub kind: Coded,
    /// Term (*thời hạn sử dụng*), as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
}

/// A parcel as a certificate lists it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ParcelSummary {
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Area in square metres, decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_m2: Option<String>,
    /// Commune, sheet, number.
    pub key: ParcelKey,
    /// Purposes of use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<LandUse>,
}

record! {
    /// A land-use-right certificate.
    Certificate {
        serial: CertificateSerial = "Số phát hành", Land;
        book_number: String = "Số vào sổ cấp Giấy chứng nhận", Land;
        book_date: PartialDate = "Ngày vào sổ", Land;
        old_book_number: String = "Số vào sổ cũ", Land;
        barcode: String = "Mã vạch", Land;
        certificate_id: String = "Mã Giấy chứng nhận", Land;
        qr_code: String = "Mã QR", Land;
        issuer: String = "Cơ quan cấp", Land;
        signer: String = "Người ký", Land;
        status: CertificateStatus = "Tình trạng Giấy chứng nhận", Land;
        version: u32 = "Phiên bản", Land;
        is_latest: bool = "Là phiên bản mới nhất", Land;
        owners: Vec<Owner> = "Người sử dụng đất, chủ sở hữu tài sản gắn liền với đất", Land;
        parcels: Vec<ParcelSummary> = "Các thửa đất", Land;
        encumbrances: Vec<Encumbrance> = "Biến động: thế chấp, tranh chấp, ngăn chặn", Land;
    }
}

record! {
    /// A land parcel.
    Parcel {
        key: ParcelKey = "Xã, tờ bản đồ, số thửa", Land;
        parcel_id: String = "Mã thửa đất", Land;
        area_m2: String = "Diện tích (m²)", Land;
        legal_area_m2: String = "Diện tích pháp lý (m²)", Land;
        old_sheet: String = "Số hiệu tờ bản đồ cũ", Land;
        old_number: String = "Số thứ tự thửa cũ", Land;
        address: String = "Địa chỉ thửa đất", Land;
        uses: Vec<LandUse> = "Mục đích sử dụng đất", Land;
        origin: Coded = "Nguồn gốc sử dụng đất", Land;
        version: u32 = "Phiên bản", Land;
        certificate_serials: Vec<CertificateSerial> = "Số phát hành các Giấy chứng nhận của thửa", Land;
    }
}

// === impl Certificate ===

impl Certificate {
    pub(super) fn named(&self) -> Vec<Named> {
        let ids = self.owners.iter().flatten().filter_map(|owner| owner.personal_id);
        ids.map(|id| Named { id, link: Link::Owner }).collect()
    }

    pub(super) fn without_id(&self) -> usize {
        let people = self.owners.iter().flatten().filter(|owner| owner.kind != OwnerKind::Organisation);
        people.filter(|owner| owner.personal_id.is_none()).count()
    }

    pub(super) fn minimise_named(&mut self, keep: &dyn Fn(&PersonalId) -> bool) {
        for owner in self.owners.iter_mut().flatten() {
            if owner.kind != OwnerKind::Organisation && !owner.personal_id.is_some_and(|id| keep(&id)) {
                owner.full_name = None;
                owner.personal_id = None;
            }
        }
    }
}
