//! People: who they are, where they are registered, and their identifiers.

use jiff::civil::Date;

use super::dice::Dice;
use super::names::{Ethnicity, Name};
use super::units::{PROVINCE, Units};

/// Index of a person in [`super::World::people`].
pub type PersonRef = usize;

/// Sex as registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Nam, code 1.
    Male,
    /// Nữ, code 2.
    Female,
}

/// Marital status; the codes are the sandbox's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Marital {
    /// 1, chưa kết hôn.
    Single,
    /// 2, đang có vợ/chồng.
    Married,
    /// 3, đã ly hôn.
    Divorced,
    /// 4, góa.
    Widowed,
}

/// A birth date as the source holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthDate {
    /// Year.
    pub year: i16,
    /// Month and day, absent where only the year is known.
    pub month_day: Option<(i8, i8)>,
}

/// A place as it is registered, with the codes of its time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Province code.
    pub province: String,
    /// District code; absent since 1 July 2025.
    pub district: Option<String>,
    /// Commune code; absent where only the province is known.
    pub commune: Option<String>,
    /// House, street, hamlet.
    pub detail: Option<String>,
}

/// One synthetic person.
#[derive(Debug, Clone)]
pub struct Person {
    /// Personal id in force, 12 digits, prefix 097–099; empty for one who never
    /// got any and is known by the CMND alone.
    pub id: String,
    /// Old nine-digit paper number.
    pub cmnd: Option<String>,
    /// Personal ids that were cancelled in favour of [`Person::id`].
    pub cancelled_ids: Vec<String>,
    /// Birth name.
    pub name: Name,
    /// The source keeps the whole name in `Ten`.
    pub name_unsplit: bool,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub birth: BirthDate,
    /// Ethnic group.
    pub ethnicity: Ethnicity,
    /// Religion code, absent where none is registered.
    pub religion: Option<&'static str>,
    /// Marital status; absent where the source has none.
    pub marital: Option<Marital>,
    /// Blood type, absent for most.
    pub blood: Option<&'static str>,
    /// Place of birth registration, with the codes of its time.
    pub birth_place: Place,
    /// Hometown (*quê quán*).
    pub hometown: Place,
    /// Permanent residence, new codes.
    pub permanent: Place,
    /// Present residence, new codes.
    pub current: Place,
    /// Father.
    pub father: Option<PersonRef>,
    /// Mother.
    pub mother: Option<PersonRef>,
    /// Spouse.
    pub spouse: Option<PersonRef>,
    /// Guardian or representative.
    pub guardian: Option<PersonRef>,
    /// Index of the household.
    pub household: usize,
    /// Day of death.
    pub died: Option<Date>,
}

/// What a new person is to be; the rest is drawn.
pub(crate) struct Draft<'a> {
    pub(crate) sex: Sex,
    pub(crate) age: i16,
    pub(crate) group: Ethnicity,
    pub(crate) family: Option<&'a str>,
    pub(crate) commune: &'a str,
}

const STREETS: &[&str] = &[
    "đường Trần Phú",
    "đường 2 Tháng 4",
    "đường Thống Nhất",
    "đường Lê Hồng Phong",
    "đường Nguyễn Thị Minh Khai",
    "đường Ngô Gia Tự",
    "đường Hùng Vương",
    "đường 16 Tháng 4",
    "đường Trần Quý Cáp",
    "đường Lạc Long Quân",
];
const HAMLETS: &[&str] =
    &["thôn Phú Hội", "thôn Đắc Lộc", "thôn Tân Hiệp", "thôn Xuân Hòa", "thôn Đá Mài", "thôn Liên Sơn"];
const ELSEWHERE: &[&str] = &["52", "54", "51", "49", "01", "79", "40", "68"];

// === impl Sex ===

impl Sex {
    /// Code at population and insurance: 1 or 2.
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Male => Self::Female,
            Self::Female => Self::Male,
        }
    }
}

// === impl Marital ===

impl Marital {
    /// Code at the population registry.
    pub fn code(self) -> &'static str {
        match self {
            Self::Single => "1",
            Self::Married => "2",
            Self::Divorced => "3",
            Self::Widowed => "4",
        }
    }
}

// === impl BirthDate ===

impl BirthDate {
    /// `yyyyMMdd`, or `yyyy` where only the year is known.
    pub fn compact(self) -> String {
        match self.month_day {
            Some((month, day)) => format!("{:04}{month:02}{day:02}", self.year),
            None => format!("{:04}", self.year),
        }
    }

    /// `yyyy-MM-dd`, or `yyyy`.
    pub fn iso(self) -> String {
        match self.month_day {
            Some((month, day)) => format!("{:04}-{month:02}-{day:02}", self.year),
            None => format!("{:04}", self.year),
        }
    }

    /// The first day it can mean.
    pub fn earliest(self) -> Date {
        let (month, day) = self.month_day.unwrap_or((1, 1));
        jiff::civil::date(self.year, month, day)
    }
}

// === impl Person ===

impl Person {
    /// The whole name.
    pub fn full_name(&self) -> String {
        self.name.full()
    }

    /// Completed years on `day`.
    pub fn age_on(&self, day: Date) -> i16 {
        let born = self.birth.earliest();
        let had = (day.month(), day.day()) >= (born.month(), born.day());
        day.year() - born.year() - i16::from(!had)
    }

    /// The personal id in force, if there is one.
    pub fn own_id(&self) -> Option<&str> {
        Some(self.id.as_str()).filter(|id| !id.is_empty())
    }

    /// Every personal id that ever meant this person, the one in force first.
    pub fn all_ids(&self) -> impl Iterator<Item = &str> {
        self.own_id().into_iter().chain(self.cancelled_ids.iter().map(String::as_str))
    }
}

/// Makes people with unique identifiers.
pub(crate) struct PeopleMaker {
    used_ids: std::collections::HashSet<String>,
    as_of: Date,
}

// === impl PeopleMaker ===

impl PeopleMaker {
    pub(crate) fn new(as_of: Date) -> Self {
        Self { used_ids: std::collections::HashSet::new(), as_of }
    }

    /// A personal id for that sex and birth year: prefix 097–099, century and
    /// sex digit, year, serial.
    pub(crate) fn personal_id(&mut self, dice: &mut Dice, sex: Sex, year: i16) -> String {
        let digit = (year / 100 - 19) * 2 + i16::from(sex == Sex::Female);
        loop {
            let prefix = dice.range(97, 99);
            let id = format!("0{prefix}{digit}{:02}{}", year % 100, dice.digits(6));
            if self.used_ids.insert(id.clone()) {
                return id;
            }
        }
    }

    /// A nine-digit CMND of a series that was never issued.
    pub(crate) fn cmnd(&mut self, dice: &mut Dice) -> String {
        loop {
            let number = format!("9{}{}", dice.range(8, 9), dice.digits(7));
            if self.used_ids.insert(number.clone()) {
                return number;
            }
        }
    }

    /// A person as drafted, not yet in a household.
    pub(crate) fn make(&mut self, dice: &mut Dice, units: &Units, draft: &Draft<'_>) -> Person {
        let birth = self.birth_date(dice, draft.age);
        let id = self.personal_id(dice, draft.sex, birth.year);
        // Nine-digit papers were given until 2015, from 14 years of age on.
        let cmnd = (birth.year <= 2001 && dice.chance(80)).then(|| self.cmnd(dice));
        let name = Name::draw(dice, draft.group, draft.sex, draft.family);
        let residence = residence(dice, units, draft.commune);
        let birth_place = birth_place(dice, units, draft.commune, birth);
        let hometown = if dice.chance(25) {
            Place { province: dice.pick(ELSEWHERE).to_owned(), ..Place::default() }
        } else {
            Place { detail: None, ..birth_place.clone() }
        };
        let minority = !matches!(draft.group, Ethnicity::Kinh | Ethnicity::Hoa);
        let religion = match dice.below(10) {
            0 => Some("01"),
            1 => Some("02"),
            2 if draft.group == Ethnicity::Cham => Some("03"),
            _ => None,
        };
        Person {
            id,
            cmnd,
            cancelled_ids: Vec::new(),
            name,
            name_unsplit: minority || dice.chance(10),
            sex: draft.sex,
            birth,
            ethnicity: draft.group,
            religion,
            marital: (draft.age >= 16).then_some(Marital::Single),
            blood: dice.chance(30).then(|| dice.pick(&["A", "B", "AB", "O"])),
            birth_place,
            hometown,
            permanent: residence.clone(),
            current: residence,
            father: None,
            mother: None,
            spouse: None,
            guardian: None,
            household: usize::MAX,
            died: None,
        }
    }

    fn birth_date(&self, dice: &mut Dice, age: i16) -> BirthDate {
        let day = dice.date_in(self.as_of.year() - age);
        // One who has not had this year's birthday yet was born a year earlier.
        let passed = (day.month(), day.day()) <= (self.as_of.month(), self.as_of.day());
        let year = if passed { day.year() } else { day.year() - 1 };
        BirthDate { year, month_day: Some((day.month(), day.day())) }
    }
}

/// A residence in a new commune.
pub(crate) fn residence(dice: &mut Dice, units: &Units, commune: &str) -> Place {
    let urban = units.commune(commune).is_some_and(|unit| unit.name.starts_with("Phường"));
    let detail = if urban {
        format!("Số {}, {}", dice.range(1, 280), dice.pick(STREETS))
    } else {
        format!("Tổ {}, {}", dice.range(1, 12), dice.pick(HAMLETS))
    };
    Place {
        province: PROVINCE.to_owned(),
        district: None,
        commune: Some(commune.to_owned()),
        detail: Some(detail),
    }
}

/// Where a person was registered at birth, with the codes of that time.
fn birth_place(dice: &mut Dice, units: &Units, commune: &str, birth: BirthDate) -> Place {
    let reform = jiff::civil::date(2025, 7, 1);
    if birth.earliest() >= reform {
        return Place {
            province: PROVINCE.to_owned(),
            commune: Some(commune.to_owned()),
            ..Place::default()
        };
    }
    if dice.chance(12) {
        return Place { province: dice.pick(ELSEWHERE).to_owned(), ..Place::default() };
    }
    let Some(new) = units.commune(commune) else { return Place::default() };
    let code = &new.predecessors[dice.index(new.predecessors.len())];
    let Some(old) = units.old_commune(code) else { return Place::default() };
    Place {
        province: old.province.clone(),
        district: Some(old.district.clone()),
        commune: Some(old.code.clone()),
        detail: None,
    }
}
