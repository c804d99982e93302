//! Enterprise, on the shape of `chiTietDoanhNghiep`.

use serde::{Deserialize, Serialize};

use super::{Coded, Named, record};
use crate::date::PartialDate;
use crate::id::{EnterpriseCode, PersonalId};
use crate::name::PersonName;
use crate::place::Place;
use crate::subject::Link;

/// Legal status (decree 01/2021 art. 41).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnterpriseStatus {
    /// Đang hoạt động.
    Active,
    /// Tạm ngừng kinh doanh.
    Suspended,
    /// Không còn hoạt động kinh doanh tại địa chỉ đã đăng ký.
    NotAtAddress,
    /// Bị thu hồi giấy chứng nhận do cưỡng chế về quản lý thuế.
    RevokedForTax,
    /// Đang làm thủ tục giải thể, đã bị chia, bị hợp nhất, bị sáp nhập.
    Dissolving,
    /// Đang làm thủ tục phá sản.
    Bankrupt,
    /// Đã giải thể, phá sản, chấm dứt tồn tại.
    Ceased,
}

/// A legal representative (*người đại diện theo pháp luật*).
#[derive(Clone, PartialEq, Eq, Serialize, Default)]
pub struct LegalRepresentative {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<PersonName>,
    /// Personal id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_id: Option<PersonalId>,
    /// Position (*chức danh*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// A line of business (*ngành, nghề kinh doanh*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// VSIC code.
    pub code: String,
    /// Whether it is the main one.
    pub is_main: bool,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A member contributing capital (*thành viên góp vốn*). The source names it
/// without an id, so nobody can be linked by it.
#[derive(Clone, PartialEq, Eq, Serialize, Default)]
pub struct CapitalMember {
    /// Contribution in VND, decimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_vnd: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Name of the person or organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Share in per cent, decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_percent: Option<String>,
}

record! {
    /// An enterprise, branch or household business.
    Enterprise {
        code: EnterpriseCode = "Mã số doanh nghiệp", Business;
        internal_code: String = "Mã số nội bộ", Business;
        name: String = "Tên doanh nghiệp", Business;
        short_name: String = "Tên viết tắt", Business;
        foreign_name: String = "Tên bằng tiếng nước ngoài", Business;
        kind: Coded = "Loại hình doanh nghiệp", Business;
        founded_on: PartialDate = "Ngày thành lập", Business;
        last_amended_on: PartialDate = "Ngày đăng ký thay đổi gần nhất", Business;
        change_count: u32 = "Số lần thay đổi", Business;
        status: EnterpriseStatus = "Tình trạng pháp lý", Business;
        capital_vnd: String = "Vốn điều lệ (đồng)", Business;
        head_office: Place = "Địa chỉ trụ sở chính", Business;
        representatives: Vec<LegalRepresentative> = "Người đại diện theo pháp luật", Business;
        activities: Vec<Activity> = "Ngành, nghề kinh doanh", Business;
        members: Vec<CapitalMember> = "Thành viên góp vốn", Business;
    }
}

// === impl Enterprise ===

impl Enterprise {
    pub(super) fn named(&self) -> Vec<Named> {
        let ids = self.representatives.iter().flatten().filter_map(|r| r.personal_id);
        ids.map(|id| Named { id, link: Link::LegalRepresentative }).collect()
    }

    /// Capital members, who never have an id, may be organisations, and whose
    /// names go in any case, do not count.
    pub(super) fn without_id(&self) -> usize {
        self.representatives.iter().flatten().filter(|row| row.personal_id.is_none()).count()
    }

    /// Representatives' ids are personal data: they go unless the person is in
    /// the dossier. Their names stand in the public register (law on
    /// enterprises art. 32) and stay; capital members' names go, since nothing
    /// ties them to the dossier.
    pub(super) fn minimise_named(&mut self, keep: &dyn Fn(&PersonalId) -> bool) {
        for representative in self.representatives.iter_mut().flatten() {
            if !representative.personal_id.is_some_and(|id| keep(&id)) {
                representative.personal_id = None;
            }
        }
        for member in self.members.iter_mut().flatten() {
            member.name = None;
        }
    }
}
