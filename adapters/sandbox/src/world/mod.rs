//! The synthetic world all simulated registries speak about.
//!
//! Pure and deterministic: the same seed, date and size give the same world,
//! byte for byte. Every reference between its parts resolves, so that the
//! registries agree with one another.

mod demo;
mod dice;
mod enterprises;
mod families;
mod insurance;
mod land;
mod names;
mod people;
mod personas;
mod special;
mod units;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

pub use self::enterprises::{Enterprise, Form, Share, Status, check_digit};
pub use self::families::Household;
pub use self::insurance::{Card, Contribution, Insured, Kind, Month};
pub use self::land::{Certificate, Change, Owner, OwnerKind, Parcel, SerialForm};
pub use self::names::{Ethnicity, Name};
pub use self::people::{BirthDate, Marital, Person, PersonRef, Place, Sex};
pub use self::personas::{DemoFamily, FamilyMember, ParcelKey, Personas, TonePair};
pub use self::units::{NewCommune, OldCommune, PROVINCE, Units};

use self::dice::Dice;
use self::people::PeopleMaker;

/// Fewest people a world holds.
pub const MIN_PEOPLE: usize = 1000;

/// The world: ground truth for the registries and for tests.
#[derive(Debug)]
pub struct World {
    /// Seed it grew from.
    pub seed: u64,
    /// The day it describes.
    pub as_of: Date,
    /// Communes before and after the reform.
    pub units: Units,
    /// Everybody.
    pub people: Vec<Person>,
    /// Every household.
    pub households: Vec<Household>,
    /// Every enterprise, branch and household business.
    pub enterprises: Vec<Enterprise>,
    /// Every insured person.
    pub insured: Vec<Insured>,
    /// Every parcel.
    pub parcels: Vec<Parcel>,
    /// Every certificate.
    pub certificates: Vec<Certificate>,
    personas: Personas,
    families: Vec<DemoFamily>,
    officers: Vec<String>,
    index: Index,
}

#[derive(Debug, Default)]
struct Index {
    person: HashMap<String, PersonRef>,
    cmnd: HashMap<String, PersonRef>,
    enterprise: HashMap<String, usize>,
    insured: HashMap<String, usize>,
    insured_of: HashMap<PersonRef, usize>,
    certificate: HashMap<String, usize>,
    parcel: HashMap<(String, u32, u32), usize>,
}

/// A world under construction.
pub(crate) struct Build {
    dice: Dice,
    maker: PeopleMaker,
    used_codes: HashSet<String>,
    demo: Vec<demo::DemoParts>,
    world: World,
}

/// A serial as it is compared: without spaces.
fn serial_key(serial: &str) -> String {
    serial.chars().filter(|c| !c.is_whitespace()).collect()
}

// === impl World ===

impl World {
    /// The world of that seed and day, with at least `people` people
    /// (never fewer than [`MIN_PEOPLE`]). A day before 1 October 2025 is taken
    /// as that one: the world needs the communes of July 2025 to be in use.
    pub fn generate(seed: u64, as_of: Date, people: usize) -> Self {
        let as_of = as_of.max(jiff::civil::date(2025, 10, 1));
        let world = Self {
            seed,
            as_of,
            units: Units::load(),
            people: Vec::new(),
            households: Vec::new(),
            enterprises: Vec::new(),
            insured: Vec::new(),
            parcels: Vec::new(),
            certificates: Vec::new(),
            personas: Personas::default(),
            families: Vec::new(),
            officers: Vec::new(),
            index: Index::default(),
        };
        let build = Build {
            dice: Dice::new(seed),
            maker: PeopleMaker::new(as_of),
            used_codes: HashSet::new(),
            demo: Vec::new(),
            world,
        };
        build.run(people.max(MIN_PEOPLE))
    }

    /// The hard cases, by name.
    pub fn personas(&self) -> &Personas {
        &self.personas
    }

    /// Families fit for every procedure.
    pub fn families(&self) -> &[DemoFamily] {
        &self.families
    }

    /// Personal ids of people who serve as officers; the population registry
    /// accepts them besides those of the credentials.
    pub fn officers(&self) -> &[String] {
        &self.officers
    }

    /// The person who has, or had, that personal id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.person_ref(id).map(|person| &self.people[person])
    }

    /// Index of the person who has, or had, that personal id.
    pub fn person_ref(&self, id: &str) -> Option<PersonRef> {
        self.index.person.get(id).copied()
    }

    /// Index of the person with that nine-digit number.
    pub fn person_by_cmnd(&self, cmnd: &str) -> Option<PersonRef> {
        self.index.cmnd.get(cmnd).copied()
    }

    /// The household of a person.
    pub fn household_of(&self, person: PersonRef) -> Option<&Household> {
        self.households.get(self.people.get(person)?.household)
    }

    /// The enterprise of that code, a branch with or without its hyphen.
    pub fn enterprise(&self, code: &str) -> Option<&Enterprise> {
        self.index.enterprise.get(&code.replace('-', "")).map(|enterprise| &self.enterprises[*enterprise])
    }

    /// The insured person of that number.
    pub fn insured(&self, number: &str) -> Option<&Insured> {
        self.index.insured.get(number).map(|insured| &self.insured[*insured])
    }

    /// The insurance record of a person.
    pub fn insured_of(&self, person: PersonRef) -> Option<&Insured> {
        self.index.insured_of.get(&person).map(|insured| &self.insured[*insured])
    }

    /// The certificate of that serial, with or without its space.
    pub fn certificate(&self, serial: &str) -> Option<&Certificate> {
        self.index.certificate.get(&serial_key(serial)).map(|certificate| &self.certificates[*certificate])
    }

    /// Index of the parcel of that commune, sheet and number.
    pub fn parcel_ref(&self, commune: &str, sheet: u32, number: u32) -> Option<usize> {
        self.index.parcel.get(&(commune.to_owned(), sheet, number)).copied()
    }

    /// Certificates over a parcel, the latest one last.
    pub fn certificates_of_parcel(&self, parcel: usize) -> Vec<&Certificate> {
        let mut found: Vec<_> = self.certificates.iter().filter(|c| c.parcels.contains(&parcel)).collect();
        found.sort_by_key(|certificate| (certificate.latest, certificate.book_date));
        found
    }

    /// Certificates on which a person stands as owner: alone, with the spouse,
    /// or as a member of the owning household.
    pub fn certificates_of_person(&self, person: PersonRef) -> Vec<&Certificate> {
        self.certificates.iter().filter(|certificate| self.owners_of(certificate).contains(&person)).collect()
    }

    /// Certificates of an enterprise.
    pub fn certificates_of_enterprise(&self, code: &str) -> Vec<&Certificate> {
        let Some(index) = self.index.enterprise.get(&code.replace('-', "")) else { return Vec::new() };
        let owns = |owner: &Owner| owner.kind == OwnerKind::Organisation(*index);
        self.certificates.iter().filter(|certificate| certificate.owners.iter().any(owns)).collect()
    }

    /// Every natural person who stands on a certificate as owner.
    pub fn owners_of(&self, certificate: &Certificate) -> Vec<PersonRef> {
        let mut people = Vec::new();
        for owner in &certificate.owners {
            match &owner.kind {
                OwnerKind::Individual(person) => people.push(*person),
                OwnerKind::Couple(husband, wife) => people.extend([*husband, *wife]),
                OwnerKind::Household(household) => {
                    people.extend(self.households[*household].members.iter().map(|(member, _)| *member));
                }
                OwnerKind::Organisation(_) => {}
            }
        }
        people
    }
}

// === impl Build ===

impl Build {
    fn run(mut self, people: usize) -> World {
        self.demo_families();
        let special = self.special_people();
        let ordinary = self.world.households.len();
        self.populate(people);
        self.age_records(ordinary);
        self.choose_officers(ordinary);
        self.found_enterprises();
        self.demo_enterprises();
        self.special_enterprises(ordinary);
        let demo = self.demo_people();
        self.insure_people(&demo);
        self.special_cards(&demo);
        self.grant_land();
        self.demo_land();
        self.special_land(&special, ordinary);
        self.special_unknown();
        self.demo_kin();
        self.index();
        self.finish_families();
        self.world
    }

    fn index(&mut self) {
        let world = &mut self.world;
        let index = &mut world.index;
        for (at, person) in world.people.iter().enumerate() {
            for id in person.all_ids() {
                index.person.insert(id.to_owned(), at);
            }
            if let Some(cmnd) = &person.cmnd {
                index.cmnd.insert(cmnd.clone(), at);
            }
        }
        for (at, enterprise) in world.enterprises.iter().enumerate() {
            index.enterprise.insert(enterprise.code.replace('-', ""), at);
        }
        for (at, insured) in world.insured.iter().enumerate() {
            index.insured.insert(insured.number.clone(), at);
            index.insured_of.insert(insured.person, at);
        }
        for (at, certificate) in world.certificates.iter().enumerate() {
            index.certificate.insert(serial_key(&certificate.serial), at);
        }
        for (at, parcel) in world.parcels.iter().enumerate() {
            index.parcel.insert((parcel.commune.clone(), parcel.sheet, parcel.number), at);
        }
    }
}
