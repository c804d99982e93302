//! Names as they are borne in Khánh Hòa: Kinh, Hoa, Chăm, Raglai and Ê Đê.

use super::dice::Dice;
use super::people::Sex;

/// An ethnic group, with its two-digit code of the shared catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ethnicity {
    /// Kinh, 01.
    #[default]
    Kinh,
    /// Hoa, 04.
    Hoa,
    /// Ê Đê, 12.
    Ede,
    /// Chăm, 17.
    Cham,
    /// Raglai, 21.
    Raglai,
}

/// A full name in the parts a registry splits it into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// Family name (*họ*); may be two words, empty where a name has none.
    pub family: String,
    /// Middle name (*chữ đệm*); may be empty.
    pub middle: String,
    /// Given name (*tên*).
    pub given: String,
}

const KINH: &[&str] = &[
    "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê", "Lê", "Phạm", "Huỳnh", "Phan", "Võ",
    "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Đoàn", "Trương", "Mai", "Đinh", "Lương", "Hà", "Cao",
    "Tô", "Châu",
];
const HOA: &[&str] = &["Lâm", "Quách", "Mạch", "Tăng", "Lý", "Trần", "Phùng", "Thái"];
const CHAM: &[&str] =
    &["Bá", "Đàng", "Hứa", "Kiều", "Lưu", "Thập", "Từ", "Thành", "Trượng", "Vạn", "Quảng", "Châu"];
const RAGLAI: &[&str] =
    &["Pi Năng", "Chamaléa", "Katơr", "Cao", "Mấu", "Bo Bo", "Pupur", "Tro", "Tà Yên", "Pinăng"];
const EDE: &[&str] = &["Niê", "Ksơr", "Kbuôr", "Mlô", "Ayŭn", "Byă", "Êban", "Kđoh"];

const MIDDLE_M: &[&str] =
    &["Văn", "Văn", "Hữu", "Đức", "Quốc", "Minh", "Công", "Thanh", "Xuân", "Ngọc", "Gia", "Hoàng", ""];
const MIDDLE_F: &[&str] =
    &["Thị", "Thị", "Thị", "Ngọc", "Thị Kim", "Thị Thu", "Thị Mỹ", "Bảo", "Thị Thanh", "Diệu", "Hoàng", ""];
const GIVEN_M: &[&str] = &[
    "An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hòa", "Hùng", "Khánh", "Khôi", "Lộc", "Long", "Minh",
    "Nam", "Nghĩa", "Phúc", "Quang", "Quý", "Sơn", "Tài", "Thắng", "Thịnh", "Tiến", "Toàn", "Trung", "Tuấn",
    "Vinh", "Vũ", "Ý", "Thủy",
];
const GIVEN_F: &[&str] = &[
    "Anh",
    "Ánh",
    "Chi",
    "Cúc",
    "Dung",
    "Duyên",
    "Giang",
    "Hà",
    "Hạnh",
    "Hiền",
    "Hoa",
    "Hương",
    "Lan",
    "Liên",
    "Linh",
    "Loan",
    "Ly",
    "Mai",
    "My",
    "Nga",
    "Ngân",
    "Nhung",
    "Oanh",
    "Phượng",
    "Quỳnh",
    "Thảo",
    "Thúy",
    "Trang",
    "Tuyết",
    "Uyên",
    "Vy",
    "Xuân",
    "Yến",
    "Đào",
];
const RAGLAI_M: &[&str] = &["Tiến", "Thịnh", "Là Phép", "Hà Huy", "Quốc Dũng", "Sanh", "Dành", "Điệp", "Y"];
const RAGLAI_F: &[&str] =
    &["Thị Hương", "Thị Sính", "Thị Ngọc", "Xuân Diệp", "Thị Lan", "Thị Mĩ Nương", "Thị Đào"];
const CHAM_M: &[&str] =
    &["Năng Quạ", "Văn Thịnh", "Minh Tuấn", "Ngọc Sang", "Quang Huy", "Trung Hiếu", "Xuân Phú"];
const CHAM_F: &[&str] = &["Thị Mỹ Lệ", "Thị Sa", "Nữ Minh Thư", "Thị Kim Phượng", "Ngọc Hân", "Thị Thu Hà"];
const EDE_M: &[&str] = &["Phôn", "Bhiu", "Thịnh", "Khoan", "Sương", "Wang", "Djuang"];
const EDE_F: &[&str] = &["Hen", "Mai", "Liễu", "Bliă", "Nguyệt", "Jưm", "Zina"];

// === impl Ethnicity ===

impl Ethnicity {
    /// Two-digit code of the shared catalogue.
    pub fn code(self) -> &'static str {
        match self {
            Self::Kinh => "01",
            Self::Hoa => "04",
            Self::Ede => "12",
            Self::Cham => "17",
            Self::Raglai => "21",
        }
    }

    /// Whether children carry their mother's family name, as among the
    /// matrilineal Raglai and Ê Đê.
    pub(crate) fn matrilineal(self) -> bool {
        matches!(self, Self::Raglai | Self::Ede)
    }

    /// A group, more often a minority one where the commune is one of theirs.
    pub(crate) fn draw(dice: &mut Dice, commune_name: &str) -> Self {
        let local = if commune_name.contains("Khánh Sơn") || commune_name.contains("Bác Ái") {
            Some(Self::Raglai)
        } else if commune_name.contains("Khánh Vĩnh") {
            Some(if dice.chance(60) { Self::Raglai } else { Self::Ede })
        } else if commune_name.contains("Phước") || commune_name.contains("Thuận") {
            Some(Self::Cham)
        } else {
            None
        };
        match local {
            Some(group) if dice.chance(75) => group,
            _ if dice.chance(3) => Self::Hoa,
            _ => Self::Kinh,
        }
    }
}

// === impl Name ===

impl Name {
    /// A name from its three parts.
    pub(crate) fn new(family: &str, middle: &str, given: &str) -> Self {
        Self { family: family.to_owned(), middle: middle.to_owned(), given: given.to_owned() }
    }

    /// The name as it is written, parts joined by one space.
    pub fn full(&self) -> String {
        let parts = [self.family.as_str(), self.middle.as_str(), self.given.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// A new name of that group, with the family name given or drawn.
    pub(crate) fn draw(dice: &mut Dice, group: Ethnicity, sex: Sex, family: Option<&str>) -> Self {
        let male = sex == Sex::Male;
        let pool = match group {
            Ethnicity::Kinh => KINH,
            Ethnicity::Hoa => HOA,
            Ethnicity::Cham => CHAM,
            Ethnicity::Raglai => RAGLAI,
            Ethnicity::Ede => EDE,
        };
        let family = family.map_or_else(|| dice.pick(pool).to_owned(), str::to_owned);
        match group {
            Ethnicity::Kinh | Ethnicity::Hoa => {
                let middle = dice.pick(if male { MIDDLE_M } else { MIDDLE_F });
                let given = dice.pick(if male { GIVEN_M } else { GIVEN_F });
                Self::new(&family, middle, given)
            }
            Ethnicity::Cham => Self::split(&family, dice.pick(if male { CHAM_M } else { CHAM_F })),
            Ethnicity::Raglai => Self::split(&family, dice.pick(if male { RAGLAI_M } else { RAGLAI_F })),
            // Ê Đê: the sex mark, the given name, then the family name.
            Ethnicity::Ede if male => Self::new("Y", dice.pick(EDE_M), &family),
            Ethnicity::Ede => Self::new("", &format!("H'{}", dice.pick(EDE_F)), &family),
        }
    }

    /// The part of this name that children take over.
    pub(crate) fn inherited(&self, group: Ethnicity) -> &str {
        if group == Ethnicity::Ede { &self.given } else { &self.family }
    }

    fn split(family: &str, rest: &str) -> Self {
        match rest.rsplit_once(' ') {
            Some((middle, given)) => Self::new(family, middle, given),
            None => Self::new(family, "", rest),
        }
    }
}
