//! How dates, amounts, areas and the codes of records are written on a
//! Vietnamese form.

use jiff::civil::Date;
use motlan_domain::codes;
use motlan_domain::date::PartialDate;
use motlan_domain::id::ParcelKey;
use motlan_domain::record::{
    CardStatus, CertificateStatus, EncumbranceKind, EnterpriseStatus, LandUse, MaritalStatus, Sex,
};

/// This country, which an address inside it leaves out.
pub(super) const HOME: &str = "Việt Nam";

/// `dd/MM/yyyy`.
pub(crate) fn day(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

/// `dd/MM/yyyy`, `MM/yyyy` or `yyyy`: no more than is known.
pub(super) fn date(date: PartialDate) -> String {
    match (date.month(), date.day()) {
        (Some(month), Some(day)) => format!("{day:02}/{month:02}/{:04}", date.year()),
        (Some(month), None) => format!("{month:02}/{:04}", date.year()),
        _ => format!("{:04}", date.year()),
    }
}

/// An amount of money: `4.450.000.000 đồng`.
pub(super) fn money(amount: &str) -> String {
    grouped(amount).map_or_else(|| amount.to_owned(), |amount| format!("{amount} đồng"))
}

/// An area: `1.234,5 m²`.
pub(super) fn area(square_metres: &str) -> String {
    grouped(square_metres).map_or_else(|| square_metres.to_owned(), |area| format!("{area} m²"))
}

/// A decimal number with points between thousands and a decimal comma; `None`
/// if it is none.
fn grouped(decimal: &str) -> Option<String> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    };
    let mut written = String::with_capacity(whole.len() + whole.len() / 3 + fraction.len() + 1);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            written.push('.');
        }
        written.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        written.push(',');
        written.push_str(fraction);
    }
    Some(written)
}

/// A parcel as papers name it; its commune stands in the address.
pub(super) fn parcel(key: &ParcelKey) -> String {
    format!("thửa đất số {}, tờ bản đồ số {}", key.number(), key.sheet())
}

/// Purposes of use with their areas, where the words are known.
pub(super) fn uses(uses: &[LandUse]) -> Option<String> {
    let one = |land_use: &LandUse| {
        let label = land_use.kind.label.clone()?;
        Some(match land_use.area_m2.as_deref() {
            Some(square_metres) => format!("{label}: {}", area(square_metres)),
            None => label,
        })
    };
    // Half of the purposes would read as all of them.
    let written: Option<Vec<String>> = uses.iter().map(one).collect();
    written.filter(|written| !written.is_empty()).map(|written| written.join("; "))
}

/// A country by code, or as the source names it.
pub(super) fn country(code: &str) -> String {
    codes::country(code).unwrap_or(code).to_owned()
}

pub(super) fn yes_or_no(yes: bool) -> String {
    if yes { "Có" } else { "Không" }.to_owned()
}

pub(super) fn sex(sex: Sex) -> String {
    match sex {
        Sex::Male => "Nam",
        Sex::Female => "Nữ",
        Sex::Other => "Khác",
    }
    .to_owned()
}

pub(super) fn marital_status(status: MaritalStatus) -> String {
    match status {
        MaritalStatus::Single => "Chưa kết hôn",
        MaritalStatus::Married => "Đã kết hôn",
        MaritalStatus::Divorced => "Đã ly hôn",
        MaritalStatus::Widowed => "Góa",
    }
    .to_owned()
}

pub(super) fn enterprise_status(status: EnterpriseStatus) -> String {
    match status {
        EnterpriseStatus::Active => "Đang hoạt động",
        EnterpriseStatus::Suspended => "Tạm ngừng kinh doanh",
        EnterpriseStatus::NotAtAddress => "Không còn hoạt động kinh doanh tại địa chỉ đã đăng ký",
        EnterpriseStatus::RevokedForTax => {
            "Bị thu hồi Giấy chứng nhận đăng ký doanh nghiệp do cưỡng chế về quản lý thuế"
        }
        EnterpriseStatus::Dissolving => "Đang làm thủ tục giải thể, đã bị chia, bị hợp nhất, bị sáp nhập",
        EnterpriseStatus::Bankrupt => "Đang làm thủ tục phá sản",
        EnterpriseStatus::Ceased => "Đã giải thể, phá sản, chấm dứt tồn tại",
    }
    .to_owned()
}

pub(super) fn card_status(status: CardStatus) -> String {
    match status {
        CardStatus::InForce => "Còn giá trị sử dụng",
        CardStatus::Expired => "Hết hạn",
        CardStatus::Revoked => "Bị tạm giữ hoặc thu hồi",
    }
    .to_owned()
}

pub(super) fn certificate_status(status: CertificateStatus) -> String {
    match status {
        CertificateStatus::InForce => "Còn hiệu lực",
        CertificateStatus::Revoked => "Đã thu hồi",
        CertificateStatus::Cancelled => "Đã hủy",
        CertificateStatus::Superseded => "Đã được thay bằng Giấy chứng nhận khác",
    }
    .to_owned()
}

pub(super) fn encumbrance(kind: EncumbranceKind) -> String {
    match kind {
        EncumbranceKind::Mortgage => "Thế chấp",
        EncumbranceKind::Dispute => "Tranh chấp",
        EncumbranceKind::TransferBlock => "Ngăn chặn giao dịch",
        EncumbranceKind::Other => "Biến động khác",
    }
    .to_owned()
}
