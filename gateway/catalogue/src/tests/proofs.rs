//! What the shipped rules take for proof of what a paper proves.

use std::collections::BTreeSet;

use super::{procedure, shipped};
use crate::{Accept, Decide, RoleId};

#[test]
fn of_two_roles_of_one_rule_each_is_another_person() {
    let catalogue = shipped();
    let mut rules = BTreeSet::new();
    for (procedure, component) in
        catalogue.procedures().flat_map(|p| p.components.iter().map(move |c| (p, c)))
    {
        let Decide::Lookup(lookup) = &component.rule.decide else { continue };
        for (at, role) in lookup.roles.iter().enumerate() {
            for other in &lookup.roles[..at] {
                let spec = procedure.role(role.as_str()).unwrap();
                assert_eq!(spec.other_than.as_ref(), Some(other), "{} {role}", component.key);
                // One person may be named by two numbers: the record tells.
                let id = lookup.dataset.field("personal_id").unwrap();
                assert!(lookup.fields.contains(id), "{} does not ask who it is", component.key);
                rules.insert(component.key.as_str());
            }
        }
    }
    let marriage = ["000.00.00.G15-KQ003785", "000.00.00.G15-KQ004427", "000.00.00.G15-KQ004946"];
    assert_eq!(rules.into_iter().collect::<Vec<_>>(), marriage, "both parties of a marriage");
    for (code, role) in [("1.000656", "deceased"), ("1.001731", "deceased"), ("1.004837", "ward")] {
        let spec = procedure(&catalogue, code).role(role).unwrap();
        assert_eq!(spec.other_than.as_ref().map(RoleId::as_str), Some("applicant"), "{code} {role}");
    }
}

#[test]
fn a_rule_proves_what_its_paper_proves() {
    let catalogue = shipped();
    let lookup = |code: &str, key: &str| {
        let component = procedure(&catalogue, code).component(key).unwrap();
        match &component.rule.decide {
            Decide::Lookup(lookup) => (component.rule.clone(), lookup.clone()),
            _ => panic!("{key}: a lookup"),
        }
    };
    let role = |name: &str| RoleId::parse(name).unwrap();
    let (_, ended) = lookup("1.004873", "000.00.00.G15-KQ005012");
    assert_eq!(ended.accept, [Accept::MarriageEnded]);
    let (_, kin) = lookup("1.004222", "000.00.00.G01-KQ003606");
    assert_eq!(kin.accept, [Accept::KinshipShown(role("household_head"))]);
    let (_, home) = lookup("1.004222", "000.00.00.G01-KQ003605");
    assert!(home.accept.contains(&Accept::OwnedBy(vec![role("applicant")])), "one's own home");
    assert!(home.accept.contains(&Accept::ResidentialLand));
    let (_, lent) = lookup("1.004194", "000.00.00.G01-KQ003631");
    assert!(lent.accept.contains(&Accept::OwnedBy(vec![role("applicant"), role("house_owner")])));
    let (founder, _) = lookup("2.001583", "000.00.00.G12-1997");
    for case in &procedure(&catalogue, "2.001583").cases {
        let organisation = !["individual", "from_household_business", "social_enterprise", "by_proxy"]
            .contains(&case.id.as_str());
        let paper = matches!(founder.decide_in(&case.id), Decide::Paper);
        assert_eq!(paper, organisation, "{}", case.id);
    }
    let (_, business) = lookup("2.001583", "000.00.00.G12-18970");
    assert!(business.accept.contains(&Accept::HouseholdBusiness));
    assert!(business.accept.contains(&Accept::EnterpriseActive));
    let (_, book) = lookup("2.000986", "2.000986#4");
    assert!(book.original_required, "a signed notice is part of it");
}
