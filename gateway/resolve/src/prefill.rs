//! Values for the blanks of a form, written for a person.
//!
//! A blank names a field and maybe a part of its value; of a list it takes one
//! cell per row. Every field has its own way of being written (`words`), so
//! nothing is guessed from how a text looks: a book number that reads like a
//! month stays what it is. A code whose words nobody knows fills nothing: a
//! form is read by people.

mod words;

use jiff::civil::Date;
use motlan_catalogue::{AdminUnits, RegistryBlank};
use motlan_domain::dataset::FieldSet;
use motlan_domain::date::PartialDate;
use motlan_domain::id::PersonalId;
use motlan_domain::name::PersonName;
use motlan_domain::place::{Place, UnitLevel};
use motlan_domain::record::{
    Certificate, Coded, Contribution, Enterprise, HealthCard, Household, HouseholdMember,
    LegalRepresentative, Owner, Parcel, ParcelSummary, Participation, Person, Relative,
};
use motlan_domain::{Record, SubjectKey};

pub(crate) use words::day as written_day;

/// What a form is written by, beside the record.
pub(crate) struct Book<'a> {
    /// The dated table of administrative units.
    pub(crate) units: &'a AdminUnits,
    /// The day on which the form is written.
    pub(crate) today: Date,
    /// Of the members of a household only the rows of these.
    pub(crate) rows_of: Option<Vec<&'a SubjectKey>>,
}

/// What a record gives for a blank: one cell, or one per row of a table. A cell
/// without a value is empty, so that the columns of a table stay aligned.
pub(crate) fn cells(record: &Record, blank: &RegistryBlank, book: &Book<'_>) -> Vec<String> {
    if record.dataset() != blank.dataset {
        return Vec::new();
    }
    let part = blank.path.first().map_or("", String::as_str);
    let field = blank.field.name();
    let cells = match record {
        Record::Person(person) => vec![of_person(person, field, part, book)],
        Record::Household(household) => of_household(household, field, part, book),
        Record::Enterprise(enterprise) => of_enterprise(enterprise, field, part, book),
        Record::Participation(held) => of_participation(held, field, part, blank.kind.as_deref(), book),
        Record::HealthCard(card) => vec![of_health_card(card, field)],
        Record::Certificate(certificate) => of_certificate(certificate, field, part),
        Record::Parcel(parcel) => of_parcel(parcel, field),
    };
    cells.into_iter().map(Option::unwrap_or_default).collect()
}

/// Of those a record is about the ones whose data a blank tells: of a person's
/// relatives and of a household only whom its cells are about. `None` means
/// everybody: land is its owners', an enterprise its representatives'.
pub(crate) fn told_of(record: &Record, blank: &RegistryBlank, book: &Book<'_>) -> Option<Whose> {
    let mut told = record.clone();
    told.retain(FieldSet::EMPTY.with(blank.field));
    let (own, holder) = match (&mut told, record) {
        (Record::Person(_), Record::Person(person)) => (true, person.personal_id),
        (Record::Household(household), _) => {
            household.members.iter_mut().for_each(|rows| rows.retain(|row| book.wants(&row.person)));
            (household.head.is_none() && household.members.is_none(), None)
        }
        _ => return None,
    };
    let named = told.named().into_iter().map(|named| named.id);
    Some(Whose { own, others: named.chain(holder).collect() })
}

/// Whose data a blank tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whose {
    /// Those of the person who was asked about.
    pub(crate) own: bool,
    /// Of whomever the record names: these.
    pub(crate) others: Vec<PersonalId>,
}

type Cell = Option<String>;

fn of_person(person: &Person, field: &str, part: &str, book: &Book<'_>) -> Cell {
    match field {
        "full_name" => name(person.full_name.as_ref()),
        "birth_date" => date(person.birth_date),
        "sex" => person.sex.map(words::sex),
        "personal_id" => person.personal_id.map(|id| id.expose().to_owned()),
        "cmnd" => person.cmnd.as_ref().map(|id| id.expose().to_owned()),
        "birthplace" => place(person.birthplace.as_ref(), part, book),
        "birth_registration" => place(person.birth_registration.as_ref(), part, book),
        "hometown" => place(person.hometown.as_ref(), part, book),
        "permanent_residence" => place(person.permanent_residence.as_ref(), part, book),
        "temporary_residence" => place(person.temporary_residence.as_ref(), part, book),
        "current_residence" => place(person.current_residence.as_ref(), part, book),
        "ethnicity" => coded(person.ethnicity.as_ref()),
        "religion" => coded(person.religion.as_ref()),
        "nationality" => coded(person.nationality.as_ref()),
        "marital_status" => person.marital_status.map(words::marital_status),
        "blood_type" => person.blood_type.clone(),
        "father" => relative(person.father.as_ref(), part),
        "mother" => relative(person.mother.as_ref(), part),
        "spouse" => relative(person.spouse.as_ref(), part),
        "representative" => relative(person.representative.as_ref(), part),
        "household_head" => relative(person.household_head.as_ref(), part),
        "household_head_relation" => person.household_head_relation.clone(),
        "household_no" => person.household_no.clone(),
        "deceased" => person.deceased.map(words::yes_or_no),
        "missing" => person.missing.map(words::yes_or_no),
        _ => None,
    }
}

fn relative(relative: Option<&Relative>, part: &str) -> Cell {
    let relative = relative?;
    match part {
        "" | "full_name" => name(relative.full_name.as_ref()),
        "personal_id" => relative.personal_id.map(|id| id.expose().to_owned()),
        "cmnd" => relative.cmnd.as_ref().map(|id| id.expose().to_owned()),
        "nationality" => coded(relative.nationality.as_ref()),
        _ => None,
    }
}

fn of_household(household: &Household, field: &str, part: &str, book: &Book<'_>) -> Vec<Cell> {
    match field {
        "household_no" => vec![household.household_no.clone()],
        "head" => vec![relative(household.head.as_ref(), part)],
        "address" => vec![place(household.address.as_ref(), part, book)],
        "members" => {
            let members = household.members.iter().flatten().filter(|row| book.wants(&row.person));
            members.map(|row| of_member(row, part)).collect()
        }
        _ => Vec::new(),
    }
}

fn of_member(member: &HouseholdMember, part: &str) -> Cell {
    match part {
        "birth_date" => date(member.birth_date),
        "sex" => member.sex.map(words::sex),
        "relation_to_head" => member.relation_to_head.clone(),
        part => relative(Some(&member.person), part),
    }
}

fn of_enterprise(enterprise: &Enterprise, field: &str, part: &str, book: &Book<'_>) -> Vec<Cell> {
    let one = match field {
        "code" => enterprise.code.as_ref().map(|code| code.as_str().to_owned()),
        "internal_code" => enterprise.internal_code.clone(),
        "name" => enterprise.name.clone(),
        "short_name" => enterprise.short_name.clone(),
        "foreign_name" => enterprise.foreign_name.clone(),
        "kind" => coded(enterprise.kind.as_ref()),
        "founded_on" => date(enterprise.founded_on),
        "last_amended_on" => date(enterprise.last_amended_on),
        "change_count" => enterprise.change_count.map(|count| count.to_string()),
        "status" => enterprise.status.map(words::enterprise_status),
        "capital_vnd" => enterprise.capital_vnd.as_deref().map(words::money),
        "head_office" => place(enterprise.head_office.as_ref(), part, book),
        "representatives" => {
            return rows(enterprise.representatives.as_ref(), |row| of_representative(row, part));
        }
        "activities" => {
            return rows(enterprise.activities.as_ref(), |row| match part {
                "code" => Some(row.code.clone()),
                "is_main" => Some(words::yes_or_no(row.is_main)),
                _ => row.name.clone(),
            });
        }
        "members" => return rows(enterprise.members.as_ref(), |row| row.name.clone()),
        _ => return Vec::new(),
    };
    vec![one]
}

fn of_representative(representative: &LegalRepresentative, part: &str) -> Cell {
    match part {
        "position" => representative.position.clone(),
        "personal_id" => representative.personal_id.map(|id| id.expose().to_owned()),
        _ => name(representative.full_name.as_ref()),
    }
}

fn of_participation(
    held: &Participation,
    field: &str,
    part: &str,
    kind: Option<&str>,
    book: &Book<'_>,
) -> Vec<Cell> {
    let one = match field {
        "insurance_number" => held.insurance_number.as_ref().map(|number| number.expose().to_owned()),
        "full_name" => name(held.full_name.as_ref()),
        "birth_date" => date(held.birth_date),
        "sex" => held.sex.map(words::sex),
        "personal_id" => held.personal_id.map(|id| id.expose().to_owned()),
        "birth_registration" => place(held.birth_registration.as_ref(), part, book),
        "old_book_number" => held.old_book_number.clone(),
        "status" => held.status.clone(),
        "contributions" => {
            // What is paid for social, health and unemployment insurance stands in
            // one list; a form asks for one of them.
            let counts = |row: &&Contribution| {
                kind.is_none_or(|kind| row.kind.as_ref().is_some_and(|own| own.starts_with(kind)))
            };
            let counted = held.contributions.iter().flatten().filter(counts);
            return counted.map(|row| of_contribution(row, part)).collect();
        }
        _ => return Vec::new(),
    };
    vec![one]
}

fn of_contribution(contribution: &Contribution, part: &str) -> Cell {
    match part {
        "" | "from" => date(Some(contribution.from)),
        "to" => date(contribution.to),
        "employer_code" => contribution.employer_code.clone(),
        "employer_name" => contribution.employer_name.clone(),
        "method" => contribution.method.clone(),
        "level_vnd" => contribution.level_vnd.as_deref().map(words::money),
        "kind" => contribution.kind.clone(),
        _ => None,
    }
}

fn of_health_card(card: &HealthCard, field: &str) -> Cell {
    match field {
        "card_number" => card.card_number.as_ref().map(|code| code.expose().to_owned()),
        "insurance_number" => card.insurance_number.as_ref().map(|number| number.expose().to_owned()),
        "full_name" => name(card.full_name.as_ref()),
        "birth_date" => date(card.birth_date),
        "benefit_level" => card.benefit_level.clone(),
        "first_care_place" => card.first_care_place.clone(),
        "valid_from" => date(card.valid_from),
        "valid_to" => date(card.valid_to),
        "five_year_date" => date(card.five_year_date),
        "status" => card.status.map(words::card_status),
        _ => None,
    }
}

fn of_certificate(certificate: &Certificate, field: &str, part: &str) -> Vec<Cell> {
    let one = match field {
        "serial" => certificate.serial.as_ref().map(motlan_domain::id::CertificateSerial::spaced),
        "book_number" => certificate.book_number.clone(),
        "book_date" => date(certificate.book_date),
        "old_book_number" => certificate.old_book_number.clone(),
        "barcode" => certificate.barcode.clone(),
        "certificate_id" => certificate.certificate_id.clone(),
        "qr_code" => certificate.qr_code.clone(),
        "issuer" => certificate.issuer.clone(),
        "signer" => certificate.signer.clone(),
        "status" => certificate.status.map(words::certificate_status),
        "version" => certificate.version.map(|version| version.to_string()),
        "is_latest" => certificate.is_latest.map(words::yes_or_no),
        "owners" => return rows(certificate.owners.as_ref(), |row| of_owner(row, part)),
        "parcels" => return rows(certificate.parcels.as_ref(), |row| of_parcel_row(row, part)),
        "encumbrances" => {
            return rows(certificate.encumbrances.as_ref(), |row| Some(words::encumbrance(row.kind)));
        }
        _ => return Vec::new(),
    };
    vec![one]
}

fn of_owner(owner: &Owner, part: &str) -> Cell {
    match part {
        "personal_id" => owner.personal_id.map(|id| id.expose().to_owned()),
        "full_name" => name(owner.full_name.as_ref()),
        "organisation" => owner.organisation.clone(),
        "enterprise_code" => owner.enterprise_code.as_ref().map(|code| code.as_str().to_owned()),
        "share" => owner.share.clone(),
        _ => name(owner.full_name.as_ref()).or_else(|| owner.organisation.clone()),
    }
}

fn of_parcel_row(parcel: &ParcelSummary, part: &str) -> Cell {
    match part {
        "area_m2" => parcel.area_m2.as_deref().map(words::area),
        "address" => parcel.address.clone(),
        "uses" => words::uses(&parcel.uses),
        _ => Some(words::parcel(&parcel.key)),
    }
}

fn of_parcel(parcel: &Parcel, field: &str) -> Vec<Cell> {
    let one = match field {
        "key" => parcel.key.as_ref().map(words::parcel),
        "parcel_id" => parcel.parcel_id.clone(),
        "area_m2" => parcel.area_m2.as_deref().map(words::area),
        "legal_area_m2" => parcel.legal_area_m2.as_deref().map(words::area),
        "old_sheet" => parcel.old_sheet.clone(),
        "old_number" => parcel.old_number.clone(),
        "address" => parcel.address.clone(),
        "uses" => parcel.uses.as_deref().and_then(words::uses),
        "origin" => coded(parcel.origin.as_ref()),
        "version" => parcel.version.map(|version| version.to_string()),
        "certificate_serials" => {
            return rows(parcel.certificate_serials.as_ref(), |serial| Some(serial.spaced()));
        }
        _ => return Vec::new(),
    };
    vec![one]
}

fn rows<T>(list: Option<&Vec<T>>, cell: impl Fn(&T) -> Cell) -> Vec<Cell> {
    list.into_iter().flatten().map(cell).collect()
}

fn name(name: Option<&PersonName>) -> Cell {
    name.map(|name| name.expose().to_owned())
}

fn date(date: Option<PartialDate>) -> Cell {
    date.map(words::date)
}

/// The words; a code alone says nothing to whoever signs the form.
fn coded(coded: Option<&Coded>) -> Cell {
    coded?.label.clone()
}

fn place(place: Option<&Place>, part: &str, book: &Book<'_>) -> Cell {
    let place = place?;
    let unit = |code: &Option<String>, level| book.unit(code.as_deref(), level);
    match part {
        "province_code" => unit(&place.province_code, UnitLevel::Province),
        "district_code" => unit(&place.district_code, UnitLevel::District),
        "commune_code" => unit(&place.commune_code, UnitLevel::Commune),
        "detail" => place.detail.clone(),
        "country" => place.country.as_deref().map(words::country),
        _ => Some(book.address(place)).filter(|address| !address.is_empty()),
    }
}

// === impl Book ===

impl Book<'_> {
    /// Whether a person's row is wanted.
    fn wants(&self, person: &Relative) -> bool {
        let is = |key: &&SubjectKey| match key {
            SubjectKey::Person(id) => person.personal_id == Some(*id),
            SubjectKey::Cmnd(id) => person.cmnd.as_ref() == Some(id),
            _ => false,
        };
        self.rows_of.as_ref().is_none_or(|wanted| wanted.iter().any(is))
    }

    /// `detail, commune, district, province`, and the country where it is
    /// another.
    fn address(&self, place: &Place) -> String {
        let country = place.country.as_deref().map(words::country).filter(|name| name != words::HOME);
        let parts = [
            place.detail.clone(),
            self.unit(place.commune_code.as_deref(), UnitLevel::Commune),
            self.unit(place.district_code.as_deref(), UnitLevel::District),
            self.unit(place.province_code.as_deref(), UnitLevel::Province),
            country,
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// A unit by the name of the day; a code that has no meaning on the day is
    /// looked up as of the last day of the old units.
    fn unit(&self, code: Option<&str>, level: UnitLevel) -> Cell {
        let last_day_of_old = Date::constant(2025, 6, 30);
        let code = code?;
        let known = self
            .units
            .unit(code, level, self.today)
            .or_else(|| self.units.unit(code, level, last_day_of_old));
        known.map(|unit| unit.name.clone())
    }
}

#[cfg(test)]
mod tests;
