//! The demo families fit the scenes they are there for.

use super::super::*;
use super::world;

#[test]
fn a_demo_family_has_kin_elsewhere_and_somebody_who_may_marry() {
    let world = world();
    for family in world.families() {
        let person = |id: &str| world.person(id).unwrap_or_else(|| panic!("{id} is there"));
        let (spouse, father) = (person(&family.spouse.id), person(&family.parents_head.id));
        assert_eq!(spouse.father.map(|at| &world.people[at].id), Some(&father.id));
        assert_ne!(spouse.household, father.household);
        let household = &world.households[father.household];
        assert_eq!(world.people[household.head].id, father.id);
        assert_eq!(household.commune, family.new_commune, "the same office decides");
        let [one, other] = family.betrothed.each_ref().map(|member| person(&member.id));
        for single in [one, other] {
            assert_eq!((single.marital, single.spouse), (Some(Marital::Single), None));
            assert!(single.age_on(world.as_of) >= 20, "of an age to marry");
        }
        assert!(one.sex != other.sex && one.household != other.household);
        assert_eq!(person(&family.elder.id).marital, Some(Marital::Widowed));
    }
    assert!(!world.families().is_empty());
}
