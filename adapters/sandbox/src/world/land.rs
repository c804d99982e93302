//! Land parcels and certificates.

use jiff::civil::{Date, date};

use super::Build;
use super::people::PersonRef;
use crate::decided::land as decided;

/// A parcel (*thửa đất*).
#[derive(Debug, Clone)]
pub struct Parcel {
    /// New commune code.
    pub commune: String,
    /// Map sheet.
    pub sheet: u32,
    /// Number on the sheet.
    pub number: u32,
    /// Twelve-character geohash.
    pub geohash: String,
    /// Measured area in tenths of a square metre.
    pub area: u64,
    /// Legal area in tenths of a square metre.
    pub legal_area: u64,
    /// Sheet and number before the new survey.
    pub old: Option<(u32, u32)>,
    /// Address as written.
    pub address: String,
    /// Purposes: kind, area in tenths of a square metre, term.
    pub purposes: Vec<(&'static str, u64, &'static str)>,
    /// Origin of the use right.
    pub origin: &'static str,
}

/// Who holds a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerKind {
    /// One person.
    Individual(PersonRef),
    /// A married couple, husband first.
    Couple(PersonRef, PersonRef),
    /// A household, by index.
    Household(usize),
    /// An enterprise, by index.
    Organisation(usize),
}

/// One owner of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Who.
    pub kind: OwnerKind,
    /// Numerator and denominator, where shares are recorded.
    pub share: Option<(u8, u8)>,
}

/// A registered change or encumbrance (*biến động*).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `THE_CHAP`, `TRANH_CHAP` or `NGAN_CHAN`.
    pub kind: &'static str,
    /// Day of registration.
    pub on: Date,
    /// Whether it still stands.
    pub in_force: bool,
}

/// A certificate (*Giấy chứng nhận*).
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Serial of the form, e.g. `CS 012345`.
    pub serial: String,
    /// Number in the issue book.
    pub book_number: String,
    /// Day of entry.
    pub book_date: Date,
    /// Number in the book before.
    pub old_book_number: Option<String>,
    /// Parcels, by index.
    pub parcels: Vec<usize>,
    /// Owners.
    pub owners: Vec<Owner>,
    /// Changes, oldest first.
    pub changes: Vec<Change>,
    /// State, see [`crate::decided::land`].
    pub state: &'static str,
    /// Version of the record.
    pub version: u32,
    /// Whether it is the latest for its parcels (`isLastest`).
    pub latest: bool,
    /// Issuing body.
    pub issuer: String,
    /// Signer.
    pub signer: &'static str,
}

/// Form of a serial; it follows from the day of issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SerialForm {
    /// One letter and six or seven digits.
    Old,
    /// Two letters and six digits.
    Six,
    /// Two letters and eight digits, since 1 August 2024.
    Eight,
}

const LETTERS: &[char] = &['A', 'B', 'C', 'D', 'Đ', 'H', 'K', 'M', 'N', 'P', 'S', 'T', 'V'];
const SIGNERS: &[&str] = &["Trần Hòa Nam", "Nguyễn Thị Kim Hiếu", "Lê Đức Vinh"];

// === impl SerialForm ===

impl SerialForm {
    /// The form used on that day.
    pub fn on(day: Date) -> Self {
        if day >= date(2024, 8, 1) {
            Self::Eight
        } else if day >= date(2009, 12, 10) {
            Self::Six
        } else {
            Self::Old
        }
    }
}

/// The geohash of a point, twelve characters.
fn geohash(latitude: f64, longitude: f64) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let (mut lat, mut lon) = ((-90.0, 90.0), (-180.0, 180.0));
    let mut hash = String::new();
    let mut even = true;
    for _ in 0..12 {
        let mut index = 0_usize;
        for _ in 0..5 {
            let (range, value) = if even { (&mut lon, longitude) } else { (&mut lat, latitude) };
            let middle: f64 = f64::midpoint(range.0, range.1);
            index <<= 1;
            if value >= middle {
                index |= 1;
                range.0 = middle;
            } else {
                range.1 = middle;
            }
            even = !even;
        }
        hash.push(char::from(ALPHABET[index]));
    }
    hash
}

// === impl Build ===

impl Build {
    /// Certificates for a part of the households and some enterprises. The
    /// demo families come first and get theirs elsewhere.
    pub(crate) fn grant_land(&mut self) {
        for household in self.demo.len()..self.world.households.len() {
            if !self.dice.chance(55) {
                continue;
            }
            let head = self.world.households[household].head;
            let spouse = self.world.people[head].spouse;
            let kind = match (spouse, self.dice.below(10)) {
                (_, 0) => OwnerKind::Household(household),
                (Some(spouse), 1..=6) => self.couple(head, spouse),
                _ => OwnerKind::Individual(head),
            };
            let day = self.issue_day(head);
            let certificate = self.certificate(vec![Owner { kind, share: None }], day);
            if self.dice.chance(12) {
                let on = day.saturating_add(jiff::Span::new().days(300)).min(self.world.as_of);
                let in_force = self.dice.chance(60);
                self.world.certificates[certificate].changes.push(Change {
                    kind: decided::MORTGAGE,
                    on,
                    in_force,
                });
            }
        }
        for enterprise in 0..self.world.enterprises.len() {
            if self.dice.chance(12) && self.world.enterprises[enterprise].representatives.len() == 1 {
                let day = self.world.enterprises[enterprise].amended;
                let owner = Owner { kind: OwnerKind::Organisation(enterprise), share: None };
                self.certificate(vec![owner], day);
            }
        }
    }

    /// Husband and wife in the order the record wants.
    pub(crate) fn couple(&self, one: PersonRef, other: PersonRef) -> OwnerKind {
        if self.world.people[one].sex == super::people::Sex::Male {
            OwnerKind::Couple(one, other)
        } else {
            OwnerKind::Couple(other, one)
        }
    }

    /// A day on which that person, of age, may have got a certificate.
    pub(crate) fn issue_day(&mut self, owner: PersonRef) -> Date {
        let adult = i64::from(self.world.people[owner].birth.year) + 22;
        let last = i64::from(self.world.as_of.year()) - 1;
        let year = self.dice.range(adult.clamp(1994, last - 1), last);
        self.dice.date_in(i16::try_from(year).unwrap_or(2024))
    }

    /// One certificate over one new parcel in the commune of the first owner.
    pub(crate) fn certificate(&mut self, owners: Vec<Owner>, day: Date) -> usize {
        let commune = match owners.first().map(|owner| &owner.kind) {
            Some(OwnerKind::Individual(person) | OwnerKind::Couple(person, _)) => {
                self.world.people[*person].permanent.commune.clone().unwrap_or_default()
            }
            Some(OwnerKind::Household(household)) => self.world.households[*household].commune.clone(),
            Some(OwnerKind::Organisation(enterprise)) => self.world.enterprises[*enterprise].commune.clone(),
            None => String::new(),
        };
        let parcel = self.parcel(&commune);
        let serial = self.serial(SerialForm::on(day));
        let number = self.world.certificates.len() + 1;
        let since_reform = day >= date(2025, 7, 1);
        let issuer = if since_reform {
            self.world
                .units
                .commune(&commune)
                .map_or_else(String::new, |unit| format!("Ủy ban nhân dân {}", unit.name))
        } else {
            "Sở Tài nguyên và Môi trường tỉnh Khánh Hòa".to_owned()
        };
        self.world.certificates.push(Certificate {
            serial,
            book_number: format!("VP{number:05}"),
            book_date: day,
            old_book_number: (day < date(2009, 12, 10))
                .then(|| format!("{:05} QSDĐ", self.dice.range(1, 99_999))),
            parcels: vec![parcel],
            owners,
            changes: Vec::new(),
            state: decided::IN_FORCE,
            version: 1,
            latest: true,
            issuer,
            signer: self.dice.pick(SIGNERS),
        });
        number - 1
    }

    /// A serial of that form that no other certificate carries.
    pub(crate) fn serial(&mut self, form: SerialForm) -> String {
        loop {
            let letter = |build: &mut Self| LETTERS[build.dice.index(LETTERS.len())];
            let first = letter(self);
            let serial = match form {
                SerialForm::Old => {
                    let digits = if self.dice.chance(50) { 6 } else { 7 };
                    format!("{first} {}", self.dice.digits(digits))
                }
                SerialForm::Six => format!("{first}{} {}", letter(self), self.dice.digits(6)),
                SerialForm::Eight => format!("{first}{} {}", letter(self), self.dice.digits(8)),
            };
            if self.used_codes.insert(serial.clone()) {
                return serial;
            }
        }
    }

    fn parcel(&mut self, commune: &str) -> usize {
        let (sheet, number) = loop {
            let sheet = u32::try_from(self.dice.range(1, 90)).unwrap_or(1);
            let number = u32::try_from(self.dice.range(1, 900)).unwrap_or(1);
            if self.used_codes.insert(format!("{commune}/{sheet}/{number}")) {
                break (sheet, number);
            }
        };
        let point = |low: f64, span: u64, dice: &mut super::dice::Dice| {
            let steps = u32::try_from(dice.below(span)).unwrap_or(0);
            low + f64::from(steps) / 1e6
        };
        let latitude = point(11.35, 1_450_000, &mut self.dice);
        let longitude = point(108.7, 650_000, &mut self.dice);
        let total = u64::try_from(self.dice.range(700, 9_000)).unwrap_or(1_000);
        let home = total.min(3_000);
        let urban = self.world.units.commune(commune).is_some_and(|unit| unit.name.starts_with("Phường"));
        let home_kind = if urban { "ODT" } else { "ONT" };
        let mut purposes = vec![(home_kind, home, "Lâu dài")];
        if total > home {
            purposes.push(("CLN", total - home, "Đến ngày 15/10/2043"));
        }
        let old_name = self.world.units.predecessor(commune).map_or_else(String::new, |old| {
            format!("{}, {}, {}", old.name, old.district_name, old.province_name)
        });
        let resurveyed = self.dice.chance(50);
        self.world.parcels.push(Parcel {
            commune: commune.to_owned(),
            sheet,
            number,
            geohash: geohash(latitude, longitude),
            area: total,
            legal_area: total,
            old: resurveyed.then(|| (sheet % 20 + 1, number % 300 + 1)),
            address: old_name,
            purposes,
            origin: self.dice.pick(&["CNQ-CTT", "DG-CTT", "CNQ-KTT", "NCN-CTT"]),
        });
        self.world.parcels.len() - 1
    }
}
