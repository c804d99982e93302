//! Social and health insurance, on the lists of decree 43/2021 art. 6.
//! Identity fields repeat what population holds; their master is population.

use serde::{Deserialize, Serialize};

use super::{Named, Sex, record};
use crate::date::PartialDate;
use crate::id::{HealthCardCode, InsuranceNumber, PersonalId};
use crate::name::PersonName;
use crate::place::Place;
use crate::subject::Link;

/// One stretch of contributions (*quá trình đóng*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contribution {
    /// Employer code at the insurance agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employer_code: Option<String>,
    /// Employer name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employer_name: Option<String>,
    /// First month, `yyyy-MM`.
    pub from: PartialDate,
    /// Compulsory, voluntary, unemployment … as the source names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Salary level contributed on, VND a month, decimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_vnd: Option<String>,
    /// Method of payment (*phương thức đóng*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Last month, `yyyy-MM`; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PartialDate>,
}

/// State of a health card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CardStatus {
    /// Còn giá trị sử dụng.
    InForce,
    /// Hết hạn.
    Expired,
    /// Bị tạm giữ hoặc thu hồi.
    Revoked,
}

record! {
    /// Participation in social insurance.
    Participation {
        insurance_number: InsuranceNumber = "Mã số BHXH", Insurance;
        full_name: PersonName = "Họ và tên", Population;
        birth_date: PartialDate = "Ngày, tháng, năm sinh", Population;
        sex: Sex = "Giới tính", Population;
        personal_id: PersonalId = "Số định danh cá nhân", Population;
        birth_registration: Place = "Nơi đăng ký khai sinh", Population;
        old_book_number: String = "Số sổ BHXH cũ", Insurance;
        status: String = "Trạng thái tham gia", Insurance;
        contributions: Vec<Contribution> = "Quá trình đóng BHXH", Insurance;
    }
}

record! {
    /// A health-insurance card.
    HealthCard {
        card_number: HealthCardCode = "Mã thẻ BHYT", Insurance;
        insurance_number: InsuranceNumber = "Mã số BHXH", Insurance;
        full_name: PersonName = "Họ và tên người tham gia", Population;
        birth_date: PartialDate = "Ngày, tháng, năm sinh", Population;
        benefit_level: String = "Mức hưởng", Insurance;
        first_care_place: String = "Nơi đăng ký khám, chữa bệnh ban đầu", Insurance;
        valid_from: PartialDate = "Giá trị sử dụng từ ngày", Insurance;
        valid_to: PartialDate = "Giá trị sử dụng đến ngày", Insurance;
        five_year_date: PartialDate = "Thời điểm đủ 05 năm liên tục", Insurance;
        status: CardStatus = "Trạng thái thẻ", Insurance;
    }
}

// === impl Participation ===

impl Participation {
    pub(super) fn named(&self) -> Vec<Named> {
        self.personal_id.map(|id| Named { id, link: Link::Holder }).into_iter().collect()
    }
}
