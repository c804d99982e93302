//! The world agrees with itself and is the same for the same seed.

mod demo;

use jiff::civil::date;
use motlan_domain::id::{IdKind, IdRules, Synthetic, check};

use super::*;

const AS_OF: Date = date(2026, 11, 21);
const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2035 };

fn world() -> World {
    World::generate(56, AS_OF, 1200)
}

fn digest(world: &World) -> Vec<u8> {
    let text = format!(
        "{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
        world.people,
        world.households,
        world.enterprises,
        world.insured,
        world.parcels,
        world.certificates,
        world.personas,
        world.families,
        world.officers
    );
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

fn valid(kind: IdKind, value: &str) -> bool {
    check(kind, value, &RULES).is_ok()
}

#[test]
fn one_seed_one_world() {
    assert_eq!(digest(&world()), digest(&world()));
    assert_ne!(digest(&world()), digest(&World::generate(57, AS_OF, 1200)), "the seed decides");
    assert_ne!(digest(&world()), digest(&World::generate(56, date(2026, 11, 22), 1200)), "the day decides");
}

#[test]
fn sizes() {
    let world = World::generate(1, AS_OF, 10);
    assert!(world.people.len() >= MIN_PEOPLE);
    assert!(world.enterprises.len() >= 100, "{}", world.enterprises.len());
    assert!(world.insured.len() > 700, "{}", world.insured.len());
    assert!(world.certificates.len() > 100, "{}", world.certificates.len());
    assert!(world.families().len() >= 5);
    assert_eq!(world.officers().len(), 24);
    assert_eq!((world.units.new.len(), world.units.old.len()), (65, 194));
    assert!(World::generate(1, AS_OF, 3000).people.len() >= 3000);
}

/// One rule over many cases: how many it judged, and the first that broke it.
fn judge<T>(cases: impl IntoIterator<Item = T>, holds: impl Fn(&T) -> bool) -> (usize, usize) {
    cases.into_iter().fold((0, 0), |(seen, broken), case| (seen + 1, broken + usize::from(!holds(&case))))
}

type Rule = (&'static str, fn(&World) -> (usize, usize));

fn place_resolves(world: &World, place: &Place) -> bool {
    match (&place.district, &place.commune) {
        (Some(district), Some(commune)) => world
            .units
            .old_commune(commune)
            .is_some_and(|old| old.district == *district && old.province == place.province),
        (None, Some(commune)) => world.units.commune(commune).is_some() && place.province == PROVINCE,
        (None, None) => place.province.len() == 2,
        (Some(_), None) => false,
    }
}

const RULES_OF_THE_WORLD: &[Rule] = &[
    ("personal ids are valid and synthetic", |w| {
        judge(w.people.iter().flat_map(Person::all_ids), |id| {
            valid(IdKind::PersonalId, id) && matches!(&id[..3], "097" | "098" | "099")
        })
    }),
    ("sex and birth year stand in the id", |w| {
        judge(w.people.iter().filter(|p| p.own_id().is_some()), |p| {
            let century = 1900 + i16::from((p.id.as_bytes()[3] - b'0') / 2) * 100;
            let year = century + p.id[4..6].parse::<i16>().unwrap();
            year == p.birth.year && (p.id.as_bytes()[3] % 2 == 0) == (p.sex == Sex::Male)
        })
    }),
    ("no id means two people", |w| {
        let mut all = HashSet::new();
        judge(w.people.iter().flat_map(Person::all_ids).map(|id| all.insert(id)).collect::<Vec<_>>(), |new| {
            *new
        })
    }),
    ("CMND numbers are valid and never issued", |w| {
        judge(w.people.iter().filter_map(|p| p.cmnd.as_deref()), |c| {
            valid(IdKind::Cmnd, c) && c.starts_with('9')
        })
    }),
    ("nobody is unborn or older than 100", |w| judge(&w.people, |p| (0..=100).contains(&p.age_on(w.as_of)))),
    ("parents are at least 18 years older, of the right sex", |w| {
        let pairs = w.people.iter().flat_map(|p| {
            p.father.map(|f| (p, f, Sex::Male)).into_iter().chain(p.mother.map(|m| (p, m, Sex::Female)))
        });
        judge(pairs, |(p, parent, sex)| {
            let parent = &w.people[*parent];
            parent.birth.year + 18 <= p.birth.year && parent.sex == *sex
        })
    }),
    ("spouses name one another, are of age and married", |w| {
        judge(
            w.people.iter().enumerate().filter_map(|(at, p)| Some((at, p, p.spouse?))),
            |(at, p, spouse)| {
                let spouse = &w.people[*spouse];
                spouse.spouse == Some(*at) && p.age_on(w.as_of) >= 18 && p.marital == Some(Marital::Married)
            },
        )
    }),
    ("the married have a spouse", |w| {
        let living = w.people.iter().filter(|p| p.died.is_none());
        judge(living.filter(|p| p.marital == Some(Marital::Married)), |p| p.spouse.is_some())
    }),
    ("places resolve", |w| {
        let places = w.people.iter().flat_map(|p| [&p.birth_place, &p.hometown, &p.permanent, &p.current]);
        judge(places, |place| place_resolves(w, place))
    }),
    ("everyone alive is in one household, once", |w| {
        judge(w.people.iter().enumerate().filter(|(_, p)| p.died.is_none()), |(at, p)| {
            let all = w.households.iter().flat_map(|h| &h.members).filter(|(member, _)| member == at).count();
            all == 1 && w.households[p.household].members.iter().any(|(member, _)| member == at)
        })
    }),
    ("every household has one head, first", |w| {
        judge(&w.households, |h| {
            let heads =
                h.members.iter().filter(|(_, relation)| *relation == crate::decided::relation::HEAD).count();
            heads == 1 && h.members[0].0 == h.head && w.units.commune(&h.commune).is_some()
        })
    }),
    ("heads are of age", |w| judge(&w.households, |h| w.people[h.head].age_on(w.as_of) >= 18)),
    ("minors have a guardian in the household", |w| {
        let minors = w.people.iter().filter(|p| p.age_on(w.as_of) < 18);
        judge(minors, |p| p.guardian.is_some_and(|g| w.people[g].household == p.household))
    }),
    ("enterprise codes are valid", |w| {
        let companies = w.enterprises.iter().filter(|e| e.code.len() != 12);
        judge(companies, |e| valid(IdKind::EnterpriseCode, &e.code) && matches!(&e.code[..3], "429" | "459"))
    }),
    ("enterprises are represented by adults of the time", |w| {
        judge(w.enterprises.iter().flat_map(|e| e.representatives.iter().map(move |r| (e, r.0))), |(e, r)| {
            w.people[*r].age_on(e.founded) >= 18 && w.people[*r].died.is_none()
        })
    }),
    ("enterprise dates are in order", |w| {
        judge(&w.enterprises, |e| e.founded <= e.amended && e.amended <= w.as_of)
    }),
    ("enterprise addresses resolve", |w| judge(&w.enterprises, |e| place_resolves(w, &e.address))),
    ("shares make up the capital", |w| {
        judge(w.enterprises.iter().filter(|e| !e.members.is_empty()), |e| {
            let percent: u64 = e.members.iter().map(|m| u64::from(m.percent)).sum();
            percent == 100 && e.members.iter().map(|m| m.amount).sum::<u64>() == e.capital
        })
    }),
    ("insurance numbers are valid, one a person", |w| {
        let mut seen = HashSet::new();
        let fresh: Vec<bool> = w.insured.iter().map(|i| seen.insert(i.person)).collect();
        judge(w.insured.iter().zip(fresh), |(i, fresh)| *fresh && valid(IdKind::InsuranceNumber, &i.number))
    }),
    ("contributions follow one another, from adult age, into the past", |w| {
        judge(w.insured.iter().flat_map(|i| i.contributions.iter().map(move |c| (i, c))), |(i, c)| {
            let start = c.from.first_day();
            c.from <= c.to && c.to.first_day() < w.as_of && w.people[i.person].age_on(start) >= 17
        })
    }),
    ("stretches of one kind do not overlap", |w| {
        let pairs = w.insured.iter().flat_map(|i| {
            let compulsory: Vec<_> = i.contributions.iter().filter(|c| c.kind == Kind::Compulsory).collect();
            compulsory.windows(2).map(|pair| (pair[0].to, pair[1].from)).collect::<Vec<_>>()
        });
        judge(pairs, |(to, from)| to < from)
    }),
    ("employers existed", |w| {
        let rows = w.insured.iter().flat_map(|i| &i.contributions).filter_map(|c| Some((c, c.employer?)));
        judge(rows, |(c, employer)| {
            let employer = &w.enterprises[*employer];
            Month::of(employer.founded) < c.from && employer.ended.is_none_or(|ended| Month::of(ended) > c.to)
        })
    }),
    ("health cards are valid and carry their number", |w| {
        judge(w.insured.iter().filter_map(|i| Some((i, i.card.as_ref()?))), |(i, card)| {
            valid(IdKind::HealthCard, &card.code) && card.code.ends_with(&i.number) && card.from <= card.to
        })
    }),
    ("serials are valid and of their day's form", |w| {
        judge(&w.certificates, |c| {
            let bare = serial_key(&c.serial);
            let letters = bare.chars().take_while(|c| c.is_alphabetic()).count();
            let digits = bare.chars().count() - letters;
            let form = match (letters, digits) {
                (1, 6 | 7) => SerialForm::Old,
                (2, 6) => SerialForm::Six,
                _ => SerialForm::Eight,
            };
            valid(IdKind::LandCertificate, &c.serial) && SerialForm::on(c.book_date) == form
        })
    }),
    ("a parcel has one certificate in force", |w| {
        judge(0..w.parcels.len(), |at| w.certificates_of_parcel(*at).iter().filter(|c| c.latest).count() == 1)
    }),
    ("parcels resolve and their purposes fill them", |w| {
        judge(&w.parcels, |p| {
            let sum: u64 = p.purposes.iter().map(|(_, area, _)| area).sum();
            sum == p.area
                && w.units.commune(&p.commune).is_some()
                && p.geohash.len() == 12
                && p.geohash.starts_with('w')
        })
    }),
    ("owners were of age", |w| {
        let individuals = w.certificates.iter().flat_map(|c| {
            c.owners.iter().filter_map(move |o| match o.kind {
                OwnerKind::Individual(person) => Some((c, person)),
                _ => None,
            })
        });
        judge(individuals, |(c, person)| w.people[*person].age_on(c.book_date) >= 18)
    }),
    ("couples on certificates are married", |w| {
        let couples = w.certificates.iter().flat_map(|c| &c.owners).filter_map(|o| match o.kind {
            OwnerKind::Couple(husband, wife) => Some((husband, wife)),
            _ => None,
        });
        judge(couples, |(husband, wife)| {
            w.people[*husband].spouse == Some(*wife) && w.people[*husband].sex == Sex::Male
        })
    }),
    ("nothing is registered after the world's day", |w| {
        let days = w.certificates.iter().flat_map(|c| c.changes.iter().map(|x| x.on).chain([c.book_date]));
        judge(days, |day| *day <= w.as_of)
    }),
];

#[test]
fn the_world_agrees_with_itself() {
    let days = [AS_OF, date(2025, 10, 1), date(2026, 1, 2), date(2028, 2, 29), date(2031, 12, 31)];
    let worlds = [56, 1, 2, 3, 77].into_iter().flat_map(|seed| days.map(|day| (seed, day)));
    for (seed, day) in worlds {
        let world = World::generate(seed, day, 1000);
        for (name, rule) in RULES_OF_THE_WORLD {
            let (seen, broken) = rule(&world);
            assert!(seen > 0, "{name}: judged nothing (seed {seed}, {day})");
            assert_eq!(broken, 0, "{name}: {broken} of {seen} break it (seed {seed}, {day})");
        }
    }
}

#[test]
fn a_broken_world_is_found_out() {
    let mut world = world();
    world.people[3].id.replace_range(0..3, "056");
    world.people[5].spouse = Some(9);
    world.certificates[0].parcels = vec![1];
    let broken: Vec<&str> =
        RULES_OF_THE_WORLD.iter().filter(|(_, rule)| rule(&world).1 > 0).map(|(name, _)| *name).collect();
    for name in [
        "personal ids are valid and synthetic",
        "spouses name one another, are of age and married",
        "a parcel has one certificate in force",
    ] {
        assert!(broken.contains(&name), "{name} should be broken: {broken:?}");
    }
}

#[test]
fn personas_are_what_they_say() {
    for seed in [56, 3] {
        let world = World::generate(seed, AS_OF, 1200);
        let p = world.personas();
        let person = |id: &str| world.person(id).unwrap();
        let fields = serde_json::to_value(p).unwrap();
        let empty: Vec<_> =
            fields.as_object().unwrap().iter().filter(|(_, v)| v.as_str() == Some("")).collect();
        assert!(empty.is_empty(), "{empty:?}");

        assert_eq!(person(&p.year_only_birth).birth.month_day, None);
        assert_eq!(person(&p.ede_woman).full_name(), "H'Hen Niê");
        assert_eq!(person(&p.ede_man).full_name(), "Y Phôn Ksơr");
        assert_eq!(person(&p.raglai).ethnicity, Ethnicity::Raglai);
        assert_eq!(world.person_ref(&p.cancelled_id), world.person_ref(&p.successor_id));
        assert_eq!(person(&p.cancelled_id).id, p.successor_id);
        let elder = &world.people[world.person_by_cmnd(&p.elder_cmnd).unwrap()];
        assert!(elder.age_on(AS_OF) >= 90 && elder.own_id().is_none());
        assert_eq!(
            (elder.full_name(), elder.birth.iso()),
            (p.elder_name.clone(), p.elder_birth_date.clone())
        );
        assert_eq!(world.people.iter().filter(|p| p.own_id().is_none()).count(), 1);
        let pair = &p.tone_pair;
        let (one, other) = (person(&pair.first), person(&pair.second));
        assert_eq!((one.birth, &one.permanent.commune), (other.birth, &other.permanent.commune));
        assert_ne!(one.full_name(), other.full_name());
        let bare = motlan_domain::name::registry_form;
        assert_eq!(bare(&one.full_name()), bare(&other.full_name()));
        assert!(person(&p.deceased).died.is_some());
        assert_eq!(person(&p.missing_marital_status).marital, None);
        let (head, member) = (person(&p.split_household_head), person(&p.split_household_member));
        assert_eq!(head.household, member.household);
        assert_ne!(head.permanent.commune, member.permanent.commune);

        let land = |serial: &str| world.certificate(serial).unwrap();
        assert_eq!(world.owners_of(land(&p.owned_by_spouses)).len(), 2);
        let siblings = land(&p.owned_by_siblings);
        let shares: Vec<_> = siblings.owners.iter().map(|o| o.share.unwrap()).collect();
        assert_eq!(shares, [(1, 2), (1, 4), (1, 4)]);
        for (serial, kind) in
            [(&p.mortgaged, "THE_CHAP"), (&p.transfer_blocked, "NGAN_CHAN"), (&p.disputed, "TRANH_CHAP")]
        {
            assert!(land(serial).changes.iter().any(|c| c.kind == kind && c.in_force), "{kind}");
        }
        assert_eq!(land(&p.revoked_certificate).state, "DA_THU_HOI");
        assert!(!land(&p.replaced_certificate).latest);
        assert_eq!(land(&p.replaced_certificate).parcels, land(&p.replacing_certificate).parcels);
        let of_enterprise = world.certificates_of_enterprise(&p.land_owning_enterprise);
        assert!(of_enterprise.iter().any(|c| c.serial == p.owned_by_organisation));

        for (code, status) in [
            (&p.active_enterprise, Status::Active),
            (&p.suspended_enterprise, Status::Suspended),
            (&p.dissolved_enterprise, Status::Ceased),
            (&p.absent_enterprise, Status::NotAtAddress),
            (&p.revoked_enterprise, Status::RevokedForTax),
            (&p.bankrupt_enterprise, Status::Bankrupt),
        ] {
            assert_eq!(world.enterprise(code).unwrap().status, status);
        }
        assert_eq!(world.enterprise(&p.branch).unwrap().form, Form::Branch);
        assert!(person(&p.household_business_by_personal_id).age_on(AS_OF) > 18);
        let card = |number: &str| world.insured(number).unwrap().card.as_ref();
        assert!(card(&p.expired_card).unwrap().to < AS_OF);
        assert_eq!(card(&p.ten_digit_card).unwrap().code, p.ten_digit_card);
        assert!(card(&p.no_card).is_none());

        assert!(world.person(&p.unknown_person).is_none() && valid(IdKind::PersonalId, &p.unknown_person));
        assert!(world.enterprise(&p.unknown_enterprise).is_none());
        assert!(world.insured(&p.unknown_insurance).is_none());
        assert!(world.certificate(&p.unknown_certificate).is_none());
    }
}

#[test]
fn demo_families_fit_every_procedure() {
    for seed in [56, 4] {
        let world = World::generate(seed, AS_OF, 1200);
        for family in world.families() {
            let age = |member: &FamilyMember| world.person(&member.id).unwrap().age_on(AS_OF);
            assert!((21..60).contains(&age(&family.applicant)) && age(&family.spouse) >= 21);
            assert!(age(&family.children[0]) < 6);
            assert!(age(&family.elder) >= 75);
            let everyone =
                [&family.applicant, &family.spouse, &family.elder].into_iter().chain(&family.children);
            for member in everyone {
                let at = world.person_ref(&member.id).unwrap();
                let insured = world.insured_of(at).unwrap();
                assert_eq!(insured.number, member.insurance_number);
                assert!(insured.card.as_ref().unwrap().to >= AS_OF);
                assert_eq!(world.people[at].permanent.commune.as_deref(), Some(family.new_commune.as_str()));
            }
            let applicant = world.person_ref(&family.applicant.id).unwrap();
            assert!(!world.insured_of(applicant).unwrap().contributions.is_empty(), "history");
            let elder = world.person_ref(&family.elder.id).unwrap();
            assert!(world.insured_of(elder).unwrap().contributions.is_empty(), "the elder has no pension");
            assert_eq!(world.people[world.household_of(applicant).unwrap().head].id, family.head);

            let certificate = world.certificate(&family.certificate).unwrap();
            assert!(
                certificate.changes.is_empty() && certificate.latest && certificate.state == "DANG_HIEU_LUC"
            );
            assert!(
                [&family.head, &family.applicant.id].iter().any(|id| family.certificate_owners.contains(id))
            );
            assert_eq!(family.parcel.commune, family.new_commune);
            let parcel = world.parcel_ref(&family.parcel.commune, family.parcel.sheet, family.parcel.number);
            assert_eq!(parcel, Some(certificate.parcels[0]));
            for code in [&family.enterprise, &family.household_business] {
                let enterprise = world.enterprise(code).unwrap();
                assert_eq!((enterprise.status, enterprise.representatives[0].0), (Status::Active, applicant));
            }
            let commune = world.units.commune(&family.new_commune).unwrap();
            assert!(commune.predecessors.contains(&family.old_commune));
        }
        let heads = world.families().iter().filter(|f| f.head == f.applicant.id).count();
        assert!(heads > 0 && heads < world.families().len(), "applicants who head and who do not");
    }
}
