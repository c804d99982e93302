//! What a registry's record proves, and what it does not: a lookup replaces a
//! paper only where it shows what the paper shows, about whom the paper is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code"
)]

use std::collections::BTreeMap;

use motlan_domain::SubjectKey;
use motlan_domain::id::{IdRules, PersonalId, Synthetic};
use motlan_e2e::*;
use motlan_harness::{Opening, Plan, World};
use motlan_proto::dossier::v1::{ComponentOutcome, ComponentResult};

const REUSED: (&str, &str) = ("REUSED", "RECORD_REUSED");
const NOT_NAMED: (&str, &str) = ("NEEDS_PAPER", "SUBJECT_NOT_NAMED");

fn person(id: &str) -> SubjectKey {
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2100 };
    SubjectKey::Person(PersonalId::parse(id, &rules).unwrap())
}

/// The components of a dossier whose plan the test changed, by the last digits
/// of their code.
async fn resolved(
    world: &World,
    opening: &Opening,
    change: impl FnOnce(&mut Plan),
) -> BTreeMap<String, ComponentResult> {
    let mut plan = world.plan(opening).unwrap();
    change(&mut plan);
    let request = world.request(opening, &plan).unwrap();
    let told = open(&world.portal_for(&plan).unwrap(), &request).await;
    told.unwrap_or_else(|status| panic!("{}: {}", opening.procedure, motlan_harness::Refusal::from(status)));
    let office = world.running().world().cast().of_agency(&plan.agency).unwrap().id.clone();
    let office = world.connect(&office).unwrap();
    let (components, _) = resolve(&office, &request.dossier_code).await.expect("resolves");
    components.into_iter().map(|c| (c.code.rsplit('-').next().unwrap_or_default().to_owned(), c)).collect()
}

fn outcome(component: &ComponentResult) -> (&str, &str) {
    let name = component.outcome().as_str_name();
    (name.strip_prefix("COMPONENT_OUTCOME_").unwrap_or(name), &component.reason)
}

fn drop_role(plan: &mut Plan, role: &str) {
    let before = plan.subjects.len();
    plan.subjects.retain(|(known, _)| known != role);
    assert!(plan.subjects.len() < before, "nobody in role {role}");
}

fn put(plan: &mut Plan, role: &str, id: &str) {
    drop_role(plan, role);
    plan.subjects.push((role.to_owned(), person(id)));
}

#[tokio::test]
async fn a_marriage_has_two_parties() {
    let world = World::start().await.unwrap();
    let opening = || Opening::of("1.000894");
    let of_both = ["KQ004946", "KQ003785", "KQ004427"];
    let both = resolved(&world, &opening(), |_| ()).await;
    let alone = resolved(&world, &opening(), |plan| drop_role(plan, "partner")).await;
    let themself = resolved(&world, &opening(), |plan| {
        let me = plan.applicant.clone();
        put(plan, "partner", &me);
    })
    .await;
    for key in of_both {
        assert_eq!(outcome(&both[key]), REUSED, "{key}");
        assert_eq!(outcome(&alone[key]), NOT_NAMED, "{key}: the other party is not named");
        assert_eq!(outcome(&themself[key]), NOT_NAMED, "{key}: nobody marries themself");
    }
    // Nor does the form tell of one party twice.
    let filled = |form: &ComponentResult| form.prefilled_fields;
    let (both, alone, themself) = (&both["KQ003229"], &alone["KQ003229"], &themself["KQ003229"]);
    assert_eq!(both.outcome(), ComponentOutcome::Prefilled);
    assert!(filled(alone) > 0 && filled(alone) < filled(both));
    assert_eq!(filled(themself), filled(alone));
    world.stop().await.unwrap();
}

#[tokio::test]
async fn one_person_under_two_numbers_is_no_couple() {
    let world = World::start().await.unwrap();
    let (old, new) = (world.personas().cancelled_id.clone(), world.personas().successor_id.clone());
    let told = resolved(&world, &Opening::of("1.000894"), |plan| {
        plan.applicant.clone_from(&new);
        put(plan, "applicant", &new);
        put(plan, "partner", &old);
    })
    .await;
    for key in ["KQ004946", "KQ003785", "KQ004427"] {
        assert_eq!(outcome(&told[key]), NOT_NAMED, "{key}");
    }
    world.stop().await.unwrap();
}

#[tokio::test]
async fn who_joins_a_household_is_kin_to_its_head() {
    let world = World::start().await.unwrap();
    let opening = || Opening::of(RESIDENCE).case("join_family");
    let kin = |components: BTreeMap<String, ComponentResult>| {
        let (outcome, reason) = outcome(&components["KQ003606"]);
        (outcome.to_owned(), reason.to_owned())
    };
    let is = |told: (String, String), expected: (&str, &str), what: &str| {
        assert_eq!((told.0.as_str(), told.1.as_str()), expected, "{what}");
    };
    is(kin(resolved(&world, &opening(), |_| ()).await), REUSED, "a parent's household");
    let told = resolved(&world, &opening(), |plan| drop_role(plan, "household_head")).await;
    is(kin(told), NOT_NAMED, "the head of the present household proves nothing");
    let told = resolved(&world, &opening(), |plan| {
        let me = plan.applicant.clone();
        put(plan, "household_head", &me);
    })
    .await;
    is(kin(told), NOT_NAMED, "one's own head");
    let not_shown = ("NEEDS_PAPER", "RELATION_NOT_SHOWN");
    let stranger = world.families()[2].head.clone();
    let told = resolved(&world, &opening(), |plan| put(plan, "household_head", &stranger)).await;
    is(kin(told), not_shown, "a stranger");
    // In this family the spouse's present head is the parent of the other half:
    // the record names them as head, and as nothing else.
    let head = world.families()[1].elder.id.clone();
    assert_eq!(world.families()[1].head, head);
    let told = resolved(&world, &opening().family(1), |plan| put(plan, "household_head", &head)).await;
    is(kin(told), not_shown, "who shares a household is no kin by that");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_marriage_that_lasts_has_not_ended() {
    let world = World::start().await.unwrap();
    let opening = || Opening::of("1.004873").case("divorced_or_widowed");
    let ended = resolved(&world, &opening(), |_| ()).await;
    assert_eq!(outcome(&ended["KQ005012"]), REUSED);
    let married = world.families()[0].applicant.id.clone();
    let single = world.families()[0].betrothed[0].id.clone();
    for registrant in [married, single] {
        let told = resolved(&world, &opening(), |plan| put(plan, "registrant", &registrant)).await;
        assert_eq!(outcome(&told["KQ005012"]), ("NEEDS_PAPER", "MARRIAGE_NOT_ENDED"));
    }
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_home_of_ones_own_is_the_applicants() {
    let world = World::start().await.unwrap();
    let own = resolved(&world, &Opening::of(RESIDENCE), |_| ()).await;
    assert_eq!(outcome(&own["KQ003605"]), REUSED, "the couple's, of whom one applies");
    // The head of household owns it, and stands in the dossier.
    let family = &world.families()[1];
    assert!(!family.certificate_owners.contains(&family.applicant.id));
    let heads = resolved(&world, &Opening::of(RESIDENCE).family(1), |_| ()).await;
    assert_eq!(outcome(&heads["KQ003605"]), ("NEEDS_PAPER", "OWNER_NOT_IN_DOSSIER"), "the head's");
    // Lent by an owner who is named for it, it serves for a temporary residence.
    let lent = resolved(&world, &Opening::of("1.004194").family(1), |_| ()).await;
    assert_eq!(outcome(&lent["KQ003631"]), REUSED, "the owner lends it");
    let unnamed =
        resolved(&world, &Opening::of("1.004194").family(1), |plan| drop_role(plan, "house_owner")).await;
    assert_eq!(outcome(&unnamed["KQ003631"]), ("NEEDS_PAPER", "OWNER_NOT_IN_DOSSIER"), "the owner is silent");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn an_entry_names_those_whose_data_are_told_and_nobody_else() {
    let world = World::start().await.unwrap();
    let family = world.families()[0].clone();
    let told = resolved(&world, &Opening::of(RESIDENCE), |_| ()).await;
    let form = &told["KQ003604"];
    let entry = entry_at(&world, form.receipt.as_ref().expect("a receipt")).await;
    let of = |role: &str| entry.subjects.iter().filter(|subject| subject.role == role).count();
    assert!(form.prefilled.iter().any(|field| field.key == "member_full_name"));
    assert_eq!(of("moving_member"), family.children.len(), "those who move along");
    // The household holds the spouse and the elder as well; the form has no row of theirs.
    let subjects: Vec<&str> = entry.subjects.iter().map(|subject| subject.role.as_str()).collect();
    assert_eq!(entry.subjects.len(), 1 + family.children.len(), "{subjects:?}");
    // What decides by looking, and tells nothing, names nobody.
    let entry = entry_at(&world, told["KQ003605"].receipt.as_ref().expect("a receipt")).await;
    assert!(entry.subjects.is_empty());
    world.stop().await.unwrap();
}
