//! Makes the hard cases that [`super::Personas`] names.

use jiff::Span;
use jiff::civil::date;

use super::Build;
use super::enterprises::{Form, Status};
use super::families::{Family, FamilySpec};
use super::land::{Change, Owner, OwnerKind, SerialForm};
use super::names::{Ethnicity, Name};
use super::people::{PersonRef, Sex, residence};
use super::personas::TonePair;
use crate::decided::land as decided;

/// People of the hard cases that land needs again.
pub(crate) struct Special {
    couple: (PersonRef, PersonRef),
    siblings: Vec<PersonRef>,
}

// === impl Build ===

impl Build {
    fn household(&mut self, commune: &str, group: Ethnicity, adult: (Sex, i16), more: FamilySpec) -> Family {
        self.add_family(&FamilySpec { commune: commune.to_owned(), group, adult, ..more })
    }

    fn id_of(&self, person: PersonRef) -> String {
        self.world.people[person].id.clone()
    }

    /// Households of the hard cases, before the ordinary ones.
    pub(crate) fn special_people(&mut self) -> Special {
        let alone = || FamilySpec {
            commune: String::new(),
            group: Ethnicity::Kinh,
            adult: (Sex::Male, 40),
            spouse: None,
            children: Vec::new(),
            father: None,
            mother: None,
            parent_heads: false,
        };
        let kinh = Ethnicity::Kinh;

        let year_only = self.household("22333", kinh, (Sex::Male, 83), alone()).adult;
        self.world.people[year_only].birth.month_day = None;
        self.world.personas.year_only_birth = self.id_of(year_only);

        let raglai = self.household("22795", Ethnicity::Raglai, (Sex::Male, 47), alone()).adult;
        self.world.people[raglai].name = Name::new("Pi Năng", "", "Tiến");
        self.world.personas.raglai = self.id_of(raglai);

        let with_spouse = FamilySpec { spouse: Some(33), ..alone() };
        let ede = self.household("22612", Ethnicity::Ede, (Sex::Female, 31), with_spouse);
        self.world.people[ede.adult].name = Name::new("", "H'Hen", "Niê");
        self.world.personas.ede_woman = self.id_of(ede.adult);
        if let Some(husband) = ede.spouse {
            self.world.people[husband].name = Name::new("Y", "Phôn", "Ksơr");
            self.world.personas.ede_man = self.id_of(husband);
        }

        let cham = self.household("22891", Ethnicity::Cham, (Sex::Female, 52), alone()).adult;
        self.world.people[cham].name = Name::new("Thập", "Thị Mỹ", "Lệ");
        self.world.personas.cham = self.id_of(cham);
        let hoa = self.household("22366", Ethnicity::Hoa, (Sex::Male, 58), alone()).adult;
        self.world.people[hoa].name = Name::new("Quách", "Gia", "Hào");
        self.world.personas.hoa = self.id_of(hoa);

        let twice = self.household("22402", kinh, (Sex::Female, 46), alone()).adult;
        // The first id carried a wrong birth year; it was cancelled for that.
        let wrong_year = self.world.people[twice].birth.year - 2;
        let cancelled = self.maker.personal_id(&mut self.dice, Sex::Female, wrong_year);
        self.world.people[twice].cancelled_ids.push(cancelled.clone());
        self.world.personas.cancelled_id = cancelled;
        self.world.personas.successor_id = self.id_of(twice);

        let elder = self.household("22801", kinh, (Sex::Female, 91), alone()).adult;
        let cmnd = self.maker.cmnd(&mut self.dice);
        self.world.people[elder].cmnd = Some(cmnd.clone());
        self.world.personas.elder_cmnd = cmnd;
        self.world.people[elder].id.clear();
        self.world.personas.elder_name = self.world.people[elder].full_name();
        self.world.personas.elder_birth_date = self.world.people[elder].birth.iso();

        let missing = self.household("22390", kinh, (Sex::Male, 36), alone()).adult;
        self.world.people[missing].marital = None;
        self.world.personas.missing_marital_status = self.id_of(missing);

        self.tone_pair(&alone);
        self.deceased(&alone);
        self.split_household(&alone);

        let pair = self.household("22651", kinh, (Sex::Male, 50), FamilySpec { spouse: Some(48), ..alone() });
        let couple = (pair.adult, pair.spouse.unwrap_or(pair.adult));
        let children = vec![(Sex::Male, 29), (Sex::Female, 27), (Sex::Male, 24)];
        let siblings = FamilySpec { spouse: Some(55), children, ..alone() };
        let siblings = self.household("22657", kinh, (Sex::Male, 57), siblings).children;
        Special { couple, siblings }
    }

    fn tone_pair(&mut self, alone: &dyn Fn() -> FamilySpec) {
        let first = self.household("22453", Ethnicity::Kinh, (Sex::Female, 34), alone()).adult;
        let second = self.household("22453", Ethnicity::Kinh, (Sex::Female, 34), alone()).adult;
        let birth = self.world.people[first].birth;
        self.world.people[first].name = Name::new("Nguyễn", "Thị", "Thúy");
        self.world.people[second].name = Name::new("Nguyễn", "Thị", "Thủy");
        self.world.people[second].birth = birth;
        self.world.people[second].id = self.maker.personal_id(&mut self.dice, Sex::Female, birth.year);
        self.world.personas.tone_pair = TonePair {
            first: self.id_of(first),
            second: self.id_of(second),
            first_name: self.world.people[first].full_name(),
            second_name: self.world.people[second].full_name(),
        };
    }

    fn deceased(&mut self, alone: &dyn Fn() -> FamilySpec) {
        let spec = FamilySpec { father: Some(84), mother: Some(80), spouse: Some(49), ..alone() };
        let family = self.household("22561", Ethnicity::Kinh, (Sex::Male, 52), spec);
        let (Some(dead), Some(widow)) = (family.father, family.mother) else { return };
        self.world.people[dead].died = Some(self.world.as_of.saturating_sub(Span::new().days(120)));
        self.world.people[dead].spouse = None;
        self.world.people[widow].spouse = None;
        self.world.people[widow].marital = Some(super::Marital::Widowed);
        self.world.households[family.household].members.retain(|(member, _)| *member != dead);
        self.world.personas.deceased = self.id_of(dead);
    }

    fn split_household(&mut self, alone: &dyn Fn() -> FamilySpec) {
        let spec =
            FamilySpec { spouse: Some(47), children: vec![(Sex::Male, 23), (Sex::Female, 15)], ..alone() };
        let family = self.household("22489", Ethnicity::Kinh, (Sex::Male, 49), spec);
        let away = residence(&mut self.dice, &self.world.units, "22366");
        let member = family.children[0];
        self.world.people[member].permanent = away.clone();
        self.world.people[member].current = away;
        self.world.personas.split_household_head = self.id_of(family.adult);
        self.world.personas.split_household_member = self.id_of(member);
        self.world.personas.split_household_communes = ["22489".to_owned(), "22366".to_owned()];
    }

    /// Old records as they are: some elders have a birth year only.
    pub(crate) fn age_records(&mut self, first_household: usize) {
        for person in 0..self.world.people.len() {
            let ordinary = self.world.people[person].household >= first_household;
            if ordinary && self.world.people[person].age_on(self.world.as_of) >= 72 && self.dice.chance(15) {
                self.world.people[person].birth.month_day = None;
            }
        }
    }

    /// Twenty-four adults of ordinary households serve as officers.
    pub(crate) fn choose_officers(&mut self, first_household: usize) {
        let heads = self.world.households[first_household..].iter().map(|household| household.head);
        let adult =
            |person: &PersonRef| (25..60).contains(&self.world.people[*person].age_on(self.world.as_of));
        self.world.officers = heads.filter(adult).take(24).map(|person| self.id_of(person)).collect();
    }

    /// One enterprise in every state, a branch, a household business.
    pub(crate) fn special_enterprises(&mut self, first_household: usize) {
        let mut owners = self.world.households[first_household..]
            .iter()
            .map(|household| household.head)
            .filter(|head| (40..60).contains(&self.world.people[*head].age_on(self.world.as_of)))
            .collect::<Vec<_>>()
            .into_iter();
        let mut make = |build: &mut Self, form, status| {
            let owner = owners.next().unwrap_or_default();
            build.found(form, status, &[owner])
        };
        let active = make(self, Form::LimitedOne, Status::Active);
        let suspended = make(self, Form::LimitedOne, Status::Suspended);
        let dissolved = make(self, Form::LimitedOne, Status::Ceased);
        let absent = make(self, Form::LimitedOne, Status::NotAtAddress);
        let revoked = make(self, Form::LimitedOne, Status::RevokedForTax);
        let bankrupt = make(self, Form::LimitedOne, Status::Bankrupt);
        let household = make(self, Form::Household, Status::Active);
        let dissolving = make(self, Form::LimitedOne, Status::Dissolving);
        self.world.enterprises[dissolving].changes += 1;

        // Since 1 July 2025 the owner's personal id is the code.
        let owner = self.world.enterprises[household].representatives[0].0;
        let business = &mut self.world.enterprises[household];
        business.code.clone_from(&self.world.people[owner].id);
        business.founded = date(2025, 8, 15).min(self.world.as_of);
        business.amended = business.founded;
        business.changes = 0;
        let new_address = self.world.people[owner].permanent.clone();
        business.address = new_address;

        let code = |at: usize| self.world.enterprises[at].code.clone();
        let branch = self.world.enterprises.iter().find(|e| e.form == Form::Branch).map(|e| e.code.clone());
        let personas = &mut self.world.personas;
        personas.active_enterprise = code(active);
        personas.suspended_enterprise = code(suspended);
        personas.dissolved_enterprise = code(dissolved);
        personas.absent_enterprise = code(absent);
        personas.revoked_enterprise = code(revoked);
        personas.bankrupt_enterprise = code(bankrupt);
        personas.household_business_by_personal_id = code(household);
        personas.branch = branch.unwrap_or_default();
    }

    /// Cards that are expired, of the short form, or absent.
    pub(crate) fn special_cards(&mut self, demo: &[PersonRef]) {
        let year = self.world.as_of.year();
        let eligible: Vec<usize> = (0..self.world.insured.len())
            .filter(|at| {
                let insured = &self.world.insured[*at];
                insured.card.is_some() && !demo.contains(&insured.person)
            })
            .take(3)
            .collect();
        let &[expired, short, none] = eligible.as_slice() else { return };
        let insured = &mut self.world.insured;
        if let Some(card) = &mut insured[expired].card {
            card.from = date(year - 1, 1, 1);
            card.to = date(year - 1, 12, 31);
        }
        let number = insured[short].number.clone();
        if let Some(card) = &mut insured[short].card {
            card.code.clone_from(&number);
        }
        insured[none].card = None;
        self.world.personas.expired_card = insured[expired].number.clone();
        self.world.personas.ten_digit_card = number;
        self.world.personas.no_card = insured[none].number.clone();
    }

    /// Certificates of every kind of owner and encumbrance.
    pub(crate) fn special_land(&mut self, special: &Special, first_household: usize) {
        let day = date(2019, 3, 14);
        let owner = |kind, share| Owner { kind, share };
        let spouses = self.couple(special.couple.0, special.couple.1);
        let spouses = self.certificate(vec![owner(spouses, None)], day);
        let shares = [(1, 2), (1, 4), (1, 4)];
        let siblings = special.siblings.iter().zip(shares);
        let siblings = siblings.map(|(one, share)| owner(OwnerKind::Individual(*one), Some(share))).collect();
        let year = self.world.as_of.year();
        let siblings = self.certificate(siblings, date(year - 3, 6, 2));

        let heads = self.world.households[first_household + 1..].iter().map(|household| household.head);
        let old_enough = |head: &PersonRef| self.world.people[*head].age_on(self.world.as_of) >= 45;
        let mut heads = heads.filter(old_enough).collect::<Vec<_>>().into_iter();
        let mut individual = |build: &mut Self, day| {
            let head = heads.next().unwrap_or_default();
            build.certificate(vec![owner(OwnerKind::Individual(head), None)], day)
        };
        let mortgaged = individual(self, day);
        let blocked = individual(self, day);
        let disputed = individual(self, day);
        let replaced = individual(self, date(year - 20, 4, 3));
        let revoked = individual(self, day);
        let household = self.certificate(vec![owner(OwnerKind::Household(first_household), None)], day);
        let active = self.world.personas.active_enterprise.clone();
        let organisation = self.world.enterprises.iter().position(|e| e.code == active).unwrap_or_default();
        let organisation_land =
            self.certificate(vec![owner(OwnerKind::Organisation(organisation), None)], date(2025, 8, 8));

        let encumber = |build: &mut Self, at: usize, kind| {
            build.world.certificates[at].changes =
                vec![Change { kind, on: date(2024, 2, 20), in_force: true }];
        };
        encumber(self, mortgaged, decided::MORTGAGE);
        encumber(self, blocked, decided::TRANSFER_BLOCK);
        encumber(self, disputed, decided::DISPUTE);
        self.world.certificates[revoked].state = decided::REVOKED;

        let mut replacing = self.world.certificates[replaced].clone();
        replacing.book_date = date(2024, 9, 9);
        replacing.serial = self.serial(SerialForm::Eight);
        replacing.book_number = format!("VP{:05}", self.world.certificates.len() + 1);
        replacing.version = 2;
        self.world.certificates[replaced].state = decided::REPLACED;
        self.world.certificates[replaced].latest = false;
        let new_serial = replacing.serial.clone();
        self.world.certificates.push(replacing);

        let serial = |at: usize| self.world.certificates[at].serial.clone();
        let personas = &mut self.world.personas;
        personas.owned_by_spouses = serial(spouses);
        personas.owned_by_siblings = serial(siblings);
        personas.mortgaged = serial(mortgaged);
        personas.transfer_blocked = serial(blocked);
        personas.disputed = serial(disputed);
        personas.owned_by_household = serial(household);
        personas.owned_by_organisation = serial(organisation_land);
        personas.land_owning_enterprise = active;
        personas.replaced_certificate = serial(replaced);
        personas.replacing_certificate = new_serial;
        personas.revoked_certificate = serial(revoked);
    }

    /// Well-formed keys that lead nowhere.
    pub(crate) fn special_unknown(&mut self) {
        self.world.personas.unknown_person = self.maker.personal_id(&mut self.dice, Sex::Male, 1988);
        self.world.personas.unknown_enterprise = self.enterprise_code("56");
        self.world.personas.unknown_certificate = self.serial(SerialForm::Six);
        self.world.personas.unknown_insurance = loop {
            let number = format!("98{}", self.dice.digits(8));
            if self.used_codes.insert(number.clone()) {
                break number;
            }
        };
    }
}
