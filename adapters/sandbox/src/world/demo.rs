//! Makes the demo families: complete, alive, insured, housed and in business.

use jiff::civil::date;

use super::Build;
use super::enterprises::{Form, Status};
use super::families::{Family, FamilySpec};
use super::land::{Owner, OwnerKind};
use super::names::Ethnicity;
use super::people::{PersonRef, Sex};
use super::personas::{DemoFamily, FamilyMember, ParcelKey};

/// A demo family while the world is made.
pub(crate) struct DemoParts {
    family: Family,
    elder: PersonRef,
    enterprise: usize,
    household_business: usize,
    certificate: usize,
    in_laws: Option<PersonRef>,
    betrothed: Option<(PersonRef, PersonRef)>,
}

/// Commune, group, sex and age of the applicant, age of the elder, whether the
/// elder heads the household.
const FAMILIES: &[(&str, Ethnicity, Sex, i16, i16, bool)] = &[
    ("22366", Ethnicity::Kinh, Sex::Male, 38, 77, false),
    ("22528", Ethnicity::Kinh, Sex::Female, 35, 79, true),
    ("22714", Ethnicity::Raglai, Sex::Female, 41, 78, false),
    ("22870", Ethnicity::Cham, Sex::Male, 44, 81, true),
    ("22759", Ethnicity::Kinh, Sex::Male, 40, 76, true),
    ("22420", Ethnicity::Hoa, Sex::Male, 42, 80, false),
    ("22609", Ethnicity::Ede, Sex::Female, 37, 76, false),
];

// === impl Build ===

impl Build {
    /// The families themselves; first in the world, so that its size and other
    /// contents do not move them.
    pub(crate) fn demo_families(&mut self) {
        for (turn, (commune, group, sex, age, elder_age, elder_heads)) in FAMILIES.iter().enumerate() {
            let elder_is_father = turn % 2 == 0;
            let spec = FamilySpec {
                commune: (*commune).to_owned(),
                group: *group,
                adult: (*sex, *age),
                spouse: Some(age - 2),
                children: vec![(Sex::Female, 3), (Sex::Male, 9), (Sex::Female, 12)],
                father: elder_is_father.then_some(*elder_age),
                mother: (!elder_is_father).then_some(*elder_age),
                parent_heads: *elder_heads,
            };
            let family = self.add_family(&spec);
            let household = family.household;
            let address = self.world.people[family.adult].permanent.clone();
            for (member, _) in self.world.households[household].members.clone() {
                let person = &mut self.world.people[member];
                person.current = address.clone();
                person.religion = None;
            }
            let elder = family.father.or(family.mother).unwrap_or(family.adult);
            let none = usize::MAX;
            self.demo.push(DemoParts {
                family,
                elder,
                enterprise: none,
                household_business: none,
                certificate: none,
                in_laws: None,
                betrothed: None,
            });
        }
    }

    /// Whom a family has elsewhere in its commune: the spouse's parents in their
    /// own house, with a grown child who is to marry somebody living alone. Last
    /// in the world, so that they move nobody else.
    pub(crate) fn demo_kin(&mut self) {
        for (turn, &(commune, group, _, age, ..)) in FAMILIES.iter().enumerate() {
            let family = &self.demo[turn].family;
            let Some(spouse) = family.spouse else { continue };
            let spec = FamilySpec {
                commune: commune.to_owned(),
                group,
                adult: (Sex::Male, age + 25),
                spouse: Some(age + 22),
                children: vec![(Sex::Male, 27)],
                father: None,
                mother: None,
                parent_heads: false,
            };
            let parents = self.add_family(&spec);
            let line = if group.matrilineal() { parents.spouse } else { Some(parents.adult) };
            let name = self.world.people[spouse].name.family.clone();
            for heir in line.into_iter().chain(parents.children.iter().copied()) {
                self.world.people[heir].name.family.clone_from(&name);
            }
            self.world.people[spouse].father = Some(parents.adult);
            self.world.people[spouse].mother = parents.spouse;
            let alone = FamilySpec { adult: (Sex::Female, 26), spouse: None, children: Vec::new(), ..spec };
            let bride = self.add_family(&alone).adult;
            self.demo[turn].in_laws = Some(parents.adult);
            self.demo[turn].betrothed = parents.children.first().map(|groom| (*groom, bride));
        }
    }

    /// Everybody in a demo family.
    pub(crate) fn demo_people(&self) -> Vec<PersonRef> {
        let members = |parts: &DemoParts| self.world.households[parts.family.household].members.clone();
        self.demo.iter().flat_map(members).map(|(person, _)| person).collect()
    }

    /// A company and a household business for every applicant.
    pub(crate) fn demo_enterprises(&mut self) {
        for turn in 0..self.demo.len() {
            let applicant = self.demo[turn].family.adult;
            self.demo[turn].enterprise = self.found(Form::LimitedOne, Status::Active, &[applicant]);
            self.demo[turn].household_business = self.found(Form::Household, Status::Active, &[applicant]);
        }
    }

    /// The certificate over the home: the couple's, or the head's alone.
    pub(crate) fn demo_land(&mut self) {
        for turn in 0..self.demo.len() {
            let parts = &self.demo[turn];
            let (applicant, spouse) = (parts.family.adult, parts.family.spouse);
            let head = self.world.households[parts.family.household].head;
            let kind = match spouse {
                Some(spouse) if head == applicant => self.couple(applicant, spouse),
                _ => OwnerKind::Individual(head),
            };
            let day = date(self.world.as_of.year() - 10 + i16::try_from(turn).unwrap_or(0), 5, 20);
            self.demo[turn].certificate = self.certificate(vec![Owner { kind, share: None }], day);
        }
    }

    /// Writes down what was made, once every index stands.
    pub(crate) fn finish_families(&mut self) {
        let families = self.demo.iter().map(|parts| self.describe(parts)).collect();
        self.world.families = families;
    }

    fn describe(&self, parts: &DemoParts) -> DemoFamily {
        let world = &self.world;
        let family = &parts.family;
        let member = |person: PersonRef| {
            let insured = world.insured_of(person);
            let card = insured.and_then(|insured| insured.card.as_ref());
            FamilyMember {
                id: world.people[person].id.clone(),
                name: world.people[person].full_name(),
                birth_date: world.people[person].birth.iso(),
                insurance_number: insured.map(|insured| insured.number.clone()).unwrap_or_default(),
                health_card: card.map(|card| card.code.clone()).unwrap_or_default(),
            }
        };
        let certificate = &world.certificates[parts.certificate];
        let parcel = &world.parcels[certificate.parcels[0]];
        let household = &world.households[family.household];
        let commune = world.units.commune(&household.commune);
        let id = |person: &PersonRef| world.people[*person].id.clone();
        DemoFamily {
            applicant: member(family.adult),
            spouse: family.spouse.map(member).unwrap_or_default(),
            children: family.children.iter().copied().map(member).collect(),
            elder: member(parts.elder),
            head: id(&household.head),
            parents_head: parts.in_laws.map(member).unwrap_or_default(),
            betrothed: parts.betrothed.map(|(one, other)| [member(one), member(other)]).unwrap_or_default(),
            certificate: certificate.serial.clone(),
            certificate_owners: world.owners_of(certificate).iter().map(id).collect(),
            parcel: ParcelKey { commune: parcel.commune.clone(), sheet: parcel.sheet, number: parcel.number },
            enterprise: world.enterprises[parts.enterprise].code.clone(),
            household_business: world.enterprises[parts.household_business].code.clone(),
            old_commune: world
                .units
                .predecessor(&household.commune)
                .map(|old| old.code.clone())
                .unwrap_or_default(),
            new_commune: household.commune.clone(),
            commune_name: commune.map(|unit| unit.name.clone()).unwrap_or_default(),
            address: world.people[family.adult].permanent.detail.clone().unwrap_or_default(),
        }
    }
}
