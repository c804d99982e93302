//! Insurance numbers, contribution histories and health cards.

use jiff::civil::{Date, date};

use super::Build;
use super::enterprises::Form;
use super::names::Ethnicity;
use super::people::{PersonRef, Place};

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Year.
    pub year: i16,
    /// Month, 1–12.
    pub month: i8,
}

/// Kind of participation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// BHXH bắt buộc.
    Compulsory,
    /// BHXH tự nguyện.
    Voluntary,
    /// Bảo hiểm thất nghiệp.
    Unemployment,
}

/// One stretch of contributions, both months included.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// First month.
    pub from: Month,
    /// Last month.
    pub to: Month,
    /// Employer, absent for voluntary participation.
    pub employer: Option<usize>,
    /// Base in VND a month.
    pub base: u64,
    /// Kind.
    pub kind: Kind,
}

/// A health card (*thẻ BHYT*).
#[derive(Debug, Clone)]
pub struct Card {
    /// 15 characters, or the ten digits of the form of 2021.
    pub code: String,
    /// Benefit level 1–5.
    pub benefit: u8,
    /// First-care place: code and name.
    pub first_care: &'static str,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Day from which five years without a gap are reached.
    pub five_years: Option<Date>,
}

/// One insured person.
#[derive(Debug, Clone)]
pub struct Insured {
    /// Ten-digit number (*mã số BHXH*).
    pub number: String,
    /// Number of the old book.
    pub old_book: Option<String>,
    /// Who.
    pub person: PersonRef,
    /// `trangThai`, see [`crate::decided`].
    pub status: u8,
    /// Place of birth registration as insurance holds it.
    pub place: Place,
    /// History, oldest first.
    pub contributions: Vec<Contribution>,
    /// The present card.
    pub card: Option<Card>,
}

const CARE: &[&str] = &[
    "56001 - Bệnh viện Đa khoa tỉnh Khánh Hòa",
    "56017 - Trung tâm Y tế Nha Trang",
    "56009 - Trung tâm Y tế Cam Ranh",
    "56011 - Trung tâm Y tế Ninh Hòa",
    "58001 - Bệnh viện Đa khoa tỉnh Ninh Thuận",
];

// === impl Month ===

impl Month {
    /// `yyyyMM`.
    pub fn compact(self) -> String {
        format!("{:04}{:02}", self.year, self.month)
    }

    /// The first day.
    pub fn first_day(self) -> Date {
        date(self.year, self.month, 1)
    }

    /// That many months later (or earlier).
    pub(crate) fn plus(self, months: i64) -> Self {
        let total = i64::from(self.year) * 12 + i64::from(self.month) - 1 + months;
        let year = i16::try_from(total.div_euclid(12)).unwrap_or(self.year);
        Self { year, month: i8::try_from(total.rem_euclid(12) + 1).unwrap_or(1) }
    }

    /// The month a day falls in.
    pub(crate) fn of(day: Date) -> Self {
        Self { year: day.year(), month: day.month() }
    }
}

// === impl Kind ===

impl Kind {
    /// `loai` and `phuongThuc`.
    pub fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Compulsory => ("BHXH bắt buộc", "Hằng tháng"),
            Self::Voluntary => ("BHXH tự nguyện", "03 tháng một lần"),
            Self::Unemployment => ("BHTN", "Hằng tháng"),
        }
    }
}

// === impl Build ===

impl Build {
    /// Numbers for most people; the members of demo families always have one.
    pub(crate) fn insure_people(&mut self, always: &[PersonRef]) {
        for person in 0..self.world.people.len() {
            if always.contains(&person) || self.dice.chance(88) {
                self.insure(person, always.contains(&person));
            }
        }
    }

    fn insure(&mut self, person: PersonRef, always: bool) {
        let as_of = self.world.as_of;
        let age = self.world.people[person].age_on(as_of);
        let died = self.world.people[person].died;
        let number = loop {
            let number = format!("9{}{}", self.dice.range(8, 9), self.dice.digits(8));
            if self.used_codes.insert(number.clone()) {
                break number;
            }
        };
        let mut contributions = Vec::new();
        // Elders of demo families draw no pension: the social allowance is for those.
        if (19..=80).contains(&age) && (always && age < 70 || !always && self.dice.chance(70)) {
            self.work(person, died.unwrap_or(as_of), &mut contributions);
        }
        let end = contributions.last().map(|last| last.to);
        let present = Month::of(as_of).plus(-3);
        let status = match end {
            _ if died.is_some() => 4,
            None => 5,
            Some(_) if age >= 62 => 3,
            Some(end) if end >= present => 1,
            Some(_) => 2,
        };
        let card =
            (died.is_none() && (always || self.dice.chance(93))).then(|| self.card(person, &number, status));
        let birth_place = self.world.people[person].birth_place.clone();
        self.world.insured.push(Insured {
            old_book: (age >= 45 && !contributions.is_empty())
                .then(|| format!("{}{}", 9, self.dice.digits(9))),
            number,
            person,
            status,
            place: birth_place,
            contributions,
            card,
        });
    }

    fn work(&mut self, person: PersonRef, until: Date, history: &mut Vec<Contribution>) {
        let birth = self.world.people[person].birth;
        let start = i16::try_from(self.dice.range(18, 26)).unwrap_or(20);
        let mut month =
            Month { year: birth.year + start, month: i8::try_from(self.dice.range(1, 12)).unwrap_or(1) };
        let last = Month::of(until).plus(-1).min(Month { year: birth.year + 61, month: 1 });
        month = month.max(Month { year: 2001, month: 1 });
        while month < last {
            let length = self.dice.range(8, 70);
            let to = month.plus(length).min(last);
            let base = u64::try_from(self.dice.range(48, 160)).unwrap_or(50) * 100_000;
            match self.employer(month, to) {
                Some(employer) => {
                    let entry = |kind| Contribution { from: month, to, employer: Some(employer), base, kind };
                    history.push(entry(Kind::Compulsory));
                    // Unemployment insurance exists since January 2009.
                    if month.year >= 2009 {
                        history.push(entry(Kind::Unemployment));
                    }
                }
                None if month.year >= 2008 && self.dice.chance(30) => {
                    history.push(Contribution {
                        from: month,
                        to,
                        employer: None,
                        base: base / 3,
                        kind: Kind::Voluntary,
                    });
                }
                None => {}
            }
            month = to.plus(self.dice.range(1, 9));
        }
    }

    /// An enterprise that existed over the whole stretch.
    fn employer(&mut self, from: Month, to: Month) -> Option<usize> {
        let count = self.world.enterprises.len();
        (0..12).map(|_| self.dice.index(count)).find(|candidate| {
            let employer = &self.world.enterprises[*candidate];
            let open = employer.ended.is_none_or(|ended| Month::of(ended) > to);
            employer.form != Form::Household
                && employer.form != Form::Branch
                && Month::of(employer.founded) < from
                && open
        })
    }

    fn card(&mut self, person: PersonRef, number: &str, status: u8) -> Card {
        let as_of = self.world.as_of;
        let age = self.world.people[person].age_on(as_of);
        let minority = matches!(
            self.world.people[person].ethnicity,
            Ethnicity::Raglai | Ethnicity::Ede | Ethnicity::Cham
        );
        let (object, benefit) = match status {
            _ if age < 6 => ("TE", 1),
            1 => ("DN", 4),
            3 => ("HT", 2),
            _ if minority => ("DT", 2),
            _ if age >= 75 => ("BT", 2),
            _ if age < 23 => ("HS", 4),
            _ => ("GD", 4),
        };
        let code =
            if self.dice.chance(45) { number.to_owned() } else { format!("{object}{benefit}56{number}") };
        let year = as_of.year();
        Card {
            code,
            benefit,
            first_care: self.dice.pick(CARE),
            from: date(year, 1, 1).max(self.world.people[person].birth.earliest()),
            to: date(year, 12, 31),
            five_years: (age >= 8).then(|| self.dice.date_in(year - 1)),
        }
    }
}
