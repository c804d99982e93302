//! Enterprises, branches and household businesses.

use jiff::Span;
use jiff::civil::{Date, date};

use super::Build;
use super::people::{PersonRef, Place};
use super::units::PROVINCE;

/// Legal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Doanh nghiệp tư nhân.
    Private,
    /// Công ty TNHH một thành viên.
    LimitedOne,
    /// Công ty TNHH hai thành viên trở lên.
    LimitedMore,
    /// Công ty cổ phần.
    JointStock,
    /// Chi nhánh.
    Branch,
    /// Hộ kinh doanh.
    Household,
}

/// State of an enterprise; the codes are the sandbox's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 1, đang hoạt động.
    Active,
    /// 2, tạm ngừng kinh doanh.
    Suspended,
    /// 3, không hoạt động tại địa chỉ đã đăng ký.
    NotAtAddress,
    /// 4, bị thu hồi do cưỡng chế thuế.
    RevokedForTax,
    /// 5, đang làm thủ tục giải thể.
    Dissolving,
    /// 6, phá sản.
    Bankrupt,
    /// 7, chấm dứt tồn tại.
    Ceased,
}

/// A share in an enterprise.
#[derive(Debug, Clone)]
pub struct Share {
    /// The member.
    pub person: PersonRef,
    /// Amount in VND.
    pub amount: u64,
    /// Per cent of the capital.
    pub percent: u8,
}

/// One enterprise, branch or household business.
#[derive(Debug, Clone)]
pub struct Enterprise {
    /// `ENTERPRISE_GDT_CODE`: ten digits, `…-001` for a branch, or the owner's
    /// personal id for a household business founded since 1 July 2025.
    pub code: String,
    /// `IMP_BUSINESS_CODE`, number in the register.
    pub register_number: String,
    /// Legal form.
    pub form: Form,
    /// Name, upper case, as registered.
    pub name: String,
    /// Short name.
    pub short_name: Option<String>,
    /// Name in a foreign language.
    pub foreign_name: Option<String>,
    /// Day of founding.
    pub founded: Date,
    /// Day of the last change.
    pub amended: Date,
    /// Number of changes.
    pub changes: u32,
    /// State.
    pub status: Status,
    /// Day from which it employs nobody any more.
    pub ended: Option<Date>,
    /// Capital in VND.
    pub capital: u64,
    /// Address with the codes of the time of the last change.
    pub address: Place,
    /// Present commune.
    pub commune: String,
    /// Legal representatives and their positions.
    pub representatives: Vec<(PersonRef, &'static str)>,
    /// Members with their shares.
    pub members: Vec<Share>,
    /// Activities: code, name; the first is the main one.
    pub activities: Vec<(&'static str, &'static str)>,
}

const ACTIVITIES: &[(&str, &str)] = &[
    ("0322", "Nuôi trồng thủy sản nội địa"),
    ("1020", "Chế biến, bảo quản thủy sản và các sản phẩm từ thủy sản"),
    ("4101", "Xây dựng nhà để ở"),
    ("4632", "Bán buôn thực phẩm"),
    (
        "4711",
        "Bán lẻ lương thực, thực phẩm, đồ uống, thuốc lá, thuốc lào chiếm tỷ trọng lớn trong các cửa hàng tổng hợp",
    ),
    ("5510", "Dịch vụ lưu trú ngắn ngày"),
    ("5610", "Nhà hàng và các dịch vụ ăn uống phục vụ lưu động"),
    ("6201", "Lập trình máy vi tính"),
    ("7912", "Điều hành tua du lịch"),
    ("0121", "Trồng cây ăn quả"),
];
const WORDS: &[&str] = &[
    "BIỂN XANH",
    "YẾN SÀO NHA TRANG",
    "NHO XANH PHAN RANG",
    "ĐẠI LÃNH",
    "HÒN CHỒNG",
    "THÁP BÀ",
    "CAM LÂM",
    "VÂN PHONG",
    "MUỐI CÀ NÁ",
    "HOA PHƯỢNG",
    "SƠN HẢI",
    "TÂM AN",
    "PHÚ THỊNH",
    "HỒNG ĐỨC",
    "MINH QUÂN",
    "TRẦM HƯƠNG",
    "NAM CƯƠNG",
];

// === impl Form ===

impl Form {
    /// `ENTERPRISE_TYPE_ID` and `ENTERPRISE_TYPE_NAME`.
    pub fn type_of(self) -> (&'static str, &'static str) {
        match self {
            Self::Private => ("1", "Doanh nghiệp tư nhân"),
            Self::LimitedOne => ("2", "Công ty trách nhiệm hữu hạn một thành viên"),
            Self::LimitedMore => ("3", "Công ty trách nhiệm hữu hạn hai thành viên trở lên"),
            Self::JointStock => ("4", "Công ty cổ phần"),
            Self::Branch => ("5", "Chi nhánh"),
            Self::Household => ("6", "Hộ kinh doanh"),
        }
    }
}

// === impl Status ===

impl Status {
    /// `ENTERPRISE_STATUS`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "1",
            Self::Suspended => "2",
            Self::NotAtAddress => "3",
            Self::RevokedForTax => "4",
            Self::Dissolving => "5",
            Self::Bankrupt => "6",
            Self::Ceased => "7",
        }
    }

    /// Whether an enterprise in this state has stopped employing people.
    fn ends(self) -> bool {
        matches!(self, Self::RevokedForTax | Self::Bankrupt | Self::Ceased)
    }
}

/// The check digit of nine digits, or `None` where none exists.
pub fn check_digit(nine: &str) -> Option<char> {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let sum: u32 = nine.chars().zip(WEIGHTS).filter_map(|(c, w)| Some(c.to_digit(10)? * w)).sum();
    match sum % 11 {
        0 => None,
        rest => char::from_digit(10 - rest, 10),
    }
}

// === impl Build ===

impl Build {
    /// At least 100 enterprises, represented by people of the world.
    pub(crate) fn found_enterprises(&mut self) {
        let adults: Vec<PersonRef> = (0..self.world.people.len())
            .filter(|person| {
                let person = &self.world.people[*person];
                (30..=68).contains(&person.age_on(self.world.as_of)) && person.died.is_none()
            })
            .collect();
        let count = (self.world.people.len() / 10).max(110);
        for turn in 0..count {
            let owner = adults[self.dice.index(adults.len())];
            let form = match turn % 10 {
                0 => Form::Private,
                1..=3 => Form::LimitedOne,
                4 | 5 => Form::LimitedMore,
                6 => Form::JointStock,
                _ => Form::Household,
            };
            let status = match self.dice.below(20) {
                0 => Status::Suspended,
                1 => Status::Ceased,
                2 => Status::NotAtAddress,
                _ => Status::Active,
            };
            let partners: Vec<PersonRef> = match form {
                Form::LimitedMore | Form::JointStock => {
                    let mut all = vec![owner];
                    while all.len() < 3 {
                        let next = adults[self.dice.index(adults.len())];
                        if !all.contains(&next) {
                            all.push(next);
                        }
                    }
                    all
                }
                _ => vec![owner],
            };
            self.found(form, status, &partners);
        }
        // A branch of the first company that can have one.
        if let Some(parent) = self.world.enterprises.iter().position(|e| e.form == Form::JointStock) {
            self.open_branch(parent);
        }
    }

    /// Founds one enterprise; the first partner represents it.
    pub(crate) fn found(&mut self, form: Form, status: Status, partners: &[PersonRef]) -> usize {
        let as_of = self.world.as_of;
        let owner = partners[0];
        let owner_birth = self.world.people[owner].birth.year;
        let latest = i64::from(as_of.year()) - 2;
        let first = i64::from(owner_birth + 22).clamp(2000, latest - 2);
        let year = self.dice.range(first, latest);
        let founded = self.dice.date_in(i16::try_from(year).unwrap_or(2020));
        let late_change = self.dice.chance(40);
        let amended = if late_change {
            as_of.saturating_sub(Span::new().days(80))
        } else {
            founded.saturating_add(Span::new().days(200))
        };
        let ended = status.ends().then(|| amended.max(founded));
        let commune = self.world.people[owner].permanent.commune.clone().unwrap_or_default();
        let detail = self.world.people[owner].permanent.detail.clone();
        let address = if amended >= date(2025, 7, 1) {
            Place { province: PROVINCE.to_owned(), district: None, commune: Some(commune.clone()), detail }
        } else {
            let old = self.world.units.predecessor(&commune);
            old.map_or_else(Place::default, |old| Place {
                province: old.province.clone(),
                district: Some(old.district.clone()),
                commune: Some(old.code.clone()),
                detail,
            })
        };
        let code = self.enterprise_code(&address.province);
        let number = self.world.enterprises.len() + 1;
        let word = self.dice.pick(WORDS);
        let main = self.dice.pick(ACTIVITIES);
        let name = match form {
            Form::Private => format!("DOANH NGHIỆP TƯ NHÂN {word} {number}"),
            Form::LimitedOne => format!("CÔNG TY TNHH MTV {word} {number}"),
            Form::LimitedMore => format!("CÔNG TY TNHH {word} {number}"),
            Form::JointStock => format!("CÔNG TY CỔ PHẦN {word} {number}"),
            Form::Branch => format!("CHI NHÁNH {word} {number}"),
            Form::Household => {
                format!("HỘ KINH DOANH {}", self.world.people[owner].full_name().to_uppercase())
            }
        };
        let capital = u64::try_from(self.dice.range(2, 400)).unwrap_or(2) * 50_000_000;
        let position = match form {
            Form::Private => "Chủ doanh nghiệp",
            Form::Household => "Chủ hộ kinh doanh",
            Form::JointStock => "Tổng giám đốc",
            _ => "Giám đốc",
        };
        let parts = u64::try_from(partners.len()).unwrap_or(1);
        let members = partners.iter().enumerate().map(|(turn, person)| {
            // The first partner takes what an equal split leaves over.
            let percent = if turn == 0 { 100 - (100 / parts) * (parts - 1) } else { 100 / parts };
            Share {
                person: *person,
                amount: capital / 100 * percent,
                percent: u8::try_from(percent).unwrap_or(0),
            }
        });
        let second = self.dice.pick(ACTIVITIES);
        let activities = if second == main { vec![main] } else { vec![main, second] };
        let register_number = match form {
            Form::Household => format!("56A8{number:06}"),
            _ => code.clone(),
        };
        self.world.enterprises.push(Enterprise {
            register_number,
            short_name: (form != Form::Household).then(|| format!("{word} {number}")),
            foreign_name: (form == Form::JointStock).then(|| format!("SANDBOX {number} JOINT STOCK COMPANY")),
            founded,
            amended,
            changes: u32::from(late_change) * 2,
            status,
            ended,
            capital,
            address,
            commune,
            representatives: vec![(owner, position)],
            members: members.collect(),
            activities,
            code,
            form,
            name,
        });
        self.world.enterprises.len() - 1
    }

    fn open_branch(&mut self, parent: usize) {
        let mut branch = self.world.enterprises[parent].clone();
        branch.code = format!("{}-001", branch.code);
        branch.register_number.clone_from(&branch.code);
        branch.form = Form::Branch;
        branch.name = format!("CHI NHÁNH {}", branch.name);
        branch.short_name = None;
        branch.foreign_name = None;
        branch.members = Vec::new();
        self.world.enterprises.push(branch);
    }

    /// A ten-digit code of the owner's tax area, of a series not in use.
    pub(crate) fn enterprise_code(&mut self, province: &str) -> String {
        let area = if province == "58" { "45" } else { "42" };
        loop {
            let nine = format!("{area}9{}", self.dice.digits(6));
            let Some(check) = check_digit(&nine) else { continue };
            let code = format!("{nine}{check}");
            if self.used_codes.insert(code.clone()) {
                return code;
            }
        }
    }
}
