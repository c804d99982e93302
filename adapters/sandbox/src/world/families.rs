//! Families and the households they live in.

use super::Build;
use super::names::Ethnicity;
use super::people::{Draft, Marital, PersonRef, Place, Sex, residence};
use crate::decided::relation;

/// A household (*hộ gia đình*).
#[derive(Debug, Clone)]
pub struct Household {
    /// Household number: `SoSoHoKhau` at population, `maHo` at insurance.
    pub number: String,
    /// New commune code of the household's address.
    pub commune: String,
    /// The head.
    pub head: PersonRef,
    /// Everyone in it with the relation to the head, the head first.
    pub members: Vec<(PersonRef, &'static str)>,
}

/// What a family is to look like.
pub(crate) struct FamilySpec {
    /// New commune code.
    pub(crate) commune: String,
    /// Ethnic group of all members.
    pub(crate) group: Ethnicity,
    /// Sex and age of the adult the family is built around.
    pub(crate) adult: (Sex, i16),
    /// Age of the spouse.
    pub(crate) spouse: Option<i16>,
    /// Sex and age of each child.
    pub(crate) children: Vec<(Sex, i16)>,
    /// Age of the adult's father and mother, where they live in the house.
    pub(crate) father: Option<i16>,
    /// See `father`.
    pub(crate) mother: Option<i16>,
    /// The oldest parent heads the household, not the adult.
    pub(crate) parent_heads: bool,
}

/// The members of a family just made.
pub(crate) struct Family {
    pub(crate) household: usize,
    pub(crate) adult: PersonRef,
    pub(crate) spouse: Option<PersonRef>,
    pub(crate) children: Vec<PersonRef>,
    pub(crate) father: Option<PersonRef>,
    pub(crate) mother: Option<PersonRef>,
}

/// Communes where nobody of the sandbox lives: the Trường Sa archipelago.
const UNINHABITED: &str = "22736";

// === impl Build ===

impl Build {
    /// Adds ordinary families until there are at least `people` people.
    pub(crate) fn populate(&mut self, people: usize) {
        let communes: Vec<(String, String)> = self
            .world
            .units
            .new
            .values()
            .filter(|unit| unit.code != UNINHABITED)
            .map(|unit| (unit.code.clone(), unit.name.clone()))
            .collect();
        let mut turn = 0;
        while self.world.people.len() < people {
            let (code, name) = &communes[turn % communes.len()];
            turn += 1;
            let spec = self.draw_family(code, name);
            self.add_family(&spec);
        }
    }

    fn draw_family(&mut self, commune: &str, commune_name: &str) -> FamilySpec {
        let dice = &mut self.dice;
        let group = Ethnicity::draw(dice, commune_name);
        let sex = if dice.chance(75) { Sex::Male } else { Sex::Female };
        let age = i16::try_from(dice.range(24, 74)).unwrap_or(40);
        let married = dice.chance(85);
        let spouse = married.then(|| (age + i16::try_from(dice.range(-5, 3)).unwrap_or(0)).max(21));
        let youngest_parent = spouse.map_or(age, |other| other.min(age));
        let mut children = Vec::new();
        let mut child_age = youngest_parent - i16::try_from(dice.range(20, 28)).unwrap_or(24);
        let wanted = if married { dice.range(0, 4) } else { dice.range(0, 1) };
        for _ in 0..wanted {
            // Grown children leave the house at 30 at the latest.
            if (0..30).contains(&child_age) {
                let child = if dice.chance(52) { Sex::Male } else { Sex::Female };
                children.push((child, child_age));
            }
            child_age -= i16::try_from(dice.range(2, 5)).unwrap_or(3);
        }
        let parent_age = age + i16::try_from(dice.range(21, 33)).unwrap_or(26);
        let with_parents = parent_age <= 96 && dice.chance(30);
        let father = (with_parents && dice.chance(45)).then_some((parent_age + 2).min(97));
        let mother = (with_parents && (father.is_none() || dice.chance(70))).then_some(parent_age);
        let parent_heads = dice.chance(40);
        FamilySpec {
            commune: commune.to_owned(),
            group,
            adult: (sex, age),
            spouse,
            children,
            father,
            mother,
            parent_heads,
        }
    }

    /// Makes the family, its household and all links between its members.
    pub(crate) fn add_family(&mut self, spec: &FamilySpec) -> Family {
        let (sex, age) = spec.adult;
        let household = self.world.households.len();
        let adult = self.add_person(spec, sex, age, None, household);
        let inherited = self.world.people[adult].name.inherited(spec.group).to_owned();

        let spouse = spec.spouse.map(|age| self.add_person(spec, sex.other(), age, None, household));
        if let Some(spouse) = spouse {
            self.marry(adult, spouse);
        }

        let (father, mother) = (spec.father, spec.mother);
        let matrilineal = spec.group.matrilineal();
        let father = father.map(|age| {
            self.add_person(spec, Sex::Male, age, (!matrilineal).then_some(inherited.as_str()), household)
        });
        let mother = mother.map(|age| {
            self.add_person(spec, Sex::Female, age, matrilineal.then_some(inherited.as_str()), household)
        });
        self.world.people[adult].father = father;
        self.world.people[adult].mother = mother;
        match (father, mother) {
            (Some(father), Some(mother)) => self.marry(father, mother),
            (Some(one), None) | (None, Some(one)) => self.world.people[one].marital = Some(Marital::Widowed),
            (None, None) => {}
        }

        let couple = match sex {
            Sex::Male => (Some(adult), spouse),
            Sex::Female => (spouse, Some(adult)),
        };
        let line = if matrilineal { couple.1.or(couple.0) } else { couple.0.or(couple.1) };
        let line = line.map(|parent| self.world.people[parent].name.inherited(spec.group).to_owned());
        let mut children = Vec::new();
        for (sex, age) in &spec.children {
            let child = self.add_person(spec, *sex, *age, line.as_deref(), household);
            self.world.people[child].father = couple.0;
            self.world.people[child].mother = couple.1;
            if *age < 18 {
                self.world.people[child].guardian = Some(adult);
            }
            children.push(child);
        }
        if spouse.is_none() && !children.is_empty() {
            let status = if self.dice.chance(60) { Marital::Divorced } else { Marital::Widowed };
            self.world.people[adult].marital = Some(status);
        }

        let family = Family { household, adult, spouse, children, father, mother };
        let members = self.relations(&family, spec.parent_heads);
        let head = members.first().map_or(adult, |(head, _)| *head);
        let number = format!("56{:07}", household + 1);
        self.world.households.push(Household { number, commune: spec.commune.clone(), head, members });
        let address = self.world.people[adult].permanent.clone();
        self.settle(household, &address);
        family
    }

    /// Registers every member of a household at one address.
    pub(crate) fn settle(&mut self, household: usize, address: &Place) {
        for (member, _) in self.world.households[household].members.clone() {
            self.world.people[member].permanent = address.clone();
            // Some live elsewhere in the province than they are registered.
            let roams = self.dice.chance(6) && self.world.people[member].age_on(self.world.as_of) > 18;
            self.world.people[member].current = if roams {
                let codes: Vec<&String> =
                    self.world.units.new.keys().filter(|code| *code != UNINHABITED).collect();
                let code = codes[self.dice.index(codes.len())].clone();
                residence(&mut self.dice, &self.world.units, &code)
            } else {
                address.clone()
            };
        }
    }

    fn marry(&mut self, one: PersonRef, other: PersonRef) {
        self.world.people[one].spouse = Some(other);
        self.world.people[other].spouse = Some(one);
        self.world.people[one].marital = Some(Marital::Married);
        self.world.people[other].marital = Some(Marital::Married);
    }

    fn add_person(
        &mut self,
        spec: &FamilySpec,
        sex: Sex,
        age: i16,
        family: Option<&str>,
        household: usize,
    ) -> PersonRef {
        let draft = Draft { sex, age, group: spec.group, family, commune: &spec.commune };
        let mut person = self.maker.make(&mut self.dice, &self.world.units, &draft);
        person.household = household;
        self.world.people.push(person);
        self.world.people.len() - 1
    }

    fn relations(&self, family: &Family, parent_heads: bool) -> Vec<(PersonRef, &'static str)> {
        let sex = |person: PersonRef| self.world.people[person].sex;
        let by_sex = |person, male, female| if sex(person) == Sex::Male { male } else { female };
        let parents: Vec<PersonRef> = family.father.into_iter().chain(family.mother).collect();
        let mut members = Vec::new();
        if let (true, Some(head)) = (parent_heads, parents.first()) {
            members.push((*head, relation::HEAD));
            members.extend(parents.iter().skip(1).map(|parent| (*parent, relation::WIFE)));
            members.push((family.adult, relation::CHILD));
            let in_law = |spouse| (spouse, by_sex(spouse, relation::SON_IN_LAW, relation::DAUGHTER_IN_LAW));
            members.extend(family.spouse.map(in_law));
            members.extend(family.children.iter().map(|child| (*child, relation::GRANDCHILD)));
        } else {
            members.push((family.adult, relation::HEAD));
            members.extend(
                family.spouse.map(|spouse| (spouse, by_sex(spouse, relation::HUSBAND, relation::WIFE))),
            );
            members.extend(family.children.iter().map(|child| (*child, relation::CHILD)));
            members.extend(family.father.map(|father| (father, relation::FATHER)));
            members.extend(family.mother.map(|mother| (mother, relation::MOTHER)));
        }
        members
    }
}
